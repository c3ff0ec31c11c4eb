# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What directors hand over to each other while a VIP moves."""

from __future__ import annotations

from .declaration import Declaration
from .model import Handover, Offer, family
from .services import DeclaredService

# With NAT the answers pass the director that the VIP leads them to, and it must know the connection.
_DIRECT = ("dr", "tun")


def handover(declared: Declaration) -> Handover:
    """Services that a mark chooses name no address, and are left out."""
    offers = [
        offer
        for service in declared.services
        if service.forwarding in _DIRECT and not service.marked()
        for offer in _offers(service)
    ]
    return Handover(list(dict.fromkeys(offers)), {name: _peers(declared, name) for name in declared.directors})


def _offers(service: DeclaredService) -> list[Offer]:
    if not service.endpoints:
        return [Offer(service.family, service.address, service.protocol, port) for port in service.ports]
    return [
        Offer(family(address), address, service.protocol, declared.endpoint.port)
        for declared in service.endpoints
        for address in declared.addresses
    ]


def _peers(declared: Declaration, director: str) -> dict[str, list[str]]:
    """By family, the other directors' addresses; who is likeliest to hold the VIPs comes first."""
    others = sorted(
        (name for name in declared.directors if name != director), key=lambda name: -declared.priorities[name]
    )
    return {
        wanted: [address for name in others if (address := declared.address(name, wanted))]
        for wanted in ("ipv4", "ipv6")
    }
