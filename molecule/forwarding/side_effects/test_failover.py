# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The other director serves all of it as well, and what has restarted is as it was."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lab.cluster import Cluster
from lab.report import wait_for
from test_forwarding import (
    test_a_large_upload_fits_into_the_tunnel,
    test_answers_of_nat_alone_come_back_through_the_director,
    test_client_is_served_and_known_to_the_server,
    test_udp_is_answered_from_the_vip,
)
from test_scheduling import (
    test_a_source_keeps_its_server_and_many_are_spread,
    test_all_directors_have_the_declared_table,
    test_servers_take_turns,
)

__all__ = [
    "test_a_large_upload_fits_into_the_tunnel",
    "test_a_source_keeps_its_server_and_many_are_spread",
    "test_all_directors_have_the_declared_table",
    "test_answers_of_nat_alone_come_back_through_the_director",
    "test_client_is_served_and_known_to_the_server",
    "test_servers_take_turns",
    "test_udp_is_answered_from_the_vip",
]


@pytest.fixture(scope="module", autouse=True)
def without_the_master(cluster: Cluster) -> Iterator[None]:
    """The master without power while the tests run; then it returns, and a web server loses power for a moment."""
    master = cluster.preferred_master
    cluster.unplug(master)
    cluster.kill(master)
    wait_for("another holder of the VIP", cluster.the_holder, 20)
    yield
    cluster.power_on(master)
    cluster.power_cycle(cluster.web[0])
    cluster.wait_until_healthy(90)
