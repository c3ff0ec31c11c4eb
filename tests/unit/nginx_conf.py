# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""nginx.conf as the role's template makes it, without Ansible's machinery around it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from ansible.plugins.filter.core import FilterModule
from ansible_collections.lvs.ha_web.plugins.filter.nginx_configuration import nginx_configuration
from jinja2 import Environment, FileSystemLoader, StrictUndefined

ROLE = Path(__file__).resolve().parents[2] / "roles/nginx"
HOSTS = {"web1": {"ha_web_address": "192.0.2.21"}, "web2": {"ansible_host": "2001:db8::22"}}


def _environment() -> Environment:
    # As Ansible sets it; a name that is not known must not render as nothing.
    environment = Environment(loader=FileSystemLoader(ROLE / "templates"), trim_blocks=True, undefined=StrictUndefined)
    environment.filters.update(FilterModule().filters())
    return environment


_TEMPLATE = _environment().get_template("nginx.conf.j2")
_VARS: dict[str, Any] = yaml.safe_load((ROLE / "vars/Debian.yml").read_text())


def render(http2_by_listen: bool = True, remote: dict[str, str] | None = None, **values: Any) -> str:
    """Return the file of web1; ``values`` are the role's variables without their prefix."""
    return _TEMPLATE.render(
        ansible_managed="Ansible managed",
        __nginx_user=_VARS["__nginx_user"],
        __nginx_configuration=nginx_configuration(values, HOSTS, "web1", http2_by_listen),
        __nginx_remote={
            "results": [
                {"item": file, "stat": {"exists": True, "checksum": checksum}}
                for file, checksum in (remote or {}).items()
            ]
        },
    )
