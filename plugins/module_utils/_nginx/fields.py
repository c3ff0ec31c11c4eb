# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Reading values in the spelling of nginx, and writing them back safely."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .._fields import CORRECT, PORTS, Entry, Problems, escaped, paired, quote, whole

SIZE = re.compile(r"[0-9]{1,10}[kKmMgG]?")
TIME = re.compile(r"[0-9]{1,9}(ms|[smhdwMy])?")
RATE = re.compile(r"[1-9][0-9]{0,5}r/[sm]")
# nginx takes what it does not understand of such a path for a parameter, a variable or a new directive.
PATH = re.compile(r"/[^\s;{}\"'$\\]*")
HEADER = re.compile(r"[A-Za-z0-9-]+")
COUNTS = (0, 1000000)
# What Python and PCRE agree on to be wrong; nginx has the last word on the rest.
_BROKEN = ("missing )", "unbalanced", "unterminated", "nothing to repeat", "bad character range")


def text(value: str) -> str:
    """One word of nginx, whatever stands in it."""
    return escaped(value).replace("\n", "\\n")


def size(entry: Entry, key: str, default: str) -> str:
    return entry.match(key, SIZE, "a size", "Write bytes, or 16k, 8m, 1g; 0 is any.", default)


def time(entry: Entry, key: str, default: str = "") -> str:
    return entry.match(key, TIME, "a time", "Write seconds, or 500ms, 30s, 10m, 12h, 30d.", default)


def path(entry: Entry, key: str, default: str = "") -> str:
    return entry.match(key, PATH, "an absolute path", "Write it from the root on, without spaces and quotes.", default)


def ports(entry: Entry, key: str) -> list[int]:
    found = []
    for value in entry.items(key):
        number = whole(value)
        if number is None or not PORTS[0] <= number <= PORTS[1]:
            entry.problem(f"{key}: {quote(value)} is not a port.", "Write a number from 1 to 65535.")
        elif number not in found:
            found.append(number)
    return found


def strings(entry: Entry, key: str) -> list[str]:
    """One string, or a list of them."""
    value = entry.get(key, [])
    values = value if isinstance(value, list) else [value]
    for one in values:
        if not isinstance(one, str) or not one or not one.isprintable():
            entry.problem(f"{key}: {quote(one)} is not a string.", f"Write {key}: [...].")
    return [one for one in values if isinstance(one, str) and one and one.isprintable()]


def headers(problems: Problems, item: str, value: Any) -> dict[str, str]:
    """By name; an empty value takes one away that is set elsewhere."""
    if not isinstance(value, Mapping):
        problems.add(item, "headers are not a mapping.", "Write {X-Frame-Options: DENY}.")
        return {}
    found = {}
    for name, content in value.items():
        given = "" if content is None or content is False else str(content)
        if not HEADER.fullmatch(name):
            problems.add(item, f"{quote(name)} is not the name of a header.", "Use letters, digits and hyphens.")
        elif not given.isprintable() or content is True:
            problems.add(item, f"the header {name} has no usable value.", "Write a line of text, or '' for none.")
        else:
            found[name] = given
    return found


def raw(problems: Problems, item: str, value: Any) -> list[str]:
    """Lines that nobody here understands; they must at least not close what they did not open."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(line, str) and line.isprintable() for line in value):
        problems.add(item, "not a list of lines.", "Write a list of strings, one line of nginx.conf each.")
        return []
    # What stands in quotes or comments is no brace.
    bare = re.sub(r"\\.|\"(\\.|[^\"\\])*\"|'(\\.|[^'\\])*'|(?m:(?<!\S)#.*$)", "", "\n".join(value))
    if not paired(bare):
        problems.add(item, "its braces do not pair.", "Close what it opens, and nothing else.")
        return []
    return list(value)


def regex(entry: Entry, key: str, expression: str) -> None:
    known = expression.replace(r"\z", r"\Z").replace("(?<", "(?P<").replace("(?P<=", "(?<=").replace("(?P<!", "(?<!")
    try:
        re.compile(known)
    except re.error as error:
        if error.msg.startswith(_BROKEN):
            entry.problem(f"{key}: {quote(expression)} is no regular expression: {error.msg}.", CORRECT)
