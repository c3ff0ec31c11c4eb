# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Virtual hosts that are wrong or in each other's way, and what comes out of those that are right."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.lvs.ha_web.plugins.filter.apache_configuration import apache_configuration
from ansible_collections.lvs.ha_web.plugins.filter.apache_errors import apache_errors
from ansible_collections.lvs.ha_web.plugins.module_utils import _apache

EXAMPLE = "{name: api, port: 8082, php_pool: api}"
SITE: dict[str, Any] = {"name": "site"}
RIGHT: dict[str, Any] = {
    "port": 8080,
    "document_root": "/var/www/html",
    "allow_override": "None",
    "virtual_hosts": [SITE],
    "mpm": {},
    "modules": ["rewrite"],
    "trusted_proxies": [],
    "status_port": 8081,
    "pools": [{"name": "www"}, {"name": "api", "max_children": 8}],
}
API = {"name": "api", "port": 8082, "php_pool": "api"}


def report(*problems: tuple[str, str]) -> str:
    lines = [f"{len(problems)} error{'s'[: len(problems) != 1]} in the settings of Apache; nothing was changed."]
    for problem, remedy in problems:
        lines += [f"  {problem}", f"      {remedy}"]
    return "\n".join(lines)


def host(**keys: Any) -> dict[str, Any]:
    wishes = {**RIGHT, "virtual_hosts": [{**SITE, **keys}]}
    assert not apache_errors(wishes)
    found: dict[str, Any] = apache_configuration(wishes)["virtual_hosts"][0]
    return found


@pytest.mark.parametrize(
    "wishes",
    [
        {},
        {"virtual_hosts": [SITE, API]},
        {"pools": None, "virtual_hosts": [{"name": "site", "php_pool": "whatever"}]},
        {"virtual_hosts": [SITE, {"name": "b", "server_names": ["b.test", "*.b.test"]}]},
        {"virtual_hosts": [SITE, {"name": "b", "address": "192.0.2.21"}, {"name": "c", "address": "2001:db8::1"}]},
        {"virtual_hosts": [{**SITE, "access": [{"path": "/admin", "allow": ["192.0.2.0/24", "::1"]}, {"path": "/x"}]}]},
        {"virtual_hosts": [{**SITE, "php_socket": "/run/php/php8.2-fpm.sock"}]},
        {"mpm": {"max_request_workers": "300", "threads_per_child": 50, "max_spare_threads": 100}},
        {"trusted_proxies": ["192.0.2.0/24", "2001:db8::1"], "status_port": "0"},
    ],
)
def test_nothing_is_wrong(wishes: dict[str, Any]) -> None:
    assert not apache_errors({**RIGHT, **wishes}, listeners=[{"family": "ipv4", "port": 80}])


@pytest.mark.parametrize(
    ("wishes", "problem", "remedy"),
    [
        ({"virtual_hosts": []}, "apache_virtual_hosts: no virtual hosts.", f"Write at least one: [{EXAMPLE}]."),
        ({"virtual_hosts": {"site": {}}}, "apache_virtual_hosts: not a list.", f"Write a list of {EXAMPLE}."),
        (
            {"port": 0},
            "apache_port: 0 is not a whole number from 1 to 65535.",
            "Correct it, or remove it for the default.",
        ),
        (
            {"document_root": "www"},
            'apache_document_root: document_root "www" is not an absolute path.',
            "Write one, without spaces: /srv/app.",
        ),
        (
            {"status_port": 70000},
            "apache_status_port: 70000 is not a whole number from 0 to 65535.",
            "Correct it, or remove it for the default.",
        ),
        (
            {"modules": "rewrite"},
            "apache_modules: not a list of names.",
            "Write them without mod_: [rewrite, expires].",
        ),
        (
            {"modules": ["mpm_prefork"]},
            "apache_modules: mpm_prefork beside event.",
            "Remove it: PHP runs in PHP-FPM.",
        ),
        ({"trusted_proxies": "all"}, "apache_trusted_proxies: not a list of addresses.", "Write [192.0.2.0/24]."),
        (
            {"trusted_proxies": ["proxy"]},
            'apache_trusted_proxies: "proxy" is neither an address nor a network.',
            "Write 192.0.2.1, or 192.0.2.0/24 without host bits; names are not looked up.",
        ),
        (
            {"trusted_proxies": ["0.0.0.0/0"]},
            "apache_trusted_proxies: 0.0.0.0/0 is anyone.",
            "Name the proxies: who is trusted can lie.",
        ),
        ({"mpm": 5}, "apache_mpm: not a mapping.", "Write {max_request_workers: 300}."),
        ({"mpm": {"workers": 5}}, 'apache_mpm: unknown key "workers".', f"Known are: {', '.join(_apache.MPM)}."),
        (
            {"mpm": {"max_request_workers": 110}},
            "apache_mpm: max_request_workers 110 is no multiple of threads_per_child 25.",
            "Write 125.",
        ),
        (
            {"mpm": {"max_spare_threads": 30}},
            "apache_mpm: max_spare_threads 30 is below min_spare_threads + threads_per_child.",
            "Write 50 or more: Apache would start and stop processes in turn.",
        ),
        (
            {"pools": [{"name": "www", "max_children": 200}]},
            "apache_mpm: 150 workers hand requests to 200 of PHP-FPM: some would never have work.",
            "Raise max_request_workers to 200 or more, or lower max_children.",
        ),
    ],
)
def test_wrong(wishes: dict[str, Any], problem: str, remedy: str) -> None:
    assert apache_errors({**RIGHT, **wishes}) == report((problem, remedy))


@pytest.mark.parametrize(
    ("keys", "problem", "remedy"),
    [
        ({"docroot": "/x"}, 'unknown key "docroot".', "Did you mean document_root?"),
        ({"php_pool": "shop"}, 'unknown php_pool "shop".', "php_pools has: www, api; false is no PHP."),
        ({"php_pool": True}, "php_pool True is not the name of a pool.", "Write it, or false for no PHP."),
        ({"php_pool": "www", "php_socket": "/run/x.sock"}, "php_pool and php_socket.", "Give one of them."),
        (
            {"php_pool": False, "front_controller": "/index.php"},
            "a front controller, and no PHP.",
            "Give php_pool, or remove front_controller.",
        ),
        (
            {"document_root": "public"},
            'document_root "public" is not an absolute path.',
            "Write one, without spaces: /srv/app.",
        ),
        ({"document_root": "/"}, 'document_root "/" is not an absolute path.', "Write one, without spaces: /srv/app."),
        ({"address": "lo"}, '"lo" is not an IP address.', "Write the address alone, without a prefix length."),
        ({"port": "http"}, 'port "http" is not a whole number from 1 to 65535.',
         "Correct it, or remove it for the default."),
        ({"server_names": ["a b"]}, 'server_names "a b" is not a host name.', "Correct it, or remove it."),
        ({"options": ["+Indexes", "FollowSymLinks"]}, "options with and without a sign.",
         "Sign all of them or none, as Apache demands."),
        ({"allow_override": "All\nInclude /x"}, 'allow_override "All\nInclude /x" is not what AllowOverride takes.',
         "Write None, All or FileInfo."),
        ({"headers": {"X Y": 1}}, 'headers has the name "X Y".', "Write {X-Frame-Options: DENY}."),
        ({"env": {"A": "a\nb"}}, "env A holds what apache2.conf cannot.", "Write one line, without ${."),
        ({"aliases": {"media": "/srv"}}, 'aliases has "media".', "Write {/media: /srv/media}."),
        ({"aliases": {"/media": "srv"}}, 'aliases /media "srv" is not an absolute path.',
         "Write one, without spaces: /srv/app."),
        ({"raw": ["a\nb"]}, "raw is not a list of lines.", "Write a list of strings, one line of apache2.conf each."),
    ],
)  # fmt: skip
def test_wrong_virtual_host(keys: dict[str, Any], problem: str, remedy: str) -> None:
    told = apache_errors({**RIGHT, "virtual_hosts": [{**SITE, **keys}]})
    assert told == report((f'apache_virtual_hosts[0] "site": {problem}', remedy))


@pytest.mark.parametrize(
    ("rule", "problem", "remedy"),
    [
        ("/admin", '"/admin" is not a mapping.', "Write {path: /admin, allow: [192.0.2.0/24]}."),
        ({"allow": []}, "no path.", "Write path: /admin."),
        (
            {"path": "/admin", "allow": ["office"]},
            'allow "office" is neither an address nor a network.',
            "Write 192.0.2.1, or 192.0.2.0/24 without host bits; names are not looked up.",
        ),
    ],
)
def test_wrong_access_rule(rule: Any, problem: str, remedy: str) -> None:
    told = apache_errors({**RIGHT, "virtual_hosts": [{**SITE, "access": [rule]}]})
    assert told == report((f'apache_virtual_hosts[0] "site", access[0]: {problem}', remedy))


@pytest.mark.parametrize(
    ("other", "problem", "remedy"),
    [
        ({"name": "site", "port": 8082}, "a virtual host of this name stands above.", "Give each a name of its own."),
        (
            {"name": "b"},
            '"site" stands above at 127.0.0.1:8080: requests would never come here.',
            "Give it server_names, or a port of its own.",
        ),
        (
            {"name": "b", "server_names": ["A.test"]},
            '"site" has the server name a.test at 127.0.0.1:8080.',
            "Name it once at each port.",
        ),
        (
            {"name": "b", "address": "0.0.0.0"},
            '"site" listens at 127.0.0.1:8080, which 0.0.0.0:8080 includes, or the other way round.',
            "Use one of them.",
        ),
    ],
)
def test_virtual_hosts_stand_in_each_others_way(other: dict[str, Any], problem: str, remedy: str) -> None:
    told = apache_errors({**RIGHT, "virtual_hosts": [{**SITE, "server_names": ["a.test"]}, other]})
    assert told == report((f'apache_virtual_hosts[1] "{other["name"]}": {problem}', remedy))


def test_removed_variables() -> None:
    assert "apache_php_socket: is no longer read." in apache_errors(RIGHT, ["apache_php_socket"])


@pytest.mark.parametrize(
    ("port", "told"),
    [
        (
            8080,
            report(
                (
                    'apache_virtual_hosts "site": a virtual service uses port 8080 on all addresses of the host.',
                    "Give it, or apache_port, another port.",
                )
            ),
        ),
        (8081, report(("apache_status_port: a virtual service uses port 8081.", "Choose another."))),
        (443, ""),
    ],
)
def test_ports_of_virtual_services(port: int, told: str) -> None:
    assert apache_errors(RIGHT, listeners=[{"family": "ipv6", "port": port}]) == told


def test_port_of_the_status() -> None:
    told = apache_errors({**RIGHT, "port": 8081})
    assert told == report(('apache_status_port: "site" listens at port 8081.', "Choose another."))


@pytest.mark.parametrize(
    ("line", "who"),
    [
        ('LISTEN 0 511 127.0.0.1:8080 0.0.0.0:* users:(("redis-server",pid=3,fd=6))', "redis-server"),
        ('LISTEN 0 511 *:8080 *:* users:(("java",pid=3,fd=6))', "java"),
        ("LISTEN 0 511 0.0.0.0:8080 0.0.0.0:*", "another daemon"),
        ('LISTEN 0 511 127.0.0.1:8080 0.0.0.0:* users:(("apache2",pid=3,fd=6))', ""),
        ('LISTEN 0 511 192.0.2.1:8080 0.0.0.0:* users:(("java",pid=3,fd=6))', ""),
        ('LISTEN 0 511 127.0.0.53%lo:8080 0.0.0.0:* users:(("resolved",pid=3,fd=6))', ""),
        ('LISTEN 0 511 [::1]:8080 [::]:* users:(("java",pid=3,fd=6))', ""),
        ('LISTEN 0 511 [::]:80 [::]:* users:(("nginx",pid=3,fd=6))', ""),
    ],
)
def test_ports_that_others_have(line: str, who: str) -> None:
    told = apache_errors(RIGHT, found=f"{line}\n")
    assert (f"{who} listens at" in told) if who else not told


def test_all_is_told_at_once() -> None:
    hosts = [{**SITE, "port": 0, "raw": 1}, {"name": "b", "php_pool": "x"}]
    wishes = {**RIGHT, "virtual_hosts": hosts, "modules": 1, "mpm": 1, "trusted_proxies": 1}
    assert apache_errors(wishes).startswith("7 errors in the settings of Apache")


def test_defaults() -> None:
    found = host()
    assert (found["endpoint"], found["document_root"], found["allow_override"]) == (
        "127.0.0.1:8080",
        "/var/www/html",
        "None",
    )
    assert found["php_socket"] == "/run/php/ha-web-www.sock"


def test_pools_socket_is_the_pools_own_word() -> None:
    wishes = {**RIGHT, "pools": [{"name": "www", "socket": "/run/x.sock"}]}
    assert apache_configuration(wishes)["virtual_hosts"][0]["php_socket"] == "/run/x.sock"


def test_values_are_quoted_as_apache_reads_them() -> None:
    assert host(headers={"X-A": 'say "x\\y"'})["headers"] == {"X-A": r'"say \"x\\y\""'}


def test_processes_of_before_a_reload_have_room() -> None:
    assert apache_configuration({**RIGHT, "mpm": {"max_request_workers": 60, "threads_per_child": 20}})["mpm"][
        "server_limit"
    ] == 6  # fmt: skip
