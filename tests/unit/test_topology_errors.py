# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Bad inventories, and the whole of what the user is told about each."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.declaration import Inventory
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.derivation import build
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.model import TopologyError
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.services import REAL_SERVER_KEYS, SERVICE_KEYS
from unit.topology_inventories import VIP, WEB, Broken, inventory, long, service, short

API = 'ha_web_virtual_services[0] "api"'
CORRECT_IT = "Correct it, or remove it for the default."
ALONE = "Write the address alone, without a prefix length."
SCHEDULERS = "Use one of: rr, wrr, lc, wlc, lblc, lblcr, dh, sh, sed, nq, fo, ovf, mh."

ONE_ERROR: dict[str, tuple[Inventory, str, str]] = {
    "no directors": (
        short(directors={}),
        "group directors: missing or empty.",
        "Put the load balancers into the inventory group directors.",
    ),
    "no web servers": (
        short(web={}),
        "group web: missing or empty.",
        "Put the web servers into the inventory group web.",
    ),
    "host in both groups": (
        short(web={"web1": "192.0.2.21", "lvs1": "192.0.2.11"}),
        "lvs1: is in both groups, directors and web.",
        "Use separate hosts: a director must answer ARP for the VIP, a real server must not.",
    ),
    "host serves and is retired": (
        short(groups={"retired": ["web2"]}),
        "web2: is in both groups, web and retired.",
        "Remove it from retired to have it serve, or from web to have it leave.",
    ),
    "director is retired": (
        short(groups={"retired": ["lvs2"]}),
        "lvs2: is in both groups, directors and retired.",
        "Remove it from retired to have it serve, or from directors to have it leave.",
    ),
    "retired host is named by a service": (
        long(
            service(real_servers=["web1", "old1"]),
            hosts={"old1": {"ansible_host": "192.0.2.29"}},
            groups={"retired": ["old1"]},
        ),
        "old1: is in the group retired, and still serves api.",
        "Remove it from retired, or from the services.",
    ),
    "control page at the port of a service": (
        short(ha_web_eaccelerator_port=80),
        "ha_web_eaccelerator_port: 80 is a port of ha_web_vip.",
        "Choose a free one, such as 8405.",
    ),
    "monitor is no boolean": (
        short(ha_web_monitor="perhaps"),
        'ha_web_monitor: "perhaps" is neither true nor false.',
        CORRECT_IT,
    ),
    "monitor's port is none": (
        short(ha_web_monitor_port=0),
        "ha_web_monitor_port: 0 is not a whole number from 1 to 65535.",
        CORRECT_IT,
    ),
    "monitor at the port of a service": (
        short(ha_web_monitor_port=80),
        "ha_web_monitor_port: 80 is a port of ha_web_vip, on the VIPs too.",
        "Choose a free one, such as 9443, or set ha_web_monitor: false.",
    ),
    "monitor at the port of an exporter": (
        short(ha_web_monitor_port=9100),
        "ha_web_monitor_port: 9100 is the port of the node exporter.",
        "Choose a free one, such as 9443, or set ha_web_monitor: false.",
    ),
    "monitor at the port of the control page": (
        short(ha_web_monitor_port=8405, ha_web_eaccelerator_port=8405),
        "ha_web_monitor_port: 8405 is ha_web_eaccelerator_port.",
        "Choose a free one, such as 9443, or set ha_web_monitor: false.",
    ),
    "control page at the port of figures": (
        short(ha_web_eaccelerator_port=9145),
        "ha_web_eaccelerator_port: 9145 is the port of the figures of opcache.",
        "Choose another, or set ha_web_monitor: false.",
    ),
    "service at the port of an exporter": (
        long(service(ports=[80, 9113])),
        f"{API}: port 9113 is that of the figures of nginx on web servers.",
        "Choose another, or set ha_web_monitor: false.",
    ),
    "monitor host without an address": (
        short(hosts={"mon1": {}}, groups={"monitor": ["mon1"]}),
        "mon1: no IP address is known for it.",
        "Set ha_web_address to the address the other nodes reach it at.",
    ),
    "management address is none": (
        short(hosts={"web1": {"ha_web_management_address": "192.0.2.21/24"}}),
        'web1: ha_web_management_address "192.0.2.21/24" is not an IP address.',
        "Write the address alone, without a prefix length, or remove it for ha_web_address.",
    ),
    "two hosts with one management address": (
        short(ha_web_management_address="198.51.100.1", web={"web1": WEB["web1"]}, directors={"lvs1": "192.0.2.11"}),
        "lvs1 and web1: have the same ha_web_management_address 198.51.100.1.",
        "Give each host its own ha_web_management_address.",
    ),
    "management address of another host": (
        short(hosts={"lvs1": {"ha_web_management_address": WEB["web1"]}}),
        "lvs1: ha_web_management_address 192.0.2.21 is the address of web1.",
        "Give each host its own ha_web_management_address.",
    ),
    "management address is the VIP": (
        short(hosts={"lvs1": {"ha_web_management_address": VIP}}),
        f"lvs1: ha_web_management_address {VIP} is a VIP, which moves between the directors.",
        "Write an address that the host always has.",
    ),
    "no VIP": (
        inventory(),
        "ha_web_vip: not set, and there is no ha_web_virtual_services either.",
        "Set ha_web_vip to the address the clients use, in the variables of the group all.",
    ),
    "VIP with a prefix": (
        short(ha_web_vip="192.0.2.100/24"),
        'ha_web_vip: "192.0.2.100/24" is not an IP address.',
        ALONE,
    ),
    "VIP is a number": (short(ha_web_vip=3), "ha_web_vip: 3 is not an IP address.", ALONE),
    "VIP of a node": (
        short(ha_web_vip="192.0.2.22"),
        "ha_web_vip: address 192.0.2.22 is the address of web2.",
        "Choose a free address of the same network: VRRP moves it between the directors.",
    ),
    "VIP not the same everywhere": (
        short(hosts={"web2": {"ha_web_vip": "192.0.2.101"}}),
        "ha_web_vip: lvs1 and web2 have different values.",
        "Set it once, in the variables of the group all.",
    ),
    "template fails": (
        short(ha_web_vip=Broken("'site' is undefined")),
        "ha_web_vip: its template fails on lvs1, lvs2, web1, web2: 'site' is undefined",
        "Define what it refers to, or write the value itself.",
    ),
    "template of one host fails": (
        short(hosts={"lvs2": {"keepalived_priority": Broken("'rank' is undefined")}}),
        "keepalived_priority: its template fails on lvs2: 'rank' is undefined",
        "Define what it refers to, or write the value itself.",
    ),
    "no address": (
        short(web={"web1": "web1.example.org"}),
        'web1: no IP address is known for it; ansible_host "web1.example.org" is not one.',
        "Set ha_web_address to the address the other nodes reach it at.",
    ),
    "no address, nothing said": (
        short(web={"web1": ""}),
        "web1: no IP address is known for it.",
        "Set ha_web_address to the address the other nodes reach it at.",
    ),
    "address with a prefix": (
        short(hosts={"web1": {"ha_web_address": "192.0.2.21/24"}}),
        'web1: ha_web_address "192.0.2.21/24" is not an IP address.',
        ALONE,
    ),
    "addresses shared": (
        short(web={"web1": "192.0.2.21", "web2": "192.0.2.21", "web3": "192.0.2.21"}),
        "web1, web2 and web3: have the same address 192.0.2.21.",
        "Give each host its own ha_web_address.",
    ),
    "priorities shared": (
        short(hosts={"lvs1": {"keepalived_priority": 100}, "lvs2": {"keepalived_priority": 100}}),
        "directors: lvs1 and lvs2 have the same VRRP priority 100 for 192.0.2.100.",
        "Remove keepalived_priority: the group's order gives it.",
    ),
    "priority of the owner": (
        short(hosts={"lvs1": {"keepalived_priority": 255}}),
        "lvs1: keepalived_priority 255 is not a whole number from 1 to 254.",
        CORRECT_IT,
    ),
    "vrid too large": (short(ha_web_vrid=256), "ha_web_vrid: 256 is not a whole number from 1 to 255.", CORRECT_IT),
    "vrid a word": (short(ha_web_vrid="web"), 'ha_web_vrid: "web" is not a whole number from 1 to 255.', CORRECT_IT),
    "vrid a boolean": (short(ha_web_vrid=True), "ha_web_vrid: True is not a whole number from 1 to 255.", CORRECT_IT),
    "advert interval too long": (
        short(ha_web_advert_interval=41),
        "ha_web_advert_interval: 41 is not from 0.01 to 40.95 seconds.",
        CORRECT_IT,
    ),
    "advert interval too fine": (
        short(ha_web_advert_interval=0.125),
        "ha_web_advert_interval: 0.125 s is not a whole number of hundredths of a second.",
        "VRRPv3 carries hundredths: 0.01, 0.1, 1.25.",
    ),
    "services not a list": (
        long(ha_web_virtual_services={"name": "web"}),
        "ha_web_virtual_services: not a list of services.",
        "Write a list of {name: ..., address: ..., ports: [...]}, or remove it and set ha_web_vip.",
    ),
    "service not a mapping": (
        long("web"),
        "ha_web_virtual_services[0]: not a service.",
        "Write {name: ..., address: ..., ports: [...]}.",
    ),
    "service without address": (
        long({"name": "api", "ports": [443]}),
        "ha_web_virtual_services[0]: no address.",
        "Give it an address, or set ha_web_vip for all services.",
    ),
    "service with a bad address": (long(service(address="vip")), f'{API}: "vip" is not an IP address.', ALONE),
    "service without name": (
        long({"address": VIP}),
        "ha_web_virtual_services[0]: no usable name.",
        "Give it a name of letters, digits, dots, hyphens and underscores.",
    ),
    "name with a brace": (
        long(service(name="a}b")),
        "ha_web_virtual_services[0]: no usable name.",
        "Give it a name of letters, digits, dots, hyphens and underscores.",
    ),
    "misspelt key": (long(service(schedular="rr")), f'{API}: unknown key "schedular".', "Did you mean scheduler?"),
    "foreign key": (
        long(service(x=1)),
        f'{API}: unknown key "x".',
        f"Known are: {', '.join(SERVICE_KEYS)}.",
    ),
    "scheduler": (long(service(scheduler="wcl")), f'{API}: unknown scheduler "wcl".', SCHEDULERS),
    "forwarding": (long(service(forwarding="gre")), f'{API}: unknown forwarding "gre".', "Use one of: dr, nat, tun."),
    "protocol": (long(service(protocol="quic")), f'{API}: unknown protocol "quic".', "Use one of: tcp, udp, sctp."),
    "ports not a list": (
        long(service(ports=443)),
        f"{API}: ports 443 is not a list of ports.",
        "Write ports: [80], each 1 to 65535.",
    ),
    "no ports": (
        long(service(ports=[])),
        f"{API}: ports [] is not a list of ports.",
        "Write ports: [80], each 1 to 65535.",
    ),
    "port 0": (
        long(service(ports=[0], check={"type": "tcp", "port": 80})),
        f"{API}: port 0, which is every port, without persistence.",
        "Set persistence_timeout, or name the ports.",
    ),
    "port too large": (
        long(service(ports=[443, 65536])),
        f"{API}: ports [443, 65536] is not a list of ports.",
        "Write ports: [80], each 1 to 65535.",
    ),
    "port twice in a service": (
        long(service(ports=[443, 443])),
        f"{API}: 192.0.2.100:443/tcp is declared 2 times.",
        "Declare each address, port and protocol once.",
    ),
    "port of two services": (
        long(service(), service(name="www", ports=[80, 443])),
        f'{API} and ha_web_virtual_services[1] "www": 192.0.2.100:443/tcp is declared 2 times.',
        "Declare each address, port and protocol once.",
    ),
    "name of two services": (
        long(service(), service(ports=[80])),
        f'{API} and ha_web_virtual_services[1] "api": have the same name "api".',
        "Give each service its own name.",
    ),
    "real servers not a list": (
        long(service(real_servers="web1")),
        f"{API}: real_servers is not a list.",
        "Write real_servers: [web1, web2].",
    ),
    "no real servers": (
        long(service(real_servers=[])),
        f"{API}: no real servers.",
        "Name them in real_servers, or leave it out for the group web.",
    ),
    "real server without name": (
        long(service(real_servers=["web1", {"weight": 2}])),
        f"{API}: real server {{'weight': 2}} has no name.",
        "Write a host's name, or {name: web1, weight: 2}.",
    ),
    "real server not in the inventory": (
        long(service(real_servers=["web1", "web9"])),
        f"{API}: real server web9 is not in the inventory.",
        "Add the host, or correct its name.",
    ),
    "real server twice": (
        long(service(real_servers=["web1", "web1"])),
        f"{API}: real server web1 is named twice.",
        "Name it once; use weight for a larger share.",
    ),
    "key of a real server": (
        long(service(real_servers=[{"name": "web1", "heft": 2}])),
        f'{API}, real server web1: unknown key "heft".',
        f"Known are: {', '.join(REAL_SERVER_KEYS)}.",
    ),
    "weight": (
        long(service(real_servers=[{"name": "web1", "weight": -1}])),
        f"{API}, real server web1: weight -1 is not a whole number from 0 to 65535.",
        CORRECT_IT,
    ),
    "port of a real server": (
        long(service(forwarding="nat", real_servers=[{"name": "web1", "port": 0}])),
        f"{API}, real server web1: port 0 is not a whole number from 1 to 65535.",
        CORRECT_IT,
    ),
    "DR with another port": (
        long(service(real_servers=[{"name": "web1", "port": 8443}, {"name": "web2", "port": 8443}])),
        f"{API}: DR needs the real servers' port (8443) to equal the service's port (443).",
        "Set port 443 on web1 and web2, or forwarding: nat.",
    ),
    "TUN with another port": (
        long(service(forwarding="tun", real_servers=["web1", {"name": "web2", "port": 1}])),
        f"{API}: TUN needs the real servers' port (1) to equal the service's port (443).",
        "Set port 443 on web2, or forwarding: nat.",
    ),
    "check not a mapping": (
        long(service(check="tcp")),
        f"{API}: check is not a mapping.",
        "Write check: {type: tcp}, for one.",
    ),
    "check type": (
        long(service(check={"type": "https2"})),
        f'{API}, check: unknown type "https2".',
        "Use one of: http, https, tcp, udp, ping, smtp, dns, misc, file, bfd.",
    ),
    "path of a TCP check": (
        long(service(check={"type": "tcp", "path": "/"})),
        f'{API}, check: unknown key "path".',
        "Known are: type, interval, timeout, retries, retry_delay, port, raw.",
    ),
    "path with a brace": (
        long(service(check={"path": "/}"})),
        f'{API}, check: path "/}}" is not the path of a URL.',
        "Begin it with a slash: /health.",
    ),
    "status": (
        long(service(check={"status": 42})),
        f"{API}, check: status 42 is not a whole number from 100 to 599.",
        CORRECT_IT,
    ),
    "timeout": (
        long(service(check={"timeout": "soon"})),
        f'{API}, check: timeout "soon" is not from 0.1 to 3600 seconds.',
        CORRECT_IT,
    ),
}


@pytest.mark.parametrize(("declared", "finding", "remedy"), ONE_ERROR.values(), ids=ONE_ERROR.keys())
def test_one_error(declared: Inventory, finding: str, remedy: str) -> None:
    with pytest.raises(TopologyError) as error:
        build(declared)
    assert str(error.value) == f"1 error in the topology; no host was touched.\n  {finding}\n      {remedy}"


def test_all_errors_come_at_once() -> None:
    declared = long(
        service(name="web", ports=[80]),
        service(name="api", real_servers=[{"name": "web1", "port": 8443}, {"name": "web2", "port": 8443}]),
        service(name="web6", address="2001:db8::100", real_servers=["web1"]),
        hosts={"lvs1": {"keepalived_priority": 100}, "lvs2": {"keepalived_priority": 100}},
    )
    with pytest.raises(TopologyError) as error:
        build(declared)
    assert (
        str(error.value)
        == """\
5 errors in the topology; no host was touched.
  directors: lvs1 and lvs2 have the same VRRP priority 100 for 192.0.2.100, 2001:db8::100.
      Remove keepalived_priority: the group's order gives it.
  ha_web_virtual_services[1] "api": DR needs the real servers' port (8443) to equal the service's port (443).
      Set port 443 on web1 and web2, or forwarding: nat.
  ha_web_virtual_services[2] "web6": address 2001:db8::100 is IPv6, director lvs1 (192.0.2.11) is IPv4.
      Give lvs1 an IPv6 address (ha_web_address).
  ha_web_virtual_services[2] "web6": address 2001:db8::100 is IPv6, director lvs2 (192.0.2.12) is IPv4.
      Give lvs2 an IPv6 address (ha_web_address).
  ha_web_virtual_services[2] "web6": address 2001:db8::100 is IPv6, real server web1 (192.0.2.21) is IPv4.
      Give web1 an IPv6 address (ha_web_address), or forwarding: tun."""
    )
