# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Inject faults into a cluster: ``python -m lab.faults --inventory FOLDER --out FOLDER [--runs N] FAULT...``."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from ..cluster import Cluster
from ..report import LabError, say
from ..reproduce import command
from ..status import table
from . import masters, network, servers, services
from .scene import Outcome, Tell

Fault = Callable[[Cluster, Tell], Iterator[Outcome]]


def _one(fault: Callable[[Cluster, Tell], Outcome]) -> Fault:
    return lambda cluster, tell: iter([fault(cluster, tell)])


def _of_server(fault: Callable[[Cluster, str, Tell], Outcome], place: int) -> Fault:
    return lambda cluster, tell: iter([fault(cluster, cluster.real_servers[place], tell)])


FAULTS: dict[str, Fault] = {
    "master-power-loss": masters.dies_and_returns,
    "keepalived-kill": _one(masters.killed),
    "keepalived-parent-kill": _one(masters.parent_killed),
    "keepalived-stop": masters.stopped,
    "master-shutdown": masters.shut_down,
    "master-interface-down": masters.interface_down,
    "master-script-fails": masters.script_fails,
    "keepalived-frozen": masters.frozen,
    "no-preemption": services.without_preemption,
    "all-directors-power-loss": _one(masters.all_restarted),
    "directors-parted": _one(network.parted),
    "directors-lossy": _one(network.lossy),
    "firewall-restart": _one(network.firewall_restarted),
    "web-node-power-loss": _of_server(servers.dies, 1),
    "web-server-stop": _of_server(servers.stops, 0),
    "web-server-wrong-content": servers.wrong_content,
    "web-server-hangs": _of_server(servers.hangs, 2),
    "web-server-slow": _of_server(servers.slow, 0),
    "web-server-script-says-no": _of_server(servers.script_says_no, 1),
    "web-server-flaps": _of_server(servers.flaps, 2),
    "all-web-servers-stop": _one(servers.all_down),
    "download": services.download_survives,
    "bad-configuration": _one(services.bad_configuration),
    "keepalived-upgrade": _one(services.upgraded),
}


def summary(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Yield a table of all outcomes of the same fault together: median and worst, beside the bound."""
    rows: list[tuple[str, ...]] = [("fault", "measured", "runs", "median s", "worst s", "bound s", "failed, each run")]
    for fault in dict.fromkeys(one.fault for one in outcomes):
        same = [one for one in outcomes if one.fault == fault]
        values = [one.seconds for one in same]
        rows.append(
            (
                fault,
                same[0].figure,
                str(len(same)),
                f"{statistics.median(values):.2f}",
                f"{max(values):.2f}",
                f"{same[0].bound_s:.2f}",
                " ".join(str(one.failed) for one in same),
            )
        )
    return table(rows)


def main() -> int:
    """Run the command line; a claim that does not hold gives exit code 1."""
    parser = argparse.ArgumentParser(prog="lab.faults", description=__doc__)
    parser.add_argument("--inventory", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder for one JSON file for each fault")
    parser.add_argument("--runs", type=int, default=1, help="how often each fault is injected")
    parser.add_argument("faults", nargs="*", metavar="FAULT", help="without any, all: " + " ".join(FAULTS))
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    outcomes: list[Outcome] = []
    reproduce = ""
    try:
        cluster = Cluster(arguments.inventory)
        for name in arguments.faults or FAULTS:
            reproduce = f"reproduce: {command(f'molecule/{arguments.inventory.resolve().parent.name}::{name}')}"
            results = []
            for _run in range(arguments.runs):
                for outcome in FAULTS[name](cluster, say):
                    say(str(outcome))
                    results.append(outcome)
            text = json.dumps(results, default=asdict, indent=2)
            (arguments.out / f"{name}.json").write_text(text + "\n", encoding="utf-8")
            outcomes += results
    except LabError as error:
        say(f"lab: {error}\n{reproduce}".rstrip())
        return 1
    if arguments.runs > 1:
        say("\n".join(summary(outcomes)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
