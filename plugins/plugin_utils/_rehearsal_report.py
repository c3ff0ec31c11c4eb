# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a rehearsal has shown: one outage held against its bound, and the order of events on the probe's clock.

The outage and all other figures are of the probe's clock alone. Events are told by the clocks of other hosts, which
have been compared with the probe's; each says how far it may be off.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from typing import Any, NamedTuple

from . import _outage, _rehearsal_plan
from ._clocks import Offset
from ._outage import Reading, Sample

_WATCHED = re.compile(r"\[(?P<at>\d{4}-[^\]]+)\] ?(?P<gone>Deleted )?.*?\binet6? (?P<address>[0-9a-f.:]+)")
CONTROLLER = ""


class Mark(NamedTuple):
    """Something that happened, by the clock of a host."""

    at: float
    host: str
    uncertainty_s: float = 0.0


class Change(NamedTuple):
    """An address came to a host, or left it."""

    at: float
    came: bool


class Seen(NamedTuple):
    """All that was seen; ``watched`` and ``words`` by director, where it was still to be had."""

    samples: Sequence[Sample]
    killed: Mark
    restored: Mark | None
    offsets: Mapping[str, Offset]
    watched: Mapping[str, str]
    words: Mapping[str, str]
    trouble: Sequence[str]


def changes(text: str, address: str) -> list[Change]:
    """Read what ``ip -ts -o monitor address`` tells of one address; it was run with TZ=UTC."""
    found = []
    for line in text.splitlines():
        match = _WATCHED.match(line)
        if match and match["address"] == address:
            at = datetime.fromisoformat(match["at"]).replace(tzinfo=timezone.utc).timestamp()
            found.append(Change(at, not match["gone"]))
    return found


class _Clock:
    """Times of other hosts on the probe's clock."""

    def __init__(self, probe: str, offsets: Mapping[str, Offset]) -> None:
        self._offsets = {CONTROLLER: Offset(0, 0), **offsets}
        self.probe = probe

    def mark(self, mark: Mark) -> Mark:
        if mark.host == self.probe:
            return mark
        there, here = self._offsets[mark.host], self._offsets[self.probe]
        uncertainty = mark.uncertainty_s + there.uncertainty_s + here.uncertainty_s
        return Mark(mark.at - there.offset_s + here.offset_s, mark.host, uncertainty)


class _Order(NamedTuple):
    """What happened when, on the probe's clock."""

    killed: Mark
    moved: Mark | None
    restored: Mark | None
    returned: Mark | None


def _order(plan: Mapping[str, Any], seen: Seen) -> _Order:
    clock = _Clock(plan["probe"], seen.offsets)
    killed = clock.mark(seen.killed)
    watched: dict[str, list[tuple[Mark, bool]]] = {
        name: [(clock.mark(Mark(one.at, name)), one.came) for one in changes(text, plan["address"])]
        for name, text in seen.watched.items()
    }
    took = [
        mark
        for name, all_of_it in watched.items()
        for mark, came in all_of_it
        if name != plan["director"] and came and mark.at > killed.at - mark.uncertainty_s - killed.uncertainty_s
    ]
    moved = min(took, default=None)
    returned = None
    if moved:
        again = [mark for mark, came in watched.get(plan["director"], ()) if came and mark.at > moved.at]
        left = [mark for mark, came in watched.get(moved.host, ()) if not came and mark.at > moved.at]
        returned = max(again, default=None) or max(left, default=None)
    return _Order(killed, moved, clock.mark(seen.restored) if seen.restored else None, returned)


def report(plan: Mapping[str, Any], seen: Seen) -> dict[str, Any]:
    """Return the report as plain data: all of the page but the plots."""
    order = _order(plan, seen)
    phases = dict(_phases(plan, seen, order))
    readings = {name: _outage.read(samples, plan["timeout"]) for name, samples in phases.items()}
    whole = _outage.read(seen.samples, plan["timeout"])
    outage_s = _outage_s(plan, phases["takeover"])
    limit_s = round(plan["bound_s"] + plan["tolerance"], 4)
    holders = _holders(plan, seen)
    trouble = [*seen.trouble, *([] if len(holders) == 1 or not holders else [_many(plan, holders)])]
    failed_before = readings["baseline"].failed
    verdict = "broken off" if trouble else "held" if outage_s <= limit_s else "exceeded"
    begun_at = min((one.at for one in seen.samples), default=order.killed.at)
    return {
        "verdict": verdict,
        "outage_s": outage_s,
        "bound_s": plan["bound_s"],
        "tolerance_s": plan["tolerance"],
        "limit_s": limit_s,
        "kill": plan["kill"],
        "what": _rehearsal_plan.what(plan),
        **{name: plan[name] for name in ("director", "heir", "service", "router", "address", "url", "probe", "rate")},
        "timeout_s": plan["timeout"],
        "begun_at": _iso(begun_at),
        "requests": whole.requests,
        "failed": whole.failed,
        "errors": whole.errors,
        "servers": whole.servers,
        "latency": asdict(whole.latency),
        "probe_late_s": whole.probe_late_s,
        "phases": {name: asdict(reading) for name, reading in readings.items()},
        "events": list(_events(plan, order, begun_at, max((one.at for one in seen.samples), default=begun_at))),
        "killed_at": order.killed.at,
        "clock_uncertainty_s": round(max((mark.uncertainty_s for mark in order if mark), default=0.0), 3),
        "holder_before": plan["director"],
        "holder_after": holders[0] if len(holders) == 1 else "",
        "trouble": trouble,
        "notes": list(_notes(plan, order, whole, failed_before)),
    }


def _phases(plan: Mapping[str, Any], seen: Seen, order: _Order) -> Iterator[tuple[str, list[Sample]]]:
    """Before, the fault, and the way back; a service that restarts by itself does all of it in one."""
    killed = order.killed.at - order.killed.uncertainty_s
    yield "baseline", _outage.within(seen.samples, until=killed)
    if plan["kill"] == "keepalived" or not order.restored:
        yield "takeover", _outage.within(seen.samples, killed)
        return
    restored = order.restored.at - order.restored.uncertainty_s
    yield "takeover", _outage.within(seen.samples, killed, restored)
    yield "return", _outage.within(seen.samples, restored)


def _outage_s(plan: Mapping[str, Any], takeover: Sequence[Sample]) -> float:
    """From the first failure to the last before the service is quiet again, at its worst.

    Where the VIP moves away and back in one, the longest time without an answer.
    """
    reading = _outage.read(takeover, plan["timeout"])
    if plan["kill"] == "keepalived" and reading.failed:
        return reading.longest_gap_s or reading.outage_s
    return round(max(stretches([one.at for one in takeover if one.failed], plan["settle_s"]), default=0.0), 3)


def stretches(times: Sequence[float], quiet_s: float) -> list[float]:
    """How long each series of times lasts that is followed by ``quiet_s`` without one."""
    ordered = sorted(times)
    ends = [at for at, following in zip(ordered, [*ordered[1:], math.inf]) if following - at >= quiet_s]
    starts = [at for before, at in zip([-math.inf, *ordered], ordered) if at - before >= quiet_s]
    return [end - start for start, end in zip(starts, ends)]


def _holders(plan: Mapping[str, Any], seen: Seen) -> list[str]:
    found = []
    for name, words in seen.words.items():
        try:
            state = _rehearsal_plan.read(words, [plan["address"]]).state
        except (KeyError, ValueError):
            continue
        if state.vips:
            found.append(name)
    return found


def _many(plan: Mapping[str, Any], holders: Sequence[str]) -> str:
    return f"{' and '.join(holders)} hold {plan['address']} at once"


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _events(plan: Mapping[str, Any], order: _Order, begun_at: float, ended_at: float) -> Iterator[dict[str, Any]]:
    probe, director = plan["probe"], plan["director"]
    moved = order.moved
    steps = [
        ("begun", f"{probe} begins to measure", Mark(begun_at, probe)),
        ("killed", _rehearsal_plan.what(plan), order.killed),
        ("moved", f"{moved.host if moved else ''} holds {plan['address']}", moved),
        ("restored", _RESTORED[plan["kill"]].format(director=director, device=plan["device"]), order.restored),
        ("returned", f"{director} holds {plan['address']} again", order.returned),
        ("ended", f"{probe} has measured", Mark(ended_at, probe)),
    ]
    for name, text, mark in steps:
        if mark:
            yield {
                "event": name,
                "text": text,
                "since_kill_s": round(mark.at - order.killed.at, 3),
                "at": _iso(mark.at),
                "told_by": mark.host or "controller",
                "uncertainty_s": round(mark.uncertainty_s, 3),
            }


_RESTORED = {
    "keepalived": "keepalived of {director} runs again",
    "interface": "interface {device} of {director} is up",
    "host": "{director} has power again",
}


def _notes(plan: Mapping[str, Any], order: _Order, whole: Reading, failed_before: int) -> Iterator[str]:
    if not order.moved and plan["kill"] == "keepalived":
        yield f"keepalived was back before {plan['heir']} missed it, and the VIP stayed."
    if order.moved and not plan["preempt"]:
        yield f"By its configuration (nopreempt) the VIP stays with {order.moved.host}."
    if failed_before:
        yield f"{failed_before} requests failed before anything was broken. They are not part of the outage."
    if whole.probe_late_s > 0.1:
        yield (
            f"The measuring host stood still for up to {whole.probe_late_s:.2f} s. What failed then may be its fault,"
            " and not the cluster's."
        )


def table(report: Mapping[str, Any]) -> str:
    """The few lines that are said at the end."""
    latency = report["latency"]
    failed_by = "".join(f", {count} {error}" for error, count in report["errors"].items())
    lines = [
        ("outage", f"{report['outage_s']:.2f} s"),
        ("bound", f"{report['bound_s']:.2f} s, and {report['tolerance_s']:g} s of tolerance: {report['verdict']}"),
        ("requests", f"{report['requests']:,}"),
        ("failed", f"{report['failed']}{failed_by}"),
        ("latency", "  ".join(f"{name} {milliseconds(latency[key])}" for name, key in _LATENCIES)),
        ("holder", f"{report['holder_before']} before, {report['holder_after'] or 'unknown'} after"),
    ]
    return "\n".join([*(f"{name:<10}{text}" for name, text in lines), *report["notes"], *report["trouble"]])


_LATENCIES = (("median", "p50_s"), ("p99", "p99_s"), ("max", "max_s"))


def milliseconds(seconds: float) -> str:
    """A latency as people read it."""
    return f"{seconds * 1000:.1f} ms" if seconds < 0.0995 else f"{seconds * 1000:.0f} ms"
