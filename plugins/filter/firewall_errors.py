# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""All that stands against a host's firewall, as a report."""

from __future__ import annotations

DOCUMENTATION = r"""
name: firewall_errors
short_description: All that stands against the firewall of a host
version_added: 0.2.0
author:
  - The lvs.ha_web authors (@lvs)
description:
  - Tells what is wrong with the variables of the role P(lvs.ha_web.firewall#role), what of the topology they leave
    closed, and whether Ansible would lock itself out.
  - Contacts no host. Each error names the variable and the remedy.
options:
  _input:
    description: The role's variables C(ssh_ports), C(ssh_from), C(allow) and C(raw), without their prefix.
    type: dict
    required: true
  unstated:
    description: What must be open on the host and cannot be derived, as the topology says it of the node.
    type: list
    elements: str
    default: []
  connection:
    description: The environment variable E(SSH_CONNECTION) as sshd set it for Ansible; empty without ssh.
    type: str
    default: ""
positional: unstated, connection
seealso:
  - plugin: lvs.ha_web.firewall_ruleset
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Stop where the firewall would close too much
  ansible.builtin.assert:
    that: __errors | length == 0
    fail_msg: "{{ __errors }}"
  vars:
    __errors: "{{ wishes | lvs.ha_web.firewall_errors(connection=came) }}"
    wishes: {ssh_ports: [22], ssh_from: [192.0.2.0/24], allow: [], raw: []}
    came: 198.51.100.7 51234 192.0.2.11 22
"""

RETURN = r"""
_value:
  description: The report; empty when nothing stands against it.
  type: str
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.lvs.ha_web.plugins.module_utils import _firewall
from ansible_collections.lvs.ha_web.plugins.module_utils._problems import report
from ansible_collections.lvs.ha_web.plugins.plugin_utils._inventory import plain


def firewall_errors(values: Mapping[str, Any], unstated: Sequence[str] = (), connection: str = "") -> str:
    wishes, problems = _firewall.read(plain(values))
    if not problems:
        problems += _firewall.unstated(unstated, wishes)
        problems += _firewall.cut_off(_firewall.connection(connection), [*wishes.ssh, *wishes.allow])
    return report(problems, "the firewall", "nothing was changed") if problems else ""


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"firewall_errors": firewall_errors}
