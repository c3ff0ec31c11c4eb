# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The files on directors by which operators tell keepalived to drain a real server, or to give up the VIPs.

keepalived watches them (track_file), so they outlast a reload, a restart and a reboot, and are obeyed within moments.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

FOLDER = "/var/lib/ha-web/track"
# 1 gives up all VIPs to directors that live, 0 takes part again.
STANDBY = f"{FOLDER}/director/standby"

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]*")


def server_file(service: str, server: str, address: str) -> str:
    """The number in it is added to the weight that is declared; below no weight there is nothing but 0."""
    return f"{FOLDER}/servers/{service}/{server if _FILE_NAME.fullmatch(server) else address}"


def keepalived_weighs(service: Mapping[str, Any], server: Mapping[str, Any]) -> bool:
    """Tell whether keepalived may give a server of the normalised topology other weights than are declared or ordered.

    It may where a check changes them, keeps a failed server in the table, or is not ours to read.
    """
    checks = server["checks"] or service["checks"]
    return any(
        (
            *(one["inhibit_on_failure"] or one["raw"] for one in (service, server)),
            *(check["dynamic_weight"] or check["track_file"] or check["raw"] for check in checks),
        )
    )
