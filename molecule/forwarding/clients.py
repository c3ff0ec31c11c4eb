# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The outside client at work."""

from __future__ import annotations

from pathlib import Path

import lab
from lab.cluster import Cluster

PROGRAMS = Path(lab.__file__).parent
OWN, OWN6 = "10.91.16.50", "fd00:91:16::50"
# Thirty more addresses, in three networks of 16: eight, sixteen and six.
MANY = [f"10.91.16.{number}" for number in range(200, 230)]
MANY6 = [f"fd00:91:16::{number}" for number in range(200, 230)]

Answers = list[tuple[str, str]]


def ask(
    cluster: Cluster,
    address: str,
    port: int = 80,
    *,
    times: int = 1,
    sources: list[str] | None = None,
    path: str = "/static.txt",
    kind: str = "http",
) -> Answers:
    """Return source and server of each request."""
    asking = sources or [OWN6 if ":" in address else OWN]
    said = cluster.python(cluster.client, PROGRAMS / "ask.py", kind, address, port, path, times, *asking)
    answers = [(line.split()[0], line.split()[1]) for line in said.splitlines()]
    assert len(answers) == times * len(asking)
    return answers


def shares(answers: Answers) -> dict[str, int]:
    """Return how many requests each server answered."""
    servers = [server for _source, server in answers]
    return {server: servers.count(server) for server in sorted(set(servers))}


def servers_of(answers: Answers) -> dict[str, set[str]]:
    """Return the servers that each source met."""
    return {one: {server for source, server in answers if source == one} for one, _server in answers}
