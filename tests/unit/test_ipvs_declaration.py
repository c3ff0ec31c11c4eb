# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Declarations: what each says, and every way to get one wrong."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs import declaration, rules
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.declaration import DeclarationError
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.model import (
    Daemon,
    Destination,
    DestinationId,
    Service,
    ServiceId,
    Settings,
    Timeouts,
)
from hypothesis import given
from hypothesis import strategies as st
from unit.ipvs_tables import EMPTY

WEB = {"address": "192.0.2.100", "port": 80}
SIX = {"address": "2001:db8::100", "port": 80}
SERVER = {"address": "192.0.2.21"}
MASTER = {"state": "master", "interface": "eth0", "sync_id": 51}


def service(server: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """Return parameters of one service with one destination."""
    return {"services": [{**WEB, "destinations": [{**SERVER, **(server or {})}], **fields}]}


def lines(parameters: dict[str, Any]) -> list[str]:
    """Return what a declaration makes of an empty table, in ipvsadm's words."""
    return rules.table(declaration.target(EMPTY, declaration.read(parameters)))[:-1]


GOOD: dict[str, tuple[dict[str, Any], list[str]]] = {
    "defaults": (service(), ["-A -t 192.0.2.100:80 -s wlc", "-a -t 192.0.2.100:80 -r 192.0.2.21:80 -g -w 1"]),
    "no destinations": ({"services": [{**WEB, "protocol": "sctp"}]}, ["-A --sctp-service 192.0.2.100:80 -s wlc"]),
    "all of a service": (
        {
            "services": [
                {
                    **WEB,
                    "protocol": "udp",
                    "scheduler": "sh",
                    "scheduler_flags": ["sh-port", "sh-fallback"],
                    "persistence_timeout": 300,
                    "persistence_netmask": "255.255.255.0",
                    "persistence_engine": "sip",
                    "one_packet": True,
                }
            ]
        },
        ["-A -u 192.0.2.100:80 -s sh -p 300 -M 255.255.255.0 --pe sip -o -b sh-fallback,sh-port"],
    ),
    "a netmask as a prefix length": (
        {"services": [{**WEB, "persistence_timeout": 1, "persistence_netmask": "24"}]},
        ["-A -t 192.0.2.100:80 -s wlc -p 1 -M 255.255.255.0"],
    ),
    "IPv6 in another spelling": (
        {"services": [{**SIX, "address": "2001:DB8:0::0100", "persistence_timeout": 1, "persistence_netmask": "64"}]},
        ["-A -t [2001:db8::100]:80 -s wlc -p 1 -M 64"],
    ),
    "a persistence of 0 is none": ({"services": [{**WEB, "persistence_timeout": 0}]}, ["-A -t 192.0.2.100:80 -s wlc"]),
    "all ports": (
        {"services": [{**WEB, "port": 0, "persistence_timeout": 60, "destinations": [SERVER]}]},
        ["-A -t 192.0.2.100:0 -s wlc -p 60", "-a -t 192.0.2.100:0 -r 192.0.2.21:0 -g -w 1"],
    ),
    "fwmarks of both families": (
        {"services": [{"fwmark": 1}, {"fwmark": 1, "family": "ipv6", "destinations": [{"address": "2001:db8::1"}]}]},
        ["-A -f 1 -s wlc", "-A -f 1 -6 -s wlc", "-a -f 1 -6 -r [2001:db8::1]:0 -g -w 1"],
    ),
    "nat changes the port; thresholds": (
        service({"forwarding": "nat", "port": 8080, "weight": 65535, "upper_threshold": 9, "lower_threshold": 9}),
        [
            "-A -t 192.0.2.100:80 -s wlc",
            "-a -t 192.0.2.100:80 -r 192.0.2.21:8080 -m -w 65535 -x 9 -y 9",
        ],
    ),
    "tunnels between families": (
        {
            "services": [
                {
                    **SIX,
                    "destinations": [
                        {**SERVER, "forwarding": "tun"},
                        {"address": "192.0.2.22", "forwarding": "tun", "tunnel_type": "gre", "tunnel_checksum": "csum"},
                        {
                            "address": "192.0.2.23",
                            "forwarding": "tun",
                            "tunnel_type": "gue",
                            "tunnel_port": 6080,
                            "tunnel_checksum": "remcsum",
                        },
                    ],
                }
            ]
        },
        [
            "-A -t [2001:db8::100]:80 -s wlc",
            "-a -t [2001:db8::100]:80 -r 192.0.2.21:80 -i -w 1 --tun-type ipip",
            "-a -t [2001:db8::100]:80 -r 192.0.2.22:80 -i -w 1 --tun-type gre --tun-csum",
            "-a -t [2001:db8::100]:80 -r 192.0.2.23:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-remcsum",
        ],
    ),
    "daemons": (
        {"sync_daemons": [{**MASTER, "multicast_group": "FF02::51", "max_length": 1400}]},
        [
            "--start-daemon master --mcast-interface eth0 --syncid 51 --sync-maxlen 1400"
            " --mcast-group ff02::51 --mcast-port 8848 --mcast-ttl 1"
        ],
    ),
}


@pytest.mark.parametrize(("parameters", "expected"), GOOD.values(), ids=GOOD)
def test_good(parameters: dict[str, Any], expected: list[str]) -> None:
    assert lines(parameters) == expected


# parameters, what the message names, what the remedy says
BAD: dict[str, tuple[dict[str, Any], str, str]] = {
    "neither address nor fwmark": ({"services": [{"port": 80}]}, "services[0]: neither address nor fwmark", "fwmark"),
    "address and fwmark": ({"services": [{**WEB, "fwmark": 1}]}, "both address and fwmark", "or a fwmark"),
    "fwmark 0": ({"services": [{"fwmark": 0}]}, "fwmark 0 is out of range", "1 to 4294967295"),
    "fwmark too big": ({"services": [{"fwmark": 2**32}]}, "fwmark 4294967296 is out of range", "4294967295"),
    "fwmark with a port": ({"services": [{"fwmark": 1, "port": 80}]}, "port with a fwmark", "Remove port"),
    "fwmark with a protocol": ({"services": [{"fwmark": 1, "protocol": "tcp"}]}, "protocol with a fwmark", "Remove"),
    "a name": (service(address="www.example.com"), "address 'www.example.com' is not an IP address", "not looked up"),
    "a destination's name": (service({"address": "web1"}), "destinations[0]: address 'web1'", "not looked up"),
    "a prefix length": (service(address="192.0.2.100/32"), "is not an IP address", "alone"),
    "an address of another spelling": (service(address="192.0.2.0100"), "is not an IP address", "alone"),
    "an IPv4-mapped IPv6": (service(address="::ffff:192.0.2.1"), "mapped into IPv6", "IPv4 address: 192.0.2.1"),
    "a mapped destination": (service({"address": "::ffff:c000:201"}), "mapped into IPv6", "192.0.2.1"),
    "any address": (service(address="0.0.0.0"), "is not a unicast address", "one interface"),
    "any IPv6 address": (service(address="::"), "is not a unicast address", "one interface"),
    "a multicast destination": (service({"address": "224.0.0.1"}), "is not a unicast address", "one interface"),
    "a broadcast destination": (service({"address": "255.255.255.255"}), "is not a unicast address", "one interface"),
    "a link-local address": (service(address="fe80::1"), "is link-local", "global"),
    "an address of another family": (service(family="ipv6"), "address 192.0.2.100 is not ipv6", "Remove family"),
    "no port": ({"services": [{"address": "192.0.2.100"}]}, "no port", "Give it a port"),
    "a port too big": (service(port=65536), "port 65536 is out of range", "0 to 65535"),
    "port 0 without persistence": (service(port=0), "port 0 without persistence", "persistence_timeout"),
    "unknown scheduler": (service(scheduler="fair"), "scheduler 'fair' is not known", "wlc"),
    "unknown protocol": (service(protocol="icmp"), "protocol 'icmp' is not known", "sctp"),
    "a numbered flag of a scheduler with names": (
        service(scheduler="sh", scheduler_flags=["flag-1"]),
        "'flag-1' is not one of the scheduler sh",
        "sh-fallback",
    ),
    "flags of another scheduler": (service(scheduler="mh", scheduler_flags=["sh-port"]), "'sh-port'", "mh-port"),
    "persistence too long": (service(persistence_timeout=2**31), "persistence_timeout 2147483648", "2147483"),
    "a netmask on IPv6": (
        {"services": [{**SIX, "persistence_timeout": 1, "persistence_netmask": "255.255.255.0"}]},
        "persistence_netmask '255.255.255.0' is not one for ipv6",
        "prefix length",
    ),
    "a prefix on IPv4": (
        service(persistence_timeout=1, persistence_netmask="64"),
        "'64' is not one for ipv4",
        "255.255.255.0",
    ),
    "a netmask with holes": (
        service(persistence_timeout=1, persistence_netmask="255.0.255.0"),
        "'255.0.255.0' is not one for ipv4",
        "such as",
    ),
    "a netmask turned round": (
        service(persistence_timeout=1, persistence_netmask="0.0.0.255"),
        "'0.0.0.255' is not one for ipv4",
        "such as",
    ),
    "a netmask alone": (service(persistence_netmask="255.255.255.0"), "without persistence", "persistence_timeout"),
    "an engine alone": (
        service(protocol="udp", persistence_engine="sip"),
        "without persistence",
        "persistence_timeout",
    ),
    "an engine of TCP": (service(persistence_engine="sip", persistence_timeout=1), "sip with tcp", "protocol udp"),
    "one packet of TCP": (service(one_packet=True), "one_packet with tcp", "protocol udp"),
    "weight -1": (service({"weight": -1}), "destinations[0] 192.0.2.21:80: weight -1 is out of range", "0 to 65535"),
    "weight 65536": (service({"weight": 65536}), "weight 65536 is out of range", "0 to 65535"),
    "another port with dr": (service({"port": 8080}), "dr cannot change the port from 80 to 8080", "forwarding: nat"),
    "another port with tun": (service({"port": 81, "forwarding": "tun"}), "tun cannot change the port", "nat"),
    "a port with a fwmark and dr": (
        {"services": [{"fwmark": 1, "destinations": [{**SERVER, "port": 80}]}]},
        "dr cannot change the port from 0 to 80",
        "Remove the destination's port",
    ),
    "mixed families with dr": (service({"address": "2001:db8::1"}), "dr cannot lead from ipv4 to ipv6", "tun"),
    "mixed families with nat": (
        {"services": [{**SIX, "destinations": [{**SERVER, "forwarding": "nat"}]}]},
        "nat cannot lead from ipv6 to ipv4",
        "forwarding: tun",
    ),
    "mixed families and a daemon": (
        {**service({"address": "2001:db8::1", "forwarding": "tun"}), "sync_daemons": [MASTER]},
        "has destinations that are not ipv4, and sync_daemons are declared",
        "Remove the ones or the others",
    ),
    "lower above upper": (
        service({"upper_threshold": 4, "lower_threshold": 5}),
        "lower_threshold 5 is above upper_threshold 4",
        "Raise the upper",
    ),
    "lower without upper": (service({"lower_threshold": 5}), "is above upper_threshold 0", "Raise the upper"),
    "unknown forwarding": (service({"forwarding": "masq"}), "forwarding 'masq' is not known", "dr, nat, tun"),
    "a tunnel without tun": (service({"tunnel_type": "gue"}), "tunnel_type with forwarding dr", "forwarding: tun"),
    "gue without a port": (
        service({"forwarding": "tun", "tunnel_type": "gue"}),
        "tunnel_type gue without tunnel_port",
        "listens",
    ),
    "gre with a port": (
        service({"forwarding": "tun", "tunnel_type": "gre", "tunnel_port": 6080}),
        "tunnel_port with tunnel_type gre",
        "only gue",
    ),
    "a checksum of ipip": (
        service({"forwarding": "tun", "tunnel_checksum": "csum"}),
        "csum with tunnel_type ipip",
        "gre",
    ),
    "remcsum of gre": (
        service({"forwarding": "tun", "tunnel_type": "gre", "tunnel_checksum": "remcsum"}),
        "remcsum with tunnel_type gre",
        "gre csum",
    ),
    "a service twice": (
        {"services": [WEB, {**WEB, "scheduler": "rr"}]},
        "services[1] 192.0.2.100:80/tcp: declared twice",
        "Join",
    ),
    "a service twice in other words": (
        {"services": [SIX, {**SIX, "address": "2001:db8:0::100"}]},
        "services[1] [2001:db8::100]:80/tcp: declared twice",
        "Join",
    ),
    "a destination twice": (
        {"services": [{**WEB, "destinations": [SERVER, {**SERVER, "port": 80}]}]},
        "destinations[1] 192.0.2.21:80: declared twice",
        "Remove one",
    ),
    "exact without destinations": ({"state": "exact", "services": [WEB]}, "no destinations", "destinations: []"),
    "a scope of present": ({"scope": {"fwmarks": [1]}}, "scope: has no meaning with state present", "state: exact"),
    "outside the scope": (
        {"state": "exact", "scope": {"addresses": ["192.0.2.0/26"]}, **service()},
        "services[0] 192.0.2.100:80/tcp: lies outside the declared scope",
        "Add its address",
    ),
    "a scope with host bits": (
        {"state": "exact", "scope": {"addresses": ["192.0.2.1/24"]}},
        "'192.0.2.1/24'",
        "host bits",
    ),
    "a third daemon": ({"sync_daemons": [{**MASTER, "state": "both"}]}, "state 'both' is not known", "master, backup"),
    "a daemon twice": ({"sync_daemons": [MASTER, MASTER]}, "sync_daemons[1] master: declared twice", "one of each"),
    "a daemon of nowhere": ({"sync_daemons": [{"state": "backup", "sync_id": 1}]}, "interface None", "such as eth0"),
    "an interface too long": ({"sync_daemons": [{**MASTER, "interface": "e" * 16}]}, "is not one", "such as eth0"),
    "a daemon without id": ({"sync_daemons": [{"state": "backup", "interface": "eth0"}]}, "no sync_id", "0 to 255"),
    "an id too big": ({"sync_daemons": [{**MASTER, "sync_id": 256}]}, "sync_id 256 is out of range", "0 to 255"),
    "a group that is none": (
        {"sync_daemons": [{**MASTER, "multicast_group": "10.0.0.1"}]},
        "multicast_group",
        "224.0.0.81",
    ),
    "a short backup": (
        {"sync_daemons": [{**MASTER, "state": "backup", "max_length": 500}]},
        "max_length 500 is out of range",
        "1024 to 65487",
    ),
    "no time-out": ({"timeouts": {"tcp": 0}}, "timeouts: tcp 0 is out of range", "1 to 2147483"),
    "a negative drain": ({"drain_timeout": -1}, "drain_timeout -1 is out of range", "0 to 2147483"),
    "absent time-outs": ({"state": "absent", "timeouts": {"tcp": 1}}, "timeouts: cannot be absent", "Remove them"),
}


@pytest.mark.parametrize(("parameters", "message", "remedy"), BAD.values(), ids=BAD)
def test_bad(parameters: dict[str, Any], message: str, remedy: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        declaration.read(parameters)
    (problem,) = caught.value.problems
    assert message in f"{problem.item}: {problem.message}"
    assert remedy in problem.remedy
    assert str(caught.value).startswith("1 error in the declaration; nothing was changed.\n")


def test_all_mistakes_are_told_at_once() -> None:
    parameters = {
        "services": [
            {"address": "web", "port": 80, "destinations": [{**SERVER, "weight": -1}]},
            {
                **WEB,
                "scheduler": "best",
                "destinations": [{"address": "192.0.2.21", "weight": 70000}, {"address": "x"}],
            },
        ],
        "timeouts": {"udp": -5},
    }
    with pytest.raises(DeclarationError) as caught:
        declaration.read(parameters)
    assert len(caught.value.problems) == 6


KEY = ServiceId("ipv4", "tcp", "192.0.2.100", 80, 0)
OTHER = KEY._replace(port=443)
FAR = KEY._replace(address="198.51.100.1")
WLC = Settings("wlc", (), False, 0, "255.255.255.255", "")
ONE, TWO = DestinationId("192.0.2.21", 80), DestinationId("192.0.2.22", 80)
FULL = EMPTY._replace(
    services={
        KEY: Service(WLC._replace(scheduler="rr"), {ONE: Destination("dr", 8), TWO: Destination("dr", 8)}),
        OTHER: Service(WLC, {}),
        FAR: Service(WLC, {}),
    },
    daemons={"backup": Daemon("backup", "eth0", 51, max_length=1472)},
)
# parameters; the services that are left; destinations and scheduler of KEY
STATES: dict[str, tuple[dict[str, Any], set[ServiceId], dict[DestinationId, int], str]] = {
    "present": (service(), {KEY, OTHER, FAR}, {ONE: 1, TWO: 8}, "wlc"),
    "present without destinations": ({"services": [WEB]}, {KEY, OTHER, FAR}, {ONE: 8, TWO: 8}, "wlc"),
    "exact": ({"state": "exact", **service()}, {KEY, OTHER, FAR}, {ONE: 1}, "wlc"),
    "exact in a scope": (
        {"state": "exact", "scope": {"addresses": ["192.0.2.100"]}, **service()},
        {KEY, FAR},
        {ONE: 1},
        "wlc",
    ),
    "exact in a network": (
        {"state": "exact", "scope": {"addresses": ["198.51.100.0/24", "192.0.2.0/24"]}, **service()},
        {KEY},
        {ONE: 1},
        "wlc",
    ),
    "absent": ({"state": "absent", "services": [{**WEB, "port": 443}]}, {KEY, FAR}, {ONE: 8, TWO: 8}, "rr"),
    "absent destination": ({"state": "absent", **service()}, {KEY, OTHER, FAR}, {TWO: 8}, "rr"),
    "absent no destination": (
        {"state": "absent", "services": [{**WEB, "destinations": []}]},
        {KEY, OTHER, FAR},
        {ONE: 8, TWO: 8},
        "rr",
    ),
    "absent and never there": ({"state": "absent", "services": [SIX]}, {KEY, OTHER, FAR}, {ONE: 8, TWO: 8}, "rr"),
}


@pytest.mark.parametrize(("parameters", "services", "weights", "scheduler"), STATES.values(), ids=STATES)
def test_states(
    parameters: dict[str, Any], services: set[ServiceId], weights: dict[DestinationId, int], scheduler: str
) -> None:
    wanted = declaration.target(FULL, declaration.read(parameters))
    assert set(wanted.services) == services
    assert {name: value.weight for name, value in wanted.services[KEY].destinations.items()} == weights
    assert wanted.services[KEY].settings.scheduler == scheduler
    assert wanted.daemons == FULL.daemons and wanted.timeouts == FULL.timeouts


BACKUP = {"state": "backup", "interface": "eth0", "sync_id": 51}


@pytest.mark.parametrize(
    ("state", "daemons", "left"),
    [
        ("present", [MASTER], {"master", "backup"}),
        ("exact", [MASTER], {"master"}),
        ("exact", [], set()),
        ("exact", None, {"backup"}),
        ("absent", [{"state": "backup"}], set()),
        ("absent", [{"state": "master"}], {"backup"}),
    ],
)
def test_states_of_daemons(state: str, daemons: list[dict[str, Any]] | None, left: set[str]) -> None:
    declared = declaration.read({"state": state, "sync_daemons": daemons})
    assert set(declaration.target(FULL, declared).daemons) == left


def test_a_length_that_is_not_declared_is_the_kernels_choice() -> None:
    declared = declaration.read({"sync_daemons": [BACKUP]})
    assert declaration.target(FULL, declared).daemons == FULL.daemons


def test_weights_that_live_are_kept() -> None:
    declared = declaration.read(service())
    wanted = declaration.target(FULL, declared, keep_weights=True)
    assert wanted.services[KEY].destinations[ONE].weight == 8
    assert declaration.target(EMPTY, declared, keep_weights=True).services[KEY].destinations[ONE].weight == 1


def test_one_time_out_leaves_the_others() -> None:
    declared = declaration.read({"timeouts": {"tcp_fin": 5}})
    assert declaration.target(EMPTY, declared).timeouts == Timeouts(900, 5, 300)


ANYTHING = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(("192.0.2.1", "::1", "tun"))
)


def record(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=dict.fromkeys(names, ANYTHING))


SERVER_NAMES = (*DestinationId._fields, *Destination._fields)
SERVICES = st.fixed_dictionaries(
    {"destinations": st.none() | st.lists(record(*SERVER_NAMES), max_size=3)},
    optional=dict.fromkeys((*ServiceId._fields, *Settings._fields), ANYTHING),
)


@given(
    st.fixed_dictionaries(
        {"state": st.sampled_from(declaration.STATES)},
        optional={
            "services": st.lists(SERVICES, max_size=3),
            "scope": st.fixed_dictionaries({}, optional={"addresses": st.lists(st.text(max_size=9), max_size=2)}),
            "sync_daemons": st.lists(record(*Daemon._fields), max_size=2),
            "timeouts": record(*Timeouts._fields),
        },
    )
)
def test_whatever_is_declared_the_answer_is_a_table_or_a_report(parameters: dict[str, Any]) -> None:
    with contextlib.suppress(DeclarationError):
        declaration.target(FULL, declaration.read(parameters))
