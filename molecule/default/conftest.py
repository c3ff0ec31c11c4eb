# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What the tests of all scenarios share, and what is this one's own."""

from __future__ import annotations

import pytest
from lab.cluster import Cluster
from lab.scenario import State, cluster, pytest_runtest_makereport, state

__all__ = ["State", "client_address", "cluster", "pytest_runtest_makereport", "state"]


@pytest.fixture(scope="session")
def client_address(cluster: Cluster) -> str:
    """The address that the outside client sends from."""
    route = cluster.run(cluster.client, f"ip -o route get {cluster.vip}").split()
    return route[route.index("src") + 1]
