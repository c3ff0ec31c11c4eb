# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The service as the outside client sees it, and the directors taken together."""

from __future__ import annotations

import uuid

import pytest
from lab import outage
from lab.cluster import Cluster
from lab.load import PATIENCE_S, Load
from lab.report import wait_for

CURL = "curl --silent --show-error --fail --max-time 5"


@pytest.fixture(scope="module")
def asked(cluster: Cluster) -> str:
    """The path of PHP pages that every real server has served, and no request failed meanwhile.

    In turn would be too much to ask: wlc spares a server of which it remembers connections that
    an earlier fault has cut.
    """
    path = f"/?{uuid.uuid4().hex}"
    with Load(cluster, path) as load:
        wait_for(
            "an answer of every real server",
            lambda: outage.read(load.samples(), PATIENCE_S).servers.keys() == set(cluster.real_servers),
            60,
        )
        load.stop()
        reading = outage.read(load.samples(), PATIENCE_S)
    assert not reading.failed, reading
    return path


def test_page_is_made_by_php_and_knows_the_client(cluster: Cluster, client_address: str) -> None:
    page = cluster.run(cluster.client, f"{CURL} http://{cluster.vip}/")
    fields = dict(line.split(": ", 1) for line in page.splitlines())
    assert fields.pop("node") in cluster.web
    assert fields == {"client": client_address, "sapi": "fpm-fcgi"}


def test_nginx_and_apache_of_every_web_node_log_the_client(cluster: Cluster, asked: str, client_address: str) -> None:
    for node in cluster.real_servers:
        for log in ("nginx/access.log", "apache2/access.log"):
            logged = cluster.run(node, f"grep -F '{asked}' /var/log/{log}")
            addresses = {line.split()[0] for line in logged.splitlines()}
            assert addresses == {client_address}, f"{node}, {log}"


def test_static_file_is_served(cluster: Cluster) -> None:
    answer = cluster.run(cluster.client, f"{CURL} http://{cluster.vip}/static.txt")
    assert answer in {f"a file of {node}\n" for node in cluster.web}


def test_exactly_one_director_holds_the_vip(cluster: Cluster) -> None:
    assert cluster.holders() == [cluster.preferred_master]


def test_all_directors_have_the_same_table(cluster: Cluster) -> None:
    tables = [state.table for state in cluster.running_directors().values()]
    assert tables == [cluster.declared_table] * len(cluster.directors)
