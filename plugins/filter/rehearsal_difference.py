# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How a director is not as it was before a rehearsal."""

from __future__ import annotations

DOCUMENTATION = r"""
name: rehearsal_difference
short_description: How a director is not as it was before a rehearsal
version_added: 0.3.0
author:
  - The lvs.ha_web authors (@lvs)
description:
  - For the playbook C(rehearse_failover). Compares keepalived, VIPs and the IPVS table.
  - VIPs of routers that do not preempt may be where they are.
options:
  _input:
    description: What the director says of itself.
    type: str
    required: true
  plan:
    description: From P(lvs.ha_web.rehearsal_plan#filter).
    type: dict
    required: true
  name:
    description: The director.
    type: str
    required: true
positional: plan, name
"""

EXAMPLES = r"""
- name: Say what has changed
  ansible.builtin.debug:
    msg: "{{ said.stdout | lvs.ha_web.rehearsal_difference(rehearsal, 'lvs1') }}"
"""

RETURN = r"""
_value:
  description: Words; empty where it is as it was.
  type: str
  sample: lvs1 does not hold 192.0.2.100
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.lvs.ha_web.plugins.plugin_utils._inventory import plain
from ansible_collections.lvs.ha_web.plugins.plugin_utils._rehearsal_plan import difference


def rehearsal_difference(text: str, plan: Mapping[str, Any], name: str) -> str:
    return difference(str(text), plain(plan), str(name))


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"rehearsal_difference": rehearsal_difference}
