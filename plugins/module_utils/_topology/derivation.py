# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""From the inventory to the normalised topology, or to all that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple, TypeVar

from . import control
from .carriers import Carriers, bare
from .checks import UNTIMED, inherit_times
from .declaration import Declaration, Inventory, declare
from .handover import handover
from .model import (
    Bfd,
    Bounds,
    Check,
    Director,
    Listener,
    Member,
    NatReply,
    Node,
    Peer,
    RealServer,
    SorryServer,
    SyncDaemon,
    SyncGroup,
    Topology,
    TopologyError,
    Tracking,
    Tunnel,
    TunnelEnd,
    VirtualRouter,
    VirtualService,
    endpoint,
    family,
)
from .monitor import monitor, watch
from .openings import Hosts, Openings, openings
from .pages import name_pages, pages
from .routers import DeclaredRouter
from .services import DeclaredRealServer, DeclaredService
from .storage import exports, mounts, shares, transfers
from .tracking import DeclaredTracking, track
from .validation import validate

# Families of virtual routers that nobody declared, which belong together.
DEFAULT_SYNC_GROUP = "ha_web"
# Checks that speak to a port over TCP, where a web server listens.
_OVER_TCP = ("http", "https", "tcp")
# Bytes before the packet that travels in a tunnel: the outer header, and what the type adds to it.
_HEADERS = {"ipv4": 20, "ipv6": 40, "ipip": 0, "gre": 4, "gue": 12}
_CHECKSUMS = {("gre", "csum"): 4, ("gue", "remcsum"): 8}

T = TypeVar("T")


def build(inventory: Inventory) -> Topology:
    declared, problems = declare(inventory)
    problems += validate(declared)
    if problems:
        raise TopologyError(problems)
    return derive(declared)


def derive(declared: Declaration) -> Topology:
    """Expects a declaration without problems."""
    carriers = Carriers(declared)
    routers = [_virtual_router(declared, carriers, router) for router in declared.routers]
    groups = _sync_groups(declared)
    offers = [(service, port) for service in declared.services for port in service.ports]
    services = [name_pages(_virtual_service(declared, carriers, service, port)) for service, port in offers]
    vips = {
        router.name: [address for vip in router.addresses if (address := bare(vip)) not in declared.nat_gateways]
        for router in routers
    }
    # The addresses of a service's clients' packets; those that a mark chooses come for its router's.
    spoken_to = [
        service.addresses() or vips.get(offered.router, []) for (service, _port), offered in zip(offers, services)
    ]
    bfd = _bfd(declared)
    sync_daemon = _sync_daemon(declared, routers, groups)
    offered = list(zip(services, spoken_to))
    hosts = _hosts(declared, routers, bfd)
    peers = _eaccelerator_peers(declared)
    opened = openings(
        hosts,
        routers=routers,
        services=offered,
        bfd=bfd,
        sync_daemon=sync_daemon,
        transfers=transfers(declared),
        cache_peers=peers,
        watch=watch(declared, routers),
    )
    bounds = Bounds(
        failover_s=max(router.failover_s for router in routers),
        ejection_s=max(service.ejection_s for service in services),
        ejection_refused_s=max(service.ejection_refused_s for service in services),
    )
    return Topology(
        directors=_directors(declared),
        nodes=_nodes(declared, hosts, offered, opened),
        virtual_routers=routers,
        virtual_services=services,
        pages=[page for service in services for page in pages(service)],
        sync_groups=groups,
        scripts=declared.scripts,
        track_processes=declared.processes,
        track_files=declared.files,
        standby_file=control.STANDBY,
        bfd=bfd,
        notify_fifo=declared.fifo,
        sync_daemon=sync_daemon,
        handover=handover(declared),
        lvs_timeouts=declared.lvs_timeouts,
        shares=shares(declared),
        eaccelerator_peers={name: endpoint(*peer) for name, peer in peers.items()},
        monitor=monitor(declared),
        raw=declared.raw,
        bounds=bounds,
        summary=_summary(services, bounds),
    )


def _eaccelerator_peers(declared: Declaration) -> dict[str, tuple[str, int]]:
    port = declared.eaccelerator_port
    return {name: (declared.addresses[name], port) for name in declared.web} if port else {}


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


def _virtual_router(declared: Declaration, carriers: Carriers, router: DeclaredRouter) -> VirtualRouter:
    ranks = carriers.priorities(router)
    vips = carriers.vips(router)
    senders = {name: carriers.sender(router, name) for name in declared.directors}
    return VirtualRouter(
        name=router.name,
        vrid=router.vrid,
        advert_int_s=router.advert_interval,
        down_timer_adverts=router.down_timer_adverts,
        vips=[vip.address for vip in vips],
        priorities=ranks,
        failover_s=_failover_s(ranks, router),
        family=carriers.family(router),
        version=router.version,
        mode=router.mode,
        members={
            name: Member(
                address=senders[name],
                interface=router.interfaces.get(name, ""),
                priority=ranks[name],
                peers=[Peer(peer, senders[peer]) for peer in declared.directors if peer != name],
            )
            for name in declared.directors
        },
        authentication=router.authentication,
        preempt=router.preempt,
        preempt_delay=router.preempt_delay,
        garp=router.garp,
        addresses=vips,
        routes=router.routes,
        rules=router.rules,
        track=_tracking(declared, router.track),
        notify=router.notify,
        raw=router.raw,
    )


def _failover_s(ranks: dict[str, int], router: DeclaredRouter) -> float:
    """The lost adverts and the skew of the backup that is first to notice (RFC 5798, 6.1)."""
    by_rank = sorted(ranks.values(), reverse=True)
    first_backup = by_rank[min(1, len(by_rank) - 1)]
    return round((router.down_timer_adverts + (256 - first_backup) / 256) * router.advert_interval, 4)


def _tracking(declared: Declaration, wanted: DeclaredTracking) -> Tracking:
    """With weights stated, which otherwise are those of the definitions."""
    return Tracking(
        interfaces=track(wanted, "interfaces", {}),
        scripts=track(wanted, "scripts", {script.name: script.weight for script in declared.scripts}),
        processes=track(wanted, "processes", {process.name: process.weight for process in declared.processes}),
        files=track(wanted, "files", {file.name: file.weight for file in declared.files}),
        bfd=track(wanted, "bfd", {session.name: session.weight for session in declared.bfd}),
    )


def _sync_groups(declared: Declaration) -> list[SyncGroup]:
    """Declared ones; else routers of both families that nobody declared stay on one director.

    The daemon that synchronises connections follows one router: were the other elsewhere, its connections
    would not be known to the director that takes over.
    """
    groups = [
        SyncGroup(group.name, group.routers, _tracking(declared, group.track), group.notify, group.raw)
        for group in declared.sync_groups
    ]
    if not groups and not declared.routers_declared and len(declared.routers) > 1:
        empty = _tracking(declared, DeclaredTracking({}))
        names = [router.name for router in declared.routers]
        groups.append(SyncGroup(DEFAULT_SYNC_GROUP, names, empty, declared.routers[0].notify, []))
    return groups


def _sync_daemon(declared: Declaration, routers: list[VirtualRouter], groups: list[SyncGroup]) -> SyncDaemon:
    """It follows the router all others stay with; where they part, every director both sends and receives."""
    together = len(routers) == 1 or any(len(group.routers) == len(routers) for group in groups)
    wanted = declared.sync_daemon
    return SyncDaemon(
        enabled=wanted.enabled,
        id=routers[0].vrid if wanted.id is None else wanted.id,
        interface=wanted.interface,
        router=routers[0].name if together else "",
    )


def _bfd(declared: Declaration) -> list[Bfd]:
    return [
        Bfd(
            name=session.name,
            neighbors=session.neighbor,
            sources={
                name: session.source.get(name) or declared.address(name, family(neighbor))
                for name, neighbor in session.neighbor.items()
            },
            interval_s=session.interval_s,
            idle_interval_s=session.idle_interval_s,
            multiplier=session.multiplier,
            passive=session.passive,
            weight=session.weight,
        )
        for session in declared.bfd
    ]


def _virtual_service(declared: Declaration, carriers: Carriers, service: DeclaredService, port: int) -> VirtualService:
    first = service.checks[0]
    checks = inherit_times(service.checks, first)
    servers = [_real_server(declared, service, server, port) for server in service.real_servers]
    # A server is removed by whichever of its checks is first to notice.
    timed = [[check for check in server.checks or checks if check.type not in UNTIMED] for server in servers]
    router = carriers.router(service)
    gateways = carriers.gateways(service) if service.translated() else []
    return VirtualService(
        name=service.name,
        address=service.address,
        port=port,
        protocol="" if service.marked() else service.protocol,
        scheduler=service.scheduler,
        forwarding=service.forwarding,
        real_servers=servers,
        check=first,
        checks=checks,
        ejection_s=_slowest([min((check.ejection_s for check in own), default=0.0) for own in timed]),
        ejection_refused_s=_slowest([min((check.ejection_refused_s for check in own), default=0.0) for own in timed]),
        ejection_content_s=_slowest([check.ejection_content_s for own in timed for check in own]),
        fwmark=service.fwmark,
        family=service.family,
        endpoints=[declared_endpoint.endpoint for declared_endpoint in service.endpoints],
        router=router.name if router else "",
        nat_gateway=next(iter(gateways), ""),
        scheduler_flags=service.scheduler_flags,
        one_packet=service.one_packet,
        tunnel=service.tunnel,
        persistence_timeout=service.persistence_timeout,
        persistence_netmask=service.persistence_netmask,
        persistence_engine=service.persistence_engine,
        quorum=service.quorum,
        hysteresis=service.hysteresis,
        quorum_up=service.quorum_up,
        quorum_down=service.quorum_down,
        sorry_server=_sorry_server(declared, service, port),
        alpha=service.alpha,
        omega=service.omega,
        inhibit_on_failure=service.inhibit_on_failure,
        virtual_host=service.virtual_host,
        raw=service.raw,
    )


def _slowest(bounds: list[float]) -> float:
    return round(max(bounds, default=0.0), 4)


def _real_server(declared: Declaration, service: DeclaredService, server: DeclaredRealServer, port: int) -> RealServer:
    address = _reached_at(declared, server.name, server.address, service.family)
    return RealServer(
        name=server.name,
        address=address,
        port=service.real_port(server, port),
        weight=server.weight,
        upper_threshold=server.upper_threshold,
        lower_threshold=server.lower_threshold,
        inhibit_on_failure=server.inhibit_on_failure,
        virtual_host=server.virtual_host,
        notify_up=server.notify_up,
        notify_down=server.notify_down,
        checks=inherit_times(server.checks, service.checks[0]),
        raw=server.raw,
        track_file=control.server_file(service.name, server.name, address),
    )


def _sorry_server(declared: Declaration, service: DeclaredService, port: int) -> SorryServer | None:
    server = service.sorry_server
    if server is None:
        return None
    return SorryServer(
        name=server.name,
        address=_reached_at(declared, server.name, server.address, service.family),
        port=0 if service.marked() else server.port or port,
        forwarding=server.forwarding,
        tunnel=server.tunnel,
        inhibit=server.inhibit,
    )


def _reached_at(declared: Declaration, name: str, stated: str, wanted: str) -> str:
    """A tunnel may lead to an address of the other family."""
    return stated or declared.address(name, wanted) or declared.addresses[name]


def _hosts(declared: Declaration, routers: list[VirtualRouter], bfd: list[Bfd]) -> Hosts:
    """With all addresses that directors are declared to send from."""
    holders = {address: name for name in declared.addresses for address in declared.addresses_of(name)}
    directors = {}
    for name in declared.directors:
        known = [
            *declared.addresses_of(name),
            *(router.members[name].address for router in routers),
            *(session.sources.get(name, "") for session in bfd),
        ]
        directors[name] = list(dict.fromkeys(filter(None, known)))
        holders.update(dict.fromkeys(directors[name], name))
    return Hosts(list(declared.addresses), directors, holders)


class _Serving(NamedTuple):
    """Something that answers for a service."""

    name: str
    address: str
    port: int
    forwarding: str
    tunnel: Tunnel
    checks: list[Check]


def _nodes(
    declared: Declaration, hosts: Hosts, services: list[tuple[VirtualService, list[str]]], opened: dict[str, Openings]
) -> dict[str, Node]:
    nodes = {
        name: Node(
            address=address,
            management_address=declared.management_address(name),
            addresses=hosts.directors.get(name) or declared.addresses_of(name),
            local_vips=[],
            listeners=[],
            nat_replies=[],
            tunnel_ends=[],
            openings=opened[name].all(),
            unstated=list(dict.fromkeys(opened[name].unstated)),
            exports=exports(declared, name),
            mounts=mounts(declared, name),
        )
        for name, address in declared.addresses.items()
    }
    for service, spoken_to in services:
        for serving in _serving(service):
            if (node := nodes.get(serving.name)) is None:
                continue
            if serving.forwarding == "nat":
                _add(node.nat_replies, _nat_replies(service, serving))
            else:
                # NAT rewrites the destination; with DR and TUN the server itself must own the VIP.
                _add(node.local_vips, spoken_to)
            if serving.forwarding == "tun":
                _take_out(node.tunnel_ends, _tunnel_end(service, serving), spoken_to)
            heard = family(serving.address) if serving.forwarding == "nat" else service.family
            _add(node.listeners, [Listener(heard, port) for port in _heard_at(service, serving.port, serving.checks)])
    offered = list(dict.fromkeys(listener for name in declared.web for listener in nodes[name].listeners))
    for name in declared.web:
        # Taken out of all services: it must answer until the directors have stopped sending.
        if not nodes[name].listeners:
            nodes[name].listeners.extend(offered)
    return nodes


def _add(known: list[T], more: Iterable[T]) -> None:
    known.extend(one for one in dict.fromkeys(more) if one not in known)


def _nat_replies(service: VirtualService, serving: _Serving) -> list[NatReply]:
    """None where nobody has declared a gateway: the site routes them by itself."""
    if not service.nat_gateway:
        return []
    return [NatReply(serving.address, service.protocol, serving.port, service.nat_gateway)]


def _tunnel_end(service: VirtualService, serving: _Serving) -> TunnelEnd:
    kind, outer = serving.tunnel.type, family(serving.address)
    overhead = _HEADERS[outer] + _HEADERS[kind] + _CHECKSUMS.get((kind, serving.tunnel.checksum), 0)
    return TunnelEnd(kind, outer, service.family, serving.tunnel.port, overhead, [])


def _take_out(known: list[TunnelEnd], wanted: TunnelEnd, vips: list[str]) -> None:
    end = next((one for one in known if replace(one, vips=[]) == wanted), wanted)
    if end is wanted:
        known.append(end)
    _add(end.vips, vips)


def _serving(service: VirtualService) -> Iterator[_Serving]:
    for server in service.real_servers:
        checks = server.checks or service.checks
        yield _Serving(server.name, server.address, server.port, service.forwarding, service.tunnel, checks)
    if service.sorry_server:
        sorry = service.sorry_server
        yield _Serving(sorry.name, sorry.address, sorry.port, sorry.forwarding, sorry.tunnel, [])


def _heard_at(service: VirtualService, port: int, checks: list[Check]) -> list[int]:
    """The ports of a web server: the service's, or where it has none those at which it is checked."""
    if service.protocol not in ("tcp", ""):
        return []
    if port:
        return [port]
    return [check.port for check in checks if check.port and check.type in _OVER_TCP]


def _summary(services: list[VirtualService], bounds: Bounds) -> list[str]:
    rows = [
        (
            service.name,
            _where(service) + ("" if service.protocol in ("tcp", "") else f"/{service.protocol}"),
            f"{service.forwarding.upper()} {service.scheduler}",
            " ".join(server.name for server in service.real_servers),
            f"check {service.check.type} {service.check.path}".rstrip(),
            f"failover bound {bounds.failover_s:.2f} s",
            _ejection(service),
            _answers(service),
        )
        for service in services
    ]
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ["   ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]


def _ejection(service: VirtualService) -> str:
    if not service.ejection_s:
        return f"ejection as soon as {service.check.bfd or service.check.track_file} says so"
    return f"ejection about {service.ejection_refused_s:g} s (silent server {service.ejection_s:g} s)"


def _answers(service: VirtualService) -> str:
    if service.nat_gateway:
        return f"answers through {service.nat_gateway}"
    return "answers through a director: to be routed by the site" if service.forwarding == "nat" else ""


def _where(service: VirtualService) -> str:
    if service.address:
        return endpoint(service.address, service.port)
    marks = [service.fwmark] if service.fwmark else [one.fwmark for one in service.endpoints if one.fwmark]
    if marks:
        return f"mark {' '.join(map(str, marks))}"
    return " ".join(
        f"[{one.address}]:{one.port}" if ":" in one.address else f"{one.address}:{one.port}"
        for one in service.endpoints
    )
