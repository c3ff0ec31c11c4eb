# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Reading the fields that only keepalived has, and the ranges of its numbers."""

from __future__ import annotations

import re
from typing import Any

from .._fields import FILE, Entry, Problems, paired, quote
from .model import Hook

VRIDS = (1, 255)
# VRRP keeps 255 for a router that owns the address, and 0 for one that resigns.
PRIORITIES = (1, 254)
ADVERT_INTERVALS = (0.01, 40.95)
TRACK_WEIGHTS = (-253, 253)
STATUSES = (100, 599)
RETRIES = (0, 100)
CHECK_INTERVALS = (0.1, 3600.0)
RETRY_DELAYS = (0.0, 3600.0)

# keepalived runs a command without a shell; braces, comments and $ are its own parser's.
COMMAND = re.compile(r"(?P<path>\S+)(?P<arguments>( ([A-Za-z0-9_./,:=@%+-]+|'[A-Za-z0-9_./,:=@%+ -]*'))*)")
USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*( [A-Za-z_][A-Za-z0-9_.-]*)?")


def read_hook(entry: Entry, key: str) -> Hook:
    """A command, or a mapping with a command and the user that runs it."""
    value = entry.values.get(key)
    if value is None:
        return Hook()
    if not isinstance(value, dict):
        return Hook(_command(entry, key, value))
    one = Entry(entry.problems, f"{entry.item}, {key}", value, ("command", "user"))
    return Hook(_command(entry, key, value.get("command")), read_user(one))


def read_user(entry: Entry) -> str:
    return entry.match("user", USER, "a user", "Write the name of a user, and of a group after a space if need be.")


def _command(entry: Entry, key: str, value: Any) -> str:
    found = COMMAND.fullmatch(value) if isinstance(value, str) else None
    if found and FILE.fullmatch(found["path"]):
        return str(value)
    if found and not found["path"].startswith("/"):
        entry.problem(f"{key} {quote(value)} does not begin with a slash.", "Write the absolute path of the script.")
    else:
        entry.problem(
            f"{key} {quote(value)} is not a path with plain arguments.",
            "keepalived starts no shell: write /path/to/script argument 'argument with spaces', "
            "and put the rest into the script.",
        )
    return ""


def read_raw(entry: Entry) -> list[str]:
    return raw_lines(entry.problems, f"{entry.item}, raw", entry.values.get("raw"))


def raw_lines(problems: Problems, item: str, value: Any) -> list[str]:
    """Lines for keepalived that nobody here understands; they must at least not close what they did not open."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(line, str) and line.isprintable() for line in value):
        problems.add(item, "not a list of lines.", "Write a list of strings, one line of keepalived.conf each.")
        return []
    if not paired("".join(value)):
        problems.add(item, "its braces do not pair.", "Close what it opens, and nothing else.")
        return []
    return list(value)
