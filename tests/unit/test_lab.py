# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The lab's own housekeeping: its cache and its processes."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from lab import cache, debian
from lab.processes import Processes
from lab.report import LabError, wait_for
from lab.settings import REPO


def test_cache_builds_once(tmp_path: Path) -> None:
    built: list[Path] = []

    def build(part: Path) -> None:
        built.append(part)
        part.write_text("whole")

    first = cache.get(tmp_path, "disk", "k1", build)
    second = cache.get(tmp_path, "disk", "k1", build)
    assert first == second == tmp_path / "disk-k1"
    assert first.read_text() == "whole"
    assert len(built) == 1


def test_cache_shows_no_half_built_thing_and_clears_it_next_time(tmp_path: Path) -> None:
    def dies(part: Path) -> None:
        part.mkdir()
        (part / "half").touch()
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        cache.get(tmp_path, "disk", "k1", dies)
    assert not (tmp_path / "disk-k1").exists()
    cache.get(tmp_path, "disk", "k1", lambda part: part.mkdir())
    assert list((tmp_path / "disk-k1").iterdir()) == []


def test_cache_keeps_the_last_two_of_a_kind(tmp_path: Path) -> None:
    for number, name in enumerate(("k1", "k2", "k3")):
        os.utime(cache.get(tmp_path, "disk", name, lambda part: part.touch()), (number, number))
    cache.get(tmp_path, "other", "k1", lambda part: part.touch())
    assert sorted(path.name for path in tmp_path.glob("[!.]*")) == ["disk-k2", "disk-k3", "other-k1"]


def test_key_depends_on_content_not_on_order() -> None:
    assert cache.key({"a": 1, "b": 2}) == cache.key({"b": 2, "a": 1})
    assert cache.key("a", "b") != cache.key("ab")


def test_process_is_known_until_it_is_stopped(tmp_path: Path) -> None:
    processes = Processes(tmp_path / "register")
    processes.start("sleeper", ["sleep", "60"], tmp_path / "log")
    pid = processes.pid("sleeper")
    assert pid is not None
    # Another command sees it too.
    assert Processes(tmp_path / "register").pid("sleeper") == pid
    processes.stop("sleeper")
    assert processes.pid("sleeper") is None
    assert not Path(f"/proc/{pid}/stat").exists()
    processes.stop("sleeper")


def test_a_stranger_with_a_remembered_id_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "sleeper.json").write_text(json.dumps({"pid": os.getpid(), "started": "1"}))
    processes = Processes(tmp_path)
    assert processes.pid("sleeper") is None
    processes.stop("sleeper")


def test_waiting_names_what_it_waited_for() -> None:
    with pytest.raises(LabError, match=r"waited 0\.05 s in vain for a miracle"):
        wait_for("a miracle", lambda: None, 0.05, every=0.01)


def test_a_dead_mirror_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian, "MIRROR", "http://127.0.0.1:9/debian")
    with pytest.raises(LabError) as caught:
        debian.check_mirror("bookworm")
    assert "the package mirror does not answer: http://127.0.0.1:9/debian/dists/bookworm/InRelease" in str(caught.value)
    assert "HA_WEB_MIRROR" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_bootstrap_takes_the_machines_python_also_from_within_its_environment() -> None:
    link = REPO / ".venv"
    before = link.readlink()
    environment = {**os.environ, "PATH": f"{link}/bin:{os.environ['PATH']}"}
    subprocess.run([REPO / "tests/lab/bootstrap"], env=environment, check=True, timeout=60)
    assert link.readlink() == before
