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
  description: The virtual services with their destinations, in a fixed order.
  returned: always
  type: list
  elements: dict
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
    live = kernel.live() if with_statistics else {}
    statistics = [
        {
            "service": str(key),
            **live[key].statistics,
            "destinations": [{"destination": name, **figures} for name, figures in live[key].destinations.items()],
        }
        for key in sorted(live)
    ]
    return {
        **declaration.as_parameters(table),
        "statistics": statistics,
        "rules": rules.table(table),
        **kernel.information(),
    }


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
