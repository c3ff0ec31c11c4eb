# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Second stage, rules of NAT gateways: the answers of real servers must reach the director that holds the service."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from .._problems import Problem
from .carriers import Carriers
from .declaration import Declaration
from .findings import names, shared_values, spoken_family
from .model import endpoint, family

ITEM = "ha_web_nat_gateway"


def gateways_are_carried(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    """Beside the services, and not by the same address: real servers of DR and TUN hold those themselves."""
    holders = {address: service.item for service in declared.services for address in service.addresses()}
    for gateway in declared.nat_gateways:
        if gateway in holders:
            yield Problem(
                ITEM,
                f"{gateway} is the address of {holders[gateway]}.",
                "Choose a free address of the real servers' network: VRRP moves it together with the service.",
            )
        elif not any(service.translated() and service.family == family(gateway) for service in declared.services):
            yield Problem(
                ITEM,
                f"{gateway}, and no {spoken_family(gateway)} service has forwarding: nat.",
                "Remove it: only NAT's answers go through a director.",
            )
        elif carriers.carrier(gateway) is None:
            yield Problem(
                ITEM,
                f"no virtual router carries {gateway}.",
                "List it as one of the vips of a router in ha_web_virtual_routers, with the interface that faces the "
                "real servers.",
            )


def gateways_stay_with_their_services(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    for service in declared.services:
        carried = [
            gateway
            for gateway in declared.nat_gateways
            if family(gateway) == service.family and carriers.carrier(gateway)
        ]
        router = carriers.router(service)
        if not service.translated() or not carried or router is None:
            continue
        found = carriers.gateways(service)
        if not found:
            yield Problem(
                service.item,
                f"NAT gateway {names(carried)} may be on another director than its router {router.name}.",
                "List the gateway as one of that router's vips, or join both routers in ha_web_sync_groups.",
            )
        elif len(found) > 1:
            yield Problem(
                service.item,
                f"{names(found)} are both NAT gateways of its director.",
                f"Keep one of them in {ITEM}.",
            )


def answers_have_one_gateway(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    """A real server tells answers apart by its own address, protocol and port only."""
    gateways: dict[str, set[str]] = {}
    items: list[tuple[str, str]] = []
    for service in declared.services:
        if service.forwarding != "nat" or len(found := carriers.gateways(service)) != 1:
            continue
        for server in service.real_servers:
            address = server.address or declared.address(server.name, service.family)
            for port in service.ports if address else []:
                where = f"{endpoint(address, service.real_port(server, port))}/{service.protocol}"
                items.append((service.item, where))
                gateways.setdefault(where, set()).update(found)
    for where, found_in in shared_values(items):
        if len(gateways[where]) > 1:
            yield Problem(
                names(dict.fromkeys(found_in)),
                f"{where} answers through {names(sorted(gateways[where]))}.",
                "Give the real servers another port in one of them.",
            )


GATEWAY_RULES: tuple[Callable[[Declaration, Carriers], Iterable[Problem]], ...] = (
    gateways_are_carried,
    gateways_stay_with_their_services,
    answers_have_one_gateway,
)
