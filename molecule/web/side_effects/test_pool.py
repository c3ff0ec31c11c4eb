# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""A server more and a server less, each by one run of the playbook, while clients of all kinds are served."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab import playbook
from lab.clients import DOWNLOAD_NUMBERS, NEW, Clients, Mix, Seen
from lab.cluster import Cluster
from lab.pool import Pool
from lab.settings import BUILD, REPO

SITE = REPO / "playbooks/site.yml"

NEWCOMER = "web4"
# Files at a lower rate, for pages with a session leave little of the engine's one processor, which also runs the
# playbook, in eight nodes at once. Enough downloads that each server has one at any moment.
MIX = Mix(rate=50, kept=6, kept_path="/", interval=1, downloads=12)
LEFT = (
    "ls -d /etc/systemd/system/ha-web-* /etc/systemd/system/*/ha-web-* /etc/sysctl.d/*ha-web* /usr/local/lib/ha-web"
    " /etc/ha-web-firewall.nft 2>/dev/null;"
    " findmnt --noheadings --types nfs4; nft list tables | grep ha_web; ip -oneline address show to {vip};"
    " grep --with-filename --invert-match '^0$'"
    " /proc/sys/net/ipv4/conf/*/arp_ignore /proc/sys/net/ipv4/conf/*/arp_announce; true"
)


@pytest.fixture(scope="module")
def pool(cluster: Cluster) -> Pool:
    for node in (*cluster.web, NEWCOMER):
        cluster.run(node, f"mkdir -p /var/www/html; seq {DOWNLOAD_NUMBERS} > /var/www/html/download.txt")
    # As deep in the tree as the scenario's own, which names files by their places beside it.
    return Pool(cluster.inventory, BUILD / "web/pool")


def converge(cluster: Cluster, inventory: Path) -> Seen:
    """Run the playbook once under load, until both directors have the same table."""
    with Clients(cluster, MIX) as clients:
        playbook.changes(cluster.engine, inventory, SITE)
        Cluster(inventory).wait_until_healthy()
        clients.keep_on_for(3)
    return clients.seen()


def held_by(cluster: Cluster, node: str) -> str:
    return cluster.run(node, LEFT.format(vip=cluster.vip))


def test_a_server_enters(cluster: Cluster, pool: Pool) -> None:
    assert not held_by(cluster, NEWCOMER)
    seen = converge(cluster, pool.with_host(NEWCOMER, "web"))
    print(seen.words(f"{NEWCOMER} enters"))
    assert not seen.failed()
    assert seen.last_of(NEWCOMER)
    assert held_by(cluster, NEWCOMER)


def test_a_server_leaves(cluster: Cluster, pool: Pool) -> None:
    assert held_by(cluster, NEWCOMER)
    inventory = pool.with_host(NEWCOMER, "retired")
    seen = converge(cluster, inventory)
    print(seen.words(f"{NEWCOMER} leaves"))
    assert not seen.failed()
    last = seen.last_of(NEWCOMER)
    assert seen.of(NEW)[-1].at > last + 1
    assert seen.under_way(NEWCOMER, last), "no download was under way when it left: nothing is proved"
    assert not held_by(cluster, NEWCOMER)
    changes = playbook.changes(cluster.engine, inventory, SITE)
    assert not any(changes.values()), changes
