# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Which services of the kernel's table a virtual server stands for, in the words of keepalived or of the topology."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple, Union

from ._ipvs.model import ServiceId

Address = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]


class Claim(NamedTuple):
    """Services that keepalived manages: those of a firewall mark, or one port of all addresses of a range."""

    where: str
    text: str
    protocol: str = ""
    first: Address | None = None
    last: Address | None = None
    port: int = 0
    fwmark: int = 0

    def is_on(self, key: ServiceId) -> bool:
        """Tell whether a service of the kernel is one of them."""
        if key.fwmark or self.first is None:
            return bool(key.fwmark) and key.fwmark == self.fwmark
        return (key.protocol, key.port) == (self.protocol, self.port) and self.has(ipaddress.ip_address(key.address))

    def has(self, address: Address) -> bool:
        """Tell whether an address is one of its range."""
        if self.first is None or self.last is None or address.version != self.first.version:
            return False
        return int(self.first) <= int(address) <= int(self.last)


def claims_of(declared: Mapping[str, Any]) -> list[Claim]:
    """Return what a virtual service of the topology stands for."""
    ends = declared["endpoints"] or [{name: declared[name] for name in ("address", "port", "fwmark")}]
    places = [f"fwmark {one['fwmark']}" if one["fwmark"] else f"{one['address']} {one['port']}" for one in ends]
    return [located(Claim(declared["name"], place, declared["protocol"]), place.split()) for place in places]


def is_on(declared: Mapping[str, Any], key: ServiceId) -> bool:
    """Tell whether a service of the kernel is one that a virtual service of the topology stands for."""
    return bool(declared["family"] == key.family) and any(claim.is_on(key) for claim in claims_of(declared))


def comes_here(declared: Mapping[str, Any], held: Collection[Address]) -> bool:
    """Tell whether what is sent to a virtual service comes to a host of these addresses: yes where nothing tells."""
    ranges = [claim for claim in claims_of(declared) if claim.first is not None]
    return not ranges or any(claim.has(address) for claim in ranges for address in held)


def located(claim: Claim, words: list[str]) -> Claim:
    """Return the claim with what it is on, in the words of keepalived.

    Raises:
        IndexError, ValueError: the words do not tell.
    """
    if words[0] == "fwmark":
        return claim._replace(protocol="", fwmark=int(words[1]))
    first, last = _range(words[0])
    return claim._replace(first=first, last=last, port=int(words[1]) if len(words) > 1 else 0)


def _range(text: str) -> tuple[Address, Address]:
    if "/" in text:
        network = ipaddress.ip_network(text, strict=False)
        return network[0], network[-1]
    start, _dash, end = text.partition("-")
    first = ipaddress.ip_address(start)
    if not end:
        return first, first
    separator = "." if first.version == 4 else ":"
    if separator not in end:
        end = start.rpartition(separator)[0] + separator + end
    last = ipaddress.ip_address(end)
    if last.version != first.version:
        raise ValueError(f"a range of two families: {text}")
    return first, last
