# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The state that pages get, and what is found wrong in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ha_web_monitor.configuration import Configuration
from ha_web_monitor.state import state
from ha_web_monitor.view import Seen
from unit.monitor.cluster import (
    APACHE,
    BACKUP,
    DEAD,
    MASTER,
    NGINX,
    NOW,
    REFUSING,
    SILENT,
    VIP,
    WEB,
    WEB_1,
    WEB_2,
    configuration,
    data,
    directors,
    seen,
    well,
)

DRAINED, UPDATING = -100_000, -100_001
Changes = Mapping[tuple[str, str], Seen]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Configuration:
    return configuration(tmp_path_factory.mktemp("cluster"))


def told(cluster: Configuration, changes: Changes) -> dict[str, Any]:
    return state(cluster, {**well(), **changes}, NOW)


def codes(made: dict[str, Any]) -> list[str]:
    return [f"{one['level'][0]} {one['code']}" for one in made["findings"]]


def by_name(entries: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(one for one in entries if one["name"] == name)


def both(**changes: Any) -> Changes:
    return directors(MASTER.but(**changes), BACKUP.but(**changes))


ONE_LEFT = {WEB_1: 1, WEB_2: 0}
SPREAD = {WEB_1: 3, WEB_2: 1}
STRANGE = {WEB_1: 1, WEB_2: 1, ("", "10.0.0.99:80"): 1}
FOUND: dict[str, tuple[Changes, list[str]]] = {
    "all is well": ({}, []),
    "clocks that differ": (directors(MASTER, BACKUP.but(clock=NOW + 900)), []),
    "both masters": (
        directors(MASTER, MASTER.but(since=20.0)),
        ["c two_masters", "c vip_twice"],
    ),
    "VIP twice, one master": (directors(MASTER, BACKUP.but(held=1)), ["c vip_twice", "c vip_without_master"]),
    "killed keepalived leaves the VIP": (
        directors(MASTER.but(state="stopped", vrrp=0, checkers=0), MASTER.but(since=20.0)),
        ["c vip_twice", "c vip_without_master", "c keepalived_down"],
    ),
    "killed keepalived, FIFO still says MASTER": (
        directors(MASTER.but(vrrp=0), MASTER.but(since=20.0)),
        ["c vip_twice", "c vip_without_master", "c keepalived_down"],
    ),
    "nobody is master": (directors(BACKUP, BACKUP), ["c no_master", "c vip_nowhere"]),
    "master without VIP": (directors(MASTER.but(held=0), BACKUP), ["c vip_nowhere"]),
    "nobody, in the midst of a failover": (
        directors(BACKUP.but(since=0.6, notify=0.1), BACKUP.but(notify=3.0)),
        [],
    ),
    "address that has not followed yet": (
        directors(BACKUP.but(held=1, since=1.0), MASTER.but(since=0.7, notify=0.1)),
        [],
    ),
    "master just lost": (
        directors(Seen(seen(MASTER.text(), ages=(4.0,)).samples, "no answer", False, 1, 4.0), MASTER.but(since=3.0)),
        [],
    ),
    "fault": (directors(BACKUP.but(state="fault"), MASTER), ["c fault"]),
    "standby": (directors(BACKUP.but(standby=1), MASTER), ["w standby"]),
    "director silent": (directors(MASTER, SILENT), ["w director_unknown"]),
    "director dead": (directors(MASTER, DEAD), ["c director_down"]),
    "master dead, and nobody took over": (
        directors(DEAD, BACKUP),
        ["c no_master", "c vip_nowhere", "c director_down"],
    ),
    "nobody reachable at all": (directors(SILENT, SILENT), ["w director_unknown", "w director_unknown"]),
    "exporter dead while keepalived is well": (directors(MASTER, REFUSING), ["w exporter_down"]),
    "exporter of the master dead": (directors(REFUSING, BACKUP), ["w exporter_down"]),
    "stale notify file of the backup": (directors(MASTER, BACKUP.but(notify=16.0)), ["w stale"]),
    "stale notify file of the master": (directors(MASTER.but(notify=16.0), BACKUP), ["c stale"]),
    "notify file from the future": (directors(MASTER.but(notify=-9.0), BACKUP), ["c stale"]),
    "stale table": (directors(MASTER, BACKUP.but(ipvs=11.0)), ["w stale"]),
    "no clock": (directors(MASTER, BACKUP.but(without=("node_time",))), ["w stale", "w stale"]),
    "tables differ": (directors(MASTER, BACKUP.but(weights=SPREAD)), ["c tables_differ", "w weight_drift"]),
    "undeclared server": (both(weights=STRANGE), ["w undeclared", "w undeclared"]),
    "weight that nobody asked for": (both(weights=SPREAD), ["w weight_drift", "w weight_drift"]),
    "weight by track file": (both(weights=SPREAD, tracks={"web1": 2, "web2": 0}), []),
    "last server": (both(weights=ONE_LEFT, tracks={"web1": 0, "web2": DRAINED}), ["w last_server"]),
    "server down": (both(weights={WEB_1: 1}, checks={"web1": 1, "web2": 0}), ["w last_server", "w server_down"]),
    "all down": (
        both(weights={}, checks={"web1": 0, "web2": 0}),
        ["c all_down", "c server_down", "c server_down"],
    ),
    "all drained": (both(weights={WEB_1: 0, WEB_2: 0}, tracks={"web1": DRAINED, "web2": DRAINED}), ["c all_down"]),
    "web node silent": ({("web1", "node"): SILENT}, ["w web_unknown"]),
    "web node dead": ({("web1", "node"): DEAD}, ["w web_down"]),
    "nginx exporter dead": ({("web1", "nginx"): REFUSING}, ["w exporter_down"]),
    "apache does not answer": ({("web1", "apache"): seen(APACHE.replace("_up 1", "_up 0"))}, ["w exporter_down"]),
    "storage gone": ({("web2", "node"): seen(WEB.replace("} 1", "} 0"))}, ["c storage_gone"]),
    "storage dead": ({("store1", "node"): DEAD}, ["c storage_down"]),
    "storage silent": ({("store1", "node"): SILENT}, ["w storage_unknown"]),
    "no Prometheus": ({("", "prometheus"): REFUSING}, ["w prometheus_down"]),
}


@pytest.mark.parametrize("name", FOUND)
def test_findings(cluster: Configuration, name: str) -> None:
    changes, expected = FOUND[name]
    made = told(cluster, changes)
    assert codes(made) == expected
    assert all(one["remedy"].endswith(".") and one["text"].endswith(".") and one["nodes"] for one in made["findings"])
    json.dumps(made, allow_nan=False)


def test_weight_that_a_check_has_set_is_none_that_nobody_asked_for(cluster: Configuration) -> None:
    [service] = cluster.services
    weighed = replace(service, servers=tuple(replace(one, weighed=True) for one in service.servers))
    assert codes(told(replace(cluster, services=(weighed,)), both(weights=SPREAD))) == []


def test_red_ones_come_first(cluster: Configuration) -> None:
    made = told(cluster, {**directors(MASTER, BACKUP.but(standby=1)), ("store1", "node"): DEAD})
    assert codes(made) == ["c storage_down", "w standby"]
    assert made["verdict"]["level"] == "critical"
    assert "And 1 more." in made["verdict"]["text"]


@pytest.mark.parametrize(
    ("changes", "level", "text"),
    [
        ({}, "ok", "All is well: 1 service, 2 of 2 servers, lvs1 is master."),
        (directors(SILENT, SILENT), "unknown", "No director tells its state: nothing is known of the cluster."),
        (directors(DEAD, DEAD), "critical", None),
        (directors(MASTER, SILENT), "warning", None),
        (directors(MASTER, MASTER.but(since=20.0)), "critical", "lvs1 and lvs2 are both master of main. And 1 more."),
    ],
)
def test_verdict(cluster: Configuration, changes: Changes, level: str, text: str | None) -> None:
    verdict = told(cluster, changes)["verdict"]
    assert verdict["level"] == level
    assert text in (None, verdict["text"])


SERVERS: dict[str, tuple[Changes, str, int | None]] = {
    "up": ({}, "up", 1),
    "drained": (both(weights=ONE_LEFT, tracks={"web1": 0, "web2": DRAINED}), "drained", 0),
    "updating": (both(weights=ONE_LEFT, tracks={"web1": 0, "web2": UPDATING}), "updating", 0),
    "drained and dead": (
        both(weights={WEB_1: 1}, tracks={"web1": 0, "web2": DRAINED}, checks={"web2": 0}),
        "drained",
        None,
    ),
    "weighted": (both(weights={WEB_1: 1, WEB_2: 6}, tracks={"web1": 0, "web2": 5}), "weighted", 6),
    "down": (both(weights={WEB_1: 1}, checks={"web1": 1, "web2": 0}), "down", None),
    "down, and kept without weight": (both(weights=ONE_LEFT, checks={"web1": 1, "web2": 0}), "down", 0),
    "not in the table": (both(weights={WEB_1: 1}), "down", None),
    "checkers dead": (both(checkers=0), "unknown", 1),
    "no track file": (both(tracks={"web1": 0}), "unknown", 1),
    "stale table": (both(ipvs=11.0), "unknown", None),
    "stale checks": (both(notify=16.0), "unknown", None),
    "nobody reachable": (directors(SILENT, DEAD), "unknown", None),
}


@pytest.mark.parametrize("name", SERVERS)
def test_server(cluster: Configuration, name: str) -> None:
    changes, expected, weight = SERVERS[name]
    found = by_name(told(cluster, changes)["services"][0]["servers"], "web2")
    assert (found["state"], found["weight"]) == (expected, weight)


def test_old_figures_are_none(cluster: Configuration) -> None:
    old = {key: seen(MASTER.text() if key[0] == "lvs1" else WEB, ages=(13.0, 15.0)) for key in well()}
    made = told(cluster, old)
    director = by_name(made["directors"], "lvs1")
    assert (director["reach"], director["age"], director["keepalived"]) == ("unknown", 13.0, "unknown")
    assert director["routers"][0] == {
        "name": "main",
        "vips": [{"address": VIP, "held": None}],
        "state": "unknown",
        "since": None,
        "transitions": None,
        "priority": 150,
    }
    assert [director[name] for name in ("standby", "sync", "table", "load")] == [None, None, "unknown", None]
    service = made["services"][0]
    assert service["director"] is None
    assert service["connections_per_second"] is None
    assert service["servers"][0]["directors"]["lvs1"] == {"weight": None, "active": None, "inactive": None}
    web = by_name(made["web"], "web1")
    assert (web["reach"], web["load"], web["opcache"], web["connections"]) == ("unknown", None, None, None)
    assert web["storage"] == [{"path": "/srv/www", "state": "unknown"}]
    assert made["prometheus"] == "down"


def test_a_master_that_another_has_followed_is_unknown(cluster: Configuration) -> None:
    lost = Seen(seen(MASTER.text(), ages=(4.0,)).samples, "no answer", False, 1, 4.0)
    made = told(cluster, directors(lost, MASTER.but(since=3.0)))
    assert [one["routers"][0]["state"] for one in made["directors"]] == ["unknown", "master"]
    assert made["directors"][0]["routers"][0]["vips"] == [{"address": VIP, "held": None}]
    assert made["services"][0]["director"] == "lvs2"


def test_figures(cluster: Configuration) -> None:
    later = MASTER.but(connections=140).text()
    earlier = MASTER.but(clock=NOW - 2).text()
    more = seen(NGINX.replace("1000", "1100"), NGINX, ages=(1.0, 6.0))
    made = told(cluster, {("lvs1", "node"): seen(later, earlier), ("web1", "nginx"): more})
    service = made["services"][0]
    assert service["director"] == "lvs1"
    assert service["connections_per_second"] == 20.0
    assert service["servers"][0] == {
        "name": "web1",
        "address": "10.0.0.21:80",
        "state": "up",
        "declared_weight": 1,
        "weight": 1,
        "active": 4,
        "inactive": 2,
        "connections_per_second": 10.0,
        "since": None,
        "directors": {name: {"weight": 1, "active": 4, "inactive": 2} for name in ("lvs1", "lvs2")},
    }
    web = by_name(made["web"], "web1")
    assert web["requests_per_second"] == 20.0
    assert (web["workers_busy"], web["workers_idle"]) == (2, 8)
    assert web["opcache"] == {"enabled": True, "hit_rate": 0.9, "used_bytes": 1000, "free_bytes": 3000, "scripts": 12}
    assert by_name(made["storage"], "store1")["shares"] == ["/srv/www"]
    assert [one["sync"] for one in made["directors"]] == [["master"], ["backup"]]


def test_a_counter_that_was_reset_has_no_rate(cluster: Configuration) -> None:
    texts = MASTER.but(connections=1).text(), MASTER.but(clock=NOW - 2).text()
    service = told(cluster, {("lvs1", "node"): seen(*texts)})["services"][0]
    assert service["connections_per_second"] is None


NEW = BACKUP.but(weights=ONE_LEFT, tracks={"web1": 0, "web2": DRAINED})
OLD_TEXT, NEW_TEXT = BACKUP.text(), NEW.text()


@pytest.mark.parametrize(
    ("texts", "ages", "expected"),
    [
        ((OLD_TEXT,), (0.5, 2.5, 4.5, 6.5), "equal"),
        ((NEW_TEXT, OLD_TEXT), (0.5, 2.5, 4.5, 6.5), "equal"),
        ((NEW_TEXT, NEW_TEXT, OLD_TEXT), (0.5, 2.5, 4.5, 6.5), "equal"),
        ((NEW_TEXT, NEW_TEXT, NEW_TEXT, OLD_TEXT), (0.5, 2.5, 4.5, 6.5), "differs"),
        ((NEW_TEXT,), (0.5,), "unknown"),
    ],
)
def test_tables_may_differ_for_five_seconds(
    cluster: Configuration, texts: tuple[str, ...], ages: tuple[float, ...], expected: str
) -> None:
    made = told(cluster, {("lvs2", "node"): seen(*texts, ages=ages)})
    assert [one["table"] for one in made["directors"]] == [expected, expected]
    assert ("c tables_differ" in codes(made)) == (expected == "differs")


def test_quorum_and_sorry_server(tmp_path: Path) -> None:
    services = data(tmp_path)["services"]
    services[0].update(quorum=2, sorry_server="10.0.0.99:80")
    cluster = configuration(tmp_path, services=services)
    one_left = both(weights=ONE_LEFT, tracks={"web1": 0, "web2": DRAINED})
    assert codes(told(cluster, one_left)) == ["c below_quorum", "w last_server"]
    sorry = both(weights={("", "10.0.0.99:8080"): 1}, checks={"web1": 0, "web2": 0})
    made = told(cluster, sorry)
    assert codes(made) == ["c all_down", "c server_down", "c server_down"]
    assert "10.0.0.99:80 says sorry" in made["verdict"]["text"]


def test_one_director(tmp_path: Path) -> None:
    cluster = configuration(tmp_path, directors=[{"name": "lvs1", "address": "10.0.0.11"}])
    made = told(cluster, {})
    assert made["verdict"]["level"] == "ok"
    assert made["directors"][0]["table"] == "unknown"


def test_an_exporter_that_there_is_not(tmp_path: Path) -> None:
    cluster = configuration(tmp_path, web_ports={"node": 9100, "apache": 9117})
    web = told(cluster, {("web1", "apache"): seen(APACHE, APACHE.replace("500", "400"), ages=(1.0, 6.0))})["web"][0]
    assert web["exporters"] == {"apache": "ok"}
    assert web["requests_per_second"] == 20.0
    assert web["opcache"] is None
