# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a rehearsal breaks, or why it must not."""

from __future__ import annotations

DOCUMENTATION = r"""
name: rehearsal_plan
short_description: What a rehearsal of a failover breaks, or why it must not
version_added: 0.3.0
author:
  - The lvs.ha_web authors (@lvs)
description:
  - For the playbook C(rehearse_failover). Holds what the user asks for against the topology and against what all
    directors say, and finds the director that holds the VIP.
options:
  _input:
    description: The normalised topology, from P(lvs.ha_web.topology#filter).
    type: dict
    required: true
  groups:
    description: The variable C(groups).
    type: dict
    required: true
  directors:
    description: For each director its RV(ignore:name), its own words where it is in reach, and some of its variables.
    type: list
    elements: dict
    required: true
  wishes:
    description: The variables C(rehearse_...) without that prefix.
    type: dict
    required: true
positional: groups, directors, wishes
"""

EXAMPLES = r"""
- name: Make a plan
  ansible.builtin.set_fact:
    rehearsal: "{{ ha_web_topology | lvs.ha_web.rehearsal_plan(groups, said, wishes) }}"
"""

RETURN = r"""
_value:
  description: The plan; nothing but RV(ignore:errors), a list of sentences, where there are any.
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.lvs.ha_web.plugins.plugin_utils._inventory import plain
from ansible_collections.lvs.ha_web.plugins.plugin_utils._rehearsal_plan import NUMBERS, Said, Wishes, plan


def rehearsal_plan(
    topology: Mapping[str, Any],
    groups: Mapping[str, Sequence[str]],
    directors: Sequence[Mapping[str, Any]],
    wishes: Mapping[str, Any],
) -> dict[str, Any]:
    asked: dict[str, Any] = {name: value if name in NUMBERS else str(value) for name, value in plain(wishes).items()}
    errors = []
    for name in NUMBERS:
        try:
            asked[name] = float(asked[name])
        except (TypeError, ValueError):
            errors.append(f"rehearse_{name} is {asked[name]!r}. It must be a number.")
    if errors:
        return {"errors": errors}
    said = [Said(**one) for one in plain(directors)]
    return plan(plain(topology), plain(groups), said, Wishes(**asked))


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"rehearsal_plan": rehearsal_plan}
