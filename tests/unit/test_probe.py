# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The probe against servers of every kind on the loopback."""

from __future__ import annotations

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.lvs.ha_web.plugins.module_utils import _probe as probe

PROBE = Path(probe.__file__)
GOOD = b"HTTP/1.1 200 OK\r\nX-Served-By: web1\r\nContent-Length: 2\r\n\r\nhi"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (GOOD, (200, "web1", "")),
        (b"HTTP/1.1 200 OK\r\nx-served-by:  w \r\n\r\nto the end", (200, "w", "")),
        (GOOD[:-1], (200, "web1", "truncated")),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", (200, "", "")),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n", (200, "", "truncated")),
        (b"HTTP/1.1 502 Bad Gateway\r\nX-Served-By: web1\r\n\r\n", (502, "web1", "http502")),
        (b"HTTP/1.1 302 Found\r\n\r\n", (302, "", "")),
        (b"", (0, "", "empty")),
        (b"HTTP/1.1 200", (0, "", "truncated")),
    ],
)
def test_parse(answer: bytes, expected: tuple[int, str, str]) -> None:
    assert probe.parse(answer) == expected


@contextmanager
def server(behaviour: Callable[[socket.socket], None]) -> Iterator[int]:
    """Serve every connection with ``behaviour``; yield the port."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _address = listener.accept()
                except OSError:
                    return  # closed: the test is over
                threading.Thread(target=behaviour, args=(connection,), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def answers(connection: socket.socket) -> None:
    with connection:
        connection.recv(4096)
        connection.sendall(GOOD)


def hangs(connection: socket.socket) -> None:
    with connection:
        while connection.recv(4096):
            pass


def resets(connection: socket.socket) -> None:
    connection.recv(4096)
    linger_zero = b"\x01\x00\x00\x00\x00\x00\x00\x00"
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_zero)
    connection.close()


def command(port: int, rate: float, seconds: float, timeout: float) -> list[str]:
    arguments = ["127.0.0.1", port, "/", rate, seconds, timeout]
    return [sys.executable, str(PROBE), *map(str, arguments)]


def run(port: int, rate: float, seconds: float, timeout: float = 0.3) -> list[dict[str, Any]]:
    done = subprocess.run(command(port, rate, seconds, timeout), capture_output=True, text=True, timeout=30, check=True)
    hello, *lines = map(json.loads, done.stdout.splitlines())
    assert hello["pid"] > 0
    return sorted(lines, key=lambda line: int(line["n"]))


def test_every_request_is_answered_and_on_time() -> None:
    with server(answers) as port:
        lines = run(port, rate=100, seconds=0.5)
    assert [line["n"] for line in lines] == list(range(50))
    assert {(line["status"], line["error"], line["server"]) for line in lines} == {(200, "", "web1")}
    assert {line["again"] for line in lines} == {0}
    starts = [line["at"] - line["late"] for line in lines]
    assert starts == pytest.approx([starts[0] + n / 100 for n in range(50)], abs=0.05)


def test_no_source_port_is_used_again_soon_nor_by_the_next_probe() -> None:
    with server(answers) as port:
        ports = [line["port"] for _run in range(3) for line in run(port, rate=200, seconds=0.5)]
    assert len(set(ports)) == len(ports) == 300


def test_a_source_port_that_somebody_has_is_left_out() -> None:
    turns = {int((time.monotonic() + ahead) / probe._PORT_TURN) for ahead in (0.0, 3.0)}
    taken = [probe._PORTS[turn % len(probe._PORTS)] for turn in range(min(turns), max(turns), 2)]
    with ExitStack() as held, server(answers) as port:
        for one in taken:
            other = held.enter_context(socket.socket())
            with suppress(OSError):
                other.bind(("", one))
        lines = run(port, rate=100, seconds=0.3)
    assert not {line["port"] for line in lines} & set(taken)
    assert {line["error"] for line in lines} == {""}


def test_a_hanging_request_slows_no_other_and_times_out() -> None:
    with server(hangs) as port:
        lines = run(port, rate=50, seconds=0.5, timeout=0.3)
    assert [line["error"] for line in lines] == ["timeout"] * 25
    assert lines[-1]["at"] - lines[-1]["late"] - lines[0]["at"] == pytest.approx(0.48, abs=0.1)
    assert all(0.3 <= line["took"] < 2 for line in lines)


@pytest.mark.parametrize(
    ("timeout", "answered", "error"),
    [
        (1, "meanwhile", ""),
        (1, "soon afterwards", ""),
        # Nothing may be late where gaps are measured.
        (0.8, "soon afterwards", "timeout"),
    ],
)
def test_what_its_own_standstill_costs_is_no_timeout(timeout: float, answered: str, error: str) -> None:
    asked, answer = threading.Event(), threading.Event()

    def answers_when_told(connection: socket.socket) -> None:
        with connection:
            connection.recv(4096)
            asked.set()
            answer.wait(10)
            connection.sendall(GOOD)

    with (
        server(answers_when_told) as port,
        subprocess.Popen(command(port, 1, 1, timeout), stdout=subprocess.PIPE, text=True) as process,
    ):
        assert process.stdout
        process.stdout.readline()
        assert asked.wait(10)
        process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED)
        if answered == "meanwhile":
            answer.set()
        time.sleep(1.5)  # the standstill
        process.send_signal(signal.SIGCONT)
        threading.Timer(0.2, answer.set).start()
        lines = [json.loads(line) for line in process.stdout]
    assert [line["error"] for line in lines] == [error]
    assert lines[0]["took"] > 1.5


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
@pytest.mark.parametrize(("timeout", "error"), [(10, ""), (1.5, "timeout")])
def test_a_syn_that_is_sent_again_is_counted(timeout: float, error: str) -> None:
    written: list[str] = []
    asked = itertools.count()
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()

        def serve() -> None:
            listener.accept()[0].close()  # makes room
            answers(listener.accept()[0])

        def ended() -> bool:
            # The second time, the request's first SYN has been sent.
            if next(asked) == 1 and not error:
                threading.Thread(target=serve, daemon=True).start()
            return False

        # One connection fills the queue: the kernel drops other SYNs.
        with socket.create_connection(address):
            probe.Probe(*address, "/", 1, timeout, write=written.append, ended=ended).run(1)
    _hello, line = map(json.loads, "".join(written).splitlines())
    assert line["error"] == error
    assert line["again"] >= 1
    assert line["took"] >= 1


def test_refused_and_reset_are_told_apart() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert {line["error"] for line in run(port, rate=50, seconds=0.1)} == {"refused"}
    with server(resets) as port:
        assert {line["error"] for line in run(port, rate=50, seconds=0.1)} == {"reset"}


def test_it_names_the_host_and_ends_when_asked_to() -> None:
    asked: list[bytes] = []
    written: list[str] = []

    def remembers(connection: socket.socket) -> None:
        with connection:
            asked.append(connection.recv(4096))
            connection.sendall(GOOD)

    with server(remembers) as port:
        for host in ("", "www.example.org"):
            run = probe.Probe("127.0.0.1", port, "/x", 100, 0.3, host=host, write=written.append, ended=lambda: True)
            run.run(0.05 if host else 0)
        assert written and not asked, "nothing is sent after the end"
        for host in ("", "www.example.org"):
            probe.Probe("127.0.0.1", port, "/x", 100, 0.3, host=host, write=written.append).run(0.01)
    heads = [text.split(b"\r\n")[:2] for text in asked]
    assert heads == [[b"GET /x HTTP/1.1", b"Host: " + host] for host in (b"127.0.0.1:%d" % port, b"www.example.org")]


def test_it_ends_early_when_told_and_loses_nothing_under_way() -> None:
    with server(hangs) as port:
        arguments = command(port, rate=100, seconds=60, timeout=0.3)
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            process.stdout.readline()
            first = process.stdout.readline()
            process.send_signal(signal.SIGTERM)
            lines = [first, *process.stdout]
            assert process.wait(timeout=5) == 0
    numbers = sorted(json.loads(line)["n"] for line in lines)
    assert numbers == list(range(len(numbers)))
    assert len(numbers) < 200
