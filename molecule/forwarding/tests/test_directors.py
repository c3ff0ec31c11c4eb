# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Every director: the table, and what the kernel is told for NAT and tunnels."""

from __future__ import annotations

import pytest
from conftest import State
from lab import ipvs_table
from lab.cluster import Cluster

testinfra_hosts = ["ansible://directors"]

COMMANDS = {
    "failed": "systemctl list-units --failed --plain --no-legend",
    # As the first process of a namespace, as the role does it: keepalived 2.2.7 ends itself after a look at a script.
    "config": "unshare --pid --fork keepalived --config-test",
    "table": "ipvsadm --save --numeric",
    "sysctl": "sysctl net.ipv4.ip_forward net.ipv4.vs net.ipv6.conf.all.forwarding"
    " net.ipv4.conf.all.send_redirects net.ipv4.conf.eth0.send_redirects",
}


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
        "net.ipv6.conf.all.forwarding = 1",
        "net.ipv4.conf.all.send_redirects = 0",
        "net.ipv4.conf.eth0.send_redirects = 0",
        "net.ipv4.vs.conntrack = 0",
        "net.ipv4.vs.pmtu_disc = 1",
    ],
)
def test_setting_is_in_force(state: State, setting: str) -> None:
    assert setting in state["sysctl"].lines
