# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What the opcode cache gains and costs: the same pages of the same PHP-FPM with it and without, in one run.

    python -m lab.bench_php --inventory FOLDER --out FILE

Writes FILE.json and FILE.md. A second pool has the cache switched off; both are asked in turn, on one web server.
"""

from __future__ import annotations

import json
import re
import statistics
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from . import opcode_cache, playbook
from .bench import table
from .cluster import Cluster
from .measured import command
from .proof import versions
from .report import LabError, Steps
from .settings import REPO

ROUNDS = 5
SECONDS = 4
CONCURRENT = 4
INCLUDED = 300
ROOT = "/var/www/bench"
PORTS = {"on": 8085, "off": 8086}
PAGES = {"small": "small.php", "large": "large.php"}
_TREE = Path(__file__).with_name("php_tree.py")
_VARIABLES = {
    "php_pools": [
        {"name": "www", "max_children": 2},
        {"name": "on", "pm": "static", "max_children": CONCURRENT},
        {
            "name": "off",
            "pm": "static",
            "max_children": CONCURRENT,
            "php_admin_value": {"opcache.enable": False},
        },
    ],
    "apache_virtual_hosts": [
        {"name": "example"},
        *({"name": name, "port": port, "php_pool": name, "document_root": ROOT} for name, port in PORTS.items()),
    ],
}
_RATE = re.compile(r"^Requests per second: +([0-9.]+)", re.M)
_BAD = re.compile(r"^(?:Failed requests|Non-2xx responses): +([1-9]\d*)", re.M)
_SAID = re.compile(r"(\d+) files, (\d+) bytes")


def rate(cluster: Cluster, node: str, pool: str, page: str) -> float:
    """Return requests a second.

    Raises:
        LabError: one failed.
    """
    url = f"http://127.0.0.1:{PORTS[pool]}/{PAGES[page]}"
    said = cluster.run(node, f"ab -q -l -c {CONCURRENT} -t {SECONDS} -n 1000000 -s 30 '{url}' 2>&1")
    found = _RATE.search(said)
    if not found or _BAD.search(said):
        raise LabError(f"{url}:\n{said}")
    return float(found[1])


def peak(cluster: Cluster, node: str, pool: str, page: str) -> int:
    """Return the bytes that one request takes at its height.

    Raises:
        LabError: the page is another.
    """
    said = cluster.run(node, f"curl --silent --max-time 30 http://127.0.0.1:{PORTS[pool]}/{PAGES[page]}")
    found = _SAID.fullmatch(said)
    if not found or int(found[1]) != (INCLUDED + 1 if page == "large" else 1):
        raise LabError(f"{page}: {said}")
    return int(found[2])


def measure(cluster: Cluster) -> dict[str, Any]:
    """Return all figures."""
    steps = Steps(3)
    node = cluster.web[0]
    with steps.step("pools") as detail:
        site = REPO / "playbooks/site.yml"
        wanted = json.dumps(_VARIABLES)
        playbook.run(
            cluster.engine, cluster.inventory, site, detail, "--tags=php,apache,eaccelerator", "--extra-vars", wanted
        )
        cluster.python(node, _TREE, ROOT, INCLUDED)
    with steps.step("memory") as detail:
        before = opcode_cache.snapshot(cluster, node)["memory"]["used"]
        peaks: dict[str, dict[str, int]] = {}
        for page in PAGES:
            # The first compiles; what is younger than two seconds is compiled again.
            cluster.run(node, f"find {ROOT} -exec touch --date=-1hour {{}} +")
            peaks[page] = {pool: min(peak(cluster, node, pool, page) for _turn in range(20)) for pool in PORTS}
        after = opcode_cache.snapshot(cluster, node)["memory"]["used"]
        detail(f"{INCLUDED} files take {(after - before) / 2**20:.1f} MiB of the cache")
    rates: dict[str, dict[str, list[float]]] = {page: {pool: [] for pool in PORTS} for page in PAGES}
    with steps.step("requests") as detail:
        for turn in range(ROUNDS):
            for page in PAGES:
                for pool in PORTS:
                    detail(f"round {turn + 1} of {ROUNDS}: {page}, cache {pool}")
                    rates[page][pool].append(rate(cluster, node, pool, page))
        detail(f"{ROUNDS} rounds of {SECONDS} s each")
    return {
        "date": datetime.now(timezone.utc).date().isoformat(),
        "versions": versions(cluster),
        "cache_bytes": after - before,
        "peak_bytes": peaks,
        "requests_per_second": rates,
    }


def page(record: dict[str, Any]) -> str:
    """Return the figures as Markdown."""
    stated = ", ".join(f"{name} {number}" for name, number in record["versions"].items())
    rows = []
    for name, rates in record["requests_per_second"].items():
        ratios = [on / off for on, off in zip(rates["on"], rates["off"])]
        peaks = record["peak_bytes"][name]
        rows.append(
            (
                name,
                f"{statistics.median(ratios):.1f}",
                f"{min(ratios):.1f} to {max(ratios):.1f}",
                *(f"{statistics.median(rates[pool]):,.0f}" for pool in PORTS),
                *(f"{peaks[pool] / 2**20:.2f}" for pool in PORTS),
            )
        )
    head = ("page", "gain, median", "lowest and highest", "on", "off", "MiB a request, on", "off")
    files = f"a large page includes {INCLUDED} files, which take {record['cache_bytes'] / 2**20:.1f} MiB of the cache"
    return f"Measured on {record['date']} with {stated}; {files}. Requests a second, medians:\n\n{table(head, rows)}"


if __name__ == "__main__":
    sys.exit(command("bench_php", __doc__, measure, page))
