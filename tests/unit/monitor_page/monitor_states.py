# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What the monitor's service answers of a small cluster, and what may become of it."""

from __future__ import annotations

import time
from typing import Any

State = dict[str, Any]

VIP = "10.0.0.100"
SERVERS = ("web1", "web2", "web3")
DIRECTORS = ("lvs1", "lvs2")


def _director(name: str, number: int, now: float) -> State:
    master = number == 0
    return {
        "name": name,
        "address": f"10.0.0.{11 + number}",
        "reach": "ok",
        "age": 0.8,
        "error": "",
        "keepalived": "up",
        "routers": [
            {
                "name": "web",
                "vips": [{"address": VIP, "held": master}],
                "state": "master" if master else "backup",
                "since": now - 93_000,
                "transitions": 5,
                "priority": 150 - 50 * number,
            }
        ],
        "standby": False,
        "sync": ["master", "backup"],
        "table": "equal",
        "load": 0.12,
    }


def _server(name: str, number: int, now: float) -> State:
    return {
        "name": name,
        "address": f"10.0.0.{21 + number}:80",
        "state": "up",
        "declared_weight": 1,
        "weight": 1,
        "active": 41 + number,
        "inactive": 212 + 7 * number,
        "connections_per_second": 38.4 + number,
        "since": now - 7_260,
        "directors": {
            "lvs1": {"weight": 1, "active": 41 + number, "inactive": 212 + 7 * number},
            "lvs2": {"weight": 1, "active": 0, "inactive": 0},
        },
    }


def _web(name: str, number: int) -> State:
    return {
        "name": name,
        "address": f"10.0.0.{21 + number}",
        "reach": "ok",
        "age": 1.1,
        "error": "",
        "requests_per_second": 120.5 + number,
        "connections": 44,
        "workers_busy": 3,
        "workers_idle": 12,
        "load": 0.42,
        "opcache": {
            "enabled": True,
            "hit_rate": 0.991,
            "used_bytes": 18_800_000,
            "free_bytes": 31_500_000,
            "scripts": 90,
        },
        "exporters": {"nginx": "ok", "apache": "ok", "opcache": "ok"},
        "storage": [{"path": "/srv/shared", "state": "ok"}],
    }


def healthy(role: str = "operator") -> State:
    """Return the state of a cluster of two directors, three web nodes and one storage node."""
    now = time.time()
    return {
        "at": now,
        "node": "lvs1",
        "user": "admin",
        "role": role,
        "version": "0.3.0",
        "verdict": {"level": "ok", "text": "All is well: 1 service, 3 of 3 servers, lvs1 is master."},
        "findings": [],
        "directors": [_director(name, number, now) for number, name in enumerate(DIRECTORS)],
        "services": [
            {
                "name": "web",
                "endpoints": [f"{VIP}:80/tcp", f"{VIP}:443/tcp"],
                "protocol": "tcp",
                "forwarding": "dr",
                "scheduler": "wlc",
                "persistence": 300,
                "quorum": 1,
                "sorry_server": "",
                "director": "lvs1",
                "connections_per_second": 118.2,
                "in_bytes_per_second": 210_000.0,
                "out_bytes_per_second": 0.0,
                "servers": [_server(name, number, now) for number, name in enumerate(SERVERS)],
            }
        ],
        "web": [_web(name, number) for number, name in enumerate(SERVERS)],
        "storage": [
            {
                "name": "store1",
                "address": "10.0.0.31",
                "reach": "ok",
                "age": 0.9,
                "error": "",
                "load": 0.05,
                "shares": ["/srv/shared"],
            }
        ],
        "prometheus": "ok",
    }


def two_masters() -> State:
    """Both directors are master and hold the address."""
    state = healthy()
    router = state["directors"][1]["routers"][0]
    router.update(state="master", vips=[{"address": VIP, "held": True}], since=state["at"] - 9)
    state["verdict"] = {"level": "critical", "text": "Two directors are master of web: lvs1 and lvs2."}
    state["findings"] = [
        {
            "level": "warning",
            "code": "standby",
            "text": "lvs2 was on standby.",
            "remedy": "Switch back to lvs2.",
            "nodes": ["lvs2"],
        },
        {
            "level": "critical",
            "code": "two_masters",
            "text": "lvs1 and lvs2 are both master of web.",
            "remedy": "Look for what stops VRRP between them: a firewall, a switch, protocol 112.",
            "nodes": ["lvs1", "lvs2"],
        },
    ]
    return state


def director_down() -> State:
    """The former master has lost its power; the other has taken over."""
    state = healthy()
    lost, other = state["directors"]
    lost.update(reach="down", age=None, error="lvs1 does not answer since 14 s", keepalived="unknown")
    lost.update(standby=None, sync=None, table="unknown", load=None)
    lost["routers"][0].update(state="unknown", since=None, transitions=None, vips=[{"address": VIP, "held": None}])
    other["routers"][0].update(state="master", since=state["at"] - 12, vips=[{"address": VIP, "held": True}])
    state["node"] = state["services"][0]["director"] = "lvs2"
    for server in state["services"][0]["servers"]:
        server["directors"]["lvs1"] = {"weight": None, "active": None, "inactive": None}
    state["verdict"] = {"level": "critical", "text": "lvs1 is down; lvs2 is master."}
    state["findings"] = [
        {
            "level": "critical",
            "code": "director_down",
            "text": "lvs1 does not answer.",
            "remedy": "Look at its power and its network.",
            "nodes": ["lvs1"],
        }
    ]
    return state


def mixed() -> State:
    """Every state that a real server can have, with eight of them."""
    state = healthy()
    now = state["at"]
    kinds = ("up", "drained", "updating", "weighted", "down", "unknown")
    servers = [_server(f"web{number + 1}", number, now) for number in range(6)]
    state["web"] = [_web(f"web{number + 1}", number) for number in range(6)]
    for server, kind in zip(servers, kinds):
        server["state"] = kind
        if kind in ("drained", "updating"):
            server.update(weight=0, connections_per_second=0.0, active=2)
            server["directors"]["lvs1"].update(weight=0, active=2)
        if kind == "weighted":
            server["weight"] = 3
        if kind == "down":
            server.update(weight=None, active=0, inactive=0, connections_per_second=0.0, since=now - 130)
        if kind == "unknown":
            server.update(weight=None, active=None, inactive=None, connections_per_second=None, since=None)
    state["services"][0]["servers"] = servers
    state["web"][4]["storage"][0]["state"] = "gone"
    state["web"][5].update(reach="down", opcache=None, requests_per_second=None, workers_busy=None, workers_idle=None)
    state["web"][5].update(connections=None, load=None, age=None, error="web6 does not answer")
    state["web"][5]["exporters"] = {"nginx": "down", "apache": "down", "opcache": "unknown"}
    state["web"][5]["storage"][0]["state"] = "unknown"
    state["verdict"] = {"level": "warning", "text": "web5 is down: 3 of 6 servers of web answer."}
    state["findings"] = [
        {
            "level": "warning",
            "code": "server_down",
            "text": "web5 fails the check of web.",
            "remedy": "Look at its web server: systemctl status nginx",
            "nodes": ["web5"],
        }
    ]
    return state


def nothing_known() -> State:
    """Whatever can be unknown is."""
    state = healthy()
    for director in state["directors"]:
        director.update(reach="unknown", age=None, keepalived="unknown", standby=None, sync=None)
        director.update(table="unknown", load=None)
        director["routers"][0].update(
            state="unknown", since=None, transitions=None, vips=[{"address": VIP, "held": None}]
        )
    service = state["services"][0]
    service.update(director=None, connections_per_second=None, in_bytes_per_second=None, out_bytes_per_second=None)
    for server in service["servers"]:
        server.update(state="unknown", weight=None, active=None, inactive=None)
        server.update(connections_per_second=None, since=None)
        server["directors"] = {name: {"weight": None, "active": None, "inactive": None} for name in DIRECTORS}
    for node in state["web"]:
        node.update(reach="unknown", age=None, requests_per_second=None, connections=None, workers_busy=None)
        node.update(workers_idle=None, load=None, opcache=None, storage=[{"path": "/srv/shared", "state": "unknown"}])
        node["exporters"] = dict.fromkeys(node["exporters"], "unknown")
    state["storage"][0].update(reach="unknown", age=None, load=None)
    state["verdict"] = {"level": "unknown", "text": "Nothing is known: no node answers."}
    return state


def renamed(value: Any, name: str, other: str) -> Any:
    """Return a copy in which every text that is ``name``, or has it, has ``other`` instead."""
    if isinstance(value, str):
        return value.replace(name, other)
    if isinstance(value, list):
        return [renamed(one, name, other) for one in value]
    if isinstance(value, dict):
        return {renamed(key, name, other): renamed(one, name, other) for key, one in value.items()}
    return value


def timeline() -> State:
    """Return a failover and what was done since."""
    now = time.time()
    kinds = [
        (100, "action", "lvs1", "admin drained web2 in every service", "info", "admin"),
        (400, "server", "lvs1", "web3 of web is up (was down)", "info", ""),
        (900, "server", "lvs1", "web3 of web is down (was up)", "warning", ""),
        (2100, "refused", "lvs1", "drain of web1: it is the last server of web", "warning", "admin"),
        (3000, "vrrp", "lvs2", "web: backup (was master)", "info", ""),
        (3001, "vrrp", "lvs1", "web: master (was backup)", "info", ""),
        (3100, "keepalived", "lvs1", "vrrp has ended", "critical", ""),
    ]
    names = ("at", "kind", "node", "text", "level", "user")
    return {"events": [dict(zip(names, (now - ago, *rest))) for ago, *rest in kinds]}


def history(chart: str) -> State:
    """Return two series, one with a gap."""
    now = int(time.time())
    units = {"bytes": "bytes/s", "opcache_hits": "ratio", "opcache_memory": "bytes", "load": ""}
    scale = {"bytes": 2e5, "opcache_hits": 0.01, "opcache_memory": 2e6}.get(chart, 1.0)

    def points(base: float) -> list[list[float | None]]:
        steps = range(120)
        return [
            [now - 30 * (120 - step), None if 40 < step < 50 else scale * (base + (step * 7 % 13))] for step in steps
        ]

    return {
        "unit": units.get(chart, "requests/s"),
        "series": [{"name": "web1", "points": points(20)}, {"name": "web2", "points": points(34)}],
    }


_SHOWN = """! of {name}
global_defs {{
    router_id {name}
    script_user nobody
}}
vrrp_instance web {{
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority {priority}
    unicast_src_ip {address}
    authentication {{
        auth_pass ****
    }}
    virtual_ipaddress {{
        10.0.0.100/24 dev eth0
    }}
}}
"""


def configuration() -> State:
    """Return what two directors have, with three lines that differ."""
    return {
        "directors": [
            {"name": "lvs1", "text": _SHOWN.format(name="lvs1", priority=150, address="10.0.0.11"), "error": ""},
            {"name": "lvs2", "text": _SHOWN.format(name="lvs2", priority=100, address="10.0.0.12"), "error": ""},
        ]
    }


def audit() -> State:
    """Return a report of yesterday with one finding."""
    return {
        "at": time.time() - 90_000,
        "report": {
            "findings": [
                {
                    "node": "web2",
                    "subject": "sysctl net.ipv4.conf.all.arp_ignore",
                    "words": "is 0, not 1",
                    "remedy": "Run site.yml with --limit web2.",
                    "aspect": "kernel",
                }
            ],
            "information": [],
            "nodes": {},
        },
    }
