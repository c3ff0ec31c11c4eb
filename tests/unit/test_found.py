# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What roles write down of what they found, and what they give up, on files of a folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from ansible_collections.lvs.ha_web.plugins.module_utils._found import model, node, record
from ansible_collections.lvs.ha_web.plugins.module_utils._found.model import Record, Spec, Trace

SIMULATED = """\
Reading package lists...
The following packages will be REMOVED:
  nginx* nginx-common*
Purg nginx [1.22.1-9]
Remv nginx-common [1.22.1-9] [libc6:amd64 ]
Inst other (1 stable)
"""


@pytest.mark.parametrize(
    ("leaving", "staying", "given_up"),
    [
        (["nginx", "nftables"], [], ["nftables", "nginx"]),
        (["nginx", "nftables"], ["nftables", "iproute2"], ["nginx"]),
        ([], ["nginx"], []),
    ],
)
def test_packages_go_that_no_other_role_wants(leaving: list[str], staying: list[str], given_up: list[str]) -> None:
    firewall, handover = Record("firewall", missing=leaving), Record("handover", wanted=staying)
    assert model.packages_to_give_up([firewall], [handover]) == given_up


def test_simulation_tells_what_would_be_removed() -> None:
    assert model.removed(SIMULATED) == ["nginx", "nginx-common"]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("net.ipv4.ip_forward", "/proc/sys/net/ipv4/ip_forward"),
        ("net.ipv4.conf.eth0/100.arp_ignore", "/proc/sys/net/ipv4/conf/eth0.100/arp_ignore"),
    ],
)
def test_parameter_has_a_file(name: str, path: str) -> None:
    assert model.sysctl_path(name) == path


@pytest.mark.parametrize(
    ("path", "units"),
    [
        ("/etc/systemd/system/ha-web-vip@.service", ["ha-web-vip@*.service"]),
        ("/etc/systemd/system/srv-shared.mount", ["srv-shared.mount"]),
        ("/etc/systemd/system/nginx.service.d/ha-web.conf", []),
        ("/etc/nginx/nginx.conf", []),
    ],
)
def test_units_are_known_by_their_files(path: str, units: list[str]) -> None:
    assert model.units_of([path]) == units


def test_record_is_read_as_it_was_written() -> None:
    was = Record("nginx", key="k", owns=[Trace("/a", "b")], files={"/c": {"mode": 420}}, users={"d": False})
    assert Record.parse(was.text()) == was


def test_key_stands_on_a_line_of_its_own_for_the_role_packages() -> None:
    assert ' "key": "abc",' in Record("nginx", key="abc").text().splitlines()


def test_only_what_is_new_is_looked_at() -> None:
    was = Record("php", wanted=["php8.2-fpm"], replaces=["/a"], units={"php8.2-fpm.service": {}})
    spec = Spec("php", packages=("php8.2-fpm", "php8.2-apcu"), replaces=("/a", "/b"), units=("php8.2-fpm.service",))
    assert model.unseen(was, spec) == (["php8.2-apcu"], ["/b"], [], [], [], [], [])


def run(command: Sequence[str], _must: bool) -> tuple[int, str]:
    """A node that has nftables installed and no units."""
    return 0, "ii nftables\nrc nginx\n" if command[0] == "dpkg-query" else ""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(node, "RECORDS", str(tmp_path / "found"))
    return tmp_path


def test_first_look_keeps_what_is_going_to_be_replaced(home: Path) -> None:
    mine = home / "nginx.conf"
    mine.write_text("mine")
    mine.chmod(0o600)
    spec = Spec("nginx", packages=("nginx", "nftables"), replaces=(str(mine), str(home / "other")))
    found = record.look(spec, "k", {}, run, write=True)
    assert (found.complete, found.missing, list(found.files)) == (True, ["nginx"], [str(mine)])
    assert node.records() == {"nginx": found}
    mine.write_text("the role's")
    mine.chmod(0o644)
    entry = found.files[str(mine)]
    assert not node.same(str(mine), entry, node.copies("nginx"))
    node.put_back(str(mine), entry, node.copies("nginx"))
    assert node.same(str(mine), entry, node.copies("nginx"))
    assert (mine.read_text(), mine.stat().st_mode & 0o777) == ("mine", 0o600)


def test_later_looks_do_not_take_the_roles_own_for_found(home: Path) -> None:
    conf = home / "nginx.conf"
    spec = Spec("nginx", replaces=(str(conf),))
    record.look(spec, "1", {}, run, write=True)
    conf.write_text("the role's")
    again = record.look(Spec("nginx", packages=("nginx",), replaces=(str(conf),)), "2", node.records(), run, write=True)
    assert (again.key, again.missing, again.files) == ("2", ["nginx"], {})


def test_what_an_earlier_release_deployed_is_not_taken_for_found(home: Path) -> None:
    mark, conf = home / "ha-web.d", home / "nginx.conf"
    mark.mkdir()
    conf.write_text("the role's")
    spec = Spec("nginx", packages=("nftables",), marks=(Trace(str(mark)),), replaces=(str(conf),), users=("root",))
    found = record.look(spec, "k", {}, run, write=True)
    assert (found.complete, found.files, found.missing, found.users) == (False, {}, [], {"root": model.UNKNOWN})


def test_what_another_role_has_changed_is_as_that_one_found_it(home: Path) -> None:
    name, entry = "net.ipv4.conf.all.arp_ignore", {"found": "0", "default": "0"}
    others = {"realserver": Record("realserver", sysctl={name: entry}, missing=["nginx"])}
    found = record.look(Spec("handover", packages=("nginx",), sysctl={name: "0"}), "k", others, run, write=False)
    assert (found.sysctl[name], found.missing) == (entry, [])
    assert not (home / "found").exists()


def test_words_tell_the_roles_files_from_others(tmp_path: Path) -> None:
    for name, text in (("own.mount", "# A share of the web cluster.\n"), ("other.mount", "[Mount]\n")):
        (tmp_path / name).write_text(text)
    owned = Trace(str(tmp_path / "*.mount"), "# A share of the web cluster.")
    assert node.traces([owned]) == [str(tmp_path / "own.mount")]


def test_record_cut_short_is_none(home: Path) -> None:
    (home / "found/nginx/files").mkdir(parents=True)
    (home / "found/nginx/record.json.new").write_text(json.dumps({"role": "nginx"})[:5])
    assert node.records() == {}
