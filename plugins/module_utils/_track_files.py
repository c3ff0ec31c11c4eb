# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The files by which operators change a real server's weight: what their numbers mean, and how they are written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

# Below any weight there is: the server stays in the table, with the weight 0. Which of them tells who drained it.
DRAINED, UPDATING = -100_000, -100_001

Parameters = Mapping[str, Any]  # a virtual service, or a real server, of the topology


class TrackFileError(ValueError):
    """A file that is not there, or holds no number."""


class Chosen(NamedTuple):
    """A real server in one virtual service."""

    service: Parameters
    server: Parameters


def choose(virtual_services: Sequence[Parameters], name: str, services: Sequence[str]) -> list[Chosen]:
    """Return a real server, by name or address, wherever it serves.

    Args:
        services: names of virtual services; none of them stands for all.

    Raises:
        ValueError: there is no such server or service, or they have nothing to do with each other.
    """
    known = sorted({service["name"] for service in virtual_services})
    unknown = sorted(set(services) - set(known))
    if unknown:
        raise ValueError(f"{', '.join(unknown)} is no virtual service. Services are: {', '.join(known)}.")
    everywhere = [
        Chosen(service, server)
        for service in virtual_services
        for server in service["real_servers"]
        if name in (server["name"], server["address"])
    ]
    chosen = [one for one in everywhere if not services or one.service["name"] in services]
    if not chosen:
        names = {
            server["name"]
            for service in virtual_services
            for server in service["real_servers"]
            if not services or service["name"] in services
        }
        where = f"virtual service {' or '.join(services)}" if services else "any virtual service"
        raise ValueError(f"{name} is no real server of {where}. Real servers are: {', '.join(sorted(names))}.")
    return chosen


def added(state: str, weight: int | None, declared: int) -> int:
    """Return the number that makes of the declared weight what is wanted."""
    if state != "enabled":
        return DRAINED if state == "drained" else UPDATING
    return 0 if weight is None else weight - declared


def state_of(number: int) -> str:
    """Return what a number says of its server."""
    return {DRAINED: "drained", UPDATING: "updating"}.get(number, "enabled")


def effective(declared: int, number: int) -> int:
    """Return the weight that keepalived makes of both."""
    return min(max(declared + number, 0), 65535)


def read(path: str) -> int:
    """Return the number in a track file.

    Raises:
        TrackFileError: there is none.
    """
    try:
        with open(path, encoding="ascii") as file:
            return int(file.read())
    except FileNotFoundError:
        raise TrackFileError(
            f"{path} is missing: keepalived of this director does not watch it yet. Run site.yml first."
        ) from None
    except ValueError:
        raise TrackFileError(f"{path} holds no number. Write 0 into it, or the state that is wanted.") from None


def write(path: str, number: int) -> None:
    """Replace the number in a track file at once, so that nobody reads half of it."""
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".")
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(f"{number}\n")
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
