# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""IPVS tables as the kernel tells them and as the topology declares them."""

from __future__ import annotations

import pytest
from lab import ipvs_table

SAVED = """\
-A -t 10.88.0.100:80 -s wlc
-a -t 10.88.0.100:80 -r 10.88.0.22:80 -g -w 1
-a -t 10.88.0.100:80 -r 10.88.0.21:80 -g -w 0
-A -u [2001:db8::100]:53 -s rr -p 300
-a -u [2001:db8::100]:53 -r [2001:db8::21]:53 -i -w 5 --tun-type ipip
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
            "servers": {"[2001:db8::21]:53": {"forwarding": "tun", "weight": 5}},
        },
    }


@pytest.mark.parametrize("line", ["-A -f 1 -s rr", "-D -t 10.88.0.100:80", "nonsense"])
def test_what_is_not_known_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="unknown line"):
        ipvs_table.parse(line)


def test_declared_is_what_a_healthy_kernel_says() -> None:
    service = {"address": "10.88.0.100", "port": 80, "protocol": "tcp", "scheduler": "wlc", "forwarding": "dr"}
    servers = [{"address": f"10.88.0.2{n}", "port": 80, "weight": 1} for n in (1, 2)]
    topology = {"virtual_services": [{**service, "real_servers": servers}]}
    saved = SAVED.replace("-w 0", "-w 1").splitlines()[:3]
    assert ipvs_table.declared(topology) == ipvs_table.parse("\n".join(saved))
