# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Whom the monitor answers and obeys. Whatever it refuses is in its log."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from lab.cluster import Cluster
from lab.monitor import Monitor, Reply, of
from lab.report import wait_for

PATHS = [
    *("/", "/index.html", "/style.css", "/main.js", "/api/state", "/api/stream", "/api/timeline?hours=1"),
    *("/api/history?chart=load&hours=1", "/api/configuration", "/api/audit", "/api/token", "/nowhere"),
]
LOG = "/var/lib/ha-web-monitor/actions.jsonl"


def logged(cluster: Cluster, director: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in cluster.run(director, f"cat {LOG} 2>/dev/null || true").splitlines()]


def weights(cluster: Cluster, director: str = "lvs1") -> dict[str, int]:
    table = cluster.director(director).table
    return {name: one["weight"] for name, one in table[f"{cluster.endpoint}/tcp"]["servers"].items()}


@pytest.mark.parametrize("path", PATHS)
def test_nothing_without_login(cluster: Cluster, monitor: Monitor, path: str) -> None:
    for place in (cluster.vip, *map(cluster.address, cluster.directors)):
        reply = monitor.at(place).ask(path, anonymous=True)
        assert reply.status == 401
        assert "lvs1" not in reply.body
    assert Monitor(cluster, ("olga", "guessed it")).ask(path).status == 401
    assert Monitor(cluster, ("nobody", "")).ask(path).status == 401


def test_nothing_without_tls(cluster: Cluster, monitor: Monitor) -> None:
    plain = (
        f"curl --silent --max-time 5 --write-out '%{{http_code}}' http://{cluster.vip}:{monitor.port}/api/state || true"
    )
    said = cluster.run(cluster.client, plain)
    assert said[-3:] in ("000", "301", "308", "400", "497") and "lvs1" not in said
    old = f"curl --silent --insecure --tls-max 1.1 --ciphers DEFAULT@SECLEVEL=0 {monitor.origin}/ || echo refused"
    assert cluster.run(cluster.client, old).endswith("refused\n")


def test_what_no_login_answers_is_sealed(monitor: Monitor) -> None:
    head = monitor.ask("/", "--dump-header", "-", "--output", "/dev/null").body.lower()
    assert "content-security-policy: default-src 'none'; script-src 'self'" in head
    assert "x-content-type-options: nosniff" in head
    assert "frame-ancestors 'none'" in head
    assert "nginx/" not in head


def refusals(cluster: Cluster, user: str = "olga") -> int:
    found = [one for node in cluster.directors for one in logged(cluster, node) if one["kind"] == "refused"]
    return sum(one.get("user") == user for one in found)


def order(monitor: Monitor, **fields: Any) -> str:
    return json.dumps({"action": "drain", "target": "web2", "token": monitor.token(), **fields})


def sent(monitor: Monitor, *headers: str) -> Reply:
    """With these headers alone."""
    options = [word for header in headers for word in ("--header", header)]
    return monitor.ask("/api/actions", *options, "--data-binary", order(monitor))


def replayed(monitor: Monitor) -> Reply:
    once = order(monitor, action="restore")
    assert monitor.post(once).status == 200
    return monitor.post(once)


CONFIRMED, JSON = "X-HA-Web-Action: 1", "Content-Type: application/json"
# What is sent by the operator, who may also borrow the other's token, and the answer's status.
REFUSED: dict[str, tuple[int, Callable[[Monitor, Monitor], Reply]]] = {
    "another origin": (403, lambda me, _other: me.post(order(me), origin="https://evil.example")),
    "no origin": (403, lambda me, _other: sent(me, CONFIRMED, JSON)),
    "no header": (403, lambda me, _other: sent(me, f"Origin: {me.origin}", JSON)),
    "another type": (400, lambda me, _other: sent(me, f"Origin: {me.origin}", CONFIRMED, "Content-Type: text/plain")),
    "no token": (400, lambda me, _other: me.post(json.dumps({"action": "drain", "target": "web2"}))),
    "a token of another user": (403, lambda me, other: me.post(order(me, token=other.token()))),
    "replayed": (403, lambda me, _other: replayed(me)),
    "no JSON": (400, lambda me, _other: me.post(order(me)[:-1])),
    "unknown key": (400, lambda me, _other: me.post(order(me, more=1))),
    "unknown action": (400, lambda me, _other: me.post(order(me, action="destroy"))),
    "unknown server": (400, lambda me, _other: me.post(order(me, target="web9"))),
    "unknown service": (400, lambda me, _other: me.post(order(me, service="mail"))),
    "no weight": (400, lambda me, _other: me.post(order(me, action="weight"))),
    "a weight beyond all": (400, lambda me, _other: me.post(order(me, action="weight", weight=65536))),
}


@pytest.fixture(scope="module")
def sources(cluster: Cluster) -> Iterator[list[str]]:
    """Addresses of the client: of one that is refused often, the log tells not each time."""
    network = cluster.vip.rpartition(".")[0]
    addresses = [f"{network}.{number}" for number in range(60, 60 + len(REFUSED))]
    for address in addresses:
        cluster.run(cluster.client, f"ip address add {address}/24 dev eth0")
    yield addresses
    for address in addresses:
        cluster.run(cluster.client, f"ip address del {address}/24 dev eth0")


@pytest.mark.parametrize("name", REFUSED)
def test_refused_and_logged(
    cluster: Cluster, monitor: Monitor, other_operator: Monitor, sources: list[str], name: str
) -> None:
    before, had = refusals(cluster), weights(cluster)
    status, send = REFUSED[name]
    reply = send(monitor.by(sources[list(REFUSED).index(name)]), other_operator)
    assert reply.status == status, reply
    assert reply.error
    if name == "unknown server":
        assert "web9" in reply.error and "web1" in reply.error, "what is wrong, and what there is"
    assert weights(cluster) == had
    wait_for("the refusal in the log", lambda: refusals(cluster) == before + 1, 5)


def test_oversized_comes_no_further_than_the_front(cluster: Cluster, monitor: Monitor) -> None:
    assert monitor.post(order(monitor, service="x" * 5000)).status == 413
    holder = cluster.the_holder()
    assert holder
    assert " 413 " in cluster.run(holder, "tail --lines=5 /var/log/ha-web-monitor/access.log")


def test_viewer_looks_and_does_nothing(cluster: Cluster, monitor: Monitor, viewer: Monitor) -> None:
    assert viewer.state()["role"] == "viewer"
    before, had = refusals(cluster, "victor"), weights(cluster)
    for action, target in (("drain", "web2"), ("switchover", "lvs1"), ("clear_cache", "all")):
        reply = viewer.post(json.dumps({"action": action, "target": target, "token": monitor.token()}))
        assert reply.status == 403
    assert viewer.ask("/api/token").status == 403
    assert weights(cluster) == had
    assert refusals(cluster, "victor") == before + 4
    found = [one for node in cluster.directors for one in logged(cluster, node) if one.get("user") == "victor"]
    assert {one.get("address") for one in found} == {cluster.run(cluster.client, "hostname -I").split()[0]}


def test_agents_obey_the_monitors_alone(cluster: Cluster, monitor: Monitor) -> None:
    order = json.dumps({"action": "drain", "target": "web2"})
    had = weights(cluster)
    for director in cluster.directors:
        here = monitor.at(cluster.address(director))
        assert here.post(order, path="/agent/act").status == 403
        assert here.ask("/agent/events").status == 403
        # From a director, but with no signature.
        ask = f"curl --silent --insecure --output /dev/null --write-out '%{{http_code}}' {here.origin}/agent"
        assert cluster.run("lvs2", f"{ask}/events") == "403"
        assert cluster.run("lvs2", f"{ask}/act --data '{order}'") == "403"
    assert weights(cluster) == had


def test_nobody_fills_the_log(cluster: Cluster, viewer: Monitor) -> None:
    """Many refusals of one user become few lines."""
    before = sum(len(logged(cluster, node)) for node in cluster.directors)
    ask = (
        f"for one in $(seq 60); do curl --silent --insecure --output /dev/null --user 'victor:only looks at it'"
        f" --header 'X-HA-Web-Action: 1' --header 'Origin: {viewer.origin}' --header 'Content-Type: application/json'"
        f" --data '{{}}' {viewer.origin}/api/actions; done"
    )
    cluster.run(cluster.client, ask)
    assert sum(len(logged(cluster, node)) for node in cluster.directors) - before < 40


def test_no_secret_is_shown(cluster: Cluster, monitor: Monitor) -> None:
    secret = cluster.run("lvs1", "cat /etc/ha-web-monitor/secret").strip()
    hashes = cluster.run("lvs1", "grep --only-matching '\\$6\\$.*' /etc/ha-web-monitor/users").split()
    assert len(hashes) == 3
    for path in (
        "/api/state",
        "/api/configuration",
        "/api/audit",
        "/api/timeline?hours=24",
        "/etc/ha-web-monitor/secret",
    ):
        body = monitor.ask(path).body
        assert all(word not in body for word in (secret, *hashes, "drains"))
    assert of(monitor.state()["directors"], "lvs1")
