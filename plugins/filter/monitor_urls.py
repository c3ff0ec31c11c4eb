# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where the Graphic Monitor is."""

from __future__ import annotations

DOCUMENTATION = r"""
name: monitor_urls
short_description: Where the Graphic Monitor is
version_added: 0.3.0
author:
  - The lvs.ha_web authors (@lvs)
description:
  - Returns at which addresses the page is, VIPs first.
options:
  _input:
    description: The normalised topology.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show where the page is
  ansible.builtin.debug:
    msg: "{{ ha_web_topology | lvs.ha_web.monitor_urls }}"
"""

RETURN = r"""
_value:
  description: URLs; none where there is no monitor.
  type: list
  elements: str
  sample: ["https://192.0.2.100:9443"]
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.lvs.ha_web.plugins.module_utils._monitor import urls
from ansible_collections.lvs.ha_web.plugins.plugin_utils._inventory import plain


def monitor_urls(topology: Mapping[str, Any]) -> list[str]:
    return urls(plain(topology))


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"monitor_urls": monitor_urls}
