# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""First stage, what virtual routers watch: scripts, processes, files and BFD sessions, and the references to them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .._fields import FILE, INTERFACE, WORD, Entry, Problems, entries, quote
from .fields import RETRIES, TRACK_WEIGHTS, read_hook, read_user
from .model import Notify, NotifyFifo, Script, Track, TrackFile, TrackProcess

SCRIPT_KEYS = ("name", "script", "user", "interval", "timeout", "weight", "rise", "fall", "init_fail")
PROCESS_KEYS = ("name", "process", "weight", "quorum", "delay")
FILE_KEYS = ("name", "file", "weight", "initial")
BFD_KEYS = ("name", "neighbor", "source", "interval", "idle_interval", "multiplier", "passive", "weight")
NOTIFY_KEYS = ("master", "backup", "fault", "stop", "any")
FIFO_KEYS = ("path", "user", "script")
# How a virtual router or a sync group refers to them: the key, and the field of the topology.
TRACK_KEYS = {
    "track_interfaces": "interfaces",
    "track_scripts": "scripts",
    "track_processes": "processes",
    "track_files": "files",
    "track_bfd": "bfd",
}
# keepalived counts a script's time in whole seconds.
SCRIPT_INTERVALS = (1, 4294)
PROCESS = re.compile(r"[A-Za-z0-9_./:@+-]+")


@dataclass(frozen=True)
class DeclaredBfd:
    """neighbor and source are the same for all directors, or by director; both may name a host."""

    item: str
    name: str
    neighbor: dict[str, str]
    source: dict[str, str]
    interval_s: float
    idle_interval_s: float
    multiplier: int
    passive: bool
    weight: int


@dataclass(frozen=True)
class DeclaredTracking:
    """By field of the topology; a Track without a weight has that of the definition."""

    of: dict[str, list[tuple[str, int | None]]]

    def named(self, what: str) -> list[str]:
        return [name for name, _weight in self.of.get(what, ())]


def read_tracking(entry: Entry) -> DeclaredTracking:
    found: dict[str, list[tuple[str, int | None]]] = {}
    for key, what in TRACK_KEYS.items():
        pattern = INTERFACE if what == "interfaces" else WORD
        for value in entry.items(key):
            values = {"name": value} if isinstance(value, str) else value
            if not isinstance(values, dict) or not pattern.fullmatch(str(values.get("name", ""))):
                entry.problem(f"{key}: {quote(value)} has no name.", "Write a name, or {name: ..., weight: -20}.")
                continue
            one = Entry(entry.problems, f"{entry.item}, {key} {values['name']}", values, ("name", "weight"))
            weight = one.integer("weight", TRACK_WEIGHTS, 0) if "weight" in one else None
            found.setdefault(what, []).append((str(values["name"]), weight))
    return DeclaredTracking(found)


def track(declared: DeclaredTracking, what: str, weights: dict[str, int]) -> list[Track]:
    return [
        Track(name, weights.get(name, 0) if weight is None else weight) for name, weight in declared.of.get(what, ())
    ]


def read_notify(entry: Entry) -> Notify:
    values = entry.mapping("notify")
    one = Entry(entry.problems, f"{entry.item}, notify", values, NOTIFY_KEYS)
    return Notify(**{key: read_hook(one, key) for key in NOTIFY_KEYS})


def read_scripts(problems: Problems, value: Any) -> list[Script]:
    found = []
    for name, entry in entries(problems, "ha_web_scripts", value, SCRIPT_KEYS, "{name: ..., script: /path argument}"):
        if "script" not in entry:
            entry.problem("no script.", "Write the command: script: /usr/local/bin/check argument.")
        elif isinstance(entry.values["script"], dict):
            entry.problem("script is a mapping.", "Write the command as script, and the user as user.")
        hook = read_hook(entry, "script")
        interval = entry.integer("interval", SCRIPT_INTERVALS, 1)
        found.append(
            Script(
                name=name,
                script=type(hook)(hook.command, read_user(entry)),
                interval=interval,
                # A busy machine delays a script; and it would on all directors at once.
                timeout=entry.integer("timeout", SCRIPT_INTERVALS, min(2 * interval, SCRIPT_INTERVALS[1])),
                weight=entry.integer("weight", TRACK_WEIGHTS, 0),
                rise=entry.integer("rise", (1, RETRIES[1]), 1),
                fall=entry.integer("fall", (1, RETRIES[1]), 2),
                init_fail=entry.boolean("init_fail", False),
            )
        )
    return found


def read_processes(problems: Problems, value: Any) -> list[TrackProcess]:
    found = []
    variable = "ha_web_track_processes"
    for name, entry in entries(problems, variable, value, PROCESS_KEYS, "{name: ..., process: haproxy}"):
        if "process" not in entry:
            entry.problem("no process.", "Write the name of the process: process: haproxy.")
        found.append(
            TrackProcess(
                name=name,
                process=entry.match("process", PROCESS, "a process's name", "Write it without arguments."),
                weight=entry.integer("weight", TRACK_WEIGHTS, 0),
                quorum=entry.integer("quorum", (1, 65535), 1),
                delay=entry.seconds("delay", (0.0, 3600.0), 0.0),
            )
        )
    return found


def read_files(problems: Problems, value: Any) -> list[TrackFile]:
    found = []
    for name, entry in entries(
        problems, "ha_web_track_files", value, FILE_KEYS, "{name: ..., file: /run/keepalived/standby}"
    ):
        if "file" not in entry:
            entry.problem("no file.", "Write the absolute path: file: /run/keepalived/standby.")
        found.append(
            TrackFile(
                name=name,
                file=entry.match("file", FILE, "the path of a file", "Write an absolute path without spaces."),
                weight=entry.integer("weight", TRACK_WEIGHTS, 1),
                initial=entry.integer("initial", (-2147483647, 2147483647), 0),
            )
        )
    return found


def read_bfd(
    problems: Problems, value: Any, directors: Sequence[str], resolve: Callable[[Entry, str, Any], str]
) -> list[DeclaredBfd]:
    found = []
    for name, entry in entries(problems, "ha_web_bfd", value, BFD_KEYS, "{name: ..., neighbor: 192.0.2.1}"):
        if "neighbor" not in entry:
            entry.problem("no neighbor.", "Write an address or host, or a mapping from each director to its own.")
        found.append(
            DeclaredBfd(
                item=entry.item,
                name=name,
                neighbor=_by_director(entry, "neighbor", directors, resolve),
                source=_by_director(entry, "source", directors, resolve),
                interval_s=entry.seconds("interval", (0.01, 1000.0), 0.1),
                idle_interval_s=entry.seconds("idle_interval", (1.0, 1000.0), 1.0),
                multiplier=entry.integer("multiplier", (1, 255), 5),
                passive=entry.boolean("passive", False),
                weight=entry.integer("weight", TRACK_WEIGHTS, 0),
            )
        )
    return found


def _by_director(
    entry: Entry, key: str, directors: Sequence[str], resolve: Callable[[Entry, str, Any], str]
) -> dict[str, str]:
    value = entry.values.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        address = resolve(entry, key, value)
        return {name: address for name in directors if address}
    known_directors(entry, key, value, directors)
    return {name: address for name in directors if name in value and (address := resolve(entry, key, value[name]))}


def known_directors(entry: Entry, key: str, value: dict[str, Any], directors: Sequence[str]) -> None:
    """A mapping by director names all of them and no others."""
    for name in value:
        if name not in directors:
            entry.problem(f"{key} names {name}, which is no director.", "Use names of the group directors.")
    missing = [name for name in directors if name not in value]
    if missing:
        entry.problem(f"{key} does not name {', '.join(missing)}.", "Write it for all directors.")


def read_fifo(problems: Problems, value: Any) -> NotifyFifo | None:
    if value is None:
        return None
    item = "ha_web_notify_fifo"
    values = {"path": value} if isinstance(value, str) else value
    if not isinstance(values, dict) or "path" not in values:
        problems.add(
            item, f"{quote(value)} is no path.", "Write /run/keepalived.fifo, or {path: ..., user: ..., script: ...}."
        )
        return None
    entry = Entry(problems, item, values, FIFO_KEYS)
    path = entry.match("path", FILE, "the path of a file", "Write an absolute path.")
    return NotifyFifo(path, read_user(entry), read_hook(entry, "script"))
