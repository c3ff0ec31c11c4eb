# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What runs beside what, and how it ends."""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

import pytest
from lab import lanes
from lab.lanes import Job, Lane, Machine, Plan
from lab.report import wait_for

SCENARIOS = ["default", "faults", "ipvs", "roles", "upgrade", "web"]
ROOMY = Machine(cores=[0, 1], memory=20_000, foreign=False, running=False)


def names(machine: Machine) -> list[list[list[str]]]:
    plans = lanes.plans(["sanity"], SCENARIOS, machine)
    return [[[job.name for job in queue] for queue in plan.queues] for plan in plans]


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
    assert names(machine) == [[["sanity", *SCENARIOS]]]


@pytest.mark.parametrize("machine", [ROOMY, ROOMY._replace(memory=5_000, running=True)])
def test_what_takes_times_has_the_first_engine(machine: Machine) -> None:
    shared = ["default", "web", "roles", "ipvs", "sanity"]
    assert names(machine) == [[["faults", "upgrade"], shared], [shared]]


def test_what_takes_no_times_is_there() -> None:
    assert set(lanes.UNTIMED) < set(lanes.scenarios())


def test_each_job_is_given_to_one_lane() -> None:
    targets = [str(number) for number in range(5000)]
    plans = lanes.plans(targets, SCENARIOS, ROOMY)
    assert plans[0].queues[1] is plans[1].queues[0]
    with ThreadPoolExecutor(len(plans)) as pool:
        taken = list(pool.map(lambda plan: [job.name for job in iter(plan.take, None)], plans))
    assert sorted(chain.from_iterable(taken)) == sorted([*targets, *SCENARIOS])
    assert taken[0][:2] == ["faults", "upgrade"]


@pytest.mark.parametrize(
    ("cores", "expected"),
    [([0, 1], "1"), ([4, 6, 7], "6"), ([0, 1, 2, 3], "1,2"), (list(range(8)), "5,6")],
)
def test_second_lane_leaves_the_first_engine_its_core(cores: list[int], expected: str) -> None:
    second = lanes.plans([], SCENARIOS, ROOMY._replace(cores=cores))[1]
    assert second.prefix[-1] == expected


MEMORY = [(20_000, (8192, 5130)), (12_000, (4928, 3072)), (9_216, (3072, 3072))]


@pytest.mark.parametrize(("memory", "expected"), MEMORY)
def test_first_engine_leaves_memory_to_the_second(memory: int, expected: tuple[int, int]) -> None:
    first, second = lanes.plans([], SCENARIOS, ROOMY._replace(memory=memory))
    assert (first.environment["HA_WEB_MEMORY"], second.environment["HA_WEB_MEMORY"]) == tuple(map(str, expected))


def shell(name: str, script: str) -> Job:
    return Job(name, ["sh", "-c", script])


def lane(*jobs: Job, logs: Path | None = None) -> Lane:
    return Lane(Plan([deque(jobs)], logs=logs))


@pytest.mark.parametrize(
    ("timed", "shared", "expected"),
    [
        # Each job with the one whose beginning it waits for.
        ({"one": "long"}, {"long": "short", "short": "short"}, (["one", "short"], ["long"])),
        ({"one": "quick", "two": "two", "three": "three"}, {"quick": "one"}, (["one", "two", "three"], ["quick"])),
        ({"one": "last"}, {"quick": "one", "next": "next", "last": "last"}, (["one"], ["quick", "next", "last"])),
    ],
    ids=["the first helps", "the second does not", "the second goes on"],
)
def test_shared_jobs_are_done_by_whoever_is_free(
    tmp_path: Path, timed: dict[str, str], shared: dict[str, str], expected: tuple[list[str], list[str]]
) -> None:
    def queue(jobs: dict[str, str]) -> deque[Job]:
        script = f"cd {tmp_path}; touch %s; timeout 20 sh -c 'until [ -e %s ]; do sleep 0.05; done'"
        return deque(shell(name, script % (name, other)) for name, other in jobs.items())

    both, logs = queue(shared), tmp_path / "logs"
    first, second = Lane(Plan([queue(timed), both])), Lane(Plan([both], logs=logs))
    assert lanes.work([first, second])
    assert (list(first.results), list(second.results)) == expected
    assert {file.stem for file in logs.iterdir()} == set(second.results)


def test_both_lanes_go_on_after_a_failure(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    first = lane(shell("one", "echo first lane"), shell("two", "exit 3"), shell("three", "exit 0"))
    wait = f"while [ ! -e {tmp_path}/go ]; do sleep 0.05; done"
    second = lane(shell("four", wait), shell("five", "echo the reason; exit 1"), logs=tmp_path)
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
    assert lanes.work([lane(shell("one", "exit 0")), lane()])


def test_what_no_lane_came_to_is_no_success(capfd: pytest.CaptureFixture[str]) -> None:
    done, stopped = lane(shell("one", "exit 0")), lane(shell("two", "exit 0"))
    stopped.stop()
    assert not lanes.work([done, stopped])
    said = capfd.readouterr().out.splitlines()
    assert [line.split()[:3] for line in said[-2:]] == [["one", "ok", "0"], ["two", "not", "run"]]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_nothing_is_left(tmp_path: Path, number: int) -> None:
    script = f"sleep 300 & echo $! > {tmp_path}/$0; wait; wait"
    jobs = [Job(name, ["sh", "-c", script, name]) for name in ("one", "two")]

    def interrupt() -> None:
        wait_for("both", lambda: all((tmp_path / job.name).exists() for job in jobs), 20)
        os.kill(os.getpid(), number)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt), lanes.one_interrupt():
        lanes.work([lane(jobs[0], shell("later", f"touch {tmp_path}/later")), lane(jobs[1])])
    assert not (tmp_path / "later").exists()
    for job in jobs:
        sleeper = Path("/proc", (tmp_path / job.name).read_text().strip(), "stat")
        wait_for("the end", lambda sleeper=sleeper: not sleeper.exists() or ") Z " in sleeper.read_text(), 10)  # type: ignore[misc]
