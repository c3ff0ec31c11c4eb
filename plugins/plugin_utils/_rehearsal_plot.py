# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Latency and failures over time as SVG, coloured by the page it stands in."""

from __future__ import annotations

import html
import math
import statistics
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ._outage import Sample

_LEFT, _RIGHT, _BOTTOM, _LANE = 52, 16, 24, 16
_ROW = 20  # of numbers above the plot
_DISTANCE = 20  # between two numbers in a row
_MOST_DOTS = 800
_BIN = 3


class Event(NamedTuple):
    """A number that stands at a time, seconds."""

    at: float
    number: int
    text: str


class View(NamedTuple):
    """What of the time is shown, and how large; ``zero`` is where the axis of time begins to count."""

    width: int
    height: int
    since: float
    until: float
    zero: float


class _Area(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float


class _Scale:
    """Seconds to places; latency by powers of ten."""

    def __init__(self, view: View, area: _Area, took: Sequence[float], slowest: float) -> None:
        self._view = view
        self._area = area
        lowest = min((value for value in took if value > 0), default=0.001)
        self.decades = range(math.floor(math.log10(max(lowest, 1e-5))), math.ceil(math.log10(max(slowest, 0.01))) + 1)

    def x(self, at: float) -> float:
        span = max(self._view.until - self._view.since, 1e-6)
        part = (at - self._view.since) / span
        return self._area.left + min(max(part, 0.0), 1.0) * (self._area.right - self._area.left)

    def y(self, took: float) -> float:
        low, high = self.decades[0], self.decades[-1]
        part = (math.log10(max(took, 10.0**low)) - low) / max(high - low, 1)
        return self._area.bottom - min(part, 1.0) * (self._area.bottom - self._area.top)


def plot(samples: Sequence[Sample], events: Sequence[Event], view: View, label: str, bound_s: float = 0.0) -> str:
    """Return an SVG; where there is a bound, it is shaded from ``view.zero`` on."""
    shown = [one for one in samples if view.since <= one.at <= view.until]
    good = [one for one in shown if not one.failed]
    inside = [event for event in events if view.since <= event.at <= view.until]
    rows = _rows([view.width * (one.at - view.since) / max(view.until - view.since, 1e-6) for one in inside])
    numbers = _ROW * (max(rows, default=-1) + 1) + 4
    area = _Area(_LEFT, numbers + _LANE + 12, view.width - _RIGHT, view.height - _BOTTOM)
    scale = _Scale(view, area, [one.took for one in good], max((one.took for one in good), default=0.1))
    parts = [
        *_band(scale, area, numbers, view, bound_s),
        *_axes(scale, area, view),
        *_lane([one for one in shown if one.failed], scale, area, numbers),
        *(_dots(good, scale) if len(good) <= _MOST_DOTS else _bins(good, scale, area)),
        *_numbers(inside, rows, scale, area),
    ]
    return (
        f'<svg viewBox="0 0 {view.width} {view.height}" role="img" aria-label="{html.escape(label)}">'
        f"{''.join(parts)}</svg>"
    )


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _line(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    ends = {"x1": x1, "y1": y1, "x2": x2, "y2": y2}
    places = " ".join(f'{name}="{_number(place)}"' for name, place in ends.items())
    return f'<line class="{kind}" {places}/>'


def _text(x: float, y: float, anchor: str, text: str) -> str:
    return f'<text x="{_number(x)}" y="{_number(y)}" text-anchor="{anchor}">{html.escape(text)}</text>'


def _band(scale: _Scale, area: _Area, top: float, view: View, bound_s: float) -> Iterator[str]:
    if bound_s and view.since <= view.zero <= view.until:
        left, right = scale.x(view.zero), scale.x(view.zero + bound_s)
        size = f'width="{_number(right - left)}" height="{_number(area.bottom - top)}"'
        yield f'<rect class="bound" x="{_number(left)}" y="{_number(top)}" {size}/>'


def _axes(scale: _Scale, area: _Area, view: View) -> Iterator[str]:
    for power in scale.decades:
        y = scale.y(10.0**power)
        yield _line("grid", area.left, y, area.right, y)
        yield _text(area.left - 6, y + 4, "end", f"{10 ** (power + 3):g} ms" if power < 0 else f"{10**power:g} s")
    for seconds in ticks(view.since - view.zero, view.until - view.zero, max(2, view.width // 110)):
        x = scale.x(view.zero + seconds)
        yield _line("tick", x, area.bottom, x, area.bottom + 4)
        yield _text(x, area.bottom + 18, "middle", f"{seconds:g} s".replace("-", "\u2212"))


def ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers between two, at most so many and one more, with 0 among them where it lies between."""
    rough = max(high - low, 1e-6) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    numbers = range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
    return [round(number * step, 6) for number in numbers]


def _lane(failed: Sequence[Sample], scale: _Scale, area: _Area, top: float) -> Iterator[str]:
    yield _text(area.left - 6, top + _LANE - 4, "end", "failed")
    yield _line("grid", area.left, top + _LANE, area.right, top + _LANE)
    for x in dict.fromkeys(round(scale.x(one.at), 1) for one in failed):
        yield _line("failed", x, top, x, top + _LANE)


def _dots(good: Sequence[Sample], scale: _Scale) -> Iterator[str]:
    for one in good:
        yield f'<circle class="good" cx="{_number(scale.x(one.at))}" cy="{_number(scale.y(one.took))}" r="1.8"/>'


def _bins(good: Sequence[Sample], scale: _Scale, area: _Area) -> Iterator[str]:
    """From the quickest to the slowest of every three points of width, and the median."""
    bins: dict[int, list[float]] = {}
    for one in good:
        bins.setdefault(int((scale.x(one.at) - area.left) // _BIN), []).append(one.took)
    for number, took in sorted(bins.items()):
        x = area.left + (number + 0.5) * _BIN
        yield _line("range", x, scale.y(min(took)) + 0.6, x, scale.y(max(took)) - 0.6)
        middle = scale.y(statistics.median(took))
        yield _line("median", x - _BIN / 2, middle, x + _BIN / 2, middle)


def _rows(places: Sequence[float]) -> list[int]:
    """In which row each number stands, so that none covers another."""
    ends: list[float] = []
    rows = []
    for place in places:
        row = next((number for number, end in enumerate(ends) if place - end >= _DISTANCE), len(ends))
        ends[row : row + 1] = [place]
        rows.append(row)
    return rows


def _numbers(events: Sequence[Event], rows: Sequence[int], scale: _Scale, area: _Area) -> Iterator[str]:
    for event, row in zip(events, rows):
        x, y = scale.x(event.at), row * _ROW + 11
        yield _line("mark", x, y, x, area.bottom)
        yield (
            f'<g><title>{html.escape(event.text)}</title><circle class="number" cx="{_number(x)}" cy="{y}" r="9"/>'
            f'<text class="number" x="{_number(x)}" y="{y + 4}" text-anchor="middle">{event.number}</text></g>'
        )
