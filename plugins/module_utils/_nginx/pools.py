# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The pools that requests are passed to."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from .._fields import PORTS, Entry, Problems, entries, ip, quote, whole
from . import fields
from .model import Pool, Server

POOL_KEYS = (
    *("name", "servers", "balance", "hash_key", "keepalive"),
    *("connect_timeout", "read_timeout", "send_timeout", "retry", "tries"),
)
SERVER_KEYS = ("server", "weight", "backup", "max_fails", "fail_timeout", "max_conns")
BALANCES = ("round_robin", "least_conn", "ip_hash", "hash")
# Not non_idempotent: a request that changes something is never sent twice.
RETRIES = (
    *("error", "timeout", "invalid_header", "http_500", "http_502", "http_503", "http_504"),
    *("http_403", "http_404", "http_429", "off"),
)
HASH_KEY = re.compile(r"[A-Za-z0-9$_{}:/.-]+")
_SERVER = re.compile(r"(?:\[(?P<bracketed>[^]]+)\]|(?P<host>[^:]+)):(?P<port>[0-9]{1,5})")
_UNIX = re.compile(r"unix:/[A-Za-z0-9_./@+-]+")
_EXAMPLE = "{name: api, servers: ['192.0.2.31:8080']}"

# A host's address, empty where the inventory has no such host.
AddressOf = Callable[[str], str]


def read_pools(problems: Problems, value: Any, apache_port: Any, address_of: AddressOf) -> list[Pool]:
    """The pool of Apache exists unless another of its name is declared."""
    found = []
    for name, entry in entries(problems, "nginx_pools", value, POOL_KEYS, _EXAMPLE):
        if name:
            found.append(_pool(name, entry, address_of))
    if all(pool.name != "apache" for pool in found):
        port = whole(apache_port)
        if port is None or not PORTS[0] <= port <= PORTS[1]:
            problems.add("nginx_apache_port", f"{quote(apache_port)} is not a port.", "Write a number from 1 to 65535.")
            port = 8080
        entry = Entry(problems, "nginx_apache_port", {"servers": [f"127.0.0.1:{port}"]}, POOL_KEYS)
        found.insert(0, _pool("apache", entry, address_of))
    return found


def _pool(name: str, entry: Entry, address_of: AddressOf) -> Pool:
    balance = entry.choice("balance", BALANCES, BALANCES[0])
    key = entry.match("hash_key", HASH_KEY, "a key", "Write variables of nginx: $request_uri.")
    if balance == "hash" and "hash_key" not in entry:
        entry.problem("hash has no hash_key.", "Write what chooses the server: hash_key: $request_uri.")
    if balance != "hash" and "hash_key" in entry:
        entry.problem(f"hash_key with balance {balance}.", "Remove it, or write balance: hash.")
    servers = _servers(entry, address_of)
    if balance in ("ip_hash", "hash") and any(server.backup for server in servers):
        entry.problem(f"a backup with balance {balance}.", "Remove it, or use round_robin or least_conn.")
    if servers and all(server.backup for server in servers):
        entry.problem("all servers are backups.", "Remove backup from one that shall serve.")
    retry = fields.strings(entry, "retry") or ["error", "timeout"]
    for one in retry:
        if one not in RETRIES:
            entry.problem(f"retry: unknown {quote(one)}.", f"Use some of: {', '.join(RETRIES)}.")
    return Pool(
        item=entry.item,
        name=name,
        servers=servers,
        balance={"round_robin": "", "hash": f"hash {fields.text(key)} consistent;"}.get(balance, f"{balance};"),
        keepalive=entry.integer("keepalive", fields.COUNTS, 32),
        connect_timeout=fields.time(entry, "connect_timeout", "5s"),
        read_timeout=fields.time(entry, "read_timeout", "60s"),
        send_timeout=fields.time(entry, "send_timeout", "60s"),
        retry=retry,
        tries=entry.integer("tries", (0, 1000), 2),
    )


def _servers(entry: Entry, address_of: AddressOf) -> list[Server]:
    found: list[Server] = []
    for value in entry.items("servers"):
        values = {"server": value} if isinstance(value, str) else value
        if not isinstance(values, dict) or not isinstance(values.get("server"), str):
            entry.problem(f"server {quote(value)} has no address.", "Write '192.0.2.31:8080', or {server: ...}.")
            continue
        one = Entry(entry.problems, f"{entry.item}, server {values['server']}", values, SERVER_KEYS)
        address, host, port = _address(one, values["server"], address_of)
        parameters = []
        for key, default in (("weight", 1), ("max_fails", 1), ("max_conns", 0)):
            number = one.integer(key, (1 if key == "weight" else 0, 65535), default)
            parameters += [f"{key}={number}"] if number != default else []
        if "fail_timeout" in one:
            parameters.append(f"fail_timeout={fields.time(one, 'fail_timeout', '10s')}")
        backup = one.boolean("backup", False)
        if address and any(other.address == address for other in found):
            entry.problem(f"server {address} stands there twice.", "Remove one, or give it a weight.")
        found.append(Server(address, host, port, [*parameters, *(["backup"] if backup else [])], backup))
    if not entry.items("servers"):
        entry.problem("no servers.", "Write servers: ['192.0.2.31:8080'].")
    return found


def _address(entry: Entry, value: str, address_of: AddressOf) -> tuple[str, str, int]:
    if _UNIX.fullmatch(value):
        return value, "", 0
    found = _SERVER.fullmatch(value)
    if not found or not PORTS[0] <= int(found["port"]) <= PORTS[1]:
        entry.problem(
            "is no address with a port.", "Write '192.0.2.31:8080', '[2001:db8::1]:8080', 'web1:8080' or 'unix:/path'."
        )
        return "", "", 0
    name = found["bracketed"] or found["host"]
    host = ip(name) or ip(address_of(name))
    if not host:
        entry.problem(
            f"{quote(name)} is neither an address nor a host of the inventory.",
            "Write its address: nginx would not start while it cannot look up a name.",
        )
    return f"[{host}]:{found['port']}" if ":" in host else f"{host}:{found['port']}", host, int(found["port"])
