# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What operators do, on two directors whose services speak TLS with each other."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from ha_web_monitor import actions
from ha_web_monitor.orders import Order
from unit.monitor.cluster import SECRET
from unit.monitor.live import ADDRESSES, Cluster, Host, certificate, live, serving

DRAINED = -100_000


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "OBEYED", 0.6)
    monkeypatch.setattr(actions, "_POLL", 0.05)


def log(host: Host) -> list[dict[str, object]]:
    path = Path(host.configuration.actions_file)
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_drain_and_restore(cluster: Cluster) -> None:
    done = cluster.act("drain", "web2")
    assert done.status_code == 200
    assert done.get_json() == {
        "ok": True,
        "text": "Drain web2: done on 2 of 2.",
        "results": [{"node": name, "ok": True, "text": "done"} for name in ("lvs1", "lvs2")],
    }
    for host in cluster.hosts.values():
        assert host.tracks() == {"web1": 0, "web2": DRAINED}
        assert (os.stat(host.track("web2")).st_mode & 0o777, host.track("web2").read_text()) == (0o644, "-100000\n")
    assert cluster.act("restore", "web2", service="web").get_json()["ok"]
    assert cluster.lvs1.tracks() == cluster.lvs2.tracks() == {"web1": 0, "web2": 0}
    first = log(cluster.lvs1)[0]
    assert first.pop("at")
    assert first == {
        "node": "lvs1",
        "kind": "action",
        "user": "admin",
        "address": "192.0.2.7",
        "action": "drain",
        "target": "web2",
        "force": False,
        "ok": True,
        "text": "Drain web2: done on 2 of 2.",
    }


def test_weight(cluster: Cluster) -> None:
    assert cluster.act("weight", "web1", weight=6).get_json()["ok"]
    assert cluster.lvs1.tracks() == cluster.lvs2.tracks() == {"web1": 5, "web2": 0}


@pytest.mark.parametrize(("action", "more"), [("drain", {}), ("weight", {"weight": 0})])
def test_last_server(cluster: Cluster, action: str, more: dict[str, int]) -> None:
    cluster.act("drain", "web2")
    refused = cluster.act(action, "web1", **more)
    assert refused.status_code == 409
    assert refused.get_json()["error"].startswith("web1 is the last server with any weight of web (10.0.0.100:80/tcp)")
    assert cluster.lvs1.tracks()["web1"] == cluster.lvs2.tracks()["web1"] == 0
    assert log(cluster.lvs1)[-1]["kind"] == "refused"
    # Who is out already may be drained again, and force may do it all.
    assert cluster.act("drain", "web2").status_code == 200
    assert cluster.act(action, "web1", force=True, **more).get_json()["ok"]


def test_last_server_on_one_director_only(cluster: Cluster) -> None:
    cluster.lvs2.told = cluster.lvs2.told.but(checks={"web1": 1, "web2": 0})
    refused = cluster.act("drain", "web1")
    assert refused.status_code == 409
    assert " on lvs2: nobody would serve it" in refused.get_json()["error"]
    assert cluster.lvs1.tracks()["web1"] == 0


def test_last_server_before_the_kernel_has_followed(cluster: Cluster) -> None:
    for host in cluster.hosts.values():
        host.obeys = False
    first = cluster.act("drain", "web2").get_json()
    assert not first["ok"]
    assert "not obeyed within 0.6 s: web2 has the weight 1 in web (10.0.0.100:80/tcp), not 0" in first["text"]
    assert cluster.act("drain", "web1").status_code == 409


def test_unknown_table(cluster: Cluster) -> None:
    cluster.lvs2.told = cluster.lvs2.told.but(ipvs=11.0)
    refused = cluster.act("drain", "web1")
    assert refused.get_json() == {
        "error": "lvs2 does not know its table. Start ha-web-ipvs-reader there, or set force."
    }
    assert cluster.lvs1.tracks()["web1"] == 0


def test_missing_track_file(cluster: Cluster) -> None:
    cluster.lvs2.track("web1").unlink()
    cluster.lvs2.obeys = False
    refused = cluster.act("drain", "web1")
    assert refused.status_code == 409
    assert "web1 is missing: keepalived of this director does not watch it yet" in refused.get_json()["error"]
    assert cluster.lvs1.tracks()["web1"] == 0


def test_a_director_that_may_live_is_not_left_behind(cluster: Cluster) -> None:
    cluster.stop(cluster.lvs2)
    refused = cluster.act("drain", "web1")
    assert refused.status_code == 409
    assert "is not known to be down. Nothing has been done" in refused.get_json()["error"]
    assert cluster.lvs1.tracks()["web1"] == 0


def test_a_director_that_is_down_is_left_out(cluster: Cluster) -> None:
    cluster.stop(cluster.lvs2)
    configuration, (_number, state, _text) = cluster.lvs1.configuration, cluster.service.scraper.current()
    state["directors"][1]["reach"] = "down"
    done = actions.act(configuration, Order("drain", "web1"), state)
    assert done["ok"]
    assert [one["ok"] for one in done["results"]] == [True, False]
    assert "lvs2: it is down, and does what its own track files say when it comes back" in done["text"]
    assert cluster.lvs1.tracks()["web1"] == DRAINED


def yields(other: Host) -> Callable[[Host], None]:
    """A director that gives its addresses to another when it is told to."""

    def listens(host: Host) -> None:
        if host.standby.read_text() == "1\n" and host.told.state == "master":
            host.told, other.told = other.told.but(since=0.0, notify=0.0), host.told.but(since=0.0, notify=0.0)

    return listens


@pytest.mark.parametrize("preempt", [True, False])
def test_switchover_and_back(tmp_path: Path, preempt: bool) -> None:
    routers = [{"name": "main", "vips": ["10.0.0.100"], "priorities": {}, "preempt": preempt, "advert_int_s": 0.1}]
    with live(tmp_path, routers=routers) as cluster:
        cluster.lvs1.listens = yields(cluster.lvs2)
        done = cluster.act("switchover", "lvs1").get_json()
        assert done["ok"], done
        assert cluster.lvs2.told.state == "master"
        assert cluster.lvs1.standby.read_text() == ("1\n" if preempt else "0\n")
        assert cluster.act("switchback", "lvs1").get_json()["ok"]
        assert cluster.lvs1.standby.read_text() == "0\n"
        assert cluster.lvs2.standby.read_text() == "0\n"


def test_switchover_by_the_other_hosts_agent(cluster: Cluster) -> None:
    cluster.lvs1.told, cluster.lvs2.told = cluster.lvs2.told, cluster.lvs1.told
    cluster.lvs2.listens = yields(cluster.lvs1)
    assert cluster.act("switchover", "lvs2").get_json()["ok"]
    assert (cluster.lvs1.standby.read_text(), cluster.lvs2.standby.read_text()) == ("0\n", "1\n")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"standby": 1}, "No other director is ready"),
        ({"vrrp": 0}, "No other director is ready"),
        ({"state": "fault"}, "No other director is ready"),
        ({"notify": 16.0}, "No other director is ready"),
        ({"weights": {}}, "No other director is ready"),
    ],
)
def test_switchover_without_another(cluster: Cluster, changes: dict[str, object], words: str) -> None:
    cluster.lvs2.obeys = False
    cluster.lvs2.told = cluster.lvs2.told.but(**changes)
    refused = cluster.act("switchover", "lvs1")
    assert refused.status_code == 409
    assert words in refused.get_json()["error"]
    assert cluster.lvs1.standby.read_text() == "0\n"


def test_switchover_of_who_has_nothing(cluster: Cluster) -> None:
    assert cluster.act("switchover", "lvs2").get_json() == {
        "error": "lvs2 is master of nothing: there is nothing to move."
    }


def test_switchover_that_is_not_obeyed(cluster: Cluster) -> None:
    done = cluster.act("switchover", "lvs1").get_json()
    assert not done["ok"]
    assert "it is on standby, but it is still master of main" in done["text"]


def peer_php(cluster: Cluster, node: str, _path: str, body: bytes) -> tuple[int, str]:
    """What peer.php does with a request, by the words of Signature.php."""
    fields = {name: values[0] for name, values in parse_qs(body.decode(), strict_parsing=True).items()}
    signature = fields.pop("signature")
    secret = hmac.new(SECRET.encode(), b"opcache", hashlib.sha256).hexdigest()
    text = "request\n" + "&".join(f"{name}={fields[name]}" for name in sorted(fields))
    right = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    if signature != right or fields["node"] != node or abs(int(fields["time"]) - time.time()) > 30:
        return 403, '{"error": "The signature is wrong."}'
    cluster.cleared.append((node, body))
    return 200, '{"cleared": true}'


def test_clear_cache(cluster: Cluster) -> None:
    with ExitStack() as stack:
        for name in ("web1", "web2"):
            stack.enter_context(serving(ADDRESSES[name], cluster.ports["opcache"], partial(peer_php, cluster, name)))
        done = cluster.act("clear_cache", "all").get_json()
        assert done["ok"], done
        assert cluster.act("clear_cache", "web2").get_json()["ok"]
    assert sorted(name for name, _body in cluster.cleared) == ["web1", "web2", "web2"]
    done = cluster.act("clear_cache", "web1").get_json()
    assert not done["ok"]
    assert "nothing listens there" in done["text"]


def test_one_action_at_a_time(cluster: Cluster) -> None:
    for host in cluster.hosts.values():
        host.obeys = False
    answers = []
    first = threading.Thread(target=lambda: answers.append(cluster.act("drain", "web2")))
    first.start()
    while not cluster.service.acting.locked():
        time.sleep(0.005)
    assert cluster.act("drain", "web1").get_json() == {"error": "Another action is under way. Wait until it has ended."}
    first.join()
    assert answers[0].status_code == 200


def test_what_cannot_be_written_down_is_not_done(cluster: Cluster) -> None:
    os.mkdir(cluster.lvs1.configuration.actions_file)
    assert cluster.act("drain", "web2").status_code == 503
    assert cluster.lvs1.tracks()["web2"] == 0


def test_an_agent_with_a_certificate_that_is_not_pinned(cluster: Cluster, tmp_path: Path) -> None:
    (tmp_path / "peers.pem").write_text(Path(certificate(tmp_path, "other")).read_text())
    refused = cluster.act("drain", "web1")
    assert refused.status_code == 409
    assert "no trusted TLS connection (CERTIFICATE_VERIFY_FAILED)" in refused.get_json()["error"]


def test_configurations_and_events_of_all(cluster: Cluster) -> None:
    for host in cluster.hosts.values():
        Path(host.configuration.configuration_file).write_text(f"# of {host.name}\n")
        event = {"at": time.time(), "kind": "vrrp", "name": "main", "state": "fault", "before": "backup"}
        Path(host.configuration.events_file).write_text(json.dumps(event) + "\nno event\n")
    cluster.act("drain", "web2")
    assert cluster.get("/api/configuration", "guest").get_json() == {
        "directors": [{"name": name, "text": f"# of {name}\n", "error": ""} for name in ("lvs1", "lvs2")]
    }
    answer = cluster.get("/api/timeline?hours=1", "guest").get_json()
    assert answer["errors"] == []
    assert [(one["kind"], one["node"], one["level"], one["user"]) for one in answer["events"]] == [
        ("action", "lvs1", "info", "admin"),
        ("vrrp", "lvs2", "critical", ""),
        ("vrrp", "lvs1", "critical", ""),
    ]
    assert answer["events"][1]["text"] == "main is fault, was backup"
    cluster.stop(cluster.lvs2)
    assert [one["node"] for one in cluster.get("/api/timeline?hours=1").get_json()["errors"]] == ["lvs2"]
    assert "nothing listens there" in cluster.get("/api/configuration").get_json()["directors"][1]["error"]
