# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What a user may write is shown where users look for it, and what is shown there is right."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.lvs.ha_web.plugins.filter.apache_errors import apache_errors
from ansible_collections.lvs.ha_web.plugins.filter.eaccelerator_errors import eaccelerator_errors
from ansible_collections.lvs.ha_web.plugins.filter.firewall_errors import firewall_errors
from ansible_collections.lvs.ha_web.plugins.filter.monitor_errors import monitor_errors
from ansible_collections.lvs.ha_web.plugins.filter.nginx_errors import nginx_errors
from ansible_collections.lvs.ha_web.plugins.filter.php_errors import php_errors
from ansible_collections.lvs.ha_web.plugins.module_utils import _apache, _eaccelerator, _firewall, _monitor, _php
from ansible_collections.lvs.ha_web.plugins.module_utils._nginx import pools, sites
from ansible_collections.lvs.ha_web.plugins.module_utils._topology import (
    checks,
    lvs_timeouts,
    routers,
    services,
    shares,
    tracking,
)
from unit.nginx_conf import HOSTS
from unit.nginx_examples import TLS

ROLES = Path(__file__).resolve().parents[2] / "roles"
# By role and subject.
KEYS = {
    ("validate", "services"): services.SERVICE_KEYS,
    ("validate", "real servers"): services.REAL_SERVER_KEYS,
    ("validate", "endpoints"): services.ENDPOINT_KEYS,
    **{("validate", f"checks of {kind}"): keys for kind, keys in checks.CHECK_KEYS.items()},
    ("validate", "routers"): routers.ROUTER_KEYS,
    ("validate", "vips"): routers.VIP_KEYS,
    ("validate", "routes"): routers.ROUTE_KEYS,
    ("validate", "garp"): tuple(routers.GARP_KEYS),
    ("validate", "sync groups"): routers.SYNC_GROUP_KEYS,
    ("validate", "scripts"): tracking.SCRIPT_KEYS,
    ("validate", "processes"): tracking.PROCESS_KEYS,
    ("validate", "files"): tracking.FILE_KEYS,
    ("validate", "bfd"): tracking.BFD_KEYS,
    ("validate", "fifo"): tracking.FIFO_KEYS,
    ("validate", "timeouts"): lvs_timeouts.TIMEOUT_KEYS,
    ("validate", "notify"): tracking.NOTIFY_KEYS,
    ("validate", "shares"): shares.SHARE_KEYS,
    ("firewall", "allow"): _firewall.ALLOW_KEYS,
    ("nginx", "sites"): sites.SITE_KEYS,
    ("nginx", "tls"): sites.TLS_KEYS,
    ("nginx", "routes"): sites.ROUTE_KEYS,
    ("nginx", "cache"): sites.CACHE_KEYS,
    ("nginx", "pools"): pools.POOL_KEYS,
    ("nginx", "servers"): pools.SERVER_KEYS,
    ("apache", "virtual hosts"): _apache.VIRTUAL_HOST_KEYS,
    ("apache", "access"): _apache.ACCESS_KEYS,
    ("apache", "mpm"): tuple(_apache.MPM),
    ("php", "pools"): _php.POOL_KEYS,
    ("eaccelerator", "directives"): _eaccelerator.KNOWN,
    ("monitor", "users"): _monitor.USER_KEYS,
    **{("php", f"sessions in {store}"): keys for store, keys in _php.SESSION_KEYS.items()},
}


def readme(role: str) -> str:
    return (ROLES / role / "README.md").read_text()


def blocks(role: str) -> list[Any]:
    return [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", readme(role), re.DOTALL)]


def shown(role: str, variable: str) -> list[Any]:
    """Every value that a role's README gives to a variable."""
    found = [block[variable] for block in blocks(role) if isinstance(block, dict) and variable in block]
    assert found
    return found


@pytest.mark.parametrize(("role", "subject"), KEYS)
def test_every_key_is_shown(role: str, subject: str) -> None:
    assert [key for key in KEYS[role, subject] if not re.search(rf"\b{key}\b", readme(role))] == []


@pytest.mark.parametrize("role", sorted(path.name for path in ROLES.iterdir()))
def test_what_is_shown_is_yaml(role: str) -> None:
    assert all(blocks(role))


@pytest.mark.parametrize("pattern", ["roles/*", "plugins/modules/*.py", "docs/*.md"])
def test_the_front_page_names_all(pattern: str) -> None:
    text = (ROLES.parent / "README.md").read_text()
    names = [path.stem for path in ROLES.parent.glob(pattern)]
    assert [name for name in names if not re.search(rf"[`/.]{name}(`|/|\.md)", text)] == []


def test_what_is_shown_of_nginx_is_right() -> None:
    [[site]], [routes], [[api, shards]] = (shown("nginx", name) for name in ("nginx_sites", "routes", "nginx_pools"))
    others = [{"name": name, "servers": ["192.0.2.9:80"]} for name in ("beta", "live")]
    values = {
        "sites": [{**site, "tls": TLS, "routes": routes}],
        "pools": [api, {**shards, "servers": ["192.0.2.9:81"]}, *others],
    }
    assert not nginx_errors(values, HOSTS)


def test_what_is_shown_of_apache_is_right() -> None:
    [hosts], [mpm] = shown("apache", "apache_virtual_hosts"), shown("apache", "apache_mpm")
    values = {"document_root": "/srv", "allow_override": "None", "modules": [], "trusted_proxies": [], "status_port": 0}
    assert not apache_errors({**values, "virtual_hosts": hosts, "mpm": mpm})


@pytest.mark.parametrize("sessions", shown("php", "php_sessions"), ids=lambda sessions: sessions["store"])
def test_what_is_shown_of_php_is_right(sessions: dict[str, Any]) -> None:
    [declared] = shown("php", "php_pools")
    assert not php_errors({"pools": declared, "sessions": sessions, "settings": {}, "extensions": []})


def test_what_is_shown_of_the_firewall_is_right() -> None:
    names = ("ssh_ports", "ssh_from", "allow", "raw")
    assert not firewall_errors({name: shown("firewall", f"firewall_{name}")[0] for name in names})


def test_what_is_shown_of_eaccelerator_is_right() -> None:
    values = {
        "provider": "auto",
        "settings": shown("eaccelerator", "eaccelerator_settings")[0],
        "control_users": shown("eaccelerator", "eaccelerator_control_users")[0],
        "control_secret": shown("eaccelerator", "eaccelerator_control_secret")[0],
        "port": shown("eaccelerator", "ha_web_eaccelerator_port")[0],
        "php": {
            "pools": shown("php", "php_pools")[0],
            "sessions": {"store": "files"},
            "settings": {},
            "extensions": [],
        },
    }
    assert not eaccelerator_errors(values, "8.2")


def test_what_is_shown_of_the_monitor_is_right() -> None:
    [users], [names] = shown("monitor", "monitor_users"), shown("monitor", "monitor_names")
    assert not monitor_errors({"users": users, "names": names, "retention": "15d", "retention_size": "1GB"})
