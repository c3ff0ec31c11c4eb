# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""keepalived.conf as the role's templates make it, without Ansible's machinery around them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from ansible.plugins.filter.core import FilterModule
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.model import Topology
from jinja2 import Environment, FileSystemLoader, StrictUndefined

# Of every page, as no server is asked.
DIGEST = "0123456789abcdef0123456789abcdef"
ROLE = Path(__file__).resolve().parents[2] / "roles/keepalived"


def _environment() -> Environment:
    # As Ansible sets it; a name that is not known must not render as nothing.
    environment = Environment(loader=FileSystemLoader(ROLE / "templates"), trim_blocks=True, undefined=StrictUndefined)
    environment.filters.update(FilterModule().filters())
    return environment


_TEMPLATE = _environment().get_template("keepalived.conf.j2")
_VARS: dict[str, Any] = yaml.safe_load((ROLE / "vars/main.yml").read_text())


def render(topology: Topology, director: str = "lvs1", **variables: Any) -> str:
    """Return the file of a director whose interface is eth0."""
    described = topology.as_dict()
    return _TEMPLATE.render(
        ansible_managed="Ansible managed",
        inventory_hostname=director,
        ha_web_topology=described,
        keepalived_interface="eth0",
        __keepalived_pages={"digests": {page.name: DIGEST for page in topology.pages}},
        **{"keepalived_preempt": True, "keepalived_preempt_delay": 5, **variables},
        **{name: value for name, value in _VARS.items() if "{{" not in str(value)},
    )
