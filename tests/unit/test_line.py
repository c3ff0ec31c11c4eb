# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Lines to nodes: their far end as a process of this machine."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab.line import Line
from lab.report import LabError


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    (tmp_path / "python3").symlink_to(sys.executable)
    line = Line(["env"], {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"})
    yield line
    line.close()


@pytest.mark.parametrize(
    ("script", "done"),
    [
        ("echo one; echo two >&2; exit 3", (3, b"one\n", b"two\n")),
        ("printf '\\377'", (0, b"\xff", b"")),
        ("kill -TERM $$", (143, b"", b"")),
        ("cat", (0, b"", b"")),
        ("echo 'a\nb'; echo ä", (0, "a\nb\nä\n".encode(), b"")),
    ],
)
def test_scripts(line: Line, script: str, done: tuple[int, bytes, bytes]) -> None:
    assert line.run(script) == done


def test_many_on_one_line(line: Line) -> None:
    process = line.run("echo $PPID").output
    assert line.alive()
    assert line.run("echo $PPID").output == process


def test_node_that_goes_meanwhile(line: Line) -> None:
    with pytest.raises(LabError, match="the node has gone"):
        line.run("kill -KILL $PPID")


def test_node_that_has_gone_since(line: Line) -> None:
    os.kill(int(line.run("echo $PPID").output), signal.SIGKILL)
    assert not line.alive()


def test_node_that_cannot_be_reached() -> None:
    with pytest.raises(LabError, match="no such place"):
        Line(["sh", "-c", "echo no such place >&2; exit 1"], os.environ)
