# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""eAccelerator's directives: what becomes of each, and which are refused, with what reason."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.lvs.ha_web.plugins.filter.eaccelerator_configuration import eaccelerator_configuration
from ansible_collections.lvs.ha_web.plugins.filter.eaccelerator_errors import eaccelerator_errors
from hypothesis import given
from hypothesis import strategies as st

DIRECTORY = "/usr/local/share/ha-web/eaccelerator"
BLACKLIST = "/etc/ha-web-eaccelerator/blacklist"
WWW: dict[str, Any] = {"name": "www"}
API: dict[str, Any] = {**WWW, "eaccelerator_api": True}
PHP: dict[str, Any] = {
    "version": "",
    "extensions": [],
    "settings": {},
    "pools": [WWW],
    "sessions": {"store": "files"},
}
DEFAULTS: dict[str, Any] = {
    "provider": "auto",
    "settings": {},
    "control_users": {},
    "control_secret": "",
    "control_pool": "",
    "native": {},
    "port": 0,
}
CONTROL = {"port": 8405, "control_users": {"admin": "correct horse"}, "control_secret": "battery staple of 1"}
# What is written when nothing is said.
PLAIN = {
    "opcache.enable": "1",
    "opcache.validate_timestamps": "1",
    "opcache.revalidate_freq": "0",
    "opcache.restrict_api": DIRECTORY,
}


def wishes(php: dict[str, Any] | None = None, **values: Any) -> dict[str, Any]:
    return {**DEFAULTS, **values, "php": {**PHP, **(php or {})}}


def made(php: dict[str, Any] | None = None, **values: Any) -> dict[str, Any]:
    assert not eaccelerator_errors(wishes(php, **values), "8.2")
    return eaccelerator_configuration(wishes(php, **values), "8.2")


def only(values: dict[str, Any], version: str = "8.2") -> tuple[str, str]:
    """The one problem and its remedy."""
    head, *lines = eaccelerator_errors(values, version).split("\n")
    assert head == "1 error in the settings of eAccelerator; nothing was changed."
    problem, remedy = lines
    return problem.strip(), remedy.strip()


@pytest.mark.parametrize(
    ("provider", "version", "serves"),
    [
        *(("auto", version, "native") for version in ("5.1.6", "5.2.17", "5.3.29", "5.4.45")),
        ("auto", "", "native"),
        *(("native", version, "native") for version in ("5.1.6", "5.4.45", "5.5.38", "5.6.40")),
        *((provider, version, "compat") for provider in ("auto", "compat") for version in ("7.4.33", "8.2")),
    ],
)
def test_provider_fits_the_version(provider: str, version: str, serves: str) -> None:
    assert not eaccelerator_errors(wishes(provider=provider), version)
    assert eaccelerator_configuration(wishes(provider=provider), version)["provider"] == serves


@pytest.mark.parametrize(
    ("provider", "version", "problem", "remedy"),
    [
        *(
            (
                "auto",
                version,
                f"auto on PHP {version}: eAccelerator does not build on it.",
                "Use PHP 5.4 or 7.4, or provider native with the archive of a fork that builds on it.",
            )
            for version in ("5.5.38", "5.6.40")
        ),
        *(
            (
                "native",
                version,
                f"native on PHP {version}: eAccelerator does not build on it.",
                "Use provider compat, which serves with OPcache and APCu.",
            )
            for version in ("7.4.33", "8.2")
        ),
        (
            "compat",
            "5.6.40",
            "compat on PHP 5.6.40: what serves there needs PHP 7.4.",
            "Use provider native, or PHP 7.4 or newer.",
        ),
        *(
            ("auto", version, f"nothing serves PHP {version}.", "Use PHP 5.1 to 5.4, or 7.4 or newer.")
            for version in ("4.4.9", "7.0.33", "7.3.33")
        ),
        ("turck", "8.2", 'unknown provider "turck".', "Use one of: auto, native, compat."),
    ],
)
def test_provider_that_does_not_fit_is_refused(provider: str, version: str, problem: str, remedy: str) -> None:
    assert only(wishes(provider=provider), version) == (f"eaccelerator_provider: {problem}", remedy)


def test_without_a_word_scripts_are_cached_and_looked_after() -> None:
    assert made()["ini"] == PLAIN


@pytest.mark.parametrize(
    ("settings", "ini"),
    [
        ({"enable": 0}, {**PLAIN, "opcache.enable": "0"}),
        ({"enable": "1", "optimizer": True, "shm_size": 0, "shm_ttl": 60, "shm_prune_period": 60}, PLAIN),
        ({"optimizer": False}, {**PLAIN, "opcache.optimization_level": "0"}),
        ({"shm_size": "64"}, {**PLAIN, "opcache.memory_consumption": "64"}),
        ({"filter": "!/srv/app/cache/* !*.tpl.php"}, {**PLAIN, "opcache.blacklist_filename": BLACKLIST}),
        ({"cache_dir": "/tmp"}, {**PLAIN, "opcache.file_cache": "/tmp/ha-web-eaccelerator"}),
        ({"debug": 1, "log_file": "/var/log/opcache.log"}, PLAIN | {
            "opcache.log_verbosity_level": "4",
            "opcache.error_log": "/var/log/opcache.log",
        }),
        ({"allowed_admin_path": "/srv/admin"}, {**PLAIN, "opcache.restrict_api": "/srv/admin"}),
    ],
)  # fmt: skip
def test_directive_is_translated(settings: dict[str, Any], ini: dict[str, str]) -> None:
    assert made(settings=settings)["ini"] == ini


def test_scripts_that_do_not_change_are_not_looked_at() -> None:
    ini = made(settings={"check_mtime": 0})["ini"]
    assert ini["opcache.validate_timestamps"] == "0"
    assert "opcache.revalidate_freq" not in ini


def test_keys_have_their_memory_and_time_where_a_pool_has_them() -> None:
    ini = made({"pools": [API]}, settings={"shm_size": 64, "shm_ttl": 3600})["ini"]
    assert (ini["apc.shm_size"], ini["apc.ttl"]) == ("64M", "3600")


def test_patterns_become_those_of_opcache() -> None:
    assert made(settings={"filter": "!/srv/app/cache/* !*.tpl.php !/srv/?.php"})["excluded"] == [
        *("/srv/app/cache/**", "/**.tpl.php", "/srv/?.php")
    ]


@pytest.mark.parametrize(
    ("pool", "of_all", "before"),
    [
        ({}, {}, ""),
        ({}, {"auto_prepend_file": "/srv/all.php"}, "/srv/all.php"),
        ({"php_value": {"auto_prepend_file": "/srv/www.php"}}, {"auto_prepend_file": "/srv/all.php"}, "/srv/www.php"),
        ({"php_admin_value": {"auto_prepend_file": "none"}}, {"auto_prepend_file": "/srv/all.php"}, ""),
    ],
)
def test_what_was_loaded_before_still_is(pool: dict[str, Any], of_all: dict[str, Any], before: str) -> None:
    pools = [{**API, **pool}, {"name": "other"}]
    assert made({"pools": pools, "settings": of_all})["prepends"] == [{"pool": "www", "before": before}]


def test_what_nobody_asked_for_gives_way_to_php_settings() -> None:
    configuration = made({"settings": {"opcache.revalidate_freq": 10, "opcache.enable": False}})
    assert "opcache.revalidate_freq" not in configuration["ini"]
    told = {one["name"]: one["becomes"] for one in configuration["directives"]}
    assert told["enable"] == "php_settings: opcache.enable = 0"


def test_native_keeps_all_directives() -> None:
    values = wishes(settings={"shm_size": 64, "enable": True, "compress_level": 9, "filter": "*.php"})
    assert not eaccelerator_errors(values, "5.4.45")
    assert eaccelerator_configuration(values, "5.4.45") == {
        "provider": "native",
        "ini": {"shm_size": "64", "enable": "1", "compress_level": "9", "filter": "*.php"},
    }


@pytest.mark.parametrize(
    ("pools", "wanted", "chosen"),
    [
        ([WWW, {"name": "api"}], "", "www"),
        ([WWW, {"name": "api"}], "api", "api"),
        ([{**WWW, "open_basedir": ["/srv"]}, {"name": "api"}], "", "api"),
        ([{**WWW, "open_basedir": ["/srv", DIRECTORY]}], "", "www"),
        ([{**API, "open_basedir": ["/srv"]}], "", "www"),
        ([{**WWW, "open_basedir": ["/usr/local/share"]}, {"name": "api"}], "", "www"),
        ([{**WWW, "open_basedir": [f"{DIRECTORY}-old"]}, {"name": "api"}], "", "api"),
        ([{**WWW, "settings": {"chroot": "/srv"}}, {"name": "api"}], "", "api"),
        ([{**WWW, "php_admin_value": {"open_basedir": "/srv:/tmp"}}, {"name": "api"}], "", "api"),
    ],
)
def test_a_pool_that_may_tells_of_the_cache(pools: list[dict[str, Any]], wanted: str, chosen: str) -> None:
    configuration = made({"pools": pools}, control_pool=wanted)
    assert configuration["socket"] == f"/run/php/ha-web-{chosen}.sock"


@pytest.mark.parametrize(
    ("values", "problem", "remedy"),
    [
        *(
            (wishes(settings={name: 1}), f"eaccelerator_settings: {name} has nothing to become: ", "Remove it. ")
            for name in ("shm_max", "compress", "compress_level", "keys", "sessions", "content")
        ),
        (wishes(settings={"shmsize": 1}), 'eaccelerator_settings: unknown key "shmsize".', "Did you mean shm_size?"),
        (wishes(settings=[]), "eaccelerator_settings: not a mapping.", "Write {shm_size: 64}."),
        (wishes(settings={"shm_size": 4}), "eaccelerator_settings: shm_size 4 is less", "Give it 8 (MB) or more"),
        (wishes(settings={"check_mtime": 2}), "eaccelerator_settings: check_mtime 2 is neither", "Correct it"),
        (wishes(settings={"filter": "*.php"}), 'eaccelerator_settings: filter has "*.php": OPcache', "Write what is"),
        (wishes(settings={"filter": "!cache/*"}), 'eaccelerator_settings: filter has "!cache/*", which', "Begin it"),
        (wishes(settings={"filter": "!/[ab]"}), 'eaccelerator_settings: filter has "!/[ab]": OPcache', "Write it with"),
        (wishes(settings={"filter": ["!/a"]}), "eaccelerator_settings: filter is not one line", "Write "),
        (wishes(settings={"cache_dir": "tmp"}), 'eaccelerator_settings: cache_dir "tmp" is not an', "Write one"),
        (
            wishes(settings={"cache_dir": "/tmp/x", "shm_only": 1}),
            "eaccelerator_settings: shm_only with cache_dir.",
            "Remove one",
        ),
        (
            wishes({"pools": [WWW, {"name": "api", "user": "ha-api"}]}, settings={"cache_dir": "/tmp/x"}),
            "eaccelerator_settings: cache_dir while pools have several users",
            "Remove cache_dir",
        ),
        (wishes(settings={"name_space": "a b"}), 'eaccelerator_settings: name_space "a b" is not', "Use letters"),
        (
            wishes({"settings": {"opcache.enable": True}}, settings={"enable": True}),
            "php_settings: sets opcache.enable, and eaccelerator_settings enable.",
            "Remove one of them.",
        ),
        (
            wishes({"settings": {"opcache.restrict_api": ""}}),
            "php_settings: sets opcache.restrict_api.",
            "Write the path as allowed_admin_path",
        ),
        (wishes(control_pool="shop"), 'eaccelerator_control_pool: there is no pool "shop".', "Use one of: www."),
        (
            wishes({"pools": [{**WWW, "open_basedir": ["/srv"]}]}),
            "php_pools: open_basedir or chroot keeps every pool from what tells of the cache.",
            f"Add {DIRECTORY} to open_basedir of one.",
        ),
        (
            wishes({"pools": [WWW], "settings": {"open_basedir": "/srv"}}),
            "php_pools: open_basedir or chroot keeps every pool from what tells of the cache.",
            f"Add {DIRECTORY} to open_basedir of one.",
        ),
        (
            wishes({"pools": [{"name": "first"}, {**API, "settings": {"chroot": "/srv"}}]}),
            'php_pools "www": open_basedir or chroot keeps it from the functions of eaccelerator_api.',
            "Write open_basedir as a key",
        ),
        (
            wishes({"pools": [{**API, "settings": {"php_value[auto_prepend_file]": "/srv/a.php"}}]}),
            'php_pools "www": settings has auto_prepend_file.',
            "Write it under php_value",
        ),
        (
            wishes({"pools": [{**WWW, "php_admin_value": {"opcache.revalidate_freq": 2}}]}),
            'php_pools "www": sets opcache.revalidate_freq for itself, and shall tell of the cache of all.',
            "Remove it, or name another pool",
        ),
        (
            wishes(settings={"cache_dir": "/srv/cache", "check_mtime": 0}),
            "eaccelerator_settings: cache_dir without check_mtime: what is on the disk outlives every clear.",
            "Remove one of them.",
        ),
        (wishes(control_users={"a": "12345678"}), "eaccelerator_control_users: there is no control", "Set ha_web_"),
        (wishes(**{**CONTROL, "control_users": {}}), "eaccelerator_control_users: nobody may see", "Write {NAME:"),
        (wishes(**{**CONTROL, "control_users": {"a:b": "12345678"}}), 'eaccelerator_control_users: "a:b" is', "Use"),
        (wishes(**{**CONTROL, "control_users": {"a": "short"}}), "eaccelerator_control_users: the password of a", "T"),
        (wishes(**{**CONTROL, "control_users": {"a": "1234567\n8"}}), "eaccelerator_control_users: the password", "T"),
        (wishes(**{**CONTROL, "control_secret": "short"}), "eaccelerator_control_secret: web servers could", "Give 16"),
        (wishes(native={"archive": "x"}), "eaccelerator_native: is for PHP 5, and compat serves.", "Remove it"),
    ],
)
def test_wrong_is_refused(values: dict[str, Any], problem: str, remedy: str) -> None:
    found = only(values)
    assert found[0].startswith(problem), found
    assert found[1].startswith(remedy), found


def test_a_password_is_in_no_report() -> None:
    assert "sesame" not in eaccelerator_errors(wishes(port=8405, control_users={"a": "sesame"}), "8.2")


@given(
    st.dictionaries(
        st.sampled_from(["enable", "shm_size", "filter", "cache_dir", "log_file", "name_space", "debug", "shm_ttl"]),
        st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text(), max_size=2),
    )
)
def test_whatever_is_written_is_told_or_translated(settings: dict[str, Any]) -> None:
    values = wishes(settings=settings)
    eaccelerator_errors(values, "8.2")
    for value in eaccelerator_configuration(values, "8.2")["ini"].values():
        assert value.isprintable()
