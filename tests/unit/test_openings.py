# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What must be open where: every forwarding, check and speaker of the cluster."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.derivation import build
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.model import Monitor
from unit.keepalived_examples import EXAMPLES
from unit.topology_inventories import DIRECTORS, VIP, WEB, long, service, short

BOTH = list(DIRECTORS.values())


def opened(declared: Any, host: str, purpose: str) -> list[tuple[str, list[str], list[str], list[str]]]:
    """Protocol, ports, sources and destinations."""
    found = build(declared).nodes[host].openings
    return [(one.protocol, one.ports, one.sources, one.destinations) for one in found if one.purpose == purpose]


@pytest.mark.parametrize(("host", "peer"), [("lvs1", "lvs2"), ("lvs2", "lvs1")])
def test_directors_hear_each_other_and_nobody_else(host: str, peer: str) -> None:
    assert opened(short(), host, "vrrp") == [("vrrp", [], [DIRECTORS[peer]], [DIRECTORS[host]])]
    assert opened(short(), host, "sync") == [("udp", ["8848"], [DIRECTORS[peer]], ["224.0.0.81"])]


@pytest.mark.parametrize("purpose", ["vrrp", "sync", "bfd"])
def test_web_servers_hear_no_director_speak_to_another(purpose: str) -> None:
    assert opened(EXAMPLES["virtual_router"], "web1", purpose) == []


def test_multicast() -> None:
    assert opened(EXAMPLES["multicast_of_both_families"], "lvs1", "vrrp") == [
        ("vrrp", [], ["192.0.2.12"], ["224.0.0.18"]),
        ("vrrp", [], ["fe80::/10"], ["ff02::12"]),
    ]


def test_lone_director_listens_to_nobody() -> None:
    found = {one.purpose for one in build(EXAMPLES["single_director"]).nodes["lvs1"].openings}
    assert found == {"service", "monitor", "page"}


def test_daemon_that_is_off_needs_nothing() -> None:
    assert opened(short(ha_web_sync_daemon=False), "lvs1", "sync") == []


def test_daemon_on_an_interface_of_its_own_sends_from_addresses_nobody_declares() -> None:
    (found,) = [one for one in build(EXAMPLES["virtual_router"]).nodes["lvs1"].openings if one.purpose == "sync"]
    assert (found.sources, found.interface) == ([], "eth1")


def test_bfd_with_a_real_server_opens_both_ends() -> None:
    assert opened(EXAMPLES["checks"], "lvs1", "bfd") == [("udp", ["3784"], ["192.0.2.21"], ["192.0.2.11"])]
    assert opened(EXAMPLES["checks"], "web1", "bfd") == [
        ("udp", ["3784"], [address], ["192.0.2.21"]) for address in BOTH
    ]


@pytest.mark.parametrize(
    ("forwarding", "served"),
    [
        ("dr", [("tcp", ["443"], [], [VIP])]),
        ("tun", [("tcp", ["443"], [], [VIP])]),
        ("nat", [("tcp", ["8443"], [], [WEB["web1"]])]),
    ],
)
def test_services(forwarding: str, served: list[Any]) -> None:
    servers = [{"name": "web1", "port": 8443}] if forwarding == "nat" else ["web1"]
    declared = long(service(forwarding=forwarding, real_servers=servers))
    assert opened(declared, "web1", "service") == served
    assert opened(declared, "lvs1", "service") == [("tcp", ["443"], [], [VIP])]
    replies = [("tcp", ["8443"], [WEB["web1"]], [])] if forwarding == "nat" else []
    assert opened(declared, "lvs1", "reply") == replies
    assert opened(declared, "web2", "service") == []


@pytest.mark.parametrize(
    ("settings", "protocol", "ports"),
    [
        ({}, "ipip", []),
        ({"tunnel_type": "gre"}, "gre", []),
        ({"tunnel_type": "gue", "tunnel_port": 5555}, "udp", ["5555"]),
    ],
)
def test_tunnels(settings: dict[str, Any], protocol: str, ports: list[str]) -> None:
    declared = long(service(forwarding="tun", **settings))
    assert opened(declared, "web1", "tunnel") == [(protocol, ports, BOTH, [WEB["web1"]])]


@pytest.mark.parametrize(
    ("check", "protocol", "ports"),
    [
        ({}, "tcp", ["443"]),
        ({"type": "https", "port": 8443}, "tcp", ["8443"]),
        ({"type": "smtp", "port": 25}, "tcp", ["25"]),
        ({"type": "ping"}, "icmp", []),
        ({"type": "dns", "query_name": "a.example", "port": 53}, "udp", ["53"]),
        ({"type": "udp", "port": 53}, "udp", ["53"]),
    ],
)
def test_checks_come_from_the_directors(check: dict[str, Any], protocol: str, ports: list[str]) -> None:
    assert opened(long(service(check=check)), "web1", "check") == [(protocol, ports, BOTH, [WEB["web1"]])]


def test_checks_of_a_real_server_take_the_place_of_the_services() -> None:
    servers = ["web1", {"name": "web2", "check": {"type": "ping"}}]
    declared = long(service(real_servers=servers))
    assert [one[0] for one in opened(declared, "web1", "check")] == ["tcp"]
    assert [one[0] for one in opened(declared, "web2", "check")] == ["icmp"]


def test_sorry_server_is_sent_to_and_not_checked() -> None:
    declared = long(service(real_servers=["web1"], sorry_server={"name": "web2", "forwarding": "nat", "port": 8443}))
    assert opened(declared, "web2", "service") == [("tcp", ["8443"], [], [WEB["web2"]])]
    assert opened(declared, "web2", "check") == []
    assert opened(declared, "lvs1", "reply") == [("tcp", ["8443"], [WEB["web2"]], [])]


def test_one_opening_names_all_that_need_it() -> None:
    declared = long(service(name="a", ports=[80, 443]), service(name="b", ports=[8080]))
    (found,) = [one for one in build(declared).nodes["web1"].openings if one.purpose == "check"]
    assert (found.items, found.ports) == (["a", "b"], ["80", "443", "8080"])


@pytest.mark.parametrize("host", ["lvs1", "web1"])
def test_ports_of_marks_are_the_users_to_state(host: str) -> None:
    node = build(EXAMPLES["firewall_marks"]).nodes[host]
    assert [what.split()[3] for what in node.unstated] == ["marked,", "marked6,", "several,"]
    assert not [one for one in node.openings if one.purpose == "service"]


def watched(host: str, declared: Any) -> tuple[list[Any], list[Any]]:
    return opened(declared, host, "monitor"), opened(declared, host, "page")


def test_figures_are_for_directors_and_the_page_for_everyone() -> None:
    for name, address in DIRECTORS.items():
        assert watched(name, short()) == (
            [("tcp", ["9100"], BOTH, [address])],
            [("tcp", ["9443"], [], [address, VIP])],
        )
    ports = ["9100", "9113", "9117", "9145"]
    assert watched("web1", short(storage={"store1": "192.0.2.31"})) == ([("tcp", ports, BOTH, [WEB["web1"]])], [])
    store = watched("store1", short(storage={"store1": "192.0.2.31"}))
    assert store == ([("tcp", ["9100"], BOTH, ["192.0.2.31"])], [])


def test_hosts_of_the_group_monitor_have_the_page_in_place_of_directors() -> None:
    declared = short(
        hosts={"mon1": {"ansible_host": "192.0.2.41"}}, groups={"monitor": ["mon1", "lvs2"]}, ha_web_monitor_port=8443
    )
    senders = ["192.0.2.41", DIRECTORS["lvs2"], DIRECTORS["lvs1"]]
    topology = build(declared)
    assert (topology.monitor.hosts, topology.monitor.addresses) == (["mon1", "lvs2"], senders)
    assert watched("mon1", declared) == (
        [("tcp", ["9100"], senders, ["192.0.2.41"])],
        [("tcp", ["8443"], [], ["192.0.2.41"])],
    )
    # The others are asked by it alone.
    assert watched("lvs1", declared) == ([("tcp", ["9100", "8443"], senders, [DIRECTORS["lvs1"]])], [])
    assert watched("lvs2", declared)[1] == [("tcp", ["8443"], [], [DIRECTORS["lvs2"], VIP])]


def test_management_addresses_take_the_place_of_others() -> None:
    own = {"lvs1": {"ha_web_management_address": "198.51.100.11"}, "web1": {"ha_web_management_address": "fd00::21"}}
    second = {"lvs2": {"ha_web_address6": "fd00::12"}}
    declared = short(hosts={**own, **second})
    topology = build(declared)
    assert topology.nodes["lvs1"].management_address == "198.51.100.11"
    assert topology.monitor.addresses == ["198.51.100.11", "192.0.2.12"]
    ports = ["9100", "9113", "9117", "9145"]
    assert opened(declared, "web2", "monitor") == [("tcp", ports, topology.monitor.addresses, [WEB["web2"]])]
    # Who has no address of the family cannot ask.
    assert opened(declared, "web1", "monitor") == [("tcp", ports, ["fd00::12"], ["fd00::21"])]


def test_without_the_monitor_nothing_of_it_is_open() -> None:
    declared = short(ha_web_monitor="no", hosts={"mon1": {}}, groups={"monitor": ["mon1"]})
    topology = build(declared)
    assert topology.monitor == Monitor(enabled=False, hosts=[], addresses=[], port=9443)
    assert topology.nodes.keys() == {*DIRECTORS, *WEB}
    assert all(watched(name, declared) == ([], []) for name in topology.nodes)


def test_senders_nobody_declares_are_not_taken_for_anyone() -> None:
    node = build(EXAMPLES["tunnel_across_families"]).nodes["web1"]
    assert node.unstated == ["the addresses of IPv4 from which directors reach api"]
    assert {one.purpose for one in node.openings} == {"service"}


@pytest.mark.parametrize("name", EXAMPLES)
def test_only_services_and_the_page_are_open_to_anyone(name: str) -> None:
    for node in build(EXAMPLES[name]).nodes.values():
        for one in node.openings:
            assert one.sources or one.purpose in ("service", "page") or (one.purpose == "sync" and one.destinations)
            assert one.destinations or one.purpose != "page"
            assert one.items


def test_storage_is_open_to_its_clients_alone() -> None:
    shares = [{"name": "a"}, {"name": "b", "clients": ["web2"]}, {"name": "c", "server": "store2"}]
    declared = short(storage={"store1": "192.0.2.31", "store2": "192.0.2.32"}, ha_web_shares=shares)
    assert opened(declared, "store1", "storage") == [
        ("tcp", ["2049"], list(WEB.values()), ["192.0.2.31"]),
        ("tcp", ["2049"], [WEB["web2"]], ["192.0.2.31"]),
    ]
    assert opened(declared, "store2", "storage") == [("tcp", ["2049"], list(WEB.values()), ["192.0.2.32"])]
    assert {one.purpose for one in build(declared).nodes["store1"].openings} == {"storage", "monitor"}
    assert opened(declared, "web1", "storage") == []


def test_web_servers_ask_each_other_for_their_caches() -> None:
    inventory = short(ha_web_eaccelerator_port=8405)
    assert opened(inventory, "web1", "cache") == [("tcp", ["8405"], [WEB["web2"]], [WEB["web1"]])]
    assert opened(inventory, "lvs1", "cache") == []
    assert build(inventory).eaccelerator_peers == {name: f"{address}:8405" for name, address in WEB.items()}


def test_without_a_control_page_they_do_not() -> None:
    assert opened(short(), "web1", "cache") == []
