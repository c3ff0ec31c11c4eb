# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""One run of the current playbook over the cluster that prepare.yml had the previous release deploy."""

from __future__ import annotations

from lab import playbook
from lab.clients import Clients, Mix
from lab.cluster import Cluster
from lab.settings import REPO

SITE = REPO / "playbooks/site.yml"


def test_upgrade_costs_no_request(cluster: Cluster) -> None:
    with Clients(cluster, Mix(ports=(80, 8080))) as clients:
        changes = playbook.changes(cluster.engine, cluster.inventory, SITE)
        cluster.wait_until_healthy()
        clients.keep_on(new=4_000, kept=6_000, downloads=20)
    seen = clients.seen()
    print(seen.words("upgrade"))
    print("tasks that changed something:", ", ".join(f"{host} {number}" for host, number in changes.items()))
    assert not seen.failed()
    assert {one.port for one in seen.requests} == {80, 8080}


def test_second_run_changes_nothing(cluster: Cluster) -> None:
    changes = playbook.changes(cluster.engine, cluster.inventory, SITE)
    assert not any(changes.values()), changes
