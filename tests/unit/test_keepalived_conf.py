# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The templates of the role keepalived, against files that keepalived itself has read.

tests/integration gives those files to keepalived, in a container that could not render them. After a
change of the templates write them again and look at the difference:
HA_WEB_WRITE_EXAMPLES=1 pytest tests/unit/test_keepalived_conf.py
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.model import SCHEDULERS
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.checks import CHECK_TYPES
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.derivation import build
from unit.keepalived_conf import render
from unit.keepalived_examples import EXAMPLES
from unit.topology_inventories import long, service, short

FILES = Path(__file__).resolve().parents[1] / "integration/keepalived"


@pytest.mark.parametrize("name", EXAMPLES)
def test_example(name: str) -> None:
    rendered = render(build(EXAMPLES[name]))
    file = FILES / f"{name}.conf"
    if "HA_WEB_WRITE_EXAMPLES" in os.environ:
        file.parent.mkdir(exist_ok=True)
        file.write_text(rendered)
    assert rendered == file.read_text()


def test_no_file_without_an_example() -> None:
    assert {file.stem for file in FILES.glob("*.conf")} == EXAMPLES.keys()


@pytest.mark.parametrize("name", EXAMPLES)
def test_lines_are_indented_by_their_braces(name: str) -> None:
    depth = 0
    for line in render(build(EXAMPLES[name]), director="lvs1").splitlines():
        bare = line.split("#")[0].strip()
        depth -= bare.endswith("}")
        assert not line or re.match(" *", line)[0] == "    " * depth, line  # type: ignore[index]
        depth += bare.endswith("{")
    assert depth == 0


def test_examples_have_every_checker() -> None:
    checks = {
        check.type
        for declared in EXAMPLES.values()
        for offered in build(declared).virtual_services
        for server in offered.real_servers
        for check in server.checks or offered.checks
    }
    assert checks == set(CHECK_TYPES)


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_scheduler(scheduler: str) -> None:
    assert f"    lvs_sched {scheduler}\n" in render(build(long(service(scheduler=scheduler))))


@pytest.mark.parametrize(("director", "priorities"), [("lvs1", [200, 190]), ("lvs2", [190, 200])])
def test_two_routers_cross(director: str, priorities: list[int]) -> None:
    rendered = render(build(EXAMPLES["active_active"]), director=director)
    assert [int(found) for found in re.findall(r"^    priority (\d+)$", rendered, re.MULTILINE)] == priorities
    # Connections of both are known on both.
    assert "lvs_sync_daemon eth0 id 51\n" in rendered


@pytest.mark.parametrize(("director", "peer"), [("lvs1", "192.0.2.12  # lvs2"), ("lvs2", "192.0.2.11  # lvs1")])
def test_peers_know_each_other(director: str, peer: str) -> None:
    assert f"    unicast_peer {{\n        {peer}\n    }}\n" in render(build(short()), director=director)


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        ({}, "preempt_delay 5"),
        ({"keepalived_preempt": False}, "nopreempt"),
        ({"keepalived_preempt_delay": 9}, "preempt_delay 9"),
    ],
)
def test_preemption_is_the_roles_where_the_router_does_not_say(variables: dict[str, object], line: str) -> None:
    assert f"\n    {line}\n" in render(build(short()), **variables)
