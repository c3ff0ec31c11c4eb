# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""A server more and a server less, each by one run of the playbook, while clients of all kinds are served."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from lab import playbook
from lab.cluster import Cluster
from lab.load import Load
from lab.node_program import NodeProgram
from lab.report import wait_for
from lab.settings import BUILD, REPO

SITE = REPO / "playbooks/site.yml"
CLIENTS = REPO / "tests/lab/long_connections.py"

NEWCOMER, LEAVER = "web4", "web2"
# Of 5 to 10 s, and enough of them that each server has one at any moment.
NUMBERS, BYTES_PER_S, DOWNLOADS = 150_000, 90_000, 12
# Requests a second for a file: as many pages with a session leave too little of the engine's one processor, which also
# runs the playbook, in eight nodes at once.
RATE = 50
WHOLE = hashlib.sha256("".join(f"{number}\n" for number in range(1, NUMBERS + 1)).encode()).hexdigest()
LEFT = (
    "ls -d /etc/systemd/system/ha-web-* /etc/systemd/system/*/ha-web-* /etc/sysctl.d/*ha-web* /usr/local/lib/ha-web"
    " /etc/ha-web-firewall.nft 2>/dev/null;"
    " findmnt --noheadings --types nfs4; nft list tables | grep ha_web; ip -oneline address show to {vip};"
    " grep --with-filename --invert-match '^0$'"
    " /proc/sys/net/ipv4/conf/*/arp_ignore /proc/sys/net/ipv4/conf/*/arp_announce; true"
)


class Seen:
    """What clients of all kinds have seen."""

    def __init__(self, load: Load, long: list[dict[str, Any]]) -> None:
        self.samples = load.samples()
        self.kept = [one for one in long if "repeated" in one]
        self.downloads = [one for one in long if "repeated" not in one]

    def failed(self) -> list[str]:
        return [
            *(f"{one.at:.2f} new, {one.error}, port {one.port}" for one in self.samples if one.failed),
            *(f"{one['at']:.2f} kept, {one['error']}, {one['server']}" for one in self.kept if one["error"]),
            *(
                f"{one['at']:.2f} download, {one['error'] or 'not whole'}, {one['server']}"
                for one in self.downloads
                if one["error"] or one["sha256"] != WHOLE
            ),
        ]

    def last_of(self, server: str) -> float:
        """When the last new connection of the load was given to a server."""
        return max(one.at for one in self.samples if one.server == server)

    def under_way(self, server: str, at: float) -> list[dict[str, Any]]:
        """Downloads from a server that had begun by then and went on for a second and more."""
        return [one for one in self.downloads if one["server"] == server and one["at"] < at < one["end"] - 1]

    def words(self, what: str) -> str:
        repeated = sum(one["repeated"] for one in self.kept)
        slowest = max(one.took for one in self.samples if not one.failed)
        return (
            f"{what}: {len(self.samples)} requests on new connections, {len(self.kept)} on kept ones ({repeated} sent"
            f" twice), {len(self.downloads)} downloads; slowest new {slowest:.2f} s; failed"
            f" {len(self.failed())} {' | '.join(self.failed()[:20])}"
        )


@contextmanager
def clients(cluster: Cluster, seen: list[Seen]) -> Iterator[None]:
    lines: list[dict[str, Any]] = []
    arguments = (cluster.vip, 80, "/", 6, 1, "/download.txt", DOWNLOADS, BYTES_PER_S, 600)
    with Load(cluster, "/static.txt", RATE) as load:
        long = NodeProgram(cluster, cluster.client, CLIENTS, arguments, lambda line: lines.append(json.loads(line)))
        wait_for("the first download", lambda: any("repeated" not in one for one in lines), 60)
        try:
            yield
            load.wait_for_requests(3 * RATE)
        finally:
            long.end(60)
        long.check()
    seen.append(Seen(load, lines))


class Pool:
    """The scenario's inventory with hosts in other groups."""

    def __init__(self, source: Path, folder: Path) -> None:
        self._inventory: dict[str, Any] = yaml.safe_load((source / "hosts.yml").read_text(encoding="utf-8"))
        self._source = source
        self._folder = folder

    def with_host(self, host: str, group: str) -> Path:
        """Return an inventory in which the host is in that group alone, and all others where they were."""
        children = self._inventory["all"]["children"]
        variables = next(one["hosts"].pop(host) for one in children.values() if host in one["hosts"])
        children.setdefault(group, {"hosts": {}})["hosts"][host] = variables
        self._folder.mkdir(exist_ok=True)
        for one in self._source.iterdir():
            if one.name != "hosts.yml" and not (self._folder / one.name).exists():
                (self._folder / one.name).symlink_to(one)
        (self._folder / "hosts.yml").write_text(yaml.safe_dump(self._inventory), encoding="utf-8")
        return self._folder


@pytest.fixture(scope="module")
def pool(cluster: Cluster) -> Iterator[Pool]:
    for node in (*cluster.web, NEWCOMER):
        cluster.run(node, f"mkdir -p /var/www/html; seq {NUMBERS} > /var/www/html/download.txt")
    # As deep in the tree as the scenario's own, which names files by their places beside it.
    yield Pool(cluster.inventory, BUILD / "web/pool")
    before = Pool(cluster.inventory, BUILD / "web/pool").with_host(NEWCOMER, "retired")
    playbook.changes(cluster.engine, before, SITE)
    cluster.wait_until_healthy()


def converge(cluster: Cluster, inventory: Path) -> Seen:
    """Run the playbook once under load, until both directors have the same table."""
    seen: list[Seen] = []
    with clients(cluster, seen):
        playbook.changes(cluster.engine, inventory, SITE)
        Cluster(inventory).wait_until_healthy()
    return seen[0]


def held_by(cluster: Cluster, node: str) -> str:
    return cluster.run(node, LEFT.format(vip=cluster.vip))


def test_a_server_enters(cluster: Cluster, pool: Pool) -> None:
    assert not held_by(cluster, NEWCOMER)
    seen = converge(cluster, pool.with_host(NEWCOMER, "web"))
    print(seen.words(f"{NEWCOMER} enters"))
    assert not seen.failed()
    assert any(one.server == NEWCOMER for one in seen.samples)
    assert held_by(cluster, NEWCOMER)


def test_a_server_leaves(cluster: Cluster, pool: Pool) -> None:
    assert held_by(cluster, LEAVER)
    inventory = pool.with_host(LEAVER, "retired")
    seen = converge(cluster, inventory)
    print(seen.words(f"{LEAVER} leaves"))
    assert not seen.failed()
    last = seen.last_of(LEAVER)
    assert seen.samples[-1].at > last + 1
    assert seen.under_way(LEAVER, last), "no download was under way when it left: nothing is proved"
    assert not held_by(cluster, LEAVER)
    changes = playbook.changes(cluster.engine, inventory, SITE)
    assert not any(changes.values()), changes
