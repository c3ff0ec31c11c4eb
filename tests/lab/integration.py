# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""tests/integration on the real kernel: pytest inside a privileged container of the lab's engine."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from . import engine, pythons
from .container import COLLECTION, Container, of_ansible
from .report import Steps, say
from .settings import RELEASES, REPO

# A container without a network has no interface that multicasts, and no routes; hw0 leads nowhere.
_PREPARE = """
modprobe ip_vs
ip link set lo up
ip link add hw0 type dummy
ip address add 10.9.0.1/24 dev hw0
ip address add fd00:9::1/64 dev hw0 nodad
ip link set hw0 up
ip route add default via 10.9.0.254
ip route add default via fd00:9::fe
ln -s /opt/python*/python* /usr/local/bin
"""
# Which ask programs of the distribution; all others the kernel, which is the same.
_OF_THE_RELEASE = [
    f"tests/integration/test_{name}.py"
    for name in ("firewall", "keepalived", "keepalived_globals", "nginx", "page_digest", "php")
]


def _files(release: str) -> dict[str, Path]:
    """Return what the container gets, by the path it has there."""
    parts = (
        *("galaxy.yml", "meta", "plugins", "pyproject.toml", "roles/eaccelerator/files", "roles/exporter/files"),
        *("tests/integration", "tests/php", "tests/unit/ipvs_tables.py"),
        *("tests/lab/__init__.py", "tests/lab/reproduce.py"),
    )
    return {
        **{f"{COLLECTION}/{name}": REPO / name for name in parts},
        "srv/site": pythons.packages(release),
        **of_ansible(),
    }


def run(arguments: Sequence[str]) -> int:
    """Run the tests, with more ``arguments`` for pytest; return pytest's exit code."""
    steps = Steps(1 + len(RELEASES))
    with steps.step("engine") as detail:
        found = engine.up(detail)
    first, *others = RELEASES
    code = _run(found, steps, first, arguments)
    for release in others:
        code = code or _run(found, steps, release, [*arguments, *_OF_THE_RELEASE])
        # None of those that were asked for.
        code *= code != pytest.ExitCode.NO_TESTS_COLLECTED
    return code


def _run(found: engine.Engine, steps: Steps, release: str, arguments: Sequence[str]) -> int:
    with Container(found, "integration", release) as container:
        with steps.step("container") as detail:
            detail(f"{container.image} with {', '.join(pythons.INTERPRETERS)} and pytest")
            container.copy(_files(release))
            for name in pythons.INTERPRETERS:
                container.unpack(pythons.interpreter(name))
            container.run("sh", "-ec", _PREPARE)
        command = ("python3", "-m", "pytest", "--override-ini=testpaths=tests/integration", *arguments)
        environment = {"HA_WEB_INTEGRATION": "1", "PYTHONPATH": "/srv/site:/srv"}
        code = container.show(*command, folder=f"/{COLLECTION}", environment=environment)
        if code:
            # Less its estimators, which come and go with every service.
            lines = container.run("dmesg").splitlines()
            words = [line for line in lines if "IPVS: " in line and not re.search(" est(s|imator) ", line)]
            say("\n".join(["The kernel's last words on IPVS:", *words[-15:]]))
    return code
