# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The parts of a host's nftables ruleset."""

from __future__ import annotations

DOCUMENTATION = r"""
name: firewall_ruleset
short_description: The parts of a host's nftables ruleset
version_added: 0.2.0
author:
  - The lvs.ha_web authors (@lvs)
description:
  - Joins what the topology opens, what the user opens and what an earlier ruleset opened, for the template of the role
    P(lvs.ha_web.firewall#role).
options:
  _input:
    description: The role's variables C(ssh_ports), C(ssh_from), C(allow) and C(raw), without their prefix.
    type: dict
    required: true
  openings:
    description: What the topology says of the node.
    type: list
    elements: dict
    default: []
  former:
    description: The text of an earlier ruleset, of which nothing shall be closed yet.
    type: str
    default: ""
positional: openings, former
seealso:
  - plugin: lvs.ha_web.firewall_errors
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Say what else is open on a web server
  ansible.builtin.debug:
    msg: "{{ (wishes | lvs.ha_web.firewall_ruleset(ha_web_topology.nodes['web1'].openings)).rules }}"
  vars:
    wishes: {ssh_ports: [22], ssh_from: [], allow: [], raw: []}
"""

RETURN = r"""
_value:
  description: The parts, as expressions of nft.
  type: dict
  contains:
    sets:
      description: Of balanced traffic and its replies, with RV(ignore:name), RV(ignore:of), RV(ignore:ip),
        RV(ignore:type) and RV(ignore:elements).
      type: list
      elements: dict
    unported:
      description: Rules of services that are every port of an address.
      type: list
      elements: dict
    raw:
      description: The user's own lines.
      type: list
      elements: str
    rules:
      description: All other openings, each with RV(ignore:match), RV(ignore:comment) and RV(ignore:why).
      type: list
      elements: dict
      sample: [{match: tcp dport 22, comment: ssh, why: ssh}]
    record:
      description: Lines from which a later call learns what is open.
      type: list
      elements: str
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.lvs.ha_web.plugins.module_utils import _firewall
from ansible_collections.lvs.ha_web.plugins.module_utils._problems import report
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.model import Opening
from ansible_collections.lvs.ha_web.plugins.plugin_utils._inventory import plain


def firewall_ruleset(
    values: Mapping[str, Any], openings: Sequence[Mapping[str, Any]] = (), former: str = ""
) -> dict[str, Any]:
    wishes, problems = _firewall.read(plain(values))
    if problems:
        raise AnsibleFilterError(report(problems, "the firewall", "nothing was changed"))
    declared = [Opening(**plain(opening)) for opening in openings]
    return _firewall.ruleset(declared, wishes, _firewall.recorded(former))


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"firewall_ruleset": firewall_ruleset}
