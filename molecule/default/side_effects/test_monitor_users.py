# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Who may log in: at the monitor where nobody is declared, and on its hosts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from lab import playbook
from lab.cluster import Cluster
from lab.monitor import Monitor
from lab.settings import REPO

SITE = REPO / "playbooks/site.yml"
NOBODY = {"monitor_users": []}


def deployed(cluster: Cluster, *arguments: str, **variables: Any) -> str:
    return playbook.output(cluster.engine, cluster.inventory, SITE, *arguments, "--extra-vars", json.dumps(variables))


@pytest.fixture(scope="module", autouse=True)
def as_declared(cluster: Cluster) -> Iterator[None]:
    yield
    deployed(cluster, "--tags=monitor")


def test_first_user_is_shown_once(cluster: Cluster) -> None:
    said = deployed(cluster, "--tags=monitor", **NOBODY)
    passwords = re.findall(r"^\s+password +(\S+)$", said, re.MULTILINE)
    assert len(passwords) == 1
    assert said.count(passwords[0]) == 1
    first = ("admin", passwords[0])
    for director in cluster.directors:
        here = Monitor(cluster, first, cluster.address(director))
        assert here.state()["role"] == "operator"
        assert Monitor(cluster, ("admin", "guessed"), here.address).ask("/").status == 401
        files = "/etc/ha-web-monitor /var/lib/ha-web-monitor /var/log/ha-web-monitor"
        assert cluster.run(director, f"grep --recursive --fixed-strings {passwords[0]} {files} || true") == ""
    again = deployed(cluster, "--tags=monitor", **NOBODY)
    assert passwords[0] not in again and "password " not in again
    assert set(playbook.recap(again).values()) == {0}
    assert Monitor(cluster, first).ask("/api/state").status == 200


def test_wrong_users_are_refused(cluster: Cluster) -> None:
    users = [{"name": "olga", "role": "admin", "password": "long enough it is"}, {"name": "olga", "role": "viewer"}]
    wanted = ("--extra-vars", json.dumps({"monitor_users": users}))
    said = playbook.refused(cluster.engine, cluster.inventory, SITE, *wanted)
    for words in ('role "admin"', "olga", "password"):
        assert words in said
    assert set(playbook.recap(said).values()) == {0}
    assert "TASK [lvs.ha_web.firewall" not in said, "no host is touched"


def test_what_runs_the_monitor_gets_no_shell(cluster: Cluster) -> None:
    users = ("ha-web-monitor", "ha-web-exporter")
    for user in users:
        cluster.run("lvs1", f"usermod --shell /bin/bash {user}")
    deployed(cluster, "--tags=exporter,monitor")
    for user in users:
        assert cluster.run("lvs1", f"getent passwd {user}").strip().endswith(":/usr/sbin/nologin")
