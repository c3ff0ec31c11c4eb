# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""All that stands against eAccelerator on a host, as a report."""

from __future__ import annotations

DOCUMENTATION = r"""
name: eaccelerator_errors
short_description: All that stands against eAccelerator on a host
version_added: 0.2.0
author:
  - The lvs.ha_web authors (@lvs)
description:
  - Tells what is wrong with the variables of the role P(lvs.ha_web.eaccelerator#role), and which directives nobody can
    follow on this version of PHP.
  - Contacts no host. Each error names the variable and the remedy.
options:
  _input:
    description:
      - The variables of the role P(lvs.ha_web.eaccelerator#role), without their prefix, and RV(ignore:php), those of
        the role P(lvs.ha_web.php#role) without theirs.
    type: dict
    required: true
  version:
    description: The version of PHP.
    type: str
    required: true
positional: version
seealso:
  - plugin: lvs.ha_web.eaccelerator_configuration
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Stop where a directive has nothing to become
  ansible.builtin.assert:
    that: __errors | length == 0
    fail_msg: "{{ __errors }}"
  vars:
    __errors: "{{ values | lvs.ha_web.eaccelerator_errors('8.2') }}"
    values:
      provider: auto
      settings: {check_mtime: false}
      php: {pools: [{name: www}], settings: {}, sessions: {store: files}, extensions: []}
"""

RETURN = r"""
_value:
  description: The report; empty when nothing stands against it.
  type: str
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.lvs.ha_web.plugins.module_utils import _eaccelerator
from ansible_collections.lvs.ha_web.plugins.module_utils._problems import report
from ansible_collections.lvs.ha_web.plugins.plugin_utils._inventory import plain


def eaccelerator_errors(values: Mapping[str, Any], version: str) -> str:
    known = plain(values)
    provider, problems = _eaccelerator.provider(known["provider"], str(version))
    read = _eaccelerator.native(known["settings"]) if provider == "native" else _eaccelerator.compat(known)
    problems += read[1]
    return report(problems, "the settings of eAccelerator", "nothing was changed") if problems else ""


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"eaccelerator_errors": eaccelerator_errors}
