# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What the tests of this scenario share."""

from __future__ import annotations

import pytest
from lab.cluster import Cluster
from lab.monitor import Monitor
from lab.scenario import State, cluster, pytest_runtest_makereport, state

__all__ = ["State", "cluster", "monitor", "operator", "other_operator", "pytest_runtest_makereport", "state", "viewer"]

# As the inventory declares them.
OPERATOR = ("olga", 'turns & "drains": 100%')
OTHER = ("oscar", "turns and drains as well")
VIEWER = ("victor", "only looks at it")


@pytest.fixture(scope="session")
def operator() -> tuple[str, str]:
    """Name and password of who may do everything."""
    return OPERATOR


@pytest.fixture(scope="session")
def monitor(cluster: Cluster) -> Monitor:
    """The monitor at the VIP, for the operator."""
    return Monitor(cluster, OPERATOR)


@pytest.fixture(scope="session")
def other_operator(cluster: Cluster) -> Monitor:
    """The monitor at the VIP, for another operator."""
    return Monitor(cluster, OTHER)


@pytest.fixture(scope="session")
def viewer(cluster: Cluster) -> Monitor:
    """The monitor at the VIP, for who may only look."""
    return Monitor(cluster, VIEWER)
