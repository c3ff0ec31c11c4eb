# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Whatever is sent gets a proper answer, and changes nothing that it must not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from ha_web_monitor import audit_log, web
from ha_web_monitor.security import signed
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.monitor.cluster import SECRET
from unit.monitor.live import ORIGIN, Cluster, live
from werkzeug.test import TestResponse

EXAMPLES = settings(max_examples=40)
KNOWN = {200, 400, 403, 404, 405, 409, 413, 503}


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with pytest.MonkeyPatch.context() as patch, live(tmp_path_factory.mktemp("fuzz")) as made:
        patch.setattr(audit_log, "KEPT", 50)
        patch.setattr(web, "RATE_SECONDS", 0.0)
        yield made


def is_proper(cluster: Cluster, answer: TestResponse) -> bool:
    assert answer.status_code in KNOWN
    assert answer.headers["Cache-Control"] == "no-store"
    assert isinstance(answer.get_json(), dict)
    return cluster.lvs1.tracks() == cluster.lvs2.tracks() == {"web1": 0, "web2": 0}


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
VALUES = st.recursive(
    SCALARS | st.sampled_from(["drain", "restore", "web1", "web", "lvs1", "all", 0, 1, 65535]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
KEYS = st.sampled_from(["action", "target", "service", "weight", "force", "token", "phase"]) | st.text(max_size=8)
BODIES = st.binary(max_size=5000) | (VALUES | st.dictionaries(KEYS, VALUES)).map(
    lambda value: json.dumps(value).encode()
)
# As a server gives them: bytes, as Latin-1. A line cannot hold its end.
HEADERS = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=60)


@given(BODIES)
@EXAMPLES
def test_any_body_without_a_token(fuzzed: Cluster, body: bytes) -> None:
    assert is_proper(fuzzed, fuzzed.post(body))


@given(st.dictionaries(KEYS, VALUES, max_size=6))
@EXAMPLES
def test_any_fields_with_a_token(fuzzed: Cluster, fields: dict[str, Any]) -> None:
    token = fuzzed.get("/api/token").get_json()["token"]
    answer = fuzzed.post({"action": "format", "target": "web1", **fields, "token": token})
    if answer.status_code == 200:
        assert fields["action"] in ("drain", "restore", "weight", "clear_cache", "switchover", "switchback")
        for name in ("web1", "web2"):
            assert fuzzed.act("restore", name).status_code == 200
    else:
        assert is_proper(fuzzed, answer)


@given(st.dictionaries(st.sampled_from(["X-Remote-User", "X-Real-IP", "Origin", "Host", "X-HA-Web-Action"]), HEADERS))
@EXAMPLES
def test_any_headers(fuzzed: Cluster, headers: dict[str, str]) -> None:
    body = {"action": "drain", "target": "web1", "token": ""}
    right = {"X-Remote-User": "admin", "X-HA-Web-Action": "1", "Origin": ORIGIN, "Host": ORIGIN[8:], **headers}
    environment = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in right.items()}
    assert is_proper(fuzzed, fuzzed.client.post("/api/actions", json=body, environ_overrides=environment))
    if "X-Remote-User" in headers:
        answer = fuzzed.client.get("/api/audit", environ_overrides=environment)
        assert answer.status_code == (200 if headers["X-Remote-User"] in ("admin", "guest") else 403)


QUERIES = st.lists(
    st.tuples(
        st.sampled_from(["chart", "hours", "node", "service", "server"]) | st.text(max_size=8),
        st.sampled_from(["load", "servers", "1", "web1", "web"]) | st.text(max_size=30),
    ),
    max_size=4,
).map(lambda pairs: "&".join(f"{quote(name)}={quote(value)}" for name, value in pairs))


@given(st.sampled_from(["history", "state", "audit", "configuration"]), QUERIES | st.binary(max_size=30).map(quote))
@EXAMPLES
def test_any_query(fuzzed: Cluster, path: str, query: str) -> None:
    assert is_proper(fuzzed, fuzzed.get(f"/api/{path}?{query}"))


@given(st.sampled_from(["act", "events", "configuration"]), BODIES, HEADERS, HEADERS)
@EXAMPLES
def test_any_request_to_an_agent(fuzzed: Cluster, path: str, body: bytes, one: str, two: str) -> None:
    environment = {"HTTP_X_HA_WEB_TIME": one, "HTTP_X_HA_WEB_NONCE": two, "HTTP_X_HA_WEB_SIGNATURE": one}
    method = "POST" if path == "act" else "GET"
    answer = fuzzed.client.open(f"/agent/{path}", method=method, data=body, environ_overrides=environment)
    assert answer.status_code in (400, 403, 413)
    assert is_proper(fuzzed, answer)


@given(BODIES)
@EXAMPLES
def test_any_signed_body(fuzzed: Cluster, body: bytes) -> None:
    headers = signed(SECRET.encode(), "lvs1", "POST", "/agent/act", body)
    answer = fuzzed.client.post("/agent/act", headers=headers, data=body)
    assert answer.status_code in (400, 409, 413)
    assert is_proper(fuzzed, answer)
