# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""A cluster with a monitor, as plain data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from ansible_collections.lvs.ha_web.plugins.filter.monitor_configuration import monitor_configuration
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.derivation import build
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from unit.topology_inventories import DIRECTORS, WEB, long, service

ROLE = Path(__file__).resolve().parents[2] / "roles/monitor"

GROUPS = {"directors": list(DIRECTORS), "web": list(WEB), "all": [*DIRECTORS, *WEB]}
VALUES: dict[str, Any] = {"users": [], "names": [], "preempt": True, "version": "1.2.3"}


def topology(*declared: Any) -> dict[str, Any]:
    """A topology whose nodes have management addresses of a network of their own."""
    made = build(long(*declared or [service(name="web", ports=[80, 443])])).as_dict()
    for node in made["nodes"].values():
        node["management_address"] = node["address"].replace("192.0.2.", "10.0.0.")
    made["monitor"] = {
        "enabled": True,
        "hosts": list(DIRECTORS),
        "addresses": [made["nodes"][name]["management_address"] for name in DIRECTORS],
        "port": 9443,
    }
    return made


def front(node: str = "lvs1", pam_service: str = "", **values: Any) -> str:
    """nginx.conf of a node's front, as the role's template makes it."""
    known = values.pop("topology", None) or topology()
    environment = Environment(loader=FileSystemLoader(ROLE / "templates"), trim_blocks=True, undefined=StrictUndefined)
    written: dict[str, Any] = yaml.safe_load((ROLE / "vars/main.yml").read_text())
    told = {name: written[name] for name in ("__monitor_ciphers", "__monitor_policy")}
    for name in ("folder", "tls", "users_file", "share", "logs", "socket", "run"):
        told[f"__monitor_{name}"] = environment.from_string(written[f"__monitor_{name}"]).render(told)
    return environment.get_template("nginx.conf.j2").render(
        told,
        ansible_managed="Ansible managed",
        inventory_hostname=node,
        ha_web_topology=known,
        monitor_pam_service=pam_service,
        __monitor_made=monitor_configuration(known, GROUPS, node, {**VALUES, **values}),
        __monitor_port=known["monitor"]["port"],
        __monitor_http2_by_listen=True,
        __monitor_web_user="www-data",
    )
