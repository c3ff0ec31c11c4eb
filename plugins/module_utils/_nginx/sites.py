# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The sites, and the routes that choose by a request's content where it goes."""

from __future__ import annotations

import re
from typing import Any

from .._fields import CORRECT, Entry, Problems, entries, mappings, quote, whole
from . import fields
from .model import Action, Cache, Condition, Route, Settings, Site, Tls

_SETTING_KEYS = (
    *("headers", "rate", "burst", "connections", "cache", "expires", "buffering", "websockets", "read_timeout"),
    *("body_size", "raw"),
)
SITE_KEYS = (
    *("name", "server_names", "default", "ports", "tls", "root", "pool", "redirect", "health", "routes"),
    *_SETTING_KEYS,
)
TLS_KEYS = ("certificate", "key", "ports", "remote", "ocsp_stapling", "hsts")
CACHE_KEYS = ("valid", "with_cookies")
CONDITION_KEYS = ("path", "host", "method", "header", "cookie", "argument")
ACTION_KEYS = ("pool", "root", "alias", "return", "redirect")
ROUTE_KEYS = (*CONDITION_KEYS, *ACTION_KEYS, "status", "strip", *_SETTING_KEYS)
# By the key of a route: how a name of it becomes a variable, and what such a name is.
_NAMED = {
    "header": ("http", fields.HEADER, "letters, digits and hyphens"),
    "cookie": ("cookie", re.compile(r"[A-Za-z0-9_]+"), "letters, digits and underscores"),
    "argument": ("arg", re.compile(r"[A-Za-z0-9_]+"), "letters, digits and underscores"),
}
SERVER_NAME = re.compile(r"(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*(\.\*)?|~\S+|[0-9a-fA-F:.\[\]]+")
URL = re.compile(r"https?://[^\s;{}\"'\\]+")
TARGET = re.compile(r"(https?://|/)[^\s;{}\"'\\]*")
METHOD = re.compile(r"[A-Z]+")
EXPIRES = re.compile(r"off|epoch|max|-?[0-9]{1,9}[smhdwMy]?")
# They are run, never shown.
SCRIPT = r"~*\.(php|phar|phtml)(/|\z)"


def read_sites(problems: Problems, value: Any, document_root: Any, body_size: Any) -> list[Site]:
    whole_role = Entry(problems, "nginx", {"root": document_root, "size": body_size}, ("root", "size"))
    root = fields.path(whole_role, "root", "/var/www/html")
    largest = fields.size(whole_role, "size", "8m")
    example = "{name: example, server_names: [www.example.org]}"
    sites = [
        _site(name, entry, root, largest) for name, entry in entries(problems, "nginx_sites", value, SITE_KEYS, example)
    ]
    if not sites and isinstance(value, list) and not value:
        problems.add("nginx_sites", "no sites.", f"Write {example}, or remove it for the default.")
    return sites


def _site(name: str, entry: Entry, root: str, body_size: str) -> Site:
    names = []
    for one in fields.strings(entry, "server_names"):
        if not SERVER_NAME.fullmatch(one):
            entry.problem(
                f"{quote(one)} is not a server name.", "Write www.example.org, *.example.org or ~^expression."
            )
        elif one.startswith("~"):
            fields.regex(entry, "server_names", one[1:])
        names.append(one.lower() if not one.startswith("~") else one)
    for one in sorted({one for one in names if names.count(one) > 1}):
        entry.problem(f"server name {one} stands there twice.", "Remove one.")
    tls = _tls(entry) if "tls" in entry else None
    pool = (
        ""
        if entry.values.get("pool") is False
        else entry.match("pool", re.compile(r"\S+"), "a pool", CORRECT, "apache")
    )
    size = fields.size(entry, "body_size", body_size)
    own = fields.path(entry, "root", root)
    return Site(
        item=entry.item,
        name=name,
        server_names=names,
        default=entry.boolean("default", False),
        ports=fields.ports(entry, "ports") if "ports" in entry else None,
        tls=tls,
        root=own,
        pool=pool,
        redirect=_redirect(entry, tls),
        body_size=size,
        health=entry.boolean("health", True),
        routes=_routes(entry),
        settings=_settings(entry),
    )


def _redirect(entry: Entry, tls: Tls | None) -> str:
    """Empty for none, https, or the beginning of the URL."""
    value = entry.values.get("redirect")
    if value is None:
        return "https" if tls else ""
    if value is False:
        return ""
    if value is True or value == "https":
        if not tls:
            entry.problem("redirect: https without tls.", "Give it tls, or write the URL: https://www.example.org.")
        return "https"
    found = entry.match("redirect", URL, "https, a URL or false", "Write https, or https://www.example.org.")
    return found.rstrip("/")


def _tls(entry: Entry) -> Tls | None:
    one = Entry(entry.problems, f"{entry.item}, tls", entry.mapping("tls"), TLS_KEYS)
    for key in ("certificate", "key"):
        if not isinstance(one.get(key), str):
            one.problem(f"no {key}.", "Write its absolute path on the controller, or its content in PEM.")
    remote = one.boolean("remote", False)
    given = {key: str(one.get(key, "")) for key in ("certificate", "key")}
    for key, value in given.items():
        if "-----BEGIN" in value:
            if remote:
                one.problem(f"remote, and {key} is its content.", "Write the path on the node.")
        elif value and not fields.PATH.fullmatch(value):
            # Not quoted: it may be a damaged key.
            one.problem(
                f"{key} is neither an absolute path nor PEM.", "Write '{{ inventory_dir }}/../files/example.pem'."
            )
    hsts = one.get("hsts", False)
    seconds = {True: 31536000, False: 0}[hsts] if isinstance(hsts, bool) else whole(hsts)
    if seconds is None or seconds < 0:
        one.problem(f"hsts {quote(hsts)} is no time.", "Write true for a year, or seconds.")
    ports = fields.ports(one, "ports") if "ports" in one else [443]
    if not ports:
        one.problem("no ports.", "Write ports: [443].")
    return Tls(
        one.item, ports, given["certificate"], given["key"], remote, one.boolean("ocsp_stapling", False), seconds or 0
    )


def _settings(entry: Entry) -> Settings:
    given = entry.values.get("rate")
    rate = (
        "" if given is False else entry.match("rate", fields.RATE, "a rate", "Write 10r/s or 30r/m, or false.") or None
    )
    expires = (
        "off"
        if entry.values.get("expires") is False
        else entry.match("expires", EXPIRES, "a time", "Write 30d, 0 for always to ask, max, or off.")
    )
    return Settings(
        headers=fields.headers(entry.problems, entry.item, entry.get("headers", {})),
        rate=rate,
        burst=entry.integer("burst", fields.COUNTS, 20),
        connections=entry.integer("connections", fields.COUNTS, 0) if "connections" in entry else None,
        cache=_cache(entry) if "cache" in entry else None,
        expires=expires,
        buffering=entry.boolean("buffering", True),
        websockets=entry.boolean("websockets", False),
        read_timeout=fields.time(entry, "read_timeout"),
        raw=fields.raw(entry.problems, f"{entry.item}, raw", entry.get("raw")),
    )


def _cache(entry: Entry) -> Cache | None:
    value = entry.values["cache"]
    if value is False:
        return None
    values = value if isinstance(value, dict) else {"valid": value}
    one = Entry(entry.problems, f"{entry.item}, cache", values, CACHE_KEYS)
    if "valid" not in one:
        one.problem("no time.", "Write cache: 10m, or {valid: 10m}.")
    return Cache(fields.time(one, "valid", "1m"), one.boolean("with_cookies", False))


def _routes(site: Entry) -> list[Route]:
    listed = mappings(site.problems, f"{site.item}, routes", site.get("routes"), "{path: /api, pool: api}")
    return [_route(Entry(site.problems, item, values, ROUTE_KEYS)) for item, values in listed]


def _route(entry: Entry) -> Route:
    path, prefix = _path(entry)
    conditions = [Condition("$uri", [path])] if path else []
    if "host" in entry:
        conditions.append(Condition("$host", [_host(one) for one in fields.strings(entry, "host")]))
    if "method" in entry:
        conditions.append(Condition("$request_method", _methods(entry)))
    for key in _NAMED:
        conditions += _named(entry, key)
    if not any(key in entry for key in CONDITION_KEYS):
        entry.problem("no condition.", f"Write some of: {', '.join(CONDITION_KEYS)}; the rest goes to the site's pool.")
    action = _action(entry, prefix)
    if action.kind == "root":
        # What is left falls to a route or a pool that runs it.
        conditions.append(Condition("$uri", [SCRIPT], negated=True))
    size = fields.size(entry, "body_size", "")
    if size and not path:
        entry.problem(
            "body_size without a path.", "Write the path: nginx must know the limit before it reads the rest."
        )
    location = path.replace("~*", "~* ", 1) if path.startswith("~*") else path.replace("~", "~ ", 1)
    return Route(entry.item, conditions, location, size, action, _settings(entry))


def _path(entry: Entry) -> tuple[str, str]:
    """The expression, and that of what a prefix strips off."""
    value = entry.values.get("path")
    if value is None:
        return "", ""
    given = value if isinstance(value, str) and value.isprintable() else ""
    if given.startswith("~"):
        fields.regex(entry, "path", given.lstrip("~*"))
        return given, ""
    if given.startswith("=/"):
        return rf"~^{re.escape(given[1:])}\z", ""
    if not given.startswith("/"):
        entry.problem(
            f"path {quote(value)} is no path.", "Write /prefix, =/exact, or ~^/expression (~* whatever the case)."
        )
        return "", ""
    bare = re.escape(given.rstrip("/"))
    # /api is that and what is below it, and not /apix.
    return (rf"~^{bare}/" if given.endswith("/") else rf"~^{bare}(/|\z)"), bare


def _host(name: str) -> str:
    if name.startswith("~"):
        return name
    return r"~^[^.]+" + re.escape(name[1:].lower()) + r"\z" if name.startswith("*.") else _equal(name.lower())


def _methods(entry: Entry) -> list[str]:
    found = fields.strings(entry, "method")
    for one in found:
        if not METHOD.fullmatch(one):
            entry.problem(f"method {quote(one)} is no method.", "Write it in capitals: POST.")
    return [rf"~^({'|'.join(found)})\z"]


def _named(entry: Entry, key: str) -> list[Condition]:
    prefix, pattern, wanted = _NAMED[key]
    found = []
    for name, value in entry.mapping(key).items():
        if not pattern.fullmatch(name):
            entry.problem(f"{key}: {quote(name)} is not a name that nginx can ask for.", f"Use {wanted}.")
            continue
        variable = f"${prefix}_{name.replace('-', '_').lower()}"
        if isinstance(value, bool):
            found.append(Condition(variable, ["~."], negated=not value))
            continue
        values = value if isinstance(value, list) else [value]
        if not values or not all(
            isinstance(one, (str, int)) and str(one).isprintable() and one != "" for one in values
        ):
            entry.problem(f"{key}: {name} has no usable value.", "Write a value, ~expression, true (there) or false.")
            continue
        for one in values:
            if str(one).startswith("~"):
                fields.regex(entry, f"{key} {name}", str(one).lstrip("~*"))
        found.append(Condition(variable, [_equal(str(one)) for one in values]))
    return found


def _equal(value: str) -> str:
    return value if value.startswith("~") else rf"~^{re.escape(value)}\z"


def _action(entry: Entry, prefix: str) -> Action:
    given = [key for key in ACTION_KEYS if key in entry]
    if len(given) != 1:
        entry.problem(
            "no action." if not given else f"{' and '.join(given)} at once.", f"Write one of: {', '.join(ACTION_KEYS)}."
        )
        return Action("return", "", 404)
    kind = given[0]
    strip = _strip(entry, kind)
    if "status" in entry and kind not in ("return", "redirect"):
        entry.problem(f"status with {kind}.", "Remove it.")
    if kind == "pool":
        name = entry.match("pool", re.compile(r"\S+"), "a pool", CORRECT, "apache")
        return Action("pool", name, strip=prefix if strip else "")
    if kind in ("root", "alias"):
        return Action("root", fields.path(entry, kind, "/nonexistent"), strip=prefix if kind == "alias" else "")
    if kind == "redirect":
        status = entry.integer("status", (301, 308), 302)
        if status not in (301, 302, 303, 307, 308):
            entry.problem(f"status {status} is no redirect.", "Use 301, 302, 303, 307 or 308.")
        target = entry.match("redirect", TARGET, "a URL or a path", "Write https://www.example.org$request_uri.")
        if re.search(r"\$(document_)?uri\b", target):
            entry.problem("redirect with $uri lets a client write headers of the answer.", "Use $request_uri.")
        return Action("redirect", target, status)
    return _return(entry)


def _strip(entry: Entry, kind: str) -> bool:
    strip = entry.boolean("strip", False)
    if (strip or kind == "alias") and "path" in entry and not str(entry.values["path"]).startswith("/"):
        entry.problem("only a prefix can be stripped.", "Write path: /prefix, or use root.")
    if (strip or kind == "alias") and "path" not in entry:
        entry.problem("no path to strip.", "Write path: /prefix.")
    if strip and kind != "pool":
        entry.problem(f"strip with {kind}.", "Remove it; alias strips by itself.")
    return strip


def _return(entry: Entry) -> Action:
    value = entry.values["return"]
    status = whole(value)
    if status is not None:
        if "status" in entry:
            entry.problem("status beside return: a number.", "Write return: the text, and status: the number.")
        if not 200 <= status <= 599:
            entry.problem(f"return {status} is no status.", "Write a number from 200 to 599, or a text.")
        return Action("return", "", status)
    if not isinstance(value, str) or not all(character.isprintable() or character == "\n" for character in value):
        entry.problem(f"return {quote(value)} is neither a status nor a text.", "Write 404, or 'a text'.")
        value = ""
    return Action("return", value, entry.integer("status", (200, 599), 200))
