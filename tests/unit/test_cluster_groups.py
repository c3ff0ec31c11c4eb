# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The groups that a play is for."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.ha_web.plugins.filter.cluster_groups import cluster_groups


@pytest.mark.parametrize(
    ("there", "retired", "expected"),
    [
        ({"web", "directors", "all", "ungrouped"}, False, ["directors", "web"]),
        ({"web", "directors", "retired", "storage"}, False, ["directors", "web", "storage"]),
        ({"web", "directors", "retired"}, True, ["directors", "web", "retired"]),
        ({"directors", "monitor"}, True, ["directors", "monitor"]),
        (set(), True, []),
    ],
)
def test_those_that_exist_in_their_order(there: set[str], retired: bool, expected: list[str]) -> None:
    assert cluster_groups(dict.fromkeys(there, ()), retired) == expected
