# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What the directors make of one virtual service and its servers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ansible_collections.lvs.ha_web.plugins.module_utils._track_files import effective, state_of

from .configuration import Configuration, Server, Service
from .figures import Figures
from .view import Director, per_second, table


class Load(NamedTuple):
    """A server of a service on one director, over all endpoints."""

    weight: int | None
    active: int | None
    inactive: int | None


def master_of(router: str, directors: Sequence[Director]) -> str | None:
    """Return the only director that is master; None where there is none, or more."""
    masters = [one.name for one in directors if one.routers[router].state == "master"]
    return masters[0] if len(masters) == 1 else None


def routers_of(configuration: Configuration, service: Service) -> list[str]:
    """Return the virtual routers whose addresses a service has; all where it has a mark in their place."""
    addresses = {endpoint.rpartition("/")[0].rpartition(":")[0].strip("[]") for endpoint in service.endpoints}
    names = [router.name for router in configuration.routers if addresses & set(router.vips)]
    return names or [router.name for router in configuration.routers]


def director_of(configuration: Configuration, service: Service, directors: Sequence[Director]) -> str | None:
    """Return the director that serves a service; None where that is not clear."""
    masters = {master_of(router, directors) for router in routers_of(configuration, service)}
    return masters.pop() if len(masters) == 1 else None


def authority(configuration: Configuration, service: Service, directors: Sequence[Director]) -> Director | None:
    """Return the director whose word on a service counts: its master, or else one that knows its table."""
    known = [one for one in directors if one.table is not None]
    name = director_of(configuration, service, directors)
    return next((one for one in known if one.name == name), known[0] if known else None)


def _weight(figures: Figures, service: Service, endpoint: str, server: Server) -> int | None:
    value = figures.by("ha_web_ipvs_server_weight", "service", "endpoint", "server").get(
        (service.name, endpoint, server.name)
    )
    return None if value is None else int(value)


def weights(director: Director, service: Service, server: Server) -> list[int | None]:
    """Return a server's weight at each endpoint in a table that is known; None where it is not in it."""
    return [_weight(director.figures, service, endpoint, server) for endpoint in service.endpoints]


def load(director: Director | None, service: Service, server: Server) -> Load:
    """Return what a director has of a server."""
    if director is None or director.table is None:
        return Load(None, None, None)
    there = [weight for weight in weights(director, service, server) if weight is not None]
    active, inactive = (
        _total(director.figures, f"ha_web_ipvs_server_{kind}_connections", service, server)
        for kind in ("active", "inactive")
    )
    return Load(
        min(there) if there else None,
        None if active is None else int(active),
        None if inactive is None else int(inactive),
    )


def state(director: Director | None, service: Service, server: Server) -> str:
    """Return "up", "drained", "updating", "weighted", "down" or "unknown"."""
    number = director.tracks.get((service.name, server.name)) if director else None
    if director is None or number is None:
        return "unknown"
    if state_of(number) != "enabled":
        return str(state_of(number))
    passes = director.checks.get((service.name, server.name))
    if passes is False or (director.table is not None and None in weights(director, service, server)):
        return "down"
    if director.table is None or director.checkers != "up":
        return "unknown"
    return "weighted" if number else "up"


def live(director: Director, service: Service) -> list[dict[str, int]]:
    """Return the weights of the servers that have any, by name, for each endpoint."""
    return [
        {
            server.name: weight
            for server in service.servers
            if (weight := _weight(director.figures, service, endpoint, server))
        }
        for endpoint in service.endpoints
    ]


def drifted(director: Director, service: Service, server: Server) -> int | None:
    """Return a weight that nobody asked for, and that has stayed; None where there is none."""
    number = director.tracks.get((service.name, server.name))
    failed = director.checks.get((service.name, server.name)) is False
    if server.weighed or failed or number is None or not director.settled:
        return None
    wanted = {server.weight, effective(server.weight, number)}
    seen = [
        {_weight(figures, service, endpoint, server) for endpoint in service.endpoints} - {None}
        for figures in director.recent
    ]
    odd = set.intersection(*seen) - wanted if seen else set()
    return next((weight for weight in odd if weight is not None), None)


def server_rate(director: Director | None, service: Service, server: Server) -> float | None:
    """Return new connections per second."""
    return _rate(director, "ha_web_ipvs_server_connections_total", service, server)


def service_rate(director: Director | None, service: Service, what: str) -> float | None:
    """Return connections or bytes per second."""
    return _rate(director, f"ha_web_ipvs_service_{what}_total", service, None)


def _rate(director: Director | None, name: str, service: Service, server: Server | None) -> float | None:
    if director is None:
        return None
    new, old = (_total(figures, name, service, server) for figures in (director.figures, director.before))
    return per_second(new, old, director.between)


def _total(figures: Figures, name: str, service: Service, server: Server | None) -> float | None:
    labels = ("service", "endpoint") if server is None else ("service", "endpoint", "server")
    index = figures.by(name, *labels)
    of_server = () if server is None else (server.name,)
    values = [index.get((service.name, endpoint, *of_server)) for endpoint in service.endpoints]
    there = [value for value in values if value is not None]
    return sum(there) if there else None


def compared(directors: Sequence[Director], reference: str | None) -> dict[str, str]:
    """Return of each director whether its table is like the others': "equal", "differs" or "unknown".

    Args:
        reference: the director whose table is the right one, if any.
    """
    known = [one for one in directors if one.table is not None]
    first = next((one for one in known if one.name == reference), known[0] if known else None)
    found = {one.name: "unknown" for one in directors}
    if first is None or len(known) < 2:
        return found
    found.update({one.name: _likeness(first, one) for one in known if one is not first})
    others = [found[one.name] for one in known if one is not first]
    found[first.name] = next((word for word in ("differs", "unknown") if word in others), "equal")
    return found


def _likeness(first: Director, second: Director) -> str:
    # One of them may be some moments behind the other: it then has what the other had.
    if any(first.table == table(one) for one in second.recent) or any(
        second.table == table(one) for one in first.recent
    ):
        return "equal"
    return "differs" if first.settled and second.settled else "unknown"
