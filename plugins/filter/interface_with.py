# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Find a host's network interface by an address it holds."""

from __future__ import annotations

DOCUMENTATION = r"""
name: interface_with
short_description: The network interface of a host that holds an address
version_added: 0.1.0
author:
  - The lvs.ha_web authors (@lvs)
description:
  - Looks through the facts of a host for the interface that holds an IP address, as its primary address or as a
    further one.
options:
  _input:
    description: The variable C(ansible_facts), with the subset C(network).
    type: dict
    required: true
  address:
    description: The IPv4 or IPv6 address.
    type: str
    required: true
positional: address
"""

EXAMPLES = r"""
- name: Say which interface faces the cluster
  ansible.builtin.debug:
    msg: "{{ ansible_facts | lvs.ha_web.interface_with(ha_web_address) }}"
"""

RETURN = r"""
_value:
  description: The name of the interface, as the kernel spells it.
  type: str
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError


def interface_with(facts: Mapping[str, Any], address: str) -> str:
    held = dict(_held_addresses(facts))
    if address in held:
        return held[address]
    found = ", ".join(f"{name} {other}" for other, name in held.items()) or "none (were network facts gathered?)"
    raise AnsibleFilterError(
        f"no interface holds the address {address}. Found: {found}. Correct ha_web_address, or name the interface."
    )


def _held_addresses(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in facts.get("interfaces", ()):
        # Facts spell eth0-1 as eth0_1 in their keys.
        interface = facts.get(name.replace("-", "_"), {})
        held = [interface.get("ipv4", {}), *interface.get("ipv4_secondaries", ()), *interface.get("ipv6", ())]
        for entry in held:
            if "address" in entry:
                yield entry["address"], name


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"interface_with": interface_with}
