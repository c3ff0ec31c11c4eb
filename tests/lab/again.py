# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""One test again, by the id that pytest gives it: where it runs is told by its path.

A scenario's test runs on the scenario's cluster, which is deployed first where it is not up, and stays up. Where the
test is part of the deployment, all of it is done again. A fault is ``molecule/SCENARIO::FAULT``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import yaml

from . import engine, integration, playbook
from .engine import Engine
from .report import LabError, Steps
from .settings import BUILD, REPO

_PYTEST = (sys.executable, "-m", "pytest")


def run(test: str, scenario: str = "") -> int:
    """Run a test; return the exit code. ``scenario``: the one that runs it, where its path names another.

    Raises:
        LabError: there is no such file, or its scenario cannot be deployed.
    """
    path = Path(test.partition("::")[0])
    if not test or not (REPO / path).exists():
        raise LabError(
            f"there is no {path}. Name a test as pytest does: make again TEST=tests/unit/test_lab.py::test_..."
        )
    kind, *below = path.parts
    if kind == "molecule":
        return _of_scenario(test, scenario or below[0], below[1:])
    if path.is_relative_to("tests/integration"):
        return integration.run([test])
    return _call(*_PYTEST, test)


def _call(*command: str, environment: Mapping[str, str] | None = None) -> int:
    return subprocess.run(command, cwd=REPO, env=environment, check=False).returncode


def _of_scenario(test: str, scenario: str, inside: list[str]) -> int:
    with Steps(1).step("engine") as detail:
        found = engine.up(detail)
    folder = REPO / "molecule" / scenario
    environment = {**playbook.environment(found), "MOLECULE_SCENARIO_DIRECTORY": str(folder)}
    # A file beside converge.yml is what that runs, as a whole.
    deploys = len(inside) == 1 and inside[0].endswith(".py")
    if deploys:
        test = test.partition("::")[0]
    if deploys or not _deployed(scenario, found, environment):
        for action in ("destroy", "create" if deploys else "converge"):
            if _call("molecule", action, "--scenario-name", scenario, environment=environment):
                raise LabError(f"molecule {action} --scenario-name {scenario} failed")
    inventory = folder / "inventory"
    if not inside:
        fault = test.partition("::")[2]
        out = BUILD / "faults"
        command = (sys.executable, "-m", "lab.faults", f"--inventory={inventory}", f"--out={out}", fault)
        return _call(*command, environment=environment)
    environment["PYTHONPATH"] += f"{os.pathsep}{folder / 'tests'}"
    return _call(*_PYTEST, f"--ansible-inventory={inventory}", test, environment=environment)


def _deployed(scenario: str, found: Engine, environment: Mapping[str, str]) -> bool:
    """Tell whether Molecule has deployed the scenario, and all of its nodes still run."""
    listing = ("molecule", "list", "--scenario-name", scenario, "--format", "yaml")
    done = subprocess.run(
        listing, cwd=REPO, env={**environment, "NO_COLOR": "1"}, stdout=subprocess.PIPE, text=True, check=True
    )
    nodes = yaml.safe_load(done.stdout)
    running = found.client().containers.list(filters={"label": f"ha-web-lab=ha-web-{scenario}"})
    return all(node["Converged"] == "true" for node in nodes) and len(running) >= len(nodes) > 0
