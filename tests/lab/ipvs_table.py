# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""IPVS tables as plain data, so that kernels and the declared topology can be compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# {"10.88.0.100:80/tcp": {"scheduler": "wlc", "servers": {"10.88.0.21:80": {"forwarding": "dr", "weight": 1}}}}
Table = dict[str, dict[str, Any]]

_PROTOCOLS = {"-t": "tcp", "-u": "udp"}
_FORWARDINGS = {"-g": "dr", "-m": "nat", "-i": "tun"}


def parse(text: str) -> Table:
    """Return the table that ``ipvsadm -Sn`` prints, without the order of its lines.

    Raises:
        ValueError: a line is of a form that the lab does not know.
    """
    table: Table = {}
    for line in text.splitlines():
        words = line.split()
        if not words:
            continue
        if len(words) < 3 or words[1] not in _PROTOCOLS:
            raise ValueError(f"unknown line of ipvsadm -Sn: {line!r}")
        service = f"{words[2]}/{_PROTOCOLS[words[1]]}"
        if words[0] == "-A":
            table[service] = {"scheduler": words[words.index("-s") + 1], "servers": {}}
        elif words[0] == "-a":
            forwarding = next(_FORWARDINGS[word] for word in words if word in _FORWARDINGS)
            weight = int(words[words.index("-w") + 1])
            server = words[words.index("-r") + 1]
            table[service]["servers"][server] = {"forwarding": forwarding, "weight": weight}
        else:
            raise ValueError(f"unknown line of ipvsadm -Sn: {line!r}")
    return table


def _endpoint(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def declared(topology: Mapping[str, Any]) -> Table:
    """Return the table that a healthy cluster of this topology has."""
    return {
        f"{_endpoint(service['address'], service['port'])}/{service['protocol']}": {
            "scheduler": service["scheduler"],
            "servers": {
                _endpoint(server["address"], server["port"]): {
                    "forwarding": service["forwarding"],
                    "weight": server["weight"],
                }
                for server in service["real_servers"]
            },
        }
        for service in topology["virtual_services"]
    }
