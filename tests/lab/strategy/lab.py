# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Ansible's linear strategy through Mitogen, whose processes go to whichever core is free.

Mitogen would bind each of its processes to one core, on a small machine its multiplexer to the first. That is where the
embedded engine runs, before all else its core does.
"""

from __future__ import annotations

import ansible_mitogen.affinity
from ansible_mitogen.plugins.strategy.mitogen_linear import StrategyModule

__all__ = ["StrategyModule"]

ansible_mitogen.affinity.policy = ansible_mitogen.affinity.Policy()
