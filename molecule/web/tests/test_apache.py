# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Apache on every web server: its virtual hosts, whom it believes, and what it shows to nobody."""

from __future__ import annotations

import pytest
from conftest import State
from lab.cluster import Cluster

testinfra_hosts = ["ansible://web"]

SITE, API, STATUS = (f"http://127.0.0.1:{port}" for port in (8080, 8082, 8088))
CURL = "curl --silent --show-error --max-time 10"
CODE = f"{CURL} --output /dev/null --write-out '%{{http_code}}\\n'"
FORGED = "-H 'X-Real-IP: 198.51.100.7' -H 'X-Forwarded-Proto: https' -H 'X-Request-ID: of-the-tests'"
HIDDEN = ("/.git/config", "/.htaccess", "/missing.php", "/server-status", "/php-status-www", "/index.php/../.env")
COMMANDS = {
    "test": "apache2ctl -t",
    "tcp": "ss --no-header --listening --tcp --numeric --processes | grep apache2",
    "health": f"for site in {SITE} {API}; do {CURL} $site/health; echo; done",
    "page": f"{CURL} {FORGED} {SITE}/index.php/path/info?of=tests",
    "static": f"{CURL} --include {SITE}/app.css",
    "api": f"{CURL} --include {API}/a/path/without/a/file",
    "hidden": f"for path in {' '.join(HIDDEN)}; do {CODE} --path-as-is {SITE}$path; done",
    "trace": f"{CODE} --request TRACE {SITE}/app.css",
    "internal": f"{CODE} {SITE}/internal; {CODE} -H 'X-Real-IP: 10.89.4.31' {SITE}/internal",
    "status": f"{CURL} '{STATUS}/server-status?auto'",
    "status of another": f"{CODE} -H 'X-Real-IP: 198.51.100.7' {STATUS}/server-status",
    "log": "grep -F 'of=tests' /var/log/apache2/access.log | tail -n 1",
}


def test_configuration_is_accepted(state: State) -> None:
    assert state["test"].code == 0, state["test"].text


def test_listens_to_this_host_alone(state: State) -> None:
    assert {line.split()[3] for line in state["tcp"].lines} == {f"127.0.0.1:{port}" for port in (8080, 8082, 8088)}


def test_every_virtual_host_answers_for_its_pool(state: State) -> None:
    assert state["health"].lines == ["ok", "ok"]


def test_proxy_on_this_host_says_who_the_client_is(state: State) -> None:
    page = dict(line.split(": ", 1) for line in state["page"].lines)
    assert (page["client"], page["scheme"], page["request"]) == ("198.51.100.7", "https", "of-the-tests")


def test_log_begins_with_the_client_and_ends_with_the_request(state: State) -> None:
    fields = state["log"].text.split()
    assert fields[0] == "198.51.100.7"
    assert fields[-3:-1] == ["example", "of-the-tests"]
    assert int(fields[-1]) > 0


def test_static_files_say_little_about_the_server(state: State) -> None:
    assert "Server: Apache" in state["static"].lines
    assert "font-family" in state["static"].text


def test_front_controller_gets_what_no_file_answers(state: State) -> None:
    assert "X-Api: 1" in state["api"].text
    assert '"path":"/a/path/without/a/file"' in state["api"].text


def test_nobody_sees_what_is_hidden(state: State) -> None:
    assert state["hidden"].lines == ["404"] * len(HIDDEN)
    assert state["trace"].text == "405"


def test_access_rules_hold_for_the_client_and_not_for_the_proxy(state: State) -> None:
    assert state["internal"].lines == ["403", "404"]


def test_status_is_for_this_host_alone(state: State) -> None:
    assert "BusyWorkers" in state["status"].text
    assert state["status of another"].text == "403"


@pytest.mark.parametrize("path", ["/server-status", "/php-status-www", "/php-status-api"])
def test_status_cannot_be_reached_through_nginx(cluster: Cluster, path: str) -> None:
    for prefix in ("", "/api"):
        asked = f"{CURL} --write-out ' %{{http_code}}' http://{cluster.vip}{prefix}{path}"
        answer = cluster.run(cluster.client, asked)
        assert "BusyWorkers" not in answer
        assert "process manager" not in answer


@pytest.mark.parametrize("header", ["X-Real-IP", "X-Forwarded-For"])
def test_client_cannot_forge_its_address(cluster: Cluster, header: str) -> None:
    page = cluster.run(cluster.client, f"{CURL} -H '{header}: 198.51.100.9' http://{cluster.vip}/index.php")
    client = next(line for line in page.splitlines() if line.startswith("client: "))
    route = cluster.run(cluster.client, f"ip -o route get {cluster.vip}").split()
    assert client == f"client: {route[route.index('src') + 1]}"
