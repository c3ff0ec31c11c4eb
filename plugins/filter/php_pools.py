# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The pools of a host's PHP-FPM, ready to be written."""

from __future__ import annotations

DOCUMENTATION = r"""
name: php_pools
short_description: The pools of a host's PHP-FPM
version_added: 0.2.0
author:
  - The lvs.ha_web authors (@lvs)
description:
  - Returns the pools with all defaults filled in and their sessions where they belong. What is wrong is left out.
  - Contacts no host.
options:
  _input:
    description: The variables C(pools) and C(sessions) of the role P(lvs.ha_web.php#role), without their prefix.
    type: dict
    required: true
seealso:
  - plugin: lvs.ha_web.php_errors
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show how the pools come out
  ansible.builtin.debug:
    msg: "{{ {'pools': [{'name': 'www'}], 'sessions': {'store': 'files'}} | lvs.ha_web.php_pools }}"
"""

RETURN = r"""
_value:
  description:
    - For each pool its C(name), C(user), C(group), C(uid), C(gid), C(socket), C(max_children), C(session_path),
      C(include) and C(directives), a mapping of those of C(php-fpm.conf).
  type: list
  elements: dict
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from ansible_collections.lvs.ha_web.plugins.module_utils import _php
from ansible_collections.lvs.ha_web.plugins.plugin_utils._inventory import plain


def php_pools(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    pools, _problems = _php.read({"settings": {}, "extensions": [], **plain(values)})
    return [asdict(pool) for pool in pools]


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"php_pools": php_pools}
