# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""tests/bench on the real kernel: run in a container of the lab's engine, its figures as tables and verdicts."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

from . import cache, engine, pythons
from .container import COLLECTION, Container, of_ansible
from .report import LabError, Steps, say
from .settings import CACHE, REPO

_PYROUTE2 = "pyroute2==0.9.7"

OPERATIONS = {
    "apply": "first apply",
    "unchanged": "no change",
    "weight": "one weight",
    "removal": "removal of all",
}
CONTENDERS = ("engine", "module", "ipvsadm", "one process per rule", "pyroute2")

# What the collection promises of its engine.
APPLY_RATIO, UNCHANGED_RATIO = 0.5, 1.2
# Linear: a destination beyond 5,000 costs no more than this, times what one between 1,000 and 5,000 does; square
# growth would give 4.2.
GROWTH = 1.5
SIZES = (1000, 5000, 20000)


class Size(NamedTuple):
    """Of a table."""

    destinations: int
    per_service: int

    def __str__(self) -> str:
        return f"{self.destinations:,}" + ("" if self.per_service == 10 else f" ({self.per_service} per service)")


class Figures:
    """The records of a run, by size, contender and operation."""

    def __init__(self, records: Sequence[dict[str, Any]]) -> None:
        self._records = {
            (Size(one["destinations"], one["per_service"]), one["contender"], one["operation"]): one for one in records
        }
        self.sizes = list(dict.fromkeys(size for size, _contender, _operation in self._records))

    def get(self, size: Size, contender: str, operation: str) -> dict[str, Any]:
        """Return a record; an empty one when that was not measured."""
        return self._records.get((size, contender, operation), {})

    def seconds(self, size: Size, contender: str, operation: str) -> float:
        """Return the median."""
        return float(statistics.median(self.get(size, contender, operation)["seconds"]))

    def ratio(self, size: Size, operation: str) -> float:
        """Return the engine's time as a multiple of ipvsadm's."""
        return self.seconds(size, "engine", operation) / self.seconds(size, "ipvsadm", operation)

    def spread(self) -> float:
        """Return how far apart the runs of one figure are: the widest, of those that the goals speak of."""
        runs = [
            self.get(size, contender, operation)["seconds"]
            for size in self.sizes
            for contender in ("engine", "ipvsadm")
            for operation in ("apply", "unchanged")
        ]
        return float(max(max(seconds) / min(seconds) for seconds in runs))

    def further(self, operation: str, fewer: int, more: int) -> float:
        """Return what the engine spends on each destination more between two sizes, in seconds; of its fastest runs.

        Between small differences, what else the machine was doing would decide.
        """
        few, many = (min(self.get(Size(size, 10), "engine", operation)["seconds"]) for size in (fewer, more))
        return float(many - few) / (more - fewer)


def _pyroute2(part: Path) -> None:
    pythons.install(part, "--no-deps", _PYROUTE2)


def _files() -> dict[str, Path]:
    """Return what the container gets, by the path it has there."""
    pyroute2 = cache.get(CACHE, "pyroute2", cache.key("pyroute2 1", _PYROUTE2), _pyroute2)
    return {
        f"{COLLECTION}/plugins": REPO / "plugins",
        f"{COLLECTION}/tests/bench": REPO / "tests/bench",
        "srv/site": pyroute2,
        **of_ansible(),
    }


# Tables for people


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of Markdown that is also aligned as plain text."""
    widths = [max(map(len, column)) for column in zip(head, *rows)]

    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths)) + " |"

    return "\n".join([line(head), line(["-" * width for width in widths]), *map(line, rows)])


def _rows(
    figures: Figures, contenders: Sequence[str], cell: Callable[[Size, str, str], str], operations: Sequence[str]
) -> list[list[str]]:
    return [
        [
            str(size) if operation == operations[0] else "",
            OPERATIONS[operation],
            *(cell(size, contender, operation) for contender in contenders),
        ]
        for size in figures.sizes
        for operation in operations
    ]


def _duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 10 else f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


def _times(figures: Figures) -> str:
    def cell(size: Size, contender: str, operation: str) -> str:
        record = figures.get(size, contender, operation)
        if not record:
            return ""
        seconds = figures.seconds(size, contender, operation)
        marks = "~" if record.get("extrapolated_from_rules") else ""
        if contender == "ipvsadm":
            return marks + _duration(seconds)
        return f"{marks}{_duration(seconds)} ({seconds / figures.seconds(size, 'ipvsadm', operation):.2f})"

    return table(["destinations", "operation", *CONTENDERS], _rows(figures, CONTENDERS, cell, list(OPERATIONS)))


def _memory(figures: Figures) -> str:
    contenders = [name for name in CONTENDERS if name != "one process per rule"]

    def cell(size: Size, contender: str, operation: str) -> str:
        record = figures.get(size, contender, operation)
        if not record:
            return ""
        ratio = record["peak_kib"] / figures.get(size, "ipvsadm", operation)["peak_kib"]
        return f"{record['peak_kib'] / 1024:.1f} MiB" + ("" if contender == "ipvsadm" else f" ({ratio:.1f})")

    return table(["destinations", "operation", *contenders], _rows(figures, contenders, cell, ("apply", "unchanged")))


def _messages(figures: Figures) -> str:
    contenders = [name for name in CONTENDERS if name != "one process per rule"]

    def cell(size: Size, contender: str, operation: str) -> str:
        record = figures.get(size, contender, operation)
        return f"{record['changing_messages']:,} + {record['asking_messages']:,}" if record else ""

    return table(["destinations", "operation", *contenders], _rows(figures, contenders, cell, list(OPERATIONS)))


def _goals(figures: Figures) -> str:
    def verdict(reached: bool, value: str) -> str:
        return f"{value} {'reached' if reached else 'missed'}"

    def ratio(operation: str, most: float) -> list[str]:
        values = [figures.ratio(size, operation) for size in figures.sizes]
        return [verdict(value <= most, f"{value:.2f}") for value in values]

    def messages(operation: str, wanted: int) -> list[str]:
        values = [figures.get(size, "engine", operation)["changing_messages"] for size in figures.sizes]
        return [verdict(value == wanted, str(value)) for value in values]

    return table(
        ["goal of the engine", *map(str, figures.sizes)],
        [
            [f"first apply: at most {APPLY_RATIO} of `ipvsadm -R`", *ratio("apply", APPLY_RATIO)],
            [f"no change: at most {UNCHANGED_RATIO} of `ipvsadm -Sn`", *ratio("unchanged", UNCHANGED_RATIO)],
            ["one weight: 1 changing message", *messages("weight", 1)],
            ["no change: 0 changing messages", *messages("unchanged", 0)],
        ],
    )


def _growth(figures: Figures) -> str:
    rows = []
    for operation, name in OPERATIONS.items():
        each = [figures.seconds(Size(size, 10), "engine", operation) / size for size in SIZES]
        early, late = figures.further(operation, *SIZES[:2]), figures.further(operation, *SIZES[1:])
        rows.append(
            [
                name,
                *(f"{seconds * 1e6:.0f} µs" for seconds in (*each, early, late)),
                f"{late / early:.2f} {'linear' if late <= GROWTH * early else 'worse than linear'}",
            ]
        )
    head = ["engine, per destination", *(f"at {size:,}" for size in SIZES)]
    return table([*head, "1,000 to 5,000", "5,000 to 20,000", f"ratio, at most {GROWTH}"], rows)


def tables(run: dict[str, Any]) -> str:
    """Return a run's figures as Markdown."""
    figures = Figures(run["records"])
    of = run["measured_with"]
    cores = "1 core" if of["cores"] == 1 else f"{of['cores']} cores"
    start = {name: statistics.median(seconds) * 1000 for name, seconds in run["start_seconds"].items()}
    return "\n\n".join(
        [
            f"Measured on {run['date']} with Linux {of['kernel']} ({of['engine']}; {cores}),"
            f" {of['python']}, {of['ipvsadm']}, {of['pyroute2']}.",
            f"Python alone starts and ends in {start['python']:.0f} ms; the engine, with nothing to read and nothing"
            f" to do, in {start['engine']:.0f} ms.",
            "Whole process, median; in parentheses the multiple of ipvsadm's time, ~ extrapolated from the last 1,000"
            " rules. The slowest of the runs of one figure of the engine's or ipvsadm's took up to"
            f" {figures.spread():.1f} times as long as the fastest:",
            _times(figures),
            _goals(figures),
            _growth(figures),
            "Messages to the kernel, changes + questions:",
            _messages(figures),
            "Peak memory; in parentheses the multiple of ipvsadm's:",
            _memory(figures),
        ]
    )


def run(json_file: Path, markdown_file: Path) -> None:
    """Measure, write the figures to two files, and print them."""
    steps = Steps(2)
    with steps.step("engine") as detail:
        found = engine.up(detail)
    with Container(found, "bench") as container:
        with steps.step("container") as detail:
            detail(f"{container.image} with {_PYROUTE2}")
            container.copy(_files())
            container.run("modprobe", "--all", "ip_vs", "ip_vs_wlc", "nlmon")
        if container.show("python3", f"/{COLLECTION}/tests/bench/ipvs.py", "/tmp/figures.json"):
            raise LabError("the benchmark ended early; its last words stand above")
        measured = {
            "date": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
            "measured_with": {
                "engine": found.description,
                "kernel": container.run("uname", "-r").strip(),
                "cores": int(container.run("nproc")),
                "python": container.run("python3", "--version").strip(),
                "ipvsadm": " ".join(container.run("ipvsadm", "--version").split()[:2]),
                "pyroute2": _PYROUTE2,
            },
            **json.loads(container.run("cat", "/tmp/figures.json")),
        }
    text = tables(measured)
    json_file.parent.mkdir(exist_ok=True)
    json_file.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
    markdown_file.write_text(text + "\n", encoding="utf-8")
    say(f"\n{text}\n\n{json_file.relative_to(REPO)} has all figures, {markdown_file.relative_to(REPO)} these tables.")
