# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Every director: daemon, kernel and configuration."""

from __future__ import annotations

import pytest
from conftest import State
from lab import ipvs_table
from lab.cluster import Cluster

testinfra_hosts = ["ansible://directors"]

COMMANDS = {
    "active": "systemctl is-active keepalived",
    "enabled": "systemctl is-enabled keepalived",
    "restart": "systemctl show --property=Restart --value keepalived",
    "failed": "systemctl list-units --failed --plain --no-legend",
    # As the role does, which says why.
    "config": "unshare --pid --fork keepalived --config-test",
    "table": "ipvsadm --save --numeric",
    "sysctl": "sysctl net.ipv4.ip_forward net.ipv4.vs",
    "sync": "ipvsadm --list --daemon",
    "vip_on_lo": "ip -o address show dev lo scope global",
}


def test_keepalived_runs_now_and_at_boot(state: State) -> None:
    assert (state["active"].text, state["enabled"].text) == ("active", "enabled")


def test_systemd_brings_keepalived_back_whatever_ends_it(state: State) -> None:
    assert state["restart"].text == "always"


def test_no_unit_has_failed(state: State) -> None:
    assert not state["failed"].text


def test_keepalived_accepts_its_configuration(state: State) -> None:
    assert state["config"].code == 0, state["config"].text


def test_kernel_has_the_declared_table(state: State, cluster: Cluster) -> None:
    assert ipvs_table.parse(state["table"].text) == cluster.declared_table


@pytest.mark.parametrize(
    "setting",
    [
        "net.ipv4.ip_forward = 1",
        "net.ipv4.vs.expire_nodest_conn = 1",
        "net.ipv4.vs.expire_quiescent_template = 1",
        "net.ipv4.vs.conn_reuse_mode = 3",
    ],
)
def test_setting_is_in_force(state: State, setting: str) -> None:
    assert setting in state["sysctl"].lines


def test_connections_are_told_to_the_other_directors(state: State) -> None:
    assert "sync daemon" in state["sync"].text


def test_vip_is_not_on_the_loopback(state: State) -> None:
    assert not state["vip_on_lo"].text
