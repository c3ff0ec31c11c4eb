# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What the tests of all scenarios share."""

from __future__ import annotations

from lab.scenario import State, cluster, pytest_runtest_makereport, state

__all__ = ["State", "cluster", "pytest_runtest_makereport", "state"]
