# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""All that is wrong with the declared cluster, as a report."""

from __future__ import annotations

DOCUMENTATION = r"""
name: topology_errors
short_description: All that is wrong with the cluster the inventory declares
version_added: 0.1.0
author:
  - The lvs.ha_web authors (@lvs)
description:
  - The report with which P(lvs.ha_web.topology#filter) would fail, as text.
  - Each error names the inventory item and the remedy.
options:
  _input:
    description: The variable C(hostvars).
    type: dict
    required: true
  groups:
    description: The variable C(groups).
    type: dict
    required: true
positional: groups
seealso:
  - plugin: lvs.ha_web.topology
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Stop when the inventory does not describe a working cluster
  ansible.builtin.assert:
    that: __errors | length == 0
    fail_msg: "{{ __errors }}"
  vars:
    __errors: "{{ hostvars | lvs.ha_web.topology_errors(groups) }}"
  run_once: true
"""

RETURN = r"""
_value:
  description: The report; empty when nothing is wrong.
  type: str
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.lvs.ha_web.plugins.module_utils._topology.derivation import build
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.model import TopologyError
from ansible_collections.lvs.ha_web.plugins.plugin_utils._inventory import inventory


def topology_errors(hostvars: Mapping[str, Any], groups: Mapping[str, Sequence[str]]) -> str:
    try:
        build(inventory(hostvars, groups))
    except TopologyError as error:
        return str(error)
    return ""


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"topology_errors": topology_errors}
