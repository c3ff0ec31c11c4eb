# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Good inventories, and the topology each becomes."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

import pytest
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.model import SCHEDULERS
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.checks import CHECK_KEYS
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.declaration import Inventory
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.derivation import build
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.model import TopologyError
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.routers import (
    GARP_KEYS,
    ROUTE_KEYS,
    ROUTER_KEYS,
    RULE_KEYS,
    SYNC_GROUP_KEYS,
    VIP_KEYS,
)
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.services import (
    ENDPOINT_KEYS,
    FORWARDINGS,
    PROTOCOLS,
    REAL_SERVER_KEYS,
    SERVICE_KEYS,
    SORRY_SERVER_KEYS,
)
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.tracking import (
    BFD_KEYS,
    NOTIFY_KEYS,
    PROCESS_KEYS,
    SCRIPT_KEYS,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from unit.keepalived_conf import render
from unit.topology_inventories import VIP, inventory, long, service, short


def opened(host: str) -> dict[str, Any]:
    """What the short form opens; tests/unit/test_openings.py has the rest."""

    def one(purpose: str, item: str, protocol: str, ports: list[str], ends: tuple[list[str], str]) -> dict[str, Any]:
        sources, destinations = ends
        return {
            "purpose": purpose,
            "items": [item],
            "family": "ipv4",
            "protocol": protocol,
            "ports": ports,
            "sources": sources,
            "destinations": destinations.split(),
            "interface": "",
        }

    both = {"lvs1": "192.0.2.11", "lvs2": "192.0.2.12"}
    served = one("service", "web", "tcp", ["80"], ([], "192.0.2.100"))
    if host in both:
        peers = [address for name, address in both.items() if name != host]
        return {
            "openings": [
                one("vrrp", "ha_web_ipv4", "vrrp", [], (peers, both[host])),
                one("sync", "ha_web_sync_daemon", "udp", ["8848"], (peers, "224.0.0.81")),
                served,
                one("monitor", "ha_web_monitor", "tcp", ["9100"], (list(both.values()), both[host])),
                one("page", "ha_web_monitor_port", "tcp", ["9443"], ([], f"{both[host]} 192.0.2.100")),
            ],
            "unstated": [],
        }
    own = {"web1": "192.0.2.21", "web2": "192.0.2.22"}[host]
    directors = list(both.values())
    return {
        "openings": [
            served,
            one("check", "web", "tcp", ["80"], (directors, own)),
            one("monitor", "ha_web_monitor", "tcp", ["9100", "9113", "9117", "9145"], (directors, own)),
        ],
        "unstated": [],
    }


def test_short_form_states_everything() -> None:
    check = {
        "type": "http",
        "path": "/health",
        "status": 200,
        "interval": 1.0,
        "timeout": 1.0,
        "retries": 1,
        "retry_delay": 0.2,
        "port": 0,
        "urls": [
            {
                "path": "/health",
                "statuses": ["200"],
                "digest": "",
                "regex": "",
                "regex_options": [],
                "virtual_host": "",
                "page": "",
            }
        ],
        "virtual_host": "",
        "sni": False,
        "payload": "",
        "reply": "",
        "reply_required": False,
        "helo": "",
        "query_type": "",
        "query_name": "",
        "script": {"command": "", "user": ""},
        "dynamic_weight": False,
        "track_file": "",
        "track_file_weight": 0,
        "bfd": "",
        "raw": [],
        "own_times": False,
    }
    assert build(short()).as_dict() == {
        "directors": [
            {
                "name": "lvs1",
                "address": "192.0.2.11",
                "priority": 200,
                "peers": [{"name": "lvs2", "address": "192.0.2.12"}],
            },
            {
                "name": "lvs2",
                "address": "192.0.2.12",
                "priority": 190,
                "peers": [{"name": "lvs1", "address": "192.0.2.11"}],
            },
        ],
        "nodes": {
            "lvs1": {
                "address": "192.0.2.11",
                "management_address": "192.0.2.11",
                "addresses": ["192.0.2.11"],
                "local_vips": [],
                "listeners": [],
                "nat_replies": [],
                "tunnel_ends": [],
                "exports": [],
                "mounts": [],
                **opened("lvs1"),
            },
            "lvs2": {
                "address": "192.0.2.12",
                "management_address": "192.0.2.12",
                "addresses": ["192.0.2.12"],
                "local_vips": [],
                "listeners": [],
                "nat_replies": [],
                "tunnel_ends": [],
                "exports": [],
                "mounts": [],
                **opened("lvs2"),
            },
            "web1": {
                "address": "192.0.2.21",
                "management_address": "192.0.2.21",
                "addresses": ["192.0.2.21"],
                "local_vips": ["192.0.2.100"],
                "listeners": [{"family": "ipv4", "port": 80}],
                "nat_replies": [],
                "tunnel_ends": [],
                "exports": [],
                "mounts": [],
                **opened("web1"),
            },
            "web2": {
                "address": "192.0.2.22",
                "management_address": "192.0.2.22",
                "addresses": ["192.0.2.22"],
                "local_vips": ["192.0.2.100"],
                "listeners": [{"family": "ipv4", "port": 80}],
                "nat_replies": [],
                "tunnel_ends": [],
                "exports": [],
                "mounts": [],
                **opened("web2"),
            },
        },
        "virtual_routers": [
            {
                "name": "ha_web_ipv4",
                "vrid": 51,
                "advert_int_s": 0.1,
                "down_timer_adverts": 3,
                "vips": ["192.0.2.100/32"],
                "priorities": {"lvs1": 200, "lvs2": 190},
                "failover_s": 0.3258,
                "family": "ipv4",
                "version": 3,
                "mode": "unicast",
                "members": {
                    "lvs1": {
                        "address": "192.0.2.11",
                        "interface": "",
                        "priority": 200,
                        "peers": [{"name": "lvs2", "address": "192.0.2.12"}],
                    },
                    "lvs2": {
                        "address": "192.0.2.12",
                        "interface": "",
                        "priority": 190,
                        "peers": [{"name": "lvs1", "address": "192.0.2.11"}],
                    },
                },
                "authentication": "",
                "preempt": None,
                "preempt_delay": None,
                "garp": {},
                "addresses": [{"address": "192.0.2.100/32", "interface": "", "label": "", "scope": ""}],
                "routes": [],
                "rules": [],
                "track": {"interfaces": [], "scripts": [], "processes": [], "files": [], "bfd": []},
                "notify": {
                    "master": {"command": "", "user": ""},
                    "backup": {"command": "", "user": ""},
                    "fault": {"command": "", "user": ""},
                    "stop": {"command": "", "user": ""},
                    "any": {"command": "", "user": ""},
                },
                "raw": [],
            }
        ],
        "virtual_services": [
            {
                "name": "web",
                "address": "192.0.2.100",
                "port": 80,
                "protocol": "tcp",
                "scheduler": "wlc",
                "forwarding": "dr",
                "real_servers": [
                    {
                        "name": "web1",
                        "address": "192.0.2.21",
                        "port": 80,
                        "weight": 1,
                        "upper_threshold": 0,
                        "lower_threshold": 0,
                        "inhibit_on_failure": False,
                        "virtual_host": "",
                        "notify_up": {"command": "", "user": ""},
                        "notify_down": {"command": "", "user": ""},
                        "checks": [],
                        "raw": [],
                        "track_file": "/var/lib/ha-web/track/servers/web/web1",
                    },
                    {
                        "name": "web2",
                        "address": "192.0.2.22",
                        "port": 80,
                        "weight": 1,
                        "upper_threshold": 0,
                        "lower_threshold": 0,
                        "inhibit_on_failure": False,
                        "virtual_host": "",
                        "notify_up": {"command": "", "user": ""},
                        "notify_down": {"command": "", "user": ""},
                        "checks": [],
                        "raw": [],
                        "track_file": "/var/lib/ha-web/track/servers/web/web2",
                    },
                ],
                "check": check,
                "checks": [check],
                "ejection_s": 3.2,
                "ejection_refused_s": 1.2,
                "ejection_content_s": 3.2,
                "fwmark": 0,
                "family": "ipv4",
                "endpoints": [],
                "router": "ha_web_ipv4",
                "nat_gateway": "",
                "scheduler_flags": [],
                "one_packet": False,
                "tunnel": {"type": "ipip", "port": 0, "checksum": "none"},
                "persistence_timeout": 0,
                "persistence_netmask": "",
                "persistence_engine": "",
                "quorum": 1,
                "hysteresis": 0,
                "quorum_up": {"command": "", "user": ""},
                "quorum_down": {"command": "", "user": ""},
                "sorry_server": None,
                "alpha": True,
                "omega": False,
                "inhibit_on_failure": False,
                "virtual_host": "",
                "raw": [],
            }
        ],
        "pages": [],
        "sync_groups": [],
        "scripts": [],
        "track_processes": [],
        "track_files": [],
        "standby_file": "/var/lib/ha-web/track/director/standby",
        "bfd": [],
        "notify_fifo": None,
        "sync_daemon": {"enabled": True, "id": 51, "interface": "", "router": "ha_web_ipv4"},
        "handover": {
            "offers": [{"family": "ipv4", "address": "192.0.2.100", "protocol": "tcp", "port": 80}],
            "peers": {
                "lvs1": {"ipv4": ["192.0.2.12"], "ipv6": []},
                "lvs2": {"ipv4": ["192.0.2.11"], "ipv6": []},
            },
        },
        "lvs_timeouts": {"tcp": 0, "tcpfin": 10, "udp": 0},
        "shares": [],
        "eaccelerator_peers": {},
        "monitor": {
            "enabled": True,
            "hosts": ["lvs1", "lvs2"],
            "addresses": ["192.0.2.11", "192.0.2.12"],
            "port": 9443,
        },
        "raw": [],
        "bounds": {"failover_s": 0.3258, "ejection_s": 3.2, "ejection_refused_s": 1.2},
        "summary": [
            "web   192.0.2.100:80   DR wlc   web1 web2   check http /health   failover bound 0.33 s"
            "   ejection about 1.2 s (silent server 3.2 s)"
        ],
    }


def test_services_share_the_vip_unless_they_name_their_own() -> None:
    topology = build(
        long(
            {"name": "web", "ports": [80, 8080]},
            {"name": "mail", "address": "192.0.2.101", "ports": [25], "check": {"type": "tcp"}},
            ha_web_vip="192.0.2.100",
        )
    )
    assert [(service.name, service.address, service.port) for service in topology.virtual_services] == [
        ("web", "192.0.2.100", 80),
        ("web", "192.0.2.100", 8080),
        ("mail", "192.0.2.101", 25),
    ]
    assert topology.virtual_routers[0].vips == ["192.0.2.100/32", "192.0.2.101/32"]
    assert topology.nodes["web1"].local_vips == ["192.0.2.100", "192.0.2.101"]


def test_summary_aligns_its_columns() -> None:
    topology = build(
        long(
            service(name="web", ports=[80], real_servers=["web1"]),
            service(name="names", ports=[53], protocol="udp", forwarding="nat", check={"type": "ping", "interval": 5}),
        )
    )
    assert topology.summary == [
        "web     192.0.2.100:80       DR wlc    web1        check http /health   failover bound 0.33 s"
        "   ejection about 1.2 s (silent server 3.2 s)",
        "names   192.0.2.100:53/udp   NAT wlc   web1 web2   check ping           failover bound 0.33 s"
        "   ejection about 5.2 s (silent server 7.2 s)   answers through a director: to be routed by the site",
    ]


def test_bounds_are_those_of_the_slowest() -> None:
    topology = build(
        long(
            service(name="a", ports=[1], check={"interval": 2, "timeout": 0.5, "retries": 0}),
            service(name="b", ports=[2], check={"interval": 1, "timeout": 2, "retries": 2, "retry_delay": 0.1}),
        )
    )
    assert [service.ejection_s for service in topology.virtual_services] == [2.5, 7.2]
    assert topology.bounds.ejection_s == 7.2
    assert topology.bounds.ejection_refused_s == 2.0


@pytest.mark.parametrize(
    ("advert_interval", "priorities", "bound"),
    [
        (0.1, (200, 190), 0.3258),
        (1, (254, 100), 3.6094),
        (0.01, (101, 250), 0.0361),
        ("0.1", ("200", "190"), 0.3258),
    ],
)
def test_failover_bound_is_that_of_the_first_backup(advert_interval: Any, priorities: Any, bound: float) -> None:
    hosts = {name: {"keepalived_priority": value} for name, value in zip(("lvs1", "lvs2"), priorities)}
    assert build(short(ha_web_advert_interval=advert_interval, hosts=hosts)).bounds.failover_s == bound


def test_a_single_director_has_no_peers() -> None:
    (director,) = build(short(directors={"lvs1": "192.0.2.11"})).directors
    assert director.peers == []


@pytest.mark.parametrize(
    ("variables", "address"),
    [
        ({"ansible_host": "192.0.2.21"}, "192.0.2.21"),
        ({"ansible_host": "web1.example.org", "ha_web_address": "192.0.2.23"}, "192.0.2.23"),
        ({"ansible_host": "10.0.0.1", "ha_web_address": "192.0.2.23"}, "192.0.2.23"),
    ],
)
def test_address_of_a_node(variables: dict[str, str], address: str) -> None:
    assert build(short(hosts={"web1": variables})).nodes["web1"].address == address


def test_a_host_may_be_named_by_its_address() -> None:
    assert build(short(web={"192.0.2.21": ""})).nodes["192.0.2.21"].address == "192.0.2.21"


def test_nat_leaves_the_vip_on_the_directors_and_may_change_the_port() -> None:
    topology = build(long(service(ports=[80], forwarding="nat", real_servers=[{"name": "web1", "port": 8000}])))
    node = topology.nodes["web1"]
    assert node.local_vips == []
    assert [listener.port for listener in node.listeners] == [8000]


def test_a_web_server_out_of_all_services_still_answers_but_holds_no_vip() -> None:
    parked = build(long(service(ports=[80, 443], real_servers=["web1"]))).nodes["web2"]
    assert parked.local_vips == []
    assert [listener.port for listener in parked.listeners] == [80, 443]


def test_tunnels_may_cross_address_families() -> None:
    directors = {"lvs1": "2001:db8::11", "lvs2": "2001:db8::12"}
    topology = build(long(service(address="2001:DB8::0100", forwarding="tun"), directors=directors))
    assert topology.virtual_routers[0].name == "ha_web_ipv6"
    assert topology.virtual_routers[0].vips == ["2001:db8::100/128"]
    assert topology.nodes["web1"].local_vips == ["2001:db8::100"]
    assert [listener.family for listener in topology.nodes["web1"].listeners] == ["ipv6"]
    assert "[2001:db8::100]:443" in topology.summary[0]


def test_real_servers_may_be_outside_the_group_web() -> None:
    topology = build(long(service(real_servers=["mail1"]), hosts={"mail1": {"ansible_host": "192.0.2.31"}}))
    assert topology.nodes["mail1"].local_vips == ["192.0.2.100"]


# By the Graphic Monitor.
TAKEN = (9443, 9100, 9113, 9117, 9145)
ADDRESSES = st.integers(0xC0000200, 0xC00002FF).map(lambda number: str(IPv4Address(number)))
NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,9}", fullmatch=True)


@st.composite
def clusters(draw: st.DrawFn) -> Inventory:
    """Any cluster that should work, with distinct names, addresses and ports."""
    hosts = draw(st.lists(NAMES, min_size=2, max_size=12, unique=True))
    count = draw(st.integers(1, len(hosts) - 1))
    vip, *addresses = draw(st.lists(ADDRESSES, min_size=len(hosts) + 1, max_size=len(hosts) + 1, unique=True))
    address_of = dict(zip(hosts, addresses))
    ports = draw(
        st.lists(st.integers(1, 65535).filter(lambda port: port not in TAKEN), min_size=1, max_size=6, unique=True)
    )
    services = [
        {
            "name": f"service-{port}",
            "ports": [port],
            "protocol": draw(st.sampled_from(PROTOCOLS)),
            "scheduler": draw(st.sampled_from(SCHEDULERS)),
            "forwarding": draw(st.sampled_from(FORWARDINGS)),
            "check": {"type": "http", "port": port},
            "real_servers": draw(st.lists(st.sampled_from(hosts[count:]), min_size=1, unique=True)),
        }
        for port in ports
    ]
    return inventory(
        directors={name: address_of[name] for name in hosts[:count]},
        web={name: address_of[name] for name in hosts[count:]},
        ha_web_vip=vip,
        ha_web_virtual_services=services,
    )


@given(clusters())
def test_every_working_cluster_is_consistent(declared: Inventory) -> None:
    topology = build(declared)
    peers = {director.name: {peer.name for peer in director.peers} for director in topology.directors}
    for name, known in peers.items():
        assert known == peers.keys() - {name}
    priorities = [director.priority for director in topology.directors]
    assert priorities == sorted(set(priorities), reverse=True)
    for offered in topology.virtual_services:
        for server in offered.real_servers:
            node = topology.nodes[server.name]
            assert server.address == node.address
            if offered.forwarding != "nat":
                assert server.port == offered.port
                assert offered.address in node.local_vips
    for node in topology.nodes.values():
        assert node.address not in node.local_vips
    assert 0 < topology.bounds.failover_s < 1
    assert len(topology.summary) == len(topology.virtual_services)


# Of every kind, so that what is declared is now and then nearly right.
WORDS = st.sampled_from(
    [
        "a",
        "web1",
        "lvs1",
        "tcp",
        "udp",
        "http",
        "misc",
        "file",
        "bfd",
        "ipv6",
        "tun",
        "192.0.2.10-20",
        "/bin/a b",
        "200-299",
    ]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | ADDRESSES | WORDS
KEYS = sorted(
    {
        *SERVICE_KEYS,
        *REAL_SERVER_KEYS,
        *SORRY_SERVER_KEYS,
        *ENDPOINT_KEYS,
        *(key for keys in CHECK_KEYS.values() for key in keys),
        *ROUTER_KEYS,
        *VIP_KEYS,
        *RULE_KEYS,
        *ROUTE_KEYS,
        *GARP_KEYS,
        *SYNC_GROUP_KEYS,
        *SCRIPT_KEYS,
        *PROCESS_KEYS,
        *BFD_KEYS,
        *NOTIFY_KEYS,
    }
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=5), inner, max_size=4)
        | st.dictionaries(st.just("name"), WORDS, min_size=1)
    ),
    max_leaves=12,
)
ENTRIES = st.lists(
    st.builds(
        lambda name, entry: {"name": name, **entry}, WORDS, st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6)
    ),
    max_size=3,
)
VARIABLES = (
    "ha_web_vip",
    "ha_web_virtual_services",
    "ha_web_virtual_routers",
    "ha_web_sync_groups",
    "ha_web_scripts",
    "ha_web_track_processes",
    "ha_web_track_files",
    "ha_web_bfd",
    "ha_web_notify_fifo",
    "ha_web_lvs_timeouts",
    "ha_web_sync_daemon",
    "ha_web_keepalived_raw",
    "ha_web_nat_gateway",
    "ha_web_vrid",
    "ha_web_advert_interval",
    "ha_web_address",
    "ha_web_address6",
    "ansible_host",
    "keepalived_priority",
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.fixed_dictionaries({}, optional={name: VALUES | ENTRIES for name in VARIABLES}))
def test_whatever_is_declared_the_answer_is_a_topology_or_a_report(shared: dict[str, Any]) -> None:
    try:
        build(inventory(**{"ha_web_vip": VIP, **shared}))
    except TopologyError as error:
        lines = str(error).splitlines()
        assert lines[0].startswith(f"{len(error.problems)} error")


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(SERVICE_KEYS), VALUES, max_size=5))
def test_whatever_a_service_declares_is_rendered_or_reported(changes: dict[str, Any]) -> None:
    try:
        topology = build(long(service(**changes)))
    except TopologyError:
        return
    assert render(topology).count("{") == render(topology).count("}")
