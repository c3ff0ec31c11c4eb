# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What somebody changes on a node by hand, for as long as an audit looks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from .cluster import Cluster
from .report import LabError


class Drift(NamedTuple):
    """What somebody does to a node, how it is undone, and what of node, subject and words the audit must say."""

    node: str
    do: str
    undo: str
    found: Sequence[tuple[str, str, str]]


def kept(node: str, do: str, undo: str, found: Sequence[tuple[str, str, str]] = ()) -> Drift:
    """What keepalived takes back where the machine is busy: a check that is late, a backup that takes over.

    What is done again is over before it is undone: both are a group of processes, which has ended first.
    """
    pid = "/run/drift.pid"
    again = f"setsid sh -c 'echo $$ >{pid}; while sleep 0.2; do {do}; done' >/dev/null 2>&1 </dev/null &"
    ended = f"group=$(cat {pid}); kill -- -$group; while kill -0 -- -$group 2>/dev/null; do sleep 0.05; done"
    return Drift(node, f"{do}; {again}", f"{ended}; rm {pid}; {undo}", found)


@contextmanager
def injected(cluster: Cluster, drifts: Sequence[Drift]) -> Iterator[None]:
    done = []
    try:
        for drift in drifts:
            done.append(drift)
            cluster.run(drift.node, drift.do)
        yield
    finally:
        for drift in reversed(done):
            try:
                cluster.run(drift.node, drift.undo)
            except LabError as error:
                print(error)
