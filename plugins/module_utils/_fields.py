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

from ._problems import Problem

PORTS = (1, 65535)
# What keepalived, nginx and PHP-FPM each take as one word.
WORD = re.compile(r"[A-Za-z0-9_.-]+")
NAME_REMEDY = "Give it a name of letters, digits, dots, hyphens and underscores."
INTERFACE = re.compile(r"[A-Za-z0-9_.@-]{1,15}")
FILE = re.compile(r"(/[A-Za-z0-9_.,:=@%+-]+)+")
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

    def network(self, item: str, key: str, value: Any) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
        """An address is a network of one."""
        try:
            return ipaddress.ip_network(value if isinstance(value, str) else "")
        except ValueError:
            self.add(
                item,
                f"{key} {quote(value)} is neither an address nor a network.".lstrip(),
                "Write 192.0.2.1, or 192.0.2.0/24 without host bits; names are not looked up.",
            )
            return None

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
        """An empty key means that the item itself is the value."""
        value = self.values.get(key)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        # An inventory in INI format, or a template, may give it as a string.
        if isinstance(value, str) and value.lower() in ("true", "yes", "on", "false", "no", "off"):
            return value.lower() in ("true", "yes", "on")
        self.problem(f"{key} {quote(value)} is neither true nor false.".lstrip(), CORRECT)
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

    def words(self, key: str, pattern: re.Pattern[str], what: str, remedy: str) -> list[str]:
        """Those of a list that have this pattern."""
        found = []
        for one in self.items(key):
            if isinstance(one, str) and pattern.fullmatch(one):
                found.append(one)
            else:
                self.problem(f"{key} {quote(one)} is not {what}.", remedy)
        return found

    def word(self, key: str) -> str:
        return self.match(key, WORD, "a name", "Use letters, digits, dots, hyphens and underscores.")

    def interface(self, key: str = "interface") -> str:
        return self.match(key, INTERFACE, "the name of an interface", "Write its name as the kernel does: eth0.")

    def address(self, key: str) -> str:
        return self.problems.literal(self.item, self.values[key]) if key in self else ""

    def path(self, key: str, value: Any) -> str:
        """An absolute one, without a slash at its end."""
        path = value.rstrip("/") if isinstance(value, str) else ""
        if FILE.fullmatch(path):
            return path
        self.problem(f"{key} {quote(value)} is not an absolute path.", "Write one, without spaces: /srv/app.")
        return ""

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


def mappings(problems: Problems, variable: str, value: Any, example: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The mappings of a list, each with what it is called in a report."""
    if value is None:
        return
    if not isinstance(value, list):
        problems.add(variable, "not a list.", f"Write a list of {example}.")
        return
    for index, values in enumerate(value):
        item = f"{variable}[{index}]"
        if isinstance(values, dict):
            yield item, values
        else:
            problems.add(item, f"{quote(values)} is not a mapping.", f"Write {example}.")


def entries(
    problems: Problems, variable: str, value: Any, known: Collection[str], example: str
) -> Iterator[tuple[str, Entry]]:
    """The named entries of a list, each with its name."""
    for item, values in mappings(problems, variable, value, example):
        name = values.get("name")
        if isinstance(name, str) and WORD.fullmatch(name):
            yield name, Entry(problems, f'{item} "{name}"', values, known)
        else:
            problems.add(item, "no usable name.", NAME_REMEDY)
            yield "", Entry(problems, item, values, known)


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


def paired(text: str) -> bool:
    """Tell whether every brace is closed, and none that the text did not open."""
    depth = 0
    for character in text:
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth < 0:
            return False
    return not depth


def escaped(text: str) -> str:
    """A string in double quotes, as the configurations of Apache, nginx and PHP-FPM have it."""
    inner = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{inner}"'
