# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What is derived from the long form: who carries, holds, hears and notices what."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.derivation import build
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.model import Listener, SyncDaemon, Track
from unit.keepalived_examples import BOTH_FAMILIES, EXAMPLES, VIP6
from unit.topology_inventories import VIP, long, service, short


def test_families_that_nobody_declared_stay_together_and_with_the_connections() -> None:
    topology = build(EXAMPLES["both_families"])
    (group,) = topology.sync_groups
    assert group.routers == ["ha_web_ipv4", "ha_web_ipv6"]
    assert topology.sync_daemon == SyncDaemon(enabled=True, id=51, interface="", router="ha_web_ipv4")
    # Families do not see each other's ids.
    assert [router.vrid for router in topology.virtual_routers] == [51, 51]
    assert topology.virtual_routers[1].members["lvs1"].address == "2001:db8::11"
    assert [server.address for server in topology.virtual_services[1].real_servers] == ["2001:db8::21", "2001:db8::22"]
    assert topology.nodes["web1"].local_vips == [VIP, VIP6]
    assert topology.nodes["web1"].listeners == [Listener("ipv4", 80), Listener("ipv6", 80)]


def test_two_routers_cross_with_ids_of_their_own_and_connections_go_both_ways() -> None:
    topology = build(EXAMPLES["active_active"])
    east, west = topology.virtual_routers
    assert (east.priorities, west.priorities) == ({"lvs1": 200, "lvs2": 190}, {"lvs1": 190, "lvs2": 200})
    assert (east.vrid, west.vrid) == (51, 52)
    assert (east.vips, west.vips) == (["192.0.2.100/32"], ["192.0.2.101/32"])
    assert topology.sync_daemon.router == ""
    assert topology.sync_groups == []


def test_a_router_may_say_more_of_the_addresses_of_its_services() -> None:
    (router,) = build(EXAMPLES["virtual_router"]).virtual_routers
    assert router.vips == [f"{VIP}/24", "192.0.2.101/32", "192.0.2.199/32"]
    assert [vip.label for vip in router.addresses] == ["eth0:web", "", ""]
    # A second, whole as version 2 wants it; the first backup has 110.
    assert router.failover_s == round(3 + 146 / 256, 4)


def test_weights_are_those_of_the_definition_unless_stated() -> None:
    (router,) = build(EXAMPLES["virtual_router"]).virtual_routers
    assert router.track.scripts == [Track("uplink", 0), Track("load", 5)]
    assert router.track.files == [Track("standby", -100)]


def test_a_service_goes_to_the_router_that_lists_its_address() -> None:
    topology = build(
        long(
            service(),
            ha_web_virtual_routers=[{"name": "a", "vips": ["192.0.2.101"]}, {"name": "b", "vips": [VIP]}],
        )
    )
    assert topology.virtual_services[0].router == "b"


def test_version_2_takes_whole_seconds_by_default() -> None:
    topology = build(short(ha_web_virtual_routers=[{"name": "a", "version": 2}]))
    assert topology.virtual_routers[0].advert_int_s == 1.0


def test_servers_of_a_group_hold_all_its_addresses() -> None:
    topology = build(long({"name": "many", "endpoints": [{"addresses": "192.0.2.110-112", "port": 80}]}))
    assert topology.nodes["web1"].local_vips == ["192.0.2.110", "192.0.2.111", "192.0.2.112"]
    assert topology.virtual_routers[0].vips == ["192.0.2.110/32", "192.0.2.111/32", "192.0.2.112/32"]
    assert topology.virtual_services[0].real_servers[0].port == 80
    assert "192.0.2.110-112:80" in topology.summary[0]


def test_servers_of_a_mark_hold_the_addresses_of_its_router_and_listen_where_they_are_checked() -> None:
    node = build(EXAMPLES["firewall_marks"]).nodes["web1"]
    assert node.local_vips == [VIP, VIP6]
    assert node.listeners == [Listener("ipv4", 80)]


def test_a_sorry_server_of_the_inventory_is_made_ready_too() -> None:
    topology = build(long(service(sorry_server="spare"), hosts={"spare": {"ansible_host": "192.0.2.50"}}))
    assert topology.nodes["spare"].local_vips == [VIP]
    assert topology.nodes["spare"].listeners == [Listener("ipv4", 443)]


@pytest.mark.parametrize(
    ("checks", "bounds"),
    [
        ([{"type": "http"}], (3.2, 1.2, 3.2)),
        # One URL is looked at each second.
        ([{"urls": [{"path": "/a"}, {"path": "/b"}, {"path": "/c"}]}], (3.2, 1.2, 5.2)),
        # The first to notice removes the server; content is the slow one's business too.
        ([{"type": "http", "interval": 10}, {"type": "tcp"}], (3.2, 1.2, 12.2)),
        ([{"type": "file", "track_file": "drain"}], (0.0, 0.0, 0.0)),
    ],
)
def test_bounds(checks: list[dict[str, Any]], bounds: tuple[float, ...]) -> None:
    declared = long(service(checks=checks), ha_web_track_files=[{"name": "drain", "file": "/run/drain"}])
    (offered,) = build(declared).virtual_services
    assert (offered.ejection_s, offered.ejection_refused_s, offered.ejection_content_s) == bounds


def test_a_server_of_the_other_family_is_spoken_to_through_a_tunnel() -> None:
    (offered,) = build(EXAMPLES["tunnel_across_families"]).virtual_services
    assert [server.address for server in offered.real_servers] == ["192.0.2.21", "192.0.2.22"]


def test_bfd_sessions_start_from_the_directors_own_addresses() -> None:
    topology = build(short(ha_web_bfd=[{"name": "up", "neighbor": "2001:db8::1"}], hosts=BOTH_FAMILIES))
    assert topology.bfd[0].sources == {"lvs1": "2001:db8::11", "lvs2": "2001:db8::12"}


def test_what_directors_hand_over() -> None:
    topology = build(
        long(
            service(name="web", ports=[80, 443]),
            service(name="dns", address="192.0.2.101", ports=[53], protocol="udp", check={"type": "udp"}),
            service(name="api", address="192.0.2.102", ports=[80], forwarding="nat"),
            {"name": "marked", "fwmark": 1, "check": {"type": "tcp", "port": 80}},
            {
                "name": "many",
                "forwarding": "tun",
                "endpoints": [{"addresses": "192.0.2.110-111", "port": 80}, {"address": "192.0.2.120", "port": 80}],
            },
            directors={"lvs1": "192.0.2.11", "lvs2": "192.0.2.12", "lvs3": "192.0.2.13"},
        )
    ).handover
    assert [(offer.address, offer.protocol, offer.port) for offer in topology.offers] == [
        (VIP, "tcp", 80),
        (VIP, "tcp", 443),
        ("192.0.2.101", "udp", 53),
        ("192.0.2.110", "tcp", 80),
        ("192.0.2.111", "tcp", 80),
        ("192.0.2.120", "tcp", 80),
    ]
    # The likeliest holder first.
    assert topology.peers["lvs2"]["ipv4"] == ["192.0.2.11", "192.0.2.13"]


def test_summary_names_what_ejects_without_a_time_of_its_own() -> None:
    declared = service(check={"type": "file", "track_file": "drain", "weight": 1})
    topology = build(long(declared, ha_web_track_files=[{"name": "drain", "file": "/run/drain"}]))
    assert "ejection as soon as drain says so" in topology.summary[0]
