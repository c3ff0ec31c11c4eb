# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The normalised topology: what the roles, the audit and the summary read.

Everything here is stated, nothing is optional for its reader: defaults are applied, neighbours
computed, ports expanded. Names of fields are the interface of the ha_web_topology fact.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import asdict, dataclass
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
class RealServer:
    name: str
    address: str
    port: int
    weight: int


@dataclass(frozen=True)
class Check:
    """A health check; times in seconds. path and status are empty and 0 where the type has none."""

    type: str
    path: str
    status: int
    interval: float
    timeout: float
    retries: int
    retry_delay: float

    @property
    def ejection_s(self) -> float:
        """Bound on removing a server that no longer answers at all."""
        return self.ejection_refused_s + (self.retries + 1) * self.timeout

    @property
    def ejection_refused_s(self) -> float:
        """Bound on removing a server whose kernel refuses the connection."""
        return self.interval + self.retries * self.retry_delay


@dataclass(frozen=True)
class VirtualService:
    name: str
    address: str
    port: int
    protocol: str
    scheduler: str
    forwarding: str
    real_servers: list[RealServer]
    check: Check
    ejection_s: float
    ejection_refused_s: float


@dataclass(frozen=True)
class VirtualRouter:
    """One VRRP instance: all VIPs of one address family move together."""

    name: str
    vrid: int
    advert_int_s: float
    vips: list[str]
    priorities: dict[str, int]
    failover_s: float


@dataclass(frozen=True)
class Listener:
    family: str
    port: int


@dataclass(frozen=True)
class Node:
    """What one host of the cluster has to know about itself."""

    address: str
    local_vips: list[str]
    listeners: list[Listener]


@dataclass(frozen=True)
class Bounds:
    """The slowest of all virtual routers and services, in seconds."""

    failover_s: float
    ejection_s: float
    ejection_refused_s: float


@dataclass(frozen=True)
class Topology:
    directors: list[Director]
    nodes: dict[str, Node]
    virtual_routers: list[VirtualRouter]
    virtual_services: list[VirtualService]
    bounds: Bounds
    summary: list[str]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class TopologyError(ValueError):
    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(report(problems, "the topology", "no host was touched"))
        self.problems = list(problems)


def family(address: str) -> str:
    return f"ipv{ipaddress.ip_address(address).version}"


def endpoint(address: str, port: int) -> str:
    return f"[{address}]:{port}" if family(address) == "ipv6" else f"{address}:{port}"
