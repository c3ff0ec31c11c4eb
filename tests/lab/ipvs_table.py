# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""IPVS tables as plain data, so that kernels and the declared topology can be compared."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

# {"10.88.0.100:80/tcp": {"scheduler": "wlc", "servers": {"10.88.0.21:80": {"forwarding": "dr", "weight": 1}}}}
# A service of a mark is "mark 1/ipv4". "flags", "persistence" (seconds) and "netmask" are there where they are set.
Table = dict[str, dict[str, Any]]

_PROTOCOLS = {"-t": "tcp", "-u": "udp", "--sctp-service": "sctp"}
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
        if len(words) < 3 or words[1] not in (*_PROTOCOLS, "-f"):
            raise ValueError(f"unknown line of ipvsadm -Sn: {line!r}")
        service = f"{words[2]}/{_PROTOCOLS[words[1]]}" if words[1] in _PROTOCOLS else _mark(words[2], "-6" in words)
        if words[0] == "-A":
            table[service] = {"scheduler": _after("-s", words), **_settings(words), "servers": {}}
        elif words[0] == "-a":
            forwarding = next(_FORWARDINGS[word] for word in words if word in _FORWARDINGS)
            weight = int(_after("-w", words))
            table[service]["servers"][_after("-r", words)] = {"forwarding": forwarding, "weight": weight}
        else:
            raise ValueError(f"unknown line of ipvsadm -Sn: {line!r}")
    return table


def _mark(mark: object, six: bool) -> str:
    return f"mark {mark}/{'ipv6' if six else 'ipv4'}"


def _after(option: str, words: Sequence[str]) -> str:
    return words[words.index(option) + 1]


def _settings(words: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "-b" in words:
        found["flags"] = sorted(_after("-b", words).split(","))
    if "-p" in words:
        found["persistence"] = int(_after("-p", words))
    if "-M" in words:
        found["netmask"] = _after("-M", words)
    return found


def _endpoint(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def declared(topology: Mapping[str, Any]) -> Table:
    """Return the table that a healthy cluster of this topology has."""
    return {name: _service(service) for service in topology["virtual_services"] for name in _names(service)}


def _names(service: Mapping[str, Any]) -> Iterator[str]:
    """What the kernel knows it by: one service is many there, where it has many endpoints."""
    six = service["family"] == "ipv6"
    for one in service["endpoints"] or [service]:
        if one["fwmark"]:
            yield _mark(one["fwmark"], six)
        else:
            for address in _range(one["address"]):
                yield f"{_endpoint(address, one['port'])}/{service['protocol']}"


def _range(text: str) -> Iterator[str]:
    """All addresses of 192.0.2.10-20, 2001:db8::10-1f or two whole addresses; or the one address that it is."""
    first, dash, last = text.partition("-")
    lowest = ipaddress.ip_address(first)
    if dash and last.count(".") + last.count(":") == 0:
        separator = "." if lowest.version == 4 else ":"
        last = first.rpartition(separator)[0] + separator + last
    highest = ipaddress.ip_address(last) if dash else lowest
    for number in range(int(lowest), int(highest) + 1):
        yield str(type(lowest)(number))


def _service(service: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"scheduler": service["scheduler"]}
    if service["scheduler_flags"]:
        found["flags"] = sorted(service["scheduler_flags"])
    if service["persistence_timeout"]:
        found["persistence"] = service["persistence_timeout"]
    if service["persistence_netmask"]:
        found["netmask"] = service["persistence_netmask"]
    found["servers"] = {
        _endpoint(server["address"], server["port"]): {"forwarding": service["forwarding"], "weight": server["weight"]}
        for server in service["real_servers"]
    }
    return found
