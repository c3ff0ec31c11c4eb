# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The ruleset as the role's template makes it, without Ansible's machinery around it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.lvs.ha_web.plugins.filter.firewall_ruleset import firewall_ruleset
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.model import Topology
from jinja2 import Environment, FileSystemLoader, StrictUndefined

ROLE = Path(__file__).resolve().parents[2] / "roles/firewall"
# As Ansible sets it.
_TEMPLATE = Environment(
    loader=FileSystemLoader(ROLE / "templates"), trim_blocks=True, undefined=StrictUndefined
).get_template("firewall.nft.j2")
NOTHING: dict[str, Any] = {"ssh_ports": [22], "ssh_from": [], "allow": [], "raw": []}


def render(topology: Topology, host: str, former: str = "", **wishes: Any) -> str:
    """Return the file of a host; ``wishes`` are the role's variables without their prefix."""
    node = topology.as_dict()["nodes"][host]
    return _TEMPLATE.render(
        ansible_managed="Ansible managed",
        __firewall_ruleset=firewall_ruleset({**NOTHING, **wishes}, node["openings"], former),
        __firewall_own={
            "ip": [address for address in node["addresses"] if ":" not in address],
            "ip6": [address for address in node["addresses"] if ":" in address],
        },
    )
