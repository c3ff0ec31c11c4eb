# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Every kind of health check: what it watches breaks, and the server leaves; it is mended, and the server returns.

Times are those of the engine's wall clock.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from clients import ask, shares
from lab.cluster import Cluster

VIP, SERVER = "10.91.16.107", "10.91.17.21"
GONE = ""
# Between what breaks and what sees it: processes that end and start, on a busy machine.
SLACK_S = 1.0
RETURN_S = 8.0


@dataclass(frozen=True)
class Fault:
    """Commands on one node; the weight of the server is 1 before and after."""

    port: int
    node: str
    breaks: str
    mends: str
    weight: str = GONE
    # keepalived's own, where there are no retries.
    bound: float | None = None


def _peer(kind: str, port: int) -> Fault:
    return Fault(port, "web1", f"systemctl stop peer@{kind}", f"systemctl start peer@{kind}")


def _script(code: int, weight: str) -> Fault:
    return Fault(9107, "lvs1", f"echo {code} > /etc/weight-of-web1", "echo 3 > /etc/weight-of-web1", weight)


def _file(number: int, weight: str) -> Fault:
    return Fault(9108, "lvs1", f"echo {number} > /run/drain", "echo 0 > /run/drain", weight, bound=1.0)


FAULTS = {
    "TCP_CHECK": _peer("tcp", 9101),
    "PING_CHECK": Fault(
        9102,
        "web1",
        "sysctl -qw net.ipv4.icmp_echo_ignore_all=1",
        "sysctl -qw net.ipv4.icmp_echo_ignore_all=0",
    ),
    "UDP_CHECK": _peer("udp", 9103),
    "SMTP_CHECK": _peer("smtp", 9104),
    "DNS_CHECK": _peer("dns", 9105),
    "SSL_GET": _peer("https", 9106),
    "MISC_CHECK": _script(1, GONE),
    "MISC_CHECK, weight 0": _script(2, "0"),
    "MISC_CHECK, weight 10": _script(12, "10"),
    "FILE_CHECK": _file(-100000, "0"),
    "FILE_CHECK, weight 5": _file(4, "5"),
    # Three times what was agreed, a second.
    "BFD_CHECK": Fault(
        9109, "web1", "systemctl kill --signal=KILL bfd-peer", "systemctl start bfd-peer", bound=3 * 1.0
    ),
}


def _bound(cluster: Cluster, port: int) -> float:
    services = cluster.topology["virtual_services"]
    return next(float(one["ejection_s"]) for one in services if one["port"] == port)


def _weight_is(cluster: Cluster, port: int, weight: str, seconds: float) -> float:
    """Wait until the kernel has the server with this weight; return when that was."""
    # Of -a -t VIP:PORT -r SERVER:PORT -g -w WEIGHT.
    found = f'ipvsadm -Sn | awk \'$1 == "-a" && $3 == "{VIP}:{port}" && $5 ~ /^{SERVER}:/ {{ print $8 }}\''
    return float(
        cluster.run(
            cluster.preferred_master,
            f'end=$(($(date +%s) + {seconds:.0f})); until [ "$({found})" = "{weight}" ]; do'
            f" [ $(date +%s) -lt $end ] || {{ echo 'weight $({found})' >&2; exit 1; }}; sleep 0.05; done;"
            " date +%s.%N",
        )
    )


@pytest.mark.parametrize("name", FAULTS)
def test_server_leaves_within_the_bound_and_returns(cluster: Cluster, name: str) -> None:
    fault = FAULTS[name]
    bound = _bound(cluster, fault.port) if fault.bound is None else fault.bound
    with ThreadPoolExecutor() as pool:
        left = pool.submit(_weight_is, cluster, fault.port, fault.weight, 20)
        try:
            broken_at = cluster.command_at(fault.node, fault.breaks)
            left_at = left.result()
        finally:
            mended_at = cluster.command_at(fault.node, fault.mends)
        back_at = _weight_is(cluster, fault.port, "1", 20)
    print(f"{name}: left after {left_at - broken_at:.2f} s of {bound:g}, back after {back_at - mended_at:.2f} s")
    assert left_at - broken_at < bound + SLACK_S
    assert back_at - mended_at < RETURN_S


def test_sorry_server_answers_by_nat_when_the_server_behind_the_tunnel_is_gone(cluster: Cluster) -> None:
    assert shares(ask(cluster, VIP, 9101, times=2)) == {"web1": 2}
    try:
        cluster.run("web1", "systemctl stop peer@tcp")
        _weight_is(cluster, 9101, GONE, 20)
        assert shares(ask(cluster, VIP, 9101, times=2)) == {"web2": 2}
    finally:
        cluster.run("web1", "systemctl start peer@tcp")
    _weight_is(cluster, 9101, "1", 20)
    assert shares(ask(cluster, VIP, 9101, times=2)) == {"web1": 2}


def test_an_upload_arrives_even_where_servers_announce_too_much(cluster: Cluster) -> None:
    """The director tells the client what fits: slower, and whole."""
    try:
        for node in cluster.web:
            cluster.run(node, "ip rule delete from 10.91.16.102")
        too_big = "awk '/^Icmp: [0-9]/ { print $5 }' /proc/net/snmp"
        upload = "curl -sS --fail --max-time 60 --data-binary @/tmp/upload http://10.91.16.102/upload.php"
        said = cluster.run(cluster.client, f"{{ {too_big}; {upload}; {too_big}; md5sum < /tmp/upload; }}").split()
    finally:
        for node in cluster.web:
            cluster.run(node, "systemctl restart ha-web-tunnel@tunl0_10.91.16.102_0")
    assert said[1] == said[3]
    assert int(said[2]) > int(said[0])
