# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What must be true before anything is started; each failure is one line with its remedy."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from .report import LabError
from .settings import CACHE, FREE_DISK_GIB, GUEST_MEMORY_MIB

_TOOLS = {
    "mmdebstrap": "mmdebstrap",
    "socat": "socat",
    "patchelf": "patchelf",
    "mke2fs": "e2fsprogs",
    "ip": "iproute2",
    "taskset": "util-linux",
    "gcc": "gcc",
    "make": "make",
    "flex": "flex",
    "bison": "bison",
    "bc": "bc",
    "xz": "xz-utils",
}


def memory_mib() -> int:
    """Return how much memory is available."""
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) // 1024
    raise LabError("/proc/meminfo does not say how much memory is available")


def root() -> None:
    """The engine needs network namespaces and loop-free disk building."""
    if os.geteuid():
        raise LabError("not root: the lab makes network namespaces and disks. Use sudo -E make ...")


def tools() -> None:
    """Every program that the lab calls."""
    missing = sorted({package for tool, package in _TOOLS.items() if not shutil.which(tool)})
    if missing:
        raise LabError(f"programs are missing. Run: apt-get install {' '.join(missing)}")


def disk_space() -> None:
    """Room for the kernel, the images and the running disk."""
    CACHE.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(CACHE).free // 2**30
    if free < FREE_DISK_GIB:
        raise LabError(
            f"too little disk: {free} GiB free at {CACHE}, {FREE_DISK_GIB} needed. "
            "Free some, or set HA_WEB_CACHE to a folder on another disk"
        )


def embedded() -> None:
    """Everything that the embedded engine needs of this machine."""
    root()
    tools()
    if not Path("/dev/net/tun").exists():
        raise LabError(
            "/dev/net/tun is missing: the embedded engine's network needs it. "
            "Run: modprobe tun (in a container: --device /dev/net/tun)"
        )
    disk_space()
    guest_memory_mib()


def guest_memory_mib() -> int:
    """Return how much memory the guest gets: two thirds of what is available, within bounds."""
    least, most = GUEST_MEMORY_MIB
    available = memory_mib()
    if available * 2 // 3 < least:
        raise LabError(
            f"too little memory: {available} MiB available, {least * 3 // 2} needed. "
            "Stop something, or set DOCKER_HOST to an engine elsewhere"
        )
    return min(most, available * 2 // 3)


def cores() -> list[int]:
    """Return the processor cores that this process may use."""
    return sorted(os.sched_getaffinity(0))
