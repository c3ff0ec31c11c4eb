# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Who did what, and what was refused: lines of JSON, on the disk before the answer goes out."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from typing import Any

KEPT, REFUSALS_KEPT = 5_000, 1_000
TOLD, WINDOW = 10, 60.0  # refusals of one source in so many seconds; more are only counted
_SOURCES = 20
_LENGTH = 500  # characters of anything that came from outside


class AuditLog:
    """The newest actions. However many refusals there are, they push none out."""

    def __init__(self, path: str, node: str, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._node = node
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: dict[str, tuple[float, int]] = {}  # by source: when its time began, and refusals in it

    def check(self) -> None:
        """See whether anything can be written down.

        Raises:
            OSError: it cannot.
        """
        with open(self._path, "a", encoding="utf-8"):
            pass

    def acted(self, **what: Any) -> None:
        """Write down an action.

        Raises:
            OSError: it could not be written.
        """
        with self._lock:
            self._append({"kind": "action", **what})

    def refused(self, **what: Any) -> None:
        """Write down a refusal, or count it.

        Raises:
            OSError: it could not be written.
        """
        now = self._clock()
        with self._lock:
            self._sum(now)
            source = str(what.get("address", ""))[:_LENGTH]
            if source not in self._counts and len(self._counts) >= _SOURCES:
                source = "other addresses"
            began, count = self._counts.get(source, (now, 0))
            self._counts[source] = (began, count + 1)
            if count < TOLD:
                self._append({"kind": "refused", **what})

    def _sum(self, now: float) -> None:
        """Forget sources whose time is over, and write down how much was only counted."""
        for source in [one for one, (began, _count) in self._counts.items() if not 0 <= now - began < WINDOW]:
            count = self._counts.pop(source)[1]
            if count > TOLD:
                self._append({"kind": "refused", "address": source, "text": f"{count - TOLD} more refusals"})

    def _append(self, what: dict[str, Any]) -> None:
        cut = {name: value[:_LENGTH] if isinstance(value, str) else value for name, value in what.items()}
        line = json.dumps({"at": round(self._clock(), 3), "node": self._node, **cut}) + "\n"
        lines = self._lines()
        if lines is not None and len(lines) >= KEPT:
            self._replace([*_newest(lines, KEPT - 1), line])
            return
        with open(self._path, "a", encoding="utf-8") as file:
            # A line that a crash has cut off shall not spoil this one.
            file.write("\n" + line if lines and not lines[-1].endswith("\n") else line)
            file.flush()
            os.fsync(file.fileno())

    def _lines(self) -> list[str] | None:
        try:
            with open(self._path, encoding="utf-8", errors="replace") as file:
                return file.readlines()
        except FileNotFoundError:
            return None

    def _replace(self, lines: list[str]) -> None:
        temporary = f"{self._path}.new"
        with open(temporary, "w", encoding="utf-8") as file:
            os.chmod(file.fileno(), 0o640)
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, self._path)


def _newest(lines: list[str], number: int) -> list[str]:
    refusals = [index for index, line in enumerate(lines) if '"kind": "refused"' in line[:_LENGTH]]
    gone = set(refusals[: max(len(refusals) - REFUSALS_KEPT, 0)])
    return [line for index, line in enumerate(lines) if index not in gone][-number:]
