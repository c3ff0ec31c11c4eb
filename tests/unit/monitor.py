# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""A cluster with a monitor, as plain data."""

from __future__ import annotations

from typing import Any

from ansible_collections.lvs.ha_web.plugins.module_utils._topology.derivation import build
from unit.topology_inventories import DIRECTORS, WEB, long, service

GROUPS = {"directors": list(DIRECTORS), "web": list(WEB), "all": [*DIRECTORS, *WEB]}
VALUES: dict[str, Any] = {"users": [], "names": [], "preempt": True, "version": "1.2.3"}


def topology(*declared: Any) -> dict[str, Any]:
    """A topology whose nodes have management addresses of a network of their own."""
    made = build(long(*declared or [service(name="web", ports=[80, 443])])).as_dict()
    for node in made["nodes"].values():
        node["management_address"] = node["address"].replace("192.0.2.", "10.0.0.")
    made["monitor"] = {
        "enabled": True,
        "hosts": list(DIRECTORS),
        "addresses": [made["nodes"][name]["management_address"] for name in DIRECTORS],
        "port": 9443,
    }
    return made
