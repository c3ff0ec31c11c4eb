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
  - Reads the groups C(directors), C(web), C(storage) and C(monitor) and the variables named below from the inventory,
    validates them all at once and returns everything the roles need to know about the cluster, with defaults applied
    and neighbours computed.
  - Contacts no host and needs no facts. It always sees the whole inventory, also under C(--limit).
  - Only variables that belong to hosts are seen, from the inventory, C(group_vars), C(host_vars) or C(-e), not
    those of a play.
options:
  _input:
    description:
      - The variable C(hostvars).
      - Read from it are the variables whose names begin with C(ha_web_), and C(ansible_host) and
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
      description:
        - By host, its own address, RV(ignore:management_address) by which it is managed and looked at, all addresses
          that it is declared to send from, the VIPs it must own locally as a real server, and where its web server
          listens.
        - RV(ignore:openings) is what it must accept, each with RV(ignore:purpose) (C(vrrp), C(bfd), C(sync),
          C(service), C(reply), C(check), C(tunnel), C(storage),
          C(cache), C(monitor) or C(page)), RV(ignore:items) that need it, RV(ignore:family),
          RV(ignore:protocol), RV(ignore:ports), RV(ignore:sources), RV(ignore:destinations) and
          RV(ignore:interface). An empty list is anyone, any of its addresses or every port.
        - RV(ignore:unstated) is what must be open as well and cannot be derived.
        - RV(ignore:nat_replies) are the answers that go through a gateway, by RV(ignore:address), RV(ignore:protocol),
          RV(ignore:port) and RV(ignore:gateway); without protocol or port, any.
        - RV(ignore:exports) and RV(ignore:mounts) are the host's ends of shares, in the form of
          P(lvs.ha_web.nfs#role).
        - RV(ignore:tunnel_ends) are the tunnels that end at the host, by RV(ignore:type), RV(ignore:outer) and
          RV(ignore:inner) (families), RV(ignore:port), RV(ignore:overhead) (bytes) and RV(ignore:vips).
      type: dict
      sample:
        web1:
          address: 192.0.2.21
          management_address: 192.0.2.21
          addresses: [192.0.2.21]
          local_vips: [192.0.2.100]
          listeners: [{family: ipv4, port: 80}]
          nat_replies: []
          tunnel_ends: []
          openings:
            - purpose: check
              items: [web]
              family: ipv4
              protocol: tcp
              ports: ["80"]
              sources: [192.0.2.11, 192.0.2.12]
              destinations: [192.0.2.21]
              interface: ""
          unstated: []
          exports: []
          mounts: []
    virtual_routers:
      description:
        - The VRRP instances. Without declared ones there is one for each address family of the VIPs.
        - RV(ignore:members) has, for each director, RV(ignore:address), RV(ignore:interface), RV(ignore:priority) and
          RV(ignore:peers). RV(ignore:addresses) is RV(ignore:vips) with interface, label and scope.
        - RV(ignore:preempt) and RV(ignore:preempt_delay) are null where variables of the role
          P(lvs.ha_web.keepalived#role) decide.
        - Also RV(ignore:authentication), which is a password, RV(ignore:garp), RV(ignore:routes), RV(ignore:rules),
          RV(ignore:track), RV(ignore:notify) and RV(ignore:raw).
      type: list
      elements: dict
      sample:
        - name: ha_web_ipv4
          vrid: 51
          advert_int_s: 0.1
          vips: [192.0.2.100/32]
          priorities: {lvs1: 200, lvs2: 190}
          failover_s: 0.3258
          family: ipv4
          version: 3
          mode: unicast
    virtual_services:
      description:
        - One for each address, port and protocol, each firewall mark and each group of endpoints, with the bounds on
          removing a failed server.
        - RV(ignore:address) is empty and RV(ignore:fwmark) or RV(ignore:endpoints) set where it is not of one address;
          RV(ignore:protocol) is empty for marks; RV(ignore:port) is 0 where it serves every port.
        - RV(ignore:nat_gateway) is where NAT's answers go, empty where the site decides.
        - RV(ignore:check) is the first of RV(ignore:checks). A real server has RV(ignore:checks) only of its own.
        - RV(ignore:track_file) of a real server is the file on the directors whose number is added to its weight. It
          stands for all ports of the service.
        - RV(ignore:ejection_s) is of a server that is silent, RV(ignore:ejection_refused_s) of one that refuses
          connections, RV(ignore:ejection_content_s) of one that answers wrongly.
        - Also RV(ignore:scheduler_flags), RV(ignore:one_packet), RV(ignore:tunnel), RV(ignore:persistence_timeout),
          RV(ignore:persistence_netmask), RV(ignore:persistence_engine), RV(ignore:quorum), RV(ignore:hysteresis),
          RV(ignore:quorum_up), RV(ignore:quorum_down), RV(ignore:sorry_server), RV(ignore:alpha), RV(ignore:omega),
          RV(ignore:inhibit_on_failure), RV(ignore:virtual_host) and RV(ignore:raw).
      type: list
      elements: dict
      sample:
        - name: web
          address: 192.0.2.100
          port: 80
          protocol: tcp
          scheduler: wlc
          forwarding: dr
          real_servers:
            - name: web1
              address: 192.0.2.21
              port: 80
              weight: 1
              track_file: /var/lib/ha-web/track/servers/web/web1
          check: {type: http, path: /health, status: 200, interval: 1.0, timeout: 1.0, retries: 1, retry_delay: 0.2}
          ejection_s: 3.2
          ejection_refused_s: 1.2
          ejection_content_s: 3.2
          fwmark: 0
          family: ipv4
          endpoints: []
          router: ha_web_ipv4
    sync_groups:
      description: Virtual routers that stay on one director, by RV(ignore:name), with RV(ignore:routers).
      type: list
      elements: dict
    scripts:
      description: Scripts that virtual routers watch.
      type: list
      elements: dict
    track_processes:
      description: Processes that virtual routers watch.
      type: list
      elements: dict
    track_files:
      description: Files that virtual routers and checks watch.
      type: list
      elements: dict
    standby_file:
      description: The file on a director that makes it give up its VIPs, with a 1 in it.
      type: str
      sample: /var/lib/ha-web/track/director/standby
    bfd:
      description: BFD sessions that virtual routers and checks watch.
      type: list
      elements: dict
    pages:
      description:
        - What the URLs show whose digest is V(auto), by RV(ignore:name), which the URL has as RV(ignore:page).
        - They are the option O(lvs.ha_web.page_digest#module:pages).
      type: list
      elements: dict
    notify_fifo:
      description: RV(ignore:path), RV(ignore:user) and RV(ignore:script) of the FIFO for changes of state, or null.
      type: dict
    lvs_timeouts:
      description: Seconds that IPVS keeps the entry of a connection without traffic; 0 leaves the kernel's.
      type: dict
      sample: {tcp: 0, tcpfin: 10, udp: 0}
    shares:
      description: Shared folders, by RV(ignore:name), RV(ignore:server), RV(ignore:mount) and RV(ignore:clients).
      type: list
      elements: dict
      sample: [{name: shared, server: store1, mount: /srv/ha-web/shared, clients: [web1]}]
    eaccelerator_peers:
      description: Where web servers ask each other for their opcode caches, by host; empty without a control page.
      type: dict
      sample: {web1: "192.0.2.21:8405"}
    monitor:
      description:
        - The Graphic Monitor. RV(ignore:hosts) have its page, RV(ignore:addresses) are those from which all nodes are
          looked at, RV(ignore:port) is the page's. Without it there are no hosts and no addresses.
      type: dict
      sample: {enabled: true, hosts: [lvs1, lvs2], addresses: [192.0.2.11, 192.0.2.12], port: 9443}
    sync_daemon:
      description: The synchronisation of connections. It follows RV(ignore:router), or where that is empty none.
      type: dict
      sample: {enabled: true, id: 51, interface: "", router: ha_web_ipv4}
    handover:
      description:
        - What directors hand over to each other while a VIP moves. RV(ignore:offers) are addresses, protocols and
          ports, RV(ignore:peers) the other directors' addresses, by director and family.
      type: dict
      sample:
        offers: [{family: ipv4, address: 192.0.2.100, protocol: tcp, port: 80}]
        peers: {lvs1: {ipv4: [192.0.2.12], ipv6: []}}
    raw:
      description: Further lines for keepalived's C(global_defs).
      type: list
      elements: str
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
