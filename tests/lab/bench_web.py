# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What each part of the way to a page costs, as ratios in one run; and a run without changes, by role.

    python -m lab.bench_web --inventory FOLDER --out FILE

Writes FILE.json and FILE.md. The firewall must be off: the client asks a web server without the VIP.
"""

from __future__ import annotations

import re
import shlex
import statistics
import sys
from datetime import datetime, timezone
from typing import Any, NamedTuple

from . import playbook
from .bench import table
from .cluster import Cluster
from .measured import command
from .proof import versions
from .report import LabError, Steps
from .settings import REPO

ROUNDS = 5
SECONDS = 4
CONCURRENT = 8
HOST = "www.example.test"
PAGE, FILE = "bench.php", "static.txt"
_PAGE = "<?php echo 'node: ', gethostname();"

_RATE = re.compile(r"^Requests per second: +([0-9.]+)", re.M)
_BAD = re.compile(r"^(?:Failed requests|Non-2xx responses): +([1-9]\d*)", re.M)
_KEPT = re.compile(r"^Keep-Alive requests: +[1-9]", re.M)
_TIMES = {"ANSIBLE_CALLBACKS_ENABLED": "ansible.posix.profile_roles"}
_ROLE = re.compile(r"^(\w+) -+ ([0-9.]+)s$", re.M)


class Way(NamedTuple):
    """How something is asked for: by whom, where, and whether connections are kept for further requests."""

    name: str
    node: str
    url: str
    kept: bool


def ways(cluster: Cluster) -> list[Way]:
    """Return every way; those that are compared start on the same node.

    Connections are not kept for pages: ab speaks HTTP/1.0, which cannot, as Apache does not tell their length.
    """
    client, server = cluster.client, cluster.real_servers[0]
    address, vip = cluster.address(server), cluster.vip
    return [
        Way("file, VIP, http", client, f"http://{vip}/{FILE}", True),
        Way("file, VIP, https", client, f"https://{vip}/{FILE}", True),
        Way("file, VIP, http, new connections", client, f"http://{vip}/{FILE}", False),
        Way("file, VIP, https, new connections", client, f"https://{vip}/{FILE}", False),
        Way("file, node's nginx", client, f"http://{address}/{FILE}", True),
        Way("page, VIP, http", client, f"http://{vip}/{PAGE}", False),
        Way("page, VIP, https", client, f"https://{vip}/{PAGE}", False),
        Way("page, node's nginx", client, f"http://{address}/{PAGE}", False),
        Way("page, nginx, on the node", server, f"http://127.0.0.1/{PAGE}", False),
        Way("page, apache, on the node", server, f"http://127.0.0.1:8080/{PAGE}", False),
    ]


RATIOS = (
    ("LVS: through the VIP, against one node's nginx", "page, VIP, http", "page, node's nginx"),
    ("the same for a file, connections kept", "file, VIP, http", "file, node's nginx"),
    (
        "nginx before apache, against apache alone",
        "page, nginx, on the node",
        "page, apache, on the node",
    ),
    ("apache and PHP: a page, against a file", "page, VIP, http", "file, VIP, http, new connections"),
    ("TLS, connections kept: a file", "file, VIP, https", "file, VIP, http"),
    ("TLS, a handshake for each page", "page, VIP, https", "page, VIP, http"),
    ("TLS, a handshake for each file", "file, VIP, https, new connections", "file, VIP, http, new connections"),
)


def rate(cluster: Cluster, way: Way) -> float:
    """Return requests a second.

    Raises:
        LabError: one failed, or connections were not kept where they should have been.
    """
    kept = "-k" if way.kept else ""
    command = f"ab -q -l {kept} -c {CONCURRENT} -t {SECONDS} -n 1000000 -s 5 -H 'Host: {HOST}' '{way.url}'"
    said = cluster.run(way.node, f"{command} 2>&1")
    found = _RATE.search(said)
    if not found or _BAD.search(said) or way.kept != bool(_KEPT.search(said)):
        raise LabError(f"{way.name}: {command}:\n{said}")
    return float(found[1])


def roles(cluster: Cluster) -> dict[str, float]:
    """Return the seconds of each role in a run that changes nothing, all nodes together.

    Raises:
        LabError: something changed.
    """
    site = REPO / "playbooks/site.yml"
    said = playbook.output(cluster.engine, cluster.inventory, site, "--extra-vars={ha_web_firewall: false}", **_TIMES)
    if any(playbook.recap(said).values()):
        raise LabError(f"a second run changed something:\n{said}")
    return {name: float(seconds) for name, seconds in _ROLE.findall(said) if name != "total"}


def measure(cluster: Cluster) -> dict[str, Any]:
    """Return all figures."""
    steps = Steps(3)
    with steps.step("page") as detail:
        for node in cluster.real_servers:
            cluster.run(node, f"echo {shlex.quote(_PAGE)} >/var/www/html/{PAGE}")
        detail(f"/{PAGE} on {' '.join(cluster.real_servers)}")
    asked = ways(cluster)
    rates: dict[str, list[float]] = {way.name: [] for way in asked}
    with steps.step("requests") as detail:
        for turn in range(ROUNDS):
            for way in asked:
                detail(f"round {turn + 1} of {ROUNDS}: {way.name}")
                rates[way.name].append(rate(cluster, way))
        detail(f"{len(asked)} ways, {ROUNDS} rounds of {SECONDS} s each")
    with steps.step("roles") as detail:
        detail("playbooks/site.yml, without a change")
        spent = roles(cluster)
    return {
        "date": datetime.now(timezone.utc).date().isoformat(),
        "versions": versions(cluster),
        "requests_per_second": rates,
        "role_seconds": spent,
    }


def page(record: dict[str, Any]) -> str:
    """Return the figures as Markdown."""
    rates: dict[str, list[float]] = record["requests_per_second"]
    spent: dict[str, float] = record["role_seconds"]
    stated = ", ".join(f"{name} {number}" for name, number in record["versions"].items())
    ways_rows = [
        (name, f"{statistics.median(runs):,.0f}", f"{min(runs):,.0f} to {max(runs):,.0f}")
        for name, runs in rates.items()
    ]
    ratio_rows = []
    for name, one, other in RATIOS:
        ratios = [mine / its for mine, its in zip(rates[one], rates[other])]
        ratio_rows.append((name, f"{statistics.median(ratios):.2f}", f"{min(ratios):.2f} to {max(ratios):.2f}"))
    return "\n\n".join(
        [
            f"Measured on {record['date']} with {stated}.",
            table(("cost", "ratio, median", "lowest and highest"), ratio_rows),
            table(("way", "requests a second, median", "slowest and fastest"), ways_rows),
            f"A run of site.yml without a change, {sum(spent.values()):.0f} s in roles, all nodes together:",
            table(("role", "s"), [(name, f"{seconds:.1f}") for name, seconds in spent.items()]),
        ]
    )


if __name__ == "__main__":
    sys.exit(command("bench_web", __doc__, measure, page))
