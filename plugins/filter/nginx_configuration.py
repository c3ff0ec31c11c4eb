# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The parts of a host's nginx.conf."""

from __future__ import annotations

DOCUMENTATION = r"""
name: nginx_configuration
short_description: The parts of a host's nginx.conf
version_added: 0.2.0
author:
  - The lvs.ha_web authors (@lvs)
description:
  - Turns sites, routes and pools into lines of nginx, for the template of the role P(lvs.ha_web.nginx#role).
options:
  _input:
    description: The variables of the role P(lvs.ha_web.nginx#role), without their prefix.
    type: dict
    required: true
  hostvars:
    description: The variable C(hostvars), for the addresses of hosts that pools name.
    type: dict
    default: {}
  served_by:
    description: What answers carry in the header C(X-Served-By); empty for none.
    type: str
    default: ""
  http2_by_listen:
    description: Whether HTTP/2 is a parameter of C(listen), as before nginx 1.25, or a directive.
    type: bool
    default: false
positional: hostvars, served_by, http2_by_listen
seealso:
  - plugin: lvs.ha_web.nginx_errors
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Say which servers nginx would have
  ansible.builtin.debug:
    msg: "{{ ({'sites': [{'name': 'example'}]} | lvs.ha_web.nginx_configuration).servers }}"
"""

RETURN = r"""
_value:
  description: The parts, as lines of nginx.
  type: dict
  contains:
    pools:
      description: The upstreams, by RV(ignore:name), with RV(ignore:lines).
      type: list
      elements: dict
    maps:
      description: Maps with RV(ignore:source), RV(ignore:variable) and RV(ignore:entries).
      type: list
      elements: dict
    zones:
      description: Lines that declare the zones of rate limits.
      type: list
      elements: str
    servers:
      description: The servers, with RV(ignore:lines), RV(ignore:locations) and RV(ignore:raw).
      type: list
      elements: dict
    remote:
      description: Certificates and keys that must be on the node already.
      type: list
      elements: str
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.lvs.ha_web.plugins.module_utils._nginx.configuration import build
from ansible_collections.lvs.ha_web.plugins.plugin_utils._nginx import read_right


def nginx_configuration(
    values: Mapping[str, Any],
    hostvars: Mapping[str, Any] | None = None,
    served_by: str = "",
    http2_by_listen: bool = False,
) -> dict[str, Any]:
    declared, pairs = read_right(values, hostvars or {})
    files = {pair.site: (pair.path, pair.path) for pair in pairs}
    for site in declared.sites:
        if site.tls and site.tls.remote:
            files[site.name] = site.tls.certificate, site.tls.key
    return build(declared, files, served_by if declared.values["served_by"] else "", bool(http2_by_listen))


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"nginx_configuration": nginx_configuration}
