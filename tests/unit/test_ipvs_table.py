# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""IPVS tables as the kernel tells them and as the topology declares them."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.derivation import build
from lab import ipvs_table
from unit.keepalived_examples import BOTH_FAMILIES
from unit.topology_inventories import long, service

SAVED = """\
-A -t 10.88.0.100:80 -s wlc
-a -t 10.88.0.100:80 -r 10.88.0.22:80 -g -w 1
-a -t 10.88.0.100:80 -r 10.88.0.21:80 -g -w 0
-A -u [2001:db8::100]:53 -s rr -p 300
-a -u [2001:db8::100]:53 -r [2001:db8::21]:53 -i -w 5 --tun-type ipip
-A -f 7 -s sh -p 60 -M 255.255.255.0 -b sh-port,sh-fallback
-a -f 7 -r 10.88.0.21:0 -m -w 1
-A -f 7 -6 -s rr
"""


def test_order_does_not_matter() -> None:
    lines = SAVED.splitlines()
    turned = "\n".join([lines[0], lines[2], lines[1], *lines[3:]])
    assert ipvs_table.parse(turned) == ipvs_table.parse(SAVED)


def test_everything_declared_is_read() -> None:
    assert ipvs_table.parse(SAVED) == {
        "10.88.0.100:80/tcp": {
            "scheduler": "wlc",
            "servers": {
                "10.88.0.21:80": {"forwarding": "dr", "weight": 0},
                "10.88.0.22:80": {"forwarding": "dr", "weight": 1},
            },
        },
        "[2001:db8::100]:53/udp": {
            "scheduler": "rr",
            "persistence": 300,
            "servers": {"[2001:db8::21]:53": {"forwarding": "tun", "weight": 5}},
        },
        "mark 7/ipv4": {
            "scheduler": "sh",
            "flags": ["sh-fallback", "sh-port"],
            "persistence": 60,
            "netmask": "255.255.255.0",
            "servers": {"10.88.0.21:0": {"forwarding": "nat", "weight": 1}},
        },
        "mark 7/ipv6": {"scheduler": "rr", "servers": {}},
    }


@pytest.mark.parametrize("line", ["-A -x 1 -s rr", "-D -t 10.88.0.100:80", "nonsense"])
def test_what_is_not_known_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="unknown line"):
        ipvs_table.parse(line)


def test_declared_is_what_a_healthy_kernel_says() -> None:
    topology = build(
        long(
            service(ports=[80]),
            service(
                name="names",
                ports=[53],
                protocol="udp",
                scheduler="sh",
                scheduler_flags=["sh-port", "sh-fallback"],
                forwarding="nat",
                persistence_timeout=60,
                persistence_netmask="255.255.255.0",
                real_servers=[{"name": "web1", "port": 5353, "weight": 2}],
                check={"type": "ping"},
            ),
            {"name": "marked", "fwmark": 7, "check": {"type": "ping"}, "real_servers": ["web1"]},
            {
                "name": "marked6",
                "endpoints": [{"fwmark": 7}, {"fwmark": 8}],
                "family": "ipv6",
                "check": {"type": "ping"},
                "real_servers": ["web1"],
            },
            {"name": "many", "endpoints": [{"addresses": "192.0.2.110-111", "port": 80}], "real_servers": ["web1"]},
            {
                "name": "many6",
                "endpoints": [{"addresses": "2001:db8::f-2001:db8::10", "port": 80}],
                "real_servers": ["web1"],
            },
            hosts=BOTH_FAMILIES,
        )
    )
    saved = """\
-A -t 192.0.2.100:80 -s wlc
-a -t 192.0.2.100:80 -r 192.0.2.21:80 -g -w 1
-a -t 192.0.2.100:80 -r 192.0.2.22:80 -g -w 1
-A -u 192.0.2.100:53 -s sh -p 60 -M 255.255.255.0 -b sh-fallback,sh-port
-a -u 192.0.2.100:53 -r 192.0.2.21:5353 -m -w 2
-A -f 7 -s wlc
-a -f 7 -r 192.0.2.21:0 -g -w 1
-A -f 7 -6 -s wlc
-a -f 7 -6 -r [2001:db8::21]:0 -g -w 1
-A -f 8 -6 -s wlc
-a -f 8 -6 -r [2001:db8::21]:0 -g -w 1
-A -t 192.0.2.110:80 -s wlc
-a -t 192.0.2.110:80 -r 192.0.2.21:80 -g -w 1
-A -t 192.0.2.111:80 -s wlc
-a -t 192.0.2.111:80 -r 192.0.2.21:80 -g -w 1
-A -t [2001:db8::f]:80 -s wlc
-a -t [2001:db8::f]:80 -r [2001:db8::21]:80 -g -w 1
-A -t [2001:db8::10]:80 -s wlc
-a -t [2001:db8::10]:80 -r [2001:db8::21]:80 -g -w 1
"""
    assert ipvs_table.declared(topology.as_dict()) == ipvs_table.parse(saved)
