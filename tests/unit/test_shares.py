# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What shares become on their server and on their clients."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.derivation import build
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.model import Export, Mount, Share
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.shares import MOUNT_OPTIONS, merged
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.storage import unit
from unit.topology_inventories import short

STORE = {"store1": "192.0.2.31", "store2": "192.0.2.32"}


def of(host: str, **declared: Any) -> tuple[list[Export], list[Mount]]:
    node = build(short(storage=STORE, **declared)).nodes[host]
    return node.exports, node.mounts


def test_a_storage_host_is_enough() -> None:
    (export,), mounts = of("store1")
    assert not mounts
    assert (export.path, export.directory) == ("/shared", "/srv/ha-web/exports/shared")
    assert (export.clients, export.owner, export.mode) == (["192.0.2.21", "192.0.2.22"], "www-data", "0750")
    assert {"rw", "sync", "root_squash", "no_all_squash"} <= set(export.options)
    exports, (mount,) = of("web2")
    assert not exports
    assert (mount.source, mount.path) == ("192.0.2.31:/shared", "/srv/ha-web/shared")
    assert mount.options == ["vers=4.2", "rw", *MOUNT_OPTIONS]
    assert of("store2") == of("lvs1") == ([], [])
    assert build(short(storage=STORE)).shares == [Share("shared", "store1", "/srv/ha-web/shared", ["web1", "web2"])]


@pytest.mark.parametrize("declared", [{"storage": STORE, "ha_web_shares": []}, {}])
def test_nothing_is_shared(declared: dict[str, Any]) -> None:
    topology = build(short(**declared))
    assert topology.shares == []
    assert not any(node.exports or node.mounts for node in topology.nodes.values())
    assert not [one for node in topology.nodes.values() for one in node.openings if one.purpose == "storage"]


def test_file_handles_depend_on_the_name_alone() -> None:
    def fsid(**changes: Any) -> str:
        share = {"name": "files", **changes}
        exports, _mounts = of(str(share.get("server", "store1")), ha_web_shares=[share])
        return next(option for option in exports[0].options if option.startswith("fsid="))

    assert fsid() == fsid(server="store2", path="/srv/ha-web/exports/disk2/files", clients=["web1"])
    assert fsid() != fsid(name="other")


def test_what_is_said_of_a_share() -> None:
    share = {
        "name": "files",
        "server": "store2",
        "path": "/data/disk1/files",
        "mount": "/var/www/files",
        "clients": ["web2"],
        "read_only": True,
        "squash": "all",
        "anonuid": 33,
        "anongid": 33,
        "mode": "750",
        "export_options": ["async"],
        "mount_options": ["hard", "timeo=600", "nconnect=4", "actimeo=30"],
    }
    declared = {"ha_web_shares": [share], "ha_web_storage_root": "/data"}
    (export,), _none = of("store2", **declared)
    assert (export.path, export.clients, export.mode) == ("/disk1/files", ["192.0.2.22"], "0750")
    assert export.options[:-1] == [
        *("ro", "async", "no_subtree_check", "root_squash", "all_squash", "anonuid=33", "anongid=33")
    ]
    _none, (mount,) = of("web2", **declared)
    assert (mount.unit, mount.source) == ("var-www-files.mount", "192.0.2.32:/disk1/files")
    assert mount.options[:5] == ["vers=4.2", "ro", "hard", "timeo=600", "retrans=1"]
    assert {"actimeo=30", "nconnect=4", "nosuid"} <= set(mount.options) and "softerr" not in mount.options
    assert of("web1", **declared) == ([], [])


@pytest.mark.parametrize(
    ("usual", "own", "both"),
    [
        (["softerr", "timeo=25"], ["hard"], ["hard", "timeo=25"]),
        (["actimeo=0"], ["noac"], ["noac"]),
        (["noexec", "nodev"], ["exec"], ["exec", "nodev"]),
        (["sync"], ["wdelay", "async"], ["async", "wdelay"]),
        (["timeo=25"], ["timeo=600"], ["timeo=600"]),
    ],
)
def test_own_options_take_the_place_of_usual_ones(usual: list[str], own: list[str], both: list[str]) -> None:
    assert merged(usual, own) == both


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/srv/shared", "srv-shared.mount"),
        ("/srv/ha-web/shared", "srv-ha\\x2dweb-shared.mount"),
        ("/.files/a.b", "\\x2efiles-a.b.mount"),
        ("/srv/a+b_c", "srv-a\\x2bb_c.mount"),
    ],
)
def test_unit_of_a_mount_has_systemds_name(path: str, name: str) -> None:
    """As systemd-escape --path --suffix=mount says it."""
    assert unit(path) == name


def test_families_of_both_ends_agree() -> None:
    declared = short(
        storage={"store1": "2001:db8::31"},
        hosts={"web1": {"ha_web_address6": "2001:db8::21"}},
        ha_web_shares=[{"name": "files", "clients": ["web1"]}],
    )
    nodes = build(declared).nodes
    assert nodes["store1"].exports[0].clients == ["2001:db8::21"]
    assert nodes["web1"].mounts[0].source == "[2001:db8::31]:/files"
