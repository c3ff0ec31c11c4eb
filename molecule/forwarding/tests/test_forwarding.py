# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Every way of forwarding, as the outside client sees it; on whichever director has the services."""

from __future__ import annotations

import uuid

import pytest
from clients import OWN, OWN6, ask, shares
from lab.cluster import Cluster
from lab.report import wait_for

WEB = {"web1", "web2", "web3"}
SERVICES = {
    "direct routing": ("10.91.16.100", 80),
    "NAT": ("10.91.16.101", 80),
    "tunnel": ("10.91.16.102", 80),
    "mark": ("10.91.16.103", 8081),
    "direct routing, IPv6": ("fd00:91:16::100", 80),
    "NAT, IPv6": ("fd00:91:16::101", 80),
    "tunnel, IPv6": ("fd00:91:16::102", 80),
}


def _packets(cluster: Cluster, service: str) -> tuple[int, int]:
    """Those of a service that the active director has seen come and go back."""
    director = cluster.the_holder()
    assert director
    listed = cluster.run(director, f"ipvsadm --list --numeric --stats --exact {service}")
    words = next(line.split() for line in listed.splitlines() if line.startswith("TCP "))
    return int(words[3]), int(words[4])


@pytest.mark.parametrize("name", SERVICES)
def test_client_is_served_and_known_to_the_server(cluster: Cluster, name: str) -> None:
    address, port = SERVICES[name]
    path = f"/static.txt?{uuid.uuid4().hex}"
    served = shares(ask(cluster, address, port, times=6, path=path))
    assert served.keys() <= WEB
    for node in served:
        logged = cluster.run(node, f"grep -F '{path}' /var/log/nginx/access.log").splitlines()
        assert {line.split()[0] for line in logged} == {OWN6 if ":" in address else OWN}
        assert len(logged) == served[node]


@pytest.mark.parametrize(
    ("service", "through"),
    [
        ("-t 10.91.16.100:80", False),
        ("-t 10.91.16.101:80", True),
        ("-t 10.91.16.102:80", False),
        ("-t [fd00:91:16::101]:80", True),
    ],
)
def test_answers_of_nat_alone_come_back_through_the_director(cluster: Cluster, service: str, through: bool) -> None:
    address = service[3:].rpartition(":")[0].strip("[]")
    before = _packets(cluster, service)
    assert shares(ask(cluster, address, times=3)).keys() <= WEB
    # The kernel adds them up every other second.
    at_least = before[0] + 3 * 3
    _came, went = wait_for(
        f"{at_least} packets", lambda: counted if (counted := _packets(cluster, service))[0] >= at_least else None, 8
    )
    assert (went > before[1]) is through


def test_udp_is_answered_from_the_vip(cluster: Cluster) -> None:
    assert shares(ask(cluster, "10.91.16.101", 9000, kind="udp", times=30)) == dict.fromkeys(sorted(WEB), 10)


@pytest.mark.parametrize("address", ["10.91.16.102", "[fd00:91:16::102]"])
def test_a_large_upload_fits_into_the_tunnel(cluster: Cluster, address: str) -> None:
    """Whole, and without a packet that had to be sent again in smaller ones."""
    too_big = "awk '/^Icmp:/ { print $5 } /^Icmp6InPktTooBigs/ { print $2 }' /proc/net/snmp /proc/net/snmp6"
    script = f"{too_big}; curl -sS --fail --max-time 60 --data-binary @/tmp/upload http://{address}/upload.php;"
    said = cluster.run(cluster.client, f"{{ {script} {too_big}; md5sum < /tmp/upload; }}").split()
    arrived, sent = said[3], said[-2]
    assert arrived == sent
    assert said[:3] == said[4:7]
