# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The state of the whole cluster, as pages get it, from what was scraped; nothing here asks anybody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from . import pool
from .configuration import Configuration, Node, Service
from .figures import Figures
from .findings import Situation, findings, verdict
from .view import (
    NODE_PERIOD,
    NOTHING,
    STORAGE_LIMIT,
    WEB_PERIOD,
    Director,
    Scrapes,
    Seen,
    directors,
    latest,
    per_second,
    reach,
)

EXPORTERS = ("nginx", "apache", "opcache")


class _Web(NamedTuple):
    """A web node's exporters."""

    node: Seen
    by_name: dict[str, Seen]


def state(configuration: Configuration, scrapes: Scrapes, now: float) -> dict[str, Any]:
    """Return the state.

    Args:
        scrapes: by node and exporter; of Prometheus itself by "" and "prometheus".
        now: seconds since 1970, only to be passed on.
    """
    found = directors(configuration, scrapes)
    masters = {pool.master_of(router.name, found) for router in configuration.routers}
    tables = pool.compared(found, masters.pop() if len(masters) == 1 else None)
    answer: dict[str, Any] = {
        "at": now,
        "node": configuration.node,
        "version": configuration.version,
        "directors": [_director(configuration, one, tables[one.name]) for one in found],
        "services": [_service(configuration, one, found) for one in configuration.services],
        "web": [_web(configuration, node, scrapes) for node in configuration.group("web")],
        "storage": [_storage(configuration, node, scrapes) for node in configuration.group("storage")],
        "prometheus": "ok" if reach(scrapes.get(("", "prometheus"), NOTHING), WEB_PERIOD) == "ok" else "down",
    }
    situation = Situation(configuration, found, answer)
    answer["findings"] = [one._asdict() for one in findings(situation)]
    answer["verdict"] = verdict(situation, answer["findings"])
    return answer


def _director(configuration: Configuration, one: Director, table: str) -> dict[str, Any]:
    return {
        "name": one.name,
        "address": one.address,
        "reach": one.reach,
        "age": _round(one.age, 1),
        "error": one.error,
        "keepalived": one.keepalived,
        "routers": [
            {
                "name": router.name,
                "vips": [{"address": vip, "held": one.routers[router.name].holds(vip)} for vip in router.vips],
                "state": one.routers[router.name].state,
                "since": one.routers[router.name].since,
                "transitions": one.routers[router.name].transitions,
                "priority": router.priorities.get(one.name),
            }
            for router in configuration.routers
        ],
        "standby": one.standby,
        "sync": one.sync,
        "table": table,
        "load": one.load,
    }


def _service(configuration: Configuration, service: Service, found: Sequence[Director]) -> dict[str, Any]:
    name = pool.director_of(configuration, service, found)
    master = next((one for one in found if one.name == name and one.table is not None), None)
    word = pool.authority(configuration, service, found)
    servers = []
    for server in service.servers:
        now = pool.load(master, service, server)
        servers.append(
            {
                "name": server.name,
                "address": server.address,
                "state": pool.state(word, service, server),
                "declared_weight": server.weight,
                **now._asdict(),
                "connections_per_second": _round(pool.server_rate(master, service, server), 2),
                "since": word.since.get((service.name, server.name)) if word else None,
                "directors": {one.name: pool.load(one, service, server)._asdict() for one in found},
            }
        )
    return {
        "name": service.name,
        "endpoints": list(service.endpoints),
        "protocol": service.protocol,
        "forwarding": service.forwarding,
        "scheduler": service.scheduler,
        "persistence": service.persistence,
        "quorum": service.quorum,
        "sorry_server": service.sorry_server,
        "director": name,
        "connections_per_second": _round(pool.service_rate(master, service, "connections"), 2),
        "in_bytes_per_second": _round(pool.service_rate(master, service, "incoming_bytes"), 0),
        "out_bytes_per_second": _round(pool.service_rate(master, service, "outgoing_bytes"), 0),
        "servers": servers,
    }


def _node(node: Node, seen: Seen) -> dict[str, Any]:
    return {
        "name": node.name,
        "address": node.address,
        "reach": reach(seen, NODE_PERIOD),
        "age": _round(seen.samples[0].age if seen.samples else None, 1),
        "error": seen.error,
        "load": latest(seen).one("node_load1"),
    }


def _web(configuration: Configuration, node: Node, scrapes: Scrapes) -> dict[str, Any]:
    by_name = {name: scrapes.get((node.name, name), NOTHING) for name in EXPORTERS if name in configuration.ports}
    node_seen = scrapes.get((node.name, "node"), NOTHING)
    figures = {name: latest(seen, WEB_PERIOD) for name, seen in by_name.items()}
    nginx, apache = figures.get("nginx", Figures()), figures.get("apache", Figures())
    requests = _requests(by_name, "nginx", "nginx_http_requests_total")
    if requests is None:
        requests = _requests(by_name, "apache", "apache_accesses_total")
    return {
        **_node(node, node_seen),
        "requests_per_second": _round(requests, 2),
        "connections": nginx.one("nginx_connections_active"),
        "workers_busy": apache.one("apache_workers", state="busy"),
        "workers_idle": apache.one("apache_workers", state="idle"),
        "opcache": _opcache(figures.get("opcache", Figures())),
        "exporters": {name: _exporter(seen, figures[name], f"{name}_up") for name, seen in by_name.items()},
        "storage": [{"path": share.path, "state": _mounted(node_seen, share.path)} for share in configuration.shares],
    }


def _requests(by_name: dict[str, Seen], exporter: str, name: str) -> float | None:
    seen = by_name.get(exporter, NOTHING)
    if reach(seen, WEB_PERIOD) != "ok" or len(seen.samples) < 2:
        return None
    new, old = seen.samples[0], seen.samples[1]
    return per_second(new.figures.one(name), old.figures.one(name), old.age - new.age)


def _exporter(seen: Seen, figures: Figures, up: str) -> str:
    """Return of an exporter whether it speaks, and whether what it speaks of does."""
    known = reach(seen, WEB_PERIOD)
    if seen.refused and seen.failures >= 3 and known != "ok":
        return "down"
    return "down" if known == "ok" and figures.one(up) == 0 else known


def _opcache(figures: Figures) -> dict[str, Any] | None:
    enabled = figures.one("ha_web_opcache_enabled")
    if enabled is None:
        return None
    hits, misses = figures.one("ha_web_opcache_hits_total"), figures.one("ha_web_opcache_misses_total")
    asked = None if hits is None or misses is None else hits + misses
    return {
        "enabled": bool(enabled),
        "hit_rate": _round(hits / asked, 4) if hits is not None and asked else None,
        "used_bytes": figures.one("ha_web_opcache_memory_bytes", state="used"),
        "free_bytes": figures.one("ha_web_opcache_memory_bytes", state="free"),
        "scripts": figures.one("ha_web_opcache_scripts"),
    }


def _mounted(seen: Seen, path: str) -> str:
    figures = latest(seen)
    written, now = figures.one("ha_web_storage_timestamp_seconds"), figures.one("node_time_seconds")
    mounted = figures.one("ha_web_storage_mounted", path=path)
    if written is None or now is None or mounted is None or abs(now - written) > STORAGE_LIMIT:
        return "unknown"
    return "ok" if mounted else "gone"


def _storage(configuration: Configuration, node: Node, scrapes: Scrapes) -> dict[str, Any]:
    shares = [share.path for share in configuration.shares if share.server == node.name]
    return {**_node(node, scrapes.get((node.name, "node"), NOTHING)), "shares": shares}


def _round(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
