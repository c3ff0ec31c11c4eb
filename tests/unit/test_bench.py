# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The benchmark's tables and verdicts, from figures that are made up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lab import bench

SHAPES = ((1000, 10), (5000, 10), (20000, 10), (20000, 100))


def measured(engine: Callable[[int], float], messages: int = 0) -> dict[str, Any]:
    records = []
    for destinations, per_service in SHAPES:
        for contender in ("engine", "module", "ipvsadm"):
            seconds = engine(destinations) if contender == "engine" else destinations / 10000
            record = {
                **{"destinations": destinations, "per_service": per_service, "contender": contender},
                **{"peak_kib": 2048, "changing_messages": messages, "asking_messages": 3},
                "seconds": [99.0, seconds, seconds],
            }
            records += [{**record, "operation": operation} for operation in bench.OPERATIONS]
    tools = dict.fromkeys(("engine", "kernel", "python", "ipvsadm", "pyroute2"), "some")
    return {
        **{"date": "2026-01-01", "measured_with": {**tools, "cores": 1}},
        **{"start_seconds": {"python": [0.03], "engine": [0.08]}, "records": records},
    }


def row(text: str, head: str, name: str) -> list[str]:
    """Return the cells of the row in the table whose first column is headed so."""
    rows = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in text.splitlines()]
    below = rows[[one[0] for one in rows].index(head) :]
    return next(one[1:] for one in below if one[0].startswith(name))


def test_goals_are_judged_by_medians_at_every_size() -> None:
    text = bench.tables(measured(lambda destinations: 0.05 + destinations / 25000, messages=1))
    goals = "goal of the engine"
    assert row(text, goals, "first apply:") == ["0.90 missed", "0.50 reached", "0.43 reached", "0.43 reached"]
    assert row(text, goals, "no change: at most") == ["0.90 reached", "0.50 reached", "0.43 reached", "0.43 reached"]
    assert row(text, goals, "one weight:") == ["1 reached"] * 4
    assert row(text, goals, "no change: 0") == ["1 missed"] * 4


def test_growth_is_judged_without_what_every_process_costs() -> None:
    growth = "engine, per destination"
    straight = bench.tables(measured(lambda destinations: 0.5 + destinations / 25000))
    assert row(straight, growth, "first apply") == ["540 µs", "140 µs", "65 µs", "40 µs", "40 µs", "1.00 linear"]
    square = bench.tables(measured(lambda destinations: 0.5 + destinations**2 / 1e9))
    assert row(square, growth, "no change")[-1] == "4.17 worse than linear"
