# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Sessions outlive web servers, their store may fail and change, and what is wrong never comes to serve."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from lab import playbook
from lab.cluster import Cluster
from lab.load import Load
from lab.report import wait_for
from lab.settings import REPO

SITE = REPO / "playbooks/site.yml"
JAR = "/tmp/session-of-the-tests"
CURL = f"curl --silent --show-error --fail --max-time 15 --cookie {JAR} --cookie-jar {JAR}"
SHARED = {"store": "shared", "path": "/srv/ha-web/shared/sessions"}


def changed(cluster: Cluster, *tags: str, **variables: Any) -> dict[str, int]:
    wanted = ("--limit=web", f"--tags={','.join(tags)}", "--extra-vars", json.dumps(variables))
    return playbook.changes(cluster.engine, cluster.inventory, SITE, *wanted)


def refused(cluster: Cluster, *tags: str, **variables: Any) -> str:
    wanted = (f"--limit={cluster.web[0]}", f"--tags={','.join(tags)}", "--extra-vars", json.dumps(variables))
    return playbook.refused(cluster.engine, cluster.inventory, SITE, *wanted)


def moved(cluster: Cluster, store: str, **variables: Any) -> None:
    """Deploy the store, and wait until the reload has come to its end on every node."""
    assert min(changed(cluster, "php", **variables).values()) > 0
    # Until it is there, nothing is printed, and asked again.
    ask = f"curl --silent --fail --max-time 15 http://127.0.0.1:8080/index.php | grep -Fx 'store: {store}' || true"
    for node in cluster.web:
        wait_for(f"{store} on {node}", lambda node=node: cluster.run(node, ask), 40)


def pages(cluster: Cluster, number: int) -> list[dict[str, str]]:
    """Pages, one after the other, as the outside client sees them, which keeps its cookie."""
    ask = f"{CURL} 'http://{cluster.vip}/index.php' && echo"
    text = cluster.run(cluster.client, f"for one in $(seq {number}); do {ask} || exit; done")
    return [dict(line.split(": ", 1) for line in one.splitlines()) for one in text.strip().split("\n\n")]


def page(cluster: Cluster) -> dict[str, str]:
    return pages(cluster, 1)[0]


def pages_of_every_node(cluster: Cluster, nodes: list[str]) -> list[dict[str, str]]:
    """Pages with the same cookie, until each of the nodes has served one.

    For a director a connection that a client has let go of without a word weighs as much as 256 that have ended.
    """
    seen: list[dict[str, str]] = []

    def all_have_served() -> bool:
        seen.extend(pages(cluster, 20))
        return {one["node"] for one in seen} >= set(nodes)

    wait_for(f"pages of {' '.join(nodes)}", all_have_served, 60, every=0)
    return seen


def assert_goes_on(pages: list[dict[str, str]], first: int) -> None:
    assert [int(one["count"]) for one in pages] == list(range(first, first + len(pages)))
    assert {one["session"] for one in pages} == {"kept"}


def pages_asked_for(cluster: Cluster) -> Load:
    """Requests for pages with a session, few, as the engine's one processor also runs the playbook.

    They wait while a daemon that is reloaded starts its workers, and here that is long.
    """
    return Load(cluster, "/index.php", rate=30, timeout=5)


def assert_served(load: Load) -> None:
    samples = load.samples()
    slowest = sorted(samples, key=lambda one: one.took)[-5:]
    print(f"{len(samples)} requests, the slowest: {' '.join(f'{one.took:.2f} s at {one.at:.2f}' for one in slowest)}")
    assert not [one for one in samples if one.failed]


@pytest.fixture(autouse=True)
def new_client(cluster: Cluster) -> None:
    cluster.run(cluster.client, f"rm -f {JAR}")


@pytest.fixture(scope="module", autouse=True)
def as_declared(cluster: Cluster) -> Iterator[None]:
    """Whatever a test leaves behind: the next module finds the scenario as it was."""
    yield
    changed(cluster, "php", "apache")
    assert set(changed(cluster, "php", "apache").values()) == {0}


def test_session_goes_from_node_to_node(cluster: Cluster) -> None:
    assert_goes_on(pages_of_every_node(cluster, cluster.web), 1)


def test_session_survives_the_loss_of_a_web_node(cluster: Cluster) -> None:
    before = pages_of_every_node(cluster, cluster.web)
    lost = before[-1]["node"]
    others = [node for node in cluster.web if node != lost]
    cluster.unplug(lost)
    cluster.kill(lost)
    try:
        wait_for(f"the ejection of {lost}", lambda: lost not in cluster_table(cluster), 20)
        assert_goes_on(pages_of_every_node(cluster, others), len(before) + 1)
    finally:
        cluster.power_on(lost)
        cluster.wait_until_healthy(90)
    count = int(page(cluster)["count"])
    assert_goes_on(pages_of_every_node(cluster, [lost]), count + 1)


def cluster_table(cluster: Cluster) -> str:
    """The nodes that the holder of the VIP sends to now."""
    holder = cluster.the_holder() or cluster.preferred_master
    lines = cluster.run(holder, "ipvsadm -Sn")
    return " ".join(node for node in cluster.web if f"{cluster.address(node)}:80 " in lines)


def test_requests_of_one_session_wait_for_each_other(cluster: Cluster) -> None:
    page(cluster)
    ask = f"{CURL.replace(f'--cookie-jar {JAR}', '')} 'http://{cluster.vip}/index.php?ms=300'"
    text = cluster.run(cluster.client, f"for one in 1 2 3 4; do {ask} & done; wait")
    counts = sorted(int(line.split()[1]) for line in text.splitlines() if line.startswith("count: "))
    assert counts == [2, 3, 4, 5], "none has overwritten another's"


def test_dead_store_costs_pages_their_session_and_no_more(cluster: Cluster) -> None:
    store = next(node for node in cluster.nodes if node.startswith("store"))
    page(cluster)
    cluster.run(store, "systemctl stop redis-server")
    try:
        lost = page(cluster)
        assert lost["session"] == "lost"
        assert float(lost["seconds"]) < 3, "an error and not a hang"
        assert cluster.run(cluster.client, f"{CURL} http://{cluster.vip}/health") == "ok"
        assert "font-family" in cluster.run(cluster.client, f"{CURL} http://{cluster.vip}/app.css")
    finally:
        cluster.run(store, "systemctl start redis-server")
    wait_for("sessions again", lambda: page(cluster)["session"] == "kept", 20)


def test_sessions_move_to_the_shared_storage_and_back_under_load(cluster: Cluster) -> None:
    with pages_asked_for(cluster) as load:
        moved(cluster, f"{SHARED['path']}/www", php_sessions=SHARED)
        assert set(changed(cluster, "php", php_sessions=SHARED).values()) == {0}
        assert_goes_on(pages_of_every_node(cluster, cluster.web), 1)
        # Root may not enter, as on the storage it is nobody.
        look = f'stat --format="%n %U %a" {SHARED["path"]}/*'
        user = "setpriv --reuid=www-data --regid=www-data --clear-groups"
        listed = cluster.run(cluster.web[0], f"{user} sh -c '{look}'")
        assert listed.split() == [
            *(f"{SHARED['path']}/api", "ha-api", "700"),
            *(f"{SHARED['path']}/www", "www-data", "700"),
        ]
        moved(cluster, "redis")
        left = cluster.run(cluster.web[0], "cat /etc/php/*/fpm/php-fpm.conf")
        assert SHARED["path"] not in left
        load.stop()
    assert_served(load)


def test_local_sessions_stay_where_they_are(cluster: Cluster) -> None:
    moved(cluster, "/var/lib/php/ha-web-sessions/www", php_sessions={"store": "files"})
    node = cluster.web[0]
    page_of = f"{CURL} http://127.0.0.1:8080/index.php | grep ^count"
    assert cluster.run(node, f"rm -f {JAR}; {page_of}; {page_of}") == "count: 1\ncount: 2\n"
    kept = cluster.run(node, "stat --format='%U %a' /var/lib/php/ha-web-sessions/www/sess_*")
    assert "www-data 600" in kept
    denied = "! setpriv --reuid=ha-api --regid=ha-api --clear-groups ls /var/lib/php/ha-web-sessions/www"
    assert "Permission denied" in cluster.run(node, f"{denied} 2>&1")
    moved(cluster, "redis")


@pytest.mark.parametrize(
    ("tag", "variables", "words"),
    [
        ("apache", {"apache_virtual_hosts": [{"name": "example", "raw": ["Nonsense on"]}]}, "Nonsense"),
        ("apache", {"apache_virtual_hosts": [{"name": "example", "php_pool": "shop"}]}, 'unknown php_pool "shop"'),
        (
            "apache",
            {"apache_port": 80, "apache_virtual_hosts": [{"name": "example"}]},
            "a virtual service uses port 80",
        ),
        ("php", {"php_pools": [{"name": "www", "settings": {"rlimit_files": "many"}}]}, "rlimit_files"),
        ("php", {"php_pools": [{"name": "www", "max_children": 2, "start_servers": 4}]}, "do not follow each other"),
        ("php", {"php_version": "5.6"}, "apt knows no PHP 5.6"),
        ("php", {"php_extensions": ["mysqli"]}, "apt knows no package"),
    ],
)
def test_what_is_wrong_is_refused_and_the_old_serves(
    cluster: Cluster, tag: str, variables: dict[str, Any], words: str
) -> None:
    node = cluster.web[0]
    files = "md5sum /etc/apache2/apache2.conf /etc/php/*/fpm/php-fpm.conf /etc/php/*/fpm/conf.d/90-ha-web.ini"
    before = cluster.run(node, files)
    assert words in refused(cluster, tag, **variables)
    assert cluster.run(node, files) == before
    assert page(cluster)["sapi"] == "fpm-fcgi"


def test_what_is_removed_is_gone(cluster: Cluster) -> None:
    """A pool and a virtual host; the others serve meanwhile."""
    more = {
        "php_pools": [{"name": "www"}, {"name": "api", "user": "ha-api", "uid": 2001}, {"name": "more"}],
        "apache_virtual_hosts": [
            {"name": "example"},
            {"name": "api", "port": 8082, "php_pool": "api"},
            {"name": "more", "port": 8084, "php_pool": "more"},
        ],
    }
    look = (
        "ls /run/php; ss --no-header --listening --tcp --numeric; cat /etc/apache2/apache2.conf /etc/php/*/fpm/*.conf"
    )
    node = cluster.web[0]
    with pages_asked_for(cluster) as load:
        changed(cluster, "php", "apache", **more)
        ask = f"{CURL} http://127.0.0.1:8084/health"
        wait_for("the new virtual host", lambda: cluster.run(node, f"{ask} || true") == "ok", 20)
        changed(cluster, "php", "apache")
        wait_for("its end", lambda: "8084" not in cluster.run(node, look), 40)
        assert "ha-web-more" not in cluster.run(node, look)
        load.stop()
    assert_served(load)
