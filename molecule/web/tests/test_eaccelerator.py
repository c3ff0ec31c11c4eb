# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""OPcache and APCu in place of eAccelerator: asked over FastCGI on each web server, and through the VIP."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from lab import opcode_cache
from lab.cluster import Cluster
from lab.report import wait_for

CURL = "curl --silent --show-error --max-time 20"
CONTROL = "http://127.0.0.1:8405"
LOGIN = "--user 'operator:seen & \"cleared\": 100%'"


@pytest.fixture(scope="module")
def pages(cluster: Cluster) -> list[dict[str, Any]]:
    """What the outside client gets, several at once, so that several workers are busy."""
    ask = f"{CURL} http://{cluster.vip}/cache.php"
    said = cluster.run(cluster.client, f"for turn in $(seq 8); do for one in 1 2 3 4 5 6; do {ask} & done; wait; done")
    return [json.loads(line) for line in said.splitlines()]


def ask(cluster: Cluster, node: str, path: str) -> str:
    return cluster.run(node, f"{CURL} 'http://127.0.0.1:8080/{path}'")


@pytest.mark.parametrize("node", ["web1", "web2", "web3"])
def test_a_script_is_hit_by_one_worker_after_another(cluster: Cluster, node: str) -> None:
    before = opcode_cache.snapshot(cluster, node)
    asked = f"{CURL} http://127.0.0.1:8080/cache.php"
    said = cluster.run(node, f"for turn in $(seq 10); do for one in 1 2 3 4; do {asked} & done; wait; done")
    after = opcode_cache.snapshot(cluster, node)
    pids = {json.loads(line)["pid"] for line in said.splitlines()}
    print(f"{node}: {len(pids)} workers, hits {before['hits']} -> {after['hits']}, misses {after['misses']}")
    assert len(pids) > 1, "one worker alone proves no shared cache"
    assert after["hits"] - before["hits"] >= 40
    assert after["misses"] - before["misses"] < 10


def test_every_web_server_answers_through_the_vip_with_its_cache(cluster: Cluster, pages: list[dict[str, Any]]) -> None:
    assert {page["node"] for page in pages} == set(cluster.web)
    assert {(page["api"], page["before"], page["extension"]) for page in pages} == {(True, True, False)}


def test_an_application_may_not_look_into_the_cache(pages: list[dict[str, Any]]) -> None:
    assert {page["status"] for page in pages} == {False}
    assert all("restrict_api" in page["refusal"] for page in pages)


def test_what_is_filtered_is_not_in_the_cache(cluster: Cluster, pages: list[dict[str, Any]]) -> None:
    assert {page["uncached"] for page in pages} == {"as the file says"}
    for node in cluster.web:
        found = [
            "No such script is cached" not in cluster.run(node, f"{CURL} {LOGIN} '{CONTROL}/?node={node}&q={path}'")
            for path in ("/var/www/html/cache.php", "/var/www/html/uncached")
        ]
        assert found == [True, False]


def test_adapter_of_a_real_program_works_unmodified(cluster: Cluster) -> None:
    for node in cluster.web:
        said = ask(cluster, node, "adapter.php")
        assert said.splitlines()[-1] == "all: ok", said
    assert "all: ok" in cluster.run(cluster.client, f"{CURL} http://{cluster.vip}/adapter.php").splitlines()


def test_three_lockers_wait_for_each_other(cluster: Cluster) -> None:
    command = f"{CURL} http://127.0.0.1:8080/keylock.php"
    said = cluster.run(cluster.web[0], f"for one in 1 2 3; do {command} & done; wait")
    held = sorted((json.loads(line) for line in said.splitlines()), key=lambda one: one["began"])
    assert all(one["got"] for one in held)
    # A pool with two idle workers starts a third within a second, and by then the first may be free again.
    assert len({one["pid"] for one in held}) > 1
    assert all(earlier["ended"] <= later["began"] for earlier, later in pairwise(held))


def test_key_ends_in_a_later_request(cluster: Cluster) -> None:
    node = cluster.web[0]
    assert "put" in ask(cluster, node, "adapter.php?part=ttl-put")
    assert "there" in ask(cluster, node, "adapter.php?part=ttl-get")
    wait_for("the end of the key", lambda: "gone" in ask(cluster, node, "adapter.php?part=ttl-get"), 20)


@pytest.mark.parametrize(
    ("request_of", "code"),
    [
        (CONTROL, 401),
        (f"{CONTROL}/control.css", 401),
        (f"--user operator:wrong {CONTROL}", 401),
        (f"{LOGIN} {CONTROL}", 200),
        (f"{CONTROL}/metrics", 200),
        (f"{LOGIN} {CONTROL}/configuration.php", 404),
    ],
)
def test_control_page_lets_in_who_may(cluster: Cluster, request_of: str, code: int) -> None:
    for node in cluster.web:
        assert cluster.run(node, f"{CURL} --output /dev/null --write-out '%{{http_code}}' {request_of}") == str(code)


def test_web_servers_take_no_orders_from_others(cluster: Cluster) -> None:
    """Signed ones alone, and of each other alone: a director is a stranger, and a web server without a secret."""
    command = f"curl --silent --max-time 3 --data action=clear http://{cluster.address('web1')}:8405/peer"
    assert "The signature is wrong" in cluster.run("web2", command)
    # Itself it does not ask this way: nginx lets it not pass.
    assert "<title>403 Forbidden</title>" in cluster.run("web1", command)
    # That curl gives up is what is wanted.
    for stranger in (cluster.directors[0], cluster.client):
        assert not cluster.run(stranger, f"{command} || true"), "the firewall lets it pass"


def test_secrets_are_read_by_nobody_else(cluster: Cluster) -> None:
    for node in cluster.web:
        said = cluster.run(
            node,
            "stat --format='%U:%G %a' /usr/local/share/ha-web/eaccelerator/configuration.php"
            " /etc/nginx/ha-web.d/eaccelerator.users; ! grep -r cleared /etc/nginx",
        )
        assert said.splitlines() == ["root:www-data 640"] * 2
