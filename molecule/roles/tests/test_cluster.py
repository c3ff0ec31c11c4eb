# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""A director, made by a playbook that is not this collection's."""

from __future__ import annotations

import pytest
from conftest import State

testinfra_hosts = ["ansible://lvs1"]

COMMANDS = {
    "active": "systemctl is-active keepalived ha-web-firewall ha-web-handover",
    "failed": "systemctl list-units --failed --plain --no-legend",
    "table": "ipvsadm -Sn",
    "sysctl": "sysctl -n net.ipv4.vs.conntrack",
    "rules": "nft list ruleset",
    "eth0": "ip -o address show dev eth0",
    "config": "cat /etc/keepalived/keepalived.conf",
}
VIP, WEB1 = "10.91.18.100", "10.91.18.21"


def test_daemons_run(state: State) -> None:
    assert state["active"].lines == ["active"] * 3
    assert not state["failed"].text


def test_services_have_their_server(state: State) -> None:
    assert {line.split(" -s ")[0].replace(" -g -w 1", "") for line in state["table"].lines} == {
        f"-{kind} -t {VIP}:{port}{server}"
        for port in (80, 81)
        for kind, server in (("A", ""), ("a", f" -r {WEB1}:{port}"))
    }


def test_director_holds_the_vip(state: State) -> None:
    assert f" {VIP}/" in state["eth0"].text


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("sysctl", "1"),
        ("config", "nopreempt"),
        ("rules", "table inet ha_web "),
        ("rules", "table ip ha_web_handover "),
        ("rules", "9200"),
    ],
)
def test_role_did_as_it_was_told(state: State, where: str, words: str) -> None:
    assert words in state[where].text
