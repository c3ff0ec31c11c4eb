# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""First stage, virtual routers: who carries which addresses, and which of them stay together."""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .._fields import CORRECT, INTERFACE, Entry, Problems, entries, ip, quote
from .._ipvs.model import FWMARKS
from .fields import ADVERT_INTERVALS, PRIORITIES, VRIDS, read_raw
from .model import Notify, Route, RoutingRule, Vip
from .services import FAMILIES
from .tracking import TRACK_KEYS, DeclaredTracking, known_directors, read_notify, read_tracking

VERSIONS = (2, 3)
MODES = ("unicast", "multicast")
SCOPES = ("global", "link", "site", "host")
GARP_KEYS = {
    "master_delay": (0, 3600),
    "master_repeat": (1, 100),
    "master_refresh": (0, 86400),
    "master_refresh_repeat": (1, 100),
    "lower_prio_delay": (0, 3600),
    "lower_prio_repeat": (1, 100),
}
PREEMPT_DELAYS = (0.0, 1000.0)
DOWN_TIMER_ADVERTS = (1, 100)

ROUTER_KEYS = (
    *("name", "vrid", "family", "interface", "addresses", "master", "priorities", "advert_interval", "version"),
    *("down_timer_adverts", "mode", "authentication", "preempt", "preempt_delay", "garp", "vips", "routes", "rules"),
    *(*TRACK_KEYS, "notify", "raw"),
)
SYNC_GROUP_KEYS = ("name", "routers", *TRACK_KEYS, "notify", "raw")
VIP_KEYS = ("address", "interface", "label", "scope")
ROUTE_KEYS = ("to", "via", "interface", "table")
RULE_KEYS = ("from", "to", "fwmark", "table", "priority")
SYNC_DAEMON_KEYS = ("enabled", "id", "interface")
SYNC_IDS = (0, 255)

TABLE = re.compile(r"[A-Za-z0-9_-]+")
RULE_PRIORITIES = (1, 32765)
# What keepalived hands to the kernel, and what the packet holds.
LONGEST_LABEL = 15
LONGEST_PASSWORD = 8
PASSWORD = re.compile(r"[A-Za-z0-9_.,:=@%+/*~^-]+")


@dataclass(frozen=True)
class DeclaredRouter:
    """Without priorities they come from the master, or from the group's order. family is empty where not stated."""

    item: str
    name: str
    vrid: int
    family: str = ""
    interfaces: dict[str, str] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    master: str = ""
    priorities: dict[str, int] = field(default_factory=dict)
    advert_interval: float = 0.0
    down_timer_adverts: int = 3
    version: int = 3
    mode: str = "unicast"
    authentication: str = ""
    preempt: bool | None = None
    preempt_delay: float | None = None
    garp: dict[str, int] = field(default_factory=dict)
    vips: list[Vip] = field(default_factory=list)
    routes: list[Route] = field(default_factory=list)
    rules: list[RoutingRule] = field(default_factory=list)
    track: DeclaredTracking = field(default_factory=lambda: DeclaredTracking({}))
    notify: Notify = field(default_factory=Notify)
    raw: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class DeclaredSyncGroup:
    item: str
    name: str
    routers: list[str]
    track: DeclaredTracking
    notify: Notify
    raw: list[str]


@dataclass(frozen=True)
class DeclaredSyncDaemon:
    """Without an id it is the first router's."""

    enabled: bool = True
    id: int | None = None
    interface: str = ""


def read_routers(
    problems: Problems,
    value: Any,
    directors: Sequence[str],
    base_vrid: int,
    base_interval: float,
) -> list[DeclaredRouter]:
    found: list[DeclaredRouter] = []
    if value == []:
        problems.add("ha_web_virtual_routers", "no routers.", "Write at least one, or remove it for the default.")
    variable = "ha_web_virtual_routers"
    for name, entry in entries(problems, variable, value, ROUTER_KEYS, "{name: ..., master: ...}"):
        # Each its own, so that two routers need nothing more than a name.
        vrid = min(base_vrid + len(found), VRIDS[1])
        found.append(_router(entry, name, directors, vrid, base_interval))
    return found


def _router(entry: Entry, name: str, directors: Sequence[str], vrid: int, interval: float) -> DeclaredRouter:
    version = entry.integer("version", VERSIONS, 3)
    if version == 2 and "advert_interval" not in entry:
        # Hundredths came with version 3.
        interval = max(1.0, math.ceil(interval))
    vips = [vip for index, one in enumerate(entry.items("vips")) if (vip := _vip(entry, index, one))]
    return DeclaredRouter(
        item=entry.item,
        name=name,
        vrid=entry.integer("vrid", VRIDS, vrid),
        family=entry.choice("family", FAMILIES, "ipv4") if "family" in entry else "",
        interfaces=_interfaces(entry, directors),
        addresses=_addresses(entry, directors),
        master=_master(entry, directors),
        priorities=_priorities(entry, directors),
        advert_interval=advert_interval(entry.problems, entry.item, entry.values, interval, version),
        down_timer_adverts=entry.integer("down_timer_adverts", DOWN_TIMER_ADVERTS, 3),
        version=version,
        mode=entry.choice("mode", MODES, "unicast"),
        authentication=_authentication(entry, version),
        preempt=entry.boolean("preempt", True) if "preempt" in entry else None,
        preempt_delay=entry.seconds("preempt_delay", PREEMPT_DELAYS, 0.0) if "preempt_delay" in entry else None,
        garp=_garp(entry),
        vips=vips,
        routes=[route for index, one in enumerate(entry.items("routes")) if (route := _route(entry, index, one))],
        rules=[rule for index, one in enumerate(entry.items("rules")) if (rule := _rule(entry, index, one))],
        track=read_tracking(entry),
        notify=read_notify(entry),
        raw=read_raw(entry),
    )


def advert_interval(
    problems: Problems, item: str, values: Mapping[str, Any], default: float, version: int = 3
) -> float:
    """Read it from a router's keys; the item may also be the interval itself, and its key empty."""
    key, value = next(((key, value) for key, value in values.items() if key in ("", "advert_interval")), ("", None))
    interval = problems.seconds(item, key, value, ADVERT_INTERVALS, default)
    subject = f"{key} {interval:g} s".lstrip()
    if version == 2 and interval != round(interval):
        problems.add(
            item,
            f"{subject} is not a whole number of seconds, and VRRP version 2 carries no other.",
            "Write version: 3, or advert_interval: 1.",
        )
        return 1.0
    if not math.isclose(interval * 100, round(interval * 100)):
        problems.add(
            item,
            f"{subject} is not a whole number of hundredths of a second.",
            "VRRPv3 carries hundredths: 0.01, 0.1, 1.25.",
        )
        return default
    return interval


def _interfaces(entry: Entry, directors: Sequence[str]) -> dict[str, str]:
    value = entry.values.get("interface")
    if not isinstance(value, dict):
        interface = entry.interface()
        return dict.fromkeys(directors, interface)
    known_directors(entry, "interface", value, directors)
    for interface in value.values():
        if not isinstance(interface, str) or not INTERFACE.fullmatch(interface):
            entry.problem(
                f"interface {quote(interface)} is not the name of an interface.", "Write its name as the kernel does."
            )
    return {name: str(value.get(name, "")) for name in directors}


def _addresses(entry: Entry, directors: Sequence[str]) -> dict[str, str]:
    value = entry.mapping("addresses")
    if not value:
        return {}
    known_directors(entry, "addresses", value, directors)
    return {
        name: address
        for name in directors
        if name in value and (address := entry.problems.literal(f"{entry.item}, addresses", value[name]))
    }


def _master(entry: Entry, directors: Sequence[str]) -> str:
    value = entry.values.get("master")
    if value is None:
        return ""
    if "priorities" in entry:
        entry.problem("both master and priorities.", "Remove priorities: master and the group's order give them.")
    if value not in directors:
        entry.problem(f"master {quote(value)} is no director.", "Name a host of the group directors.")
        return ""
    return str(value)


def _priorities(entry: Entry, directors: Sequence[str]) -> dict[str, int]:
    value = entry.mapping("priorities")
    if not value:
        return {}
    known_directors(entry, "priorities", value, directors)
    return {
        name: entry.problems.integer(entry.item, f"priority of {name}", value[name], PRIORITIES, 100)
        for name in directors
        if name in value
    }


def _authentication(entry: Entry, version: int) -> str:
    """The password; no message repeats it."""
    value = entry.values.get("authentication")
    if value is None:
        return ""
    if version == 3:
        entry.problem("VRRP version 3 has no authentication.", "Remove authentication, or write version: 2.")
        return ""
    if not isinstance(value, str) or not PASSWORD.fullmatch(value):
        entry.problem("authentication is not a usable password.", "Use letters, digits and any of _.,:=@%+/*~^-.")
        return ""
    if len(value) > LONGEST_PASSWORD:
        entry.problem(
            f"authentication is longer than {LONGEST_PASSWORD} characters.", "Shorten it: VRRP carries no more."
        )
        return ""
    return value


def _garp(entry: Entry) -> dict[str, int]:
    values = Entry(entry.problems, f"{entry.item}, garp", entry.mapping("garp"), GARP_KEYS)
    return {key: values.integer(key, allowed, allowed[0]) for key, allowed in GARP_KEYS.items() if key in values}


def _vip(entry: Entry, index: int, value: Any) -> Vip | None:
    label = f"{entry.item}, vip {index}"
    values = {"address": value} if isinstance(value, str) else value
    if not isinstance(values, dict) or "address" not in values:
        entry.problems.add(
            label, f"{quote(value)} has no address.", "Write an address, or {address: ..., interface: ...}."
        )
        return None
    vip = Entry(entry.problems, label, values, VIP_KEYS)
    address = interface_address(values["address"])
    if not address:
        vip.problem(f"{quote(values['address'])} is not an IP address.", "Write 192.0.2.100, or 192.0.2.100/24.")
        return None
    alias = vip.match("label", re.compile(r"[A-Za-z0-9_.@:-]+"), "a label", "Write INTERFACE:WORD, such as eth0:web.")
    if len(alias) > LONGEST_LABEL:
        vip.problem(
            f"label {alias} is longer than {LONGEST_LABEL} characters.", "Shorten it: the kernel takes no more."
        )
    if alias and address.count(":"):
        vip.problem("label on an IPv6 address.", "Remove it: only IPv4 addresses have labels.")
    scope = vip.choice("scope", SCOPES, "global") if "scope" in vip else ""
    return Vip(address, vip.interface(), alias, scope)


def interface_address(value: Any) -> str:
    """An address with its prefix length, as one of an interface; alone it is one of a host."""
    try:
        return str(ipaddress.ip_interface(value)) if isinstance(value, str) and "%" not in value else ""
    except ValueError:
        return ""


def _network(entry: Entry, key: str) -> str:
    value = entry.values.get(key)
    if value is None or value == "default":
        return str(value or "")
    try:
        return str(ipaddress.ip_network(value)) if isinstance(value, str) else str(ipaddress.ip_network(str(value)))
    except ValueError:
        entry.problem(f"{key} {quote(value)} is not a network.", "Write 198.51.100.0/24, or default for a route.")
        return ""


def _route(entry: Entry, index: int, value: Any) -> Route | None:
    label = f"{entry.item}, route {index}"
    if not isinstance(value, dict) or "to" not in value:
        entry.problems.add(label, f"{quote(value)} goes nowhere.", "Write {to: 198.51.100.0/24, via: 192.0.2.1}.")
        return None
    route = Entry(entry.problems, label, value, ROUTE_KEYS)
    return Route(_network(route, "to"), route.address("via"), route.interface(), _table(route))


def _rule(entry: Entry, index: int, value: Any) -> RoutingRule | None:
    label = f"{entry.item}, rule {index}"
    if not isinstance(value, dict) or not ({"from", "to", "fwmark"} & value.keys()):
        entry.problems.add(label, f"{quote(value)} selects nothing.", "Write {from: ..., table: 100, priority: 1000}.")
        return None
    rule = Entry(entry.problems, label, value, RULE_KEYS)
    for key in ("table", "priority"):
        if key not in rule:
            rule.problem(f"no {key}.", "Write {from: ..., table: 100, priority: 1000}.")
    return RoutingRule(
        _network(rule, "from"),
        _network(rule, "to"),
        rule.integer("fwmark", FWMARKS, 0),
        _table(rule),
        rule.integer("priority", RULE_PRIORITIES, 1000),
    )


def _table(entry: Entry) -> str:
    return entry.match("table", TABLE, "a routing table", "Write its number, or its name.")


def read_sync_groups(problems: Problems, value: Any) -> list[DeclaredSyncGroup]:
    found = []
    variable = "ha_web_sync_groups"
    for name, entry in entries(problems, variable, value, SYNC_GROUP_KEYS, "{name: ..., routers: [...]}"):
        routers = entry.items("routers")
        if not all(isinstance(router, str) for router in routers):
            entry.problem("routers is not a list of names.", "Write names of ha_web_virtual_routers.")
            routers = []
        found.append(
            DeclaredSyncGroup(entry.item, name, routers, read_tracking(entry), read_notify(entry), read_raw(entry))
        )
    return found


def read_gateways(problems: Problems, value: Any) -> list[str]:
    """An address, or a list of them."""
    item = "ha_web_nat_gateway"
    values = [] if value is None else value if isinstance(value, list) else [value]
    return list(dict.fromkeys(address for one in values if (address := problems.literal(item, one))))


def read_sync_daemon(problems: Problems, value: Any) -> DeclaredSyncDaemon:
    values = {"enabled": value} if isinstance(value, (bool, str)) else value
    if values is None:
        return DeclaredSyncDaemon()
    if not isinstance(values, dict):
        problems.add("ha_web_sync_daemon", f"{quote(value)} is neither true nor false.", CORRECT)
        return DeclaredSyncDaemon()
    entry = Entry(problems, "ha_web_sync_daemon", values, SYNC_DAEMON_KEYS)
    number = entry.integer("id", SYNC_IDS, 0) if "id" in entry else None
    return DeclaredSyncDaemon(entry.boolean("enabled", True), number, entry.interface())


Resolve = Callable[[Entry, str, Any], str]


def resolver(addresses: Callable[[str], Sequence[str]], hosts: Sequence[str]) -> Resolve:
    """Return what turns an address, or the name of a host, into an address."""

    def resolve(entry: Entry, key: str, value: Any) -> str:
        if isinstance(value, str) and value in hosts:
            return next(iter(addresses(value)), "")
        address = ip(value)
        if not address:
            entry.problem(f"{key} {quote(value)} is neither an address nor a host.", "Write an address: 192.0.2.1.")
        return address

    return resolve
