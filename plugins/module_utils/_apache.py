# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Apache's virtual hosts, from the role's variables to what apache2.conf is written from."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ._fields import PORTS, Entry, Problems, entries, escaped, mappings, quote, whole
from ._php import SOCKET
from ._problems import Problem

VIRTUAL_HOST_KEYS = (
    *("name", "server_names", "address", "port", "document_root", "directory_index", "front_controller"),
    *("php_pool", "php_socket", "php_timeout", "allow_override", "options", "headers", "aliases", "access", "env"),
    "raw",
)
ACCESS_KEYS = ("path", "allow")
# The workers of event, and what they are by default.
MPM = {
    "start_servers": 2,
    "min_spare_threads": 25,
    "max_spare_threads": 75,
    "threads_per_child": 25,
    "max_request_workers": 150,
    "max_connections_per_child": 0,
}
LOOPBACK = "127.0.0.1"

_HOSTS = "apache_virtual_hosts"
_EXAMPLE = "{name: api, port: 8082, php_pool: api}"
_SERVER_NAME = re.compile(r"(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_-]*\.?[A-Za-z0-9_-])*")
_OPTION = re.compile(r"[+-]?[A-Za-z]+")
_HEADER = re.compile(r"[A-Za-z0-9-]+")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_URL = re.compile(r"/[A-Za-z0-9_.,:=@%+~/-]*")
_FILE_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_OVERRIDE = re.compile(r"[A-Za-z]+(=[A-Za-z,]+)?( [A-Za-z]+(=[A-Za-z,]+)?)*")
_MODULE = re.compile(r"[a-z0-9_]+")
# What ss says of one listener: address and port, then who it is.
_LISTENER = re.compile(r"^\S+\s+\S+\s+\S+\s+(?P<address>\S+):(?P<port>[0-9]+)\s+\S+(\s+(?P<who>.*))?$")


@dataclass(frozen=True)
class VirtualHost:
    """One virtual host; php_socket is empty where it has no PHP."""

    name: str
    server_names: Sequence[str]
    address: str
    port: int
    document_root: str
    directory_index: Sequence[str]
    front_controller: str
    php_pool: str
    php_socket: str
    php_timeout: int
    allow_override: str
    options: Sequence[str]
    headers: Mapping[str, str]
    aliases: Mapping[str, str]
    access: Sequence[Mapping[str, Any]]
    env: Mapping[str, str]
    raw: Sequence[str]

    @property
    def endpoint(self) -> str:
        return endpoint(self.address, self.port)


def endpoint(address: str, port: int) -> str:
    """As Apache and people write it."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def read(values: Mapping[str, Any]) -> tuple[list[VirtualHost], list[Problem]]:
    """Read the role's variables by their names without apache_; what is wrong is left out and reported.

    ``pools`` are PHP-FPM's where somebody declares them, as the role php takes them.
    """
    problems = Problems()
    pools = _pools(values.get("pools"))
    port = problems.integer("apache_port", "", values.get("port"), PORTS, 8080)
    defaults = {"port": port, "document_root": "/var/www/html", "allow_override": "None"}
    for key in ("document_root", "allow_override"):
        checked = Entry(problems, f"apache_{key}", {key: values.get(key)}, (key,))
        defaults[key] = _root(checked) if key == "document_root" else _override(checked, "None")
    hosts: list[VirtualHost] = []
    if not values.get("virtual_hosts"):
        problems.add(_HOSTS, "no virtual hosts.", f"Write at least one: [{_EXAMPLE}].")
    for name, entry in entries(problems, _HOSTS, values.get("virtual_hosts") or [], VIRTUAL_HOST_KEYS, _EXAMPLE):
        host = _host(entry, name, defaults, pools)
        for other in hosts:
            _same(entry, host, other)
        hosts.append(host)
    _mpm(problems, values.get("mpm"), pools)
    _others(problems, values)
    return hosts, problems.found


def removed(names: Collection[str]) -> Iterator[Problem]:
    """Variables of earlier versions that somebody still sets."""
    if "apache_php_socket" in names:
        yield Problem(
            "apache_php_socket",
            "is no longer read.",
            "Name the pool, apache_virtual_hosts: [{name: site, php_pool: www}], or write its key php_socket.",
        )


def taken(hosts: Sequence[VirtualHost], status_port: int, listeners: Sequence[Mapping[str, Any]]) -> Iterator[Problem]:
    """Ports at which nginx listens for a virtual service, on all addresses."""
    ports = {whole(one["port"]) for one in listeners}
    for host in hosts:
        if host.port in ports:
            yield Problem(
                f'{_HOSTS} "{host.name}"',
                f"a virtual service uses port {host.port} on all addresses of the host.",
                "Give it, or apache_port, another port.",
            )
        if host.port == status_port and _overlap(host.address, LOOPBACK):
            yield Problem("apache_status_port", f'"{host.name}" listens at port {status_port}.', "Choose another.")
    if status_port in ports:
        yield Problem("apache_status_port", f"a virtual service uses port {status_port}.", "Choose another.")


def occupied(hosts: Sequence[VirtualHost], status_port: int, found: str) -> Iterator[Problem]:
    """Ports that another daemon has: Apache would find out at the reload, and end."""
    wanted = {(host.address, host.port): f'{_HOSTS} "{host.name}"' for host in hosts}
    if status_port:
        wanted[LOOPBACK, status_port] = "apache_status_port"
    for line in found.splitlines():
        listener = _LISTENER.match(line.strip())
        if not listener or '"apache2"' in (listener["who"] or ""):
            continue
        address = listener["address"].partition("%")[0].strip("[]")
        for (wish, port), item in wanted.items():
            if port == int(listener["port"]) and _overlap(wish, address):
                who = re.search(r'"([^"]+)"', listener["who"] or "")
                yield Problem(
                    item,
                    f"{who[1] if who else 'another daemon'} listens at {endpoint(address, port)} already.",
                    "Choose another port, or stop it.",
                )


def _overlap(one: str, other: str) -> bool:
    anybody = {"*", "::", "0.0.0.0"}
    if one in anybody or other in anybody:
        return True
    return one == other


def _pools(value: Any) -> dict[str, dict[str, Any]] | None:
    """The pools by their names; None where nobody declares any. The role php tells what is wrong with them."""
    if not isinstance(value, list):
        return None
    return {str(pool.get("name")): pool for pool in value if isinstance(pool, dict)}


def _same(entry: Entry, host: VirtualHost, other: VirtualHost) -> None:
    if host.name and host.name == other.name:
        entry.problem("a virtual host of this name stands above.", "Give each a name of its own.")
    if host.port == other.port and host.address != other.address and _overlap(host.address, other.address):
        entry.problem(
            f'"{other.name}" listens at {other.endpoint}, which {host.endpoint} includes, or the other way round.',
            "Use one of them.",
        )
    if (host.address, host.port) != (other.address, other.port):
        return
    mine, theirs = ({one.lower() for one in names} for names in (host.server_names, other.server_names))
    for name in sorted(mine & theirs):
        entry.problem(f'"{other.name}" has the server name {name} at {host.endpoint}.', "Name it once at each port.")
    if not mine:
        entry.problem(
            f'"{other.name}" stands above at {host.endpoint}: requests would never come here.',
            "Give it server_names, or a port of its own.",
        )


def _host(
    entry: Entry, name: str, defaults: Mapping[str, Any], pools: Mapping[str, Mapping[str, Any]] | None
) -> VirtualHost:
    pool, socket = _php(entry, pools)
    front = entry.match("front_controller", _URL, "a path below the document root", "Write /index.php.")
    if front and not socket:
        entry.problem("a front controller, and no PHP.", "Give php_pool, or remove front_controller.")
    return VirtualHost(
        name=name,
        server_names=_words(entry, "server_names", _SERVER_NAME, "a host name", []),
        address=entry.address("address") or LOOPBACK,
        port=entry.integer("port", PORTS, defaults["port"]),
        document_root=_root(entry) if "document_root" in entry else defaults["document_root"],
        directory_index=_words(entry, "directory_index", _FILE_NAME, "a file's name", ["index.php", "index.html"]),
        front_controller=front,
        php_pool=pool,
        php_socket=socket,
        php_timeout=entry.integer("php_timeout", (1, 86400), 70),
        allow_override=_override(entry, defaults["allow_override"]),
        options=_options(entry),
        headers=_texts(entry, "headers", _HEADER, "Write {X-Frame-Options: DENY}."),
        aliases=_aliases(entry),
        access=_access(entry),
        env=_texts(entry, "env", _VARIABLE, "Write {APP_ENV: production}."),
        raw=_raw(entry),
    )


def _php(entry: Entry, pools: Mapping[str, Mapping[str, Any]] | None) -> tuple[str, str]:
    """The name of the pool, and its socket."""
    if "php_socket" in entry:
        if "php_pool" in entry:
            entry.problem("php_pool and php_socket.", "Give one of them.")
        return "", entry.path("php_socket", entry.get("php_socket"))
    pool = entry.get("php_pool", "www")
    if pool is False or pool == "":
        return "", ""
    if not isinstance(pool, str) or not _FILE_NAME.fullmatch(pool):
        entry.problem(f"php_pool {quote(pool)} is not the name of a pool.", "Write it, or false for no PHP.")
        return "", ""
    if pools is not None and pool not in pools:
        entry.problem(f'unknown php_pool "{pool}".', f"php_pools has: {', '.join(pools)}; false is no PHP.")
    return pool, str((pools or {}).get(pool, {}).get("socket") or SOCKET.format(name=pool))


def _root(entry: Entry) -> str:
    return entry.path("document_root", entry.get("document_root", "/var/www/html"))


def _override(entry: Entry, default: str) -> str:
    return entry.match("allow_override", _OVERRIDE, "what AllowOverride takes", "Write None, All or FileInfo.", default)


def _words(entry: Entry, key: str, pattern: re.Pattern[str], what: str, default: Sequence[str]) -> list[str]:
    return entry.words(key, pattern, what, "Correct it, or remove it.") if key in entry else list(default)


def _options(entry: Entry) -> list[str]:
    words = _words(entry, "options", _OPTION, "an option", ["FollowSymLinks"])
    if len({word[0] in "+-" for word in words}) > 1:
        entry.problem("options with and without a sign.", "Sign all of them or none, as Apache demands.")
    return words or ["None"]


def _texts(entry: Entry, key: str, pattern: re.Pattern[str], remedy: str) -> dict[str, str]:
    found = {}
    for name, value in entry.mapping(key).items():
        text = str(value)
        if not pattern.fullmatch(name):
            entry.problem(f"{key} has the name {quote(name)}.", remedy)
        elif value is None or isinstance(value, (list, dict)) or not text.isprintable() or "${" in text:
            entry.problem(f"{key} {name} holds what apache2.conf cannot.", "Write one line, without ${.")
        else:
            found[name] = escaped(text)
    return found


def _aliases(entry: Entry) -> dict[str, str]:
    found = {}
    for url, directory in entry.mapping("aliases").items():
        if _URL.fullmatch(url):
            found[url.rstrip("/")] = entry.path(f"aliases {url}", directory)
        else:
            entry.problem(f"aliases has {quote(url)}.", "Write {/media: /srv/media}.")
    return found


def _access(entry: Entry) -> list[dict[str, Any]]:
    rules = []
    example = "{path: /admin, allow: [192.0.2.0/24]}"
    for item, values in mappings(entry.problems, f"{entry.item}, access", entry.get("access"), example):
        rule = Entry(entry.problems, item, values, ACCESS_KEYS)
        path = rule.match("path", _URL, "a path", "Write /admin.")
        if "path" not in rule:
            rule.problem("no path.", "Write path: /admin.")
        networks = [entry.problems.network(item, "allow", one) for one in rule.items("allow")]
        rules.append({"path": path, "allow": [str(network) for network in networks if network]})
    return rules


def _raw(entry: Entry) -> list[str]:
    lines = entry.items("raw")
    if all(isinstance(line, str) and line.isprintable() for line in lines):
        return list(lines)
    entry.problem("raw is not a list of lines.", "Write a list of strings, one line of apache2.conf each.")
    return []


def mpm(value: Any) -> dict[str, int]:
    """The workers, with defaults; server_limit leaves room for those that still finish after a reload."""
    given = value if isinstance(value, dict) else {}
    numbers = {key: whole(given.get(key, default)) or 0 for key, default in MPM.items()}
    servers = -(-numbers["max_request_workers"] // max(numbers["threads_per_child"], 1))
    return {**numbers, "server_limit": servers * 2}


def _mpm(problems: Problems, value: Any, pools: Mapping[str, Mapping[str, Any]] | None) -> None:
    if not isinstance(value, dict):
        problems.add("apache_mpm", "not a mapping.", "Write {max_request_workers: 300}.")
        return
    entry = Entry(problems, "apache_mpm", value, tuple(MPM))
    numbers = {
        key: entry.integer(key, (0 if key == "max_connections_per_child" else 1, 20000), MPM[key]) for key in MPM
    }
    workers, threads = numbers["max_request_workers"], numbers["threads_per_child"]
    if workers % threads:
        entry.problem(
            f"max_request_workers {workers} is no multiple of threads_per_child {threads}.",
            f"Write {(workers // threads + 1) * threads}.",
        )
    if numbers["max_spare_threads"] < numbers["min_spare_threads"] + threads:
        entry.problem(
            f"max_spare_threads {numbers['max_spare_threads']} is below min_spare_threads + threads_per_child.",
            f"Write {numbers['min_spare_threads'] + threads} or more: Apache would start and stop processes in turn.",
        )
    children = sum(whole(pool.get("max_children")) or 16 for pool in (pools or {}).values())
    if children > workers:
        entry.problem(
            f"{workers} workers hand requests to {children} of PHP-FPM: some would never have work.",
            f"Raise max_request_workers to {-(-children // threads) * threads} or more, or lower max_children.",
        )


def _others(problems: Problems, values: Mapping[str, Any]) -> None:
    problems.integer("apache_status_port", "", values.get("status_port"), (0, PORTS[1]), 0)
    modules = values.get("modules")
    if not isinstance(modules, list) or not all(isinstance(one, str) and _MODULE.fullmatch(one) for one in modules):
        problems.add("apache_modules", "not a list of names.", "Write them without mod_: [rewrite, expires].")
    else:
        for module in modules:
            if module.startswith("mpm_") or module == "php":
                problems.add("apache_modules", f"{module} beside event.", "Remove it: PHP runs in PHP-FPM.")
    item, trusted = "apache_trusted_proxies", values.get("trusted_proxies")
    if not isinstance(trusted, list):
        problems.add(item, "not a list of addresses.", "Write [192.0.2.0/24].")
        return
    for one in trusted:
        network = problems.network(item, "", one)
        if network and not network.prefixlen:
            problems.add(item, f"{one} is anyone.", "Name the proxies: who is trusted can lie.")
