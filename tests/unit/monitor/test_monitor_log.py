# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What is written down of actions and refusals, and what the line of time makes of it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from ha_web_monitor import audit_log, timeline
from ha_web_monitor.audit_log import AuditLog
from ha_web_monitor.configuration import Configuration
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.monitor import cluster as files


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "actions.jsonl"


def test_only_the_newest_are_kept(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_log, "KEPT", 5)
    log = AuditLog(str(path), "lvs1")
    for number in range(12):
        log.acted(text=str(number))
        assert len(lines(path)) <= 5
    assert [one["text"] for one in lines(path)] == ["7", "8", "9", "10", "11"]
    assert [one.name for one in path.parent.iterdir()] == ["actions.jsonl"]


def test_refusals_push_no_action_out(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_log, "KEPT", 10)
    monkeypatch.setattr(audit_log, "REFUSALS_KEPT", 3)
    clock = Clock()
    log = AuditLog(str(path), "lvs1", clock)
    for number in range(6):
        log.acted(text=str(number))
    for _time in range(50):
        clock.now += audit_log.WINDOW
        log.refused(address="192.0.2.7", text="no")
    kinds = [one["kind"] for one in lines(path)]
    assert kinds.count("action") == 6
    assert len(kinds) <= 10


def test_refusals_of_one_source_are_summed(path: Path) -> None:
    clock = Clock()
    log = AuditLog(str(path), "lvs1", clock)
    for _time in range(1000):
        log.refused(address="192.0.2.7", text="no")
    log.refused(address="192.0.2.8", text="no")
    assert [one["address"] for one in lines(path)] == ["192.0.2.7"] * audit_log.TOLD + ["192.0.2.8"]
    clock.now += audit_log.WINDOW
    log.refused(address="192.0.2.7", text="no")
    assert [one["text"] for one in lines(path)][-2:] == [f"{1000 - audit_log.TOLD} more refusals", "no"]


def test_refusals_of_many_sources_are_bounded(path: Path) -> None:
    log = AuditLog(str(path), "lvs1", Clock())
    for number in range(2000):
        log.refused(address=f"2001:db8::{number:x}", text="x" * 5000)
    assert len(lines(path)) == 20 + audit_log.TOLD
    assert path.stat().st_size < 30 * 1000


def test_a_line_that_was_cut_off(path: Path) -> None:
    path.write_text('{"at": 1, "kind": "acti')
    AuditLog(str(path), "lvs1").acted(text="next")
    assert json.loads(path.read_text().splitlines()[-1])["text"] == "next"


def test_old_events_and_many(tmp_path: Path) -> None:
    configuration = files.configuration(tmp_path)
    now = time.time()
    events = [{"at": now - number * 10, "kind": "server", "name": "web web1", "state": "down"} for number in range(700)]
    Path(configuration.events_file).write_text("".join(json.dumps(one) + "\n" for one in reversed(events)))
    found = timeline.local(configuration, 1)
    assert len(found) == 360
    assert found[0]["text"] == "web: web1 is down"
    assert found == sorted(found, key=lambda one: -one["at"])
    assert len(timeline.local(configuration, 168)) == timeline.LIMIT


@pytest.mark.parametrize(
    ("line", "level", "text"),
    [
        ({"kind": "vrrp", "name": "main", "state": "master", "before": "backup"}, "info", "main is master, was backup"),
        ({"kind": "server", "name": "web web1", "state": "up"}, "info", "web: web1 is up"),
        ({"kind": "keepalived", "name": "vrrp", "state": "down"}, "critical", "keepalived (vrrp) is down"),
    ],
)
def test_words_of_events(tmp_path: Path, line: dict[str, str], level: str, text: str) -> None:
    configuration = files.configuration(tmp_path)
    Path(configuration.events_file).write_text(json.dumps({"at": time.time(), **line}) + "\n")
    (found,) = timeline.local(configuration, 1)
    assert (found["level"], found["text"], found["node"]) == (level, text, "lvs1")


@pytest.fixture(scope="module")
def any_files(tmp_path_factory: pytest.TempPathFactory) -> Configuration:
    return files.configuration(tmp_path_factory.mktemp("any"))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
KEYS = st.sampled_from(["at", "kind", "name", "state", "before", "text", "level", "user", "action", "target", "ok"])
KIND = st.fixed_dictionaries(
    {}, optional={"kind": st.sampled_from(timeline.KINDS), "at": st.just(2e9), "level": st.just("info")}
)
EVENTS = st.tuples(st.dictionaries(KEYS, VALUES), KIND).map(lambda two: {**two[0], **two[1]})


@given(st.lists(st.binary(max_size=60) | EVENTS.map(lambda one: json.dumps(one).encode()), max_size=6))
@settings(max_examples=40)
def test_any_file_is_a_line_of_time(any_files: Configuration, content: list[bytes]) -> None:
    configuration = any_files
    for path in (configuration.events_file, configuration.actions_file):
        Path(path).write_bytes(b"\n".join(content))
    found = timeline.local(configuration, 168)
    assert timeline.proper(json.loads(json.dumps(found, allow_nan=False)), "lvs1") == found


@given(VALUES | st.lists(VALUES | EVENTS, max_size=5))
@settings(max_examples=40)
def test_any_answer_of_another_host_has_events_or_none(answer: Any) -> None:
    for one in timeline.proper(answer, "lvs2"):
        assert set(one) == {"at", "kind", "node", "text", "level", "user"}
        assert one["node"] == "lvs2"
