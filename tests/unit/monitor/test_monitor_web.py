# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Who gets what from the service, and what is refused."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from ha_web_monitor import web
from ha_web_monitor.configuration import ConfigurationError, load
from ha_web_monitor.security import DeniedError, Gate, signed
from unit.monitor import cluster as files
from unit.monitor.live import ORIGIN, Cluster, live, serving

PATHS = ("state", "stream", "timeline", "history?chart=load", "configuration", "audit", "token")


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A cluster in which nothing is changed."""
    with live(tmp_path_factory.mktemp("web")) as made:
        yield made


def order(cluster: Cluster, **changes: Any) -> dict[str, Any]:
    token = cluster.get("/api/token").get_json()["token"]
    return {"action": "drain", "target": "web2", "token": token, **changes}


def untouched(cluster: Cluster) -> bool:
    return cluster.lvs1.tracks() == cluster.lvs2.tracks() == {"web1": 0, "web2": 0}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("user", ["", "nobody", "Admin", "admin,guest", "admin ", "admin\xff", "a\tb"])
def test_nobody_gets_nothing(quiet: Cluster, path: str, user: str) -> None:
    refused = quiet.get(f"/api/{path}", user)
    assert refused.status_code == 403
    assert set(refused.get_json()) == {"error"}


@pytest.mark.parametrize("path", [*PATHS, "nothing", "../agent/act"])
def test_answers_are_not_kept_or_framed(quiet: Cluster, path: str) -> None:
    answer = quiet.client.get(f"/api/{path}", headers={"X-Remote-User": "nobody"})
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def test_state(quiet: Cluster) -> None:
    for user, role in (("admin", "operator"), ("guest", "viewer")):
        state = quiet.get("/api/state", user).get_json()
        assert (state["user"], state["role"], state["node"], state["version"]) == (user, role, "lvs1", "0.3.0")
        assert state["services"][0]["director"] == "lvs1"
        assert abs(state["at"] - time.time()) < 5


def test_a_viewer_only_looks(quiet: Cluster) -> None:
    assert quiet.get("/api/token", "guest").status_code == 403
    refused = quiet.post(order(quiet), user="guest")
    assert refused.get_json() == {"error": "guest may look, and change nothing. Ask an operator."}
    assert untouched(quiet)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"without": "Origin"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": ORIGIN.replace("https", "http")}, 403),
        ({"Origin": f"{ORIGIN}/"}, 403),
        ({"Origin": "https://10.0.0.11:9443"}, 403),  # one of ours, and not the host that was asked
        ({"Origin": "https://evil.example", "Host": "evil.example"}, 403),
        ({"without": "X-HA-Web-Action"}, 403),
        ({"X_HA_Web_Action": "2"}, 403),
        ({"Content_Type": "text/plain"}, 400),
        ({"Content_Type": "application/x-www-form-urlencoded"}, 400),
        ({"user": "nobody"}, 403),
    ],
)
def test_a_request_from_elsewhere(quiet: Cluster, headers: dict[str, str], status: int) -> None:
    assert quiet.post(order(quiet), **headers).status_code == status
    assert untouched(quiet)


@pytest.mark.parametrize(
    "changes",
    [
        {"action": "format"},
        {"action": 1},
        {"action": None},
        {"target": "web9"},
        {"target": "../web1"},
        {"target": ["web1"]},
        {"service": "nothing"},
        {"service": None},
        {"weight": "1"},
        {"weight": True},
        {"weight": 1.0},
        {"action": "weight"},
        {"action": "weight", "weight": -1},
        {"action": "weight", "weight": 65536},
        {"force": 1},
        {"force": "true"},
        {"token": 5},
        {"more": 1},
        {"phase": "write"},
        {"action": "switchover", "target": "web1"},
        {"action": "clear_cache", "target": "lvs1"},
    ],
)
def test_a_malformed_order(quiet: Cluster, changes: dict[str, Any]) -> None:
    refused = quiet.post(order(quiet, **changes))
    assert refused.status_code == 400
    assert refused.get_json()["error"].endswith(".")
    assert untouched(quiet)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"null", 400),
        (b"[]", 400),
        (b"{", 400),
        (b"[" * 4096, 400),
        (b'{"action": "drain", "action": "drain", "target": "web2", "token": ""}', 400),
        (b'{"action": "drain", "target": "web2", "token": "", "weight": NaN}', 400),
        (b"\xff\xfe", 400),
        (b" " * 4097, 413),
    ],
)
def test_a_malformed_body(quiet: Cluster, body: bytes, status: int) -> None:
    assert quiet.post(body).status_code == status
    assert untouched(quiet)


def test_a_body_of_unknown_length(quiet: Cluster) -> None:
    headers = {"X-Remote-User": "admin", "X-HA-Web-Action": "1", "Origin": ORIGIN, "Host": ORIGIN[8:]}
    environment = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    refused = quiet.client.post(
        "/api/actions", headers=headers, content_type="application/json", environ_overrides=environment
    )
    assert refused.status_code == 400


def test_a_token_is_for_one_post_of_one_user(tmp_path: Path) -> None:
    with live(tmp_path, operators=["admin", "other"]) as cluster:
        token = order(cluster)["token"]
        for wrong in ("", "..", token[:-1], token + "0", "9" * 12 + token[10:], f"{int(token[:10]) + 1}{token[10:]}"):
            assert cluster.post(order(cluster, token=wrong)).status_code == 403
        assert cluster.post(order(cluster, token=token), user="other").status_code == 403
        assert untouched(cluster)
        assert cluster.post(order(cluster, token=token)).status_code == 200
        assert cluster.post(order(cluster, action="restore", token=token)).status_code == 403
        assert cluster.lvs1.tracks()["web2"] == -100_000
        # Another host's page gives tokens of its own.
        other = cluster.lvs2.app.test_client().get("/api/token", headers={"X-Remote-User": "admin"}).get_json()["token"]
        assert cluster.post(order(cluster, token=other)).status_code == 403


def test_who_acts_too_fast(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "RATE", 2)
    answers = [cluster.post(order(cluster, action="restore")).status_code for _time in range(3)]
    assert answers == [200, 200, 429]


def test_a_host_without_a_page(tmp_path: Path) -> None:
    with live(tmp_path, page=False) as cluster:
        assert {cluster.get(f"/api/{path}").status_code for path in PATHS} == {404}
        headers = signed(files.SECRET.encode(), "lvs1", "GET", "/agent/configuration")
        assert cluster.client.get("/agent/configuration", headers=headers).status_code == 200


def ask_agent(cluster: Cluster, method: str, target: str, body: bytes = b"", **changes: str) -> int:
    """Ask lvs2, with a proof that may be of something else."""
    proof = {"secret": files.SECRET, "node": "lvs2", "as_method": method, "as_target": target, "as_body": body.decode()}
    proof.update({name: changes.pop(name) for name in list(changes) if name in proof})
    secret, node, as_method, as_target, as_body = proof.values()
    headers = signed(secret.encode(), node, as_method, as_target, as_body.encode())
    headers.update({name.replace("_", "-"): value for name, value in changes.items()})
    answer = cluster.lvs2.app.test_client().open(target, method=method, headers=headers, data=body or None)
    return answer.status_code


WRITE = b'{"phase": "write", "action": "drain", "target": "web2"}'


@pytest.mark.parametrize(
    "changes",
    [
        {"secret": "6b" * 32},
        {"node": "lvs1"},
        {"as_method": "GET"},
        {"as_target": "/agent/events"},
        {"as_body": WRITE.decode().replace("web2", "web1")},
        {"X_HA_Web_Time": "1764000000"},
        {"X_HA_Web_Time": "\xb2"},
        {"X_HA_Web_Nonce": "00" * 16},
        {"X_HA_Web_Signature": "\xe9" * 64},
        {"X_HA_Web_Signature": ""},
    ],
)
def test_an_agent_that_is_asked_by_a_stranger(quiet: Cluster, changes: dict[str, str]) -> None:
    assert ask_agent(quiet, "POST", "/agent/act", WRITE, **changes) == 403
    assert untouched(quiet)


def test_an_agent_answers_once(cluster: Cluster) -> None:
    headers = signed(files.SECRET.encode(), "lvs2", "POST", "/agent/act", WRITE)
    client = cluster.lvs2.app.test_client()
    answers = [client.post("/agent/act", headers=headers, data=WRITE).status_code for _time in range(2)]
    assert answers == [200, 403]


@pytest.mark.parametrize("seconds", [-31, 31])
def test_an_agent_and_time(quiet: Cluster, monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    at = time.time() + seconds
    with monkeypatch.context() as patch:
        patch.setattr("ha_web_monitor.security.time.time", lambda: at)
        headers = signed(files.SECRET.encode(), "lvs2", "GET", "/agent/configuration")
    assert quiet.lvs2.app.test_client().get("/agent/configuration", headers=headers).status_code == 403


def test_a_request_from_before_the_start_may_have_been_used() -> None:
    target, secret = "/agent/configuration", files.SECRET.encode()
    proof = signed(secret, "lvs2", "GET", target)
    at = int(proof["X-HA-Web-Time"])
    with pytest.raises(DeniedError, match="has just started"):
        Gate(secret, "lvs2", lambda: at + 1.0).check("GET", target, proof, b"")
    Gate(secret, "lvs2", lambda: at + 0.9).check("GET", target, proof, b"")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"phase": "check", "action": "drain", "target": "web2"}', 200),
        (b'{"phase": "both", "action": "drain", "target": "web2"}', 400),
        (b'{"phase": "check", "action": "clear_cache", "target": "all"}', 409),
        (b'{"action": "drain", "target": "web2"}', 400),
        (b" " * 4097, 413),
    ],
)
def test_what_an_agent_does_not_do(quiet: Cluster, body: bytes, status: int) -> None:
    assert ask_agent(quiet, "POST", "/agent/act", body) == status
    assert untouched(quiet)


def test_agent_hours(quiet: Cluster) -> None:
    assert ask_agent(quiet, "GET", "/agent/events?hours=2") == 200
    assert ask_agent(quiet, "GET", "/agent/events?hours=200") == 400
    assert ask_agent(quiet, "GET", "/agent/events") == 400


@pytest.mark.parametrize("hours", ["0", "169", "-1", "1.5", "", "²", "1e2", "0001"])
def test_wrong_hours(quiet: Cluster, hours: str) -> None:
    assert quiet.get(f"/api/timeline?hours={hours}").status_code == 400
    assert quiet.get(f"/api/history?chart=load&hours={hours}").status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        "",
        "chart=nothing",
        "chart=load&node=web9",
        "chart=load&service=web",
        'chart=load&node=web1"} or up{a="',
        "chart=servers&service=web&server=web9",
        "chart=load&query=up",
    ],
)
def test_history_that_there_is_not(quiet: Cluster, query: str) -> None:
    assert quiet.get(f"/api/history?{query}").status_code == 400


def test_history(tmp_path: Path) -> None:
    asked: list[dict[str, list[str]]] = []

    def prometheus(path: str, _body: bytes) -> tuple[int, str]:
        asked.append(parse_qs(urlsplit(path).query))
        values = [[1764000000, "1.5"], [1764000015, "NaN"]]
        return 200, json.dumps({"data": {"result": [{"metric": {"server": "web1"}, "values": values}]}})

    with live(tmp_path) as cluster:
        port = int(cluster.lvs1.configuration.prometheus.rpartition(":")[2])
        with serving("127.0.0.1", port, prometheus):
            answer = cluster.get("/api/history?chart=servers&service=web&server=web1&hours=24", "guest")
            assert answer.get_json() == {
                "unit": "connections",
                "series": [{"name": "web1", "points": [[1764000000, 1.5], [1764000015, None]]}],
            }
            assert '(ha_web_ipvs_server_active_connections{service="web",server="web1"})' in asked[0]["query"][0]
            assert float(asked[0]["end"][0]) - float(asked[0]["start"][0]) == 24 * 3600
            assert cluster.get("/api/history?chart=requests").status_code == 200
            assert "rate(nginx_http_requests_total{}[60s])" in asked[1]["query"][0]
        assert "nothing listens there" in cluster.get("/api/history?chart=load").get_json()["error"]


def test_report_of_the_audit(cluster: Cluster) -> None:
    path = Path(cluster.lvs1.configuration.audit_file)
    assert cluster.get("/api/audit").get_json() == {"at": None, "report": None}
    path.write_text('{"drift": []}')
    assert cluster.get("/api/audit", "guest").get_json() == {"at": path.stat().st_mtime, "report": {"drift": []}}
    path.write_text("{")
    assert cluster.get("/api/audit").status_code == 503


def test_refusals_are_written_down(cluster: Cluster) -> None:
    cluster.post(order(cluster, target="web9"))
    cluster.get("/api/state", "nobody")
    ask_agent(cluster, "GET", "/agent/configuration", node="lvs1")
    lines = [json.loads(line) for line in Path(cluster.lvs1.configuration.actions_file).read_text().splitlines()]
    assert [(one["kind"], one["user"], one["address"], one.get("target")) for one in lines] == [
        ("refused", "admin", "192.0.2.7", "web9"),
        ("refused", "nobody", "192.0.2.7", None),
    ]
    assert "The signature is wrong" in Path(cluster.lvs2.configuration.actions_file).read_text()


def test_secrets_are_nowhere(cluster: Cluster) -> None:
    cluster.post(order(cluster, target="web9"))
    token = order(cluster)["token"]
    cluster.post(order(cluster, token=token))
    cluster.post(order(cluster, token=token))
    texts = [repr(cluster.lvs1.configuration), Path(cluster.lvs1.configuration.actions_file).read_text()]
    texts += [cluster.get(f"/api/{path}").get_data(as_text=True) for path in PATHS if path != "stream"]
    assert not any(files.SECRET in text for text in texts)
    assert not any(token in text for text in texts)


def test_a_mistake_of_ours_tells_nothing(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise KeyError(files.SECRET)

    monkeypatch.setattr(cluster.service.scraper, "current", fails)
    answer = cluster.get("/api/state")
    assert answer.status_code == 500
    assert files.SECRET not in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda folder: (folder / "secret").write_text("short"), "holds no 64 hexadecimal digits"),
        (lambda folder: (folder / "secret").unlink(), "No such file"),
        (lambda folder: (folder / "config.json").write_text("{}"), "is not what the role writes"),
        (lambda folder: (folder / "config.json").write_text("{"), "is not what the role writes"),
        (lambda folder: (folder / "config.json").unlink(), "No such file"),
    ],
)
def test_configuration_that_is_wrong(tmp_path: Path, wrong: Any, words: str) -> None:
    path = files.lay_out(tmp_path)
    wrong(tmp_path)
    with pytest.raises(ConfigurationError, match=words):
        load(str(path))
