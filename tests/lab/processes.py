# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The lab's own long-lived processes: remembered by id and start time, ended by these alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from .report import wait_for


def _start_time(pid: int) -> str | None:
    """Return the kernel's start time of a process (clock ticks since boot), None when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] == "Z" else fields[19]


class Processes:
    """A register of processes in a folder that a reboot empties."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def start(self, name: str, command: Sequence[str], log: Path) -> None:
        """Start ``command`` in a session of its own, its output into ``log``."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with open(log, "wb") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd="/",
            )
        record = {"pid": process.pid, "started": _start_time(process.pid)}
        (self._folder / f"{name}.json").write_text(json.dumps(record), encoding="utf-8")

    def renice(self, name: str, niceness: int) -> None:
        """Let a process and its children go before others, or after them."""
        pid = self.pid(name)
        if pid is not None:
            os.setpriority(os.PRIO_PGRP, pid, niceness)
            with suppress(FileNotFoundError):  # many kernels divide the processor among sessions first
                Path(f"/proc/{pid}/autogroup").write_text(str(niceness), encoding="ascii")

    def pid(self, name: str) -> int | None:
        """Return the id of a process that still is the one we started, else None."""
        try:
            record = json.loads((self._folder / f"{name}.json").read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None
        # The id alone may have been given to somebody else since.
        if record["started"] is None or _start_time(record["pid"]) != record["started"]:
            return None
        return int(record["pid"])

    def stop(self, name: str) -> None:
        """End a process and all of its session; nothing happens when it is gone."""
        pid = self.pid(name)
        if pid is not None:
            with suppress(ProcessLookupError):  # it may have ended by itself
                os.killpg(pid, signal.SIGKILL)
            reap(pid)
            wait_for(f"the end of {name} (process {pid})", lambda: self.pid(name) is None, 20)
        (self._folder / f"{name}.json").unlink(missing_ok=True)


def reap(pid: int) -> None:
    """Collect a process that was killed, if it is a child of ours."""
    with suppress(ChildProcessError):  # started by an earlier command: init collects it
        os.waitpid(pid, 0)
