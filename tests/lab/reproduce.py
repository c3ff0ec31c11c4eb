# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""For each test that has failed, the one command that runs it again; ``again`` is what that command does.

Without anything else of the lab: the containers of the integration tests have this module alone.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Generator
from pathlib import Path

import pytest


def command(test: str) -> str:
    """Return the command for a test's id; a scenario may run the tests of another one."""
    words = ["make", "again", "TEST=" + test.replace("$", "$$")]
    scenario = Path(os.environ.get("MOLECULE_SCENARIO_DIRECTORY", "")).name
    if scenario and Path(test.partition("::")[0]).parts[:2] != ("molecule", scenario):
        words.append(f"SCENARIO={scenario}")
    return shlex.join(words)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Generator[None]:
    """Say it below pytest's own short summary."""
    yield
    failed = [report.nodeid for kind in ("failed", "error") for report in terminalreporter.stats.get(kind, ())]
    for test in dict.fromkeys(failed):
        terminalreporter.write_line(f"reproduce: {command(test)}")
