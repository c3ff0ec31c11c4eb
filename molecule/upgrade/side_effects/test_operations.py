# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What operators do with a cluster that serves: no request fails, with and without persistence, new or kept."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from lab import playbook
from lab.clients import DOWNLOAD, NEW, Clients, Mix, Seen
from lab.cluster import Cluster
from lab.report import wait_for

TASKS = Path(__file__).parents[1] / "tasks"
PORTS = (80, 8080)  # without persistence, and with
# The second leaves more of the engine's processor to what is done: for what takes minutes, or needs few requests.
MIX, SLOW = Mix(ports=PORTS), Mix(ports=PORTS, rate=20, kept=8)
REQUESTS, FEW = 10_000, 2_000


@pytest.fixture(autouse=True)
def healthy(cluster: Cluster) -> Iterator[None]:
    yield
    cluster.wait_until_healthy()


@contextmanager
def clients(cluster: Cluster, what: str, requests: int = REQUESTS, mix: Mix = MIX) -> Iterator[Clients]:
    """Have clients served meanwhile, two fifths of them by new connections: no request may fail."""
    with Clients(cluster, mix) as served:
        yield served
        served.keep_on(new=requests * 2 // 5, kept=requests * 3 // 5, downloads=10)
    seen = served.seen()
    print(seen.words(what))
    assert not seen.failed()
    assert {one.port for one in seen.of(DOWNLOAD)} == set(PORTS)


def run(cluster: Cluster, name: str, *arguments: str) -> str:
    return playbook.output(cluster.engine, cluster.inventory, f"lvs.ha_web.{name}", *arguments)


def refused(cluster: Cluster, name: str, *arguments: str) -> str:
    """Return a playbook's output, without the line breaks of what it says."""
    said = playbook.refused(cluster.engine, cluster.inventory, f"lvs.ha_web.{name}", *arguments)
    return re.sub(r"\s+", " ", said)


def weights(cluster: Cluster, node: str) -> set[int]:
    """The weights of a node, in all services of all directors."""
    found: set[int] = set()
    for director in cluster.directors:
        for service in cluster.director(director).table.values():
            servers = service["servers"].items()
            found |= {one["weight"] for name, one in servers if name.startswith(f"{cluster.address(node)}:")}
    return found


def processes(cluster: Cluster, nodes: list[str], unit: str) -> dict[str, str]:
    """The first process of a unit on each node."""
    return {node: cluster.run(node, f"systemctl show --property=MainPID {unit}") for node in nodes}


def became_master(cluster: Cluster, director: str) -> float:
    """When a director took the VIP last."""
    log = cluster.run(director, "journalctl --unit=keepalived --output=short-unix --grep='Entering MASTER STATE'")
    return float(log.splitlines()[-1].split()[0])


def moment_of(seen: Seen, server: str) -> float:
    """When the last new connection was given to a server; others went on for a while."""
    last = seen.last_of(server)
    assert seen.of(NEW)[-1].at > last + 1
    return last


def test_drain_and_restore(cluster: Cluster) -> None:
    """Of the server that the client's address leads to, where that counts."""
    with clients(cluster, "drain and restore") as served:
        node = next(one.server for one in served.seen().requests if one.port == PORTS[1])
        said = run(cluster, "drain", "-e", f"node={node}")
        assert weights(cluster, node) == {0}
        for director in cluster.directors:
            cluster.run(director, "systemctl reload keepalived")
        run(cluster, "site", "--tags=keepalived")
        served.keep_on_for(5)
        assert weights(cluster, node) == {0}
        drained = served.seen()
        assert drained.under_way(node, moment_of(drained, node)), "no download was under way: nothing is proved"
        restored_at = drained.requests[-1].at
        run(cluster, "restore", "-e", f"node={node}")
        assert weights(cluster, node) == {1}
        served.keep_on_for(5)
    assert served.seen().last_of(node) > restored_at
    assert re.search(rf"{node} on lvs\d: [1-9]\d*( \.\.\. \d+)* active connections", said), said
    counts = r"active connections [1-9]\d*( \.\.\. \d+)* \.\.\. 0   drained in \d+ s"
    assert re.search(rf"{node}  weight 1 -> 0 on lvs1, lvs2   {counts}", re.sub(r"\n +", " ", said)), said


def test_a_drain_outlasts_restarts_and_failovers(cluster: Cluster) -> None:
    run(cluster, "drain", "-e", "node=web3")
    run(cluster, "drain", "-e", "node=web3")
    cluster.run("lvs2", "systemctl restart keepalived")
    wait_for("the restarted director's table", lambda: weights(cluster, "web3") == {0}, 30)
    cluster.power_cycle("lvs1")
    wait_for("lvs2 to hold the VIP", lambda: cluster.the_holder() == "lvs2", 30)
    wait_for("lvs1 to hold the VIP again", lambda: cluster.the_holder() == "lvs1", 60)
    wait_for("tables without web3's weight", lambda: weights(cluster, "web3") == {0}, 30)
    assert weights(cluster, "web1") == {1}
    # Two are left: the last is not drained unless somebody insists.
    run(cluster, "drain", "-e", "node=web1")
    said = refused(cluster, "drain", "-e", "node=web2")
    assert "web2 is the last server with any weight of" in said
    assert weights(cluster, "web2") == {1}
    run(cluster, "drain", "-e", "node=web2", "-e", "drain_force=true")
    assert weights(cluster, "web2") == {0}
    run(cluster, "restore", "-e", "node=web1,web2,web3")


def test_live_weight(cluster: Cluster) -> None:
    run(cluster, "restore", "-e", "node=web1", "-e", "weight=3")
    assert weights(cluster, "web1") == {3}
    run(cluster, "restore", "-e", "node=web1")
    assert weights(cluster, "web1") == {1}


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("drain", (), "Say which node: -e node=web1, or several with commas between. Real servers are: web1, web2"),
        ("drain", ("node=web9",), "web9 is not in the inventory."),
        ("drain", ("node=client",), "client is no real server of any virtual service."),
        ("drain", ("node=lvs1",), "lvs1 is a director. Its VIPs move by switchover.yml -e director=lvs1."),
        ("restore", ("node=web1,web9",), "web9 is not in the inventory."),
        ("switchover", ("director=web1",), "web1 is no director. Directors are: lvs1, lvs2."),
        ("switchover", ("director=lvs2",), "lvs2 holds no VIP: there is nothing to move. Holding some: lvs1."),
        ("rolling_update", ("batch=3",), "batch 3 would take all 3 servers of a service out at once."),
        ("rolling_update", ("tier=storage",), "tier storage is unknown. Known are: web, directors."),
        ("rolling_update", ("update_tasks=/nowhere.yml",), "/nowhere.yml is not there."),
    ],
)
def test_refused(cluster: Cluster, name: str, arguments: tuple[str, ...], words: str) -> None:
    assert words in refused(cluster, name, *(part for one in arguments for part in ("-e", one)))
    assert not cluster.unhealthy()


def test_switchover_and_back(cluster: Cluster) -> None:
    with clients(cluster, "switchover and back") as served:
        moved_at = []
        for arguments, holder in ((), "lvs2"), (("-e", "back=true"), "lvs1"):
            said = run(cluster, "switchover", *arguments)
            assert cluster.the_holder() == holder, said
            moved_at.append(became_master(cluster, holder))
            served.keep_on_for(10)
        for at in moved_at:
            crossing = [one for one in served.seen().of(DOWNLOAD) if one.at + 1 < at < one.end - 1]
            assert crossing, "no download was under way while the VIP moved: nothing is proved"
            print(f"{len(crossing)} downloads crossed it")


def test_switchover_with_the_peer_down(cluster: Cluster) -> None:
    cluster.run("lvs2", "systemctl stop keepalived")
    said = refused(cluster, "switchover")
    assert "no other director is ready to take them: lvs2 must be reachable" in said
    assert cluster.the_holder() == "lvs1"
    cluster.run("lvs2", "systemctl start keepalived")


def test_a_sick_server_ends_a_rolling_update(cluster: Cluster) -> None:
    """It stays out; when it is mended, the next run puts it back. What an operator has drained stays so."""
    nothing = ("-e", '{"update_roles": []}')
    run(cluster, "drain", "-e", "node=web3")
    with clients(cluster, "rolling update that ends at a sick server, and the next one", FEW, SLOW):
        broken = ("-e", f"update_tasks={TASKS / 'break_nginx.yml'}", "-e", "restore_timeout=8")
        assert "web1 does not pass its health checks" in refused(cluster, "rolling_update", *nothing, *broken)
        assert weights(cluster, "web1") <= {0}
        assert weights(cluster, "web2") == {1}
        cluster.run("web1", "systemctl start nginx")
        said = run(cluster, "rolling_update", *nothing)
        assert weights(cluster, "web1") == weights(cluster, "web2") == {1}
    assert "web3  stays drained, as it was before" in said
    assert "NOT drained" not in said, said
    assert weights(cluster, "web3") == {0}
    run(cluster, "site", "--tags=keepalived")
    assert weights(cluster, "web3") == {0}
    run(cluster, "restore", "-e", "node=web3")


def test_rolling_update_that_is_cut_short_twice(cluster: Cluster) -> None:
    """By control-C, and by the loss of the controller; the third run finishes."""
    arguments = ("-e", f"update_tasks={TASKS / 'reinstall_nginx.yml'}")
    before = processes(cluster, cluster.web, "nginx")
    with clients(cluster, "rolling update of all web servers, cut short twice", mix=SLOW):
        for node, kind in (("web1", signal.SIGINT), ("web2", signal.SIGKILL)):
            cut = ("lvs.ha_web.rolling_update", *arguments, "-e", '{"update_roles": []}')
            with playbook.under_way(cluster.engine, cluster.inventory, *cut) as update:
                # After the update of the one before it, whose drain gets 60 s for connections that do not end.
                wait_for(f"{node} to be out", lambda node=node: weights(cluster, node) == {0}, 240)
                os.killpg(update.pid, kind)
                update.wait(60)
            assert weights(cluster, node) == {0}
        said = run(cluster, "rolling_update", *arguments)
    assert "NOT drained" not in said, said
    after = processes(cluster, cluster.web, "nginx")
    assert all(before[node] != after[node] for node in cluster.web), (before, after)


def test_rolling_update_of_the_directors(cluster: Cluster) -> None:
    before = processes(cluster, cluster.directors, "keepalived")
    with clients(cluster, "rolling update of both directors"):
        arguments = ("-e", f"update_tasks={TASKS / 'reinstall_keepalived.yml'}")
        run(cluster, "rolling_update", "-e", "tier=directors", *arguments)
    after = processes(cluster, cluster.directors, "keepalived")
    assert all(before[node] != after[node] for node in cluster.directors), (before, after)


def test_switchover_without_preemption(cluster: Cluster) -> None:
    stays = ("-e", "keepalived_preempt=false")
    run(cluster, "site", "--tags=keepalived", *stays)
    with clients(cluster, "switchover, back, and rolling update without preemption", FEW, SLOW):
        for holder, arguments in (("lvs2", ()), ("lvs1", ("-e", "back=true"))):
            run(cluster, "switchover", *stays, *arguments)
            assert cluster.the_holder() == holder
            for director in cluster.directors:
                assert cluster.run(director, f"cat {cluster.topology['standby_file']}").strip() == "0"
        run(cluster, "rolling_update", *stays, "-e", "tier=directors", "-e", '{"update_roles": []}')
        assert cluster.the_holder() == "lvs2"
    run(cluster, "site", "--tags=keepalived")
