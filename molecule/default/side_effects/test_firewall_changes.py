# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What may be done to the firewall of a node, by hand, by other services and by the playbook."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from lab import playbook
from lab.cluster import Cluster
from lab.report import wait_for
from lab.settings import REPO

SITE = REPO / "playbooks/site.yml"
OPEN = Path(__file__).with_name("open.yml")
NODE = "web1"
LIST = "nft --stateless --numeric-protocol list table inet ha_web"
# ssh's port is open, and nobody else uses it here.
ECHO = """
import socket
connection, _peer = socket.create_server(("", 22)).accept()
while data := connection.recv(100):
    connection.sendall(data)
"""
SPEAKER = """
import socket, sys, time
connection = socket.create_connection((sys.argv[1], 22), 5)
for number in range(60):
    connection.sendall(b"x")
    assert connection.recv(1) == b"x"
    print(number, flush=True)
    time.sleep(0.1)
"""


def changed(cluster: Cluster, play: Path, *arguments: str, **variables: Any) -> int:
    """Run the plays of the firewall on one node; return how many tasks changed something."""
    wanted = (f"--limit={NODE}", "--tags=firewall", "--extra-vars", json.dumps(variables), *arguments)
    return playbook.changes(cluster.engine, cluster.inventory, play, *wanted)[NODE]


def refused(cluster: Cluster, **variables: Any) -> str:
    wanted = (f"--limit={NODE}", "--tags=firewall", "--extra-vars", json.dumps(variables))
    return playbook.refused(cluster.engine, cluster.inventory, SITE, *wanted)


def ruleset(cluster: Cluster) -> str:
    return cluster.run(NODE, f"{LIST}; cat /etc/ha-web-firewall.nft")


@pytest.mark.parametrize(
    "by_hand",
    [
        "nft delete table inet ha_web",
        "nft insert rule inet ha_web input accept;"
        " nft add element inet ha_web services_ipv4 '{ 192.0.2.1 . tcp . 8080 }'",
        "systemctl disable --now ha-web-firewall",
    ],
)
def test_what_somebody_changed_by_hand_is_put_right(cluster: Cluster, by_hand: str) -> None:
    before = ruleset(cluster)
    cluster.run(NODE, by_hand)
    assert changed(cluster, SITE) == 1
    assert ruleset(cluster) == before
    state = cluster.run(NODE, "systemctl is-enabled ha-web-firewall; systemctl is-active ha-web-firewall")
    assert state == "enabled\nactive\n"


def test_table_of_others_stays(cluster: Cluster) -> None:
    verbs = "systemctl reload ha-web-firewall; systemctl restart ha-web-firewall"
    left = cluster.run(NODE, f"nft add table inet somebody; {verbs}; nft list tables; nft delete table inet somebody")
    assert "table inet somebody" in left


def test_distributions_service_does_not_leave_the_host_open(cluster: Cluster) -> None:
    """Its file begins with flush ruleset."""
    before = ruleset(cluster)
    for verb in ("start", "reload", "restart", "stop"):
        cluster.run(NODE, f"nft add table inet somebody; systemctl {verb} nftables")
        assert "somebody" not in cluster.run(NODE, "nft list tables")
        assert ruleset(cluster) == before


def test_tracked_connection_survives_reload_and_restart(cluster: Cluster) -> None:
    cluster.run(NODE, f"setsid timeout 30 python3 -c '{ECHO}' >/dev/null 2>&1 </dev/null &")
    wait_for("the listener", lambda: ":22 " in cluster.run(NODE, "ss -ltn"), 10)
    speaks = cluster.stream(cluster.client, ["python3", "-c", SPEAKER, cluster.address(NODE)])
    assert next(speaks) == "0\n"
    cluster.run(NODE, "systemctl restart ha-web-firewall; systemctl reload ha-web-firewall")
    assert cluster.run(NODE, "ss --no-header --tcp state established '( sport = :22 )'"), "it must have lasted"
    assert list(speaks)[-1] == "59\n"


def test_invalid_line_is_refused_and_the_old_ruleset_serves(cluster: Cluster) -> None:
    before = ruleset(cluster)
    assert "nonsense" in refused(cluster, firewall_raw=["nonsense"])
    assert ruleset(cluster) == before


def test_role_does_not_lock_ansible_out(cluster: Cluster) -> None:
    """As if it came over ssh to a port that would be closed."""
    before = ruleset(cluster)
    came = "198.51.100.7 51234 192.0.2.21 2222"
    words = refused(cluster, ansible_python_interpreter=f"/usr/bin/env 'SSH_CONNECTION={came}' /usr/bin/python3")
    assert "Ansible came over ssh from 198.51.100.7 to port 2222, which would be closed." in words
    assert ruleset(cluster) == before


def ports(cluster: Cluster) -> set[str]:
    """At which the node accepts what is for the VIP."""
    return set(re.findall(rf"{cluster.vip} \. 6 \. (\d+)", cluster.run(NODE, LIST)))


def test_nothing_closes_before_the_directors_know(cluster: Cluster) -> None:
    moved = {"ha_web_virtual_services": [{"name": "web", "ports": [8080]}]}
    changed(cluster, OPEN, **moved)
    assert ports(cluster) == {"80", "8080"}
    assert not changed(cluster, OPEN, **moved)
    changed(cluster, SITE, **moved)
    assert ports(cluster) == {"8080"}
    assert changed(cluster, SITE)


def test_turned_off_nothing_is_left(cluster: Cluster) -> None:
    before = ruleset(cluster)
    assert changed(cluster, SITE, "--check", ha_web_firewall=False)
    assert ruleset(cluster) == before
    assert changed(cluster, SITE, ha_web_firewall=False)
    files = "/etc/ha-web-firewall.nft /etc/systemd/system/*ha-web-firewall* /etc/systemd/system/*/*ha-web-firewall*"
    assert not cluster.run(NODE, f"nft list tables | grep ha_web; ls {files} 2>/dev/null || true")
    assert not changed(cluster, SITE, ha_web_firewall=False)
    assert changed(cluster, SITE)
    assert ruleset(cluster) == before
