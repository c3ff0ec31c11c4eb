# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The normalised topology: what the roles, the audit and the summary read.

Everything here is stated, nothing is optional for its reader: defaults are applied, neighbours
computed, ports expanded. What does not apply is empty or 0. Names of fields are the interface of
the ha_web_topology fact. Times are seconds.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .._problems import Problem, report


@dataclass(frozen=True)
class Peer:
    name: str
    address: str


@dataclass(frozen=True)
class Director:
    name: str
    address: str
    priority: int
    peers: list[Peer]


@dataclass(frozen=True)
class Hook:
    """A command that keepalived runs; without a user, as the role's own user for scripts."""

    command: str = ""
    user: str = ""


@dataclass(frozen=True)
class Url:
    path: str
    statuses: list[str] = field(default_factory=list)
    digest: str = ""
    regex: str = ""
    regex_options: list[str] = field(default_factory=list)
    virtual_host: str = ""
    # Of the Page whose digest it is, where the digest is auto.
    page: str = ""


@dataclass(frozen=True)
class Check:
    """A health check. path and status are those of the first URL, empty and 0 where there is none."""

    type: str
    path: str
    status: int
    interval: float
    timeout: float
    retries: int
    retry_delay: float
    # The real server's, where it is 0.
    port: int = 0
    urls: list[Url] = field(default_factory=list)
    virtual_host: str = ""
    sni: bool = False
    # UDP: hexadecimal digits; a reply is wanted when it is stated or reply_required.
    payload: str = ""
    reply: str = ""
    reply_required: bool = False
    helo: str = ""
    query_type: str = ""
    query_name: str = ""
    script: Hook = field(default_factory=Hook)
    dynamic_weight: bool = False
    track_file: str = ""
    track_file_weight: int = 0
    bfd: str = ""
    raw: list[str] = field(default_factory=list)
    # Whether the times differ from those of the service's first check, which all others inherit.
    own_times: bool = False

    @property
    def ejection_s(self) -> float:
        """Bound on removing a server that no longer answers at all."""
        return self.ejection_refused_s + (self.retries + 1) * self.timeout

    @property
    def ejection_refused_s(self) -> float:
        """Bound on removing a server whose kernel refuses the connection."""
        return self.interval + self.retries * self.retry_delay

    @property
    def ejection_content_s(self) -> float:
        """Bound on removing a server that answers wrongly: keepalived looks at one URL each interval."""
        return self.ejection_s + (max(1, len(self.urls)) - 1) * self.interval


@dataclass(frozen=True)
class Tunnel:
    """What the kernel wraps a packet into; of no effect unless the forwarding is tun."""

    type: str = "ipip"
    port: int = 0
    checksum: str = "none"


@dataclass(frozen=True)
class RealServer:
    """Its checks are its own; where it has none, those of the service hold."""

    name: str
    address: str
    port: int
    weight: int
    upper_threshold: int = 0
    lower_threshold: int = 0
    inhibit_on_failure: bool = False
    virtual_host: str = ""
    notify_up: Hook = field(default_factory=Hook)
    notify_down: Hook = field(default_factory=Hook)
    checks: list[Check] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)
    # Of the directors: what it holds is added to the weight. One for all ports of the service.
    track_file: str = ""


@dataclass(frozen=True)
class SorryServer:
    name: str
    address: str
    port: int
    forwarding: str
    tunnel: Tunnel
    inhibit: bool


@dataclass(frozen=True)
class PageServer:
    """Without a host it is asked for by its address."""

    name: str
    address: str
    port: int
    host: str


@dataclass(frozen=True)
class Page:
    """What a URL whose digest is auto shows, on all servers that it checks."""

    name: str
    type: str
    path: str
    statuses: list[str]
    sni: bool
    timeout: float
    retries: int
    retry_delay: float
    servers: list[PageServer]


@dataclass(frozen=True)
class Endpoint:
    """A member of a group: an address or range with a port, or a firewall mark."""

    address: str
    port: int
    fwmark: int


@dataclass(frozen=True)
class VirtualService:
    """A virtual server: of an address, of a firewall mark, or of all endpoints in a group of its name.

    Its port is 0 when it serves every port, and its protocol empty when a mark decides about it. check
    is the first of its checks.
    """

    name: str
    address: str
    port: int
    protocol: str
    scheduler: str
    forwarding: str
    real_servers: list[RealServer]
    check: Check
    checks: list[Check]
    ejection_s: float
    ejection_refused_s: float
    ejection_content_s: float
    fwmark: int
    family: str
    endpoints: list[Endpoint]
    router: str
    nat_gateway: str
    scheduler_flags: list[str]
    one_packet: bool
    tunnel: Tunnel
    persistence_timeout: int
    persistence_netmask: str
    persistence_engine: str
    quorum: int
    hysteresis: int
    quorum_up: Hook
    quorum_down: Hook
    sorry_server: SorryServer | None
    alpha: bool
    omega: bool
    inhibit_on_failure: bool
    virtual_host: str
    raw: list[str]


@dataclass(frozen=True)
class Vip:
    """An address a virtual router moves; of the router's own interface unless it names another."""

    address: str
    interface: str = ""
    label: str = ""
    scope: str = ""


@dataclass(frozen=True)
class Route:
    to: str
    via: str
    interface: str
    table: str


@dataclass(frozen=True)
class RoutingRule:
    source: str
    to: str
    fwmark: int
    table: str
    priority: int


@dataclass(frozen=True)
class Track:
    """Something watched; with weight 0 its failure is that of the router, else it changes the priority."""

    name: str
    weight: int


@dataclass(frozen=True)
class Tracking:
    interfaces: list[Track] = field(default_factory=list)
    scripts: list[Track] = field(default_factory=list)
    processes: list[Track] = field(default_factory=list)
    files: list[Track] = field(default_factory=list)
    bfd: list[Track] = field(default_factory=list)


@dataclass(frozen=True)
class Notify:
    master: Hook = field(default_factory=Hook)
    backup: Hook = field(default_factory=Hook)
    fault: Hook = field(default_factory=Hook)
    stop: Hook = field(default_factory=Hook)
    any: Hook = field(default_factory=Hook)


@dataclass(frozen=True)
class Member:
    """A director's part in a virtual router. Without an interface it is the role's keepalived_interface."""

    address: str
    interface: str
    priority: int
    peers: list[Peer]


@dataclass(frozen=True)
class VirtualRouter:
    """One VRRP instance: all its VIPs move together.

    preempt and preempt_delay are None where the role's variables decide.
    """

    name: str
    vrid: int
    advert_int_s: float
    down_timer_adverts: int
    vips: list[str]
    priorities: dict[str, int]
    failover_s: float
    family: str
    version: int
    mode: str
    members: dict[str, Member]
    authentication: str
    preempt: bool | None
    preempt_delay: float | None
    garp: dict[str, int]
    addresses: list[Vip]
    routes: list[Route]
    rules: list[RoutingRule]
    track: Tracking
    notify: Notify
    raw: list[str]


@dataclass(frozen=True)
class SyncGroup:
    name: str
    routers: list[str]
    track: Tracking
    notify: Notify
    raw: list[str]


@dataclass(frozen=True)
class Script:
    name: str
    script: Hook
    interval: int
    timeout: int
    weight: int
    rise: int
    fall: int
    init_fail: bool


@dataclass(frozen=True)
class TrackProcess:
    name: str
    process: str
    weight: int
    quorum: int
    delay: float


@dataclass(frozen=True)
class TrackFile:
    name: str
    file: str
    weight: int
    initial: int


@dataclass(frozen=True)
class Bfd:
    """A BFD session; neighbor and source by director."""

    name: str
    neighbors: dict[str, str]
    sources: dict[str, str]
    interval_s: float
    idle_interval_s: float
    multiplier: int
    passive: bool
    weight: int


@dataclass(frozen=True)
class NotifyFifo:
    """The user owns it. The script, if any, reads it: keepalived starts it with the path as its last argument."""

    path: str
    user: str
    script: Hook


@dataclass(frozen=True)
class LvsTimeouts:
    """Seconds that IPVS keeps the entry of a connection without traffic; 0 leaves the kernel's."""

    tcp: int = 0
    # Entries of connections that have ended count a little for wlc: while the others still have two minutes of them,
    # a server that has just returned would get every new connection. And a director that takes a VIP over sends packets
    # from a source port that is used again to the server of the old entry.
    tcpfin: int = 10
    udp: int = 0


@dataclass(frozen=True)
class SyncDaemon:
    """The kernel's synchronisation of connections.

    It follows a virtual router: the master sends, the others receive. Without one every director does both.
    """

    enabled: bool
    id: int
    interface: str
    router: str


@dataclass(frozen=True)
class Offer:
    """What clients speak to; port 0 is every port."""

    family: str
    address: str
    protocol: str
    port: int


@dataclass(frozen=True)
class Handover:
    """What directors hand over to each other while a VIP moves, and to which addresses, by director and family."""

    offers: list[Offer]
    peers: dict[str, dict[str, list[str]]]


@dataclass(frozen=True)
class Listener:
    family: str
    port: int


@dataclass(frozen=True)
class Opening:
    """What a host must accept; where nothing is stated: from anyone, to any of its addresses, at every port.

    A port is a number or a range, 8000-8100. The protocol icmp is an echo request. The purpose service is balanced
    traffic, of which a director sees one direction, or only the end; reply is what real servers send back through a
    director, and there ports are those it comes from.
    """

    purpose: str
    items: list[str]
    family: str
    protocol: str
    ports: list[str]
    sources: list[str]
    destinations: list[str]
    interface: str = ""


@dataclass(frozen=True)
class NatReply:
    """Answers of a real server that must go through the gateway, where the director is that translates them back.

    Without a protocol, or a port, they are all that come from the address.
    """

    address: str
    protocol: str
    port: int
    gateway: str


@dataclass(frozen=True)
class TunnelEnd:
    """Where a real server takes packets for VIPs out of a tunnel, which makes each larger by so many bytes.

    outer is the family of the packets that arrive, inner that of the VIPs.
    """

    type: str
    outer: str
    inner: str
    port: int
    overhead: int
    vips: list[str]


@dataclass(frozen=True)
class Export:
    """A folder that a host gives to clients, who are addresses; path is what they call it, below the root of all."""

    name: str
    path: str
    directory: str
    clients: list[str]
    options: list[str]
    owner: str
    group: str
    mode: str


@dataclass(frozen=True)
class Mount:
    """Where a host has a share: systemd's unit, the server's address, and what is asked of it as source."""

    name: str
    unit: str
    server: str
    source: str
    path: str
    options: list[str]


@dataclass(frozen=True)
class Share:
    """What all hosts may know of a share; server and clients are their names."""

    name: str
    server: str
    mount: str
    clients: list[str]


@dataclass(frozen=True)
class Monitor:
    """The Graphic Monitor: the hosts that have its page; addresses are all from which nodes are looked at."""

    enabled: bool
    hosts: list[str]
    addresses: list[str]
    port: int


@dataclass(frozen=True)
class Node:
    """What one host of the cluster has to know about itself.

    addresses are all that it is declared to send from; unstated is what must be open and cannot be derived.
    """

    address: str
    management_address: str
    addresses: list[str]
    local_vips: list[str]
    listeners: list[Listener]
    nat_replies: list[NatReply]
    tunnel_ends: list[TunnelEnd]
    openings: list[Opening]
    unstated: list[str]
    exports: list[Export]
    mounts: list[Mount]


@dataclass(frozen=True)
class Bounds:
    """The slowest of all virtual routers and services."""

    failover_s: float
    ejection_s: float
    ejection_refused_s: float


@dataclass(frozen=True)
class Topology:
    directors: list[Director]
    nodes: dict[str, Node]
    virtual_routers: list[VirtualRouter]
    virtual_services: list[VirtualService]
    pages: list[Page]
    sync_groups: list[SyncGroup]
    scripts: list[Script]
    track_processes: list[TrackProcess]
    track_files: list[TrackFile]
    standby_file: str
    bfd: list[Bfd]
    notify_fifo: NotifyFifo | None
    sync_daemon: SyncDaemon
    handover: Handover
    lvs_timeouts: LvsTimeouts
    shares: list[Share]
    eaccelerator_peers: dict[str, str]
    monitor: Monitor
    raw: list[str]
    bounds: Bounds
    summary: list[str]

    def as_dict(self) -> dict[str, Any]:
        described: dict[str, Any] = _plain(self)
        return described


def _plain(value: Any) -> Any:
    """As dataclasses.asdict, which copies every string, and takes three times as long."""
    if isinstance(value, (str, int, float)) or value is None:
        return value
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return {key: _plain(one) for key, one in vars(value).items()}


class TopologyError(ValueError):
    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(report(problems, "the topology", "no host was touched"))
        self.problems = list(problems)


def family(address: str) -> str:
    return f"ipv{ipaddress.ip_address(address).version}"


def endpoint(address: str, port: int) -> str:
    return f"[{address}]:{port}" if family(address) == "ipv6" else f"{address}:{port}"
