# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""tests/integration on the real kernel: pytest inside a privileged container of the lab's engine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import ansible

from . import engine, image, pythons
from .report import LabError, Steps, say
from .settings import NAME, RELEASE, REPO

_CONTAINER = f"{NAME}-integration"
_COLLECTION = "srv/ansible_collections/lvs/ha_web"
_ANSIBLE = ("__init__.py", "_vendor", "module_utils", "release.py")  # what modules need of it
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


class _Docker:
    """The command line client, as Ansible and ``cluster`` use it."""

    def __init__(self, found: engine.Engine) -> None:
        self.environment = {**os.environ, **found.environment()}

    def __call__(self, *arguments: str, stdin: int | IO[bytes] = subprocess.DEVNULL) -> str:
        done = subprocess.run(
            ["docker", *arguments],
            env=self.environment,
            stdin=stdin,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode:
            raise LabError(f"docker {arguments[0]}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def unpack(self, archive: IO[bytes]) -> None:
        """Unpack an archive in the tests' container."""
        archive.seek(0)
        self("cp", "-", f"{_CONTAINER}:/", stdin=archive)

    def remove(self) -> None:
        """Remove the tests' container, where there is one."""
        if self("ps", "--all", "--quiet", "--filter", f"name=^/?{_CONTAINER}$"):
            self("rm", "--force", _CONTAINER)


def _files() -> dict[str, Path]:
    """Return what the container gets, by the path it has there."""
    of_ansible = Path(ansible.__file__).parent
    return {
        **{f"{_COLLECTION}/{name}": REPO / name for name in ("galaxy.yml", "meta", "plugins", "pyproject.toml")},
        **{f"{_COLLECTION}/tests/{name}": REPO / "tests" / name for name in ("integration", "unit/ipvs_tables.py")},
        "srv/site": pythons.packages(RELEASE),
        **{f"srv/site/ansible/{name}": of_ansible / name for name in _ANSIBLE},
    }


def _sources(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if entry.name.endswith("/__pycache__") else entry


def _start(docker: _Docker) -> None:
    """Start a container with all that the tests need."""
    docker.remove()
    options = ("--detach", "--rm", "--privileged", "--network=none", "--volume=/lib/modules:/lib/modules:ro")
    docker("run", *options, f"--name={_CONTAINER}", image.name(RELEASE, "stack"), "sleep", "infinity")
    with tempfile.TemporaryFile() as file:
        with tarfile.open(fileobj=file, mode="w") as archive:
            for target, source in _files().items():
                archive.add(source, target, filter=_sources)
        docker.unpack(file)
    for name in pythons.INTERPRETERS:
        with open(pythons.interpreter(name), "rb") as interpreter:
            docker.unpack(interpreter)
    docker("exec", _CONTAINER, "sh", "-ec", _PREPARE)


def _pytest(docker: _Docker, arguments: Sequence[str]) -> int:
    command = ["docker", "exec", *(["--tty"] if sys.stdout.isatty() else []), f"--workdir=/{_COLLECTION}"]
    command += ["--env=HA_WEB_INTEGRATION=1", "--env=PYTHONPATH=/srv/site:/srv", _CONTAINER]
    command += ["python3", "-m", "pytest", "--override-ini=testpaths=tests/integration", *arguments]
    return subprocess.run(command, env=docker.environment, stdin=subprocess.DEVNULL, check=False).returncode


def run(arguments: Sequence[str]) -> int:
    """Run the tests, with more ``arguments`` for pytest; return pytest's exit code."""
    steps = Steps(2)
    with steps.step("engine") as detail:
        docker = _Docker(engine.up(detail))
    try:
        with steps.step("container") as detail:
            detail(f"{image.name(RELEASE, 'stack')} with {', '.join(pythons.INTERPRETERS)} and pytest")
            _start(docker)
        code = _pytest(docker, arguments)
        if code:
            # Less its estimators, which come and go with every service.
            lines = docker("exec", _CONTAINER, "dmesg").splitlines()
            words = [line for line in lines if "IPVS: " in line and not re.search(" est(s|imator) ", line)]
            say("\n".join(["The kernel's last words on IPVS:", *words[-15:]]))
        return code
    finally:
        docker.remove()
