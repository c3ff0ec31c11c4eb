# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""An IPVS table as plain values: what is declared, what the kernel holds, what shall be.

Addresses are texts in their canonical form, times are seconds. A value that has no effect, such as the
netmask of a service without persistence, has its neutral value here, so that equal means equal.
"""

from __future__ import annotations

from typing import NamedTuple

# Each in the order of the kernel's numbers.
FORWARDINGS = ("nat", "local", "tun", "dr", "bypass")
TUNNEL_TYPES = ("ipip", "gue", "gre")
TUNNEL_CHECKSUMS = ("none", "csum", "remcsum")
DAEMON_STATES = ("master", "backup")

PROTOCOLS = {"tcp": 6, "udp": 17, "sctp": 132}
SCHEDULERS = ("rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "sed", "nq", "fo", "ovf", "mh")
ENGINES = ("sip",)
# What the bits of a scheduler mean; of others there are three without names.
SCHEDULER_FLAGS = {"sh": ("sh-fallback", "sh-port"), "mh": ("mh-fallback", "mh-port")}
NUMBERED_FLAGS = ("flag-1", "flag-2", "flag-3")
FLAGS = (*SCHEDULER_FLAGS["sh"], *SCHEDULER_FLAGS["mh"], *NUMBERED_FLAGS)

FWMARKS = (1, 4294967295)
WEIGHTS = (0, 65535)
THRESHOLDS = (0, 2147483647)
# The kernel counts in ticks, of which there may be 1000 in a second, in 31 bits.
SECONDS = (1, 2147483)

DEFAULT_SCHEDULER = "wlc"
DEFAULT_FORWARDING = "dr"
HOST_NETMASKS = {"ipv4": "255.255.255.255", "ipv6": "128"}


def family(address: str) -> str:
    """Return the family of an address."""
    return "ipv6" if ":" in address else "ipv4"


def endpoint(address: str, port: int) -> str:
    """Return an address and a port as ipvsadm writes them."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


class ServiceId(NamedTuple):
    """What tells virtual services apart. With a fwmark, protocol and address are empty, the port is 0."""

    family: str
    protocol: str
    address: str
    port: int
    fwmark: int

    def __str__(self) -> str:
        if self.fwmark:
            return f"fwmark {self.fwmark} ({self.family})"
        return f"{endpoint(self.address, self.port)}/{self.protocol}"


class DestinationId(NamedTuple):
    """What tells the destinations of a service apart."""

    address: str
    port: int

    def __str__(self) -> str:
        return endpoint(self.address, self.port)


class Settings(NamedTuple):
    """Of a virtual service. A persistence_timeout of 0 is no persistence."""

    scheduler: str
    scheduler_flags: tuple[str, ...]
    one_packet: bool
    persistence_timeout: int
    persistence_netmask: str
    persistence_engine: str


class Destination(NamedTuple):
    """Of a real server in one service. A threshold of 0 is none."""

    forwarding: str
    weight: int
    upper_threshold: int = 0
    lower_threshold: int = 0
    tunnel_type: str = "ipip"
    tunnel_port: int = 0
    tunnel_checksum: str = "none"


Destinations = dict[DestinationId, Destination]


class Service(NamedTuple):
    """A virtual service with its destinations."""

    settings: Settings
    destinations: Destinations


class Daemon(NamedTuple):
    """A connection synchronisation daemon. A max_length of 0 leaves it to the kernel, which asks the interface."""

    state: str
    interface: str
    sync_id: int
    multicast_group: str = "224.0.0.81"
    multicast_port: int = 8848
    multicast_ttl: int = 1
    max_length: int = 0

    def __str__(self) -> str:
        return f"sync daemon {self.state}"


class Timeouts(NamedTuple):
    """Of connections. 0 leaves one as it is."""

    tcp: int
    tcp_fin: int
    udp: int


class Table(NamedTuple):
    """All that IPVS keeps in one network namespace, but for its connections."""

    services: dict[ServiceId, Service]
    daemons: dict[str, Daemon]
    timeouts: Timeouts


class Operation(NamedTuple):
    """One change of the kernel's table, one message to it.

    The subject is a service, a destination of it, a daemon (both ids None, value a Daemon) or the
    time-outs. Of what is removed, the value is None, but for a daemon.
    """

    action: str  # add, update, remove
    service: ServiceId | None
    destination: DestinationId | None
    value: Settings | Destination | Daemon | Timeouts | None
