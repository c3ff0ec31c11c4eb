# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Inventories that between them declare all there is; what each becomes lies in tests/integration/keepalived."""

from __future__ import annotations

from unit.topology_inventories import DIRECTORS, VIP, WEB, inventory, long, service, short

VIP6 = "2001:db8::100"
# keepalived's test looks for scripts: this one is in every Debian.
SCRIPT = "/usr/bin/test"
BOTH_FAMILIES = {
    name: {"ha_web_address6": address.replace("192.0.2.", "2001:db8::")}
    for name, address in {**DIRECTORS, **WEB}.items()
}
DIGEST = "9b3a0c85a887a256d6939da88aabd8cd"

EXAMPLES = {
    "short": short(),
    "single_director": short(directors={"lvs1": "192.0.2.11"}, ha_web_sync_daemon=False),
    "both_families": long(
        service(name="web", ports=[80]),
        service(name="web6", address=VIP6, ports=[80]),
        hosts=BOTH_FAMILIES,
    ),
    "active_active": long(
        service(name="web", address="192.0.2.100", ports=[80], router="east"),
        service(name="shop", address="192.0.2.101", ports=[80], router="west"),
        ha_web_virtual_routers=[{"name": "east", "master": "lvs1"}, {"name": "west", "master": "lvs2"}],
    ),
    "virtual_router": long(
        service(name="web", ports=[80]),
        service(name="www", address="192.0.2.101", ports=[80]),
        ha_web_virtual_routers=[
            {
                "name": "outside",
                "vrid": 7,
                "interface": {"lvs1": "eth0", "lvs2": "ens3"},
                "addresses": {"lvs1": "192.0.2.11", "lvs2": "192.0.2.12"},
                "priorities": {"lvs1": 120, "lvs2": 110},
                "advert_interval": 1,
                "version": 2,
                "mode": "multicast",
                "authentication": "s3cret.0",
                "preempt": False,
                "garp": {"master_delay": 2, "master_repeat": 3, "master_refresh": 60, "lower_prio_repeat": 2},
                "vips": [
                    {"address": f"{VIP}/24", "interface": "eth0", "label": "eth0:web", "scope": "global"},
                    "192.0.2.199",
                ],
                "routes": [
                    {"to": "198.51.100.0/24", "via": "192.0.2.1", "table": 100},
                    {"to": "203.0.113.0/24", "interface": "eth0"},
                ],
                "rules": [
                    {"from": "198.51.100.0/24", "table": 100, "priority": 1000},
                    {"to": "203.0.113.0/24", "fwmark": 3, "table": "main", "priority": 1001},
                ],
                "track_interfaces": ["lo", {"name": "eth1", "weight": -10}],
                "track_scripts": ["uplink", {"name": "load", "weight": 5}],
                "track_processes": ["cron"],
                "track_files": ["standby"],
                "track_bfd": ["peer"],
                "notify": {
                    "master": f"{SCRIPT} master 'two words'",
                    "backup": {"command": SCRIPT, "user": "root"},
                    "fault": SCRIPT,
                    "stop": SCRIPT,
                    "any": SCRIPT,
                },
                "raw": ["debug 0", "dont_track_primary"],
            }
        ],
        ha_web_scripts=[
            {"name": "uplink", "script": f"{SCRIPT} -e /", "interval": 2, "timeout": 1, "rise": 2, "fall": 3},
            {"name": "load", "script": SCRIPT, "weight": -20, "user": "root", "init_fail": True},
        ],
        ha_web_track_processes=[{"name": "cron", "process": "cron", "weight": 10, "delay": 0.5}],
        ha_web_track_files=[{"name": "standby", "file": "/run/keepalived-standby", "weight": -100}],
        ha_web_bfd=[{"name": "peer", "neighbor": {"lvs1": "lvs2", "lvs2": "lvs1"}, "weight": -30}],
        ha_web_notify_fifo={
            "path": "/run/keepalived.fifo",
            "user": "keepalived_script",
            "script": {"command": f"{SCRIPT} -p", "user": "root"},
        },
        ha_web_lvs_timeouts={"tcp": 300, "udp": 60},
        ha_web_sync_daemon={"id": 9, "interface": "eth1"},
        ha_web_keepalived_raw=["lvs_flush_on_stop"],
    ),
    "version_2": short(ha_web_virtual_routers=[{"name": "old", "version": 2, "authentication": "secret"}]),
    "multicast_of_both_families": long(
        service(name="web", ports=[80]),
        service(name="web6", address=VIP6, ports=[80]),
        hosts=BOTH_FAMILIES,
        ha_web_virtual_routers=[
            {"name": "four", "family": "ipv4", "mode": "multicast"},
            {"name": "six", "family": "ipv6", "mode": "multicast", "interface": "eth0", "vips": [f"{VIP6}/64"]},
        ],
    ),
    "sync_group": long(
        service(name="web", ports=[80], router="four"),
        service(name="web6", address=VIP6, ports=[80], router="six"),
        hosts=BOTH_FAMILIES,
        ha_web_virtual_routers=[{"name": "four", "vrid": 1}, {"name": "six", "vrid": 1}],
        ha_web_sync_groups=[
            {
                "name": "all",
                "routers": ["four", "six"],
                "track_interfaces": [{"name": "eth1", "weight": 20}],
                "track_scripts": [{"name": "uplink", "weight": -20}],
                "track_processes": ["cron"],
                "track_files": ["standby"],
                "notify": {"master": SCRIPT, "any": f"{SCRIPT} -n group"},
                "raw": ["smtp_alert off"],
            }
        ],
        ha_web_scripts=[{"name": "uplink", "script": SCRIPT}],
        ha_web_track_processes=[{"name": "cron", "process": "/usr/sbin/cron"}],
        ha_web_track_files=[{"name": "standby", "file": "/run/keepalived-standby", "initial": 0}],
    ),
    "service": long(
        service(
            name="web",
            ports=[80, 443],
            scheduler="mh",
            scheduler_flags=["mh-port", "mh-fallback"],
            persistence_timeout=300,
            persistence_netmask="255.255.255.0",
            quorum=3,
            hysteresis=2,
            quorum_up=f"{SCRIPT} up",
            quorum_down={"command": f"{SCRIPT} down", "user": "root"},
            sorry_server={"address": "192.0.2.50"},
            sorry_server_inhibit=True,
            alpha=False,
            omega=True,
            inhibit_on_failure=True,
            virtual_host="www.example.org",
            real_servers=[
                {
                    "name": "web1",
                    "weight": 2,
                    "upper_threshold": 1000,
                    "lower_threshold": 800,
                    "inhibit_on_failure": True,
                    "virtual_host": "web1.example.org",
                    "notify_up": f"{SCRIPT} web1 up",
                    "notify_down": SCRIPT,
                    "check": {"type": "tcp", "interval": 2},
                    "raw": ["snmp_name web1"],
                },
                "web2",
                {"name": "rented", "address": "203.0.113.7"},
            ],
            raw=["ha_suspend", "smtp_alert off"],
        ),
        service(
            name="names",
            ports=[53],
            protocol="udp",
            one_packet=True,
            scheduler="sh",
            scheduler_flags=["sh-port"],
            check={"type": "dns", "query_name": "www.example.org", "query_type": "AAAA"},
        ),
        service(name="signals", ports=[9], protocol="sctp", forwarding="nat", check={"type": "ping"}),
        service(
            name="calls",
            ports=[5060],
            protocol="udp",
            persistence_timeout=60,
            persistence_engine="sip",
            check={"type": "udp", "payload": "00ff10", "reply": "ab"},
        ),
        service(
            name="all", address="192.0.2.102", ports=[0], persistence_timeout=60, check={"type": "tcp", "port": 80}
        ),
    ),
    "forwarding": long(
        service(
            name="nat",
            ports=[80],
            forwarding="nat",
            real_servers=[{"name": "web1", "port": 8080}, {"name": "web2", "port": 8081}],
            sorry_server={"address": "192.0.2.50", "port": 81},
        ),
        service(name="tun", ports=[81], forwarding="tun"),
        service(
            name="gue", ports=[82], forwarding="tun", tunnel_type="gue", tunnel_port=5555, tunnel_checksum="remcsum"
        ),
        service(
            name="gre",
            ports=[83],
            forwarding="tun",
            tunnel_type="gre",
            tunnel_checksum="csum",
            sorry_server={"address": "192.0.2.50", "forwarding": "nat", "port": 80},
        ),
    ),
    "tunnel_across_families": long(
        service(address=VIP6, forwarding="tun", persistence_timeout=60, persistence_netmask=64),
        directors={"lvs1": "2001:db8::11", "lvs2": "2001:db8::12"},
    ),
    "firewall_marks": long(
        {
            "name": "marked",
            "fwmark": 1,
            "check": {"type": "tcp", "port": 80},
            "sorry_server": {"address": "192.0.2.50"},
        },
        {"name": "marked6", "fwmark": 1, "family": "ipv6", "check": {"type": "ping"}},
        {"name": "several", "endpoints": [{"fwmark": 7}, {"fwmark": 8}], "check": {"type": "ping"}},
        hosts=BOTH_FAMILIES,
        ha_web_virtual_routers=[{"name": "four", "vips": [VIP]}, {"name": "six", "vips": [VIP6]}],
    ),
    "groups": long(
        {
            "name": "many",
            "endpoints": [{"addresses": "192.0.2.110-120", "port": 80}, {"address": VIP, "port": 80}],
        },
        {"name": "many6", "endpoints": [{"addresses": "2001:db8::a-10", "port": 80}]},
        hosts=BOTH_FAMILIES,
    ),
    "checks": long(
        service(
            name="web",
            check={
                "urls": [
                    {"path": "/", "status": ["200-299", 401], "virtual_host": "www.example.org"},
                    {"path": "/static?a=b&c", "digest": DIGEST},
                    {"path": "/logo.svg", "digest": "auto"},
                    {"path": "/api", "regex": r'"alive": \d+', "regex_options": ["caseless", "multiline"]},
                ],
                "virtual_host": "example.org",
            },
        ),
        service(
            name="shop",
            ports=[8443],
            checks=[
                {"type": "https", "sni": True, "virtual_host": "shop.example.org", "status": 302, "path": "/"},
                {"type": "https", "interval": 10, "timeout": 3, "path": "/deep", "raw": ["http_protocol 1.1"]},
                {"type": "tcp", "port": 9000, "retries": 3},
                {"type": "udp", "reply": True, "port": 53},
                {"type": "ping", "timeout": 0.5, "retry_delay": 0.1},
                {"type": "smtp", "helo": "lvs.example.org", "port": 25},
                {"type": "dns", "query_name": "example.org"},
                {
                    "type": "misc",
                    "script": f"{SCRIPT} -e '/a b'",
                    "timeout": 3,
                    "dynamic_weight": True,
                    "user": "keepalived_script",
                },
                {"type": "misc", "script": SCRIPT},
                {"type": "file", "track_file": "drain", "weight": 2},
                {"type": "bfd", "bfd": "first"},
            ],
        ),
        service(name="told", ports=[10], check={"type": "file", "track_file": "drain"}),
        ha_web_track_files=[{"name": "drain", "file": "/run/keepalived-drain"}],
        ha_web_bfd=[{"name": "first", "neighbor": "192.0.2.21", "interval": 0.05, "multiplier": 3, "passive": True}],
    ),
    "outside_the_group_web": inventory(
        ha_web_vip=VIP,
        ha_web_virtual_services=[{"name": "mail", "ports": [25], "real_servers": ["mail1"], "check": {"type": "smtp"}}],
        hosts={"mail1": {"ansible_host": "192.0.2.31"}},
    ),
}
