# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""From the inventory to the normalised topology, or to all that is wrong with it."""

from __future__ import annotations

from dataclasses import replace

from .declaration import Declaration, DeclaredService, Inventory, declare
from .model import (
    Bounds,
    Director,
    Listener,
    Node,
    Peer,
    RealServer,
    Topology,
    TopologyError,
    VirtualRouter,
    VirtualService,
    endpoint,
    family,
)
from .validation import validate


def build(inventory: Inventory) -> Topology:
    declared, problems = declare(inventory)
    problems += validate(declared)
    if problems:
        raise TopologyError(problems)
    return derive(declared)


def derive(declared: Declaration) -> Topology:
    """Expects a declaration without problems."""
    routers = _virtual_routers(declared)
    services = [_virtual_service(declared, service, port) for service in declared.services for port in service.ports]
    bounds = Bounds(
        failover_s=max(router.failover_s for router in routers),
        ejection_s=max(service.ejection_s for service in services),
        ejection_refused_s=max(service.ejection_refused_s for service in services),
    )
    return Topology(
        directors=_directors(declared),
        nodes=_nodes(declared, services),
        virtual_routers=routers,
        virtual_services=services,
        bounds=bounds,
        summary=_summary(services, bounds),
    )


def _directors(declared: Declaration) -> list[Director]:
    return [
        Director(
            name=name,
            address=declared.addresses[name],
            priority=declared.priorities[name],
            peers=[Peer(peer, declared.addresses[peer]) for peer in declared.directors if peer != name],
        )
        for name in declared.directors
    ]


def _virtual_routers(declared: Declaration) -> list[VirtualRouter]:
    vips: dict[str, list[str]] = {}
    for service in declared.services:
        of_family = vips.setdefault(family(service.address), [])
        if _host_route(service.address) not in of_family:
            of_family.append(_host_route(service.address))
    return [
        VirtualRouter(
            name=f"ha_web_{name}",
            vrid=declared.vrid,
            advert_int_s=declared.advert_interval,
            vips=of_family,
            priorities=dict(declared.priorities),
            failover_s=_failover_s(declared),
        )
        for name, of_family in vips.items()
    ]


def _failover_s(declared: Declaration) -> float:
    """Three lost adverts and the skew of the backup that is first to notice (RFC 5798, 6.1)."""
    by_rank = sorted(declared.priorities.values(), reverse=True)
    first_backup = by_rank[min(1, len(by_rank) - 1)]
    return round((3 + (256 - first_backup) / 256) * declared.advert_interval, 4)


def _virtual_service(declared: Declaration, service: DeclaredService, port: int) -> VirtualService:
    return VirtualService(
        name=service.name,
        address=service.address,
        port=port,
        protocol=service.protocol,
        scheduler=service.scheduler,
        forwarding=service.forwarding,
        real_servers=[
            RealServer(server.name, declared.addresses[server.name], server.port or port, server.weight)
            for server in service.real_servers
        ],
        check=service.check,
        ejection_s=round(service.check.ejection_s, 4),
        ejection_refused_s=round(service.check.ejection_refused_s, 4),
    )


def _nodes(declared: Declaration, services: list[VirtualService]) -> dict[str, Node]:
    nodes = {name: _node(name, address, services) for name, address in declared.addresses.items()}
    offered = [listener for name in declared.web for listener in nodes[name].listeners]
    for name in declared.web:
        if not nodes[name].listeners:
            # Taken out of all services: it must answer until the directors have stopped sending.
            nodes[name] = replace(nodes[name], listeners=list(dict.fromkeys(offered)))
    return nodes


def _node(name: str, address: str, services: list[VirtualService]) -> Node:
    local_vips: list[str] = []
    listeners: list[Listener] = []
    for service in services:
        for server in service.real_servers:
            if server.name != name:
                continue
            # NAT rewrites the destination; with DR and TUN the server itself must own the VIP.
            if service.forwarding != "nat" and service.address not in local_vips:
                local_vips.append(service.address)
            received = server.address if service.forwarding == "nat" else service.address
            listener = Listener(family(received), server.port)
            if service.protocol == "tcp" and listener not in listeners:
                listeners.append(listener)
    return Node(address=address, local_vips=local_vips, listeners=listeners)


def _host_route(address: str) -> str:
    return f"{address}/{32 if family(address) == 'ipv4' else 128}"


def _summary(services: list[VirtualService], bounds: Bounds) -> list[str]:
    rows = [
        (
            service.name,
            endpoint(service.address, service.port) + ("" if service.protocol == "tcp" else f"/{service.protocol}"),
            f"{service.forwarding.upper()} {service.scheduler}",
            " ".join(server.name for server in service.real_servers),
            f"check {service.check.type} {service.check.path}".rstrip(),
            f"failover bound {bounds.failover_s:.2f} s",
            f"ejection about {service.ejection_refused_s:g} s (silent server {service.ejection_s:g} s)",
        )
        for service in services
    ]
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ["   ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
