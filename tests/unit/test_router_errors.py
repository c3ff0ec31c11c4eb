# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Bad virtual routers, groups of them and things they watch, and the whole of what the user is told about each."""

from __future__ import annotations

from typing import Any

import pytest
from unit.keepalived_examples import BOTH_FAMILIES, VIP6
from unit.topology_inventories import VIP, Inventory, long, report_of, service, short

A = 'ha_web_virtual_routers[0] "a"'
B = 'ha_web_virtual_routers[1] "b"'
GROUP = 'ha_web_sync_groups[0] "g"'
CORRECT_IT = "Correct it, or remove it for the default."
TWO = ({"name": "a", "master": "lvs1"}, {"name": "b", "master": "lvs2"})


def routed(**changes: Any) -> Inventory:
    """One router for the only service."""
    return short(ha_web_virtual_routers=[{"name": "a", **changes}])


def crossed(*routers: Any, **changes: Any) -> Inventory:
    """Two routers, with a service each."""
    return long(
        service(router="a"),
        service(name="shop", address="192.0.2.101", router="b"),
        **{"ha_web_virtual_routers": list(routers or TWO), **changes},
    )


def synced(group: dict[str, Any], *routers: Any, **changes: Any) -> Inventory:
    same = routers or ({"name": "a"}, {"name": "b"})
    return crossed(*same, ha_web_sync_groups=[{"name": "g", "routers": ["a", "b"], **group}], **changes)


ONE_ERROR: dict[str, tuple[Inventory, str, str]] = {
    "routers not a list": (
        short(ha_web_virtual_routers={"name": "a"}),
        "ha_web_virtual_routers: not a list.",
        "Write a list of {name: ..., master: ...}.",
    ),
    "no routers": (
        short(ha_web_virtual_routers=[]),
        "ha_web_virtual_routers: no routers.",
        "Write at least one, or remove it for the default.",
    ),
    "misspelt key": (routed(priority=1), f'{A}: unknown key "priority".', "Did you mean priorities?"),
    "name with a brace": (
        short(ha_web_virtual_routers=[{"name": "a{"}]),
        "ha_web_virtual_routers[0]: no usable name.",
        "Give it a name of letters, digits, dots, hyphens and underscores.",
    ),
    "names shared": (
        crossed(
            {"name": "a", "vrid": 1, "vips": ["192.0.2.102"]},
            {"name": "a", "vrid": 2, "vips": ["192.0.2.103"]},
            {"name": "b", "vrid": 3},
        ),
        f'{A} and ha_web_virtual_routers[1] "a": have the same name "a".',
        "Give each router its own name.",
    ),
    "vrid shared": (
        crossed({"name": "a", "vrid": 7}, {"name": "b", "vrid": 7}),
        f"{A} and {B}: have the same vrid 7 on the same interface.",
        "Give each router its own vrid, or leave it out.",
    ),
    "vrid": (routed(vrid=0), f"{A}: vrid 0 is not a whole number from 1 to 255.", CORRECT_IT),
    "master": (
        routed(master="web1"),
        f'{A}: master "web1" is no director.',
        "Name a host of the group directors.",
    ),
    "master and priorities": (
        routed(master="lvs1", priorities={"lvs1": 2, "lvs2": 1}),
        f"{A}: both master and priorities.",
        "Remove priorities: master and the group's order give them.",
    ),
    "priorities shared": (
        routed(priorities={"lvs1": 2, "lvs2": 2}),
        f"{A}: lvs1 and lvs2 have the same priority 2.",
        "Give each director its own.",
    ),
    "priority of the owner": (
        routed(priorities={"lvs1": 255, "lvs2": 1}),
        f"{A}: priority of lvs1 255 is not a whole number from 1 to 254.",
        CORRECT_IT,
    ),
    "priority missing": (
        routed(priorities={"lvs1": 200}),
        f"{A}: priorities does not name lvs2.",
        "Write it for all directors.",
    ),
    "priority of a stranger": (
        routed(priorities={"lvs1": 200, "lvs2": 100, "web1": 1}),
        f"{A}: priorities names web1, which is no director.",
        "Use names of the group directors.",
    ),
    "interface": (
        routed(interface="eth0 eth1"),
        f'{A}: interface "eth0 eth1" is not the name of an interface.',
        "Write its name as the kernel does: eth0.",
    ),
    "interface of one director": (
        routed(interface={"lvs1": "eth0"}),
        f"{A}: interface does not name lvs2.",
        "Write it for all directors.",
    ),
    "address": (
        routed(addresses={"lvs1": "192.0.2.11", "lvs2": "x"}),
        f'{A}, addresses: "x" is not an IP address.',
        "Write the address alone, without a prefix length.",
    ),
    "address of the other family": (
        routed(addresses={"lvs1": "2001:db8::11", "lvs2": "192.0.2.12"}),
        f"{A}: is IPv4, and address 2001:db8::11 of lvs1 is IPv6.",
        "Write an IPv4 address.",
    ),
    "advert interval of version 2": (
        routed(version=2, advert_interval=0.1),
        f"{A}: advert_interval 0.1 s is not a whole number of seconds, and VRRP version 2 carries no other.",
        "Write version: 3, or advert_interval: 1.",
    ),
    "adverts before a backup takes over": (
        routed(down_timer_adverts=0),
        f"{A}: down_timer_adverts 0 is not a whole number from 1 to 100.",
        CORRECT_IT,
    ),
    "version": (routed(version=4), f"{A}: version 4 is not a whole number from 2 to 3.", CORRECT_IT),
    "version 2 of IPv6": (
        short(
            ha_web_vip=VIP6,
            ha_web_virtual_routers=[{"name": "a", "version": 2}],
            hosts=BOTH_FAMILIES,
        ),
        f"{A}: VRRP version 2 knows no IPv6.",
        "Remove version: 3 is the default.",
    ),
    "password of version 3": (
        routed(authentication="secret"),
        f"{A}: VRRP version 3 has no authentication.",
        "Remove authentication, or write version: 2.",
    ),
    "long password": (
        routed(version=2, authentication="0123456789"),
        f"{A}: authentication is longer than 8 characters.",
        "Shorten it: VRRP carries no more.",
    ),
    "password with a brace": (
        routed(version=2, authentication="a}"),
        f"{A}: authentication is not a usable password.",
        "Use letters, digits and any of _.,:=@%+/*~^-.",
    ),
    "mode": (routed(mode="broadcast"), f'{A}: unknown mode "broadcast".', "Use one of: unicast, multicast."),
    "delay without preemption": (
        routed(preempt=False, preempt_delay=5),
        f"{A}: preempt_delay without preemption.",
        "Remove preempt_delay, or write preempt: true.",
    ),
    "long delay": (
        routed(preempt_delay=1001),
        f"{A}: preempt_delay 1001 is not from 0 to 1000 seconds.",
        CORRECT_IT,
    ),
    "garp": (
        routed(garp={"master_repeat": 0}),
        f"{A}, garp: master_repeat 0 is not a whole number from 1 to 100.",
        CORRECT_IT,
    ),
    "vip without address": (
        routed(vips=[{"label": "x"}]),
        f"{A}, vip 0: {{'label': 'x'}} has no address.",
        "Write an address, or {address: ..., interface: ...}.",
    ),
    "vip": (
        routed(vips=["192.0.2.300"]),
        f'{A}, vip 0: "192.0.2.300" is not an IP address.',
        "Write 192.0.2.100, or 192.0.2.100/24.",
    ),
    "vip of a director": (
        routed(vips=["192.0.2.11/24"]),
        f"{A}: address 192.0.2.11 is the address of lvs1.",
        "Choose a free address of the same network: VRRP moves it between the directors.",
    ),
    "vip of the other family": (
        routed(family="ipv4", vips=[VIP6]),
        f"{A}: is IPv4, and carries {VIP6}, which is IPv6.",
        "Give each family a router of its own, and join them in ha_web_sync_groups.",
    ),
    "long label": (
        routed(vips=[{"address": VIP, "label": "eth0:0123456789a"}]),
        f"{A}, vip 0: label eth0:0123456789a is longer than 15 characters.",
        "Shorten it: the kernel takes no more.",
    ),
    "scope": (
        routed(vips=[{"address": VIP, "scope": "far"}]),
        f'{A}, vip 0: unknown scope "far".',
        "Use one of: global, link, site, host.",
    ),
    "vip of two routers": (
        crossed({"name": "a"}, {"name": "b", "vips": [VIP]}),
        f"{A} and {B}: carry {VIP} together.",
        "Name one router in all services of an address, and in vips.",
    ),
    "router without address": (
        short(ha_web_virtual_routers=[{"name": "a", "vips": [VIP]}, {"name": "b"}]),
        f"{B}: carries no address.",
        "Name it in a service (router: ...), or give it vips: [...].",
    ),
    "service without router": (
        long(
            service(),
            ha_web_virtual_routers=[
                {"name": "a", "vips": ["192.0.2.101"]},
                {"name": "b", "vips": ["192.0.2.102"]},
            ],
        ),
        'ha_web_virtual_services[0] "api": a and b could carry it.',
        "Name one with router: ...",
    ),
    "service of the other family": (
        long(
            service(address=VIP6),
            ha_web_virtual_routers=[{"name": "a", "vips": ["192.0.2.101"]}],
            hosts=BOTH_FAMILIES,
        ),
        'ha_web_virtual_services[0] "api": no router is IPv6.',
        "Declare one in ha_web_virtual_routers.",
    ),
    "unknown router": (
        long(service(router="c"), service(name="b", address="192.0.2.101"), ha_web_virtual_routers=[{"name": "a"}]),
        'ha_web_virtual_services[0] "api": router c is not declared.',
        "Declare it in ha_web_virtual_routers, or correct its name.",
    ),
    "director without the family": (
        short(
            ha_web_virtual_routers=[{"name": "a", "vips": [VIP]}, {"name": "b", "vips": [VIP6]}],
            directors={"lvs1": "192.0.2.11"},
        ),
        f"{B}: is IPv6, director lvs1 (192.0.2.11) is not.",
        "Give lvs1 an IPv6 address (ha_web_address), or the router addresses.",
    ),
    "route to nowhere": (
        routed(routes=[{"via": "192.0.2.1"}]),
        f"{A}, route 0: {{'via': '192.0.2.1'}} goes nowhere.",
        "Write {to: 198.51.100.0/24, via: 192.0.2.1}.",
    ),
    "route to no network": (
        routed(routes=[{"to": "198.51.100.1/24"}]),
        f'{A}, route 0: to "198.51.100.1/24" is not a network.',
        "Write 198.51.100.0/24, or default for a route.",
    ),
    "rule without priority": (
        routed(rules=[{"from": "198.51.100.0/24", "table": 100}]),
        f"{A}, rule 0: no priority.",
        "Write {from: ..., table: 100, priority: 1000}.",
    ),
    "rule of nothing": (
        routed(rules=[{"table": 100}]),
        f"{A}, rule 0: {{'table': 100}} selects nothing.",
        "Write {from: ..., table: 100, priority: 1000}.",
    ),
    "unknown script": (
        routed(track_scripts=["uplink"]),
        f"{A}: uplink is not in ha_web_scripts.",
        "Declare it there, or correct its name.",
    ),
    "unknown process": (
        routed(track_processes=["cron"]),
        f"{A}: cron is not in ha_web_track_processes.",
        "Declare it there, or correct its name.",
    ),
    "unknown file": (
        routed(track_files=["standby"]),
        f"{A}: standby is not in ha_web_track_files.",
        "Declare it there, or correct its name.",
    ),
    "unknown bfd": (
        routed(track_bfd=["peer"]),
        f"{A}: peer is not in ha_web_bfd.",
        "Declare it there, or correct its name.",
    ),
    "weight of what is tracked": (
        routed(track_interfaces=[{"name": "eth1", "weight": 254}]),
        f"{A}, track_interfaces eth1: weight 254 is not a whole number from -253 to 253.",
        CORRECT_IT,
    ),
    "tracked without a name": (
        routed(track_scripts=[{"weight": 1}]),
        f"{A}: track_scripts: {{'weight': 1}} has no name.",
        "Write a name, or {name: ..., weight: -20}.",
    ),
    "notify": (
        routed(notify={"mastre": "/bin/a"}),
        f'{A}, notify: unknown key "mastre".',
        "Did you mean master?",
    ),
    "notify command": (
        routed(notify={"master": "a"}),
        f'{A}, notify: master "a" does not begin with a slash.',
        "Write the absolute path of the script.",
    ),
    "raw": (routed(raw=["}"]), f"{A}, raw: its braces do not pair.", "Close what it opens, and nothing else."),
    "group of one": (
        synced({"routers": ["a"]}),
        f"{GROUP}: has one router.",
        "Name at least two, or remove it.",
    ),
    "group of strangers": (
        synced({"routers": ["a", "b", "c"]}),
        f"{GROUP}: router c is not declared.",
        "Name routers of ha_web_virtual_routers.",
    ),
    "router in two groups": (
        crossed(
            {"name": "a"},
            {"name": "b"},
            {"name": "c", "vips": ["192.0.2.102"]},
            ha_web_sync_groups=[{"name": "g", "routers": ["a", "b"]}, {"name": "h", "routers": ["b", "c"]}],
        ),
        f'{GROUP} and ha_web_sync_groups[1] "h": both hold router b.',
        "Keep it in one of them.",
    ),
    "group of different masters": (
        synced({}, *TWO),
        f"{GROUP}: its routers have different masters.",
        "Give them the same order of priorities, or take them apart: the group would elect for ever.",
    ),
    "member that tracks": (
        synced({}, {"name": "a", "track_interfaces": ["eth1"]}, {"name": "b"}),
        f"{A}: tracks something by itself, and is in the group g.",
        "Let the group track it: all its routers have one state.",
    ),
    "group that tracks its own interface": (
        synced({"track_interfaces": ["eth0"]}, {"name": "a", "interface": "eth0"}, {"name": "b", "interface": "eth0"}),
        f"{GROUP}: tracks eth0, which its routers run on.",
        "Remove it: a router always tracks its own.",
    ),
    "script without command": (
        short(ha_web_scripts=[{"name": "s"}]),
        'ha_web_scripts[0] "s": no script.',
        "Write the command: script: /usr/local/bin/check argument.",
    ),
    "script declared twice": (
        short(ha_web_scripts=[{"name": "s", "script": "/bin/a"}, {"name": "s", "script": "/bin/b"}]),
        'ha_web_scripts: "s" is declared 2 times.',
        "Give each its own name.",
    ),
    "half a second between scripts": (
        short(ha_web_scripts=[{"name": "s", "script": "/bin/a", "interval": 0.5}]),
        'ha_web_scripts[0] "s": interval 0.5 is not a whole number from 1 to 4294.',
        CORRECT_IT,
    ),
    "process": (
        short(ha_web_track_processes=[{"name": "p", "process": "a b"}]),
        'ha_web_track_processes[0] "p": process "a b" is not a process\'s name.',
        "Write it without arguments.",
    ),
    "file": (
        short(ha_web_track_files=[{"name": "f", "file": "run/x"}]),
        'ha_web_track_files[0] "f": file "run/x" is not the path of a file.',
        "Write an absolute path without spaces.",
    ),
    "bfd of itself": (
        short(ha_web_bfd=[{"name": "p", "neighbor": "lvs2"}]),
        'ha_web_bfd[0] "p": 192.0.2.12 is lvs2 itself.',
        "Write the neighbor of each director: {lvs1: lvs2, lvs2: lvs1}.",
    ),
    "bfd of nobody": (
        short(ha_web_bfd=[{"name": "p", "neighbor": "lvs9"}]),
        'ha_web_bfd[0] "p": neighbor "lvs9" is neither an address nor a host.',
        "Write an address: 192.0.2.1.",
    ),
    "fifo": (
        short(ha_web_notify_fifo="fifo"),
        'ha_web_notify_fifo: path "fifo" is not the path of a file.',
        "Write an absolute path.",
    ),
    "script of a fifo": (
        short(ha_web_notify_fifo={"path": "/run/fifo", "script": {"command": "reader.sh", "user": "root"}}),
        'ha_web_notify_fifo: script "reader.sh" does not begin with a slash.',
        "Write the absolute path of the script.",
    ),
    "key of a fifo": (
        short(ha_web_notify_fifo={"path": "/run/fifo", "scripts": "/bin/reader"}),
        'ha_web_notify_fifo: unknown key "scripts".',
        "Did you mean script?",
    ),
    "fifo without a path": (
        short(ha_web_notify_fifo={"script": "/bin/reader"}),
        "ha_web_notify_fifo: {'script': '/bin/reader'} is no path.",
        "Write /run/keepalived.fifo, or {path: ..., user: ..., script: ...}.",
    ),
    "timeouts": (
        short(ha_web_lvs_timeouts=900),
        "ha_web_lvs_timeouts: 900 is not a mapping.",
        "Write {tcp: 900, tcpfin: 120, udp: 300}, in seconds.",
    ),
    "timeout of too long": (
        short(ha_web_lvs_timeouts={"tcp": 2147484}),
        "ha_web_lvs_timeouts: tcp 2147484 is not a whole number from 0 to 2147483.",
        CORRECT_IT,
    ),
    "timeout of half a second": (
        short(ha_web_lvs_timeouts={"udp": 0.5}),
        "ha_web_lvs_timeouts: udp 0.5 is not a whole number from 0 to 2147483.",
        CORRECT_IT,
    ),
    "timeout of something else": (
        short(ha_web_lvs_timeouts={"sctp": 5}),
        'ha_web_lvs_timeouts: unknown key "sctp".',
        "Known are: tcp, tcpfin, udp.",
    ),
    "sync daemon": (
        short(ha_web_sync_daemon={"id": 256}),
        "ha_web_sync_daemon: id 256 is not a whole number from 0 to 255.",
        CORRECT_IT,
    ),
    "global raw": (
        short(ha_web_keepalived_raw=["a {"]),
        "ha_web_keepalived_raw: its braces do not pair.",
        "Close what it opens, and nothing else.",
    ),
    "second address": (
        short(hosts={"lvs1": {"ha_web_address6": "192.0.2.99"}}),
        'lvs1: ha_web_address6 "192.0.2.99" is not an IPv6 address.',
        "Write the address alone, without a prefix length.",
    ),
    "second address of the same family": (
        short(
            ha_web_vip=VIP6,
            directors={"lvs1": "2001:db8::11"},
            web={"web1": "2001:db8::21"},
            hosts={"lvs1": {"ha_web_address6": "2001:db8::99"}},
        ),
        "lvs1: ha_web_address6 beside an IPv6 address, 2001:db8::11.",
        "Remove it, or set ha_web_address to the IPv4 address.",
    ),
}


@pytest.mark.parametrize(("declared", "finding", "remedy"), ONE_ERROR.values(), ids=ONE_ERROR.keys())
def test_one_error(declared: Inventory, finding: str, remedy: str) -> None:
    assert report_of(declared) == f"1 error in the topology; no host was touched.\n  {finding}\n      {remedy}"


def test_no_message_repeats_a_password() -> None:
    for version in (2, 3):
        assert "}secret" not in report_of(routed(version=version, authentication="}secret"))
