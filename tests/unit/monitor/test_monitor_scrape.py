# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Asking exporters that answer, that do not, and that never end."""

from __future__ import annotations

import contextlib
import json
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest
from ha_web_monitor import scrape, state, transport, web
from ha_web_monitor.figures import Reader
from ha_web_monitor.scrape import Record, Scraper, Target
from ha_web_monitor.transport import LIMIT, TransportError, request
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.monitor import cluster as files
from unit.monitor.live import Cluster, free_port, serving

HERE = "127.0.0.11"
OK = b"HTTP/1.0 200 OK\r\n\r\n"


@contextlib.contextmanager
def speaking(*words: bytes, pause: float = 0.0) -> Iterator[int]:
    """A port on which whoever connects gets these words, piece by piece, until it has gone."""
    with socket.create_server((HERE, 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError), server.accept()[0] as one:
                one.recv(65536)
                for word in words:
                    one.sendall(word)
                    time.sleep(pause)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ([b"nothing of ours"], "no HTTP"),
        ([b"HTTP/1.0 999 Odd\r\n\r\n"], "no HTTP"),
        ([b"HTTP/1.0 200 OK\r\n"], "no HTTP"),
        ([b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nfour"], "cut off"),
        ([b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"], "in chunks"),
        ([OK, *[b"x" * 65536] * (LIMIT // 65536 + 1)], "more than 4 MiB"),
        ([OK.replace(b"\r\n\r\n", b"\r\n" + b"A: b\r\n" * 200 + b"\r\n")], "gives no proper answer"),
        ([], "no HTTP"),
    ],
)
def test_answers_that_are_none(words: list[bytes], problem: str) -> None:
    with speaking(*words) as port, pytest.raises(TransportError, match=problem):
        request(HERE, port, "/")


@pytest.mark.parametrize("words", [[b"H"] * 100, [OK, *[b"x"] * 100]])
def test_bytes_that_drip_end_in_time(words: list[bytes]) -> None:
    with speaking(*words, pause=0.05) as port:
        began = time.monotonic()
        with pytest.raises(TransportError, match=r"no answer from 127\.0\.0\.11:[0-9]+ within 0\.3 s"):
            request(HERE, port, "/", seconds=0.3)
        assert time.monotonic() - began < 0.6


def test_a_port_on_which_nobody_listens() -> None:
    with pytest.raises(TransportError) as error:
        request(HERE, free_port(), "/")
    assert error.value.refused


def test_an_exporter_that_says_nothing_of_use() -> None:
    for answer, words in (((500, ""), "answers 500"), ((200, "ha_web_x{ 1\n"), "gives no figures")):
        port = free_port()
        with serving(HERE, port, lambda *_, said=answer: said), pytest.raises(TransportError, match=words):
            scrape.fetch(Target("lvs1", "node", HERE, port, "/metrics", 2.0), Reader())


def test_what_a_record_keeps() -> None:
    port = free_port()
    record = Record(Target("lvs1", "node", HERE, port, "/metrics", 2.0))
    record.ask()
    record.ask()
    first = record.seen(time.monotonic())
    assert (first.samples, first.refused, first.failures) == ((), True, 2)
    with serving(HERE, port, lambda *_: (200, "node_load1 3\n")):
        record.ask()
    record.ask()
    second = record.seen(time.monotonic() + 7)
    assert second.samples[0].figures.one("node_load1") == 3
    assert 7 <= second.samples[0].age < 8
    assert (second.failures, round(second.failing)) == (1, 7)


def test_nobody_looks_and_nobody_is_asked(cluster: Cluster) -> None:
    asked = []
    cluster.lvs1.listens = lambda _host: asked.append(time.monotonic())
    scraper = Scraper(cluster.lvs1.configuration, looked=0.2)
    before = threading.active_count()
    assert not scraper.running and not asked
    number, made, text = scraper.current()
    assert number == 1 and made["directors"][0]["reach"] == "ok" and text
    assert len(asked) == 1
    assert scraper.current()[0] == 1
    deadline = time.monotonic() + 5
    while scraper.running and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(asked) <= 2
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not scraper.running
    # Who looks then gets a new state, and no old one.
    assert scraper.current()[0] > number
    scraper.close()


def test_a_state_is_made_once_for_all(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    original = state.state

    def counted(*given: Any) -> dict[str, Any]:
        made.append(1)
        return original(*given)

    monkeypatch.setattr(scrape, "state", counted)
    scraper = cluster.service.scraper
    texts = []
    threads = [threading.Thread(target=lambda: texts.append(scraper.after(0, 5.0))) for _number in range(20)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(made) == 1
    assert len({id(text) for _number, text in texts}) == 1


def test_after_a_mistake_of_ours_who_looks_begins_anew(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise KeyError

    monkeypatch.setattr(threading, "excepthook", lambda _arguments: None)
    monkeypatch.setattr(scrape, "STALE", 0.3)
    with monkeypatch.context() as patch:
        patch.setattr(scrape, "state", fails)
        with pytest.raises(TransportError):
            cluster.service.scraper.current()
    assert not cluster.service.scraper.running
    monkeypatch.setattr(scrape, "STALE", 6.0)
    assert cluster.service.scraper.current()[1]["directors"][0]["reach"] == "ok"


def test_streams(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "STREAM_SECONDS", 0.4)
    monkeypatch.setattr(web, "PING_SECONDS", 0.1)
    monkeypatch.setattr(web, "STREAMS", 1)
    answer = cluster.get("/api/stream", "guest")
    assert answer.content_type.startswith("text/event-stream")
    text = answer.get_data(as_text=True)
    assert text.startswith("retry: 2000\n\n")
    assert 'event: state\ndata: {"user":"guest","role":"viewer","at":' in text
    assert text.endswith(": ping\n\n")


def test_streams_are_counted(cluster: Cluster) -> None:
    cluster.service.streams = threading.BoundedSemaphore(1)
    with cluster.get("/api/stream") as answer:
        assert answer.status_code == 200
        assert cluster.get("/api/stream").status_code == 503
        cluster.service.scraper.close()
    assert cluster.service.streams.acquire(blocking=False)


def test_more_than_one_megabyte_of_figures() -> None:
    port = free_port()
    text = "".join(f'ha_web_track{{service="s{index}",server="web1"}} 0\n' for index in range(30_000))
    assert 1 << 20 < len(text) < LIMIT
    with serving(HERE, port, lambda *_: (200, text)):
        body = request(HERE, port, "/").body
    assert len(body) == len(text)


def test_what_changes_and_what_goes_is_read_anew() -> None:
    reader = Reader()
    assert reader.read('ha_web_track{service="a b",server="c"} 1\nnode_load1 2\n').one("node_load1") == 2
    second = reader.read('ha_web_track{service="a b",server="c"} 3\nha_web_standby NaN\n')
    assert [(dict(one.labels), one.value) for one in second.all("ha_web_track")] == [
        ({"service": "a b", "server": "c"}, 3)
    ]
    assert second.one("node_load1") is second.one("ha_web_standby") is None
    for text in ("ha_web_standby 1 1764000000000\n", "ha_web_standby\n", "ha_web_standby \n"):
        with pytest.raises(ValueError):
            reader.read(text)


NAMES = st.sampled_from(["ha_web_track", "ha_web_vip_held", "node_load1 ", "ha_web_", "nginx_up", "# TYPE ha_web_x"])
LINES = st.lists(st.tuples(NAMES, st.text(max_size=40) | st.sampled_from(['{a="b"} 1', "{", '{a="', " NaN", " 1e999"])))


@given(st.text() | LINES.map(lambda lines: "\n".join(a + b for a, b in lines)))
@settings(max_examples=100)
def test_any_text_is_figures_or_none(text: str) -> None:
    try:
        figures = Reader().read(text)
    except ValueError:
        return
    assert all(abs(one.value) < 1e18 for name in ("ha_web_track", "ha_web_vip_held") for one in figures.all(name))


@given(st.binary(max_size=200) | st.binary(max_size=200).map(lambda data: OK[:-2] + data))
@settings(max_examples=100)
def test_any_bytes_are_an_answer_or_none(data: bytes) -> None:
    with contextlib.suppress(ValueError, HTTPException):
        assert 100 <= transport._whole(data).status <= 599


with tempfile.TemporaryDirectory() as _folder:
    CONFIGURATION = files.configuration(Path(_folder))
VALUES = st.sampled_from([0.0, 1.0, -1.0, 1e17, -1e17, 1_764_000_000.0, 0.5]).map(repr)
CHANGES = st.dictionaries(st.integers(0, 60), VALUES)


@given(CHANGES, CHANGES)
@settings(max_examples=40)
def test_any_figures_make_a_state(one: dict[int, str], two: dict[int, str]) -> None:
    def changed(text: str, changes: dict[int, str]) -> str:
        lines = text.splitlines()
        for index, value in changes.items():
            lines[index % len(lines)] = lines[index % len(lines)].rpartition(" ")[0] + f" {value}"
        return "\n".join(lines)

    told = {
        **files.well(),
        ("lvs1", "node"): files.seen(changed(files.MASTER.text(), one)),
        ("lvs2", "node"): files.seen(changed(files.BACKUP.text(), two)),
    }
    assert json.dumps(state.state(CONFIGURATION, told, files.NOW), allow_nan=False)
