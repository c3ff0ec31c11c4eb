# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""A web server by itself: each of its daemons as its role was told."""

from __future__ import annotations

import pytest
from conftest import State

testinfra_hosts = ["ansible://alone"]

UNITS = "nginx apache2 ha-web-storage $(cd /lib/systemd/system && echo php*-fpm.service)"
URLS = {
    # Files alone: a script is not even shown.
    "http://127.0.0.1/": "200 None None alone a file",
    "http://127.0.0.1/x.php": "404",
    "http://127.0.0.1/health": "200 None None alone ok",
    # Through all of them, with the declared settings, extension, user and headers.
    "https://alone/": "200 max-age=3600 None alone fpm-fcgi ha-app 200M apcu",
    "http://127.0.0.1:8090/": "200 max-age=3600 None None fpm-fcgi www-data 200M apcu",
}
COMMANDS = {
    "active": f"systemctl is-active {UNITS}",
    "enabled": f"systemctl is-enabled {UNITS}",
    "failed": "systemctl list-units --failed --plain --no-legend",
    "told": f"python3 /usr/local/bin/ask {' '.join(URLS)}",
    # But for Docker's resolver.
    "tcp": "ss --no-header --listening --tcp --numeric not src 127.0.0.11",
    "metrics": "curl --silent --show-error http://127.0.0.1:8405/metrics",
    "fact": "cat /etc/ansible/facts.d/ha_web_eaccelerator.fact",
    "workers": "pgrep --count --full '^php-fpm: pool www'",
    "written": "echo kept | runuser -u www-data -- tee /srv/shared/file /srv/more/file",
}


def test_daemons_run_now_and_at_boot(state: State) -> None:
    assert state["active"].lines == ["active"] * 4
    assert state["enabled"].lines == ["enabled"] * 4
    assert not state["failed"].text


@pytest.mark.parametrize("url", URLS)
def test_page_is_served_as_declared(state: State, url: str) -> None:
    assert dict(zip(URLS, state["told"].lines))[url] == URLS[url]


def test_nobody_listens_but_who_was_told_to(state: State) -> None:
    assert {line.split()[3] for line in state["tcp"].lines} == {
        *("0.0.0.0:80", "0.0.0.0:443"),
        *(f"127.0.0.1:{port}" for port in (8088, 8089, 8090, 8091, 8405)),
    }


def test_pool_has_the_declared_workers(state: State) -> None:
    assert state["workers"].text == "3"


def test_opcode_cache_tells_its_figures(state: State) -> None:
    assert "ha_web_opcache_enabled 1" in state["metrics"].lines
    assert "ha_web_apcu_entries 0" in state["metrics"].lines


def test_host_says_what_serves_in_place_of_eaccelerator(state: State) -> None:
    assert "in place of eAccelerator" in state["fact"].text


def test_shares_are_mounted_and_may_be_written(state: State) -> None:
    assert state["written"].code == 0, state["written"].text
