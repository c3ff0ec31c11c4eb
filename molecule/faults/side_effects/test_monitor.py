# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The Graphic Monitor shows each fault as what it is, in time, and never an old state as a new one."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from lab.cluster import Cluster
from lab.load import TIMEOUT_S, Load
from lab.monitor import Monitor, codes, of, states_of
from lab.report import wait_for

TRUTH_S = 10
BOOT_S = 90


@contextmanager
def unheard(cluster: Cluster, what: str) -> Iterator[None]:
    """Let directors hear nothing of each other that a rule of nft matches."""
    table = "nft add table inet lab_fault && nft add chain inet lab_fault input"
    hook = "'{ type filter hook input priority -400; }'"
    try:
        for node, peer in zip(cluster.directors, reversed(cluster.directors), strict=True):
            rule = f"nft add rule inet lab_fault input ip saddr {cluster.address(peer)} {what} drop"
            cluster.run(node, f"{table} {hook} && {rule}")
        yield
    finally:
        for node in cluster.directors:
            cluster.run(node, "nft delete table inet lab_fault")


@pytest.fixture(autouse=True)
def well(cluster: Cluster, monitor: Monitor) -> Iterator[None]:
    """Each fault begins where all is well, and is over in the end."""
    is_well(cluster, monitor)
    yield
    cluster.mend()
    is_well(cluster, monitor)


def is_well(cluster: Cluster, monitor: Monitor) -> None:
    cluster.wait_until_healthy(BOOT_S)
    monitor.wait_until("a state without findings", lambda state: not state["findings"], BOOT_S)


def test_director_without_power(cluster: Cluster, monitor: Monitor) -> None:
    """The page comes back through the VIP within the failover's bound, and tells the truth."""
    bound = cluster.router["failover_s"] + 0.25
    # Without TLS the front has nothing to say but that it is there.
    page = Load(cluster, "/", rate=30, timeout=TIMEOUT_S, port=monitor.port)
    shown: dict[str, float] = {}

    def told(state: dict[str, Any]) -> Any:
        lvs1, lvs2 = state["directors"]
        now = time.time()
        shown.setdefault("page", now)
        assert lvs2["routers"][0]["state"] in ("backup", "master")
        if lvs1["reach"] != "ok":
            shown.setdefault(lvs1["reach"], now)
            assert lvs1["routers"][0]["state"] == "unknown"
            assert lvs1["keepalived"] in ("unknown", "down")
            assert all(server["directors"]["lvs1"]["weight"] is None for server in state["services"][0]["servers"])
        return lvs1["reach"] == "down" and lvs2["routers"][0]["state"] == "master" and state

    with page:
        at = cluster.unplug("lvs1")
        state = monitor.wait_until("the dead director, shown as dead", told, TRUTH_S + 5)
        page.stop()
    cluster.kill("lvs1")
    lost = [one.at for one in page.samples() if not one.status]
    assert lost, "nobody noticed"
    print(f"page: outage {lost[-1] - lost[0]:.2f} s (bound {bound:.2f} s)")
    assert lost[-1] - lost[0] < bound
    print({what: f"{when - at:.1f} s" for what, when in shown.items()})
    assert min(shown.values()) - at < TRUTH_S
    assert shown["down"] - at < TRUTH_S
    assert state["node"] == "lvs2"
    assert "director_down" in codes(state)
    assert of(state["services"], "web")["director"] == "lvs2"
    cluster.power_on("lvs1")
    back = monitor.wait_until("lvs1 as master", lambda seen: states_of(seen)["lvs1"] == "master" and seen, BOOT_S)
    assert back["node"] in ("lvs1", "lvs2")
    events = monitor.ask("/api/timeline?hours=1").json["events"]
    assert any(one["kind"] == "vrrp" and one["node"] == "lvs2" and "master" in one["text"].lower() for one in events)


def test_keepalived_killed_for_good(cluster: Cluster, monitor: Monitor) -> None:
    """Killed with -9 and kept from its restart, it leaves the VIP behind on a host that is no master any more."""
    # Frozen before, or its children would tidy up when their parent is gone.
    kill = "systemctl kill --signal=STOP keepalived && systemctl kill --signal=KILL keepalived"
    cluster.run("lvs1", f"systemctl mask --runtime keepalived && {kill}")
    try:
        at = time.time()
        wait_for("the other holder", lambda: "lvs2" in cluster.holders(), 10)

        def told(state: dict[str, Any]) -> Any:
            return {"keepalived_down", "vip_twice"} <= codes(state) and state

        state = monitor.at(cluster.address("lvs2")).wait_until("keepalived as dead", told, TRUTH_S)
        print(f"shown {time.time() - at:.1f} s after")
        assert states_of(state)["lvs1"] not in ("master", "backup")
        assert states_of(state)["lvs2"] == "master"
        assert state["verdict"]["level"] == "critical"
    finally:
        cluster.run("lvs1", "systemctl unmask --runtime keepalived && systemctl start keepalived")


@pytest.mark.parametrize("node", ["lvs2", "web2"])
def test_exporter_killed(cluster: Cluster, monitor: Monitor, node: str) -> None:
    cluster.run(node, "systemctl stop prometheus-node-exporter")
    try:
        state = monitor.wait_until(
            f"{node} as unknown",
            lambda seen: of(seen["directors"] + seen["web"], node)["reach"] != "ok" and seen,
            TRUTH_S + 5,
        )
        assert node in {name for one in state["findings"] for name in one["nodes"]}
        if node == "lvs2":
            assert states_of(state) == {"lvs1": "master", "lvs2": "unknown"}
        # The service itself is well, and nobody says otherwise.
        assert not {"no_master", "all_down", "server_down"} & codes(state)
    finally:
        cluster.run(node, "systemctl start prometheus-node-exporter")


def test_reader_killed_for_good(cluster: Cluster, monitor: Monitor) -> None:
    """What nobody writes any more is unknown, not master."""
    cluster.run("lvs1", "systemctl stop ha-web-notify")
    try:
        monitor.wait_until("lvs1 as unknown", lambda state: states_of(state)["lvs1"] == "unknown", 20)
    finally:
        cluster.run("lvs1", "systemctl start ha-web-notify")
    monitor.wait_until("lvs1 as master again", lambda state: states_of(state)["lvs1"] == "master", 10)


def test_two_masters(cluster: Cluster, monitor: Monitor) -> None:
    """Adverts are lost, such as in a firewall; the monitors hear both directors."""
    with unheard(cluster, "meta l4proto 112"):
        state = monitor.wait_until(
            "both masters, in red", lambda seen: {"two_masters", "vip_twice"} <= codes(seen) and seen, TRUTH_S
        )
        assert states_of(state) == {"lvs1": "master", "lvs2": "master"}
        assert state["verdict"]["level"] == "critical"
        assert state["findings"][0]["level"] == "critical"
    monitor.wait_until("one master", lambda seen: states_of(seen) == {"lvs1": "master", "lvs2": "backup"}, TRUTH_S)


def test_directors_parted(cluster: Cluster, monitor: Monitor) -> None:
    """Each page knows its own half, and says that it does not know the other."""
    with unheard(cluster, ""):
        for here, there in (("lvs1", "lvs2"), ("lvs2", "lvs1")):
            state = monitor.at(cluster.address(here)).wait_until(
                f"{there} as lost",
                lambda seen, there=there: of(seen["directors"], there)["reach"] == "down" and seen,
                TRUTH_S + 5,
            )
            assert states_of(state) == {here: "master", there: "unknown"}
            assert "director_down" in codes(state)
            assert state["verdict"]["level"] == "critical"


def test_server_down_and_back(cluster: Cluster, monitor: Monitor) -> None:
    cluster.run("web2", "systemctl stop nginx")
    state = monitor.wait_until(
        "web2 as down",
        lambda seen: of(of(seen["services"], "web")["servers"], "web2")["state"] == "down" and seen,
        TRUTH_S,
    )
    assert "server_down" in codes(state)
    cluster.run("web2", "systemctl start nginx")
    monitor.wait_until(
        "web2 as up", lambda seen: of(of(seen["services"], "web")["servers"], "web2")["state"] == "up", TRUTH_S
    )


def test_a_hand_in_the_kernels_table_is_seen(cluster: Cluster, monitor: Monitor) -> None:
    server = f"{cluster.vip}:80 -r {cluster.address('web2')}:80"
    cluster.run("lvs1", f"ipvsadm --edit-server -t {server} -g -w 7")
    try:
        state = monitor.wait_until(
            "the difference", lambda seen: {"tables_differ", "weight_drift"} <= codes(seen) and seen, 20
        )
        assert [one["table"] for one in state["directors"]] == ["differs", "differs"]
        text = json.dumps(state["findings"])
        assert "web2" in text and "7" in text
    finally:
        cluster.run("lvs1", f"ipvsadm --edit-server -t {server} -g -w 1")
