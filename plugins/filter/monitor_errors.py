# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""All that is wrong with the variables of the role monitor, as a report."""

from __future__ import annotations

DOCUMENTATION = r"""
name: monitor_errors
short_description: All that is wrong with users, names and certificate of the Graphic Monitor
version_added: 0.3.0
author:
  - The lvs.ha_web authors (@lvs)
description:
  - Tells what is wrong with the variables of the role P(lvs.ha_web.monitor#role). Each error names the variable and the
    remedy, and none shows a password.
  - Contacts no host. Certificate and key are read on the controller.
options:
  _input:
    description: The variables of the role P(lvs.ha_web.monitor#role), without their prefix.
    type: dict
    required: true
seealso:
  - plugin: lvs.ha_web.monitor_configuration
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Stop where nobody could log in
  ansible.builtin.assert:
    that: __errors | length == 0
    fail_msg: "{{ __errors }}"
  vars:
    __errors: "{{ values | lvs.ha_web.monitor_errors }}"
    values:
      users: [{name: anna, role: operator, password: "{{ vault_anna }}"}]
      retention: 15d
      retention_size: 1GB
"""

RETURN = r"""
_value:
  description: The report; empty when nothing is wrong.
  type: str
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.lvs.ha_web.plugins.module_utils._monitor import problems
from ansible_collections.lvs.ha_web.plugins.module_utils._problems import report
from ansible_collections.lvs.ha_web.plugins.plugin_utils import _certificates
from ansible_collections.lvs.ha_web.plugins.plugin_utils._inventory import plain


def monitor_errors(values: Mapping[str, Any]) -> str:
    known = plain(values)
    found = problems(known)
    if known.get("certificate") and known.get("key"):
        found += _certificates.against(
            "monitor_certificate", known["certificate"], known["key"], known.get("names") or ()
        )
    return report(found, "the settings of the monitor", "nothing was changed") if found else ""


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"monitor_errors": monitor_errors}
