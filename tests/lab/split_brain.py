# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""When more than one director held the VIP; times are seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Change:
    """A node got (or lost) the VIP."""

    at: float
    node: str
    holds: bool


def doubles(changes: Sequence[Change]) -> list[tuple[float, float]]:
    """Return when more than one held the VIP, from and to; to is infinite while it lasts."""
    found: list[tuple[float, float]] = []
    holders: set[str] = set()
    for change in sorted(changes, key=lambda one: one.at):
        before = len(holders)
        if change.holds:
            holders.add(change.node)
        else:
            holders.discard(change.node)
        if before < 2 <= len(holders):
            found.append((change.at, float("inf")))
        elif len(holders) < 2 <= before:
            found[-1] = found[-1][0], change.at
    return found
