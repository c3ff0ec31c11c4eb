# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""First stage, virtual services: their endpoints, real servers and settings."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .._fields import CORRECT, NAME_REMEDY, PORTS, WORD, Entry, Problems, ip, quote, whole
from .._ipvs.model import (
    ENGINES,
    FLAGS,
    FWMARKS,
    SCHEDULERS,
    SECONDS,
    THRESHOLDS,
    TUNNEL_CHECKSUMS,
    TUNNEL_TYPES,
    WEIGHTS,
)
from .checks import DEFAULT_CHECK, HOST_NAME, read_checks
from .fields import read_hook, read_raw
from .model import Check, Endpoint, Hook, Tunnel, family

FORWARDINGS = ("dr", "nat", "tun")
FAMILIES = ("ipv4", "ipv6")
PROTOCOLS = ("tcp", "udp", "sctp")

_TUNNEL_KEYS = ("tunnel_type", "tunnel_port", "tunnel_checksum")
SERVICE_KEYS = (
    *("name", "address", "fwmark", "family", "endpoints", "ports", "protocol", "scheduler", "scheduler_flags"),
    *("one_packet", "forwarding", *_TUNNEL_KEYS, "persistence_timeout", "persistence_netmask", "persistence_engine"),
    *("quorum", "hysteresis", "quorum_up", "quorum_down", "sorry_server", "sorry_server_inhibit", "alpha", "omega"),
    *("inhibit_on_failure", "virtual_host", "router", "real_servers", "check", "checks", "raw"),
)
REAL_SERVER_KEYS = (
    *("name", "address", "port", "weight", "upper_threshold", "lower_threshold", "inhibit_on_failure"),
    *("virtual_host", "notify_up", "notify_down", "check", "checks", "raw"),
)
SORRY_SERVER_KEYS = ("name", "address", "port", "forwarding", *_TUNNEL_KEYS)
ENDPOINT_KEYS = ("address", "addresses", "port", "fwmark")

# keepalived makes a virtual server of each.
LARGEST_RANGE = 256
_RANGE = re.compile(r"(?P<first>[0-9a-fA-F.:]+)-(?P<last>[0-9a-fA-F.:]+)")


@dataclass(frozen=True)
class DeclaredRealServer:
    """Without an address it is a host of the inventory."""

    item: str
    name: str
    address: str
    port: int | None
    weight: int
    upper_threshold: int
    lower_threshold: int
    inhibit_on_failure: bool
    virtual_host: str
    notify_up: Hook
    notify_down: Hook
    checks: list[Check]
    raw: list[str]


@dataclass(frozen=True)
class DeclaredSorryServer:
    item: str
    name: str
    address: str
    port: int | None
    forwarding: str
    tunnel: Tunnel
    inhibit: bool


@dataclass(frozen=True)
class DeclaredEndpoint:
    """addresses are all of a range; none, with a mark."""

    endpoint: Endpoint
    addresses: list[str]


@dataclass(frozen=True)
class DeclaredService:
    item: str
    name: str
    address: str
    fwmark: int
    family: str
    endpoints: list[DeclaredEndpoint]
    ports: list[int]
    protocol: str
    scheduler: str
    scheduler_flags: list[str]
    one_packet: bool
    forwarding: str
    tunnel: Tunnel
    persistence_timeout: int
    persistence_netmask: str
    persistence_engine: str
    quorum: int
    hysteresis: int
    quorum_up: Hook
    quorum_down: Hook
    sorry_server: DeclaredSorryServer | None
    alpha: bool
    omega: bool
    inhibit_on_failure: bool
    virtual_host: str
    router: str
    real_servers: list[DeclaredRealServer]
    checks: list[Check] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)

    def addresses(self) -> list[str]:
        """All that clients speak to."""
        if self.endpoints:
            return [address for declared in self.endpoints for address in declared.addresses]
        return [self.address] if self.address else []

    def hosts(self) -> list[str]:
        """Names of all that serve it, also as the last resort."""
        return [one.name for one in (*self.real_servers, self.sorry_server) if one]

    def marked(self) -> bool:
        return bool(self.fwmark) or any(declared.endpoint.fwmark for declared in self.endpoints)

    def translated(self) -> bool:
        """Whether the answers of any of its servers must come back to a director."""
        return "nat" in (self.forwarding, self.sorry_server.forwarding if self.sorry_server else "")

    def real_port(self, server: DeclaredRealServer, port: int) -> int:
        """Where a real server is spoken to; 0 is wherever the client speaks to."""
        return 0 if self.marked() else server.port or port


def read_service(
    problems: Problems, item: str, values: dict[str, Any], vip: str, web: Sequence[str]
) -> DeclaredService:
    name = values.get("name")
    if isinstance(name, str) and WORD.fullmatch(name):
        if item != "ha_web_vip":
            item = f'{item} "{name}"'
    else:
        problems.add(item, "no usable name.", NAME_REMEDY)
        name = ""
    entry = Entry(problems, item, values, SERVICE_KEYS)
    ways = [key for key in ("address", "fwmark", "endpoints") if key in entry]
    if len(ways) > 1:
        entry.problem(f"both {' and '.join(ways)}.", "Keep one of them: endpoints can hold several addresses or marks.")
    endpoints = _endpoints(entry) if "endpoints" in entry else []
    fwmark = entry.integer("fwmark", FWMARKS, FWMARKS[0]) if "fwmark" in entry else 0
    address = "" if fwmark or "endpoints" in entry else entry.address("address") if "address" in entry else vip
    ports = [80]
    if "fwmark" in entry or "endpoints" in entry:
        if "ports" in entry:
            entry.problem(
                f"ports with {ways[-1]}.", "Remove ports: a mark has none, and each address of endpoints has its own."
            )
        ports = [next((declared.endpoint.port for declared in endpoints), 0)]
    elif "ports" in entry.values:
        ports = _ports(entry)
    protocol = entry.choice("protocol", PROTOCOLS, "tcp")
    forwarding = entry.choice("forwarding", FORWARDINGS, "dr")
    tunnel = _tunnel(entry, forwarding)
    return DeclaredService(
        item=item,
        name=name,
        address=address,
        fwmark=fwmark,
        family=_family(entry, address, endpoints),
        endpoints=endpoints,
        ports=ports,
        protocol=protocol,
        scheduler=entry.choice("scheduler", SCHEDULERS, "wlc"),
        scheduler_flags=_scheduler_flags(entry),
        one_packet=entry.boolean("one_packet", False),
        forwarding=forwarding,
        tunnel=tunnel,
        persistence_timeout=entry.integer("persistence_timeout", SECONDS, 0),
        persistence_netmask=_netmask(entry),
        persistence_engine=entry.choice("persistence_engine", ENGINES, "sip") if "persistence_engine" in entry else "",
        quorum=entry.integer("quorum", (1, 2147483647), 1),
        hysteresis=entry.integer("hysteresis", (0, 2147483647), 0),
        quorum_up=read_hook(entry, "quorum_up"),
        quorum_down=read_hook(entry, "quorum_down"),
        sorry_server=_sorry_server(entry, forwarding, tunnel),
        alpha=entry.boolean("alpha", True),
        omega=entry.boolean("omega", False),
        inhibit_on_failure=entry.boolean("inhibit_on_failure", False),
        virtual_host=_virtual_host(entry),
        router=entry.word("router"),
        real_servers=_real_servers(entry, web),
        checks=read_checks(problems, entry) or [DEFAULT_CHECK],
        raw=read_raw(entry),
    )


def _virtual_host(entry: Entry) -> str:
    return entry.match("virtual_host", HOST_NAME, "a host's name", "Write the name that the Host header has.")


def _family(entry: Entry, address: str, endpoints: Sequence[DeclaredEndpoint]) -> str:
    stated = entry.choice("family", FAMILIES, "ipv4")
    addresses = [address] if address else [one for declared in endpoints for one in declared.addresses]
    if not addresses:
        return stated
    if "family" in entry and stated != family(addresses[0]):
        entry.problem(f"family {stated}, address {addresses[0]}.", "Remove family: the address tells it.")
    return family(addresses[0])


def _ports(entry: Entry) -> list[int]:
    value = entry.values["ports"]
    ports = [whole(port) for port in value] if isinstance(value, list) else []
    valid = [port for port in ports if port is not None and 0 <= port <= PORTS[1]]
    if not ports or len(valid) < len(ports):
        entry.problem(f"ports {quote(value)} is not a list of ports.", "Write ports: [80], each 1 to 65535.")
    return valid


def _endpoints(entry: Entry) -> list[DeclaredEndpoint]:
    found = []
    for index, values in enumerate(entry.items("endpoints")):
        label = f"{entry.item}, endpoint {index}"
        if not isinstance(values, dict):
            entry.problems.add(
                label, f"{quote(values)} is not a mapping.", "Write {address: 192.0.2.10, port: 80} or {fwmark: 1}."
            )
            continue
        one = Entry(entry.problems, label, values, ENDPOINT_KEYS)
        ways = [key for key in ("address", "addresses", "fwmark") if key in one]
        if len(ways) != 1:
            one.problem(
                f"has {' and '.join(ways) or 'no address'}.", "Give it one of: address, addresses (a range), fwmark."
            )
            continue
        if "fwmark" in one:
            if "port" in one:
                one.problem("port with fwmark.", "Remove port: the rule that sets the mark decides about it.")
            found.append(DeclaredEndpoint(Endpoint("", 0, one.integer("fwmark", FWMARKS, 1)), []))
            continue
        addresses = _range(one) if "addresses" in one else list(filter(None, [one.address("address")]))
        if "port" not in one:
            one.problem("no port.", "Write the port that the clients use; 0, every port, needs persistence.")
        port = one.integer("port", (0, PORTS[1]), 80)
        if addresses:
            text = str(one.values["addresses"]) if "addresses" in one else addresses[0]
            found.append(DeclaredEndpoint(Endpoint(text, port, 0), addresses))
    if not found and isinstance(entry.values["endpoints"], list) and not entry.values["endpoints"]:
        entry.problem("no endpoints.", "Write {address: 192.0.2.10, port: 80} or {fwmark: 1}.")
    return found


def _range(entry: Entry) -> list[str]:
    """All addresses of a range as keepalived spells it: 192.0.2.10-20, 2001:db8::10-1f or two whole addresses."""
    value = entry.values["addresses"]
    found = _RANGE.fullmatch(value) if isinstance(value, str) else None
    first = ip(found["first"]) if found else ""
    last = ""
    if found and first:
        separator = "." if family(first) == "ipv4" else ":"
        last = ip(found["last"]) or ip(found["first"].rpartition(separator)[0] + separator + found["last"])
    if not last or family(first) != family(last):
        entry.problem(f"addresses {quote(value)} is not a range.", "Write 192.0.2.10-20, or two whole addresses.")
        return []
    low, high = int(ipaddress.ip_address(first)), int(ipaddress.ip_address(last))
    if not 0 <= high - low < LARGEST_RANGE:
        entry.problem(
            f"addresses {value} is not a range of up to {LARGEST_RANGE} addresses, lowest first.",
            "Turn it round, or use a firewall mark for so many.",
        )
        return []
    kind = type(ipaddress.ip_address(first))
    return [str(kind(number)) for number in range(low, high + 1)]


def _scheduler_flags(entry: Entry) -> list[str]:
    flags = entry.items("scheduler_flags")
    for flag in flags:
        entry.problems.choice(entry.item, "scheduler_flags", flag, FLAGS)
    return [flag for flag in flags if flag in FLAGS]


def _netmask(entry: Entry) -> str:
    """An IPv4 netmask, or for IPv6 a prefix length."""
    value = entry.values.get("persistence_netmask")
    if value is None:
        return ""
    prefix = whole(value)
    if prefix is not None:
        if 1 <= prefix <= 128:
            return str(prefix)
    elif isinstance(value, str) and "." in value:
        try:
            if "/" not in value and ipaddress.ip_network(f"0.0.0.0/{value}").netmask == ipaddress.ip_address(value):
                return value
        except ValueError:
            pass
    entry.problem(
        f"persistence_netmask {quote(value)} is not a netmask.", "Write 255.255.255.0, or for IPv6 a prefix length: 64."
    )
    return ""


def _tunnel(entry: Entry, forwarding: str) -> Tunnel:
    stray = [key for key in _TUNNEL_KEYS if key in entry]
    if forwarding != "tun" and stray:
        entry.problem(f"{stray[0]} with forwarding {forwarding}.", "Remove it, or write forwarding: tun.")
    kind = entry.choice("tunnel_type", TUNNEL_TYPES, "ipip")
    port = entry.integer("tunnel_port", PORTS, 0)
    checksum = entry.choice("tunnel_checksum", TUNNEL_CHECKSUMS, "none")
    if forwarding == "tun" and (kind == "gue") != bool(port):
        entry.problem(
            f"a tunnel of type {kind} {'needs a' if kind == 'gue' else 'has no'} port.",
            "Set tunnel_port with tunnel_type: gue, and only there.",
        )
    if checksum != "none" and (kind == "ipip" or (kind, checksum) == ("gre", "remcsum")):
        entry.problem(f"a tunnel of type {kind} has no {checksum}.", "Remove tunnel_checksum, or use tunnel_type: gue.")
    return Tunnel(kind, port, checksum)


def _sorry_server(entry: Entry, forwarding: str, tunnel: Tunnel) -> DeclaredSorryServer | None:
    value = entry.values.get("sorry_server")
    if value is None:
        if "sorry_server_inhibit" in entry:
            entry.problem("sorry_server_inhibit without a sorry_server.", "Name a sorry_server, or remove it.")
        return None
    values = {"name": value} if isinstance(value, str) else value
    label = f"{entry.item}, sorry_server"
    if not isinstance(values, dict) or not ("name" in values or "address" in values):
        entry.problems.add(label, "has neither name nor address.", "Write a host's name, or {address: 192.0.2.50}.")
        return None
    server = Entry(entry.problems, label, values, SORRY_SERVER_KEYS)
    address = server.address("address")
    own = server.choice("forwarding", FORWARDINGS, forwarding)
    return DeclaredSorryServer(
        item=label,
        name=_server_name(server) or address,
        address=address,
        port=server.integer("port", PORTS, 0) or None,
        forwarding=own,
        tunnel=tunnel if own == forwarding and not any(key in server for key in _TUNNEL_KEYS) else _tunnel(server, own),
        inhibit=entry.boolean("sorry_server_inhibit", False),
    )


def _real_servers(entry: Entry, web: Sequence[str]) -> list[DeclaredRealServer]:
    value = entry.values.get("real_servers")
    if value is not None and not isinstance(value, list):
        entry.problem("real_servers is not a list.", "Write real_servers: [web1, web2].")
        value = None
    servers = []
    for one in list(web) if value is None else value:
        values = {"name": one} if isinstance(one, str) else one
        named = isinstance(values, dict) and isinstance(values.get("name", values.get("address")), str)
        if not named:
            entry.problem(f"real server {quote(one)} has no name.", "Write a host's name, or {name: web1, weight: 2}.")
            continue
        label = f"{entry.item}, real server {values.get('name', values.get('address'))}"
        server = Entry(entry.problems, label, values, REAL_SERVER_KEYS)
        address = server.address("address")
        servers.append(
            DeclaredRealServer(
                item=label,
                name=_server_name(server) or address,
                address=address,
                port=server.integer("port", PORTS, 0) or None,
                weight=server.integer("weight", WEIGHTS, 1),
                upper_threshold=server.integer("upper_threshold", THRESHOLDS, 0),
                lower_threshold=server.integer("lower_threshold", THRESHOLDS, 0),
                inhibit_on_failure=server.boolean("inhibit_on_failure", False),
                virtual_host=_virtual_host(server),
                notify_up=read_hook(server, "notify_up"),
                notify_down=read_hook(server, "notify_down"),
                checks=read_checks(entry.problems, server),
                raw=read_raw(server),
            )
        )
    return servers


def _server_name(entry: Entry) -> str:
    """It stands in a comment of keepalived.conf, and must not end it."""
    name = entry.values.get("name", "")
    if isinstance(name, str) and name.isprintable():
        return name
    entry.problem(f"name {quote(name)} is not a name.", CORRECT)
    return ""
