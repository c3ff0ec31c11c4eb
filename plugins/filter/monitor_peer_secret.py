# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What web servers get of the monitor's secret."""

from __future__ import annotations

DOCUMENTATION = r"""
name: monitor_peer_secret
short_description: The secret of the web servers' opcode caches, from that of the monitor
version_added: 0.3.0
author:
  - The lvs.ha_web authors (@lvs)
description:
  - The Graphic Monitor signs with it what it asks of web servers. Who has it cannot tell the monitor's own from it.
options:
  _input:
    description: The secret of the monitor.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Give web servers theirs
  ansible.builtin.set_fact:
    exporter_peer_secret: "{{ monitor_secret | lvs.ha_web.monitor_peer_secret }}"
  no_log: true
"""

RETURN = r"""
_value:
  description: 64 hexadecimal digits.
  type: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.lvs.ha_web.plugins.module_utils._monitor import peer_secret


def monitor_peer_secret(secret: str) -> str:
    return peer_secret(str(secret))


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"monitor_peer_secret": monitor_peer_secret}
