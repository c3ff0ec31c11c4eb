# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Who spoke as master, and when: pure figures from the times of adverts, in seconds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

# Of adverts: a master that is silent for longer has stopped, or was stopped, and speaks anew.
_PAUSE = 3.0


class Reign(NamedTuple):
    """From a director's first advert as master to its last."""

    since: float
    until: float


def reigns(adverts: Sequence[float], advert_s: float) -> Iterator[Reign]:
    """Yield the reigns in the times at which one director sent adverts, ``advert_s`` apart."""
    times = sorted(adverts)
    since = 0
    for index, at in enumerate(times):
        if index + 1 == len(times) or times[index + 1] - at > _PAUSE * advert_s:
            yield Reign(times[since], at)
            since = index + 1


def double_master_s(adverts: Mapping[str, Sequence[float]], advert_s: float) -> float:
    """Return for how long, at the longest, two directors spoke as master; 0 when never."""
    history = [list(reigns(times, advert_s)) for times in adverts.values()]
    overlaps = (
        min(one.until, other.until) - max(one.since, other.since)
        for first, second in combinations(history, 2)
        for one in first
        for other in second
    )
    longest = max(overlaps, default=0.0)
    return round(max(0.0, longest), 3)
