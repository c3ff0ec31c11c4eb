# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Whom the monitor answers and obeys. Whatever it refuses is in its log."""

from __future__ import annotations

import json
from typing import Any

import pytest
from lab.cluster import Cluster
from lab.monitor import Monitor, of
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
    assert "content-security-policy: default-src 'self'" in head
    assert "x-content-type-options: nosniff" in head
    assert "frame-ancestors 'none'" in head
    assert "nginx/" not in head


def refusals(cluster: Cluster) -> int:
    return sum(one["outcome"] == "refused" for node in cluster.directors for one in logged(cluster, node))


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("another origin", 403),
        ("no origin", 403),
        ("no header", 403),
        ("no token", 400),
        ("a token of another user", 403),
        ("replayed", 403),
        ("oversized", 413),
        ("no JSON", 400),
        ("another type", 415),
        ("unknown key", 400),
        ("unknown action", 400),
        ("unknown server", 400),
        ("unknown service", 400),
        ("no weight", 400),
        ("a weight beyond all", 400),
    ],
)
def test_refused_and_logged(cluster: Cluster, monitor: Monitor, viewer: Monitor, name: str, status: int) -> None:
    before, had = refusals(cluster), weights(cluster)
    order = {"action": "drain", "target": "web2"}

    def body(**fields: Any) -> str:
        return json.dumps({**order, "token": monitor.token(), **fields})

    if name == "another origin":
        reply = monitor.post(body(), origin="https://evil.example")
    elif name == "no origin":
        reply = monitor.post(body(), "Origin;", origin="")
    elif name == "no header":
        options = ("--header", f"Origin: {monitor.origin}", "--header", "Content-Type: application/json")
        reply = monitor.ask("/api/actions", *options, "--data-binary", body())
    elif name == "no token":
        reply = monitor.post(json.dumps(order))
    elif name == "a token of another user":
        reply = monitor.post(body(token=viewer.token()))
    elif name == "replayed":
        once = json.dumps({"action": "restore", "target": "web2", "token": monitor.token()})
        assert monitor.post(once).status == 200
        reply = monitor.post(once)
    elif name == "oversized":
        reply = monitor.post(body(service="x" * 5000))
    elif name == "no JSON":
        reply = monitor.post(body()[:-1])
    elif name == "another type":
        said = ("X-HA-Web-Action: 1", f"Origin: {monitor.origin}", "Content-Type: text/plain")
        reply = monitor.ask("/api/actions", *(w for one in said for w in ("--header", one)), "--data-binary", body())
    elif name == "unknown key":
        reply = monitor.post(body(more=1))
    elif name == "unknown action":
        reply = monitor.post(body(action="destroy"))
    elif name == "unknown server":
        reply = monitor.post(body(target="web9"))
    elif name == "unknown service":
        reply = monitor.post(body(service="mail"))
    else:
        reply = monitor.post(body(action="weight", **({} if name == "no weight" else {"weight": 65536})))
    assert reply.status == status, reply
    if name == "unknown server":
        assert "web9" in reply.error and "web1" in reply.error
    assert weights(cluster) == had
    # An oversized one never comes to the service: the front refuses it, and has it in its own log.
    if name == "oversized":
        assert " 413 " in cluster.run("lvs1", "tail --lines=20 /var/log/ha-web-monitor/access.log")
    else:
        wait_for("the refusal in the log", lambda: refusals(cluster) == before + 1, 5)


def test_viewer_looks_and_does_nothing(cluster: Cluster, viewer: Monitor) -> None:
    assert viewer.state()["role"] == "viewer"
    before, had = refusals(cluster), weights(cluster)
    for action, target in (("drain", "web2"), ("switchover", "lvs1"), ("clear_cache", "all")):
        reply = viewer.act(action, target)
        assert reply.status == 403
    assert weights(cluster) == had
    assert refusals(cluster) == before + 3
    last = max((one for node in cluster.directors for one in logged(cluster, node)), key=lambda one: one["at"])
    assert (last["user"], last["action"]) == ("victor", "clear_cache")


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
    hashes = [line.split(":")[1] for line in cluster.run("lvs1", "cat /etc/ha-web-monitor/users").splitlines()]
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
