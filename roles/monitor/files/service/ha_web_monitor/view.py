# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What is known of each node, at which age; nothing here asks anybody.

A figure that is too old is None or "unknown", never an old number. Ages of files are told by the clock of the node that
wrote them, so that clocks that differ make nothing old, and nothing new.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from .configuration import Configuration, Node, Router
from .figures import Figures

NODE_PERIOD, WEB_PERIOD = 2.0, 5.0  # seconds between scrapes
NOTIFY_LIMIT, IPVS_LIMIT, STORAGE_LIMIT = 15.0, 10.0, 60.0  # seconds until a file is stale
SETTLED = 5.0  # seconds that two directors may take to do the same
KEPT = SETTLED + 2 * NODE_PERIOD  # seconds of samples that this needs
_HANDOVER = 0.5  # seconds in which addresses follow a change of state
_GRACE = 1.0

Key = tuple[str, ...]  # service, endpoint, server, address
Name = tuple[str, ...]  # service, server


class Sample(NamedTuple):
    """One scrape, some seconds ago."""

    age: float
    figures: Figures


class Seen(NamedTuple):
    """What the scrapes of one exporter have brought."""

    samples: tuple[Sample, ...] = ()  # the newest first
    error: str = ""
    refused: bool = False  # the host lives
    failures: int = 0  # in a row
    failing: float = 0.0  # seconds without a success


Scrapes = Mapping[tuple[str, str], Seen]  # by node and exporter
NOTHING = Seen()


def reach(seen: Seen, period: float = NODE_PERIOD) -> str:
    """Return whether an exporter is "ok", "down" or "unknown". A host that refuses is not down."""
    if seen.samples and seen.samples[0].age <= 2.5 * period:
        return "ok"
    down = seen.failures >= 3 and seen.failing > 3 * period and not seen.refused
    return "down" if down else "unknown"


def latest(seen: Seen, period: float = NODE_PERIOD) -> Figures:
    """Return the newest figures; none where they are too old."""
    return seen.samples[0].figures if reach(seen, period) == "ok" else Figures()


def per_second(new: float | None, old: float | None, seconds: float) -> float | None:
    """Return how fast a counter runs; None where it was reset."""
    if new is None or old is None or seconds <= 0 or new < old:
        return None
    return (new - old) / seconds


@dataclass(frozen=True)
class Vrrp:
    """A virtual router on one director."""

    state: str = "unknown"
    since: float | None = None
    since_age: float | None = None
    transitions: int | None = None
    held: Mapping[str, bool | None] | None = None

    def holds(self, vip: str) -> bool | None:
        """Return whether the kernel has the address; None where nobody knows."""
        return (self.held or {}).get(vip)


@dataclass(frozen=True)
class Director:
    """A director. Without a table, or without numbers of track files, nobody knows them."""

    name: str
    address: str
    reach: str
    age: float | None
    error: str
    refused: bool
    load: float | None
    notify_age: float | None  # None when stale
    ipvs_age: float | None
    keepalived: str
    checkers: str
    routers: Mapping[str, Vrrp]
    standby: bool | None
    sync: list[str] | None
    tracks: Mapping[Name, int]
    checks: Mapping[Name, bool]
    since: Mapping[Name, float]
    table: Mapping[Key, float] | None
    recent: tuple[Figures, ...]  # of the last seconds, the newest first
    settled: bool  # whether there are enough of them
    figures: Figures
    before: Figures  # of the scrape that had another table
    between: float  # seconds between both


def directors(configuration: Configuration, scrapes: Scrapes) -> list[Director]:
    """Return what is known of all directors."""
    found = [
        director(configuration.routers, node, scrapes.get((node.name, "node"), NOTHING))
        for node in configuration.directors
    ]
    return [_without_void(one, found) for one in found]


def director(routers: tuple[Router, ...], node: Node, seen: Seen) -> Director:
    """Return what its exporter says of one director."""
    figures = latest(seen)
    age = seen.samples[0].age if seen.samples else None
    notify_age = _file_age(figures, "ha_web_notify_timestamp_seconds", age, NOTIFY_LIMIT)
    ipvs_age = _file_age(figures, "ha_web_ipvs_timestamp_seconds", age, IPVS_LIMIT)
    notify = figures if notify_age is not None else Figures()
    ipvs = figures if ipvs_age is not None else Figures()
    parts = {part: _up(notify, part) for part in ("vrrp", "checkers")}
    before, between = _before(seen)
    standby = notify.one("ha_web_standby")
    return Director(
        name=node.name,
        address=node.address,
        reach=reach(seen),
        age=age,
        error=seen.error,
        refused=seen.refused,
        load=figures.one("node_load1"),
        notify_age=notify_age,
        ipvs_age=ipvs_age,
        keepalived=_both(parts),
        checkers=parts["checkers"],
        routers={one.name: _vrrp(one, notify, notify_age, parts["vrrp"]) for one in routers},
        standby=None if standby is None else bool(standby),
        sync=_sync(ipvs) if ipvs_age is not None else None,
        tracks={key: int(value) for key, value in _by_name(notify, "ha_web_track").items()},
        checks={key: bool(value) for key, value in _by_name(notify, "ha_web_server_up").items()}
        if parts["checkers"] == "up"
        else {},
        since=_by_name(notify, "ha_web_server_since_timestamp_seconds"),
        table=table(ipvs) if ipvs_age is not None else None,
        recent=tuple(one.figures for one in seen.samples if one.age <= SETTLED) if ipvs_age is not None else (),
        settled=any(one.age >= SETTLED for one in seen.samples),
        figures=ipvs,
        before=before,
        between=between,
    )


def _file_age(figures: Figures, name: str, age: float | None, limit: float) -> float | None:
    written, now = figures.one(name), figures.one("node_time_seconds")
    if written is None or now is None or age is None:
        return None
    # A clock that was set back makes a file that comes from the future: nobody knows how old it is.
    return max(now - written, 0) + age if -_GRACE <= now - written <= limit - age else None


def _up(notify: Figures, part: str) -> str:
    value = notify.one("ha_web_keepalived_up", part=part)
    return "unknown" if value is None else "up" if value else "down"


def _both(parts: Mapping[str, str]) -> str:
    values = set(parts.values())
    return "down" if "down" in values else "unknown" if "unknown" in values else "up"


def _vrrp(router: Router, notify: Figures, notify_age: float | None, up: str) -> Vrrp:
    if notify_age is None:
        return Vrrp()
    since = notify.one("ha_web_vrrp_since_timestamp_seconds", router=router.name)
    written = notify.one("ha_web_notify_timestamp_seconds")
    said = [
        one.labels.get("state", "unknown")
        for one in notify.all("ha_web_vrrp_state")
        if one.labels.get("router") == router.name and one.value == 1
    ]
    state = said[0] if len(said) == 1 and said[0] in ("master", "backup", "fault", "stopped") else "unknown"
    if up != "up":
        state = "stopped" if up == "down" else "unknown"
    transitions = [
        one.value for one in notify.all("ha_web_vrrp_transitions_total") if one.labels.get("router") == router.name
    ]
    # At the moment of a change the addresses are still those from before.
    moving = since is not None and written is not None and 0 <= written - since < _HANDOVER
    held = {
        one.labels.get("vip", ""): None if moving else bool(one.value)
        for one in notify.all("ha_web_vip_held")
        if one.labels.get("router") == router.name
    }
    return Vrrp(
        state=state,
        since=since,
        since_age=None if since is None or written is None else notify_age + written - since,
        transitions=int(sum(transitions)) if transitions else None,
        held=held,
    )


def _without_void(one: Director, all_of_them: list[Director]) -> Director:
    """Take back what a director said of itself before another became master.

    It may be dead since then: until it says it again there are no two masters, and no stale one.
    """
    routers = dict(one.routers)
    for name, mine in one.routers.items():
        later = [
            other.routers[name].since_age
            for other in all_of_them
            if other.name != one.name and other.routers[name].state == "master"
        ]
        if mine.state == "master" and any(_is_void(one.notify_age, mine.since_age, age) for age in later):
            routers[name] = replace(mine, state="unknown", held=dict.fromkeys(mine.held or {}))
    return replace(one, routers=routers)


def _is_void(said: float | None, mine: float | None, other: float | None) -> bool:
    if said is None or other is None:
        return False
    return said > other - _GRACE and (mine is None or mine > other)


def _by_name(figures: Figures, name: str) -> Mapping[Name, float]:
    return figures.by(name, "service", "server")


def table(figures: Figures) -> Mapping[Key, float]:
    """Return the weights in a kernel's table."""
    return figures.by("ha_web_ipvs_server_weight", "service", "endpoint", "server", "address")


def _sync(ipvs: Figures) -> list[str]:
    roles = {one.labels.get("role", "") for one in ipvs.all("ha_web_sync_daemon") if one.value == 1}
    return [role for role in ("master", "backup") if role in roles]


def _before(seen: Seen) -> tuple[Figures, float]:
    """Return an older sample whose table was read at another time, and how long before."""
    times = [(one.figures.one("ha_web_ipvs_timestamp_seconds"), one.figures) for one in seen.samples]
    newest = times[0][0] if times else None
    for at, figures in times[1:]:
        if newest is not None and at is not None and at < newest:
            return figures, newest - at
    return Figures(), 0.0
