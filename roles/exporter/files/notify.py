# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Reads what keepalived writes into its FIFOs, and keeps a textfile of it for the node exporter."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from typing import Any

from states import PARTS, Known, Lines, parse, text
from textfile import replace

EVERY_S = 5.0
SOON_S = 1.0
TICK_S = 1.0
# At a reload keepalived closes its FIFO, reads its configuration and opens it again.
GRACE_S = 1.0
EVENTS = 2000
_PIECE = 1 << 16
_PID_FILES = "/run/{part}.pid", "/run/keepalived/{part}.pid"

Record = dict[str, Any]


class Fifo:
    """A FIFO, whoever has made it, and whether somebody holds its other end."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._lines = Lines()
        self.number: int | None = None
        self.held = False

    def lines(self) -> list[str]:
        """Return the lines that have come since, and find out who is there."""
        found: list[str] = []
        if self.number is None:
            self._open()
        while self.number is not None:
            try:
                data = os.read(self.number, _PIECE)
            except BlockingIOError:
                self.held = True
                return found
            found += self._lines.feed(data)
            if not data:
                break
        # One that was left would be ready at all times; and this may be another by now.
        self.held = False
        self._open()
        return found

    def _open(self) -> None:
        if self.number is not None:
            os.close(self.number)
        try:
            self.number = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            self.number = None


def teller(part: str, patterns: tuple[str, ...] = _PID_FILES) -> str:
    """Return which process of keepalived it is: its number and when it began, or nothing."""
    for pattern in patterns:
        try:
            with open(pattern.format(part=part), encoding="ascii") as file:
                number = int(file.read())
            with open(f"/proc/{number}/stat", encoding="utf-8", errors="replace") as file:
                return f"{number} {file.read().rpartition(')')[2].split()[19]}"
        except (OSError, ValueError, IndexError):
            continue
    return ""


def addresses() -> dict[str, str]:
    """Return the interface of each address that the kernel has."""
    done = subprocess.run(["ip", "-json", "address"], capture_output=True, text=True, timeout=5, check=True)
    return {
        one["local"]: link["ifname"]
        for link in json.loads(done.stdout)
        if link.get("ifname") != "lo"
        for one in link.get("addr_info", ())
    }


def number_in(path: str) -> int | None:
    """Return the number in a track file, None where there is none."""
    try:
        with open(path, encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return None


def _changed_at(folder: str) -> int:
    try:
        return os.stat(folder).st_mtime_ns
    except OSError:
        return 0


class Reader:
    """Goes on with what the one before has known."""

    def __init__(self, configuration: Record) -> None:
        self._configuration = configuration
        self._fifos = {part: Fifo(configuration["fifos"][part]) for part in PARTS}
        self._left: dict[str, float] = {}
        # Who changes a track file replaces it.
        files = [server["track_file"] for service in configuration["services"] for server in service["servers"]]
        self._folders = sorted({os.path.dirname(file) for file in (*files, configuration["standby_file"])})
        self._ordered = [_changed_at(folder) for folder in self._folders]
        self._events: deque[str] = deque(_lines_of(configuration["events"]), maxlen=EVENTS)
        self.known = Known(configuration, _kept(configuration["state"]))

    def numbers(self) -> list[int]:
        """Return what to wait for."""
        return [fifo.number for fifo in self._fifos.values() if fifo.number is not None]

    def step(self, now: float) -> bool:
        """Read what there is; return whether anything is new."""
        for part, fifo in self._fifos.items():
            lines = fifo.lines()
            if lines or fifo.held:
                self.known.told_by(part, teller(part))
                self.known.hold(part, True, now)
            for line in lines:
                said = parse(line)
                if said:
                    self.known.take(said, now)
            if fifo.held:
                self._left.pop(part, None)
            elif now - self._left.setdefault(part, now) >= GRACE_S:
                self.known.hold(part, False, now)
        ordered, self._ordered = self._ordered, [_changed_at(folder) for folder in self._folders]
        return bool(self.known.events) or ordered != self._ordered

    def publish(self, now: float) -> None:
        """Write all that is known."""
        wanted, known = self._configuration, self.known
        if known.events:
            self._events += [json.dumps(event) for event in known.events]
            replace(wanted["events"], "".join(f"{event}\n" for event in self._events))
            known.events.clear()
            replace(wanted["state"], json.dumps(known.as_record()))
        track = {
            (service["name"], server["name"]): number
            for service in wanted["services"]
            for server in service["servers"]
            if (number := number_in(server["track_file"])) is not None
        }
        standby = number_in(wanted["standby_file"])
        held = dict(self._held())
        replace(wanted["textfile"], text(known, now=now, held=held, track=track, standby=standby))

    def _held(self) -> Iterator[tuple[tuple[str, str, str], bool]]:
        there = addresses()
        usual = there.get(self._configuration["address"], "")
        for router, vips in self._configuration["routers"].items():
            for vip in vips:
                yield (router, vip["address"], vip["interface"] or usual), vip["address"] in there


def _kept(path: str) -> Record | None:
    try:
        with open(path, encoding="utf-8") as file:
            found: Record = json.load(file)
            return found
    except (OSError, ValueError):
        return None


def _lines_of(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().splitlines()
    except OSError:
        return []


def main(path: str) -> None:
    """Read for ever."""
    with open(path, encoding="utf-8") as file:
        reader = Reader(json.load(file))
    written, every = 0.0, EVERY_S
    while True:
        # Before it is waited for, it is opened.
        now = time.time()
        new = reader.step(now)
        if new or not 0 <= now - written < every:
            reader.publish(now)
            # What keepalived tells, it does a moment later.
            written, every = now, SOON_S if new else EVERY_S
        select.select(reader.numbers(), [], [], TICK_S)


if __name__ == "__main__":
    main(sys.argv[1])
