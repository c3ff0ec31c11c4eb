# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What the role has written down for this host."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any


class ConfigurationError(ValueError):
    """A file that is not there, or does not say what is needed."""


@dataclass(frozen=True)
class Node:
    """A host with exporters, by its management address."""

    name: str
    address: str
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Router:
    """A virtual router."""

    name: str
    vips: tuple[str, ...]
    priorities: dict[str, int]
    preempt: bool


@dataclass(frozen=True)
class Server:
    """A real server in one virtual service."""

    name: str
    address: str
    weight: int
    track_file: str
    weighed: bool  # keepalived may give it other weights than are declared or ordered


@dataclass(frozen=True)
class Service:
    """A virtual service."""

    name: str
    endpoints: tuple[str, ...]
    protocol: str
    forwarding: str
    scheduler: str
    persistence: int
    quorum: int
    sorry_server: str
    servers: tuple[Server, ...]


@dataclass(frozen=True)
class Share:
    """A directory that web nodes mount, and the node that has it."""

    path: str
    server: str


@dataclass(frozen=True)
class Configuration:
    """All of it. The secret is in no representation."""

    node: str
    page: bool
    version: str
    port: int
    operators: frozenset[str]
    viewers: frozenset[str]
    origins: frozenset[str]
    directors: tuple[Node, ...]
    nodes: tuple[Node, ...]
    monitors: tuple[str, ...]
    routers: tuple[Router, ...]
    services: tuple[Service, ...]
    shares: tuple[Share, ...]
    ports: dict[str, int]
    standby_file: str
    events_file: str
    configuration_file: str
    actions_file: str
    audit_file: str
    peers_file: str
    prometheus: str
    secret: bytes = field(repr=False)

    def group(self, name: str) -> list[Node]:
        """Return the nodes of a group."""
        return [node for node in self.nodes if name in node.groups]

    def hosts(self) -> list[Node]:
        """Return all hosts of the role: each of them has an agent."""
        known = {node.name: node for node in self.directors}
        known.update({node.name: node for node in self.nodes if node.name in self.monitors})
        return list(known.values())


def load(path: str) -> Configuration:
    """Return the configuration in a file.

    Raises:
        ConfigurationError: something is missing or wrong.
    """
    try:
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
        with open(data["secret_file"], encoding="ascii") as file:
            secret = file.read().strip()
        if not re.fullmatch("[0-9a-f]{64}", secret):
            raise ConfigurationError(f"{data['secret_file']} holds no 64 hexadecimal digits. Run site.yml again.")
        return _build(data, secret)
    except ConfigurationError:
        raise
    except OSError as error:
        raise ConfigurationError(f"{error.filename}: {error.strerror}. Run site.yml again.") from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ConfigurationError(f"{path} is not what the role writes ({error!r}). Run site.yml again.") from None


def _build(data: dict[str, Any], secret: str) -> Configuration:
    plain = ("node", "page", "version", "port", "standby_file", "events_file", "configuration_file", "actions_file")
    return Configuration(
        **{name: data[name] for name in (*plain, "audit_file", "peers_file", "prometheus")},
        operators=frozenset(data["operators"]),
        viewers=frozenset(data["viewers"]),
        origins=frozenset(data["origins"]),
        directors=tuple(Node(one["name"], one["address"]) for one in data["directors"]),
        nodes=tuple(Node(one["name"], one["address"], tuple(one["groups"])) for one in data["nodes"]),
        monitors=tuple(data["monitors"]),
        routers=tuple(
            Router(one["name"], tuple(one["vips"]), one["priorities"], one["preempt"]) for one in data["routers"]
        ),
        services=tuple(_service(one) for one in data["services"]),
        shares=tuple(Share(one["path"], one["server"]) for one in data["shares"]),
        ports=dict(data["web_ports"]),
        secret=secret.encode(),
    )


def _service(data: dict[str, Any]) -> Service:
    plain = ("name", "protocol", "forwarding", "scheduler", "persistence", "quorum", "sorry_server")
    servers = ("name", "address", "weight", "track_file", "weighed")
    return Service(
        **{name: data[name] for name in plain},
        endpoints=tuple(data["endpoints"]),
        servers=tuple(Server(**{name: one[name] for name in servers}) for one in data["servers"]),
    )
