# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""PHP-FPM's pools and where their sessions are, from the role's variables to the directives of php-fpm.conf."""

from __future__ import annotations

import difflib
import ipaddress
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote as encode

from ._fields import CORRECT, PORTS, Entry, Problems, entries, escaped, quote, whole
from ._problems import Problem

WEB_USER = "www-data"
PING_PATH = "/health"
SOCKET = "/run/php/ha-web-{name}.sock"
LOG = "/var/log/ha-web-php-{name}.{kind}.log"
LOCAL_SESSIONS = "/var/lib/php/ha-web-sessions"
SHARED_SESSIONS = "/srv/ha-web/shared/sessions"
# Of the role eaccelerator: the functions, and what has a pool load them.
EACCELERATOR = "/usr/local/share/ha-web/eaccelerator"
EACCELERATOR_POOLS = "/etc/ha-web-eaccelerator"

POOL_KEYS = (
    *("name", "user", "group", "uid", "gid", "socket", "socket_owner"),
    *("pm", "max_children", "start_servers", "min_spare_servers", "max_spare_servers", "process_idle_timeout"),
    *("max_requests", "request_terminate_timeout", "slow_log_timeout", "access_log", "status_path"),
    *("chdir", "open_basedir", "env", "php_value", "php_admin_value", "settings"),
    "eaccelerator_api",
)
SESSION_KEYS = {
    "files": ("store", "lifetime", "path"),
    "shared": ("store", "lifetime", "path"),
    "memcached": ("store", "lifetime", "servers", "timeout", "lock_wait"),
    "redis": ("store", "lifetime", "server", "user", "password", "database", "timeout", "lock_wait"),
}
# Which keys each process manager knows beside max_children.
PM_KEYS = {
    "dynamic": ("start_servers", "min_spare_servers", "max_spare_servers"),
    "static": (),
    "ondemand": ("process_idle_timeout",),
}
# What the role writes itself, and the key for it.
_OWNED = {
    "user": "user",
    "group": "group",
    "listen": "socket",
    "listen.owner": "socket_owner",
    "listen.group": "socket_owner",
    "pm": "pm",
    **{f"pm.{key}": key for keys in PM_KEYS.values() for key in keys},
    "pm.max_children": "max_children",
    "pm.max_requests": "max_requests",
    "pm.status_path": "status_path",
    "request_terminate_timeout": "request_terminate_timeout",
    "request_slowlog_timeout": "slow_log_timeout",
    "slowlog": "slow_log_timeout",
    "access.log": "access_log",
    "chdir": "chdir",
}
_POOLS = "php_pools"
_SETTINGS = "php_settings"
_SESSIONS = "php_sessions"
_POOL_EXAMPLE = "{name: www, max_children: 16}"
_USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
_SETTING = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_DIRECTIVE = re.compile(r"[a-z_.]+(\[[A-Za-z0-9_.-]+\])?")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
_VERSION = re.compile(r"[0-9]+\.[0-9]+")
_SECONDS = (0, 86400)
_VALIDATION = "opcache.validate_permission"


@dataclass(frozen=True)
class Sessions:
    """Where sessions are; times in seconds."""

    store: str = "files"
    lifetime: int = 1440
    path: str = LOCAL_SESSIONS
    servers: Sequence[str] = ()
    user: str = ""
    password: str = field(default="", repr=False)
    database: int = 0
    timeout: float = 1.0
    lock_wait: int = 5


@dataclass(frozen=True)
class Pool:
    """One pool, whose directives are those of php-fpm.conf, ready to be written."""

    name: str
    user: str
    group: str
    uid: int | None
    gid: int | None
    socket: str
    max_children: int
    session_path: str
    # A file of further directives that another role writes, or an empty string.
    include: str
    directives: Mapping[str, str]


def read(values: Mapping[str, Any]) -> tuple[list[Pool], list[Problem]]:
    """Read the role's variables by their names without php_; what is wrong is left out and reported."""
    problems = Problems()
    sessions = _sessions(problems, values.get("sessions"))
    pools = _pools(problems, values.get("pools"), sessions)
    _settings(problems, values.get("settings"), len({pool.user for pool in pools}) > 1)
    version = str(values.get("version") or "")
    if version and not _VERSION.fullmatch(version):
        problems.add("php_version", f"{quote(version)} is not a version.", 'Write it as the packages do: "8.2".')
    extensions = values.get("extensions")
    if not isinstance(extensions, list) or not all(isinstance(one, str) for one in extensions):
        problems.add("php_extensions", "not a list of names.", "Write [mysql, redis].")
    return pools, problems.found


def removed(names: Collection[str]) -> Iterator[Problem]:
    """Variables of earlier versions that somebody still sets."""
    for name, remedy in (
        ("php_socket", "Write it as the key socket of a pool: php_pools: [{name: www, socket: ...}]."),
        ("php_pool_settings", "Write them as keys of a pool, without pm.: php_pools: [{name: www, max_children: 16}]."),
    ):
        if name in names:
            yield Problem(name, "is no longer read.", remedy)


def unknown_packages(wanted: Sequence[str], known: Collection[str], version: str) -> Iterator[Problem]:
    """Packages that apt does not know; nothing is said where it was not asked."""
    if not known or set(wanted) <= set(known):
        return
    if f"php{version}-fpm" not in known:
        found = sorted(name[3:-4] for name in known if re.fullmatch(r"php[0-9.]+-fpm", name))
        offers = f"It knows: {', '.join(found)}." if found else "It knows none: are the package lists complete?"
        yield Problem("php_version", f"apt knows no PHP {version}.", offers)
        return
    for name in wanted:
        if name not in known:
            near = difflib.get_close_matches(name, [one for one in known if one.startswith("php")], 1)
            hint = (
                f"Did you mean {near[0]}?" if near else "Write the package's name, or what follows php-VERSION in it."
            )
            yield Problem("php_extensions", f"apt knows no package {name}.", hint)


def _settings(problems: Problems, value: Any, several_users: bool) -> None:
    if not isinstance(value, dict):
        problems.add(_SETTINGS, "not a mapping.", "Write {memory_limit: 256M}.")
        return
    for name, setting in value.items():
        if not _SETTING.fullmatch(name):
            problems.add(_SETTINGS, f"{quote(name)} is no name of a setting.", "Write it as in php.ini: memory_limit.")
        elif isinstance(setting, (list, dict)) or not str(setting).isprintable():
            problems.add(_SETTINGS, f"{name} is not one line.", "Write a word, a number or a boolean.")
    if several_users and value.get(_VALIDATION, True) in (False, 0, "0", "off", "Off"):
        problems.add(
            _SETTINGS,
            f"{_VALIDATION} is off while pools have several users.",
            "Remove it: with it off, a pool runs cached scripts that only the user of another may read.",
        )


def _pools(problems: Problems, value: Any, sessions: Sessions) -> list[Pool]:
    if not value:
        problems.add(_POOLS, "no pools.", f"Write at least one: [{_POOL_EXAMPLE}].")
        return []
    pools: list[Pool] = []
    for name, entry in entries(problems, _POOLS, value, POOL_KEYS, _POOL_EXAMPLE):
        if name == "global":
            entry.problem("php-fpm keeps this name for itself.", "Choose another.")
        pool = _pool(entry, name, sessions)
        for other in pools:
            if name and name == other.name:
                entry.problem("a pool of this name stands above.", "Give each a name of its own.")
            elif pool.socket == other.socket:
                entry.problem(f"pool {other.name} has the socket {pool.socket}.", "Give each one of its own.")
            if pool.user == other.user and pool.uid != other.uid:
                entry.problem(f"pool {other.name} gives user {pool.user} another uid.", "Give both the same.")
        pools.append(pool)
    return pools


def _pool(entry: Entry, name: str, sessions: Sessions) -> Pool:
    remedy = "Use small letters, digits, hyphens and underscores."
    user = entry.match("user", _USER, "the name of a user", remedy, WEB_USER)
    group = entry.match("group", _USER, "the name of a group", remedy, user)
    owner = entry.match("socket_owner", _USER, "the name of a user", remedy, WEB_USER)
    if "root" in (user, group):
        entry.problem("would run as root.", "Choose a user without rights, such as ha-" + (name or "api") + ".")
    numbers = {key: entry.integer(key, (1, 65533), 0) or None for key in ("uid", "gid")}
    if sessions.store == "shared" and user != WEB_USER and not numbers["uid"]:
        entry.problem(
            f"shared sessions, and nothing says that {user} is the same user on all web servers.",
            "Give uid, the same for all of them: storage knows users by number.",
        )
    socket = _path(entry, "socket", SOCKET.format(name=name))
    children, manager = _manager(entry)
    terminate = entry.integer("request_terminate_timeout", _SECONDS, 60)
    slow = entry.integer("slow_log_timeout", _SECONDS, 5)
    if 0 < terminate <= slow:
        entry.problem(
            f"slow_log_timeout {slow} is not below request_terminate_timeout {terminate}.",
            "Lower the first, or turn it off with 0: such a request ends before it is logged.",
        )
    values = {
        "user": user,
        "group": group,
        "listen": socket,
        "listen.owner": owner,
        "listen.group": owner,
        "listen.mode": "0660",
        **manager,
        "pm.max_requests": str(entry.integer("max_requests", (0, 10**9), 1000)),
        "request_terminate_timeout": f"{terminate}s",
        "ping.path": PING_PATH,
        "ping.response": "ok",
    }
    status = _path(entry, "status_path", f"/php-status-{name}")
    if status:
        values["pm.status_path"] = status
    if slow:
        values |= {"request_slowlog_timeout": f"{slow}s", "slowlog": LOG.format(name=name, kind="slow")}
    if entry.boolean("access_log", False):
        values["access.log"] = LOG.format(name=name, kind="access")
        values["access.format"] = '"%t %m %r%Q%q %s %{mili}dms %{kilo}MkB %C%%"'
    if "chdir" in entry:
        values["chdir"] = _path(entry, "chdir", "")
    path = f"{sessions.path}/{name}" if sessions.store in ("files", "shared") else ""
    values |= _php(entry, name, sessions, path, terminate)
    values |= _further(entry)
    include = f"{EACCELERATOR_POOLS}/{name}.conf" if entry.boolean("eaccelerator_api", False) else ""
    return Pool(name, user, group, numbers["uid"], numbers["gid"], socket, children, path, include, values)


def _manager(entry: Entry) -> tuple[int, dict[str, str]]:
    """How many workers, and the directives of the process manager."""
    kind = entry.choice("pm", tuple(PM_KEYS), "dynamic")
    children = entry.integer("max_children", (1, 100_000), 16)
    for other, keys in PM_KEYS.items():
        for key in keys:
            if other != kind and key in entry:
                entry.problem(f"{key} has no meaning with pm {kind}.", f"Remove it, or use pm: {other}.")
    values = {"pm": kind, "pm.max_children": str(children)}
    if kind == "ondemand":
        values["pm.process_idle_timeout"] = f"{entry.integer('process_idle_timeout', (1, 86400), 10)}s"
    if kind == "dynamic":
        whole_range = (1, 100_000)
        most = entry.integer("max_spare_servers", whole_range, max(children // 2, 1))
        least = entry.integer("min_spare_servers", whole_range, max(min(children // 8, most), 1))
        start = entry.integer("start_servers", whole_range, min(max(children // 4, least), most))
        if not least <= start <= most <= children:
            entry.problem(
                f"min_spare_servers {least}, start_servers {start}, max_spare_servers {most}, max_children {children} "
                "do not follow each other.",
                "Let each be at most the next, or give max_children alone.",
            )
        values |= {
            "pm.start_servers": str(start),
            "pm.min_spare_servers": str(least),
            "pm.max_spare_servers": str(most),
        }
    return children, values


def _php(entry: Entry, name: str, sessions: Sessions, path: str, terminate: int) -> dict[str, str]:
    """The environment and the settings of PHP. What the user writes wins over the sessions' settings."""
    session = _session_settings(sessions, name, path, terminate)
    values = {f"php_value[{key}]": escaped(value) for key, value in session.items()}
    for key, pattern in (("env", _VARIABLE), ("php_value", _SETTING), ("php_admin_value", _SETTING)):
        for setting, value in entry.mapping(key).items():
            if not pattern.fullmatch(setting):
                entry.problem(f"{key} has the name {quote(setting)}.", "Use letters, digits, dots and underscores.")
            elif key != "env" and setting == _VALIDATION:
                entry.problem(
                    f"{key} sets {setting}.", "Remove it: the role turns it on where pools have several users."
                )
            elif value is None or isinstance(value, (list, dict)):
                entry.problem(f"{key} {setting} is not one line.", "Write a word, a number or a boolean.")
            elif isinstance(value, bool) and key != "env":
                values.pop(f"php_value[{setting}]", None)
                values[f"{key.replace('value', 'flag')}[{setting}]"] = "on" if value else "off"
            elif not str(value).isprintable() or "${" in str(value):
                entry.problem(f"{key} {setting} holds what php-fpm.conf cannot.", "Write one line, without ${.")
            else:
                values[f"{key}[{setting}]"] = escaped(str(value))
    directories = [_absolute(entry, "open_basedir", one) for one in entry.items("open_basedir")]
    if directories:
        directories += [path] if path else []
        directories += [EACCELERATOR, EACCELERATOR_POOLS] if entry.boolean("eaccelerator_api", False) else []
        values["php_admin_value[open_basedir]"] = escaped(":".join(directories))
    return values


def _further(entry: Entry) -> dict[str, str]:
    """Directives that the role has no key for."""
    values = {}
    for directive, value in entry.mapping("settings").items():
        if directive in _OWNED:
            entry.problem(f"settings has {directive}.", f"Use the pool's key {_OWNED[directive]}.")
        elif directive.startswith("ping."):
            entry.problem(f"settings has {directive}.", f"Remove it: the health checks rely on {PING_PATH}.")
        elif not _DIRECTIVE.fullmatch(directive) or isinstance(value, (list, dict)) or not str(value).isprintable():
            entry.problem(
                f"settings has {quote(directive)}.", "Write directives as in php-fpm.conf: rlimit_files: 4096."
            )
        else:
            values[directive] = ("yes" if value else "no") if isinstance(value, bool) else str(value)
    return values


def _path(entry: Entry, key: str, default: str) -> str:
    value = entry.get(key, default)
    if key == "status_path" and value is False:
        return ""
    return _absolute(entry, key, value) if key in entry else default


def _absolute(entry: Entry, key: str, value: Any) -> str:
    return "/" if value == "/" else entry.path(key, value)


def _sessions(problems: Problems, value: Any) -> Sessions:
    if not isinstance(value, dict):
        problems.add(_SESSIONS, "not a mapping.", "Write {store: files}.")
        return Sessions()
    store = problems.choice(_SESSIONS, "store", value.get("store", "files"), tuple(SESSION_KEYS))
    for key in value:
        owners = [one for one, keys in SESSION_KEYS.items() if key in keys]
        if owners and store not in owners:
            problems.add(_SESSIONS, f"{key} has no meaning with store {store}.", "Remove it, or change the store.")
    known = {key for keys in SESSION_KEYS.values() for key in keys}
    entry = Entry(problems, _SESSIONS, value, sorted(known))
    local = LOCAL_SESSIONS if store == "files" else SHARED_SESSIONS
    servers = _servers(entry, store)
    user = entry.match("user", re.compile(r"[!-~]+"), "the name of a user", CORRECT)
    if user and "password" not in entry:
        entry.problem("user without password.", "Give both, or the password alone.")
    return Sessions(
        store=store,
        lifetime=entry.integer("lifetime", (60, 10**8), 1440),
        path=_absolute(entry, "path", entry.get("path", local)) or local,
        servers=servers,
        user=user,
        # Not told where it is wrong: it is a secret.
        password=str(entry.get("password", "")),
        database=entry.integer("database", (0, 10**6), 0),
        timeout=entry.seconds("timeout", (0.1, 60.0), 1.0),
        lock_wait=entry.integer("lock_wait", (1, 3600), 5),
    )


def _servers(entry: Entry, store: str) -> list[str]:
    port = {"redis": 6379, "memcached": 11211}.get(store)
    if port is None:
        return []
    key = "server" if store == "redis" else "servers"
    written = [entry.get("server")] if store == "redis" and "server" in entry else entry.items(key)
    if not written:
        entry.problem(
            f"store {store} without {key}.", f"Write {key}: " + ("HOST:6379." if port == 6379 else "[HOST:11211].")
        )
    servers = []
    for one in written:
        server = _server(one, port)
        if server:
            servers.append(server)
        else:
            entry.problem(f"{key} {quote(one)} is not a server.", f"Write HOST or HOST:{port}; [2001:db8::1]:{port}.")
    return servers


def _server(value: Any, port: int) -> str:
    """The server with its port, or an empty string."""
    found = re.fullmatch(
        r"(?P<host>\[[0-9a-fA-F:.]+\]|[^\[\]:]+)(:(?P<port>[0-9]{1,5}))?", value if isinstance(value, str) else ""
    )
    if not found:
        return ""
    host, number = found["host"], whole(found["port"] or str(port))
    if number is None or not PORTS[0] <= number <= PORTS[1]:
        return ""
    if host.startswith("["):
        try:
            host = f"[{ipaddress.IPv6Address(host[1:-1])}]"
        except ValueError:
            return ""
    elif not _HOST.fullmatch(host):
        return ""
    return f"{host}:{number}"


def _session_settings(sessions: Sessions, pool: str, path: str, terminate: int) -> dict[str, str]:
    """The settings of php.ini that put a pool's sessions where they belong. Pools do not see each other's."""
    common = {"session.gc_maxlifetime": str(sessions.lifetime)}
    if path:
        # Debian's timer cleans its own directory alone, and turns PHP's collection off.
        collection = {"session.gc_probability": "1", "session.gc_divisor": "1000"}
        return {"session.save_handler": "files", "session.save_path": path, **common, **collection}
    prefix = f"ha-web:{pool}:"
    if sessions.store == "memcached":
        # Each wait is twice the one before, up to a second: few of them, for a silent server costs its time at each.
        waits = [50, 100, 200, 400, 800]
        waits += [1000] * (sessions.lock_wait - 1)
        return {
            "session.save_handler": "memcached",
            "session.save_path": ",".join(sessions.servers),
            **common,
            "memcached.sess_prefix": prefix,
            "memcached.sess_locking": "1",
            "memcached.sess_lock_wait_min": str(waits[0]),
            "memcached.sess_lock_wait_max": "1000",
            "memcached.sess_lock_retries": str(len(waits)),
            "memcached.sess_connect_timeout": f"{sessions.timeout * 1000:.0f}",
            "memcached.sess_consistent_hash": "1",
            "memcached.sess_remove_failed_servers": "1",
            "memcached.sess_server_failure_limit": "1",
        }
    query = [f"timeout={sessions.timeout:g}", f"read_timeout={sessions.timeout:g}", f"database={sessions.database}"]
    query.append(f"prefix={encode(prefix, safe='')}")
    if sessions.user:
        query.append(f"auth[]={encode(sessions.user, safe='')}&auth[]={encode(sessions.password, safe='')}")
    elif sessions.password:
        query.append(f"auth={encode(sessions.password, safe='')}")
    wait_ms = 20
    return {
        "session.save_handler": "redis",
        "session.save_path": f"tcp://{''.join(sessions.servers)}?{'&'.join(query)}",
        **common,
        "redis.session.locking_enabled": "1",
        # The lock of a worker that died ends by itself, and no sooner than the longest request.
        "redis.session.lock_expire": str(terminate or 3600),
        "redis.session.lock_wait_time": str(wait_ms * 1000),
        "redis.session.lock_retries": str(sessions.lock_wait * 1000 // wait_ms),
    }
