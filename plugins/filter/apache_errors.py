# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""All that stands against a host's Apache, as a report."""

from __future__ import annotations

DOCUMENTATION = r"""
name: apache_errors
short_description: All that stands against the Apache of a host
version_added: 0.2.0
author:
  - The lvs.ha_web authors (@lvs)
description:
  - Tells what is wrong with the variables of the role P(lvs.ha_web.apache#role), and which ports others have.
  - Contacts no host. Each error names the variable and the remedy.
options:
  _input:
    description:
      - The role's variables C(port), C(document_root), C(allow_override), C(virtual_hosts), C(mpm), C(modules),
        C(trusted_proxies) and C(status_port), without their prefix.
      - Also C(pools), those of P(lvs.ha_web.php#role) where somebody declares them.
    type: dict
    required: true
  removed:
    description: Names of variables that are set, of which some may be no longer read.
    type: list
    elements: str
    default: []
  listeners:
    description: Ports of virtual services at which the host listens, as the topology says it of the node.
    type: list
    elements: dict
    default: []
  found:
    description: What C(ss --no-header --listening --tcp --numeric --processes) says on the host.
    type: str
    default: ""
positional: removed, listeners, found
seealso:
  - plugin: lvs.ha_web.apache_configuration
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Stop where a virtual host is wrong
  ansible.builtin.assert:
    that: __errors | length == 0
    fail_msg: "{{ __errors }}"
  vars:
    __errors: "{{ wishes | lvs.ha_web.apache_errors(listeners=[{'family': 'ipv4', 'port': 80}]) }}"
    wishes:
      port: 8080
      document_root: /var/www/html
      allow_override: None
      virtual_hosts: [{name: site}, {name: api, port: 8082, php_pool: api}]
      mpm: {}
      modules: [rewrite]
      trusted_proxies: []
      status_port: 8081
"""

RETURN = r"""
_value:
  description: The report; empty when nothing stands against it.
  type: str
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.lvs.ha_web.plugins.module_utils import _apache
from ansible_collections.lvs.ha_web.plugins.module_utils._problems import report
from ansible_collections.lvs.ha_web.plugins.plugin_utils._inventory import plain


def apache_errors(
    values: Mapping[str, Any],
    removed: Sequence[str] = (),
    listeners: Sequence[Mapping[str, Any]] = (),
    found: str = "",
) -> str:
    hosts, problems = _apache.read(plain(values))
    problems = [*_apache.removed(removed), *problems]
    if not problems:
        status = int(values["status_port"])
        problems += _apache.taken(hosts, status, plain(listeners))
        problems += _apache.occupied(hosts, status, found)
    return report(problems, "the settings of Apache", "nothing was changed") if problems else ""


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"apache_errors": apache_errors}
