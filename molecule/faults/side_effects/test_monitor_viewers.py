# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What many viewers cost the directors, and how long each of them waits."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import NamedTuple

from lab.cluster import Cluster
from lab.monitor import Monitor

VIEWERS = 50
SECONDS = 30
UNITS = ("ha-web-monitor", "ha-web-monitor-front", "ha-web-notify", "ha-web-ipvs-reader", "prometheus-node-exporter")
PROGRAM = Path(__file__).parents[1] / "files/viewers.py"


class Spent(NamedTuple):
    """Seconds of a processor, of all units of the monitor and of those that serve viewers."""

    all: float
    serving: float


def spent(cluster: Cluster, director: str) -> Spent:
    said = cluster.run(director, f"systemctl show --property=CPUUsageNSec --value {' '.join(UNITS)}")
    seconds = [int(word) / 1e9 for word in said.split()]
    return Spent(sum(seconds), sum(seconds[:2]))


def test_fifty_viewers(cluster: Cluster, monitor: Monitor, operator: tuple[str, str]) -> None:
    holder = cluster.the_holder()
    assert holder
    cost: dict[int, Spent] = {}
    times: dict[int, list[float]] = {}
    for viewers in (1, VIEWERS):
        before = spent(cluster, holder)
        said = cluster.python(cluster.client, PROGRAM, cluster.vip, monitor.port, ":".join(operator), viewers, SECONDS)
        after = spent(cluster, holder)
        seen = json.loads(said)
        # A state every two seconds, for each of them, and none of them old.
        assert seen["streams"] == viewers
        assert min(seen["states"]) >= SECONDS / 2 * 0.6
        assert seen["oldest"] < 4
        cost[viewers] = Spent(*((b - a) / SECONDS for a, b in zip(before, after, strict=True)))
        times[viewers] = seen["times"]
    more = cost[VIEWERS].serving - cost[1].serving
    median = statistics.median(times[VIEWERS])
    print(
        f"{VIEWERS} viewers: {more:.1%} of a core more than one; one costs {cost[1].serving:.1%}, with all exporters"
        f" {cost[1].all:.1%}; a state in {median * 1000:.0f} ms (median of {len(times[VIEWERS])})"
    )
    assert more < 0.05
    assert median < 0.2
