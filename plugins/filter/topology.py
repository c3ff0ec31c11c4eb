# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The normalised topology of the cluster, for the roles."""

from __future__ import annotations

DOCUMENTATION = r"""
name: topology
short_description: The normalised topology of the cluster the inventory declares
version_added: 0.1.0
author:
  - The lvs.ha_web authors (@lvs)
description:
  - Reads the groups C(directors) and C(web) and the variables named below from the inventory, validates them
    all at once and returns everything the roles need to know about the cluster, with defaults applied and
    neighbours computed.
  - Contacts no host and needs no facts. It always sees the whole inventory, also under C(--limit).
  - Only variables that belong to hosts are seen, from the inventory, C(group_vars), C(host_vars) or C(-e), not
    those of a play.
options:
  _input:
    description:
      - The variable C(hostvars).
      - Read from it are, for the whole cluster, C(ha_web_vip), C(ha_web_virtual_services), C(ha_web_vrid) and
        C(ha_web_advert_interval), and for each host C(ha_web_address), C(ansible_host) and
        C(keepalived_priority). The role P(lvs.ha_web.validate#role) describes them.
    type: dict
    required: true
  groups:
    description: The variable C(groups).
    type: dict
    required: true
positional: groups
seealso:
  - plugin: lvs.ha_web.topology_errors
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Say what the inventory declares
  ansible.builtin.debug:
    msg: "{{ (hostvars | lvs.ha_web.topology(groups)).summary }}"
  run_once: true
"""

RETURN = r"""
_value:
  description: The normalised topology. Names of hosts are inventory names, times are seconds.
  type: dict
  contains:
    directors:
      description: In the order of the group, each with the fields RV(ignore:name), RV(ignore:address),
        RV(ignore:priority) and RV(ignore:peers), a list of names and addresses.
      type: list
      elements: dict
      sample:
        - {name: lvs1, address: 192.0.2.11, priority: 200, peers: [{name: lvs2, address: 192.0.2.12}]}
    nodes:
      description: By host, its own address, the VIPs it must own locally as a real server, and where its web
        server listens.
      type: dict
      sample:
        web1: {address: 192.0.2.21, local_vips: [192.0.2.100], listeners: [{family: ipv4, port: 80}]}
    virtual_routers:
      description: One VRRP instance for each address family of the VIPs.
      type: list
      elements: dict
      sample:
        - name: ha_web_ipv4
          vrid: 51
          advert_int_s: 0.1
          vips: [192.0.2.100/32]
          priorities: {lvs1: 200, lvs2: 190}
          failover_s: 0.3258
    virtual_services:
      description: One for each address, port and protocol, with the bounds on removing a failed server.
      type: list
      elements: dict
      sample:
        - name: web
          address: 192.0.2.100
          port: 80
          protocol: tcp
          scheduler: wlc
          forwarding: dr
          real_servers: [{name: web1, address: 192.0.2.21, port: 80, weight: 1}]
          check: {type: http, path: /health, status: 200, interval: 1.0, timeout: 1.0, retries: 1, retry_delay: 0.2}
          ejection_s: 3.2
          ejection_refused_s: 1.2
    bounds:
      description: The largest of the bounds above.
      type: dict
      sample: {failover_s: 0.3258, ejection_s: 3.2, ejection_refused_s: 1.2}
    summary:
      description: One readable line for each virtual service.
      type: list
      elements: str
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.derivation import build
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.model import TopologyError
from ansible_collections.lvs.ha_web.plugins.plugin_utils._inventory import inventory


def topology(hostvars: Mapping[str, Any], groups: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    try:
        normalised: dict[str, Any] = build(inventory(hostvars, groups)).as_dict()
    except TopologyError as error:
        raise AnsibleFilterError(str(error)) from error
    return normalised


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"topology": topology}
