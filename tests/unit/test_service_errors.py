# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Bad virtual services, beyond those of test_topology_errors.py, and the whole of what the user is told about each."""

from __future__ import annotations

from typing import Any

import pytest
from unit.keepalived_examples import BOTH_FAMILIES
from unit.topology_inventories import VIP, Inventory, long, report_of, service

API = 'ha_web_virtual_services[0] "api"'
SORRY = f"{API}, sorry_server"
WEB1 = f"{API}, real server web1"
CORRECT_IT = "Correct it, or remove it for the default."
PING = {"type": "ping"}
CARRIER = {"ha_web_virtual_routers": [{"name": "a", "vips": [VIP]}]}
COMMAND = (
    "keepalived starts no shell: write /path/to/script argument 'argument with spaces', "
    "and put the rest into the script."
)


def marked(**changes: Any) -> Inventory:
    return long({"name": "api", "fwmark": 1, "check": PING, **changes}, **CARRIER)


def grouped(*endpoints: Any, **changes: Any) -> Inventory:
    return long({"name": "api", "endpoints": list(endpoints), **changes}, hosts=BOTH_FAMILIES)


def with_server(**server: Any) -> Inventory:
    return long(service(real_servers=[{"name": "web1", **server}, "web2"]))


def sorry(server: Any, **changes: Any) -> Inventory:
    return long(service(sorry_server=server, **changes))


ONE_ERROR: dict[str, tuple[Inventory, str, str]] = {
    "address and mark": (
        marked(address=VIP),
        f"{API}: both address and fwmark.",
        "Keep one of them: endpoints can hold several addresses or marks.",
    ),
    "ports of a mark": (
        marked(ports=[80]),
        f"{API}: ports with fwmark.",
        "Remove ports: a mark has none, and each address of endpoints has its own.",
    ),
    "mark 0": (
        marked(fwmark="x", address=None),
        f'{API}: fwmark "x" is not a whole number from 1 to 4294967295.',
        CORRECT_IT,
    ),
    "mark twice": (
        long(
            {"name": "api", "fwmark": 1, "check": PING},
            {"name": "b", "endpoints": [{"fwmark": 1}], "check": PING},
            **CARRIER,
        ),
        f'{API} and ha_web_virtual_services[1] "b": mark 1 of IPv4 is declared 2 times.',
        "Declare each address, port and protocol once.",
    ),
    "port of a mark's server": (
        marked(real_servers=[{"name": "web1", "port": 80}]),
        f"{API}: a port of web1, in a service of a firewall mark.",
        "Remove it: packets keep the port that they came with. Checks name theirs.",
    ),
    "port of a mark's sorry server": (
        marked(sorry_server={"address": "192.0.2.50", "port": 80}),
        f"{API}: a port of 192.0.2.50, in a service of a firewall mark.",
        "Remove it: packets keep the port that they came with. Checks name theirs.",
    ),
    "mark alone": (
        long({"name": "api", "fwmark": 1, "check": PING}),
        "ha_web_virtual_services: firewall marks alone, and no address that clients could use.",
        "List the addresses as vips of a router in ha_web_virtual_routers.",
    ),
    "family of an address": (
        long(service(family="ipv6")),
        f"{API}: family ipv6, address {VIP}.",
        "Remove family: the address tells it.",
    ),
    "family of a mark": (
        marked(family="inet6"),
        f'{API}: unknown family "inet6".',
        "Use one of: ipv4, ipv6.",
    ),
    "endpoint without address": (
        grouped({"address": VIP, "port": 80}, {"port": 80}),
        f"{API}, endpoint 1: has no address.",
        "Give it one of: address, addresses (a range), fwmark.",
    ),
    "endpoint without port": (
        grouped({"address": VIP}),
        f"{API}, endpoint 0: no port.",
        "Write the port that the clients use; 0, every port, needs persistence.",
    ),
    "endpoint not a mapping": (
        grouped({"address": VIP, "port": 80}, VIP),
        f'{API}, endpoint 1: "{VIP}" is not a mapping.',
        "Write {address: 192.0.2.10, port: 80} or {fwmark: 1}.",
    ),
    "port of a mark among endpoints": (
        long({"name": "api", "endpoints": [{"fwmark": 1, "port": 80}], "check": PING}, **CARRIER),
        f"{API}, endpoint 0: port with fwmark.",
        "Remove port: the rule that sets the mark decides about it.",
    ),
    "range": (
        grouped({"address": VIP, "port": 80}, {"addresses": "192.0.2.10/29", "port": 80}),
        f'{API}, endpoint 1: addresses "192.0.2.10/29" is not a range.',
        "Write 192.0.2.10-20, or two whole addresses.",
    ),
    "range backwards": (
        grouped({"address": VIP, "port": 80}, {"addresses": "192.0.2.150-140", "port": 80}),
        f"{API}, endpoint 1: addresses 192.0.2.150-140 is not a range of up to 256 addresses, lowest first.",
        "Turn it round, or use a firewall mark for so many.",
    ),
    "address in a range and alone": (
        grouped({"addresses": "192.0.2.99-101", "port": 80}, {"address": VIP, "port": 80}),
        f"{API}: {VIP}:80/tcp is declared 2 times.",
        "Declare each address, port and protocol once.",
    ),
    "range over a node": (
        grouped({"addresses": "192.0.2.10-11", "port": 80}),
        f"{API}: address 192.0.2.11 is the address of lvs1.",
        "Choose a free address of the same network: VRRP moves it between the directors.",
    ),
    "marks and addresses": (
        long({"name": "api", "endpoints": [{"fwmark": 1}, {"address": VIP, "port": 80}], "check": PING}),
        f"{API}: endpoints has both marks and addresses.",
        "Make a service of each: the port of a real server belongs to an address and not to a mark.",
    ),
    "two ports": (
        grouped({"address": VIP, "port": 80}, {"address": VIP, "port": 443}),
        f"{API}: endpoints has the ports 80 and 443.",
        "Make a service of each port: the real servers' port is one.",
    ),
    "scheduler flag": (
        long(service(scheduler_flags=["sh-port"])),
        f"{API}: flag sh-port with scheduler wlc.",
        "Remove it, or use scheduler: sh.",
    ),
    "unknown scheduler flag": (
        long(service(scheduler_flags=["port"])),
        f'{API}: unknown scheduler_flags "port".',
        "Use one of: sh-fallback, sh-port, mh-fallback, mh-port, flag-1, flag-2, flag-3.",
    ),
    "one packet over TCP": (
        long(service(one_packet=True)),
        f"{API}: one_packet with protocol tcp.",
        "Remove it, or use protocol: udp with an address.",
    ),
    "one packet and a mark": (
        marked(one_packet=True),
        f"{API}: one_packet with a firewall mark.",
        "Remove it, or use protocol: udp with an address.",
    ),
    "netmask without persistence": (
        long(service(persistence_netmask="255.255.255.0")),
        f"{API}: persistence_netmask without persistence_timeout.",
        "Set persistence_timeout, or remove persistence_netmask.",
    ),
    "netmask of IPv6": (
        long(service(persistence_timeout=60, persistence_netmask=64)),
        f"{API}: persistence_netmask 64 for an IPv4 service.",
        "Write a netmask: 255.255.255.0.",
    ),
    "netmask of IPv4": (
        long(
            service(address="2001:db8::100", persistence_timeout=60, persistence_netmask="255.255.255.0"),
            hosts=BOTH_FAMILIES,
        ),
        f"{API}: persistence_netmask 255.255.255.0 for an IPv6 service.",
        "Write a prefix length: 64.",
    ),
    "netmask with holes": (
        long(service(persistence_timeout=60, persistence_netmask="255.0.255.0")),
        f'{API}: persistence_netmask "255.0.255.0" is not a netmask.',
        "Write 255.255.255.0, or for IPv6 a prefix length: 64.",
    ),
    "engine over TCP": (
        long(service(persistence_timeout=60, persistence_engine="sip")),
        f"{API}: persistence_engine sip with protocol tcp.",
        "Remove it: the kernel reads SIP in UDP only.",
    ),
    "persistence of no time": (
        long(service(persistence_timeout=0)),
        f"{API}: persistence_timeout 0 is not a whole number from 1 to 2147483.",
        CORRECT_IT,
    ),
    "quorum too large": (
        long(service(quorum=3)),
        f"{API}: quorum 3 is more than the real servers' weights together (2).",
        "Set quorum to 2 or less, or raise the weights.",
    ),
    "hysteresis too large": (
        long(service(quorum=2, hysteresis=2)),
        f"{API}: hysteresis 2 is not less than quorum 2.",
        "Lower hysteresis: quorum is lost below quorum - hysteresis.",
    ),
    "hook with a redirection": (
        long(service(quorum_up="/bin/a > /tmp/b")),
        f'{API}: quorum_up "/bin/a > /tmp/b" is not a path with plain arguments.',
        COMMAND,
    ),
    "hook without a slash": (
        long(service(quorum_down={"command": "a", "user": "root"})),
        f'{API}: quorum_down "a" does not begin with a slash.',
        "Write the absolute path of the script.",
    ),
    "hook with another key": (
        long(service(quorum_down={"command": "/bin/a", "usr": "root"})),
        f'{API}, quorum_down: unknown key "usr".',
        "Did you mean user?",
    ),
    "sorry server of the pool": (
        sorry("web1"),
        f"{SORRY}: web1 is real server web1.",
        "Choose another host: when it is needed, the real servers are gone.",
    ),
    "sorry server at an address of the pool": (
        sorry({"address": "192.0.2.22"}),
        f"{SORRY}: 192.0.2.22 is real server web2.",
        "Choose another host: when it is needed, the real servers are gone.",
    ),
    "unknown sorry server": (
        sorry("web9"),
        f"{SORRY}: web9 is not in the inventory.",
        "Add the host, or correct its name.",
    ),
    "sorry server without a name": (
        sorry({"port": 80}),
        f"{SORRY}: has neither name nor address.",
        "Write a host's name, or {address: 192.0.2.50}.",
    ),
    "sorry server's port with DR": (
        sorry({"address": "192.0.2.50", "port": 81}),
        f"{SORRY}: DR needs its port (81) to equal the service's port (443).",
        "Set port 443 on 192.0.2.50, or forwarding: nat.",
    ),
    "sorry server of the other family": (
        sorry({"address": "2001:db8::50"}),
        f"{API}: address {VIP} is IPv4, real server 2001:db8::50 (2001:db8::50) is IPv6.",
        "Give 2001:db8::50 an IPv4 address (ha_web_address), or forwarding: tun.",
    ),
    "inhibited sorry server that is none": (
        long(service(sorry_server_inhibit=True)),
        f"{API}: sorry_server_inhibit without a sorry_server.",
        "Name a sorry_server, or remove it.",
    ),
    "thresholds": (
        with_server(upper_threshold=10, lower_threshold=20),
        f"{WEB1}: lower_threshold 20 is more than upper_threshold 10.",
        "Lower it: the server is used again below lower_threshold, and rests from upper_threshold on.",
    ),
    "weight": (
        with_server(weight=65536),
        f"{WEB1}: weight 65536 is not a whole number from 0 to 65535.",
        CORRECT_IT,
    ),
    "server at an address of another": (
        long(service(real_servers=["web1", {"name": "alias", "address": "192.0.2.21"}])),
        f"{API}: real servers web1 and alias have the same address 192.0.2.21.",
        "Name it once; use weight for a larger share.",
    ),
    "name that ends a comment": (
        long(service(real_servers=["web1", {"name": "a\nb", "address": "192.0.2.31"}])),
        f'{API}, real server a\nb: name "a\nb" is not a name.',
        CORRECT_IT,
    ),
    "tunnel of DR": (
        long(service(tunnel_type="gue")),
        f"{API}: tunnel_type with forwarding dr.",
        "Remove it, or write forwarding: tun.",
    ),
    "GUE without a port": (
        long(service(forwarding="tun", tunnel_type="gue")),
        f"{API}: a tunnel of type gue needs a port.",
        "Set tunnel_port with tunnel_type: gue, and only there.",
    ),
    "GRE with a port": (
        long(service(forwarding="tun", tunnel_type="gre", tunnel_port=1)),
        f"{API}: a tunnel of type gre has no port.",
        "Set tunnel_port with tunnel_type: gue, and only there.",
    ),
    "checksum of IPIP": (
        long(service(forwarding="tun", tunnel_checksum="csum")),
        f"{API}: a tunnel of type ipip has no csum.",
        "Remove tunnel_checksum, or use tunnel_type: gue.",
    ),
    "remote checksum of GRE": (
        long(service(forwarding="tun", tunnel_type="gre", tunnel_checksum="remcsum")),
        f"{API}: a tunnel of type gre has no remcsum.",
        "Remove tunnel_checksum, or use tunnel_type: gue.",
    ),
    "raw": (long(service(raw=["}"])), f"{API}, raw: its braces do not pair.", "Close what it opens, and nothing else."),
    "raw of a real server": (
        with_server(raw="weight 1"),
        f"{WEB1}, raw: not a list of lines.",
        "Write a list of strings, one line of keepalived.conf each.",
    ),
    "alpha": (long(service(alpha="perhaps")), f'{API}: alpha "perhaps" is neither true nor false.', CORRECT_IT),
}


@pytest.mark.parametrize(("declared", "finding", "remedy"), ONE_ERROR.values(), ids=ONE_ERROR.keys())
def test_one_error(declared: Inventory, finding: str, remedy: str) -> None:
    assert report_of(declared) == f"1 error in the topology; no host was touched.\n  {finding}\n      {remedy}"
