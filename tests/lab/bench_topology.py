# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Large topologies, from the inventory to keepalived's table: times, memory, growth."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

import ansible.release

from . import engine
from .bench import table
from .container import COLLECTION, Container
from .report import LabError, Steps, say
from .settings import REPO

ROUNDS = 3
STEPS = ("inventory", "validate", "derive", "render")
DIRECTORS = {"lvs1": {"ansible_host": "10.9.0.1"}, "lvs2": {"ansible_host": "10.9.0.2"}}
# What the collection promises.
LARGEST_S = 10.0
# Linear: a real server between 300 and 3,000 costs no more than this, times what one between 30 and 300 does; square
# growth would give 10.
GROWTH = 1.5


class Size(NamedTuple):
    """Of a topology; the services have equal shares of the real servers."""

    real_servers: int
    services: int

    def __str__(self) -> str:
        return f"{self.real_servers:,} in {self.services:,} service{'' if self.services == 1 else 's'}"


SIZES = (Size(3, 1), Size(30, 5), Size(300, 50), Size(3000, 500), Size(3000, 1))
LARGEST = SIZES[3]


def inventory(real_servers: int, services: int) -> dict[str, Any]:
    """Return an inventory in which each service has an equal share of the real servers.

    The checks hardly load a machine: keepalived spreads the first ones over their interval, and a server is in the
    table before its first check.
    """
    web = {
        f"web{one}": {"ansible_host": f"10.{32 + one // 62500}.{one // 250 % 250}.{one % 250 + 1}"}
        for one in range(real_servers)
    }
    names = list(web)
    share = real_servers // services
    declared = [
        {
            "name": f"service{one}",
            "address": f"10.64.{one // 250}.{one % 250 + 1}",
            "ports": [80],
            "alpha": False,
            "real_servers": names[one * share : (one + 1) * share],
            "check": {"type": "tcp", "interval": 3600},
        }
        for one in range(services)
    ]
    groups = {"directors": {"hosts": DIRECTORS}, "web": {"hosts": web}}
    return {"all": {"vars": {"ha_web_virtual_services": declared}, "children": groups}}


def _derived(size: Size, folder: Path) -> dict[str, Any]:
    """Derive a topology in processes of their own, on one core; leave keepalived.conf in the folder."""
    declared, rendered = folder / "inventory.json", folder / f"{size.real_servers}-{size.services}.conf"
    declared.write_text(json.dumps(inventory(*size)), encoding="utf-8")
    command = [sys.executable, str(REPO / "tests/bench/topology.py"), str(declared), str(rendered)]
    environment = {
        **os.environ,
        "ANSIBLE_CONFIG": str(REPO / "ansible.cfg"),
        "PYTHONPATH": f"{REPO}/tests:{REPO}/.collections",
    }
    core = min(os.sched_getaffinity(0))
    runs = []
    for _turn in range(ROUNDS):
        done = subprocess.run(
            ["taskset", "--cpu-list", str(core), *command],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise LabError(f"{size}: {done.stderr.strip()[-2000:]}")
        runs.append(json.loads(done.stdout))
    return {
        **size._asdict(),
        "bytes": runs[0]["bytes"],
        "peak_kib": [one["peak_kib"] for one in runs],
        "seconds": {step: [one["seconds"][step] for one in runs] for step in STEPS},
    }


# Tables for people


def _seconds(record: dict[str, Any], step: str) -> float:
    return float(statistics.median(record["seconds"][step]))


def _total(record: dict[str, Any]) -> float:
    return sum(_seconds(record, step) for step in STEPS)


def _duration(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


def _times(records: Sequence[dict[str, Any]]) -> str:
    rows = [
        [
            str(Size(record["real_servers"], record["services"])),
            *(_duration(_seconds(record, step)) for step in STEPS),
            _duration(_total(record)),
            f"{max(record['peak_kib']) / 1024:.0f} MiB",
            f"{record['bytes'] / 1024:,.0f} KiB",
        ]
        for record in records
    ]
    return table(["real servers", *STEPS, "together", "peak memory", "keepalived.conf"], rows)


def _growth(records: Sequence[dict[str, Any]]) -> str:
    """Between sizes of six servers for each service, what a server more costs: what a start costs cancels out."""
    by_size = {record["real_servers"]: record for record in records if record["real_servers"] == 6 * record["services"]}

    def further(value: Any, fewer: int, more: int) -> float:
        return float(value(by_size[more]) - value(by_size[fewer])) / (more - fewer)

    rows = []
    for name, value, scale, unit in (
        *((step, lambda one, step=step: min(one["seconds"][step]), 1e6, "µs") for step in STEPS),
        ("peak memory", lambda one: min(one["peak_kib"]), 1, "KiB"),
    ):
        early, late = further(value, 30, 300), further(value, 300, 3000)
        verdict = "linear" if late <= GROWTH * early else "worse than linear"
        rows.append(
            [name, f"{early * scale:.3g} {unit}", f"{late * scale:.3g} {unit}", f"{late / early:.2f} {verdict}"]
        )
    return table(["for each real server more", "30 to 300", "300 to 3,000", f"ratio, at most {GROWTH}"], rows)


def _keepalived(records: Sequence[dict[str, Any]]) -> str:
    rows = [
        [
            str(Size(record["real_servers"], record["services"])),
            *(_duration(statistics.median(record[step])) for step in ("config_test", "start", "reload")),
        ]
        for record in records
    ]
    return table(["real servers", "config test", "start", "reload"], rows)


def tables(run: dict[str, Any]) -> str:
    """Return a run's figures as Markdown."""
    of = run["measured_with"]
    largest = next(one for one in run["records"] if (one["real_servers"], one["services"]) == LARGEST)
    reached = "reached" if _total(largest) < LARGEST_S else "missed"
    return "\n\n".join(
        [
            f"Measured on {run['date']} with Python {of['python']} and ansible-core {of['ansible']}; keepalived"
            f" {of['keepalived']} with Linux {of['kernel']} ({of['engine']}).",
            "Seconds of the processor, median; memory is the largest peak of a whole process:",
            _times(run["records"]),
            f"Goal: {LARGEST} in less than {LARGEST_S:g} s on one core: {_duration(_total(largest))} {reached}.",
            _growth(run["records"]),
            "keepalived, which accepts every one of these files; seconds of the clock, median:",
            _keepalived(run["keepalived"]),
        ]
    )


def run(json_file: Path, markdown_file: Path) -> None:
    """Measure, write the figures to two files, and print them."""
    steps = Steps(3)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with steps.step("topologies") as detail:
            records = []
            for size in SIZES:
                detail(str(size))
                records.append(_derived(size, folder))
        with steps.step("engine") as detail:
            found = engine.up(detail)
        with steps.step("keepalived") as detail, Container(found, "bench-topology") as container:
            detail(container.image)
            files = {f"tmp/{file.name}": file for file in sorted(folder.glob("*.conf"))}
            container.copy({f"{COLLECTION}/tests/bench": REPO / "tests/bench", **files})
            container.run("modprobe", "--all", "ip_vs", "ip_vs_wlc")
            script = f"/{COLLECTION}/tests/bench/keepalived.py"
            configurations = [f"/tmp/{size.real_servers}-{size.services}.conf" for size in SIZES]
            if container.show("python3", script, "/tmp/figures.json", str(ROUNDS), *configurations):
                raise LabError("the benchmark ended early; its last words stand above")
            measured = {
                "date": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
                "measured_with": {
                    "engine": found.description,
                    "kernel": container.run("uname", "-r").strip(),
                    "python": ".".join(map(str, sys.version_info[:3])),
                    "ansible": ansible.release.__version__,
                    "keepalived": container.run("dpkg-query", "-f", "${Version}", "-W", "keepalived").strip(),
                },
                "records": records,
                "keepalived": json.loads(container.run("cat", "/tmp/figures.json")),
            }
    text = tables(measured)
    json_file.parent.mkdir(exist_ok=True)
    json_file.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
    markdown_file.write_text(text + "\n", encoding="utf-8")
    say(f"\n{text}\n\n{json_file.relative_to(REPO)} has all figures, {markdown_file.relative_to(REPO)} these tables.")
