#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The kernel's load balancing table as it is."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ipvs_info
short_description: Read the kernel's IPVS table
version_added: 0.2.0
author:
  - The lvs.ha_web authors (@lvs)
description:
  - Returns virtual services, destinations, connection synchronisation daemons, time-outs and figures of IPVS (the Linux
    Virtual Server) from the kernel of the host.
  - RV(services), RV(sync_daemons) and RV(timeouts) are what M(lvs.ha_web.ipvs) takes; given back to it unchanged, they
    change nothing.
  - It shows what the kernel holds, also what M(lvs.ha_web.ipvs) would refuse to declare.
requirements:
  - Linux with IPVS (module C(ip_vs)) on the host; root, or CAP_NET_ADMIN over the network namespace
options:
  statistics:
    description: Read also RV(statistics).
    type: bool
    default: true
attributes:
  check_mode:
    description: Changes nothing, in either mode.
    support: full
  diff_mode:
    description: Changes nothing.
    support: N/A
  platform:
    description: Where it runs.
    support: full
    platforms: linux
seealso:
  - module: lvs.ha_web.ipvs
"""

EXAMPLES = r"""
- name: Read the table
  lvs.ha_web.ipvs_info:
  register: lvs1_table

- name: Show it as ipvsadm would
  ansible.builtin.debug:
    msg: "{{ lvs1_table.rules }}"

- name: Put it back as it was
  lvs.ha_web.ipvs:
    state: exact
    services: "{{ lvs1_table.services }}"
    sync_daemons: "{{ lvs1_table.sync_daemons }}"
    timeouts: "{{ lvs1_table.timeouts }}"
"""

RETURN = r"""
services:
  description: The virtual services with their destinations, in a fixed order, as O(lvs.ha_web.ipvs#module:services)
    takes them.
  returned: success
  type: list
  elements: dict
  sample:
    - address: 192.0.2.100
      port: 80
      protocol: tcp
      scheduler: wlc
      destinations:
        - address: 192.0.2.22
          port: 80
          forwarding: dr
          weight: 2
          upper_threshold: 100
          lower_threshold: 0
        - address: 192.0.2.23
          port: 80
          forwarding: dr
          weight: 1
          upper_threshold: 0
          lower_threshold: 0
sync_daemons:
  description: The connection synchronisation daemons that run.
  returned: success
  type: list
  elements: dict
  sample:
    - state: master
      interface: eth0
      sync_id: 51
      multicast_group: 224.0.0.81
      multicast_port: 8848
      multicast_ttl: 1
      max_length: 1472
timeouts:
  description: After how many seconds connections are forgotten.
  returned: success
  type: dict
  sample: {tcp: 900, tcp_fin: 120, udp: 300}
rules:
  description: The table in the words of C(ipvsadm). C(ipvsadm --restore) makes the same of an empty one.
  returned: success
  type: list
  elements: str
  sample:
    - -A -t 192.0.2.100:80 -s wlc
    - -a -t 192.0.2.100:80 -r 192.0.2.22:80 -g -w 2 -x 100
    - -a -t 192.0.2.100:80 -r 192.0.2.23:80 -g -w 1
    - --set 900 120 300
statistics:
  description: What each service and each of its destinations has done. Newer kernels sum it up every two seconds.
  returned: O(statistics=true)
  type: list
  elements: dict
  contains:
    service:
      description: The service.
      type: str
      sample: 10.9.0.1:80/tcp
    destinations:
      description: The same figures for each destination, which RV(ignore:destination) names, and its
        RV(ignore:active_connections), RV(ignore:inactive_connections) and RV(ignore:persistent_connections) now.
      type: list
      elements: dict
    connections:
      description: Connections since the service exists; likewise C(packets_in), C(packets_out), C(bytes_in) and
        C(bytes_out).
      type: int
      sample: 7
    connections_per_second:
      description: Connections in a second, of late; likewise C(packets_in_per_second), C(packets_out_per_second),
        C(bytes_in_per_second) and C(bytes_out_per_second).
      type: int
      sample: 2
version:
  description: Of IPVS in the kernel.
  returned: success
  type: str
  sample: 1.2.1
connection_table_size:
  description: Buckets of the kernel's table of connections.
  returned: success
  type: int
  sample: 4096
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs import declaration, rules
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.kernel import Kernel, KernelError


def read(kernel: Kernel, with_statistics: bool) -> dict[str, Any]:
    """Return all that the kernel tells.

    Raises:
        KernelError: it cannot be asked.
    """
    table = kernel.table()
    content = {**declaration.as_parameters(table), "rules": rules.table(table), **kernel.information()}
    if with_statistics:
        live = kernel.live()
        content["statistics"] = [
            {
                "service": str(key),
                **live[key].statistics,
                "destinations": [{"destination": name, **figures} for name, figures in live[key].destinations.items()],
            }
            for key in sorted(live)
        ]
    return content


def main() -> None:
    """Run the module."""
    module = AnsibleModule({"statistics": {"type": "bool", "default": True}}, supports_check_mode=True)
    try:
        with Kernel() as kernel:
            content = read(kernel, module.params["statistics"])
    except KernelError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, **content)


if __name__ == "__main__":
    main()
