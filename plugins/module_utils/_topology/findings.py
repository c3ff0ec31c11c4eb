# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What rules need to find a problem and to speak of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from .model import family

T = TypeVar("T")


def shared_values(pairs: Iterable[tuple[str, T]]) -> list[tuple[T, list[str]]]:
    """The values that more than one name has, each with its names."""
    names_of: dict[T, list[str]] = {}
    for name, value in pairs:
        names_of.setdefault(value, []).append(name)
    return [(value, found) for value, found in names_of.items() if len(found) > 1]


def names(found: Iterable[str]) -> str:
    *rest, last = found
    return f"{', '.join(rest)} and {last}" if rest else last


def spoken_family(address: str) -> str:
    return spoken(family(address))


def spoken(name: str) -> str:
    return name.replace("ip", "IP")
