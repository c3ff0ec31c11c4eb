# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the apache2.conf of a host is written from."""

from __future__ import annotations

DOCUMENTATION = r"""
name: apache_configuration
short_description: The virtual hosts and workers of a host's Apache
version_added: 0.2.0
author:
  - The lvs.ha_web authors (@lvs)
description:
  - Returns the virtual hosts with all defaults filled in, and the settings of the MPM. What is wrong is left out.
  - Contacts no host.
options:
  _input:
    description: The role's variables, as P(lvs.ha_web.apache_errors#filter) takes them.
    type: dict
    required: true
seealso:
  - plugin: lvs.ha_web.apache_errors
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show how the virtual hosts come out
  ansible.builtin.debug:
    msg: "{{ {'virtual_hosts': [{'name': 'site'}]} | lvs.ha_web.apache_configuration }}"
"""

RETURN = r"""
_value:
  description:
    - C(listen), the addresses and ports; C(virtual_hosts), each with all its keys, C(php_socket) and C(endpoint);
      C(mpm), its settings; C(pools), the sockets of those that virtual hosts name.
  type: dict
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from ansible_collections.lvs.ha_web.plugins.module_utils import _apache
from ansible_collections.lvs.ha_web.plugins.plugin_utils._inventory import plain


def apache_configuration(values: Mapping[str, Any]) -> dict[str, Any]:
    read = plain(values)
    hosts, _problems = _apache.read(read)
    return {
        "listen": list(dict.fromkeys(host.endpoint for host in hosts)),
        "virtual_hosts": [{**asdict(host), "endpoint": host.endpoint} for host in hosts],
        "mpm": _apache.mpm(read.get("mpm")),
        "pools": {host.php_pool: host.php_socket for host in hosts if host.php_pool},
    }


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"apache_configuration": apache_configuration}
