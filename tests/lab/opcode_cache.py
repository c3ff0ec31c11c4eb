# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What the opcode cache of a web server tells, asked of its running PHP-FPM."""

from __future__ import annotations

import json
from typing import Any

from .cluster import Cluster
from .report import LabError
from .settings import REPO

FACT = "/etc/ansible/facts.d/ha_web_eaccelerator.fact"
SCRIPT = "/usr/local/share/ha-web/eaccelerator/opcache.php"
_FASTCGI = REPO / "plugins/module_utils/_fastcgi.py"
_ASK = f"""
import json, sys
with open("{FACT}") as fact:
    endpoint = json.load(fact)["socket"]
parameters = {{"REQUEST_METHOD": "GET", "SCRIPT_FILENAME": "{SCRIPT}", "QUERY_STRING": "format=json"}}
print(ask(endpoint, parameters)[1])
"""


def snapshot(cluster: Cluster, node: str) -> dict[str, Any]:
    """Return what the cache tells of itself.

    Raises:
        LabError: it tells nothing.
    """
    program = _FASTCGI.read_text(encoding="utf-8") + _ASK
    found: dict[str, Any] = json.loads("".join(cluster.stream(node, ["python3", "-c", program])))
    return found


def at_a_glance(cluster: Cluster, node: str) -> str:
    """Return who serves on a node, and how often it helped."""
    try:
        found = snapshot(cluster, node)
    except (LabError, ValueError):
        return "unknown"
    asked = found["hits"] + found["misses"]
    return f"{found['provider']}: OPcache {found['opcache']}, {found['hits'] / max(asked, 1):.1%} of {asked:,} hit"
