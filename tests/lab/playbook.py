# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Playbooks run against the lab, with the engine's environment and Mitogen where it is installed.

A playbook is a file, or one of a collection by its full name.
"""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from .engine import Engine
from .report import LabError
from .settings import BUILD, RELEASES, REPO

_RECAP = re.compile(r"^(\S+) +: ok=\d+ +changed=(\d+) ", re.MULTILINE)
_SOURCE = re.compile(r"^task path: (.+):\d+$", re.MULTILINE)
_TITLE = re.compile(r"^(?:PLAY|TASK) \[(.*)\] \**$")


def environment(engine: Engine) -> dict[str, str]:
    """Return the environment for Ansible, Molecule and Docker against ``engine``."""
    result = {
        **os.environ,
        **engine.environment(),
        "ANSIBLE_CONFIG": str(REPO / "ansible.cfg"),
        # All nodes at once: a task waits for the engine more than for this machine.
        "ANSIBLE_FORKS": "10",
        # A node under load needs more than the usual 10 s to start Python in.
        "ANSIBLE_TIMEOUT": "60",
        "HA_WEB_RELEASE": " ".join(RELEASES),
        "MOLECULE_GLOB": "molecule/*/molecule.yml",
        "PYTHONPATH": str(REPO / "tests"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    if importlib.util.find_spec("ansible_mitogen"):
        # Many small tasks over `docker exec`: 30 times as fast. The roles do not depend on it.
        result |= {"ANSIBLE_STRATEGY_PLUGINS": str(REPO / "tests/lab/strategy"), "ANSIBLE_STRATEGY": "lab"}
    return result


def _command(inventory: Path, playbook: Path | str, arguments: Sequence[str]) -> list[str]:
    ansible = str(Path(sys.executable).parent / "ansible-playbook")
    return [ansible, "-i", str(inventory), *arguments, str(playbook)]


def _captured(
    engine: Engine, inventory: Path, playbook: Path | str, arguments: Sequence[str], **settings: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        _command(inventory, playbook, arguments),
        env={**environment(engine), "ANSIBLE_NOCOLOR": "1", **settings},
        cwd=REPO,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def refused(engine: Engine, inventory: Path, playbook: Path | str, *arguments: str) -> str:
    """Run a playbook that must fail, and return its output.

    Raises:
        LabError: it did not fail.
    """
    done = _captured(engine, inventory, playbook, arguments)
    if not done.returncode:
        raise LabError(f"{playbook} {' '.join(arguments)} was not refused:\n{done.stdout}")
    return done.stdout


@contextmanager
def under_way(
    engine: Engine, inventory: Path, playbook: Path | str, *arguments: str
) -> Iterator[subprocess.Popen[str]]:
    """Run a playbook beside the ``with`` block; what is left of it in the end is killed.

    It leads a process group, so that a signal reaches all that it has started, as control-C in a terminal does.
    """
    with subprocess.Popen(
        _command(inventory, playbook, arguments),
        env={**environment(engine), "ANSIBLE_NOCOLOR": "1"},
        cwd=REPO,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        process_group=0,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def output(engine: Engine, inventory: Path, playbook: Path | str, *arguments: str, **settings: str) -> str:
    """Run a playbook and return its output; ``settings`` are further ones of Ansible's environment.

    Raises:
        LabError: it failed.
    """
    done = _captured(engine, inventory, playbook, arguments, **settings)
    if done.returncode:
        raise LabError(f"{playbook} {' '.join(arguments)} failed:\n{done.stdout}")
    return done.stdout


def recap(said: str) -> dict[str, int]:
    """Return by host how many tasks changed something, from a playbook's output."""
    return {host: int(number) for host, number in _RECAP.findall(said)}


def sources(said: str) -> set[str]:
    """Return the files that the tasks came from, from a playbook's output with ``-vv``."""
    return set(_SOURCE.findall(said))


def changes(engine: Engine, inventory: Path, playbook: Path | str, *arguments: str) -> dict[str, int]:
    """Run a playbook; return by host how many of its tasks changed something.

    Raises:
        LabError: it failed.
    """
    return recap(output(engine, inventory, playbook, *arguments))


def run(engine: Engine, inventory: Path, playbook: Path, detail: Callable[[str], None], *arguments: str) -> int:
    """Run a playbook, say each play as it begins, and return the number of tasks.

    The whole output goes to ``build/<playbook>.log``.

    Raises:
        LabError: it failed; its last lines have been printed.
    """
    BUILD.mkdir(exist_ok=True)
    log = BUILD / f"{playbook.stem}.log"
    name = playbook.relative_to(REPO)
    tasks = 0
    with (
        open(log, "w", encoding="utf-8") as output,
        subprocess.Popen(
            _command(inventory, playbook, arguments),
            env=environment(engine),
            cwd=REPO,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process,
    ):
        for line in process.stdout or ():
            output.write(line)
            title = _TITLE.match(line)
            if title:
                tasks += line.startswith("TASK")
                if line.startswith("PLAY") or sys.stdout.isatty():
                    detail(f"{name}: {title[1]}")
    if process.returncode:
        print("\n".join(log.read_text(encoding="utf-8").splitlines()[-60:]))
        raise LabError(f"{name} failed; its end is above, all of it in {log}")
    detail(f"{name}, {tasks} tasks")
    return tasks
