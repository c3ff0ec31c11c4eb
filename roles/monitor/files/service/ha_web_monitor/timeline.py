# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Failovers, health checks and actions, on one line of time."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Iterator, Mapping
from typing import Any

from .configuration import Configuration

LIMIT = 500
KINDS = ("vrrp", "server", "keepalived", "action", "refused")
LEVELS = ("info", "warning", "critical")
_READ = 4 << 20  # bytes of a file, from its end
_LENGTH = 500
_STATES: Mapping[str, Mapping[str, str]] = {
    "vrrp": {"fault": "critical", "stopped": "critical"},
    "server": {"down": "warning"},
    "keepalived": {"down": "critical", "stopped": "critical"},
}


def local(configuration: Configuration, hours: int) -> list[dict[str, Any]]:
    """Return the newest events of this host."""
    since = time.time() - 3600 * hours
    found = [
        *(_event(line, configuration.node) for line in _lines(configuration.events_file)),
        *(_action(line, configuration.node) for line in _lines(configuration.actions_file)),
    ]
    return newest([one for one in found if one and one["at"] >= since])


def newest(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the newest of them, the last first."""
    return sorted(events, key=lambda one: one["at"], reverse=True)[:LIMIT]


def proper(data: Any, node: str) -> list[dict[str, Any]]:
    """Return what is an event in another host's answer."""
    events = data if isinstance(data, list) else []
    return [
        {**{name: one[name][:_LENGTH] for name in ("kind", "text", "level", "user")}, "at": one["at"], "node": node}
        for one in events[:LIMIT]
        if isinstance(one, dict)
        and all(isinstance(one.get(name), str) for name in ("kind", "text", "level", "user"))
        and one["kind"] in KINDS
        and one["level"] in LEVELS
        and _is_time(one.get("at"))
    ]


def _lines(path: str) -> Iterator[dict[str, Any]]:
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(max(size - _READ, 0))
            data = file.read(_READ)
    except OSError:
        return  # nothing has happened yet
    for line in data.splitlines():
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict) and _is_time(found.get("at")):
            yield found


def _is_time(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value) and 0 <= value < 1e12


def _event(line: Mapping[str, Any], node: str) -> dict[str, Any] | None:
    kind, name, state, before = (_word(line.get(key)) for key in ("kind", "name", "state", "before"))
    if kind not in _STATES or not name or not state:
        return None
    what = (
        f"{name.replace(' ', ': ', 1)}"
        if kind == "server"
        else f"keepalived ({name})"
        if kind == "keepalived"
        else name
    )
    text = f"{what} is {state}" + (f", was {before}" if before else "")
    level = _STATES[kind].get(state, "info")
    return {"at": line["at"], "kind": kind, "node": node, "text": text[:_LENGTH], "level": level, "user": ""}


def _action(line: Mapping[str, Any], node: str) -> dict[str, Any] | None:
    kind, text, user, action, target = (_word(line.get(key)) for key in ("kind", "text", "user", "action", "target"))
    if kind not in ("action", "refused"):
        return None
    what = " ".join(word for word in (action, target) if word)
    level = "warning" if kind == "refused" or line.get("ok") is False else "info"
    text = f"{what}: {text}" if what else text
    return {"at": line["at"], "kind": kind, "node": node, "text": text[:_LENGTH], "level": level, "user": user}


def _word(value: Any) -> str:
    return value[:_LENGTH] if isinstance(value, str) else ""
