# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Every web server: daemons, sockets, the VIP and who answers ARP for it."""

from __future__ import annotations

import pytest
from conftest import State
from lab.cluster import Cluster

testinfra_hosts = ["ansible://web"]

UNITS = "nginx apache2 $(cd /lib/systemd/system && echo php*-fpm.service)"
COMMANDS = {
    "active": f"systemctl is-active {UNITS}",
    "enabled": f"systemctl is-enabled {UNITS}",
    "failed": "systemctl list-units --failed --plain --no-legend",
    "nginx": "nginx -t",
    "apache": "apache2ctl -t",
    "php": "$(echo /usr/sbin/php-fpm*) -t",
    "tcp": "ss --no-header --listening --tcp --numeric --processes",
    "unix": "ss --no-header --listening --unix",
    "lo": "ip -o address show dev lo",
    "others": "ip -o address show | grep -v ': lo '",
    "sysctl": "sysctl net.ipv4.conf.all.arp_ignore net.ipv4.conf.eth0.arp_ignore"
    " net.ipv4.conf.all.arp_announce net.ipv4.conf.eth0.arp_announce",
}


def test_daemons_run_now_and_at_boot(state: State) -> None:
    assert state["active"].lines == ["active"] * 3
    assert state["enabled"].lines == ["enabled"] * 3


def test_no_unit_has_failed(state: State) -> None:
    assert not state["failed"].text


@pytest.mark.parametrize("daemon", ["nginx", "apache", "php"])
def test_daemon_accepts_its_configuration(state: State, daemon: str) -> None:
    assert state[daemon].code == 0, state[daemon].text


def _listening(state: State, daemon: str) -> set[str]:
    return {line.split()[3] for line in state["tcp"].lines if f'"{daemon}"' in line}


def test_nginx_listens_to_the_world_and_apache_to_this_host_alone(state: State, cluster: Cluster) -> None:
    served = {f"0.0.0.0:{service['port']}" for service in cluster.topology["virtual_services"]}
    assert served <= _listening(state, "nginx")
    apache = _listening(state, "apache2")
    assert apache
    assert all(one.startswith("127.0.0.1:") for one in apache)


def test_php_listens_on_a_unix_socket(state: State) -> None:
    assert "/run/php/" in state["unix"].text


def test_vip_is_on_the_loopback_alone(state: State, cluster: Cluster) -> None:
    assert f"inet {cluster.vip}/32" in state["lo"].text
    assert cluster.vip not in state["others"].text


def test_nobody_answers_arp_for_the_vip(state: State) -> None:
    """The kernel takes the greater of `all` and the interface's own."""
    values = {
        key.strip(): int(value) for key, _equals, value in (line.partition("=") for line in state["sysctl"].lines)
    }
    for name, wanted in (("arp_ignore", 1), ("arp_announce", 2)):
        effective = max(value for key, value in values.items() if key.endswith(name))
        assert effective == wanted
