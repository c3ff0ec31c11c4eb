# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What the tests of this scenario share."""

from __future__ import annotations

from lab.monitor import monitor, operator
from lab.monitor_page import browser, expected, look, pictures, taken_back
from lab.scenario import State, cluster, pytest_runtest_makereport, state

__all__ = [
    "State",
    "browser",
    "cluster",
    "expected",
    "look",
    "monitor",
    "operator",
    "pictures",
    "pytest_runtest_makereport",
    "state",
    "taken_back",
]
