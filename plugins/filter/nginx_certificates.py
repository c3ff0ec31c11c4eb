# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The certificates that nginx needs on a host, with their keys."""

from __future__ import annotations

DOCUMENTATION = r"""
name: nginx_certificates
short_description: The certificates that nginx needs on a host
version_added: 0.2.0
author:
  - The lvs.ha_web authors (@lvs)
description:
  - Reads certificates and keys from the controller and joins each pair to one file, named by its content. A renewed
    pair is another file, so that none that is in use is ever overwritten.
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
  - plugin: lvs.ha_web.nginx_errors
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Put the certificates on the node
  ansible.builtin.copy:
    content: "{{ item.content }}"
    dest: "{{ item.path }}"
    mode: "0600"
  loop: "{{ wishes | lvs.ha_web.nginx_certificates }}"
  no_log: true
"""

RETURN = r"""
_value:
  description: The files.
  type: list
  elements: dict
  contains:
    path:
      description: Where it belongs.
      type: str
    content:
      description: Certificate, chain and key, which is a secret.
      type: str
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.lvs.ha_web.plugins.plugin_utils._nginx import read_right


def nginx_certificates(values: Mapping[str, Any], hostvars: Mapping[str, Any] | None = None) -> list[dict[str, str]]:
    _declared, pairs = read_right(values, hostvars or {})
    return [{"path": pair.path, "content": pair.content} for pair in pairs]


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"nginx_certificates": nginx_certificates}
