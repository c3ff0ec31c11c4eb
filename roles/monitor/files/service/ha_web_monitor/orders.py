# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What is to be done, and this director's part of it: its track files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple, NoReturn

from ansible_collections.lvs.ha_web.plugins.module_utils._track_files import (
    DRAINED,
    TrackFileError,
    effective,
    read,
    write,
)

from .configuration import Configuration, Server, Service
from .figures import Figures, Reader
from .scrape import fetch, node_target
from .transport import TransportError
from .view import Director, Sample, Seen, director

POOL = ("drain", "restore", "weight")
STANDBY = ("switchover", "switchback")
ACTIONS = (*POOL, *STANDBY, "clear_cache")
BODY_LIMIT = 4096  # bytes
_WEIGHTS = range(65536)
_TYPES: Mapping[str, type] = {
    "action": str,
    "target": str,
    "service": str,
    "weight": int,
    "force": bool,
    "token": str,
    "phase": str,
}


class MalformedError(ValueError):
    """What is no order at all."""


class RefusalError(Exception):
    """What is not done, and why."""


class Order(NamedTuple):
    """What somebody wants."""

    action: str
    target: str
    service: str = ""
    weight: int | None = None
    force: bool = False

    def number(self, declared: int) -> int:
        """Return what it writes into a server's track file."""
        if self.action == "drain":
            return int(DRAINED)
        return 0 if self.weight is None or self.action == "restore" else self.weight - declared


class Place(NamedTuple):
    """A chosen server in one virtual service."""

    service: Service
    server: Server


def fields_of(body: bytes, *more: str) -> dict[str, Any]:
    """Return the fields of an order, and others that must be there.

    Raises:
        MalformedError: it has others, or of other types.
    """
    try:
        data = json.loads(body.decode(), object_pairs_hook=_once_each, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise MalformedError("The body is no JSON object with each name once. Reload the page.") from None
    if not isinstance(data, dict):
        raise MalformedError("The body is no JSON object. Reload the page.")
    wanted = {"action", "target", *more}
    known = wanted | {"service", "weight", "force"}
    if set(data) - known or wanted - set(data):
        raise MalformedError(
            f"The body needs {', '.join(sorted(wanted))}, and may have {', '.join(sorted(known - wanted))}."
        )
    for name, value in data.items():
        # To Python a truth value is a number as well.
        if not isinstance(value, _TYPES[name]) or isinstance(value, bool) is not (_TYPES[name] is bool):
            raise MalformedError(f"{name} is no {_TYPES[name].__name__}.")
    return data


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _value in pairs}) != len(pairs):
        raise ValueError("a name stands twice")
    return dict(pairs)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def order_of(configuration: Configuration, fields: Mapping[str, Any]) -> Order:
    """Return the order that fields make.

    Raises:
        MalformedError: it is none in this cluster.
    """
    order = Order(
        fields["action"], fields["target"], fields.get("service", ""), fields.get("weight"), fields.get("force", False)
    )
    if order.action not in ACTIONS:
        raise MalformedError(f"action is none of {', '.join(ACTIONS)}.")
    if order.action == "weight" and order.weight not in _WEIGHTS:
        raise MalformedError("weight must be from 0 to 65535.")
    names = _targets(configuration, order)
    if order.target not in names:
        raise MalformedError(f"target {order.target[:80]!r} is none of {', '.join(names)}.")
    return order


def _targets(configuration: Configuration, order: Order) -> list[str]:
    if order.action in STANDBY:
        return [one.name for one in configuration.directors]
    if order.action == "clear_cache":
        return ["all", *(one.name for one in configuration.group("web"))]
    services = sorted({one.name for one in configuration.services})
    if order.service and order.service not in services:
        raise MalformedError(f"service {order.service[:80]!r} is none of {', '.join(services)}.")
    chosen = [one for one in configuration.services if order.service in ("", one.name)]
    return sorted({server.name for service in chosen for server in service.servers})


def places(configuration: Configuration, order: Order) -> list[Place]:
    """Return the server that is meant, wherever it serves."""
    return [
        Place(service, server)
        for service in configuration.services
        for server in service.servers
        if server.name == order.target and order.service in ("", service.name)
    ]


def look(configuration: Configuration, name: str) -> Director:
    """Return what a director's exporter says just now.

    Raises:
        TransportError: it says nothing.
    """
    node = next(one for one in configuration.directors if one.name == name)
    figures = fetch(node_target(configuration, node), Reader())
    return director(configuration.routers, node, Seen((Sample(0.0, figures),)))


def check(configuration: Configuration, order: Order) -> str:
    """See whether this director can carry out an order.

    Returns:
        Nothing of interest.

    Raises:
        RefusalError: it cannot, or must not.
    """
    here = configuration.node
    try:
        if order.action in STANDBY:
            read(configuration.standby_file)
            return f"{here} can do it."
        found = places(configuration, order)
        numbers = {path: read(path) for path in {place.server.track_file for place in found}}
        for place in [] if order.force else found:
            now, then = numbers[place.server.track_file], order.number(place.server.weight)
            # Who is out of the pool already leaves nobody alone.
            if effective(place.server.weight, now) and not effective(place.server.weight, then):
                _refuse_the_last(configuration, place)
    except (TrackFileError, OSError) as error:
        raise RefusalError(f"{here}: {_words(error)}") from None
    return f"{here} can do it."


def _refuse_the_last(configuration: Configuration, place: Place) -> None:
    here, service = configuration.node, place.service
    try:
        table = look(configuration, here)
    except TransportError as error:
        raise RefusalError(f"{here} does not know its table ({error}). Mend its node exporter, or set force.") from None
    if table.table is None:
        raise RefusalError(f"{here} does not know its table. Start ha-web-ipvs-reader there, or set force.")
    for endpoint in service.endpoints:
        weights = _weights(table.figures, service, endpoint)
        others = [
            server.name
            for server in service.servers
            if server.name != place.server.name
            and weights.get(server.name)
            # The kernel follows after a moment: what was written just now counts as well.
            and effective(server.weight, read(server.track_file))
        ]
        if weights.get(place.server.name) and not others:
            raise RefusalError(
                f"{place.server.name} is the last server with any weight of {service.name} ({endpoint}) on {here}:"
                " nobody would serve it. Restore another first, or set force."
            )


def _weights(figures: Figures, service: Service, endpoint: str) -> dict[str, float]:
    index = figures.by("ha_web_ipvs_server_weight", "service", "endpoint", "server")
    return {server.name: index.get((service.name, endpoint, server.name), 0) for server in service.servers}


def carry_out(configuration: Configuration, order: Order) -> str:
    """Write what this director's keepalived shall do; return it in words.

    Raises:
        RefusalError: it must not be, or could not be written.
    """
    check(configuration, order)
    here = configuration.node
    try:
        if order.action in STANDBY:
            write(configuration.standby_file, int(order.action == "switchover"))
            return f"{here} is {'on standby' if order.action == 'switchover' else 'taking part again'}"
        for place in places(configuration, order):
            write(place.server.track_file, order.number(place.server.weight))
    except OSError as error:
        raise RefusalError(f"{here}: {_words(error)}") from None
    return f"written on {here}"


def _words(error: Exception) -> str:
    if not isinstance(error, OSError):
        return str(error)
    return f"{error.filename}: {error.strerror}. Run site.yml, which lets the monitor write track files."


def obeyed(configuration: Configuration, order: Order, seen: Director) -> str:
    """Return what a director's kernel does not do yet of an order for servers; nothing when all is done."""
    for place in places(configuration, order):
        wanted = effective(place.server.weight, order.number(place.server.weight))
        if seen.table is None:
            return "its table is not known"
        failed = seen.checks.get((place.service.name, place.server.name)) is False
        if failed or (wanted and place.server.weighed):
            continue  # its checks decide
        for endpoint in place.service.endpoints:
            index = seen.figures.by("ha_web_ipvs_server_weight", "service", "endpoint", "server")
            weight = index.get((place.service.name, endpoint, place.server.name))
            if weight is not None and weight != wanted:
                return (
                    f"{place.server.name} has the weight {weight:g} in {place.service.name} ({endpoint}), not {wanted}"
                )
    return ""
