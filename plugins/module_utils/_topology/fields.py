# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Reading one field at a time: a value of the kind that is wanted, or its default and a problem."""

from __future__ import annotations

import difflib
import ipaddress
import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from .._problems import Problem
from .model import Hook

VRIDS = (1, 255)
# VRRP keeps 255 for a router that owns the address, and 0 for one that resigns.
PRIORITIES = (1, 254)
ADVERT_INTERVALS = (0.01, 40.95)
PORTS = (1, 65535)
TRACK_WEIGHTS = (-253, 253)
STATUSES = (100, 599)
RETRIES = (0, 100)
CHECK_INTERVALS = (0.1, 3600.0)
RETRY_DELAYS = (0.0, 3600.0)

# What keepalived's parser takes as one word.
WORD = re.compile(r"[A-Za-z0-9_.-]+")
NAME_REMEDY = "Give it a name of letters, digits, dots, hyphens and underscores."
INTERFACE = re.compile(r"[A-Za-z0-9_.@-]{1,15}")
FILE = re.compile(r"(/[A-Za-z0-9_.,:=@%+-]+)+")
# keepalived runs a command without a shell; braces, comments and $ are its own parser's.
COMMAND = re.compile(r"(?P<path>\S+)(?P<arguments>( ([A-Za-z0-9_./,:=@%+-]+|'[A-Za-z0-9_./,:=@%+ -]*'))*)")
USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*( [A-Za-z_][A-Za-z0-9_.-]*)?")
CORRECT = "Correct it, or remove it for the default."


class Problems:
    """All that was found so far."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(self, item: str, message: str, remedy: str) -> None:
        self.found.append(Problem(item, message, remedy))

    def choice(self, item: str, key: str, value: Any, known: Sequence[str]) -> str:
        """One of the known words; the first of them stands in for an unknown one."""
        if isinstance(value, str) and value in known:
            return value
        self.add(item, f"unknown {key} {quote(value)}.", f"Use one of: {', '.join(known)}.")
        return known[0]

    def integer(self, item: str, key: str, value: Any, allowed: tuple[int, int], default: int) -> int:
        """An empty key means that the item itself is the number."""
        least, most = allowed
        if value is None:
            return default
        number = whole(value)
        if number is None or not least <= number <= most:
            self._out_of_range(item, key, value, f"a whole number from {least} to {most}")
            return default
        return number

    def seconds(self, item: str, key: str, value: Any, allowed: tuple[float, float], default: float) -> float:
        least, most = allowed
        if value is None:
            return default
        try:
            number = math.nan if isinstance(value, bool) else float(value)
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if not least <= number <= most:
            self._out_of_range(item, key, value, f"from {least:g} to {most:g} seconds")
            return default
        return number

    def literal(self, item: str, value: Any) -> str:
        address = ip(value)
        if not address:
            self.add(item, f"{quote(value)} is not an IP address.", "Write the address alone, without a prefix length.")
        return address

    def _out_of_range(self, item: str, key: str, value: Any, allowed: str) -> None:
        self.add(item, f"{key} {quote(value)} is not {allowed}.".lstrip(), CORRECT)


class Entry:
    """A mapping of the inventory, of which each key is read as what it should be."""

    def __init__(self, problems: Problems, item: str, values: Mapping[str, Any], known: Collection[str]) -> None:
        self.problems = problems
        self.item = item
        self.values = values
        for key in values:
            if key not in known:
                near = difflib.get_close_matches(str(key), known, 1)
                remedy = f"Did you mean {near[0]}?" if near else f"Known are: {', '.join(known)}."
                self.problem(f"unknown key {quote(key)}.", remedy)

    def __contains__(self, key: str) -> bool:
        return self.values.get(key) is not None

    def problem(self, message: str, remedy: str) -> None:
        self.problems.add(self.item, message, remedy)

    def get(self, key: str, default: Any = None) -> Any:
        value = self.values.get(key)
        return default if value is None else value

    def integer(self, key: str, allowed: tuple[int, int], default: int) -> int:
        return self.problems.integer(self.item, key, self.values.get(key), allowed, default)

    def seconds(self, key: str, allowed: tuple[float, float], default: float) -> float:
        return self.problems.seconds(self.item, key, self.values.get(key), allowed, default)

    def choice(self, key: str, known: Sequence[str], default: str) -> str:
        return self.problems.choice(self.item, key, self.get(key, default), known)

    def boolean(self, key: str, default: bool) -> bool:
        value = self.values.get(key)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        # An inventory in INI format, or a template, may give it as a string.
        if isinstance(value, str) and value.lower() in ("true", "yes", "on", "false", "no", "off"):
            return value.lower() in ("true", "yes", "on")
        self.problem(f"{key} {quote(value)} is neither true nor false.", CORRECT)
        return default

    def match(self, key: str, pattern: re.Pattern[str], what: str, remedy: str, default: str = "") -> str:
        """A string of this pattern, or a number that is spelt like one."""
        value = self.values.get(key)
        if value is None:
            return default
        text = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
        if not pattern.fullmatch(text):
            self.problem(f"{key} {quote(value)} is not {what}.", remedy)
            return default
        return text

    def word(self, key: str) -> str:
        return self.match(key, WORD, "a name", "Use letters, digits, dots, hyphens and underscores.")

    def interface(self, key: str = "interface") -> str:
        return self.match(key, INTERFACE, "the name of an interface", "Write its name as the kernel does: eth0.")

    def address(self, key: str) -> str:
        return self.problems.literal(self.item, self.values[key]) if key in self else ""

    def items(self, key: str) -> list[Any]:
        value = self.get(key, [])
        if isinstance(value, list):
            return value
        self.problem(f"{key} is not a list.", f"Write {key}: [...].")
        return []

    def mapping(self, key: str) -> dict[str, Any]:
        value = self.get(key, {})
        if isinstance(value, dict):
            return value
        self.problem(f"{key} is not a mapping.", f"Write {key}: {{...}}.")
        return {}

    def hook(self, key: str) -> Hook:
        """A command, or a mapping with a command and the user that runs it."""
        value = self.values.get(key)
        if value is None:
            return Hook()
        if not isinstance(value, dict):
            return Hook(self._command(key, value))
        entry = Entry(self.problems, f"{self.item}, {key}", value, ("command", "user"))
        return Hook(self._command(key, value.get("command")), entry.user())

    def user(self) -> str:
        return self.match("user", USER, "a user", "Write the name of a user, and of a group after a space if need be.")

    def _command(self, key: str, value: Any) -> str:
        found = COMMAND.fullmatch(value) if isinstance(value, str) else None
        if found and FILE.fullmatch(found["path"]):
            return str(value)
        if found and not found["path"].startswith("/"):
            self.problem(f"{key} {quote(value)} does not begin with a slash.", "Write the absolute path of the script.")
        else:
            self.problem(
                f"{key} {quote(value)} is not a path with plain arguments.",
                "keepalived starts no shell: write /path/to/script argument 'argument with spaces', "
                "and put the rest into the script.",
            )
        return ""

    def raw(self) -> list[str]:
        return raw_lines(self.problems, self.item, self.values.get("raw"))


def raw_lines(problems: Problems, item: str, value: Any) -> list[str]:
    """Lines for keepalived that nobody here understands; they must at least not close what they did not open."""
    if value is None:
        return []
    label = f"{item}, raw" if item != "ha_web_keepalived_raw" else item
    if not isinstance(value, list) or not all(isinstance(line, str) and line.isprintable() for line in value):
        problems.add(label, "not a list of lines.", "Write a list of strings, one line of keepalived.conf each.")
        return []
    depth = 0
    for character in "".join(value):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth < 0:
            break
    if depth:
        problems.add(label, "its braces do not pair.", "Close what it opens, and nothing else.")
        return []
    return list(value)


def entries(
    problems: Problems, variable: str, value: Any, known: Collection[str], example: str
) -> Iterator[tuple[str, Entry]]:
    """The named entries of a list, each with its name."""
    if value is None:
        return
    if not isinstance(value, list):
        problems.add(variable, "not a list.", f"Write a list of {example}.")
        return
    for index, values in enumerate(value):
        item = f"{variable}[{index}]"
        if not isinstance(values, dict):
            problems.add(item, f"{quote(values)} is not a mapping.", f"Write {example}.")
            continue
        name = values.get("name")
        if isinstance(name, str) and WORD.fullmatch(name):
            item = f'{item} "{name}"'
        else:
            problems.add(item, "no usable name.", NAME_REMEDY)
            name = ""
        yield name, Entry(problems, item, values, known)


def ip(value: Any) -> str:
    """The address in its canonical spelling, or an empty string."""
    try:
        # A scope would not survive the way to the other hosts.
        return str(ipaddress.ip_address(value)) if isinstance(value, str) and "%" not in value else ""
    except ValueError:
        return ""


def whole(value: Any) -> int | None:
    """An inventory in INI format, or a template, may give a number as a string."""
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,10}", value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def quote(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)
