# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The command that is printed for a failed test names that test."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from lab import again
from lab.report import LabError
from lab.reproduce import command
from lab.settings import REPO

FILE = "molecule/default/tests/test_web.py"


@pytest.mark.parametrize(
    "test", [f"{FILE}::test_it", f"{FILE}::test_it[docker://web1 'a' $b \"c\" #d]", "molecule/faults::keepalived-kill"]
)
def test_ids_outlast_shell_and_make(test: str) -> None:
    shows = """make --silent --eval='shown: ; @printf %s "$$TEST"' shown"""
    shell = command(test).replace("make again", shows)
    assert subprocess.run(shell, shell=True, cwd=REPO, check=True, capture_output=True, text=True).stdout == test


@pytest.mark.parametrize(("runs", "words"), [("default", ""), ("upgrade", " SCENARIO=upgrade")])
def test_scenario_that_runs_the_tests_of_another_is_named(
    monkeypatch: pytest.MonkeyPatch, runs: str, words: str
) -> None:
    monkeypatch.setenv("MOLECULE_SCENARIO_DIRECTORY", str(REPO / "molecule" / runs))
    assert command(f"{FILE}::test_it") == f"make again TEST={FILE}::test_it{words}"


def test_every_failure_has_its_command(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").touch()
    (tmp_path / "test_some.py").write_text(
        "def test_good(): pass\ndef test_bad(): assert 0\ndef test_broken(nothing_of_that_name): pass\n"
    )
    settings = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(REPO / "tests")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "lab.reproduce"],
        cwd=tmp_path,
        env=settings,
        capture_output=True,
        text=True,
        check=False,
    )
    said = [line for line in done.stdout.splitlines() if line.startswith("reproduce: ")]
    assert said == [f"reproduce: make again TEST=test_some.py::test_{name}" for name in ("bad", "broken")]


def test_file_that_is_not_there_is_named() -> None:
    with pytest.raises(LabError, match=r"there is no tests/unit/nowhere\.py\."):
        again.run("tests/unit/nowhere.py::test_it")
