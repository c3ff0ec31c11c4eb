# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Rulesets that between them have all there is; what each becomes lies in tests/integration/firewall."""

from __future__ import annotations

from typing import Any

from unit.keepalived_examples import EXAMPLES as DIRECTORS_EXAMPLES
from unit.topology_inventories import short

# A host that does nothing else has the page; one of the directors is managed through a network of its own.
MONITOR = short(
    hosts={"mon1": {"ansible_host": "192.0.2.41"}, "lvs1": {"ha_web_management_address": "198.51.100.11"}},
    groups={"monitor": ["mon1"]},
)
# Those of keepalived, and what keepalived has nothing to do with.
TOPOLOGIES = {**DIRECTORS_EXAMPLES, "storage": short(storage={"store1": "192.0.2.31"}), "monitor": MONITOR}

ALLOW = [
    {"protocol": "tcp", "ports": [9100, "8000-8010"], "from": ["192.0.2.0/24", "2001:db8::/64"], "comment": "metrics"},
    {"protocol": "udp", "ports": [53], "to": ["192.0.2.100"], "interface": "eth1"},
    {"protocol": "icmp"},
    {"protocol": "esp", "from": ["203.0.113.7"]},
]
MARKED = [{"protocol": "tcp", "ports": [80, 443], "to": ["192.0.2.100", "2001:db8::100"], "comment": "marked"}]

# The topology, the host, and what the user wishes.
EXAMPLES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "director": ("short", "lvs1", {}),
    "web_server": ("short", "web1", {}),
    "lone_director": ("single_director", "lvs1", {}),
    "director_of_both_families": ("both_families", "lvs2", {}),
    "web_server_of_both_families": ("both_families", "web1", {}),
    "multicast": ("multicast_of_both_families", "lvs1", {}),
    "bfd_and_interface_of_the_daemon": ("virtual_router", "lvs1", {}),
    "protocols": ("service", "lvs1", {}),
    "checks": ("checks", "web1", {}),
    "forwarding_director": ("forwarding", "lvs1", {}),
    "forwarding_web_server": ("forwarding", "web1", {}),
    "every_port": ("service", "web2", {}),
    "groups": ("groups", "lvs1", {}),
    "marks": ("firewall_marks", "lvs1", {"allow": MARKED}),
    "mail_server": ("outside_the_group_web", "mail1", {}),
    "storage": ("storage", "store1", {}),
    "monitor": ("monitor", "mon1", {}),
    "director_without_the_page": ("monitor", "lvs1", {}),
    "bystander": ("outside_the_group_web", "web1", {}),
    "wishes": (
        "short",
        "lvs1",
        {
            "ssh_ports": [22, 2222],
            "ssh_from": ["198.51.100.0/24", "2001:db8:1::/64"],
            "allow": ALLOW,
            "raw": ["ip saddr { 203.0.113.66, 203.0.113.67 } counter drop"],
        },
    ),
}


def topology(name: str) -> Any:
    return TOPOLOGIES[EXAMPLES[name][0]]
