# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""From the table that is to the table that shall be: the fewest operations, in an order that serves throughout."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from .model import Daemon, Destination, DestinationId, Operation, Service, ServiceId, Table, Timeouts

ACTIONS = ("add", "update", "remove")


class Plan(NamedTuple):
    """Operations by phase. Within a phase they do not depend on each other, but for a new service's destinations.

    What gives capacity comes before what takes it. A daemon is stopped first and started last, because the
    kernel refuses to run one beside destinations of another address family.
    """

    stop: list[Operation]
    grow: list[Operation]
    quiesce: list[Operation]
    shrink: list[Operation]
    finish: list[Operation]

    def operations(self) -> list[Operation]:
        """Return all of them, in order."""
        return [operation for phase in self for operation in phase]


def plan(current: Table, desired: Table, *, allow: Collection[str] = ACTIONS, quiesce: bool = False) -> Plan:
    """Return what leads from one table to the other.

    Args:
        current: what the kernel holds.
        desired: what it shall hold.
        allow: actions of which operations are planned; others are left out, with what depends on them.
        quiesce: take the weight from destinations before they are removed.
    """
    result = Plan([], [], [], [], [])
    _plan_services(current, desired, allow, result)
    _plan_daemons(current, desired, allow, result)
    changed = Timeouts(*(new if new != old else 0 for old, new in zip(current.timeouts, desired.timeouts)))
    if any(changed) and "update" in allow:
        result.finish.append(Operation("update", None, None, changed))
    if quiesce:
        for service, destination, value in leaving(current, result.shrink):
            if value.weight:
                operation = Operation("update", service, destination, value._replace(weight=0))
                result.quiesce.append(operation)
    return result


def leaving(current: Table, operations: Iterable[Operation]) -> Iterator[tuple[ServiceId, DestinationId, Destination]]:
    """Yield the destinations that the operations remove, alone or with their service."""
    for operation in operations:
        if operation.action != "remove" or operation.service is None:
            continue
        destinations = current.services[operation.service].destinations
        if operation.destination is not None:
            destinations = {operation.destination: destinations[operation.destination]}
        for destination, value in destinations.items():
            yield operation.service, destination, value


def _plan_services(current: Table, desired: Table, allow: Collection[str], result: Plan) -> None:
    for key, service in desired.services.items():
        existing = current.services.get(key)
        if existing is None:
            if "add" in allow:
                result.grow.append(Operation("add", key, None, service.settings))
                result.grow.extend(Operation("add", key, *item) for item in service.destinations.items())
        elif existing != service:
            if existing.settings != service.settings and "update" in allow:
                result.grow.append(Operation("update", key, None, service.settings))
            _plan_destinations(key, existing, service, allow, result)
    if "remove" in allow:
        for key in sorted(current.services.keys() - desired.services.keys()):
            result.shrink.append(Operation("remove", key, None, None))


def _plan_destinations(
    service: ServiceId, current: Service, desired: Service, allow: Collection[str], result: Plan
) -> None:
    for key, value in desired.destinations.items():
        existing = current.destinations.get(key)
        if existing is None:
            if "add" in allow:
                result.grow.append(Operation("add", service, key, value))
        elif existing != value and "update" in allow:
            phase = result.shrink if value.weight < existing.weight else result.grow
            phase.append(Operation("update", service, key, value))
    if "remove" in allow:
        for key in sorted(current.destinations.keys() - desired.destinations.keys()):
            result.shrink.append(Operation("remove", service, key, None))


def _plan_daemons(current: Table, desired: Table, allow: Collection[str], result: Plan) -> None:
    """Plan the daemons: the kernel cannot change one, it is stopped and started."""
    for state in {**current.daemons, **desired.daemons}:
        existing, wanted = current.daemons.get(state), desired.daemons.get(state)
        if existing == wanted:
            continue
        action = "add" if existing is None else "remove" if wanted is None else "update"
        if action not in allow:
            continue
        if existing is not None:
            result.stop.append(Operation("remove", None, None, existing))
        if wanted is not None:
            result.finish.append(Operation("add", None, None, wanted))


def after(current: Table, operations: Iterable[Operation]) -> Table:
    """Return the table that the operations leave."""
    services = {key: Service(value.settings, dict(value.destinations)) for key, value in current.services.items()}
    daemons, timeouts = dict(current.daemons), current.timeouts
    for operation in operations:
        key, value = operation.service, operation.value
        if isinstance(value, Timeouts):
            timeouts = Timeouts(*(new or old for old, new in zip(timeouts, value)))
        elif isinstance(value, Daemon):
            daemons.pop(value.state, None)
            if operation.action == "add":
                daemons[value.state] = value
        elif key is None:
            raise ValueError(f"an operation without a subject: {operation}")
        elif operation.destination is not None:
            if isinstance(value, Destination):
                services[key].destinations[operation.destination] = value
            else:
                del services[key].destinations[operation.destination]
        elif value is None:
            del services[key]
        elif not isinstance(value, Destination):
            services[key] = Service(value, services[key].destinations if key in services else {})
    return Table(services, daemons, timeouts)
