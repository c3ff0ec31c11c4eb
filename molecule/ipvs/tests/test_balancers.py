# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Every balancer: the table, and what restores it."""

from __future__ import annotations

import pytest
from testinfra.host import Host

testinfra_hosts = ["ansible://balancers"]

TABLE = """\
-A -t 10.90.0.100:80 -s wrr
-a -t 10.90.0.100:80 -r 10.90.0.21:80 -g -w 1
-a -t 10.90.0.100:80 -r 10.90.0.22:80 -g -w 2
-A -t 10.90.0.100:8080 -s rr
-a -t 10.90.0.100:8080 -r 10.90.0.21:80 -m -w 1
-a -t 10.90.0.100:8080 -r 10.90.0.22:80 -m -w 1
-A -f 7 -s sh -p 300 -b sh-port
-a -f 7 -r 10.90.0.21:0 -g -w 1
-A -u [fd00:90::100]:5060 -s wlc -p 60 --pe sip
-a -u [fd00:90::100]:5060 -r [fd00:90::21]:5060 -g -w 1
"""
OF_ANOTHER_OWNER = "-A -t 10.90.0.200:25 -s rr\n"
MODULES = "ip_vs ip_vs_wrr ip_vs_rr ip_vs_sh ip_vs_wlc ip_vs_pe_sip"


def test_table_is_the_declared_one_and_of_other_owners(host: Host) -> None:
    rules = host.check_output("ipvsadm --save --numeric").splitlines()
    assert sorted(line.strip() for line in rules) == sorted((TABLE + OF_ANOTHER_OWNER).splitlines())


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("--timeout", "Timeout (tcp tcpfin udp): 600 60 300"),
        ("--daemon", "master sync daemon (mcast=eth0, syncid=90,"),
        ("--numeric --thresholds --tcp-service 10.90.0.100:80", "-> 10.90.0.21:80 1000 800"),
    ],
)
def test_what_ipvsadm_does_not_save_is_the_declared_as_well(host: Host, command: str, words: str) -> None:
    assert words in " ".join(host.check_output(f"ipvsadm --list {command}").split())


@pytest.mark.parametrize(("unit", "state"), [("ha-web-ipvs", "enabled"), ("ipvsadm", "masked")])
def test_own_unit_is_the_only_one_that_restores(host: Host, unit: str, state: str) -> None:
    assert host.run(f"systemctl is-enabled {unit}").stdout.strip() == state


def test_modules_are_loaded_at_boot(host: Host) -> None:
    assert host.check_output("grep -v '^#' /etc/modules-load.d/ha-web-ipvs.conf").split() == MODULES.split()


def test_no_unit_has_failed(host: Host) -> None:
    assert not host.check_output("systemctl list-units --failed --plain --no-legend")
