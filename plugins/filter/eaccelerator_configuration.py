# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who serves for eAccelerator on a host, and what is written for it."""

from __future__ import annotations

DOCUMENTATION = r"""
name: eaccelerator_configuration
short_description: What is written for eAccelerator, or for OPcache and APCu in its place
version_added: 0.2.0
author:
  - The lvs.ha_web authors (@lvs)
description:
  - Returns who serves, and eAccelerator's directives as they are written for it. What is wrong is left out.
  - Contacts no host.
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
  - plugin: lvs.ha_web.eaccelerator_errors
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show what becomes of a directive
  ansible.builtin.debug:
    msg: "{{ (values | lvs.ha_web.eaccelerator_configuration('8.2')).ini }}"
  vars:
    values:
      provider: auto
      settings: {check_mtime: false}
      php: {pools: [{name: www}], settings: {}, sessions: {store: files}, extensions: []}
"""

RETURN = r"""
_value:
  description:
    - RV(ignore:provider) is C(native) or C(compat).
    - RV(ignore:ini) are the settings of php.ini; of C(compat) also RV(ignore:excluded), RV(ignore:directives),
      RV(ignore:prepends), RV(ignore:admin_path), RV(ignore:cache_dir), RV(ignore:log_file), RV(ignore:name_space),
      and of the pool that tells of the cache RV(ignore:socket), RV(ignore:user) and
      RV(ignore:group).
  type: dict
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from ansible_collections.lvs.ha_web.plugins.module_utils import _eaccelerator
from ansible_collections.lvs.ha_web.plugins.plugin_utils._inventory import plain


def eaccelerator_configuration(values: Mapping[str, Any], version: str) -> dict[str, Any]:
    known = plain(values)
    provider, _problems = _eaccelerator.provider(known["provider"], str(version))
    if provider == "native":
        ini, _problems = _eaccelerator.native(known["settings"])
        return {"provider": provider, "ini": ini}
    made, _problems = _eaccelerator.compat(known)
    return {"provider": provider, **asdict(made)}


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"eaccelerator_configuration": eaccelerator_configuration}
