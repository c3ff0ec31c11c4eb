# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""One run of the current playbook, as it is installed, over the cluster that the previous release has deployed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from lab import playbook
from lab.clients import Clients, Mix
from lab.cluster import Cluster

SITE = "lvs.ha_web.site"


def test_no_other_collection_of_this_name_is_found(installed: Path) -> None:
    galaxy = Path(sys.executable).with_name("ansible-galaxy")
    command = [galaxy, "collection", "list", "--format", "json", "lvs.ha_web"]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert list(found) == [str(installed.parents[1])]
    assert (installed / "MANIFEST.json").exists() and not (installed / "galaxy.yml").exists(), "this is a clone"


def test_upgrade_costs_no_request(cluster: Cluster, installed: Path) -> None:
    with Clients(cluster, Mix(ports=(80, 8080))) as clients:
        said = playbook.output(cluster.engine, cluster.inventory, SITE, "-vv")
        cluster.wait_until_healthy()
        clients.keep_on(new=4_000, kept=6_000, downloads=20)
    sources = playbook.sources(said)
    assert len(sources) > 50
    assert not [file for file in sources if not Path(file).is_relative_to(installed)]
    seen = clients.seen()
    print(seen.words("upgrade"))
    changes = playbook.recap(said).items()
    print("tasks that changed something:", ", ".join(f"{host} {number}" for host, number in changes))
    assert not seen.failed()
    assert {one.port for one in seen.requests} == {80, 8080}


def test_second_run_changes_nothing(cluster: Cluster) -> None:
    changes = playbook.changes(cluster.engine, cluster.inventory, SITE)
    assert not any(changes.values()), changes
