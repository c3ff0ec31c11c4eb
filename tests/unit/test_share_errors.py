# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Wrong shares, and the whole of what the user is told about each."""

from __future__ import annotations

from typing import Any

import pytest
from unit.topology_inventories import WEB, report_of, short

STORE = {"store1": "192.0.2.31", "store2": "192.0.2.32"}
FILES = 'ha_web_shares[0] "files"'
NAME_HOSTS = "Name hosts of the inventory; by default they are those of the group web."
ABSOLUTE = "Write an absolute path of letters, digits and _.+- alone, without a slash at its end."
OWN_FOLDER = "Choose a folder of its own: /srv/files."
CORRECT = "Correct it, or remove it for the default."


def share(**changes: Any) -> dict[str, Any]:
    return {"name": "files", **changes}


ONE_ERROR: dict[str, tuple[dict[str, Any], str, str]] = {
    "everybody": (share(clients=["*"]), f'{FILES}: client "*" is the whole world.', NAME_HOSTS),
    "everybody of IPv4": (share(clients=["0.0.0.0/0"]), f'{FILES}: client "0.0.0.0/0" is the whole world.', NAME_HOSTS),
    "everybody of IPv6": (share(clients=["::/0"]), f'{FILES}: client "::/0" is the whole world.', NAME_HOSTS),
    "network": (
        share(clients=["web1", "192.0.2.0/24"]),
        f'{FILES}: client "192.0.2.0/24" is a network, wider than needed.',
        NAME_HOSTS,
    ),
    "address": (share(clients=["192.0.2.21"]), f'{FILES}: client "192.0.2.21" is an address, not a host.', NAME_HOSTS),
    "pattern": (share(clients=["web*"]), f'{FILES}: client "web*" is not in the inventory.', NAME_HOSTS),
    "group": (share(clients=["@web"]), f'{FILES}: client "@web" is not in the inventory.', NAME_HOSTS),
    "clients not a list": (share(clients="web1"), f"{FILES}: clients is not a list.", "Write clients: [...]."),
    "no clients": (share(clients=[]), f"{FILES}: no clients.", "Name the hosts that mount it, or remove the share."),
    "its own client": (
        share(clients=["store1"]),
        f"{FILES}: client store1 is its server as well.",
        "Use the files where they are.",
    ),
    "unknown server": (
        share(server="lvs1"),
        f'{FILES}: server "lvs1" is not in the group storage.',
        "Use one of: store1, store2.",
    ),
    "path above the root": (
        share(path="/data/files"),
        f"{FILES}: path /data/files does not lie below /srv/ha-web/exports.",
        "Move it there, or set ha_web_storage_root to the folder above all shares.",
    ),
    "path is the root": (
        share(path="/srv/ha-web/exports"),
        f"{FILES}: path /srv/ha-web/exports does not lie below /srv/ha-web/exports.",
        "Move it there, or set ha_web_storage_root to the folder above all shares.",
    ),
    "relative path": (share(path="files"), f'{FILES}: path "files" is not an absolute path.', ABSOLUTE),
    "relative mount": (share(mount="srv/files"), f'{FILES}: mount "srv/files" is not an absolute path.', ABSOLUTE),
    "way out": (share(mount="/srv/../etc"), f'{FILES}: mount "/srv/../etc" is not an absolute path.', ABSOLUTE),
    "trailing slash": (share(mount="/srv/files/"), f'{FILES}: mount "/srv/files/" is not an absolute path.', ABSOLUTE),
    "line of its own": (share(mount="/srv/a\n/b"), f'{FILES}: mount "/srv/a\n/b" is not an absolute path.', ABSOLUTE),
    "root of the host": (share(mount="/"), f'{FILES}: mount "/" is not an absolute path.', ABSOLUTE),
    "mount over the system": (share(mount="/usr"), f"{FILES}: mount /usr belongs to the system.", OWN_FOLDER),
    "mount in the system": (share(mount="/etc/php"), f"{FILES}: mount /etc/php belongs to the system.", OWN_FOLDER),
    "mount over everything": (share(mount="/srv"), f"{FILES}: mount /srv belongs to the system.", OWN_FOLDER),
    "unquoted mode": (share(mode=488), f"{FILES}: mode 488 is not a mode in quotes.", 'Write mode: "0750".'),
    "owner": (share(owner="www data"), f'{FILES}: owner "www data" is not a user.', CORRECT),
    "squash": (share(squash="some"), f'{FILES}: unknown squash "some".', "Use one of: root, all, none."),
    "another version": (
        share(mount_options=["vers=3"]),
        f"{FILES}: mount_options: vers is not for this place.",
        "Only version 4.2 is spoken.",
    ),
    "squash as an option": (
        share(export_options=["no_root_squash"]),
        f"{FILES}: export_options: no_root_squash is not for this place.",
        "Write squash: none.",
    ),
    "two options in one": (
        share(mount_options=["hard,timeo=600"]),
        f"{FILES}: mount_options: 'hard,timeo=600' is not an option.",
        "Write each by itself, as name or name=value.",
    ),
    "option that lets others in": (
        share(export_options=["rw) *(rw"]),
        f"{FILES}: export_options: 'rw) *(rw' is not an option.",
        "Write each by itself, as name or name=value.",
    ),
    "unknown key": (share(opts=[]), f'{FILES}: unknown key "opts".', "Known are: "),
    "families that differ": (
        share(clients=["web1"], server="store6"),
        f"{FILES}: store6 and web1 have no addresses of one family.",
        "Give one of them an address of the other's family, ha_web_address6.",
    ),
}


@pytest.mark.parametrize("name", ONE_ERROR)
def test_one_error(name: str) -> None:
    declared, message, remedy = ONE_ERROR[name]
    storage = {**STORE, "store6": "2001:db8::36"} if declared.get("server") == "store6" else STORE
    said = report_of(short(storage=storage, ha_web_shares=[declared]))
    assert said.startswith(f"1 error in the topology; no host was touched.\n  {message}\n      {remedy}")


SEVERAL: dict[str, tuple[list[dict[str, Any]], list[str]]] = {
    "same name": (
        [share(), share(path="/srv/ha-web/exports/b", mount="/srv/ha-web/b")],
        ['ha_web_shares[0] "files" and ha_web_shares[1] "files": have the same name "files".'],
    ),
    "same mount": (
        [share(), share(name="b", mount="/srv/ha-web/files")],
        ['ha_web_shares[0] "files" and ha_web_shares[1] "b": have the same mount /srv/ha-web/files.'],
    ),
    "same path": (
        [share(), share(name="b", path="/srv/ha-web/exports/files")],
        ['ha_web_shares[0] "files" and ha_web_shares[1] "b": have the same path /srv/ha-web/exports/files.'],
    ),
    "inside each other": (
        [share(), share(name="b", path="/srv/ha-web/exports/files/b", mount="/srv/ha-web/files/b")],
        [
            'ha_web_shares[1] "b": mount /srv/ha-web/files/b lies below that of files, /srv/ha-web/files.',
            'ha_web_shares[1] "b": path /srv/ha-web/exports/files/b lies below that of files, '
            "/srv/ha-web/exports/files.",
        ],
    ),
    "all at once": (
        [share(clients=["*"], mode="rwx"), share(name="b", server="nobody")],
        [
            "ha_web_shares[0] \"files\": mode 'rwx' is not a mode in quotes.",
            'ha_web_shares[1] "b": server "nobody" is not in the group storage.',
            'ha_web_shares[0] "files": client "*" is the whole world.',
        ],
    ),
}


@pytest.mark.parametrize("name", SEVERAL)
def test_several(name: str) -> None:
    shares, messages = SEVERAL[name]
    lines = report_of(short(storage=STORE, ha_web_shares=shares)).splitlines()
    assert [line.strip() for line in lines[1::2]] == messages


def test_one_path_on_two_servers_is_no_error() -> None:
    shares = [share(), share(name="b", server="store2", path="/srv/ha-web/exports/files")]
    assert report_of(short(storage=STORE, ha_web_shares=shares)) == ""


@pytest.mark.parametrize("group", ["web", "directors"])
def test_storage_host_does_nothing_else(group: str) -> None:
    name, address = next(iter(WEB.items())) if group == "web" else ("lvs1", "192.0.2.11")
    said = report_of(short(storage={name: address}, ha_web_shares=[]))
    assert f"{name}: is in both groups, {group} and storage.\n      Use separate hosts:" in said


def test_shares_without_storage() -> None:
    assert "group storage: missing or empty, and ha_web_shares" in report_of(short(ha_web_shares=[share()]))


def test_root_of_the_system() -> None:
    said = report_of(short(storage=STORE, ha_web_storage_root="/etc"))
    assert "ha_web_storage_root: path /etc belongs to the system." in said


def test_not_a_list() -> None:
    said = report_of(short(storage=STORE, ha_web_shares={"name": "files"}))
    assert "ha_web_shares: not a list.\n      Write a list of {name: shared}." in said
