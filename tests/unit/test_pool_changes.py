# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Which destinations leave a director's table, and which must enter first."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.lvs.ha_web.plugins.filter.pool_changes import pool_changes
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs import declaration
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.derivation import build
from unit.topology_inventories import VIP, long, service

S21, S22, S23 = "192.0.2.21", "192.0.2.22", "192.0.2.23"
CHECK = {"type": "tcp"}
SERVER = {"name": S21, "address": S21}
RANGE = {"addresses": "192.0.2.100-102", "port": 80}


def services_of(*declared: dict[str, Any]) -> list[dict[str, Any]]:
    services: list[dict[str, Any]] = build(long(*declared)).as_dict()["virtual_services"]
    return services


def topology(*servers: Any, **more: Any) -> list[dict[str, Any]]:
    """Return the services of a topology with one service, port 80."""
    named = [{"name": one, "address": one} if isinstance(one, str) else one for one in servers]
    return services_of(service(name="web", ports=[80], check=CHECK, real_servers=named, **more))


def kernel(*destinations: Any, **more: Any) -> dict[str, Any]:
    """Return a service of the kernel; a destination is an address, or an address with changes."""
    place = {} if "fwmark" in more else {"address": VIP, "port": 80, "protocol": "tcp"}
    entries = [one if isinstance(one, tuple) else (one, {}) for one in destinations]
    port = more.get("port", 80) if "fwmark" not in more else 0
    return {
        **place,
        "scheduler": "wlc",
        "destinations": [
            {
                "address": address,
                "port": port,
                "forwarding": "dr",
                "weight": 1,
                "upper_threshold": 0,
                "lower_threshold": 0,
                **changes,
            }
            for address, changes in entries
        ],
        **more,
    }


def configuration(*servers: str, place: str = f"{VIP} 80") -> str:
    lines = [f"virtual_server {place} {{", *(f"    real_server {one} 80 {{  # x\n    }}" for one in servers), "}"]
    text = "\n".join(lines).splitlines()
    return "\n".join(f"/etc/keepalived/keepalived.conf:{number}:{line}" for number, line in enumerate(text, 1))


def places(services: list[dict[str, Any]]) -> list[str]:
    return [
        f"{one.get('port', one.get('fwmark'))} {to['address']}{' ' + str(to['weight']) if 'weight' in to else ''}"
        for one in services
        for to in one["destinations"]
    ]


OF_TUNNELS = {"forwarding": "tun", "tunnel_type": "gue", "tunnel_port": 6080, "tunnel_checksum": "none"}
NAT = {"forwarding": "nat", "port": 8080}
SORRY = {"sorry_server": {"name": S23, "address": S23}}
# topology; table; former configuration; who enters with which weight; who leaves
CASES: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]], str | None, list[str], list[str]]] = {
    "nothing yet": (topology(S21, S22), [], "", [], []),
    "as declared": (topology(S21, S22), [kernel(S21, S22)], configuration(S21, S22), [], []),
    "one has failed": (topology(S21, S22), [kernel(S21)], configuration(S21, S22), [], []),
    "growing": (topology(S21, S22), [kernel(S21)], configuration(S21), [], []),
    "shrinking": (topology(S21), [kernel(S21, S22)], configuration(S21, S22), [], [f"80 {S22}"]),
    "run cut short": (topology(S21), [kernel(S21, (S22, {"weight": 0}))], configuration(S21), [], [f"80 {S22}"]),
    "stays after all": (
        topology(S21, {"name": S22, "address": S22, "weight": 3}),
        [kernel(S21, (S22, {"weight": 0}))],
        configuration(S21, S22),
        [f"80 {S22} 3"],
        [],
    ),
    "kept without weight by keepalived": (
        topology(S21, S22, inhibit_on_failure=True),
        [kernel(S21, (S22, {"weight": 0}))],
        configuration(S21, S22),
        [],
        [],
    ),
    "renumbered": (
        topology(S22, S23),
        [kernel(S21)],
        configuration(S21),
        [f"80 {S22} 1", f"80 {S23} 1"],
        [f"80 {S21}"],
    ),
    "only a failed one is left": (topology(S22), [kernel(S21)], configuration(S21, S22), [], []),
    "only a newcomer and a failed one": (
        topology(S22, S23),
        [kernel(S21)],
        configuration(S21, S22),
        [f"80 {S23} 1"],
        [f"80 {S21}"],
    ),
    "forwarding of one": (
        topology(S21, S22),
        [kernel(S21, (S22, NAT | {"port": 80}))],
        configuration(S21, S22),
        [],
        [f"80 {S22}"],
    ),
    "forwarding of all": (
        topology(S21, S22, forwarding="nat"),
        [kernel(S21, S22)],
        configuration(S21, S22),
        [],
        [],
    ),
    "NAT's port": (
        topology({"name": S21, "address": S21, "port": 8080}, S22, forwarding="nat"),
        [kernel((S21, NAT | {"port": 8081}), (S22, NAT | {"port": 80}))],
        configuration(S21, S22),
        [],
        [f"80 {S21}"],
    ),
    "tunnels": (
        topology(S21, forwarding="tun", tunnel_type="gue", tunnel_port=6080),
        [kernel((S21, OF_TUNNELS), (S22, OF_TUNNELS))],
        configuration(S21, S22),
        [],
        [f"80 {S22}"],
    ),
    "tunnel of another port": (
        topology(S21, S22, forwarding="tun", tunnel_type="gue", tunnel_port=6080),
        [kernel((S21, OF_TUNNELS), (S22, OF_TUNNELS | {"tunnel_port": 6081}))],
        configuration(S21, S22),
        [],
        [f"80 {S22}"],
    ),
    "sorry server at work": (topology(S21, **SORRY), [kernel(S23)], configuration(S21), [], []),
    "sorry server on the director": (
        topology(S21, **SORRY),
        [kernel(S21, (S23, {"forwarding": "local"}))],
        configuration(S21),
        [],
        [],
    ),
    "another sorry server at work": (topology(S21, **SORRY), [kernel(S22)], configuration(S21), [], []),
    "whole service": (
        topology(S21),
        [kernel(S21), kernel(S21, S22, port=81)],
        configuration(S21) + "\n" + configuration(S21, S22, place=f"{VIP} 81").replace("keepalived.conf", "x.conf"),
        [],
        [f"81 {S21}", f"81 {S22}"],
    ),
    "service of others": (topology(S21), [kernel(S21), kernel(S21, port=81)], configuration(S21), [], []),
    "configuration not read yet": (
        topology(S21),
        [kernel(S22), kernel(S21, port=81)],
        None,
        [],
        [f"80 {S22}", f"81 {S21}"],
    ),
    "mark": (
        services_of({"name": "web", "fwmark": 7, "check": CHECK | {"port": 80}, "real_servers": [SERVER]}, service()),
        [kernel(S21, S22, fwmark=7, family="ipv4"), kernel(S22, fwmark=7, family="ipv6")],
        configuration(S21, S22, place="fwmark 8"),
        [],
        [f"7 {S22}"],
    ),
    "range": (
        services_of({"name": "web", "check": CHECK, "endpoints": [RANGE], "real_servers": [SERVER]}),
        [kernel(S21, S22, address="192.0.2.102"), kernel(S22, address="192.0.2.103")],
        "",
        [],
        [f"80 {S22}"],
    ),
}


@pytest.mark.parametrize(("declared", "table", "former", "enter", "leave"), CASES.values(), ids=CASES)
def test_changes(
    declared: list[dict[str, Any]],
    table: list[dict[str, Any]],
    former: str | None,
    enter: list[str],
    leave: list[str],
) -> None:
    found = pool_changes(table, declared, former)
    assert (places(found["enter"]), places(found["leave"])) == (enter, leave)
    # The module takes them.
    declaration.read({"state": "present", "services": found["enter"]})
    declaration.read({"state": "drained", "services": found["leave"]})


def test_what_an_operator_has_drained_does_not_enter() -> None:
    declared = topology(S21, S22)
    table = [kernel(S21, (S22, {"weight": 0}))]
    file = declared[0]["real_servers"][1]["track_file"]
    assert places(pool_changes(table, declared, configuration(S21, S22))["enter"]) == [f"80 {S22} 1"]
    assert not pool_changes(table, declared, configuration(S21, S22), [file])["enter"]
