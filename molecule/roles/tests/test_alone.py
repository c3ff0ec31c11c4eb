# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""A web server by itself: each of its daemons as its role was told."""

from __future__ import annotations

from conftest import State

testinfra_hosts = ["ansible://alone"]

# What answers, and with which header; the node has nothing but Python to ask with.
ASK = """
import urllib.request
answer = urllib.request.urlopen("http://127.0.0.1:8090/", timeout=5)
print(answer.read().decode().strip(), answer.headers["X-Application"], answer.headers["X-Powered-By"])
"""
UNITS = "apache2 $(cd /lib/systemd/system && echo php*-fpm.service)"
COMMANDS = {
    "page": f"python3 -c '{ASK}'",
    "active": f"systemctl is-active {UNITS}",
    "enabled": f"systemctl is-enabled {UNITS}",
    "failed": "systemctl list-units --failed --plain --no-legend",
    "tcp": "ss --no-header --listening --tcp --numeric --processes | grep apache2",
    "workers": "pgrep --count --full '^php-fpm: pool'",
}


def test_daemons_run_now_and_at_boot(state: State) -> None:
    assert state["active"].lines == ["active"] * 2
    assert state["enabled"].lines == ["enabled"] * 2
    assert not state["failed"].text


def test_page_is_made_with_the_declared_settings_extension_and_header(state: State) -> None:
    assert state["page"].text == "fpm-fcgi 200M apcu hers None"


def test_apache_listens_where_it_was_told_and_nowhere_else(state: State) -> None:
    assert {line.split()[3] for line in state["tcp"].lines} == {"127.0.0.1:8090"}


def test_pool_has_the_declared_workers(state: State) -> None:
    assert state["workers"].text == "3"
