# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The running cluster at a glance."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence

from . import opcode_cache
from .cluster import Cluster
from .report import LabError


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table, its columns as wide as they need."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _directors(cluster: Cluster) -> Iterator[tuple[str, ...]]:
    yield "director", "node", "keepalived", f"holds {cluster.vip}", "IPVS table"
    for name in cluster.directors:
        if not cluster.is_up(name):
            yield name, "down", "-", "-", "-"
            continue
        state = cluster.director(name)
        yield (
            name,
            "up",
            "active" if state.active else "not active",
            "yes" if state.holds_vip else "no",
            "as declared" if state.table == cluster.declared_table else "not as declared",
        )


def _real_servers(cluster: Cluster) -> Iterator[tuple[str, ...]]:
    directors = [name for name in cluster.directors if cluster.is_up(name)]
    tables = {name: cluster.director(name).table for name in directors}
    yield "real server", "node", *(f"weight on {name}" for name in directors), "eAccelerator"
    for name in cluster.web:
        address = cluster.address(name)
        weights = []
        for director in directors:
            found = {
                f"{server['weight']}"
                for service in tables[director].values()
                for endpoint, server in service["servers"].items()
                if endpoint.rpartition(":")[0].strip("[]") == address
            }
            weights.append("/".join(sorted(found)) or "out")
        up = cluster.is_up(name)
        yield name, "up" if up else "down", *weights, opcode_cache.at_a_glance(cluster, name) if up else "-"


def lines(cluster: Cluster) -> Iterator[str]:
    """Yield what an operator wants to see first.

    Raises:
        LabError: the cluster does not exist.
    """
    yield f"engine: {cluster.engine.description}"
    yield ""
    yield from table(list(_directors(cluster)))
    yield ""
    yield from table(list(_real_servers(cluster)))
    wrong = cluster.unhealthy()
    yield ""
    yield f"Not as declared: {wrong}" if wrong else "All is as declared."


def shell(cluster: Cluster, node: str) -> None:
    """Become an interactive shell in a node.

    Raises:
        LabError: there is no such node.
    """
    if node not in cluster.nodes:
        raise LabError(f"there is no node {node}. Nodes: {' '.join(cluster.nodes)}")
    environment = {**os.environ, **cluster.engine.environment()}
    # Docker refuses a terminal that is none.
    terminal = ["--tty"] if sys.stdin.isatty() else []
    command = ["docker", "exec", "--interactive", *terminal, cluster.container_name(node), "bash", "-l"]
    os.execvpe(command[0], command, environment)
