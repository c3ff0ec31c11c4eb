# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Pools, sessions and settings of PHP that are wrong, and what comes out of those that are right."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.lvs.ha_web.plugins.filter.php_errors import php_errors
from ansible_collections.lvs.ha_web.plugins.filter.php_pools import php_pools

EXAMPLE = "{name: www, max_children: 16}"
WWW: dict[str, Any] = {"name": "www"}
RIGHT: dict[str, Any] = {
    "version": "",
    "extensions": [],
    "settings": {},
    "pools": [WWW],
    "sessions": {"store": "files"},
}
REDIS = {"store": "redis", "server": "192.0.2.31"}


def report(*problems: tuple[str, str]) -> str:
    lines = [f"{len(problems)} error{'s'[: len(problems) != 1]} in the settings of PHP; nothing was changed."]
    for problem, remedy in problems:
        lines += [f"  {problem}", f"      {remedy}"]
    return "\n".join(lines)


def directives(pool: dict[str, Any] | None = None, **sessions: Any) -> dict[str, str]:
    values = {"pools": [{**WWW, **(pool or {})}], "sessions": sessions or {"store": "files"}}
    assert not php_errors({**RIGHT, **values})
    found: dict[str, str] = php_pools(values)[0]["directives"]
    return found


@pytest.mark.parametrize(
    "wishes",
    [
        {},
        {"version": 8.2, "extensions": ["mysql", "php-redis"], "settings": {"memory_limit": "256M", "a.b": True}},
        {"pools": [{"name": "www", "max_children": 1}]},
        {"pools": [{"name": "www", "max_children": 3}, {"name": "api", "user": "ha-api", "pm": "static"}]},
        {"pools": [{"name": "www", "pm": "ondemand", "process_idle_timeout": "30"}]},
        {"pools": [{"name": "www", "request_terminate_timeout": 0, "slow_log_timeout": 90}]},
        {"sessions": {"store": "memcached", "servers": ["m1", "192.0.2.1:11212", "[2001:db8::1]:11211"]}},
        {"sessions": {**REDIS, "user": "ha", "password": "x", "database": 3, "timeout": 0.5, "lock_wait": 2}},
        {"sessions": {"store": "shared"}, "pools": [WWW, {"name": "api", "user": "ha-api", "uid": 2001}]},
    ],
)
def test_nothing_is_wrong(wishes: dict[str, Any]) -> None:
    assert not php_errors({**RIGHT, **wishes})


@pytest.mark.parametrize(
    ("wishes", "problem", "remedy"),
    [
        ({"version": "latest"}, 'php_version: "latest" is not a version.', 'Write it as the packages do: "8.2".'),
        ({"extensions": "mysql"}, "php_extensions: not a list of names.", "Write [mysql, redis]."),
        ({"settings": []}, "php_settings: not a mapping.", "Write {memory_limit: 256M}."),
        (
            {"settings": {"memory limit": 1}},
            'php_settings: "memory limit" is no name of a setting.',
            "Write it as in php.ini: memory_limit.",
        ),
        (
            {"settings": {"memory_limit": "1\nauto_prepend_file = /tmp/x"}},
            "php_settings: memory_limit is not one line.",
            "Write a word, a number or a boolean.",
        ),
        (
            {
                "settings": {"opcache.validate_permission": False},
                "pools": [WWW, {"name": "api", "user": "ha-api"}],
            },
            "php_settings: opcache.validate_permission is off while pools have several users.",
            "Remove it: with it off, a pool runs cached scripts that only the user of another may read.",
        ),
        ({"sessions": ["files"]}, "php_sessions: not a mapping.", "Write {store: files}."),
        (
            {"sessions": {"store": "database"}},
            'php_sessions: unknown store "database".',
            "Use one of: files, shared, memcached, redis.",
        ),
        ({"sessions": {"stores": "files"}}, 'php_sessions: unknown key "stores".', "Did you mean store?"),
        (
            {"sessions": {"store": "files", "servers": ["m1"]}},
            "php_sessions: servers has no meaning with store files.",
            "Remove it, or change the store.",
        ),
        (
            {"sessions": {"store": "redis"}},
            "php_sessions: store redis without server.",
            "Write server: HOST:6379.",
        ),
        (
            {"sessions": {"store": "memcached"}},
            "php_sessions: store memcached without servers.",
            "Write servers: [HOST:11211].",
        ),
        (
            {"sessions": {**REDIS, "server": "tcp://h:1"}},
            'php_sessions: server "tcp://h:1" is not a server.',
            "Write HOST or HOST:6379; [2001:db8::1]:6379.",
        ),
        (
            {"sessions": {"store": "memcached", "servers": ["m1:0"]}},
            'php_sessions: servers "m1:0" is not a server.',
            "Write HOST or HOST:11211; [2001:db8::1]:11211.",
        ),
        (
            {"sessions": {**REDIS, "user": "ha"}},
            "php_sessions: user without password.",
            "Give both, or the password alone.",
        ),
        (
            {"sessions": {**REDIS, "timeout": 90}},
            "php_sessions: timeout 90 is not from 0.1 to 60 seconds.",
            "Correct it, or remove it for the default.",
        ),
        (
            {"sessions": {"store": "shared", "path": "sessions"}},
            'php_sessions: path "sessions" is not an absolute path.',
            "Write one, without spaces: /srv/app.",
        ),
        ({"pools": []}, "php_pools: no pools.", f"Write at least one: [{EXAMPLE}]."),
        ({"pools": {"www": {}}}, "php_pools: not a list.", f"Write a list of {EXAMPLE}."),
    ],
)
def test_wrong(wishes: dict[str, Any], problem: str, remedy: str) -> None:
    assert php_errors({**RIGHT, **wishes}) == report((problem, remedy))


@pytest.mark.parametrize(
    ("pool", "problem", "remedy"),
    [
        ({"max_childern": 3}, 'unknown key "max_childern".', "Did you mean max_children?"),
        ({"pm": "event"}, 'unknown pm "event".', "Use one of: dynamic, static, ondemand."),
        (
            {"max_children": 4, "max_spare_servers": 8},
            "min_spare_servers 1, start_servers 1, max_spare_servers 8, max_children 4 do not follow each other.",
            "Let each be at most the next, or give max_children alone.",
        ),
        (
            {"min_spare_servers": 4, "start_servers": 2},
            "min_spare_servers 4, start_servers 2, max_spare_servers 8, max_children 16 do not follow each other.",
            "Let each be at most the next, or give max_children alone.",
        ),
        (
            {"pm": "static", "start_servers": 2},
            "start_servers has no meaning with pm static.",
            "Remove it, or use pm: dynamic.",
        ),
        (
            {"process_idle_timeout": 5},
            "process_idle_timeout has no meaning with pm dynamic.",
            "Remove it, or use pm: ondemand.",
        ),
        ({"user": "root"}, "would run as root.", "Choose a user without rights, such as ha-www."),
        (
            {"user": "a b"},
            'user "a b" is not the name of a user.',
            "Use small letters, digits, hyphens and underscores.",
        ),
        ({"uid": 0}, "uid 0 is not a whole number from 1 to 65533.", "Correct it, or remove it for the default."),
        (
            {"slow_log_timeout": 60},
            "slow_log_timeout 60 is not below request_terminate_timeout 60.",
            "Lower the first, or turn it off with 0: such a request ends before it is logged.",
        ),
        ({"chdir": "app"}, 'chdir "app" is not an absolute path.', "Write one, without spaces: /srv/app."),
        (
            {"open_basedir": ["/srv/app", ".."]},
            'open_basedir ".." is not an absolute path.',
            "Write one, without spaces: /srv/app.",
        ),
        ({"env": ["A"]}, "env is not a mapping.", "Write env: {...}."),
        ({"env": {"A B": 1}}, 'env has the name "A B".', "Use letters, digits, dots and underscores."),
        ({"env": {"A": "${B}"}}, "env A holds what php-fpm.conf cannot.", "Write one line, without ${."),
        ({"env": {"A": "b\n[x]"}}, "env A holds what php-fpm.conf cannot.", "Write one line, without ${."),
        (
            {"php_admin_value": {"disable_functions": ["exec"]}},
            "php_admin_value disable_functions is not one line.",
            "Write a word, a number or a boolean.",
        ),
        (
            {"php_admin_value": {"opcache.validate_permission": False}},
            "php_admin_value sets opcache.validate_permission.",
            "Remove it: the role turns it on where pools have several users.",
        ),
        ({"settings": {"listen": "9000"}}, "settings has listen.", "Use the pool's key socket."),
        ({"settings": {"pm.max_children": 3}}, "settings has pm.max_children.", "Use the pool's key max_children."),
        (
            {"settings": {"ping.path": "/ping"}},
            "settings has ping.path.",
            "Remove it: the health checks rely on /health.",
        ),
        (
            {"settings": {"[www]": 1}},
            'settings has "[www]".',
            "Write directives as in php-fpm.conf: rlimit_files: 4096.",
        ),
    ],
)
def test_wrong_pool(pool: dict[str, Any], problem: str, remedy: str) -> None:
    told = php_errors({**RIGHT, "pools": [{**WWW, **pool}]})
    assert told == report((f'php_pools[0] "www": {problem}', remedy))


@pytest.mark.parametrize(
    ("pools", "problem", "remedy"),
    [
        ([WWW, WWW], "a pool of this name stands above.", "Give each a name of its own."),
        (
            [WWW, {"name": "api", "socket": "/run/php/ha-web-www.sock"}],
            "pool www has the socket /run/php/ha-web-www.sock.",
            "Give each one of its own.",
        ),
        (
            [{"name": "www", "user": "a", "uid": 7}, {"name": "api", "user": "a", "uid": 8}],
            "pool www gives user a another uid.",
            "Give both the same.",
        ),
    ],
)
def test_pools_stand_in_each_others_way(pools: list[dict[str, Any]], problem: str, remedy: str) -> None:
    name = pools[1]["name"]
    assert php_errors({**RIGHT, "pools": pools}) == report((f'php_pools[1] "{name}": {problem}', remedy))


def test_shared_sessions_need_the_same_user_everywhere() -> None:
    told = php_errors({**RIGHT, "sessions": {"store": "shared"}, "pools": [{"name": "api", "user": "ha-api"}]})
    assert told == report(
        (
            'php_pools[0] "api": shared sessions, and nothing says that ha-api is the same user on all web servers.',
            "Give uid, the same for all of them: storage knows users by number.",
        )
    )


def test_password_is_not_told() -> None:
    assert "s3cret" not in php_errors({**RIGHT, "sessions": {**REDIS, "server": "a b", "password": "s3cret", "x": 1}})


@pytest.mark.parametrize("name", ["php_socket", "php_pool_settings"])
def test_removed_variables(name: str) -> None:
    assert f"{name}: is no longer read." in php_errors(RIGHT, [name, "php_pools"])


KNOWN = ["php-redis", "php8.2-cli", "php8.2-fpm", "php8.2-mysql", "php8.4-fpm"]


@pytest.mark.parametrize(
    ("wanted", "version", "told"),
    [
        (["php8.2-fpm", "php-redis"], "8.2", ""),
        (["php8.3-fpm"], "8.3", report(("php_version: apt knows no PHP 8.3.", "It knows: 8.2, 8.4."))),
        (
            ["php8.2-fpm", "php8.2-mysqli"],
            "8.2",
            report(("php_extensions: apt knows no package php8.2-mysqli.", "Did you mean php8.2-mysql?")),
        ),
    ],
)
def test_packages_that_apt_does_not_know(wanted: list[str], version: str, told: str) -> None:
    assert php_errors(RIGHT, [], wanted, KNOWN, version) == told


def test_all_is_told_at_once() -> None:
    wishes = {"version": "x", "extensions": 1, "settings": 1, "pools": [{"name": "www", "pm": 1}], "sessions": {"a": 1}}
    assert php_errors(wishes).startswith("5 errors in the settings of PHP")


@pytest.mark.parametrize(
    ("children", "numbers"),
    [(1, (1, 1, 1)), (2, (1, 1, 1)), (3, (1, 1, 1)), (8, (2, 1, 4)), (16, (4, 2, 8)), (100, (25, 12, 50))],
)
def test_spare_servers_follow_the_number_of_children(children: int, numbers: tuple[int, int, int]) -> None:
    found = directives({"max_children": children})
    assert tuple(int(found[f"pm.{key}_servers"]) for key in ("start", "min_spare", "max_spare")) == numbers


def test_values_are_quoted_as_php_reads_them() -> None:
    found = directives({"env": {"A": 'say "x\\y"'}, "php_value": {"display_errors": False}})
    assert found["env[A]"] == r'"say \"x\\y\""'
    assert found["php_flag[display_errors]"] == "off"


def test_pools_word_on_sessions_wins() -> None:
    found = directives({"php_value": {"session.gc_maxlifetime": 60}})
    assert found["php_value[session.gc_maxlifetime]"] == '"60"'


def test_open_basedir_holds_the_sessions() -> None:
    found = directives({"open_basedir": ["/srv/app/"]})
    assert found["php_admin_value[open_basedir]"] == '"/srv/app:/var/lib/php/ha-web-sessions/www"'


@pytest.mark.parametrize(
    ("sessions", "path"),
    [
        ({"store": "files"}, "/var/lib/php/ha-web-sessions/www"),
        ({"store": "shared"}, "/srv/ha-web/shared/sessions/www"),
        ({"store": "shared", "path": "/mnt/s"}, "/mnt/s/www"),
        ({"store": "memcached", "servers": ["m1", "m2:1"]}, "m1:11211,m2:1"),
        (
            {**REDIS, "password": "a&b c=%"},
            "tcp://192.0.2.31:6379?timeout=1&read_timeout=1&database=0&prefix=ha-web%3Awww%3A&auth=a%26b%20c%3D%25",
        ),
        (
            {**REDIS, "user": "u", "password": "p"},
            "tcp://192.0.2.31:6379?timeout=1&read_timeout=1&database=0&prefix=ha-web%3Awww%3A&auth[]=u&auth[]=p",
        ),
    ],
)
def test_where_sessions_are(sessions: dict[str, Any], path: str) -> None:
    found = directives(**sessions)
    assert found["php_value[session.save_path]"] == f'"{path}"'
    assert found["php_value[session.save_handler]"].strip('"') == sessions["store"].replace("shared", "files")
