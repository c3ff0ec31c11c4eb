# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Ansible's variables as the topology reads them: what hosts share is computed once, what is theirs is their own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.declaration import Inventory, UnreadableError
from ansible_collections.lvs.ha_web.plugins.plugin_utils._inventory import inventory

NAMES = [f"web{one}" for one in range(40)]


class Counted(HostVars):
    """Counts how often a host's variables are collected."""

    collected = 0

    def raw_get(self, host_name: str) -> Any:
        type(self).collected += 1
        return super().raw_get(host_name)


def declared(folder: Path, shared: dict[str, Any], own: dict[str, dict[str, Any]] | None = None) -> Inventory:
    hosts = {name: {"ansible_host": f"192.0.2.{one}", **(own or {}).get(name, {})} for one, name in enumerate(NAMES)}
    file = folder / "hosts.json"
    file.write_text(json.dumps({"all": {"vars": shared, "children": {"web": {"hosts": hosts}}}}))
    loader = DataLoader()
    manager = InventoryManager(loader=loader, sources=[str(file)])
    variables = VariableManager(loader=loader, inventory=manager)
    Counted.collected = 0
    return inventory(Counted(inventory=manager, variable_manager=variables, loader=loader), manager.get_groups_dict())


def test_hosts_share_one_value(tmp_path: Path) -> None:
    services = [{"name": "web", "address": "{{ vip }}", "real_servers": "{{ groups['web'] }}"}]
    found = declared(tmp_path, {"ha_web_virtual_services": services, "vip": "192.0.2.100"})
    values = [found.read(name, "ha_web_virtual_services") for name in NAMES for _time in range(3)]
    assert values[0] == [{"name": "web", "address": "192.0.2.100", "real_servers": NAMES}]
    assert all(value is values[0] for value in values)
    assert Counted.collected <= 2 * len(NAMES)


def test_each_host_has_its_own(tmp_path: Path) -> None:
    other = {"web7": {"ha_web_virtual_services": [{"name": "other"}]}}
    found = declared(
        tmp_path, {"ha_web_virtual_services": [{"name": "web"}], "ha_web_address": "{{ ansible_host }}"}, other
    )
    assert [found.read(name, "ha_web_address") for name in NAMES] == [f"192.0.2.{one}" for one in range(len(NAMES))]
    names = [found.read(name, "ha_web_virtual_services")[0]["name"] for name in NAMES]
    assert names == ["other" if name == "web7" else "web" for name in NAMES]
    assert found.read("web1", "ha_web_vip") is None


def test_template_that_fails_is_told_of_every_host(tmp_path: Path) -> None:
    found = declared(tmp_path, {"ha_web_sync_daemon": {"interface": "{{ nothing }}"}})
    for name in NAMES[:2]:
        with pytest.raises(UnreadableError, match="nothing"):
            found.read(name, "ha_web_sync_daemon")
