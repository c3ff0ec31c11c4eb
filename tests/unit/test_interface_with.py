# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Interfaces found by address, in facts as Ansible gathers them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.lvs.ha_web.plugins.filter.interface_with import interface_with

FACTS: dict[str, Any] = {
    "interfaces": ["lo", "eth0", "br-lan", "eth1"],
    "lo": {"ipv4": {"address": "127.0.0.1"}, "ipv6": [{"address": "::1"}]},
    "eth0": {
        "ipv4": {"address": "192.0.2.11"},
        "ipv4_secondaries": [{"address": "192.0.2.12"}],
        "ipv6": [{"address": "2001:db8::11"}],
    },
    "br_lan": {"ipv4": {"address": "198.51.100.1"}},
    "eth1": {},
}


@pytest.mark.parametrize(
    ("address", "interface"),
    [
        ("192.0.2.11", "eth0"),
        ("192.0.2.12", "eth0"),
        ("2001:db8::11", "eth0"),
        ("198.51.100.1", "br-lan"),
        ("::1", "lo"),
    ],
)
def test_interface_that_holds_the_address(address: str, interface: str) -> None:
    assert interface_with(FACTS, address) == interface


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        ({**FACTS, "interfaces": ["eth0"]}, "eth0 192.0.2.11, eth0 192.0.2.12, eth0 2001:db8::11"),
        ({}, "none (were network facts gathered?)"),
    ],
)
def test_none_holds_it(facts: dict[str, Any], found: str) -> None:
    with pytest.raises(AnsibleFilterError) as error:
        interface_with(facts, "192.0.2.99")
    assert error.value.message == (
        f"no interface holds the address 192.0.2.99. Found: {found}. Correct ha_web_address, or name the interface."
    )
