# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which destinations leave a director's table, and which must enter first."""

from __future__ import annotations

DOCUMENTATION = r"""
name: pool_changes
short_description: Destinations that leave a director's table, and those that must enter first
version_added: 0.2.0
author:
  - The lvs.ha_web authors (@lvs)
description:
  - Compares the kernel's table with the topology. What keepalived manages and the topology no longer declares leaves,
    and so does a destination whose forwarding changes.
  - Of a service with nobody left to serve it meanwhile, newcomers enter first; where there are none, nothing leaves.
    Who was about to leave and stays after all enters again.
  - A sorry server of the topology does not leave, nor does a service that keepalived does not manage.
options:
  _input:
    description: RV(lvs.ha_web.ipvs_info#module:services).
    type: list
    elements: dict
    required: true
  virtual_services:
    description: Those of the topology.
    type: list
    elements: dict
    required: true
  keepalived:
    description:
      - The lines of the director's files C(/etc/keepalived/**.conf), before they change, each as C(FILE:NUMBER:TEXT).
      - Without them, whatever the topology does not declare leaves.
    type: str
  weighed:
    description:
      - Track files of real servers that hold another number than 0. What an operator has drained with them does not
        enter.
    version_added: 0.3.0
    type: list
    elements: str
    default: []
positional: virtual_services, keepalived, weighed
seealso:
  - module: lvs.ha_web.ipvs
"""

EXAMPLES = r"""
- name: Drain what leaves
  lvs.ha_web.ipvs:
    state: drained
    drain_timeout: 30
    services: "{{ (table.services | lvs.ha_web.pool_changes(ha_web_topology.virtual_services, before)).leave }}"
"""

RETURN = r"""
_value:
  description: Two lists, each of what O(lvs.ha_web.ipvs#module:services) takes.
  type: dict
  contains:
    enter:
      description: For O(lvs.ha_web.ipvs#module:state=present).
      type: list
      elements: dict
    leave:
      description: For O(lvs.ha_web.ipvs#module:state=drained).
      type: list
      elements: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.lvs.ha_web.plugins.plugin_utils._inventory import plain
from ansible_collections.lvs.ha_web.plugins.plugin_utils._pool import changes


def pool_changes(
    table: Sequence[Mapping[str, Any]],
    virtual_services: Sequence[Mapping[str, Any]],
    keepalived: str | None = None,
    weighed: Sequence[str] = (),
) -> dict[str, Any]:
    former = None if keepalived is None else str(keepalived)
    return changes(plain(table), plain(virtual_services), former, plain(weighed))._asdict()


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"pool_changes": pool_changes}
