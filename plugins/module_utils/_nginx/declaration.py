# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""First stage: the role's variables, each read as what it should be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .._fields import CORRECT, PORTS, Entry, Problems, mappings, quote
from .._problems import Problem
from . import fields
from .model import Declaration, Listener
from .pools import AddressOf, read_pools
from .sites import EXPIRES, read_sites

# The role's variables without nginx_, and what they are where a caller of the filter leaves them out.
DEFAULTS: dict[str, Any] = {
    "sites": [{"name": "default"}],
    "pools": [],
    "apache_port": 8080,
    "document_root": "/var/www/html",
    "client_max_body_size": "8m",
    "listeners": [],
    "extra_ports": [],
    "trusted_proxies": [],
    "real_ip_header": "X-Forwarded-For",
    "headers": {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "SAMEORIGIN",
        "Referrer-Policy": "strict-origin-when-cross-origin",
    },
    "expires": {},
    "client_timeouts": {"header": "10s", "body": "30s", "send": "30s", "keepalive": "65s"},
    "tls_protocols": ["TLSv1.2", "TLSv1.3"],
    "tls_ciphers": [
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "ECDHE-RSA-CHACHA20-POLY1305",
    ],
    "tls_reject_unknown": False,
    "resolvers": [],
    "http2": True,
    "served_by": True,
    "gzip": True,
    "gzip_static": False,
    "etag": True,
    "open_file_cache": "off",
    "status_listen": "127.0.0.1:8089",
    "log_format": "text",
    "error_log_level": "error",
    "health_pool": "apache",
    "unhealthy_files": ["/run/ha-web/unhealthy", "/run/ha-web/storage-unhealthy"],
    "cache_size": "512m",
    "raw": [],
}
PROTOCOLS = ("TLSv1.2", "TLSv1.3")
LEVELS = ("error", "warn", "notice", "info", "crit", "debug")
_CIPHER = re.compile(r"[A-Z0-9-]+")
_OPEN_FILES = re.compile(r"off|max=[0-9]+( inactive=[0-9]+[smhd]?)?")
_EXTENSION = re.compile(r"[A-Za-z0-9]+")
_STATUS = re.compile(r"(127\.[0-9.]+|\[::1\]|localhost):[0-9]{1,5}|unix:/[A-Za-z0-9_./@+-]+|")


def read(given: Mapping[str, Any], address_of: AddressOf) -> tuple[Declaration, list[Problem]]:
    """What is wrong is left out, or the default, and reported."""
    problems = Problems()
    values = {**DEFAULTS, **given}
    role = _Variables(problems, values)
    checked: dict[str, Any] = {
        "headers": fields.headers(problems, "nginx_headers", values["headers"]),
        "expires": _expires(role),
        "timeouts": _timeouts(problems, values["client_timeouts"]),
        "tls_protocols": [role.pick("tls_protocols", one, PROTOCOLS) for one in role.items("tls_protocols")],
        "tls_ciphers": role.words("tls_ciphers", _CIPHER, "the name of a cipher", "Write it as OpenSSL does."),
        "open_file_cache": role.match(
            "open_file_cache", _OPEN_FILES, "off or a size", "Write off, or max=10000 inactive=60s.", "off"
        ),
        "status_listen": role.match(
            "status_listen", _STATUS, "an address of the loopback", "Write 127.0.0.1:8089, unix:/run/x, or ''.", ""
        ),
        "log_format": role.pick("log_format", values["log_format"], ("text", "json")),
        "error_log_level": role.pick("error_log_level", values["error_log_level"], LEVELS),
        "real_ip_header": role.match("real_ip_header", fields.HEADER, "a header", CORRECT, "X-Forwarded-For"),
        "health_pool": values["health_pool"] or "",
        "unhealthy_files": role.words("unhealthy_files", fields.PATH, "a path", "Write an absolute path."),
        "cache_size": fields.size(role, "cache_size", "512m"),
        "resolvers": role.addresses("resolvers"),
        "raw": fields.raw(problems, "nginx_raw", values["raw"]),
        **{
            key: role.boolean(key, bool(DEFAULTS[key]))
            for key in ("tls_reject_unknown", "http2", "served_by", "gzip", "gzip_static", "etag")
        },
    }
    declaration = Declaration(
        sites=read_sites(problems, values["sites"], values["document_root"], values["client_max_body_size"]),
        pools=read_pools(problems, values["pools"], values["apache_port"], address_of),
        listeners=_listeners(role),
        extra_ports=fields.ports(role, "extra_ports"),
        trusted=role.networks("trusted_proxies"),
        values=checked,
    )
    return declaration, problems.found


class _Variables(Entry):
    """The variables of the role, whose item is their own name."""

    def __init__(self, problems: Problems, values: Mapping[str, Any]) -> None:
        super().__init__(problems, "nginx", values, DEFAULTS)

    def problem(self, message: str, remedy: str) -> None:
        key, _blank, rest = message.partition(" ")
        known = key.rstrip(":") in DEFAULTS
        self.problems.add(f"nginx_{key.rstrip(':')}" if known else "nginx", rest if known else message, remedy)

    def pick(self, key: str, value: Any, known: tuple[str, ...]) -> str:
        return self.problems.choice(f"nginx_{key}", "value", value, known)

    def networks(self, key: str) -> list[str]:
        found = [self.problems.network(f"nginx_{key}", "", one) for one in self.items(key)]
        return [str(network) for network in found if network]

    def addresses(self, key: str) -> list[str]:
        found = [self.problems.literal(f"nginx_{key}", one) for one in self.items(key)]
        return [f"[{one}]" if ":" in one else one for one in found if one]


def _listeners(role: Entry) -> list[Listener]:
    found = []
    example = "{family: ipv4, port: 80}"
    for item, values in mappings(role.problems, "nginx_listeners", role.get("listeners"), example):
        entry = Entry(role.problems, item, values, ("family", "port"))
        family = entry.choice("family", ("ipv4", "ipv6"), "ipv4")
        found.append(Listener(family, entry.integer("port", PORTS, 80)))
    return list(dict.fromkeys(found))


def _expires(role: Entry) -> dict[str, str]:
    entry = Entry(role.problems, "nginx_expires", role.mapping("expires"), role.mapping("expires"))
    found = {}
    for extension in entry.values:
        if not _EXTENSION.fullmatch(extension):
            entry.problem(f"{quote(extension)} is no extension.", "Write it without the dot: css.")
            continue
        found[extension] = entry.match(
            extension, EXPIRES, "a time", "Write 30d, 0 for always to ask, max, or off.", "off"
        )
    return found


def _timeouts(problems: Problems, value: Any) -> dict[str, str]:
    values = value if isinstance(value, dict) else {}
    if values is not value:
        problems.add("nginx_client_timeouts", "not a mapping.", "Write {body: 30s}.")
    entry = Entry(problems, "nginx_client_timeouts", values, tuple(DEFAULTS["client_timeouts"]))
    return {key: fields.time(entry, key, default) for key, default in DEFAULTS["client_timeouts"].items()}
