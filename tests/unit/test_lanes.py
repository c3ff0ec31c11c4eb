# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What runs beside what, and how it ends."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest
from lab import lanes
from lab.lanes import Job, Lane, Machine, Plan
from lab.report import wait_for

SCENARIOS = ["default", "faults", "ipvs", "roles", "web"]
ROOMY = Machine(cores=[0, 1], memory=20_000, foreign=False, running=False)


def names(machine: Machine) -> list[list[str]]:
    return [[job.name for job in plan.jobs] for plan in lanes.plans(["sanity"], SCENARIOS, machine)]


@pytest.mark.parametrize(
    "machine",
    [
        ROOMY._replace(cores=[3]),
        ROOMY._replace(foreign=True),
        ROOMY._replace(memory=9_000),
        ROOMY._replace(memory=4_000, running=True),
    ],
)
def test_one_after_the_other_where_two_engines_have_no_room(machine: Machine) -> None:
    assert names(machine) == [["sanity", *SCENARIOS]]


@pytest.mark.parametrize("machine", [ROOMY, ROOMY._replace(memory=5_000, running=True)])
def test_what_takes_times_has_the_first_engine(machine: Machine) -> None:
    assert names(machine) == [["faults", "web"], ["sanity", "default", "ipvs", "roles"]]


@pytest.mark.parametrize(
    ("cores", "expected"),
    [([0, 1], "1"), ([4, 6, 7], "6"), ([0, 1, 2, 3], "1,2"), (list(range(8)), "5,6")],
)
def test_second_lane_leaves_the_first_engine_its_core(cores: list[int], expected: str) -> None:
    second = lanes.plans([], SCENARIOS, ROOMY._replace(cores=cores))[1]
    assert second.prefix[-1] == expected


@pytest.mark.parametrize(("memory", "expected"), [(20_000, 8192), (12_000, 4928), (9_216, 3072)])
def test_first_engine_leaves_memory_to_the_second(memory: int, expected: int) -> None:
    first, second = lanes.plans([], SCENARIOS, ROOMY._replace(memory=memory))
    assert (first.environment["HA_WEB_MEMORY"], second.environment["HA_WEB_MEMORY"]) == (str(expected), "3072")


def shell(name: str, script: str) -> Job:
    return Job(name, ["sh", "-c", script])


def test_both_lanes_go_on_after_a_failure(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    first = Lane(Plan([shell("one", "echo first lane"), shell("two", "exit 3"), shell("three", "exit 0")]))
    wait = f"while [ ! -e {tmp_path}/go ]; do sleep 0.05; done"
    second = Lane(Plan([shell("four", wait), shell("five", "echo the reason; exit 1")], logs=tmp_path))
    threading.Timer(0.5, (tmp_path / "go").touch).start()
    assert not lanes.work([first, second])
    assert (first.failed, second.failed) == (["two"], ["five"])
    said = capfd.readouterr().out
    assert "first lane" in said
    assert said.count("the reason") == 1, "the log of what failed, in full"
    assert [line.split()[:2] for line in said.splitlines()[-5:]] == [
        *([name, result] for name, result in (("one", "ok"), ("two", "FAILED"))),
        *(["three", "ok"], ["four", "ok"], ["five", "FAILED"]),
    ]


def test_all_is_well() -> None:
    assert lanes.work([Lane(Plan([shell("one", "exit 0")])), Lane(Plan([]))])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_nothing_is_left(tmp_path: Path, number: int) -> None:
    script = f"sleep 300 & echo $! > {tmp_path}/$0; wait; wait"
    jobs = [Job(name, ["sh", "-c", script, name]) for name in ("one", "two")]

    def interrupt() -> None:
        wait_for("both", lambda: all((tmp_path / job.name).exists() for job in jobs), 20)
        os.kill(os.getpid(), number)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt), lanes.one_interrupt():
        lanes.work([Lane(Plan([jobs[0], shell("later", f"touch {tmp_path}/later")])), Lane(Plan([jobs[1]]))])
    assert not (tmp_path / "later").exists()
    for job in jobs:
        sleeper = Path("/proc", (tmp_path / job.name).read_text().strip(), "stat")
        wait_for("the end", lambda sleeper=sleeper: not sleeper.exists() or ") Z " in sleeper.read_text(), 10)  # type: ignore[misc]
