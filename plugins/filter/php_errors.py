# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""All that stands against a host's PHP-FPM, as a report."""

from __future__ import annotations

DOCUMENTATION = r"""
name: php_errors
short_description: All that stands against the PHP-FPM of a host
version_added: 0.2.0
author:
  - The lvs.ha_web authors (@lvs)
description:
  - Tells what is wrong with the variables of the role P(lvs.ha_web.php#role), and which packages apt does not know.
  - Contacts no host. Each error names the variable and the remedy.
options:
  _input:
    description:
      - The role's variables C(pools), C(settings), C(sessions), C(extensions) and C(version), without their prefix.
    type: dict
    required: true
  removed:
    description: Names of variables that are set, of which some may be no longer read.
    type: list
    elements: str
    default: []
  wanted:
    description: The packages to install.
    type: list
    elements: str
    default: []
  known:
    description: The names of all packages that apt knows; empty where it was not asked.
    type: list
    elements: str
    default: []
  version:
    description: The version of PHP that O(wanted) is of.
    type: str
    default: ""
positional: removed, wanted, known, version
seealso:
  - plugin: lvs.ha_web.php_pools
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Stop where a pool is wrong
  ansible.builtin.assert:
    that: __errors | length == 0
    fail_msg: "{{ __errors }}"
  vars:
    __errors: "{{ wishes | lvs.ha_web.php_errors }}"
    wishes:
      pools: [{name: www}, {name: api, user: ha-api, max_children: 8}]
      settings: {memory_limit: 256M}
      sessions: {store: files}
      extensions: [mysql]
"""

RETURN = r"""
_value:
  description: The report; empty when nothing stands against it.
  type: str
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.lvs.ha_web.plugins.module_utils import _php
from ansible_collections.lvs.ha_web.plugins.module_utils._problems import report
from ansible_collections.lvs.ha_web.plugins.plugin_utils._inventory import plain


def php_errors(
    values: Mapping[str, Any],
    removed: Sequence[str] = (),
    wanted: Sequence[str] = (),
    known: Sequence[str] = (),
    version: str = "",
) -> str:
    _pools, problems = _php.read(plain(values))
    problems = [*_php.removed(removed), *problems, *_php.unknown_packages(plain(wanted), plain(known), version)]
    return report(problems, "the settings of PHP", "nothing was changed") if problems else ""


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"php_errors": php_errors}
