# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The Graphic Monitor: who may see it, and what its service has to know of the cluster."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ._fields import Entry, Problems, ip, mappings, quote
from ._problems import Problem
from ._topology.control import keepalived_weighs
from ._topology.model import endpoint

ROLES = ("operator", "viewer")
USER_KEYS = ("name", "role", "password", "password_hash")
# Who there is where nobody is declared.
FIRST_USER = "admin"
# Of the ports of a topology, the one that a browser leaves out.
_HTTPS = 443
_TIERS = ("directors", "web", "storage", "monitor")
_USERS = "monitor_users"
_EXAMPLE = "{name: anna, role: operator, password: ...}"
# Of a password.
_LEAST, _MOST = 12, 256
_USER = re.compile(r"[A-Za-z0-9._@-]{1,64}")
# What the crypt of every Debian knows and is no burden to break.
_HASH = re.compile(r"\$(?:5|6|y|2[aby])\$[!-9;-~]{20,}")
_DNS_NAME = re.compile(r"(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_PAM = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TARGET = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\]):[0-9]{1,5}")
_DURATION = re.compile(r"[1-9][0-9]*[hdwy]")
_SIZE = re.compile(r"[1-9][0-9]*[MGT]B")


@dataclass(frozen=True)
class User:
    name: str
    role: str


def users(value: Any) -> list[User]:
    """Return who is declared, or else the first user; nothing may be wrong any more."""
    return [User(one["name"], one["role"]) for one in value or [{"name": FIRST_USER, "role": ROLES[0]}]]


def problems(values: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with the role's variables, which have their names without monitor_.

    No problem quotes a password or a hash.
    """
    found = Problems()
    pam = str(values.get("pam_service") or "")
    if pam and not _PAM.fullmatch(pam):
        found.add(
            "monitor_pam_service", f"{quote(pam)} is no name of a file in /etc/pam.d.", "Write it: ha-web-monitor."
        )
    names: set[str] = set()
    for item, declared in mappings(found, _USERS, values.get("users"), _EXAMPLE):
        _user(found, item, declared, names, pam)
    if pam and not names:
        found.add(_USERS, "nobody is declared, and PAM knows no roles.", "Write who may see it: [{name: anna, ...}].")
    for key, pattern, what, example in (
        ("names", _DNS_NAME, "DNS name", "monitor.example.org"),
        ("alertmanagers", _TARGET, "host with a port", "192.0.2.50:9093"),
    ):
        wanted = values.get(key) or []
        if not isinstance(wanted, list):
            found.add(f"monitor_{key}", "not a list.", f"Write [{example}].")
            wanted = []
        for number, name in enumerate(wanted):
            if not (isinstance(name, str) and pattern.fullmatch(name)):
                found.add(f"monitor_{key}[{number}]", f"{quote(name)} is no {what}.", f"Write one: {example}.")
    for key, pattern, example in (("retention", _DURATION, "15d"), ("retention_size", _SIZE, "1GB")):
        if not pattern.fullmatch(str(values.get(key))):
            found.add(f"monitor_{key}", f"{quote(values.get(key))} is nothing Prometheus knows.", f"Write {example}.")
    if bool(values.get("certificate")) != bool(values.get("key")):
        present, missing = ("certificate", "key") if values.get("certificate") else ("key", "certificate")
        found.add(f"monitor_{present}", f"there is no monitor_{missing}.", "Give both, or neither for one of its own.")
    return found.found


def _user(found: Problems, item: str, declared: dict[str, Any], names: set[str], pam: str) -> None:
    name = declared.get("name")
    if not isinstance(name, str) or not _USER.fullmatch(name):
        what = "has a colon, at which the file of users ends a name" if ":" in str(name) else "is no name of a user"
        found.add(item, f"{quote(name)} {what}.", "Use 1 to 64 letters, digits, dots, hyphens, underscores and @.")
    else:
        item = f'{item} "{name}"'
        if name in names:
            found.add(item, "is declared twice.", "Remove one of them.")
        names.add(name)
    entry = Entry(found, item, declared, USER_KEYS)
    if "role" in entry:
        entry.choice("role", ROLES, ROLES[0])
    else:
        entry.problem("no role.", "Say what may be done: role: operator, or role: viewer.")
    given = [key for key in ("password", "password_hash") if key in entry]
    if pam:
        if given:
            entry.problem(f"{given[0]} is given, and PAM looks at passwords.", f"Remove {given[0]}.")
    elif not given:
        entry.problem("no password.", "Give password, best from a vault, or password_hash.")
    elif len(given) > 1:
        entry.problem("both password and password_hash are given.", "Remove one of them.")
    elif given == ["password"]:
        _password(entry)
    elif not _HASH.fullmatch(str(entry.get("password_hash"))):
        entry.problem("password_hash is no hash that is worth keeping.", "Make one: openssl passwd -6.")


def _password(entry: Entry) -> None:
    password = entry.get("password")
    if not isinstance(password, str):
        entry.problem("password is not a string.", "Put it into quotes.")
    elif not password.isprintable() or len(password) > _MOST:
        entry.problem(f"password is not one line of at most {_MOST} characters.", "Choose another.")
    elif len(password) < _LEAST:
        entry.problem(f"password has fewer than {_LEAST} characters.", "Choose a longer one.")


def peer_secret(secret: str) -> str:
    """Return what the web servers' opcode cache and the service sign with."""
    return hmac.new(secret.encode(), b"opcache", hashlib.sha256).hexdigest()


def addresses(topology: Mapping[str, Any], node: str) -> list[str]:
    """Return where the front of a node listens: a director that has the page, also on the VIPs that it may hold."""
    own = topology["nodes"][node]["management_address"]
    if node not in topology["monitor"]["hosts"]:
        return [own]
    vips = [
        vip.partition("/")[0]
        for router in topology["virtual_routers"]
        if node in router["priorities"]
        for vip in router["vips"]
    ]
    return list(dict.fromkeys([own, *vips]))


def url(name: str, port: int) -> str:
    """Return the origin of the page, as browsers spell it."""
    host = f"[{name}]" if ":" in name else name
    return f"https://{host}" if port == _HTTPS else f"https://{host}:{port}"


def urls(topology: Mapping[str, Any]) -> list[str]:
    """Return where people open the page: at VIPs first, behind which there is always one that serves."""
    monitor, nodes = topology["monitor"], topology["nodes"]
    found = [addresses(topology, name) for name in monitor["hosts"] if name in nodes]
    vips = [address for one in found for address in one[1:]]
    return [url(address, monitor["port"]) for address in dict.fromkeys([*vips, *(one[0] for one in found)])]


def configuration(
    topology: Mapping[str, Any],
    groups: Mapping[str, Sequence[str]],
    node: str,
    values: Mapping[str, Any],
) -> dict[str, Any]:
    """Return what the service of a node reads.

    Args:
        topology: the normalised topology.
        groups: the inventory's groups.
        node: the host.
        values: users, names, preempt, and version, that of the collection.
    """
    monitor, nodes = topology["monitor"], topology["nodes"]
    declared = users(values["users"])
    directors = [one["name"] for one in topology["directors"]]
    return {
        "node": node,
        "page": node in monitor["hosts"],
        "version": values["version"],
        "port": monitor["port"],
        "operators": [one.name for one in declared if one.role == "operator"],
        "viewers": [one.name for one in declared if one.role == "viewer"],
        "origins": [url(name, monitor["port"]) for name in hosts(topology, node, values["names"])],
        "directors": [{"name": name, "address": nodes[name]["management_address"]} for name in directors],
        "nodes": [
            {
                "name": name,
                "groups": [tier for tier in _TIERS if name in groups.get(tier, ())],
                "address": one["management_address"],
            }
            for name, one in nodes.items()
            if any(name in groups.get(tier, ()) for tier in _TIERS)
        ],
        "monitors": monitor["hosts"],
        "routers": [_router(one, values["preempt"]) for one in topology["virtual_routers"]],
        "services": _services(topology["virtual_services"]),
        "standby_file": topology["standby_file"],
        "shares": [{"path": one["mount"], "server": one["server"]} for one in topology["shares"]],
        "web_ports": {"node": 9100, "nginx": 9113, "apache": 9117, "opcache": 9145},
        "events_file": "/var/lib/ha-web-exporter/events.jsonl",
        "configuration_file": "/var/lib/ha-web/keepalived.conf.shown",
        "actions_file": "/var/lib/ha-web-monitor/actions.jsonl",
        "audit_file": "/var/lib/ha-web-monitor/audit.json",
        "secret_file": "/etc/ha-web-monitor/secret",
        "peers_file": "/etc/ha-web-monitor/peers.pem",
        "prometheus": "http://127.0.0.1:9090",
    }


def hosts(topology: Mapping[str, Any], node: str, names: Iterable[str]) -> list[str]:
    """Return by which addresses and names browsers and peers may ask a node."""
    return list(dict.fromkeys([*addresses(topology, node), *_known(node), *names]))


def _known(node: str) -> list[str]:
    """Return the inventory's name of a node where it may be one in the DNS, or an address."""
    return [node] if ip(node) or _DNS_NAME.fullmatch(node) else []


def _router(router: Mapping[str, Any], preempt: bool) -> dict[str, Any]:
    return {
        "name": router["name"],
        "vips": [vip.partition("/")[0] for vip in router["vips"]],
        "priorities": router["priorities"],
        "preempt": preempt if router["preempt"] is None else router["preempt"],
        "advert_int_s": router["advert_int_s"],
    }


def _services(declared: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the services by name: one of several ports is several in the topology, with the same servers."""
    found: dict[str, dict[str, Any]] = {}
    for one in declared:
        sorry = one["sorry_server"]
        known = found.setdefault(
            one["name"],
            {
                "name": one["name"],
                "endpoints": [],
                "protocol": one["protocol"],
                "forwarding": one["forwarding"],
                "scheduler": one["scheduler"],
                "persistence": one["persistence_timeout"],
                "quorum": one["quorum"],
                "sorry_server": endpoint(sorry["address"], sorry["port"]) if sorry else "",
                "servers": [
                    {
                        "name": server["name"],
                        "address": endpoint(server["address"], server["port"]),
                        "weight": server["weight"],
                        "track_file": server["track_file"],
                        "weighed": keepalived_weighs(one, server),
                    }
                    for server in one["real_servers"]
                ],
            },
        )
        known["endpoints"] += _endpoints(one)
    return list(found.values())


def _endpoints(service: Mapping[str, Any]) -> list[str]:
    return [
        f"fwmark {one['fwmark']}" if one["fwmark"] else f"{endpoint(one['address'], one['port'])}/{service['protocol']}"
        for one in service["endpoints"] or [service]
    ]
