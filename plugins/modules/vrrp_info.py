#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who speaks VRRP on the network."""

from __future__ import annotations

DOCUMENTATION = r"""
module: vrrp_info
short_description: Listen for routers that speak VRRP
version_added: 0.2.0
author:
  - The lvs.ha_web authors (@lvs)
description:
  - Listens on an interface of the host for VRRP adverts of version 2 and 3, over IPv4 and IPv6, sent by multicast or to
    the host itself, and returns who sent them.
  - Two virtual routers with the same id on one network take each other for one; this finds the other before it does
    harm.
  - Adverts by unicast between other hosts are not heard.
requirements:
  - Linux on the host; root, or CAP_NET_RAW over the network namespace
options:
  interface:
    description: The network interface.
    type: str
    required: true
  seconds:
    description:
      - How long to listen.
      - The default hears a router that speaks once in a second, which is what most do, three times.
    type: float
    default: 3.5
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
"""

EXAMPLES = r"""
- name: Listen for other routers
  lvs.ha_web.vrrp_info:
    interface: eth0
  register: lvs1_vrrp

- name: Stop where the id is taken
  ansible.builtin.assert:
    that: 51 not in lvs1_vrrp.speakers | map(attribute='vrid')
"""

RETURN = r"""
speakers:
  description: Who was heard, in a fixed order; one entry for each sender and virtual router.
  returned: success
  type: list
  elements: dict
  contains:
    source:
      description: The address the adverts came from.
      type: str
      sample: 192.0.2.99
    family:
      description: C(ipv4) or C(ipv6).
      type: str
      sample: ipv4
    version:
      description: Of VRRP.
      type: int
      sample: 3
    vrid:
      description: The id of the virtual router.
      type: int
      sample: 51
    priority:
      description: The sender's; 0 when it resigns.
      type: int
      sample: 100
    advert_interval:
      description: Seconds between adverts, as the sender announces it.
      type: float
      sample: 1.0
    addresses:
      description: The virtual addresses in the advert.
      type: list
      elements: str
      sample: [192.0.2.100]
    adverts:
      description: How many were heard.
      type: int
      sample: 3
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.ha_web.plugins.module_utils import _vrrp


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        {
            "interface": {"type": "str", "required": True},
            "seconds": {"type": "float", "default": 3.5},
        },
        supports_check_mode=True,
    )
    interface, seconds = module.params["interface"], module.params["seconds"]
    try:
        speakers = _vrrp.listen(interface, seconds)
    except PermissionError:
        module.fail_json(msg=f"may not listen on {interface}: run as root (become: true), or with CAP_NET_RAW.")
    except OSError as error:
        module.fail_json(msg=f"cannot listen on {interface}: {error.strerror or error}.")
    module.exit_json(changed=False, speakers=[speaker.as_dict() for speaker in speakers])


if __name__ == "__main__":
    main()
