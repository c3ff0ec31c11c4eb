# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the Graphic Monitor of a node has to know."""

from __future__ import annotations

DOCUMENTATION = r"""
name: monitor_configuration
short_description: What the Graphic Monitor of a node has to know
version_added: 0.3.0
author:
  - The lvs.ha_web authors (@lvs)
description:
  - Returns the configuration of the service, and where and under which names its front answers. It holds no secret.
  - Contacts no host.
options:
  _input:
    description: The normalised topology.
    type: dict
    required: true
  groups:
    description: The variable C(groups).
    type: dict
    required: true
  node:
    description: The host.
    type: str
    required: true
  values:
    description: RV(ignore:users) and RV(ignore:names) of the role P(lvs.ha_web.monitor#role), RV(ignore:preempt) of
      P(lvs.ha_web.keepalived#role), and RV(ignore:version) of the collection.
    type: dict
    required: true
positional: groups, node, values
seealso:
  - plugin: lvs.ha_web.monitor_errors
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show where the page is
  ansible.builtin.debug:
    msg: "{{ (ha_web_topology | lvs.ha_web.monitor_configuration(groups, 'lvs1', values)).service.origins }}"
  vars:
    values: {users: [], names: [], preempt: true, version: 0.3.0}
"""

RETURN = r"""
_value:
  description:
    - RV(ignore:service) is what the service reads, RV(ignore:addresses) where its front listens, and RV(ignore:hosts)
      the addresses and names under which it answers.
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.lvs.ha_web.plugins.module_utils import _monitor
from ansible_collections.lvs.ha_web.plugins.plugin_utils._inventory import plain


def monitor_configuration(
    topology: Mapping[str, Any], groups: Mapping[str, Sequence[str]], node: str, values: Mapping[str, Any]
) -> dict[str, Any]:
    known, wishes, name = plain(topology), plain(values), str(node)
    return {
        "service": _monitor.configuration(known, plain(groups), name, wishes),
        "addresses": _monitor.addresses(known, name),
        "hosts": _monitor.hosts(known, name, wishes["names"]),
    }


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"monitor_configuration": monitor_configuration}
