# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Name the groups of a cluster that an inventory has."""

from __future__ import annotations

DOCUMENTATION = r"""
name: cluster_groups
short_description: The groups of a cluster that an inventory has
version_added: 0.3.0
author:
  - The lvs.ha_web authors (@lvs)
description:
  - Of the groups C(directors), C(web), C(storage) and C(monitor) those that exist, for the hosts of a play.
    A pattern of a group that is missing would warn.
  - In a play's C(hosts) it is evaluated by Ansible's own process, which then has all filters of this collection loaded.
    Each task runs in a process of its own that inherits them. Without that, each loads them anew, which takes
    most of the controller's time.
options:
  _input:
    description: The variable C(groups).
    type: dict
    required: true
  retired:
    description: Whether the group C(retired) is wanted as well.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Every node of the cluster
  hosts: "{{ groups | lvs.ha_web.cluster_groups }}"
"""

RETURN = r"""
_value:
  description: Names of groups.
  type: list
  elements: str
  sample: [directors, web]
"""

from collections.abc import Callable, Container
from typing import Any

_GROUPS = ("directors", "web", "storage", "monitor")


def cluster_groups(groups: Container[str], retired: bool = False) -> list[str]:
    return [name for name in (*_GROUPS, *("retired",) * retired) if name in groups]


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"cluster_groups": cluster_groups}
