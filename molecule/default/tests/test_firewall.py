# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The firewall in front of IPVS, from the outside: open is what is declared."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from lab.cluster import Cluster
from lab.report import wait_for

# Of an address's lower ports and those named, prints which accept a connection, and which answer at all. That a kernel
# under load has given up waiting is no answer.
SCAN = """
import errno, json, selectors, socket, sys, time
selector, found = selectors.DefaultSelector(), {"open": [], "refused": [], "other": []}
for port in {*range(1, 10001), *map(int, sys.argv[2:])}:
    probe = socket.socket()
    probe.setblocking(False)
    probe.connect_ex((sys.argv[1], port))
    selector.register(probe, selectors.EVENT_WRITE, port)
deadline = time.monotonic() + 5
while selector.get_map() and time.monotonic() < deadline:
    for key, _events in selector.select(0.1):
        error = key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error != errno.ETIMEDOUT:
            found["refused" if error == errno.ECONNREFUSED else "other" if error else "open"].append(key.data)
        selector.unregister(key.fileobj)
print(json.dumps(found))
"""
# Somebody behind ports that must stay closed, for longer than scans may take.
LISTENERS = """
import socket, sys, time
held = [socket.create_server(("0.0.0.0", int(port)), backlog=64) for port in sys.argv[1:]]
time.sleep(600)
"""
# What the topology opens there is nothing: closed to the client, though somebody listens.
CLOSED = [3306, 4000]
# sshd does not run in the nodes: with its port open, the kernel says that nobody listens.
SSH = [22]
# Adverts of VRRP version 3 with the highest priority, from the client, who is no director.
ADVERTS = """
import socket, struct, sys, time
source, target, vip = (socket.inet_aton(word) for word in sys.argv[1:4])
advert = struct.pack("!BBBBHH4s", 0x31, 51, 254, 1, 10, 0, vip)
pseudo = source + target + struct.pack("!BBH", 0, 112, len(advert)) + advert
total = sum(struct.unpack(f"!{len(pseudo) // 2}H", pseudo))
total = (total & 0xFFFF) + (total >> 16)
advert = advert[:6] + struct.pack("!H", ~(total + (total >> 16)) & 0xFFFF) + advert[8:]
sender = socket.socket(socket.AF_INET, socket.SOCK_RAW, 112)
sender.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 255)
for _number in range(20):
    sender.sendto(advert, (sys.argv[2], 0))
    time.sleep(0.05)
"""


Found = dict[str, list[int]]
# By the node that asks, and the address.
Scans = dict[tuple[str, str], Found]


def python(cluster: Cluster, node: str, program: str, *arguments: object) -> str:
    return cluster.run(node, shlex.join(["python3", "-c", program, *map(str, arguments)]))


def served(cluster: Cluster) -> list[int]:
    """The ports of all services."""
    return sorted(service["port"] for service in cluster.topology["virtual_services"])


def page(cluster: Cluster) -> list[int]:
    """The port of the Graphic Monitor at its hosts, which are the directors."""
    monitor = cluster.topology["monitor"]
    return [monitor["port"]] if monitor["enabled"] else []


def figures(cluster: Cluster) -> list[int]:
    """The ports at which web servers tell the monitor's hosts their figures."""
    return [9100, 9113, 9117, 9145] if cluster.topology["monitor"]["enabled"] else []


def scan(cluster: Cluster, node: str, address: str) -> Found:
    found: Found = json.loads(python(cluster, node, SCAN, address, *served(cluster)))
    return {kind: sorted(ports) for kind, ports in found.items()}


def strangers(cluster: Cluster, node: str) -> int:
    """How many adverts of strangers the firewall has dropped."""
    found = cluster.run(node, "nft list chain inet ha_web input | grep 'vrrp of strangers'").split()
    return int(found[found.index("packets") + 1])


@pytest.fixture(scope="module")
def listeners(cluster: Cluster) -> Iterator[None]:
    command = shlex.join(["python3", "-c", LISTENERS, *map(str, CLOSED)])
    processes = {
        node: cluster.run(node, f"setsid {command} >/dev/null 2>&1 </dev/null & echo $!")
        for node in (*cluster.directors, *cluster.web)
    }
    for node in processes:
        wait_for(f"listeners of {node}", lambda node=node: "3306" in cluster.run(node, "ss -ltn"), 10)  # type: ignore[misc]
    yield
    for node, process in processes.items():
        # Others look who listens.
        cluster.run(node, f"kill {process}")


@pytest.fixture(scope="module")
def scans(cluster: Cluster, listeners: None) -> Scans:
    """What each node finds at each address: some at once, as a scan waits longer than it works."""
    pairs = [
        *((cluster.client, cluster.address(node)) for node in (*cluster.directors, *cluster.web, *cluster.storage)),
        *((cluster.web[0], cluster.address(node)) for node in cluster.storage),
        *((node, cluster.address(cluster.web[0])) for node in cluster.directors),
        (cluster.client, cluster.vip),
    ]
    with ThreadPoolExecutor(4) as pool:
        return dict(zip(pairs, pool.map(lambda pair: scan(cluster, *pair), pairs), strict=True))


def test_directors_answer_nothing_but_ssh_and_the_monitor(cluster: Cluster, scans: Scans) -> None:
    for node in cluster.directors:
        found = scans[cluster.client, cluster.address(node)]
        assert found == {"open": page(cluster), "refused": SSH, "other": []}


def test_web_servers_serve_at_the_vip_alone(cluster: Cluster, scans: Scans) -> None:
    for node in cluster.web:
        assert scans[cluster.client, cluster.address(node)] == {"open": [], "refused": SSH, "other": []}


def test_vip_serves_what_is_declared(cluster: Cluster, scans: Scans) -> None:
    # The holder is a director, with ssh at all its addresses.
    expected = {"open": served(cluster) + page(cluster), "refused": SSH, "other": []}
    assert scans[cluster.client, cluster.vip] == expected


def test_storage_is_for_web_servers_alone(cluster: Cluster, scans: Scans) -> None:
    for node in cluster.storage:
        address = cluster.address(node)
        assert scans[cluster.client, address] == {"open": [], "refused": SSH, "other": []}
        assert scans[cluster.web[0], address] == {"open": [2049], "refused": SSH, "other": []}


def test_directors_reach_the_ports_they_check_and_scrape(cluster: Cluster, scans: Scans) -> None:
    expected = {"open": served(cluster) + figures(cluster), "refused": SSH, "other": []}
    for node in cluster.directors:
        assert scans[node, cluster.address(cluster.web[0])] == expected


def test_adverts_of_a_stranger_reach_no_keepalived(cluster: Cluster) -> None:
    client = cluster.run(cluster.client, f"ip -o route get {cluster.vip}").split()
    source = client[client.index("src") + 1]
    before = cluster.holders()
    assert len(before) == 1
    for node in cluster.directors:
        dropped = strangers(cluster, node)
        python(cluster, cluster.client, ADVERTS, source, cluster.address(node), cluster.vip)
        assert strangers(cluster, node) - dropped == 20
    assert cluster.holders() == before


def test_directors_hear_each_other(cluster: Cluster) -> None:
    """The backup counts adverts, and none of them among the strangers'."""
    backup = next(node for node in cluster.directors if node not in cluster.holders())
    dropped = strangers(cluster, backup)
    received = "nft add table inet test; nft 'add chain inet test input { type filter hook input priority 10; }';"
    received += " nft add rule inet test input meta l4proto 112 counter; sleep 2;"
    counted = cluster.run(backup, f"{received} nft list table inet test; nft delete table inet test").split()
    assert int(counted[counted.index("packets") + 1]) > 10
    assert strangers(cluster, backup) == dropped


def test_balanced_traffic_is_not_tracked(cluster: Cluster) -> None:
    request = f"curl --silent --show-error --fail --max-time 5 -o /dev/null http://{cluster.vip}/static.txt"
    # grep fails where it counts none; without the file it prints nothing.
    tracked = f"grep -c 'dst={cluster.vip} ' /proc/net/nf_conntrack || true"
    holder = cluster.the_holder()
    assert holder
    nodes = [holder, *cluster.web]
    # Those of a time without the firewall, which another test has made, end after two minutes.
    before = {node: int(cluster.run(node, tracked)) for node in nodes}
    cluster.run(cluster.client, f"for number in $(seq 20); do {request} || exit 1; done")
    assert all(int(cluster.run(node, tracked)) <= before[node] for node in nodes)
