# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What the tests of this scenario share."""

from __future__ import annotations

import pytest
from lab.cluster import Cluster
from lab.monitor import Monitor, monitor, operator
from lab.monitor_page import browser, expected, look, pictures, taken_back
from lab.scenario import State, cluster, pytest_runtest_makereport, state

__all__ = [
    "State",
    "browser",
    "client_address",
    "cluster",
    "expected",
    "look",
    "monitor",
    "operator",
    "other_operator",
    "pictures",
    "pytest_runtest_makereport",
    "state",
    "taken_back",
    "viewer",
]

# As the inventory declares them.
OTHER = ("oscar", "turns and drains as well")
VIEWER = ("victor", "only looks at it")


@pytest.fixture(scope="session")
def other_operator(cluster: Cluster) -> Monitor:
    """The monitor at the VIP, for another operator."""
    return Monitor(cluster, OTHER)


@pytest.fixture(scope="session")
def viewer(cluster: Cluster) -> Monitor:
    """The monitor at the VIP, for who may only look."""
    return Monitor(cluster, VIEWER)


@pytest.fixture(scope="session")
def client_address(cluster: Cluster) -> str:
    """The address that the outside client sends from."""
    route = cluster.run(cluster.client, f"ip -o route get {cluster.vip}").split()
    return route[route.index("src") + 1]
