# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""PHP-FPM on every web server: pools with users of their own, and what these keep from each other."""

from __future__ import annotations

import json

import pytest
from conftest import State

testinfra_hosts = ["ansible://web"]

FPM = "$(echo /etc/php/*/fpm)"
SECRET = "/var/www/secret/secret.php"
CURL = "curl --silent --show-error --max-time 10"
LOG = "/var/log/ha-web-php-api.access.log"
COMMANDS = {
    "sockets": "stat --format='%n %U %a' /run/php/ha-web-*.sock",
    "workers": 'ps -o user:20=,args= -C "$(basename $(echo /usr/sbin/php-fpm*))" | sort | uniq -c',
    "mode": f"stat --format=%a {FPM}/php-fpm.conf",
    "test": "$(echo /usr/sbin/php-fpm*) --test",
    "ids": "id ha-api; getent passwd ha-api",
    "settings": f"cat {FPM}/conf.d/90-ha-web.ini",
    "www status": f"{CURL} http://127.0.0.1:8088/php-status-www",
    "api status": f"{CURL} http://127.0.0.1:8088/php-status-api",
    "www": f"{CURL} http://127.0.0.1:8080/index.php",
    "api": f"{CURL} http://127.0.0.1:8082/any/path?q=1",
    # OPcache holds only what is older than two seconds.
    "secret": f"install -D -m 0600 -o www-data /dev/null {SECRET} && echo '<?php return \"told\";' > {SECRET}"
    f" && touch -d '1 hour ago' {SECRET}; for time in 1 2 3; do {CURL} http://127.0.0.1:8080/secret.php; done",
    "secret of another": f"for time in 1 2 3; do {CURL} http://127.0.0.1:8082/?secret=1; done",
    "pattern": "grep '^/' /etc/logrotate.d/ha-web-php; ls -d /var/log/ha-web-php-*.log",
    # What logrotate does: another file under the name, and a word to PHP-FPM.
    "rotated": f"mv {LOG} {LOG}.old && $(sed -n '/postrotate/{{n;p}}' /etc/logrotate.d/ha-web-php) &&"
    f" for try in $(seq 50); do {CURL} http://127.0.0.1:8082/ >/dev/null; test -s {LOG} && break; sleep 0.1; done;"
    f" cat {LOG}",
}


def test_each_pool_has_a_socket_for_the_web_server(state: State) -> None:
    assert state["sockets"].lines == [f"/run/php/ha-web-{pool}.sock www-data 660" for pool in ("api", "www")]


@pytest.mark.parametrize(("pool", "user"), [("www", "www-data"), ("api", "ha-api")])
def test_workers_of_each_pool_are_its_users(state: State, pool: str, user: str) -> None:
    assert [line for line in state["workers"].lines if user in line and f"pool {pool}" in line], state["workers"].text


def test_user_is_the_same_everywhere_and_cannot_log_in(state: State) -> None:
    assert "uid=2001(ha-api) gid=2001(ha-api)" in state["ids"].text
    assert state["ids"].lines[-1].endswith("/nologin")


def test_configuration_is_accepted_and_nobody_else_reads_its_secrets(state: State) -> None:
    assert state["test"].code == 0, state["test"].text
    assert state["mode"].text == "600"


@pytest.mark.parametrize("pool", ["www", "api"])
def test_pools_tell_their_status_on_the_loopback(state: State, pool: str) -> None:
    status = dict(line.split(":", 1) for line in state[f"{pool} status"].lines)
    assert status["pool"].strip() == pool
    assert int(status["max children reached"]) == 0


def test_application_knows_its_pool(state: State) -> None:
    page = dict(line.split(": ", 1) for line in state["www"].lines)
    assert (page["pool"], page["user"], page["session"]) == ("www", "www-data", "kept")
    answer = json.loads(state["api"].text)
    assert (answer["pool"], answer["user"], answer["path"]) == ("api", "ha-api", "/any/path?q=1")


def test_opcache_does_not_give_a_script_to_who_may_not_read_it(state: State) -> None:
    """It holds the script: the pool that may read it has run it three times before."""
    assert "opcache.validate_permission = On" in state["settings"].lines
    assert state["secret"].lines == ["told"] * 3
    assert [json.loads(line)["secret"] for line in state["secret of another"].lines] == [False] * 3


def test_pool_logs_its_requests_and_lets_its_log_be_rotated(state: State) -> None:
    assert state["pattern"].lines[0] == "/var/log/ha-web-php-*.log {"
    assert LOG in state["pattern"].lines
    assert "GET /index.php" in state["rotated"].text
