# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What is declared, every default applied."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Listener:
    family: str
    port: int


@dataclass(frozen=True)
class Server:
    """Of a pool. host and port are of its address, for the rules; empty and 0 for a unix socket."""

    address: str
    host: str
    port: int
    parameters: list[str]
    backup: bool


@dataclass(frozen=True)
class Pool:
    item: str
    name: str
    servers: list[Server]
    # The directive, empty for round robin.
    balance: str
    keepalive: int
    connect_timeout: str
    read_timeout: str
    send_timeout: str
    retry: list[str]
    tries: int


@dataclass(frozen=True)
class Condition:
    """Holds where one of the patterns, regular expressions as map knows them, matches the variable; or none of them."""

    variable: str
    patterns: list[str]
    negated: bool = False


@dataclass(frozen=True)
class Cache:
    valid: str
    with_cookies: bool


@dataclass(frozen=True)
class Settings:
    """What a site and each of its routes may set; of a route, None is the site's."""

    headers: dict[str, str]
    rate: str | None
    burst: int
    connections: int | None
    cache: Cache | None
    expires: str
    buffering: bool
    websockets: bool
    read_timeout: str
    raw: list[str]


@dataclass(frozen=True)
class Action:
    """kind is pool, root, return or redirect. strip is the expression whose match is taken off the path before."""

    kind: str
    value: str
    status: int = 0
    strip: str = ""


@dataclass(frozen=True)
class Route:
    item: str
    conditions: list[Condition]
    # As a location, for what nginx must know before it has chosen a route.
    location: str
    body_size: str
    action: Action
    settings: Settings


@dataclass(frozen=True)
class Tls:
    item: str
    ports: list[int]
    certificate: str
    key: str
    remote: bool
    stapling: bool
    hsts: int


@dataclass(frozen=True)
class Site:
    item: str
    name: str
    server_names: list[str]
    default: bool
    ports: list[int] | None
    tls: Tls | None
    root: str
    pool: str
    redirect: str
    body_size: str
    health: bool
    routes: list[Route]
    settings: Settings


@dataclass(frozen=True)
class Declaration:
    """listeners is empty where no topology says which they are."""

    sites: list[Site]
    pools: list[Pool]
    listeners: list[Listener]
    extra_ports: list[int]
    trusted: list[str]
    values: dict[str, Any] = field(default_factory=dict)

    def tls_ports(self) -> list[int]:
        return list(dict.fromkeys(port for site in self.sites if site.tls for port in site.tls.ports))

    def known_ports(self) -> list[int]:
        return list(dict.fromkeys([*(listener.port for listener in self.listeners), *self.extra_ports]))

    def plain_ports(self, site: Site) -> list[int]:
        """Without declared ones, all that no site uses for TLS."""
        if site.ports is not None:
            return site.ports
        known = self.known_ports() if self.listeners else [80, *self.extra_ports]
        taken = self.tls_ports()
        return [port for port in known if port not in taken]

    def ports(self, site: Site) -> list[int]:
        return [*self.plain_ports(site), *(site.tls.ports if site.tls else [])]

    def defaults(self) -> dict[int, Site]:
        """By port, who answers for unknown names: the site that says so, or else the first."""
        found: dict[int, Site] = {}
        for site in sorted(self.sites, key=lambda one: not one.default):
            for port in self.ports(site):
                found.setdefault(port, site)
        return found

    def listens(self, port: int) -> list[str]:
        """The addresses of listen, one for each family."""
        families = [listener.family for listener in self.listeners if listener.port == port]
        families = families or [listener.family for listener in self.listeners] or ["ipv4"]
        return [f"[::]:{port}" if family == "ipv6" else str(port) for family in sorted(set(families))]
