# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The same table by means of pyroute2, as its documentation shows: ``with_pyroute2.py OPERATION DECLARATION``.

It knows what to do and compares nothing.
"""

from __future__ import annotations

import json
import socket
import sys
from typing import Any

sys.path.insert(0, "/srv/site")

from pyroute2 import IPVS, IPVSDest, IPVSService  # type: ignore[import-not-found]


def service(declared: dict[str, Any]) -> IPVSService:
    """Return pyroute2's record of a service."""
    return IPVSService(addr=declared["address"], port=declared["port"], protocol=socket.IPPROTO_TCP)


def destination(of: dict[str, Any], declared: dict[str, Any]) -> IPVSDest:
    """Return pyroute2's record of a destination."""
    return IPVSDest(addr=declared["address"], port=of["port"], weight=declared["weight"])


def apply(ipvs: IPVS, services: list[dict[str, Any]]) -> None:
    """Add all."""
    for one in services:
        ipvs.service("add", service=service(one))
        for server in one["destinations"]:
            ipvs.dest("add", service=service(one), dest=destination(one, server))


def unchanged(ipvs: IPVS, _services: list[dict[str, Any]]) -> None:
    """Read all."""
    for message in ipvs.service("dump"):
        for server in ipvs.dest("dump", service=IPVSService.from_message(message)):
            IPVSDest.from_message(server)


def weight(ipvs: IPVS, services: list[dict[str, Any]]) -> None:
    """Set the last destination's weight."""
    last = services[-1]
    ipvs.dest("set", service=service(last), dest=destination(last, last["destinations"][-1]))


def removal(ipvs: IPVS, services: list[dict[str, Any]]) -> None:
    """Remove all."""
    for one in services:
        ipvs.service("del", service=service(one))


def main() -> None:
    """Run one operation."""
    with open(sys.argv[2], encoding="utf-8") as file:
        services = json.load(file)["services"]
    with IPVS() as ipvs:
        {"apply": apply, "unchanged": unchanged, "weight": weight, "removal": removal}[sys.argv[1]](ipvs, services)


if __name__ == "__main__":
    main()
