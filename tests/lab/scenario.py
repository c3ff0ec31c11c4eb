# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""For the tests of a scenario: the state of a node, read with one command, and journals when a test fails."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from testinfra import backend
from testinfra.backend.base import CommandResult
from testinfra.backend.docker import DockerBackend
from testinfra.host import Host

from .cluster import Cluster
from .line import Lines
from .reproduce import command
from .settings import BUILD, NAME

# What failed in a scenario, for the end of its output: Molecule and Ansible print much after it.
FAILED = BUILD / f"failed-tests.{NAME}"
_MARK = "=== "


class Answer(NamedTuple):
    """What one command said, and its exit code."""

    code: int
    text: str

    @property
    def lines(self) -> list[str]:
        """Its lines without the blanks around them."""
        return [line.strip() for line in self.text.splitlines()]


State = dict[str, Answer]


class LineBackend(DockerBackend):  # type: ignore[misc]
    """Testinfra's way to a node, by a line that stays open."""

    _lines = Lines(os.environ)

    def run(self, command: str, *args: str, **_options: Any) -> CommandResult:
        """Run a command."""
        script = self.get_command(command, *args)
        code, output, errors = self._lines.run(self.name, script)
        return self.result(code, self.encode(script), output, errors)


backend.BACKENDS["docker"] = f"{__name__}.{LineBackend.__name__}"


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    """The cluster of this scenario's inventory."""
    return Cluster(Path(os.environ["MOLECULE_SCENARIO_DIRECTORY"], "inventory"))


@pytest.fixture(scope="module")
def state(host: Host, request: pytest.FixtureRequest) -> State:
    """The answers to the module's COMMANDS on one node; each costs too much to be asked alone."""
    commands: dict[str, str] = request.module.COMMANDS
    script = "\n".join(
        f"echo '{_MARK}{name}'; {{ {command}; }} 2>&1; printf '\\n%s\\n' $?" for name, command in commands.items()
    )
    answers = {}
    for part in host.run(script).stdout.split(_MARK)[1:]:
        name, _newline, rest = part.partition("\n")
        text, _newline, code = rest.strip("\n").rpartition("\n")
        answers[name] = Answer(int(code), text.strip("\n"))
    return answers


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Function,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the journals of the nodes concerned to a failure."""
    report = yield
    if report.failed:
        host, cluster = item.funcargs.get("host"), item.funcargs.get("cluster")
        BUILD.mkdir(exist_ok=True)
        with open(FAILED, "a", encoding="utf-8") as file:
            # The message's first line says what, and journals may follow it.
            crash = getattr(report.longrepr, "reprcrash", None)
            said = crash.message.partition("\n")[0][:700] if crash else ""
            what = f"FAILED {report.nodeid}, {report.when}: {said}\n{report.longreprtext[-700:]}"
            file.write(f"{what}\n{report.capstdout[-700:]}\n")
            if isinstance(cluster, Cluster):
                file.write(f"{cluster.last_words()}\n")
            file.write(f"reproduce: {command(report.nodeid)}\n")
        if isinstance(host, Host):
            journal = host.run(
                "journalctl --boot --no-pager --output=short-precise --lines=60"
                " _TRANSPORT=journal _TRANSPORT=stdout _TRANSPORT=syslog"
            )
            report.sections.append((f"journal of {host.backend.hostname}", journal.stdout))
        elif isinstance(cluster, Cluster):
            report.sections.append(("nodes", cluster.evidence(cluster.nodes)))
    return report
