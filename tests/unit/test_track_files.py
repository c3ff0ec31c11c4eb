# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What the numbers in track files mean, and which of them a name stands for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.lvs.ha_web.plugins.module_utils import _track_files
from ansible_collections.lvs.ha_web.plugins.module_utils._topology import control
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.derivation import build
from hypothesis import given
from hypothesis import strategies as st
from unit.topology_inventories import long, service

SERVICES: list[dict[str, Any]] = build(
    long(
        service(name="web", ports=[80, 443]),
        service(name="api", ports=[8080], real_servers=[{"name": "web2", "weight": 3}]),
    )
).as_dict()["virtual_services"]


@pytest.mark.parametrize(
    ("name", "services", "found"),
    [
        ("web1", [], ["web 80", "web 443"]),
        ("web2", [], ["web 80", "web 443", "api 8080"]),
        ("192.0.2.22", [], ["web 80", "web 443", "api 8080"]),
        ("web2", ["api"], ["api 8080"]),
        ("web2", ["web", "api"], ["web 80", "web 443", "api 8080"]),
    ],
)
def test_name_stands_for(name: str, services: list[str], found: list[str]) -> None:
    chosen = _track_files.choose(SERVICES, name, services)
    assert [f"{one.service['name']} {one.service['port']}" for one in chosen] == found


@pytest.mark.parametrize(
    ("name", "services", "words"),
    [
        ("web9", [], "web9 is no real server of any virtual service. Real servers are: web1, web2."),
        ("web1", ["api"], "web1 is no real server of virtual service api. Real servers are: web2."),
        ("web1", ["shop"], "shop is no virtual service. Services are: api, web."),
    ],
)
def test_name_that_stands_for_nothing(name: str, services: list[str], words: str) -> None:
    with pytest.raises(ValueError, match=words.replace(".", r"\.")):
        _track_files.choose(SERVICES, name, services)


def test_ports_of_a_service_share_a_file_and_services_do_not() -> None:
    files = {server["track_file"] for one in SERVICES for server in one["real_servers"] if server["name"] == "web2"}
    assert files == {f"{control.FOLDER}/servers/web/web2", f"{control.FOLDER}/servers/api/web2"}


@given(st.text(min_size=1), st.ip_addresses(v=4).map(str))
def test_no_name_leads_out_of_the_folder(name: str, address: str) -> None:
    file = Path(control.server_file("web", name, address))
    assert file.parent == Path(control.FOLDER, "servers/web")
    assert file.name in (name, address)


@given(st.integers(0, 65535), st.integers(0, 65535))
def test_weight_becomes_what_is_wanted(declared: int, wanted: int) -> None:
    number = _track_files.added("enabled", wanted, declared)
    assert _track_files.effective(declared, number) == wanted
    assert _track_files.state_of(number) == "enabled"
    assert _track_files.added("enabled", None, declared) == 0
    for state in ("drained", "updating"):
        number = _track_files.added(state, None, declared)
        assert (_track_files.effective(declared, number), _track_files.state_of(number)) == (0, state)


def test_file_is_replaced_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "web1"
    with pytest.raises(_track_files.TrackFileError, match=r"Run site\.yml first"):
        _track_files.read(str(file))
    for number in (0, -100_000, 5):
        _track_files.write(str(file), number)
        assert _track_files.read(str(file)) == number
    assert [(one.name, one.stat().st_mode & 0o777) for one in tmp_path.iterdir()] == [("web1", 0o644)]
    file.write_text("much\n")
    with pytest.raises(_track_files.TrackFileError, match="no number"):
        _track_files.read(str(file))
