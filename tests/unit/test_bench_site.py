# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What the benchmark reads from a run, keepalived's own times, and the tables of figures that are made up."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.declaration import Inventory
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.derivation import build
from lab import bench_site
from lab.bench_site import DEFAULTS, FLOORS, LAB, PEER, WAYS, Run
from lab.settings import REPO

SAID = """
PLAY [Web servers] *************************************************************

TASK [lvs.ha_web.nginx : Write nginx.conf] *************************************
ok: [web1]
ok: [web2]

TASK [lvs.ha_web.nginx : Install nginx] ****************************************
skipping: [web1]
skipping: [web2]

RUNNING HANDLER [lvs.ha_web.nginx : Reload nginx] ******************************
changed: [web1]

PLAY RECAP *********************************************************************
web1                       : ok=12   changed=1    unreachable=0    failed=0    skipped=3    rescued=0    ignored=0
web2                       : ok=11   changed=0    unreachable=0    failed=0    skipped=4    rescued=0    ignored=0
"""


def test_run_is_read_from_what_ansible_says() -> None:
    assert bench_site.reading(SAID, 1.234) == Run(seconds=1.23, tasks=2, nodes=2, done=23, skipped=7, changed=1)


def test_output_without_a_recap_is_no_run() -> None:
    with pytest.raises(bench_site.LabError, match="no recap"):
        bench_site.reading("ERROR", 1.0)


def test_keepalived_has_its_own_times() -> None:
    hosts = {name: {"ansible_host": f"192.0.2.{number}"} for number, name in enumerate(("lvs1", "lvs2", "web1"), 11)}
    groups = {"all": list(hosts), "directors": ["lvs1", "lvs2"], "web": ["web1"]}
    shared = {**DEFAULTS, "ha_web_vip": "192.0.2.100"}
    topology = build(Inventory(groups=groups, read=lambda host, name: {**shared, **hosts[host]}.get(name)))
    backup = min(topology.virtual_routers[0].priorities.values())
    assert topology.virtual_routers[0].failover_s == pytest.approx(3 + (256 - backup) / 256, abs=1e-4)
    service = topology.virtual_services[0]
    assert (service.ejection_refused_s, service.ejection_s) == (63.0, 73.0)


def test_floor_looks_at_every_role_that_has_a_service() -> None:
    without = {"packages", "validate", "eaccelerator", "ipvsadm"}
    assert {role.name for role in (REPO / "roles").iterdir()} - without == set(bench_site.SERVICES)


def test_page_holds_the_run_against_floor_and_peer() -> None:
    def runs(seconds: float) -> list[dict[str, Any]]:
        return [asdict(Run(seconds, tasks=300, nodes=6, done=600, skipped=300, changed=0))]

    both = {"lvs.ha_web": [0.2, 0.3], "keepalived's own": [3.1, 3.5]}
    promised = dict.fromkeys(("power loss of the master", "web server that refuses"), 1.0)
    text = bench_site.page(
        {
            "date": "2026-01-01",
            "versions": {"kernel": "some"},
            "runs": {
                name: {"first": runs(seconds), "no change": runs(seconds / 2)}
                for name, seconds in ((PEER, 200.0), (bench_site.SAME, 100.0), (bench_site.WHOLE, 150.0))
            },
            "floors": {name: runs(10.0) for name in FLOORS},
            "ways": {name: runs(60.0 if name == LAB else 600.0) for name in WAYS},
            "bounds": dict.fromkeys(both, promised),
            "outages": both,
        }
    )
    cells = {
        row[0]: row[1:]
        for row in ([cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines())
        if row
    }
    assert cells[f"{PEER}: no change"][:2] == ["100.0", "2.00"]
    assert cells["linear"] == ["600.0", "10.00", "300", "150", "100", "0", "100.0"]
    assert [cells[name] for name in FLOORS] == [["10.0", "6.0", "15.0 missed"]] * len(FLOORS)
    assert cells["web server that refuses"] == ["1.00", "", "1.00", ""]
    assert cells["power loss of the master"] == ["1.00", "0.20 0.30", "1.00", "3.10 3.50"]
