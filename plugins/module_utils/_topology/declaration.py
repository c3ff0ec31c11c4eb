# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""First stage: read what the inventory declares, one field at a time, and apply the defaults.

A field that is wrong is reported and replaced by its default, so that the second stage still
finds every other mistake in the same run.
"""

from __future__ import annotations

import difflib
import ipaddress
import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .._problems import Problem
from .model import Check

SCHEDULERS = ("rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "sed", "nq", "fo", "ovf", "mh")
FORWARDINGS = ("dr", "nat", "tun")
PROTOCOLS = ("tcp", "udp")
CHECK_TYPES = ("http", "tcp")

DEFAULT_VRID = 51
DEFAULT_ADVERT_INTERVAL = 0.1
DEFAULT_CHECK = Check(type="http", path="/health", status=200, interval=1.0, timeout=1.0, retries=1, retry_delay=0.2)

VRIDS = (1, 255)
# VRRP keeps 255 for a router that owns the address, and 0 for one that resigns.
PRIORITIES = (1, 254)
ADVERT_INTERVALS = (0.01, 40.95)
PORTS = (1, 65535)
WEIGHTS = (0, 65535)
STATUSES = (100, 599)
RETRIES = (0, 100)
CHECK_INTERVALS = (0.1, 3600.0)
RETRY_DELAYS = (0.0, 3600.0)

CHECK_TIMES = ("interval", "timeout", "retries", "retry_delay")
CHECK_KEYS = {"http": ("type", "path", "status", *CHECK_TIMES), "tcp": ("type", *CHECK_TIMES)}
SERVICE_KEYS = (
    "name",
    "address",
    "ports",
    "protocol",
    "scheduler",
    "forwarding",
    "real_servers",
    "check",
)
REAL_SERVER_KEYS = ("name", "port", "weight")

# What keepalived's parser takes as one word.
WORD = re.compile(r"[A-Za-z0-9_.-]+")
URL_PATH = re.compile(r"/[^\s\"'{}#!\\]*")


class UnreadableError(Exception):
    """The value of a variable cannot be computed: its template fails."""


@dataclass(frozen=True)
class Inventory:
    """The inventory as the topology sees it: read(host, variable) gives plain data or None."""

    groups: Mapping[str, Sequence[str]]
    read: Callable[[str, str], Any]


@dataclass(frozen=True)
class DeclaredRealServer:
    name: str
    port: int | None
    weight: int


@dataclass(frozen=True)
class DeclaredService:
    item: str
    name: str
    address: str
    ports: list[int]
    protocol: str
    scheduler: str
    forwarding: str
    real_servers: list[DeclaredRealServer]
    check: Check


@dataclass
class Declaration:
    directors: list[str]
    web: list[str]
    hosts: list[str]
    addresses: dict[str, str] = field(default_factory=dict)
    priorities: dict[str, int] = field(default_factory=dict)
    vrid: int = DEFAULT_VRID
    advert_interval: float = DEFAULT_ADVERT_INTERVAL
    services: list[DeclaredService] = field(default_factory=list)


def declare(inventory: Inventory) -> tuple[Declaration, list[Problem]]:
    reader = _Reader(inventory)
    return reader.declaration(), reader.problems()


class _Reader:
    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._problems: list[Problem] = []
        self._unreadable: dict[tuple[str, str], list[str]] = {}

    def declaration(self) -> Declaration:
        groups = self._inventory.groups
        declared = Declaration(
            directors=list(groups.get("directors", ())),
            web=list(groups.get("web", ())),
            hosts=list(groups.get("all", ())),
        )
        members = list(dict.fromkeys(declared.directors + declared.web))
        vrid = self._shared("ha_web_vrid", members)
        declared.vrid = self._integer("ha_web_vrid", "", vrid, VRIDS, DEFAULT_VRID)
        declared.advert_interval = self._advert_interval(members)
        for place, name in enumerate(declared.directors):
            declared.priorities[name] = self._priority(name, place)
        declared.services = self._services(members, declared.web)

        real_servers = [server.name for service in declared.services for server in service.real_servers]
        for name in dict.fromkeys(members + real_servers):
            if name in declared.hosts:
                address = self._address(name)
                if address:
                    declared.addresses[name] = address
        return declared

    def problems(self) -> list[Problem]:
        unreadable = [
            Problem(
                variable,
                f"its template fails on {', '.join(hosts)}: {reason}",
                "Define what it refers to, or write the value itself.",
            )
            for (variable, reason), hosts in self._unreadable.items()
        ]
        return unreadable + self._problems

    def _problem(self, item: str, message: str, remedy: str) -> None:
        self._problems.append(Problem(item, message, remedy))

    def _read(self, host: str, variable: str) -> Any:
        try:
            return self._inventory.read(host, variable)
        except UnreadableError as error:
            self._unreadable.setdefault((variable, str(error)), []).append(host)
            return None

    def _shared(self, variable: str, hosts: Sequence[str]) -> Any:
        """The value of a cluster-wide variable, which may be set on any of the hosts."""
        found = [(host, value) for host in hosts if (value := self._read(host, variable)) is not None]
        if not found:
            return None
        first_host, first = found[0]
        for host, value in found[1:]:
            if value != first:
                self._problem(
                    variable,
                    f"{first_host} and {host} have different values.",
                    "Set it once, in the variables of the group all.",
                )
                break
        return first

    def _advert_interval(self, members: Sequence[str]) -> float:
        item = "ha_web_advert_interval"
        value = self._shared(item, members)
        interval = self._seconds(item, "", value, ADVERT_INTERVALS, DEFAULT_ADVERT_INTERVAL)
        if not math.isclose(interval * 100, round(interval * 100)):
            self._problem(
                item,
                f"{interval:g} s is not a whole number of hundredths of a second.",
                "VRRPv3 carries hundredths: 0.01, 0.1, 1.25.",
            )
            return DEFAULT_ADVERT_INTERVAL
        return interval

    def _priority(self, name: str, place: int) -> int:
        by_order = max(1, 200 - 10 * place)
        value = self._read(name, "keepalived_priority")
        return self._integer(name, "keepalived_priority", value, PRIORITIES, by_order)

    def _address(self, name: str) -> str:
        stated = self._read(name, "ha_web_address")
        if stated is not None:
            address = _ip(stated)
            if not address:
                self._problem(
                    name,
                    f"ha_web_address {_quote(stated)} is not an IP address.",
                    "Write the address alone, without a prefix length.",
                )
            return address
        ansible_host = self._read(name, "ansible_host")
        address = _ip(ansible_host) or _ip(name)
        if not address:
            known = f"; ansible_host {_quote(ansible_host)} is not one" if ansible_host else ""
            self._problem(
                name,
                f"no IP address is known for it{known}.",
                "Set ha_web_address to the address the other nodes reach it at.",
            )
        return address

    def _services(self, members: Sequence[str], web: Sequence[str]) -> list[DeclaredService]:
        vip = self._vip(members)
        declared = self._shared("ha_web_virtual_services", members)
        if declared is None:
            if vip is None and not self._unreadable:
                self._problem(
                    "ha_web_vip",
                    "not set, and there is no ha_web_virtual_services either.",
                    "Set ha_web_vip to the address the clients use, in the variables of the group all.",
                )
            return [self._service("ha_web_vip", {"name": "web"}, vip or "", web)]
        if not isinstance(declared, list) or not declared:
            self._problem(
                "ha_web_virtual_services",
                "not a list of services.",
                "Write a list of {name: ..., address: ..., ports: [...]}, or remove it and set ha_web_vip.",
            )
            return []
        services = []
        for index, entry in enumerate(declared):
            item = f"ha_web_virtual_services[{index}]"
            if isinstance(entry, dict):
                if "address" not in entry and vip is None and not self._unreadable:
                    self._problem(item, "no address.", "Give it an address, or set ha_web_vip for all services.")
                services.append(self._service(item, entry, vip or "", web))
            else:
                self._problem(item, "not a service.", "Write {name: ..., address: ..., ports: [...]}.")
        return services

    def _vip(self, members: Sequence[str]) -> str | None:
        """None where it is not set; empty, and reported, where it is no address."""
        value = self._shared("ha_web_vip", members)
        return None if value is None else self._literal("ha_web_vip", value)

    def _literal(self, item: str, value: Any) -> str:
        address = _ip(value)
        if not address:
            self._problem(
                item,
                f"{_quote(value)} is not an IP address.",
                "Write the address alone, without a prefix length.",
            )
        return address

    def _service(self, item: str, entry: Mapping[str, Any], vip: str, web: Sequence[str]) -> DeclaredService:
        name = entry.get("name")
        if isinstance(name, str) and WORD.fullmatch(name):
            if item != "ha_web_vip":
                item = f'{item} "{name}"'
        else:
            self._problem(item, "no usable name.", "Give it a name of letters, digits, dots, hyphens and underscores.")
            name = ""
        self._known_keys(item, entry, SERVICE_KEYS)
        return DeclaredService(
            item=item,
            name=name,
            address=self._literal(item, entry["address"]) if "address" in entry else vip,
            ports=self._ports(item, entry.get("ports", [80])),
            protocol=self._choice(item, "protocol", entry.get("protocol", "tcp"), PROTOCOLS),
            scheduler=self._choice(item, "scheduler", entry.get("scheduler", "wlc"), SCHEDULERS),
            forwarding=self._choice(item, "forwarding", entry.get("forwarding", "dr"), FORWARDINGS),
            real_servers=self._real_servers(item, entry.get("real_servers"), web),
            check=self._check(item, entry.get("check", {})),
        )

    def _ports(self, item: str, value: Any) -> list[int]:
        ports = [_int(port) for port in value] if isinstance(value, list) else []
        valid = [port for port in ports if port is not None and PORTS[0] <= port <= PORTS[1]]
        if not ports or len(valid) < len(ports):
            self._problem(item, f"ports {_quote(value)} is not a list of ports.", "Write ports: [80], each 1 to 65535.")
        return valid

    def _real_servers(self, item: str, value: Any, web: Sequence[str]) -> list[DeclaredRealServer]:
        if value is not None and not isinstance(value, list):
            self._problem(item, "real_servers is not a list.", "Write real_servers: [web1, web2].")
            value = None
        if value is None:
            value = list(web)
        servers = []
        for entry in value:
            server = {"name": entry} if isinstance(entry, str) else entry
            if not isinstance(server, dict) or not isinstance(server.get("name"), str):
                self._problem(
                    item,
                    f"real server {_quote(entry)} has no name.",
                    "Write a host's name, or {name: web1, weight: 2}.",
                )
                continue
            label = f"{item}, real server {server['name']}"
            self._known_keys(label, server, REAL_SERVER_KEYS)
            port = server.get("port")
            servers.append(
                DeclaredRealServer(
                    name=server["name"],
                    port=None if port is None else self._integer(label, "port", port, PORTS, 0) or None,
                    weight=self._integer(label, "weight", server.get("weight"), WEIGHTS, 1),
                )
            )
        return servers

    def _check(self, item: str, value: Any) -> Check:
        if not isinstance(value, dict):
            self._problem(item, "check is not a mapping.", "Write check: {type: tcp}, for one.")
            return DEFAULT_CHECK
        label = f"{item}, check"
        kind = self._choice(label, "type", value.get("type", DEFAULT_CHECK.type), CHECK_TYPES)
        self._known_keys(label, value, CHECK_KEYS[kind])
        http = kind == "http"
        path = value.get("path", DEFAULT_CHECK.path)
        if http and not (isinstance(path, str) and URL_PATH.fullmatch(path)):
            self._problem(label, f"path {_quote(path)} is not the path of a URL.", "Begin it with a slash: /health.")
        return Check(
            type=kind,
            path=str(path) if http else "",
            status=self._integer(label, "status", value.get("status"), STATUSES, DEFAULT_CHECK.status) if http else 0,
            interval=self._seconds(label, "interval", value.get("interval"), CHECK_INTERVALS, DEFAULT_CHECK.interval),
            timeout=self._seconds(label, "timeout", value.get("timeout"), CHECK_INTERVALS, DEFAULT_CHECK.timeout),
            retries=self._integer(label, "retries", value.get("retries"), RETRIES, DEFAULT_CHECK.retries),
            retry_delay=self._seconds(
                label, "retry_delay", value.get("retry_delay"), RETRY_DELAYS, DEFAULT_CHECK.retry_delay
            ),
        )

    def _known_keys(self, item: str, entry: Mapping[str, Any], known: Collection[str]) -> None:
        for key in entry:
            if key not in known:
                near = difflib.get_close_matches(str(key), known, 1)
                self._problem(
                    item,
                    f"unknown key {_quote(key)}.",
                    f"Did you mean {near[0]}?" if near else f"Known are: {', '.join(known)}.",
                )

    def _choice(self, item: str, key: str, value: Any, known: Sequence[str]) -> str:
        """One of the known words; the first of them stands in for an unknown one."""
        if value in known:
            return str(value)
        self._problem(item, f"unknown {key} {_quote(value)}.", f"Use one of: {', '.join(known)}.")
        return known[0]

    def _integer(self, item: str, key: str, value: Any, allowed: tuple[int, int], default: int) -> int:
        """An empty key means that the item itself is the number."""
        least, most = allowed
        if value is None:
            return default
        number = _int(value)
        if number is None or not least <= number <= most:
            self._out_of_range(item, key, value, f"a whole number from {least} to {most}")
            return default
        return number

    def _seconds(self, item: str, key: str, value: Any, allowed: tuple[float, float], default: float) -> float:
        least, most = allowed
        if value is None:
            return default
        try:
            number = math.nan if isinstance(value, bool) else float(value)
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if not least <= number <= most:
            self._out_of_range(item, key, value, f"from {least:g} to {most:g} seconds")
            return default
        return number

    def _out_of_range(self, item: str, key: str, value: Any, allowed: str) -> None:
        self._problem(
            item, f"{key} {_quote(value)} is not {allowed}.".lstrip(), "Correct it, or remove it for the default."
        )


def _ip(value: Any) -> str:
    """The address in its canonical spelling, or an empty string."""
    try:
        return str(ipaddress.ip_address(value)) if isinstance(value, str) else ""
    except ValueError:
        return ""


def _int(value: Any) -> int | None:
    """An inventory in INI format, or a template, may give a number as a string."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _quote(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)
