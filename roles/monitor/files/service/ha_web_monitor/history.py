# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Charts from Prometheus. Nobody's words but those of the tables here get into a query."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from .configuration import Configuration
from .transport import TransportError, request

POINTS = 240
HOURS = range(1, 169)
_LEAST = 15  # seconds between points
_SERIES = 200


class Chart(NamedTuple):
    """Where a chart's figures come from. SELECT stands for what may narrow it, WINDOW for the seconds of a rate."""

    unit: str
    query: str
    name: str  # the label that tells series apart
    narrowed: tuple[str, ...]  # by which parameters


_CHARTS: Mapping[str, Chart] = {
    "connections": Chart(
        "connections/s",
        "sum by (service) (rate(ha_web_ipvs_service_connections_total{SELECT}[WINDOW]))",
        "service",
        ("service",),
    ),
    "bytes": Chart(
        "bytes/s",
        "sum by (service) (rate(ha_web_ipvs_service_outgoing_bytes_total{SELECT}[WINDOW])"
        " + rate(ha_web_ipvs_service_incoming_bytes_total{SELECT}[WINDOW]))",
        "service",
        ("service",),
    ),
    # Synchronised connections stand in every director's table.
    "servers": Chart(
        "connections",
        "max by (service, server) (sum by (node, service, server) (ha_web_ipvs_server_active_connections{SELECT}))",
        "server",
        ("service", "server"),
    ),
    "requests": Chart(
        "requests/s",
        "sum by (node) (rate(nginx_http_requests_total{SELECT}[WINDOW]))"
        " or sum by (node) (rate(apache_accesses_total{SELECT}[WINDOW]))",
        "node",
        ("node",),
    ),
    "opcache_hits": Chart(
        "ratio",
        "sum by (node) (rate(ha_web_opcache_hits_total{SELECT}[WINDOW])) / (sum by (node)"
        " (rate(ha_web_opcache_hits_total{SELECT}[WINDOW])) + sum by (node)"
        " (rate(ha_web_opcache_misses_total{SELECT}[WINDOW])))",
        "node",
        ("node",),
    ),
    "opcache_memory": Chart(
        "bytes", 'sum by (node) (ha_web_opcache_memory_bytes{state="used",SELECT})', "node", ("node",)
    ),
    "load": Chart("load", "max by (node) (node_load1{SELECT})", "node", ("node",)),
}


class UnknownError(ValueError):
    """A chart, or what it is to be of, that there is not."""


def history(configuration: Configuration, wanted: Mapping[str, str]) -> dict[str, Any]:
    """Return the series of a chart.

    Args:
        wanted: chart, hours, and what narrows it.

    Raises:
        UnknownError: there is no such thing.
        TransportError: Prometheus does not answer.
    """
    chart, hours = _chart(wanted), hours_of(wanted.get("hours", "1"))
    unknown = set(wanted) - {"chart", "hours", *chart.narrowed}
    if unknown:
        raise UnknownError(
            f"The chart knows no {', '.join(sorted(unknown))[:80]}. It may have: {', '.join(chart.narrowed)}."
        )
    step = max(3600 * hours // POINTS, _LEAST)
    labels = _labels(configuration, {name: wanted[name] for name in chart.narrowed if name in wanted})
    query = chart.query.replace("SELECT", labels).replace("WINDOW", f"{max(step, 60)}s")
    end = time.time() // step * step
    parameters = {"query": query, "start": str(end - 3600 * hours), "end": str(end), "step": str(step)}
    own = urlsplit(configuration.prometheus)
    answer = request(own.hostname or "", own.port or 9090, f"/api/v1/query_range?{urlencode(parameters)}", seconds=5.0)
    if answer.status != 200:
        raise TransportError(f"Prometheus answers {answer.status}. Look at its journal")
    return {"unit": chart.unit, "series": _series(answer.body, chart)}


def hours_of(text: str) -> int:
    """Return how many hours are wanted.

    Raises:
        UnknownError: it is no such number.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and int(text) in HOURS):
        raise UnknownError(f"hours must be from {HOURS[0]} to {HOURS[-1]}.")
    return int(text)


def _chart(wanted: Mapping[str, str]) -> Chart:
    if wanted.get("chart", "") not in _CHARTS:
        raise UnknownError(f"chart must be one of {', '.join(_CHARTS)}.")
    return _CHARTS[wanted["chart"]]


def _labels(configuration: Configuration, wanted: Mapping[str, str]) -> str:
    known = {
        "node": {one.name for one in configuration.nodes},
        "service": {one.name for one in configuration.services},
        "server": {server.name for one in configuration.services for server in one.servers},
    }
    for name, value in wanted.items():
        if value not in known[name]:
            raise UnknownError(f"{name} must be one of {', '.join(sorted(known[name]))}.")
    # JSON escapes as PromQL does.
    return ",".join(f"{name}={json.dumps(value)}" for name, value in wanted.items())


def _series(body: bytes, chart: Chart) -> list[dict[str, Any]]:
    try:
        found = json.loads(body)["data"]["result"]
        return [
            {
                "name": str(one["metric"].get(chart.name, ""))[:100],
                "points": [[float(at), _finite(float(value))] for at, value in one["values"]],
            }
            for one in found[:_SERIES]
        ]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise TransportError("Prometheus gives no proper answer. Look at its journal") from None


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
