# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What the tests use, inside the container that ``lab.integration`` makes for them."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

_MODULES = "ansible_collections.lvs.ha_web.plugins.modules"
_CLEAR = """
ipvsadm --clear
ipvsadm --set 900 120 300
ipvsadm --list --daemon | while read -r state rest; do ipvsadm --stop-daemon "$state"; done
"""


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not done.returncode, f"{' '.join(command)}: {done.stderr.strip()}"
    return done.stdout


@pytest.fixture(scope="session", autouse=True)
def container() -> None:
    """Keep these tests from clearing the IPVS table of a machine that somebody uses."""
    if "HA_WEB_INTEGRATION" not in os.environ:
        pytest.exit("these tests clear the IPVS table; run them in their container: make integration", returncode=2)


@pytest.fixture(autouse=True)
def clean(container: None) -> Iterator[None]:
    """Begin and end with an empty table, no sync daemon and the kernel's own time-outs."""
    _run("sh", "-ec", _CLEAR)
    yield
    _run("sh", "-ec", _CLEAR)


@pytest.fixture(scope="session")
def ipvsadm() -> Callable[..., str]:
    """Return a function that runs ipvsadm with its arguments and returns its output."""
    return lambda *arguments: _run("ipvsadm", *arguments)


@pytest.fixture(scope="session")
def saved(ipvsadm: Callable[..., str]) -> Callable[[], str]:
    """Return a function that returns the whole table, as ``ipvsadm --restore`` reads it."""
    return lambda: ipvsadm("--save", "--numeric")


@pytest.fixture(scope="session")
def module() -> Callable[..., dict[str, Any]]:
    """Return a function that runs one of the collection's modules as Ansible does and returns its result."""

    def run(
        name: str, /, *, check: bool = False, diff: bool = False, python: str = "python3", **options: Any
    ) -> dict[str, Any]:
        arguments = {**options, "_ansible_check_mode": check, "_ansible_diff": diff}
        done = subprocess.run(
            [python, "-m", f"{_MODULES}.{name}"],
            input=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}),
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout, f"{name}: no result, exit {done.returncode}: {done.stderr}"
        result: dict[str, Any] = json.loads(done.stdout)
        return result

    return run
