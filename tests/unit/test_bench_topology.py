# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The benchmark's inventories, and its verdicts on figures that are made up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.declaration import Inventory
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.derivation import build
from lab import bench_topology
from lab.bench_topology import SIZES, STEPS, Size
from unit.keepalived_conf import render


@pytest.mark.parametrize("size", SIZES[:3], ids=str)
def test_inventory_is_valid_and_of_its_size(size: Size) -> None:
    declared = bench_topology.inventory(*size)["all"]
    groups = {name: list(group["hosts"]) for name, group in declared["children"].items()}
    hosts = {
        name: {**declared["vars"], **own}
        for group in declared["children"].values()
        for name, own in group["hosts"].items()
    }
    everywhere = {"all": list(hosts), **groups}
    topology = build(Inventory(groups=everywhere, read=lambda host, variable: hosts[host].get(variable)))
    assert len(topology.virtual_services) == size.services
    assert len({server.name for one in topology.virtual_services for server in one.real_servers}) == size.real_servers
    assert render(topology).count("    real_server ") == size.real_servers


def measured(seconds: Callable[[int], float]) -> dict[str, Any]:
    records = [
        {
            **{**size._asdict(), "bytes": 2048, "peak_kib": [40000 + size.real_servers]},
            "seconds": {step: [9.0, seconds(size.real_servers), seconds(size.real_servers)] for step in STEPS},
        }
        for size in SIZES
    ]
    started = [{**size._asdict(), "config_test": [0.1], "start": [2.0], "reload": [3.0]} for size in SIZES]
    tools = dict.fromkeys(("engine", "kernel", "python", "ansible", "keepalived"), "some")
    return {"date": "2026-01-01", "measured_with": tools, "records": records, "keepalived": started}


def verdicts(text: str) -> list[str]:
    return [line.strip("| ").split(" | ")[-1].strip() for line in text.splitlines() if "linear" in line]


def test_growth_is_judged_without_what_every_process_costs() -> None:
    straight = bench_topology.tables(measured(lambda servers: 0.5 + servers / 2000))
    assert verdicts(straight) == ["1.00 linear"] * 5
    square = bench_topology.tables(measured(lambda servers: 0.5 + servers**2 / 1e7))
    assert verdicts(square) == ["10.00 worse than linear"] * 4 + ["1.00 linear"]


@pytest.mark.parametrize(("slowness", "verdict"), [(2000, "6.00 s reached"), (1000, "12.00 s missed")])
def test_goal_is_of_the_largest(slowness: int, verdict: str) -> None:
    text = bench_topology.tables(measured(lambda servers: servers / slowness))
    assert f"Goal: 3,000 in 500 services in less than 10 s on one core: {verdict}." in text
