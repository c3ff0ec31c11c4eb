# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Inventories to build topologies from, as plain data."""

from __future__ import annotations

from typing import Any

from ansible_collections.lvs.ha_web.plugins.module_utils._topology.declaration import Inventory, UnreadableError
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.derivation import build
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.model import TopologyError

VIP = "192.0.2.100"
DIRECTORS = {"lvs1": "192.0.2.11", "lvs2": "192.0.2.12"}
WEB = {"web1": "192.0.2.21", "web2": "192.0.2.22"}


class Broken(str):
    """A variable whose template fails, for this reason."""


def inventory(
    directors: dict[str, str] | None = None,
    web: dict[str, str] | None = None,
    hosts: dict[str, dict[str, Any]] | None = None,
    storage: dict[str, str] | None = None,
    groups: dict[str, list[str]] | None = None,
    **shared: Any,
) -> Inventory:
    """Groups as name: ansible_host; variables of single hosts; further groups; variables of all hosts."""
    addressed = {"directors": DIRECTORS if directors is None else directors, "web": WEB if web is None else web}
    addressed["storage"] = storage or {}
    members = {name: address for group in addressed.values() for name, address in group.items()}
    variables: dict[str, dict[str, Any]] = {
        name: {"ansible_host": address, **shared} for name, address in members.items()
    }
    for name, own in (hosts or {}).items():
        variables.setdefault(name, dict(shared)).update(own)

    def read(host: str, variable: str) -> Any:
        value = variables[host].get(variable)
        if isinstance(value, Broken):
            raise UnreadableError(str(value))
        return value

    named = {name: list(hosts) for name, hosts in {**addressed, **(groups or {})}.items() if hosts}
    return Inventory(groups={"all": list(variables), **named}, read=read)


def short(**changes: Any) -> Inventory:
    return inventory(**{"ha_web_vip": VIP, **changes})


def long(*services: Any, **changes: Any) -> Inventory:
    return inventory(**{"ha_web_virtual_services": list(services), **changes})


def service(**changes: Any) -> dict[str, Any]:
    return {"name": "api", "address": VIP, "ports": [443], **changes}


def report_of(declared: Inventory) -> str:
    """What is wrong with an inventory; empty when nothing is."""
    try:
        build(declared)
    except TopologyError as error:
        return str(error)
    return ""
