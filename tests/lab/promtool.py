# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Debian's promtool, without installing Prometheus, which would run on this machine."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from . import cache
from .report import LabError
from .settings import CACHE


def promtool() -> Path:
    """Return the machine's promtool, or the one in the package that its apt would install."""
    installed = shutil.which("promtool")
    return Path(installed) if installed else cache.get(CACHE, "promtool", cache.key(_package()), _unpack)


def _package() -> str:
    return _run("apt-get", "--print-uris", "download", "prometheus").split()[1]


def _unpack(target: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="ha-web-promtool-") as folder:
        _run("apt-get", "download", "prometheus", folder=folder)
        (package,) = Path(folder).glob("prometheus_*.deb")
        _run("dpkg-deb", "--extract", str(package), folder)
        shutil.copy2(Path(folder, "usr/bin/promtool"), target)


def _run(*command: str, folder: str = "/") -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        tail = done.stderr.strip().splitlines()[-1:]
        raise LabError(f"no promtool: {' '.join(command)}: {' '.join(tail)}. Run apt-get update, or install prometheus")
    return done.stdout
