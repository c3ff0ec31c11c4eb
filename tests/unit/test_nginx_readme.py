# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What a user may write for nginx is shown in the role's README, and what is shown there is right."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from ansible_collections.lvs.ha_web.plugins.filter.nginx_errors import nginx_errors
from ansible_collections.lvs.ha_web.plugins.module_utils._nginx import pools, sites
from unit.nginx_conf import HOSTS, ROLE
from unit.nginx_examples import TLS

README = (ROLE / "README.md").read_text()
BLOCKS = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)]
POOLS = [{"name": name, "servers": ["192.0.2.9:80"]} for name in ("api", "beta", "live")]


@pytest.mark.parametrize(
    "keys",
    [sites.SITE_KEYS, sites.TLS_KEYS, sites.ROUTE_KEYS, sites.CACHE_KEYS, pools.POOL_KEYS, pools.SERVER_KEYS],
)
def test_every_key_is_shown(keys: tuple[str, ...]) -> None:
    assert [key for key in keys if not re.search(rf"\b{key}\b", README)] == []


def shown(key: str) -> Any:
    return next(block[key] for block in BLOCKS if isinstance(block, dict) and key in block)


def test_what_is_shown_is_right() -> None:
    [site] = shown("nginx_sites")
    values = {
        "sites": [{**site, "tls": TLS, "routes": shown("routes")}],
        "pools": [*POOLS[1:], *shown("nginx_pools")[:1]],
    }
    assert not nginx_errors(values, HOSTS)
