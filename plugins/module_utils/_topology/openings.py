# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What must be open on every node, and for what: a firewall that lets less pass breaks the cluster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .model import Bfd, Check, Opening, SyncDaemon, Tunnel, VirtualRouter, VirtualService, family
from .monitor import NODE_PORT, WEB_PORTS, Watch

# By which a check speaks to a port. keepalived asks name servers over UDP.
_CHECKED_OVER = {"http": "tcp", "https": "tcp", "tcp": "tcp", "smtp": "tcp", "udp": "udp", "dns": "udp"}
BFD_PORT = 3784
NFS_PORT = 2049
SYNC_GROUP, SYNC_PORT = "224.0.0.81", 8848
VRRP_GROUPS = {"ipv4": "224.0.0.18", "ipv6": "ff02::12"}
# Adverts of IPv6 come from addresses of the link, which nobody declares.
LINK_LOCAL = "fe80::/10"

# What IPVS wraps a packet into: GUE is UDP, and the plain tunnel tells the family of the packet.
_TUNNELS = {"gre": "gre", "gue": "udp"}
_IPIP = {"ipv4": "ipip", "ipv6": "ipv6"}


class Openings:
    """The openings of one host; where many items need the same of the same senders, they are one."""

    def __init__(self) -> None:
        self._found: dict[tuple[object, ...], Opening] = {}
        self.unstated: list[str] = []

    def add(
        self,
        purpose: str,
        item: str,
        version: str,
        protocol: str,
        port: int = 0,
        *,
        sources: Iterable[str] = (),
        destinations: Iterable[str] = (),
        interface: str = "",
    ) -> None:
        """Port 0 is every port, or none; no sources are anyone."""
        senders, to = list(dict.fromkeys(sources)), list(dict.fromkeys(destinations))
        # A service has its own: the file names the service at each of its ports.
        reason = item if purpose in ("service", "reply") else ""
        key = (purpose, reason, version, protocol, bool(port), tuple(senders), tuple(to), interface)
        found = self._found.setdefault(key, Opening(purpose, [], version, protocol, [], senders, to, interface))
        if item not in found.items:
            found.items.append(item)
        if port and str(port) not in found.ports:
            found.ports.append(str(port))

    def all(self) -> list[Opening]:
        return list(self._found.values())


@dataclass(frozen=True)
class _Server:
    """Whoever answers for a service."""

    name: str
    address: str
    port: int
    forwarding: str
    tunnel: Tunnel
    checks: list[Check]


@dataclass(frozen=True)
class Hosts:
    """All hosts; the addresses that each director is known by; the host of each address."""

    names: Sequence[str]
    directors: dict[str, list[str]]
    holders: dict[str, str]


@dataclass(frozen=True)
class Transfer:
    """A client's way to the share of a server: from its address to the server's."""

    server: str
    share: str
    source: str
    to: str


def openings(
    hosts: Hosts,
    *,
    routers: Sequence[VirtualRouter],
    services: Sequence[tuple[VirtualService, list[str]]],
    bfd: Sequence[Bfd],
    sync_daemon: SyncDaemon,
    transfers: Sequence[Transfer],
    cache_peers: Mapping[str, tuple[str, int]],
    watch: Watch,
) -> dict[str, Openings]:
    """Return by host what it must accept; services come with the addresses that their clients speak to."""
    found = {name: Openings() for name in hosts.names}
    _vrrp(found, routers)
    _bfd(found, hosts, bfd)
    _sync(found, hosts, sync_daemon)
    for service, spoken_to in services:
        servers = list(_servers(service))
        for name in hosts.directors:
            _balanced(found[name], service, spoken_to, servers)
        for server in servers:
            if server.name in found:
                _served(found[server.name], service, spoken_to, server)
                _from_directors(found[server.name], service, server, hosts)
    _storage(found, transfers)
    _caches(found, cache_peers)
    _watched(found, watch)
    return found


def _vrrp(found: dict[str, Openings], routers: Sequence[VirtualRouter]) -> None:
    for router in routers:
        for name, member in router.members.items():
            senders, to = [peer.address for peer in member.peers], member.address
            if router.mode == "multicast":
                to = VRRP_GROUPS[router.family]
                senders = senders if router.family == "ipv4" else [LINK_LOCAL]
            if member.peers:
                found[name].add("vrrp", router.name, router.family, "vrrp", sources=senders, destinations=[to])


def _bfd(found: dict[str, Openings], hosts: Hosts, sessions: Sequence[Bfd]) -> None:
    for session in sessions:
        for name, neighbor in session.neighbors.items():
            source = session.sources[name]
            for host, own, other in [(name, source, neighbor), (hosts.holders.get(neighbor), neighbor, source)]:
                if host in found:
                    version = family(neighbor)
                    found[host].add("bfd", session.name, version, "udp", BFD_PORT, sources=[other], destinations=[own])


def _sync(found: dict[str, Openings], hosts: Hosts, daemon: SyncDaemon) -> None:
    """The kernel sends from the first address of the interface, which is declared only of the usual one."""
    if not daemon.enabled or len(hosts.directors) == 1:
        return
    for name in hosts.directors:
        others = [one for other, known in hosts.directors.items() if other != name for one in known]
        senders = [] if daemon.interface else [one for one in others if family(one) == "ipv4"]
        found[name].add(
            "sync",
            "ha_web_sync_daemon",
            "ipv4",
            "udp",
            SYNC_PORT,
            sources=senders,
            destinations=[SYNC_GROUP],
            interface=daemon.interface,
        )


def _storage(found: dict[str, Openings], transfers: Sequence[Transfer]) -> None:
    """Of one share and one address of its server, all clients together."""
    clients: dict[tuple[str, str, str], list[str]] = {}
    for one in transfers:
        clients.setdefault((one.server, one.share, one.to), []).append(one.source)
    for (server, share, to), sources in clients.items():
        found[server].add("storage", share, family(to), "tcp", NFS_PORT, sources=sources, destinations=[to])


def _caches(found: dict[str, Openings], peers: Mapping[str, tuple[str, int]]) -> None:
    """Web servers ask each other for their opcode caches, and empty them."""
    for name, (address, port) in peers.items():
        version = family(address)
        others = [one for other, (one, _port) in peers.items() if other != name and family(one) == version]
        if others:
            item = "ha_web_eaccelerator_port"
            found[name].add("cache", item, version, "tcp", port, sources=others, destinations=[address])


def _watched(found: dict[str, Openings], watch: Watch) -> None:
    """Figures for those who show them, what one host of the monitor asks another, and the page for everyone."""
    for name, address in watch.watched.items():
        version = family(address)
        ports = [NODE_PORT, *(WEB_PORTS.values() if name in watch.web else ())]
        for port in [*ports, *([watch.port] if name in watch.agents else ())]:
            item, senders = "ha_web_monitor", watch.senders[version]
            if senders:
                found[name].add("monitor", item, version, "tcp", port, sources=senders, destinations=[address])
    for name, addresses in watch.pages.items():
        for version in dict.fromkeys(map(family, addresses)):
            to = [address for address in addresses if family(address) == version]
            found[name].add("page", "ha_web_monitor_port", version, "tcp", watch.port, destinations=to)


def _balanced(found: Openings, service: VirtualService, spoken_to: list[str], servers: Sequence[_Server]) -> None:
    """At a director: the clients' packets, and with NAT what passes back through it."""
    if not service.protocol:
        found.unstated.append(f"the ports of {service.name}, a service of a firewall mark")
        return
    for to in spoken_to:
        found.add("service", service.name, service.family, service.protocol, service.port, destinations=[to])
    for server in servers:
        if server.forwarding == "nat" and server.port:
            version = family(server.address)
            found.add("reply", service.name, version, service.protocol, server.port, sources=[server.address])


def _served(found: Openings, service: VirtualService, spoken_to: list[str], server: _Server) -> None:
    """At a server: NAT changes the destination; with DR and TUN the packet is still addressed to the VIP."""
    if not service.protocol:
        found.unstated.append(f"the ports of {service.name}, a service of a firewall mark")
    elif server.forwarding == "nat":
        version = family(server.address)
        found.add("service", service.name, version, service.protocol, server.port, destinations=[server.address])
    else:
        for to in spoken_to:
            found.add("service", service.name, service.family, service.protocol, service.port, destinations=[to])


def _from_directors(found: Openings, service: VirtualService, server: _Server, hosts: Hosts) -> None:
    """At a server: what the directors send of their own, which is checks and the outside of tunnels."""
    version = family(server.address)
    wanted = []
    if server.forwarding == "tun":
        wanted.append(("tunnel", _TUNNELS.get(server.tunnel.type) or _IPIP[service.family], server.tunnel.port))
    for check in server.checks:
        if check.type == "ping":
            wanted.append(("check", "icmp", 0))
        elif check.type in _CHECKED_OVER:
            wanted.append(("check", _CHECKED_OVER[check.type], check.port or server.port))
    senders = [one for known in hosts.directors.values() for one in known if family(one) == version]
    if wanted and not senders:
        found.unstated.append(
            f"the addresses of {version.replace('ip', 'IP')} from which directors reach {service.name}"
        )
        return
    to = [server.address]
    for purpose, protocol, port in wanted:
        found.add(purpose, service.name, version, protocol, port, sources=senders, destinations=to)


def _servers(service: VirtualService) -> Iterator[_Server]:
    for one in service.real_servers:
        checks = one.checks or service.checks
        yield _Server(one.name, one.address, one.port, service.forwarding, service.tunnel, checks)
    if service.sorry_server:
        sorry = service.sorry_server
        yield _Server(sorry.name, sorry.address, sorry.port, sorry.forwarding, sorry.tunnel, [])
