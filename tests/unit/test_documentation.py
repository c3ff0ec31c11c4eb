# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What a user may write is shown where users look for it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.lvs.ha_web.plugins.module_utils._topology import (
    checks,
    lvs_timeouts,
    routers,
    services,
    shares,
    tracking,
)

README = (Path(__file__).resolve().parents[2] / "roles/validate/README.md").read_text()
KEYS = {
    "services": services.SERVICE_KEYS,
    "real servers": services.REAL_SERVER_KEYS,
    "endpoints": services.ENDPOINT_KEYS,
    **checks.CHECK_KEYS,
    "routers": routers.ROUTER_KEYS,
    "vips": routers.VIP_KEYS,
    "routes": routers.ROUTE_KEYS,
    "garp": tuple(routers.GARP_KEYS),
    "sync groups": routers.SYNC_GROUP_KEYS,
    "scripts": tracking.SCRIPT_KEYS,
    "processes": tracking.PROCESS_KEYS,
    "files": tracking.FILE_KEYS,
    "bfd": tracking.BFD_KEYS,
    "fifo": tracking.FIFO_KEYS,
    "timeouts": lvs_timeouts.TIMEOUT_KEYS,
    "notify": tracking.NOTIFY_KEYS,
    "shares": shares.SHARE_KEYS,
}


@pytest.mark.parametrize("subject", KEYS)
def test_every_key_is_shown(subject: str) -> None:
    assert [key for key in KEYS[subject] if not re.search(rf"\b{key}\b", README)] == []


def test_what_is_shown_is_yaml() -> None:
    for block in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL):
        assert yaml.safe_load(block)
