# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""eAccelerator's directives, for itself on PHP 5 or in the words of OPcache and APCu on PHP 7 and 8."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from . import _php
from ._fields import Entry, Problems, quote, whole
from ._problems import Problem

PROVIDERS = ("auto", "native", "compat")

_SETTINGS = "eaccelerator_settings"
_PROVIDER = "eaccelerator_provider"
_MEGABYTES = (8, 1_048_576)
# Of a password; openssl reads no more.
_LEAST, _MOST = 8, 256
_SECRET_LENGTH = 16
_USER = re.compile(r"[A-Za-z0-9._@-]{1,64}")
_NAME_SPACE = re.compile(r"[A-Za-z0-9_.-]{0,64}")
_NO_PREPEND = ("", "none")

# What OPcache and APCu cannot do, and what to do instead.
_REFUSED = {
    "shm_max": ("the size of a key is bounded by the memory for all of them", "Set shm_size."),
    "compress": ("neither OPcache nor APCu compresses", "Set shm_size to what it needs uncompressed."),
    "compress_level": ("neither OPcache nor APCu compresses", "Set shm_size to what it needs uncompressed."),
    "keys": ("keys are in the memory of APCu alone", "Nothing else is needed: they never were on disk by default."),
    "sessions": ("sessions are PHP's own", "Choose their store with php_sessions."),
    "content": ("pages that an application keeps are in the memory of APCu alone", "Nothing else is needed."),
}
BLACKLIST = f"{_php.EACCELERATOR_POOLS}/blacklist"
KNOWN = (
    *("enable", "optimizer", "shm_size", "check_mtime", "filter", "shm_ttl", "shm_prune_period", "shm_only"),
    *("cache_dir", "debug", "log_file", "allowed_admin_path", "name_space"),
)


@dataclass(frozen=True)
class Directive:
    """One of eAccelerator's, as it is set, and what became of it."""

    name: str
    value: str
    becomes: str


@dataclass(frozen=True)
class Prepend:
    """What a pool with the API loads before each script; before is what it would load without."""

    pool: str
    before: str


@dataclass
class Compat:
    """What is written for PHP-FPM: settings of php.ini, what OPcache leaves alone, and who has the API."""

    ini: dict[str, str] = field(default_factory=dict)
    excluded: list[str] = field(default_factory=list)
    directives: list[Directive] = field(default_factory=list)
    prepends: list[Prepend] = field(default_factory=list)
    admin_path: str = _php.EACCELERATOR
    cache_dir: str = ""
    log_file: str = ""
    name_space: str = ""
    socket: str = ""
    user: str = ""
    group: str = ""


def provider(wanted: Any, version: str) -> tuple[str, list[Problem]]:
    """Who can do it on this version of PHP; of a version that none can, what was wanted, and a problem.

    Without a version somebody names a PHP that does not answer, which is told where eAccelerator is built.
    """
    problems = Problems()
    chosen = problems.choice(_PROVIDER, "provider", wanted, PROVIDERS)
    if not version:
        return "native", problems.found
    numbers = tuple(whole(part) or 0 for part in version.split(".")[:2])
    original, fork, today = (5, 1) <= numbers <= (5, 4), (5, 5) <= numbers <= (5, 6), numbers >= (7, 4)
    remedies = {
        ("auto", fork): "Use PHP 5.4 or 7.4, or provider native with the archive of a fork that builds on it.",
        ("native", today): "Use provider compat, which serves with OPcache and APCu.",
        ("compat", original or fork): "Use provider native, or PHP 7.4 or newer.",
    }
    for (choice, unfit), remedy in remedies.items():
        if chosen == choice and unfit:
            what = "what serves there needs PHP 7.4" if choice == "compat" else "eAccelerator does not build on it"
            problems.add(_PROVIDER, f"{choice} on PHP {version}: {what}.", remedy)
    if not (original or fork or today):
        problems.add(_PROVIDER, f"nothing serves PHP {version}.", "Use PHP 5.1 to 5.4, or 7.4 or newer.")
    if chosen == "auto":
        chosen = "native" if original else "compat"
    return chosen, problems.found


def compat(values: Mapping[str, Any]) -> tuple[Compat, list[Problem]]:
    """Read the role's variables by their names without eaccelerator_, and php, those of the role php without php_.

    What is wrong is left out and reported.
    """
    problems = Problems()
    made = Compat()
    settings = _entry(problems, values.get("settings"), refuse=True)
    pools, _told_by_its_role = _php.read(values["php"])
    of_php = values["php"].get("settings")
    of_php = of_php if isinstance(of_php, dict) else {}
    made.prepends = list(_prepends(problems, values["php"].get("pools"), of_php))
    _translate(settings, made, len({pool.user for pool in pools}) > 1)
    _against(problems, made, settings, of_php)
    _choose(problems, made, values.get("control_pool") or "", pools, of_php)
    _reached(problems, made, pools, of_php)
    _control(problems, values)
    if values.get("native"):
        problems.add("eaccelerator_native", "is for PHP 5, and compat serves.", "Remove it, or use provider native.")
    return made, problems.found


def native(settings: Any) -> tuple[dict[str, str], list[Problem]]:
    """The directives as eAccelerator itself reads them."""
    problems = Problems()
    entry = _entry(problems, settings, refuse=False)
    found = {}
    for name, value in entry.values.items():
        if isinstance(value, (list, dict)) or not str(value).isprintable() or '"' in str(value):
            entry.problem(f"{name} is not one line.", "Write a word, a number or a boolean.")
        else:
            found[name] = str(int(value)) if isinstance(value, bool) else str(value)
    return found, problems.found


def _entry(problems: Problems, value: Any, *, refuse: bool) -> Entry:
    if not isinstance(value, dict):
        problems.add(_SETTINGS, "not a mapping.", "Write {shm_size: 64}.")
        value = {}
    entry = Entry(problems, _SETTINGS, value, [*KNOWN, *_REFUSED])
    for name, (reason, remedy) in _REFUSED.items() if refuse else ():
        if name in entry:
            entry.problem(f"{name} has nothing to become: {reason}.", f"Remove it. {remedy}")
    return entry


def _prepends(problems: Problems, pools: Any, of_all: Mapping[str, Any]) -> Iterator[Prepend]:
    """Of the pools that have the API."""
    for pool in pools if isinstance(pools, list) else []:
        if isinstance(pool, dict) and pool.get("eaccelerator_api"):
            own = {**(pool.get("php_value") or {}), **(pool.get("php_admin_value") or {})}
            if [one for one in pool.get("settings") or {} if "[auto_prepend_file]" in one]:
                item = f'php_pools "{pool.get("name")}"'
                problems.add(item, "settings has auto_prepend_file.", "Write it under php_value or php_admin_value.")
            before = str(own.get("auto_prepend_file", of_all.get("auto_prepend_file", "")))
            yield Prepend(str(pool.get("name")), "" if before in _NO_PREPEND else before)


def _choose(
    problems: Problems, made: Compat, wanted: str, pools: Sequence[_php.Pool], of_all: Mapping[str, Any]
) -> None:
    """The pool that tells of the cache and clears it: the wanted one, or the first that may read the scripts for it."""
    chosen = [pool for pool in pools if _may_read(pool, made.admin_path, of_all) and wanted in ("", pool.name)]
    if chosen:
        pool = chosen[0]
        made.socket, made.user, made.group = pool.socket, pool.user, pool.group
        for setting in made.ini:
            if [name for name in pool.directives if name.startswith("php_") and name.endswith(f"[{setting}]")]:
                problems.add(
                    f'php_pools "{pool.name}"',
                    f"sets {setting} for itself, and shall tell of the cache of all.",
                    "Remove it, or name another pool in eaccelerator_control_pool.",
                )
    elif wanted and wanted not in [pool.name for pool in pools]:
        known = ", ".join(pool.name for pool in pools)
        problems.add("eaccelerator_control_pool", f"there is no pool {quote(wanted)}.", f"Use one of: {known}.")
    elif pools:
        who = f"pool {wanted}" if wanted else "every pool"
        problems.add(
            "php_pools",
            f"open_basedir or chroot keeps {who} from what tells of the cache.",
            f"Add {made.admin_path} to open_basedir of {wanted or 'one'}.",
        )


def _reached(problems: Problems, made: Compat, pools: Sequence[_php.Pool], of_all: Mapping[str, Any]) -> None:
    """A pool that may not read its API answers every request with an error."""
    for pool in pools:
        if pool.include and not all(
            _may_read(pool, path, of_all) for path in (_php.EACCELERATOR, _php.EACCELERATOR_POOLS)
        ):
            problems.add(
                f'php_pools "{pool.name}"',
                "open_basedir or chroot keeps it from the functions of eaccelerator_api.",
                f"Write open_basedir as a key of the pool, which adds {_php.EACCELERATOR}; leave out chroot.",
            )


def _may_read(pool: _php.Pool, path: str, of_all: Mapping[str, Any]) -> bool:
    if "chroot" in pool.directives:
        return False
    names = ("php_admin_value[open_basedir]", "php_value[open_basedir]")
    value = next((pool.directives[name] for name in names if name in pool.directives), of_all.get("open_basedir"))
    folders = str(value or "").strip('"').split(":")
    return folders == [""] or any(f"{path}/".startswith(f"{folder.rstrip('/')}/") for folder in folders if folder)


def _translate(entry: Entry, made: Compat, several_users: bool) -> None:
    def becomes(name: str, value: Any, ini: Mapping[str, str] | None = None) -> None:
        made.ini.update(ini or {})
        text = ", ".join(f"{setting} = {wanted}" for setting, wanted in (ini or {}).items())
        shown = str(int(value)) if isinstance(value, bool) else str(value)
        made.directives.append(Directive(name, shown, text or _WITHOUT[name]))

    enable, optimizer = _switch(entry, "enable", True), _switch(entry, "optimizer", True)
    becomes("enable", enable, {"opcache.enable": _on(enable)})
    becomes("optimizer", optimizer, {} if optimizer else {"opcache.optimization_level": "0"})
    size = entry.integer("shm_size", (0, _MEGABYTES[1]), 0)
    if 0 < size < _MEGABYTES[0]:
        entry.problem(f"shm_size {size} is less than OPcache takes.", f"Give it {_MEGABYTES[0]} (MB) or more, or 0.")
    becomes("shm_size", size, _sizes(size, bool(made.prepends)))
    check = _switch(entry, "check_mtime", True)
    fresh = {"opcache.revalidate_freq": "0"} if check else {}
    becomes("check_mtime", check, {"opcache.validate_timestamps": _on(check), **fresh})
    made.excluded = list(_excluded(entry))
    becomes("filter", entry.get("filter", ""), {"opcache.blacklist_filename": BLACKLIST} if made.excluded else {})
    ttl = entry.integer("shm_ttl", (0, 10**8), 0)
    becomes("shm_ttl", ttl, {"apc.ttl": str(ttl)} if ttl and made.prepends else {})
    becomes("shm_prune_period", entry.integer("shm_prune_period", (0, 10**8), 0))
    _files(entry, made, several_users)
    only = _switch(entry, "shm_only", not made.cache_dir)
    if only and made.cache_dir:
        entry.problem("shm_only with cache_dir.", "Remove one: with shm_only nothing is written to a disk.")
    becomes("shm_only", only)
    becomes("cache_dir", made.cache_dir, {"opcache.file_cache": made.cache_dir} if made.cache_dir else {})
    debug = _switch(entry, "debug", False)
    becomes("debug", debug, {"opcache.log_verbosity_level": "4"} if debug else {})
    becomes("log_file", made.log_file, {"opcache.error_log": made.log_file} if made.log_file else {})
    becomes("allowed_admin_path", made.admin_path, {"opcache.restrict_api": made.admin_path})
    made.name_space = entry.match("name_space", _NAME_SPACE, "a name space", "Use letters, digits, dots, hyphens.")
    becomes("name_space", made.name_space)


# Of directives without a setting of their own, what is true instead.
_WITHOUT = {
    "optimizer": "OPcache's own level",
    "shm_size": "OPcache's and APCu's own sizes",
    "filter": "every script is cached",
    "shm_ttl": "nothing leaves before it must; keys by their own time",
    "shm_prune_period": "nothing: room is made when it is needed",
    "shm_only": "whether cache_dir is set",
    "cache_dir": "no cache on disk",
    "debug": "errors alone are logged",
    "log_file": "the log of PHP-FPM",
    "name_space": "a part of each key, after the name of its pool",
}


def _sizes(size: int, keys: bool) -> dict[str, str]:
    if not size:
        return {}
    return {"opcache.memory_consumption": str(size), **({"apc.shm_size": f"{size}M"} if keys else {})}


def _on(value: bool) -> str:
    return "1" if value else "0"


def _switch(entry: Entry, name: str, default: bool) -> bool:
    """As in an ini file, where 1 and 0 are usual."""
    value = entry.get(name)
    return bool(whole(value)) if whole(value) in (0, 1) else entry.boolean(name, default)


def _files(entry: Entry, made: Compat, several_users: bool) -> None:
    for name in ("cache_dir", "log_file", "allowed_admin_path"):
        if name in entry and entry.get(name) != "":
            path = entry.path(name, entry.get(name))
            if name == "cache_dir":
                # Below it: what is made private must be nobody else's.
                made.cache_dir = f"{path}/ha-web-eaccelerator" if path else ""
            elif name == "log_file":
                made.log_file = path
            else:
                made.admin_path = path or made.admin_path
    if made.cache_dir and several_users:
        entry.problem(
            "cache_dir while pools have several users: one could write what another runs.",
            "Remove cache_dir, or give all pools one user.",
        )
    if made.cache_dir and not _switch(entry, "check_mtime", True):
        entry.problem(
            "cache_dir without check_mtime: what is on the disk outlives every clear.",
            "Remove one of them.",
        )


def _excluded(entry: Entry) -> Iterator[str]:
    """Patterns for OPcache, where one asterisk ends at a slash and two do not, and each stands for what begins so."""
    value = entry.get("filter", "")
    if not isinstance(value, str) or not (value.isprintable() or not value):
        entry.problem("filter is not one line of patterns.", 'Write "!/srv/app/cache/* !*.tpl.php".')
        return
    for pattern in value.split():
        if not pattern.startswith("!"):
            entry.problem(
                f"filter has {quote(pattern)}: OPcache can leave scripts out, but not take in some alone.",
                "Write what is not to be cached, each pattern with ! before it.",
            )
        elif not pattern[1:].startswith(("/", "*")):
            entry.problem(f"filter has {quote(pattern)}, which no path begins with.", "Begin it with !/ or !*.")
        elif re.search(r"[\[\]\\]", pattern):
            entry.problem(f"filter has {quote(pattern)}: OPcache knows * and ? alone.", "Write it with these.")
        else:
            path = pattern[1:].replace("*", "**")
            yield path if path.startswith("/") else f"/{path}"


def _against(problems: Problems, made: Compat, entry: Entry, of_php: Mapping[str, Any]) -> None:
    """What the user also says in php_settings wins over what nobody has asked for, and else contradicts it."""
    asked = {directive.becomes: directive.name for directive in made.directives if directive.name in entry}
    for setting in [one for one in made.ini if one in of_php]:
        name = next((name for text, name in asked.items() if f"{setting} = " in text), "")
        if setting == "opcache.restrict_api":
            problems.add(
                "php_settings", f"sets {setting}.", "Write the path as allowed_admin_path of eaccelerator_settings."
            )
        elif name:
            problems.add("php_settings", f"sets {setting}, and {_SETTINGS} {name}.", "Remove one of them.")
        else:
            value = of_php[setting]
            shown = _on(value) if isinstance(value, bool) else str(value)
            written = f"{setting} = {made.ini.pop(setting)}"
            made.directives[:] = [
                replace(one, becomes="php_settings: " + one.becomes.replace(written, f"{setting} = {shown}"))
                if written in one.becomes
                else one
                for one in made.directives
            ]


def _control(problems: Problems, values: Mapping[str, Any]) -> None:
    port, users, secret = (values.get(key) for key in ("port", "control_users", "control_secret"))
    variable = "eaccelerator_control_users"
    if not port:
        for name, value in ((variable, users), ("eaccelerator_control_secret", secret)):
            if value:
                problems.add(name, "there is no control page.", "Set ha_web_eaccelerator_port, such as 8405.")
        return
    if not isinstance(users, dict) or not users:
        problems.add(variable, "nobody may see the control page.", "Write {NAME: PASSWORD}, from a vault.")
    for name, password in users.items() if isinstance(users, dict) else ():
        if not isinstance(name, str) or not _USER.fullmatch(name):
            problems.add(variable, f"{quote(name)} is no name for a user.", "Use letters, digits, dots and hyphens.")
        if not isinstance(password, str) or not _LEAST <= len(password) <= _MOST or not password.isprintable():
            problems.add(
                variable, f"the password of {name} cannot be used.", f"Take {_LEAST} to {_MOST} characters of one line."
            )
    if not isinstance(secret, str) or len(secret) < _SECRET_LENGTH:
        problems.add(
            "eaccelerator_control_secret",
            "web servers could not tell each other from strangers.",
            f"Give {_SECRET_LENGTH} characters or more, the same on all, from a vault.",
        )
