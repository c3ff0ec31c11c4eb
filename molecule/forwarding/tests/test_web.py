# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Every web server: which of its packets take which way."""

from __future__ import annotations

import pytest
from conftest import State

testinfra_hosts = ["ansible://web"]

CLIENT, CLIENT6 = "10.91.16.50", "fd00:91:16::50"
# The server's own addresses, as it knows them.
OWN = 'own=$(ip -4 -o address show dev eth0 | awk \'{ sub("/.*", "", $4); print $4 }\')'
OWN6 = 'own=$(ip -6 -o address show dev eth0 scope global | awk \'{ sub("/.*", "", $4); print $4 }\')'
COMMANDS = {
    "failed": "systemctl list-units --failed --plain --no-legend",
    "nat": f"{OWN}; ip route get {CLIENT} from $own ipproto 6 sport 8000",
    "nat6": f"{OWN6}; ip route get {CLIENT6} from $own ipproto 6 sport 8000",
    "nat of udp": f"{OWN}; ip route get {CLIENT} from $own ipproto 17 sport 9000",
    "another port": f"{OWN}; ip route get {CLIENT} from $own ipproto 6 sport 22",
    "own requests": f"ip route get {CLIENT}",
    "director": f"{OWN}; ip route get 10.91.17.11 from $own ipproto 6 sport 8000",
    "tunnel": f"ip route get {CLIENT} from 10.91.16.102",
    "tunnel6": f"ip route get {CLIENT6} from fd00:91:16::102",
    "direct": f"ip route get {CLIENT} from 10.91.16.100",
    "rp_filter": "sysctl net.ipv4.conf.tunl0.rp_filter",
    "devices": "ip -o address show up",
}


def test_no_unit_has_failed(state: State) -> None:
    assert not state["failed"].text


@pytest.mark.parametrize(
    ("packet", "gateway"),
    [("nat", "10.91.17.254"), ("nat6", "fd00:91:17::fe"), ("nat of udp", "10.91.17.254")],
)
def test_answers_of_nat_go_to_the_gateway(state: State, packet: str, gateway: str) -> None:
    assert f" via {gateway} dev eth0 " in state[packet].text


@pytest.mark.parametrize("packet", ["another port", "own requests", "direct", "tunnel", "tunnel6"])
def test_everything_else_goes_directly(state: State, packet: str) -> None:
    assert " dev eth1 " in state[packet].text
    assert " via " not in state[packet].text


def test_directors_are_answered_directly(state: State) -> None:
    assert state["director"].text.startswith("10.91.17.11 ")
    assert " via " not in state["director"].text


def test_server_announces_what_fits_into_the_tunnel(state: State) -> None:
    """1500 bytes, without 20 or 40 of the tunnel, and without IP and TCP."""
    assert "advmss 1440" in state["tunnel"].text
    assert "advmss 1400" in state["tunnel6"].text
    assert "advmss" not in state["direct"].text


def test_tunnels_end_here(state: State) -> None:
    assert state["rp_filter"].lines == ["net.ipv4.conf.tunl0.rp_filter = 2"]
    assert "tunl0    inet 10.91.16.102/32" in state["devices"].text
    assert "ip6tnl0    inet6 fd00:91:16::102/128" in state["devices"].text
