# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""A cluster of two directors, two web nodes and a storage node, as its exporters tell it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ha_web_monitor.configuration import Configuration, load
from ha_web_monitor.figures import Reader
from ha_web_monitor.view import Sample, Seen

NOW = 1_764_000_000.0
VIP = "10.0.0.100"
SECRET = "5a" * 32
WEB_1, WEB_2 = ("web1", "10.0.0.21:80"), ("web2", "10.0.0.22:80")


def data(folder: Path) -> dict[str, Any]:
    """The content of config.json."""
    track = folder / "track"
    return {
        "node": "lvs1",
        "page": True,
        "version": "0.3.0",
        "port": 9443,
        "operators": ["admin"],
        "viewers": ["guest"],
        "origins": ["https://10.0.0.100:9443", "https://10.0.0.11:9443"],
        "directors": [{"name": "lvs1", "address": "10.0.0.11"}, {"name": "lvs2", "address": "10.0.0.12"}],
        "nodes": [
            {"name": "lvs1", "groups": ["directors"], "address": "10.0.0.11"},
            {"name": "lvs2", "groups": ["directors"], "address": "10.0.0.12"},
            {"name": "web1", "groups": ["web"], "address": "10.0.0.21"},
            {"name": "web2", "groups": ["web"], "address": "10.0.0.22"},
            {"name": "store1", "groups": ["storage"], "address": "10.0.0.31"},
        ],
        "monitors": ["lvs1", "lvs2"],
        "routers": [
            {
                "name": "main",
                "vips": [VIP],
                "priorities": {"lvs1": 150, "lvs2": 100},
                "preempt": True,
                "advert_int_s": 0.1,
            }
        ],
        "services": [
            {
                "name": "web",
                "endpoints": [f"{VIP}:80/tcp"],
                "protocol": "tcp",
                "forwarding": "dr",
                "scheduler": "wlc",
                "persistence": 0,
                "quorum": 1,
                "sorry_server": "",
                "servers": [
                    {
                        **{"name": name, "address": address, "weight": 1, "weighed": False},
                        "track_file": str(track / f"servers/web/{name}"),
                    }
                    for name, address in (WEB_1, WEB_2)
                ],
            }
        ],
        "standby_file": str(track / "director/standby"),
        "shares": [{"path": "/srv/www", "server": "store1"}],
        "web_ports": {"node": 9100, "nginx": 9113, "apache": 9117, "opcache": 9145},
        "events_file": str(folder / "events.jsonl"),
        "configuration_file": str(folder / "keepalived.conf.shown"),
        "actions_file": str(folder / "actions.jsonl"),
        "audit_file": str(folder / "audit.json"),
        "secret_file": str(folder / "secret"),
        "peers_file": str(folder / "peers.pem"),
        "prometheus": "http://127.0.0.1:9090",
    }


def lay_out(folder: Path, **changes: Any) -> Path:
    """Write config.json, the secret and the track files; return the first."""
    made = {**data(folder), **changes}
    (folder / "secret").write_text(f"{SECRET}\n")
    files = [server["track_file"] for service in made["services"] for server in service["servers"]]
    for file in map(Path, [*files, made["standby_file"]]):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("0\n")
    path = folder / "config.json"
    path.write_text(json.dumps(made))
    return path


def configuration(folder: Path, **changes: Any) -> Configuration:
    return load(str(lay_out(folder, **changes)))


@dataclass
class Director:
    """What the node exporter of a director says. Ages are in seconds, by its own clock."""

    state: str = "backup"
    held: int = 0
    since: float = 1000.0
    notify: float = 1.0
    ipvs: float = 1.0
    vrrp: int = 1
    checkers: int = 1
    standby: int = 0
    clock: float = NOW
    tracks: dict[str, int] = field(default_factory=lambda: {"web1": 0, "web2": 0})
    checks: dict[str, int] = field(default_factory=lambda: {"web1": 1, "web2": 1})
    weights: dict[tuple[str, str], int] = field(default_factory=lambda: {WEB_1: 1, WEB_2: 1})
    connections: int = 100
    without: tuple[str, ...] = ()

    def but(self, **changes: Any) -> Director:
        made = copy.deepcopy(self)
        for name, value in changes.items():
            assert hasattr(made, name)
            setattr(made, name, value)
        return made

    def text(self) -> str:
        service = f'service="web",endpoint="{VIP}:80/tcp"'
        lines = [
            "# TYPE go_goroutines gauge",
            "go_goroutines 7",
            "node_load1 0.25",
            f"node_time_seconds {self.clock}",
            f"ha_web_notify_timestamp_seconds {self.clock - self.notify}",
            f'ha_web_keepalived_up{{part="vrrp"}} {self.vrrp}',
            f'ha_web_keepalived_up{{part="checkers"}} {self.checkers}',
            *(
                f'ha_web_vrrp_state{{router="main",state="{state}"}} {int(state == self.state)}'
                for state in ("master", "backup", "fault", "stopped", "unknown")
            ),
            f'ha_web_vrrp_since_timestamp_seconds{{router="main"}} {self.clock - self.since}',
            f'ha_web_vrrp_transitions_total{{router="main",state="{self.state}"}} 3',
            f'ha_web_vip_held{{router="main",vip="{VIP}",interface="eth0"}} {self.held}',
            f"ha_web_standby {self.standby}",
            *(f'ha_web_track{{service="web",server="{name}"}} {value}' for name, value in self.tracks.items()),
            *(f'ha_web_server_up{{service="web",server="{name}"}} {value}' for name, value in self.checks.items()),
            f"ha_web_ipvs_timestamp_seconds {self.clock - self.ipvs}",
            f"ha_web_ipvs_service_connections_total{{{service}}} {self.connections}",
            *(
                f'ha_web_ipvs_server_{what}{{{service},server="{name}",address="{address}"}} {value}'
                for (name, address), weight in self.weights.items()
                for what, value in (
                    ("weight", weight),
                    ("active_connections", 4),
                    ("inactive_connections", 2),
                    ("connections_total", self.connections // 2),
                )
            ),
            f'ha_web_sync_daemon{{role="{self.state}",interface="eth0",id="7"}} 1',
        ]
        return "".join(f"{line}\n" for line in lines if not line.startswith(self.without or ("#",)))


MASTER, BACKUP = Director(state="master", held=1), Director()
WEB = f"""node_load1 0.5
node_time_seconds {NOW}
ha_web_storage_timestamp_seconds {NOW - 2}
ha_web_storage_mounted{{path="/srv/www"}} 1
"""
NGINX = "nginx_up 1\nnginx_connections_active 3\nnginx_http_requests_total 1000\n"
APACHE = 'apache_up 1\napache_workers{state="busy"} 2\napache_workers{state="idle"} 8\napache_accesses_total 500\n'
OPCACHE = """ha_web_opcache_enabled 1
ha_web_opcache_hits_total 90
ha_web_opcache_misses_total 10
ha_web_opcache_memory_bytes{state="used"} 1000
ha_web_opcache_memory_bytes{state="free"} 3000
ha_web_opcache_scripts 12
"""
DEAD = Seen((), "no answer from it within 1 s", False, 4, 8.0)
SILENT = Seen((), "no answer from it within 1 s", False, 1, 1.0)
REFUSING = Seen((), "it refuses connections", True, 9, 18.0)


def seen(*texts: str, ages: Iterable[float] = (0.5, 2.5, 4.5, 6.5)) -> Seen:
    """An exporter that answers; the newest text first, the last one ever before."""
    return Seen(tuple(Sample(age, Reader().read(texts[min(index, len(texts) - 1)])) for index, age in enumerate(ages)))


def well() -> dict[tuple[str, str], Seen]:
    """A cluster without any trouble."""
    web = {"node": seen(WEB), "nginx": seen(NGINX), "apache": seen(APACHE), "opcache": seen(OPCACHE)}
    return {
        ("lvs1", "node"): seen(MASTER.text()),
        ("lvs2", "node"): seen(BACKUP.text()),
        **{(name, exporter): one for name in ("web1", "web2") for exporter, one in web.items()},
        ("store1", "node"): seen("node_load1 0.1\n"),
        ("", "prometheus"): seen(""),
    }


def directors(first: Director | Seen, second: Director | Seen) -> Mapping[tuple[str, str], Seen]:
    """What differs from a cluster that is well."""
    return {
        (name, "node"): one if isinstance(one, Seen) else seen(one.text())
        for name, one in (("lvs1", first), ("lvs2", second))
    }
