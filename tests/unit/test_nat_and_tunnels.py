# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What NAT and tunnels ask of the real servers, and what is said where a gateway is declared wrongly."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.derivation import build
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.model import NatReply, TunnelEnd
from unit.keepalived_examples import BOTH_FAMILIES, VIP6
from unit.topology_inventories import VIP, Inventory, long, report_of, service

GATEWAY, GATEWAY6 = "192.0.2.254", "2001:db8::fe"
API = 'ha_web_virtual_services[0] "api"'
TWO_ROUTERS = [{"name": "a", "master": "lvs1"}, {"name": "b", "master": "lvs1", "vips": [GATEWAY]}]


def nat(**changes: Any) -> Inventory:
    return long(service(forwarding="nat", ports=[80]), **{"ha_web_nat_gateway": GATEWAY, **changes})


def test_answers_of_nat_go_through_the_gateway_which_moves_with_the_services() -> None:
    topology = build(
        long(
            service(forwarding="nat", ports=[80], real_servers=[{"name": "web1", "port": 8080}, "web2"]),
            service(name="names", forwarding="nat", protocol="udp", ports=[53], check={"type": "ping"}),
            service(name="six", forwarding="nat", address=VIP6),
            service(name="dr", address="192.0.2.101", ports=[80]),
            hosts=BOTH_FAMILIES,
            ha_web_nat_gateway=[GATEWAY, GATEWAY6],
        )
    )
    assert topology.nodes["web1"].nat_replies == [
        NatReply("192.0.2.21", "tcp", 8080, GATEWAY),
        NatReply("192.0.2.21", "udp", 53, GATEWAY),
        NatReply("2001:db8::21", "tcp", 443, GATEWAY6),
    ]
    assert topology.nodes["web2"].nat_replies[0] == NatReply("192.0.2.22", "tcp", 80, GATEWAY)
    assert [router.vips[-1] for router in topology.virtual_routers] == [f"{GATEWAY}/32", f"{GATEWAY6}/128"]
    assert [offered.nat_gateway for offered in topology.virtual_services] == [GATEWAY, GATEWAY, GATEWAY6, ""]
    assert [line.rpartition("   ")[2] for line in topology.summary[:3]] == [
        f"answers through {gateway}" for gateway in (GATEWAY, GATEWAY, GATEWAY6)
    ]
    assert topology.nodes["lvs1"].addresses == ["192.0.2.11", "2001:db8::11"]


def test_a_sorry_server_by_nat_answers_through_the_gateway_too() -> None:
    topology = build(
        long(
            service(sorry_server={"name": "spare", "forwarding": "nat", "port": 81}),
            hosts={"spare": {"ansible_host": "192.0.2.50"}},
            ha_web_nat_gateway=GATEWAY,
        )
    )
    assert topology.nodes["spare"].nat_replies == [NatReply("192.0.2.50", "tcp", 81, GATEWAY)]
    assert topology.nodes["web1"].nat_replies == []


def test_all_of_a_marks_answers_go_through_the_gateway_of_its_group_and_nobody_else_holds_that() -> None:
    topology = build(
        long(
            {"name": "marked", "fwmark": 1, "forwarding": "nat", "check": {"type": "ping"}, "router": "a"},
            {"name": "told", "fwmark": 2, "check": {"type": "ping"}, "router": "a"},
            ha_web_nat_gateway=GATEWAY,
            ha_web_virtual_routers=[{"name": "a", "vips": [VIP, GATEWAY]}],
        )
    )
    node = topology.nodes["web1"]
    assert node.nat_replies == [NatReply("192.0.2.21", "", 0, GATEWAY)]
    assert node.local_vips == [VIP]


def test_routers_of_one_group_share_their_gateway() -> None:
    declared = long(
        service(forwarding="nat", ports=[80], router="a"),
        ha_web_nat_gateway=GATEWAY,
        ha_web_virtual_routers=TWO_ROUTERS,
        ha_web_sync_groups=[{"name": "all", "routers": ["a", "b"]}],
    )
    assert build(declared).virtual_services[0].nat_gateway == GATEWAY


@pytest.mark.parametrize(
    ("changes", "end"),
    [
        ({}, TunnelEnd("ipip", "ipv4", "ipv4", 0, 20, [VIP])),
        ({"tunnel_type": "gre"}, TunnelEnd("gre", "ipv4", "ipv4", 0, 24, [VIP])),
        ({"tunnel_type": "gre", "tunnel_checksum": "csum"}, TunnelEnd("gre", "ipv4", "ipv4", 0, 28, [VIP])),
        ({"tunnel_type": "gue", "tunnel_port": 5555}, TunnelEnd("gue", "ipv4", "ipv4", 5555, 32, [VIP])),
        (
            {"tunnel_type": "gue", "tunnel_port": 5555, "tunnel_checksum": "remcsum"},
            TunnelEnd("gue", "ipv4", "ipv4", 5555, 40, [VIP]),
        ),
        (
            {"address": VIP6, "real_servers": [{"name": "web1", "address": "192.0.2.21"}]},
            TunnelEnd("ipip", "ipv4", "ipv6", 0, 20, [VIP6]),
        ),
        (
            {"real_servers": [{"name": "web1", "address": "2001:db8::21"}]},
            TunnelEnd("ipip", "ipv6", "ipv4", 0, 40, [VIP]),
        ),
    ],
)
def test_a_tunnel_ends_at_the_real_server(changes: dict[str, Any], end: TunnelEnd) -> None:
    node = build(long(service(forwarding="tun", **changes), hosts=BOTH_FAMILIES)).nodes["web1"]
    assert node.tunnel_ends == [end]
    assert node.local_vips == end.vips


def test_services_share_the_end_of_a_tunnel() -> None:
    services = [service(name=f"s{n}", address=f"192.0.2.10{n % 2}", ports=[n], forwarding="tun") for n in (1, 2, 3)]
    (end,) = build(long(*services)).nodes["web1"].tunnel_ends
    assert end.vips == ["192.0.2.101", "192.0.2.100"]


ONE_ERROR: dict[str, tuple[Inventory, str, str]] = {
    "gateway no address": (
        nat(ha_web_nat_gateway="192.0.2.254/24"),
        'ha_web_nat_gateway: "192.0.2.254/24" is not an IP address.',
        "Write the address alone, without a prefix length.",
    ),
    "gateway is a VIP": (
        nat(ha_web_nat_gateway=VIP),
        f"ha_web_nat_gateway: {VIP} is the address of {API}.",
        "Choose a free address of the real servers' network: VRRP moves it together with the service.",
    ),
    "gateway is a host": (
        nat(ha_web_nat_gateway="192.0.2.11"),
        "ha_web_vip: address 192.0.2.11 is the address of lvs1.",
        "Choose a free address of the same network: VRRP moves it between the directors.",
    ),
    "gateway without NAT": (
        long(service(), ha_web_nat_gateway=GATEWAY),
        f"ha_web_nat_gateway: {GATEWAY}, and no IPv4 service has forwarding: nat.",
        "Remove it: only NAT's answers go through a director.",
    ),
    "gateway of the other family": (
        nat(ha_web_nat_gateway=[GATEWAY, GATEWAY6]),
        f"ha_web_nat_gateway: {GATEWAY6}, and no IPv6 service has forwarding: nat.",
        "Remove it: only NAT's answers go through a director.",
    ),
    "gateway that no router carries": (
        nat(ha_web_virtual_routers=[{"name": "a"}]),
        f"ha_web_nat_gateway: no virtual router carries {GATEWAY}.",
        "List it as one of the vips of a router in ha_web_virtual_routers, with the interface that faces the real "
        "servers.",
    ),
    "gateway of another router": (
        long(
            service(forwarding="nat", ports=[80], router="a"),
            ha_web_nat_gateway=GATEWAY,
            ha_web_virtual_routers=TWO_ROUTERS,
        ),
        f"{API}: NAT gateway {GATEWAY} may be on another director than its router a.",
        "List the gateway as one of that router's vips, or join both routers in ha_web_sync_groups.",
    ),
    "two gateways of one director": (
        nat(ha_web_nat_gateway=[GATEWAY, "192.0.2.253"]),
        f"{API}: {GATEWAY} and 192.0.2.253 are both NAT gateways of its director.",
        "Keep one of them in ha_web_nat_gateway.",
    ),
    "one server, two gateways": (
        long(
            service(forwarding="nat", ports=[80], router="a"),
            service(
                name="b",
                address="192.0.2.101",
                forwarding="nat",
                ports=[81],
                router="b",
                real_servers=[{"name": "web1", "port": 80}],
            ),
            ha_web_nat_gateway=[GATEWAY, "192.0.2.253"],
            ha_web_virtual_routers=[
                {"name": "a", "master": "lvs1", "vips": ["192.0.2.253"]},
                {"name": "b", "master": "lvs2", "vips": [GATEWAY]},
            ],
        ),
        f'{API} and ha_web_virtual_services[1] "b": 192.0.2.21:80/tcp answers through 192.0.2.253 and {GATEWAY}.',
        "Give the real servers another port in one of them.",
    ),
}


@pytest.mark.parametrize("case", ONE_ERROR)
def test_one_mistake_is_one_error(case: str) -> None:
    declared, message, remedy = ONE_ERROR[case]
    assert report_of(declared).splitlines() == [
        "1 error in the topology; no host was touched.",
        f"  {message}",
        f"      {remedy}",
    ]
