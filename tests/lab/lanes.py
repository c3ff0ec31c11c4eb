# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Long tests in two lanes beside each other: those that take times in the first engine, the others in a second one.

An embedded engine has one core, and what is measured in it wants that core for itself. The second lane has another,
and writes into files. Its engine comes before what else is done there, so that directors in it hear each other in
time; what asks it comes last. When the first has no more times to take, it helps with the others, so that both end at
about the same time. Where there is one core, too little memory for two engines, or an engine that is not ours, there
is one lane, and everything comes one after the other.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from . import embedded, engine, preflight
from .report import LabError, say, wait_for
from .settings import APT_CACHE_PORT, BROWSER_PORT, BUILD, GUEST_MEMORY_MIB, REPO, SECOND

# Scenarios without times, or with generous ones; all others take some. The longest first: what both lanes share ends
# with short ones, and neither waits long for the other.
UNTIMED = ("default", "web", "roles", "forwarding", "ipvs")
LOGS = BUILD / "lanes"
_NICENESS, _ENGINE_NICENESS = 5, -5
_GRACE_S = 20  # for an interrupted job: Ansible ends what it has begun


class Machine(NamedTuple):
    """What there is to share: cores, and MiB of memory; ``foreign`` is an engine that is not the lab's own."""

    cores: list[int]
    memory: int
    foreign: bool
    running: bool  # the first engine has its memory already


class Job(NamedTuple):
    """A command and what it is called."""

    name: str
    command: list[str]


@dataclass(frozen=True)
class Plan:
    """Where a lane takes its jobs from, and with what it does them; without logs it writes to the terminal."""

    queues: Sequence[deque[Job]]
    prefix: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    logs: Path | None = None

    def take(self) -> Job | None:
        """Take the next job, from the first queue that has one; None when all are empty."""
        for queue in self.queues:
            with suppress(IndexError):  # not asked for beforehand: another lane may take the last one in between
                return queue.popleft()
        return None


def plans(targets: Sequence[str], scenarios: Sequence[str], machine: Machine) -> list[Plan]:
    """Share out make's ``targets``, none of which takes times, and the scenarios."""
    quick = [_job(target) for target in targets]
    least, most = GUEST_MEMORY_MIB
    share = least * 3 // 2
    enough = machine.memory >= share * (1 if machine.running else 2)
    if machine.foreign or len(machine.cores) < 2 or not enough:
        return [Plan([deque([*quick, *map(_scenario, scenarios)])])]
    timed = deque(_scenario(name) for name in scenarios if name not in UNTIMED)
    shared = deque([*(_scenario(name) for name in UNTIMED if name in scenarios), *quick])
    first, second = (str(min(most, max(least, (machine.memory - share) * part // 3))) for part in (2, 1))
    # The first engine has the first core of few, the last of many: uml.pin.
    cores = machine.cores[1:2] if len(machine.cores) < 4 else machine.cores[-3:-1]
    return [
        Plan(
            [timed, shared],
            environment={"HA_WEB_MEMORY": first},
        ),
        Plan(
            [shared],
            prefix=["nice", "-n", str(_NICENESS), "taskset", "-c", ",".join(map(str, cores))],
            environment={
                "HA_WEB_LAB": SECOND,
                "HA_WEB_APT_CACHE_PORT": str(APT_CACHE_PORT + 2),  # the next is that of the engine's own test
                "HA_WEB_BROWSER_PORT": str(BROWSER_PORT + 2),
                "HA_WEB_MEMORY": second,
                "HA_WEB_NICENESS": str(_ENGINE_NICENESS),
            },
            logs=LOGS,
        ),
    ]


def _job(target: str, *variables: str) -> Job:
    name = variables[0].partition("=")[2] if variables else target
    return Job(name, ["make", "--no-print-directory", target, *variables])


def _scenario(name: str) -> Job:
    return _job("molecule", f"SCENARIO={name}")


class Lane(threading.Thread):
    """A lane at work: its jobs one after the other, also when one fails: the next may tell something else."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.results: dict[str, tuple[int, float]] = {}  # exit code and seconds
        self.plan = plan
        self._stopped = threading.Event()

    @property
    def failed(self) -> list[str]:
        """The jobs that failed."""
        return [name for name, (code, _seconds) in self.results.items() if code]

    def log(self, name: str) -> Path | None:
        """Return where a job's output is."""
        return self.plan.logs and self.plan.logs / f"{name}.log"

    def run(self) -> None:
        """Do jobs until none is left."""
        while not self._stopped.is_set() and (job := self.plan.take()):
            begun = time.monotonic()
            code = self._do(job)
            seconds = time.monotonic() - begun
            self.results[job.name] = (code, seconds)
            if self.plan.logs and not self._stopped.is_set():
                say(_line(job.name, "FAILED" if code else "ok", seconds, f"beside, {self.log(job.name)}"))

    def stop(self) -> None:
        """End what is under way and begin no more."""
        self._stopped.set()

    def _do(self, job: Job) -> int:
        log = self.log(job.name)
        if log:
            log.parent.mkdir(parents=True, exist_ok=True)
        with (
            open(log or os.devnull, "wb") as file,
            subprocess.Popen(
                [*self.plan.prefix, *job.command],
                env={**_environment(), **self.plan.environment},
                cwd=REPO,
                stdin=subprocess.DEVNULL,
                stdout=file if log else None,
                stderr=subprocess.STDOUT if log else None,
                process_group=0,
            ) as process,
        ):
            while not _ended(process.pid):
                if self._stopped.wait(0.2):
                    _end(process.pid)
            return process.wait()


def _environment() -> dict[str, str]:
    """Each lane finds its own engine: the first would look like the user's choice to the second."""
    return {name: value for name, value in os.environ.items() if (name, value) != ("DOCKER_HOST", embedded.DOCKER_HOST)}


def _ended(pid: int) -> bool:
    """Tell whether a child has ended, without collecting it: its id stays its own, and its group's."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _end(pid: int) -> None:
    """End a child that leads a group, and all of the group."""
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGINT)
        with suppress(LabError):
            wait_for(f"the end of process {pid}", lambda: _ended(pid), _GRACE_S)
        os.killpg(pid, signal.SIGKILL)
    wait_for(f"the end of process {pid}", lambda: _ended(pid), 20)


def _line(name: str, result: str, seconds: float, where: str = "") -> str:
    return f"  {name:<16} {result:<8} {seconds:5.0f} s  {where}".rstrip()


@contextmanager
def one_interrupt() -> Iterator[None]:
    """Let the first signal that ends programs interrupt the block, and no further one disturb what it then tidies up.

    Also where such signals were ignored, as in a shell's background: jobs inherit that.
    """

    def interrupted(*_signal: object) -> None:
        for number in before:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    for number in before:
        signal.signal(number, interrupted)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def work(lanes: Sequence[Lane]) -> bool:
    """Let all lanes do their work; return whether all of it succeeded.

    Raises:
        KeyboardInterrupt: the user has ended it, and everything that was under way has come to its end.
    """
    jobs = dict.fromkeys(job.name for lane in lanes for queue in lane.plan.queues for job in queue)
    try:
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()
    except KeyboardInterrupt:
        for lane in lanes:
            lane.stop()
        for lane in lanes:
            lane.join()
        raise
    left = [name for name in jobs if not any(name in lane.results for lane in lanes)]
    _tell(lanes, left)
    return not left and not any(lane.failed for lane in lanes)


def _tell(lanes: Sequence[Lane], left: Sequence[str]) -> None:
    for lane in lanes:
        for name in lane.failed:
            log = lane.log(name)
            if log:
                say(f"\n--- {name}, {log}\n{log.read_text(encoding='utf-8', errors='replace')}")
    say("")
    for lane in lanes:
        for name, (code, seconds) in lane.results.items():
            say(_line(name, "FAILED" if code else "ok", seconds))
    for name in left:
        say(_line(name, "not run", 0))


def end_second() -> bool:
    """Stop the second engine, where there is one or what a killed one left; return whether there was."""
    if not embedded.remains(SECOND):
        return False
    command = [sys.executable, "-m", "lab", "engine-down"]
    subprocess.run(command, env={**os.environ, "HA_WEB_LAB": SECOND}, stdout=subprocess.DEVNULL, check=True)
    return True


def scenarios() -> list[str]:
    """Return the names of all scenarios."""
    return sorted(file.parent.name for file in (REPO / "molecule").glob("*/molecule.yml"))


def run(targets: Sequence[str], scenarios: Sequence[str]) -> bool:
    """Run make's ``targets`` and the scenarios; return whether all of them succeeded.

    The second engine is gone in the end. The first stays, as after every command, unless this was interrupted and has
    started it.
    """
    was_there = embedded.remains()
    machine = Machine(preflight.cores(), preflight.memory_mib(), engine.is_foreign(), embedded.running())
    lanes = [Lane(plan) for plan in plans(targets, scenarios, machine)]
    with one_interrupt():
        try:
            return work(lanes)
        except KeyboardInterrupt:
            if not was_there and embedded.remains():
                embedded.stop()
            raise
        finally:
            end_second()
