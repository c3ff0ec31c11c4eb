# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Which server a client gets."""

from __future__ import annotations

import ipaddress

import pytest
from clients import MANY, MANY6, PROGRAMS, ask, servers_of, shares
from lab import ipvs_table
from lab.cluster import Cluster

WEB = ["web1", "web2", "web3"]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        # In turn, and in turn by weight: whole rounds are exact.
        ("10.91.16.100", {"web1": 10, "web2": 10, "web3": 10}),
        ("fd00:91:16::101", {"web1": 10, "web2": 10, "web3": 10}),
        ("10.91.16.101", {"web1": 5, "web2": 10, "web3": 15}),
    ],
    ids=["rr", "rr of IPv6", "wrr"],
)
def test_servers_take_turns(cluster: Cluster, address: str, expected: dict[str, int]) -> None:
    assert shares(ask(cluster, address, times=30)) == expected


@pytest.mark.parametrize(
    ("address", "sources"), [("10.91.16.102", MANY), ("fd00:91:16::100", MANY6)], ids=["sh", "mh of IPv6"]
)
def test_a_source_keeps_its_server_and_many_are_spread(cluster: Cluster, address: str, sources: list[str]) -> None:
    met = servers_of(ask(cluster, address, times=2, sources=sources))
    assert [source for source, servers in met.items() if len(servers) != 1] == []
    assert set().union(*met.values()) == set(WEB)


def test_open_connections_are_in_proportion_to_the_weights(cluster: Cluster) -> None:
    """wlc: each new one goes where there are the fewest for the weight."""
    director = cluster.the_holder()
    assert director
    holding = cluster.stream(
        cluster.client, ["python3", "-c", (PROGRAMS / "hold.py").read_text(), "10.91.16.106", "80", "60", "30"]
    )
    pid = next(holding).strip()
    listed = cluster.run(director, "ipvsadm --list --numeric --tcp-service 10.91.16.106:80")
    cluster.run(cluster.client, f"kill -KILL {pid}")
    held = {line.split()[1]: int(line.split()[4]) for line in listed.splitlines() if "Route" in line}
    assert sum(held.values()) == 60, listed
    for server, share in (("10.91.17.21:80", 10), ("10.91.17.22:80", 20), ("10.91.17.23:80", 30)):
        assert abs(held[server] - share) <= 1, listed


def test_with_persistence_a_client_stays(cluster: Cluster) -> None:
    met = servers_of(ask(cluster, "10.91.16.104", times=3, sources=MANY))
    assert [source for source, servers in met.items() if len(servers) != 1] == []
    assert set().union(*met.values()) == set(WEB)


def test_with_a_netmask_clients_of_a_network_stay_together(cluster: Cluster) -> None:
    met = servers_of(ask(cluster, "10.91.16.105", sources=MANY))
    networks: dict[str, set[str]] = {}
    for source, servers in met.items():
        networks.setdefault(str(ipaddress.ip_network(f"{source}/28", strict=False)), set()).update(servers)
    assert [network for network, servers in networks.items() if len(servers) != 1] == []
    assert set().union(*networks.values()) == set(WEB)


def test_a_mark_joins_ports(cluster: Cluster) -> None:
    """A client that stays on a server does so on all ports that have the mark."""
    first, second = (servers_of(ask(cluster, "10.91.16.103", port, sources=MANY)) for port in (8081, 8082))
    assert first == second
    assert set().union(*first.values()) == set(WEB)


def test_all_directors_have_the_declared_table(cluster: Cluster) -> None:
    tables = {
        node: ipvs_table.parse(cluster.run(node, "ipvsadm --save --numeric"))
        for node in cluster.directors
        if cluster.is_up(node)
    }
    assert tables == dict.fromkeys(tables, cluster.declared_table)
