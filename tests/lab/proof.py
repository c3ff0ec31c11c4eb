# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The short proof on a running cluster: requests by server, faults, and what they cost."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from . import outage
from .cluster import Cluster
from .faults import masters, servers
from .faults.scene import Outcome
from .load import PATIENCE_S, Load
from .outage import Reading
from .report import LabError, say

REQUESTS = 1200
_INDENT = " " * 6
_CLEAR = "\r\033[K"

_DIRECTOR_VERSIONS = "uname --kernel-release; keepalived --version 2>&1 | sed -n 's/^Keepalived v\\([^ ]*\\).*/\\1/p'"
_WEB_VERSIONS = """
nginx -v 2>&1 | sed 's|.*/||'
apache2 -v | sed -n 's|.*Apache/\\([^ ]*\\).*|\\1|p'
dpkg-query --show --showformat='${source:Upstream-Version}\\n' 'php*.*-fpm'
"""


def _tell(text: str) -> None:
    """Say on a terminal what is going on, until the line of the result replaces it."""
    if sys.stdout.isatty():
        print(f"{_CLEAR}{_INDENT}{text} ...", end="", flush=True)


def _line(text: object) -> None:
    say(f"{_CLEAR if sys.stdout.isatty() else ''}{_INDENT}{text}")


@contextmanager
def _mended(cluster: Cluster) -> Iterator[None]:
    """Leave the cluster with power everywhere, also after a claim that did not hold."""
    try:
        yield
    except BaseException:
        cluster.mend()
        raise


def versions(cluster: Cluster) -> dict[str, str]:
    """Return the versions of what was measured."""
    kernel, keepalived = cluster.run(cluster.directors[0], _DIRECTOR_VERSIONS).split()
    nginx, apache, php = cluster.run(cluster.web[0], _WEB_VERSIONS).split()
    return {
        "kernel": kernel,
        "keepalived": keepalived,
        "nginx": nginx,
        "apache": apache,
        "php": php,
        "ansible": version("ansible-core"),
        "engine": cluster.engine.description,
    }


def write(out: Path, result: dict[str, Any]) -> None:
    """Write a result as JSON."""
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def _calm(cluster: Cluster) -> Reading:
    """Return what a load on the healthy cluster shows; no request of it may fail."""
    _tell(f"{REQUESTS} requests")
    with Load(cluster) as load:
        load.wait_for_requests(REQUESTS)
        load.stop()
        reading = outage.read(load.samples(), PATIENCE_S)
    if reading.failed:
        raise LabError(f"requests fail on the healthy cluster: {reading}\n{cluster.evidence(cluster.nodes)}")
    return reading


def _master_dies_and_returns(cluster: Cluster) -> tuple[Outcome, Outcome]:
    node = cluster.preferred_master
    loss = masters.power_loss(cluster, _tell)
    _line(loss)
    back = masters.returns(cluster, node, _tell)
    _line(back)
    return loss, back


def proof(cluster: Cluster, out: Path) -> dict[str, Any]:
    """Run the proof, print it, write it to ``out`` and return what was written.

    Raises:
        LabError: a claim does not hold; with the numbers and the journals.
    """
    with _mended(cluster):
        _tell("waiting for the cluster as declared")
        cluster.wait_until_healthy()
        calm = _calm(cluster)
        shares = "  ".join(f"{server} {count}" for server, count in calm.servers.items())
        requests = f"{calm.requests:,} requests to http://{cluster.vip}/"
        _line(f"{requests:<40} {shares}   failed {calm.failed}")
        loss, back = _master_dies_and_returns(cluster)
        stop = servers.stops(cluster, cluster.real_servers[1], _tell)
        _line(stop)
    readings = [calm, loss.reading, back.reading, stop.reading]
    result = {
        "requests": sum(one.requests for one in readings),
        "failed": sum(one.failed for one in readings),
        "servers": calm.servers,
        "outage_s": loss.seconds,
        "bound_s": loss.bound_s,
        "advert_int_s": cluster.topology["virtual_routers"][0]["advert_int_s"],
        "ejection_s": stop.seconds,
        "versions": versions(cluster),
        "calm": asdict(calm),
        "power_loss": asdict(loss),
        "director_return": asdict(back),
        "web_server_stop": asdict(stop),
    }
    write(out, result)
    return result


def kills(cluster: Cluster, number: int, out: Path) -> dict[str, Any]:
    """Kill the master director and bring it back ``number`` times; print and write all outages.

    Raises:
        LabError: a claim does not hold; with the numbers and the journals.
    """
    losses = []
    failback_failed = 0
    with _mended(cluster):
        for _number in range(number):
            loss, back = _master_dies_and_returns(cluster)
            losses.append(loss)
            failback_failed += back.reading.failed
    outages = sorted(loss.seconds for loss in losses)
    result = {
        "outages_s": [loss.seconds for loss in losses],
        "failed": [loss.reading.failed for loss in losses],
        "failback_failed": failback_failed,
        "min_s": outages[0],
        "median_s": round(statistics.median(outages), 3),
        "max_s": outages[-1],
        "bound_s": losses[0].bound_s,
        "versions": versions(cluster),
    }
    _line(
        f"{number} power losses of the master: outage min {outages[0]:.2f} s, "
        f"median {result['median_s']:.2f} s, max {outages[-1]:.2f} s"
    )
    write(out, result)
    return result
