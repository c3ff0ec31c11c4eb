# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""All that stands against what nginx shall serve, as a report."""

from __future__ import annotations

DOCUMENTATION = r"""
name: nginx_errors
short_description: All that stands against what nginx shall serve
version_added: 0.2.0
author:
  - The lvs.ha_web authors (@lvs)
description:
  - Reads sites, routes, pools and certificates, and tells what is wrong with them and with how they fit together.
  - Contacts no host. Each error names the item and the remedy.
options:
  _input:
    description: The variables of the role P(lvs.ha_web.nginx#role), without their prefix.
    type: dict
    required: true
  hostvars:
    description: The variable C(hostvars), for the addresses of hosts that pools name.
    type: dict
    default: {}
positional: hostvars
seealso:
  - plugin: lvs.ha_web.nginx_configuration
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Stop where nginx could not serve what is declared
  ansible.builtin.assert:
    that: __errors | length == 0
    fail_msg: "{{ __errors }}"
  vars:
    __errors: "{{ {'sites': [{'name': 'example', 'pool': 'api'}]} | lvs.ha_web.nginx_errors }}"
"""

RETURN = r"""
_value:
  description: The report; empty when nothing stands against it.
  type: str
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.lvs.ha_web.plugins.plugin_utils._nginx import in_words, read


def nginx_errors(values: Mapping[str, Any], hostvars: Mapping[str, Any] | None = None) -> str:
    _declared, _pairs, problems = read(values, hostvars or {})
    return in_words(problems)


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"nginx_errors": nginx_errors}
