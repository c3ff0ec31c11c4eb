# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The report of a rehearsal as one page that needs nothing else, for people who were not there."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ._outage import Sample
from ._rehearsal_plot import Event, View, plot
from ._rehearsal_report import milliseconds

_VERDICTS = {
    "held": ("good", "within the bound"),
    "exceeded": ("bad", "beyond the bound"),
    "broken off": ("fair", "broken off"),
}
_EVENTS = {
    "begun": "Measuring begins",
    "killed": "Broken",
    "moved": "The other takes over",
    "restored": "Restored",
    "returned": "Back as before",
    "ended": "Measuring ends",
}
_PHASES = {"baseline": "before", "takeover": "failure", "return": "way back"}
_WIDE, _NARROW = (900, 300), (390, 270)
_BEFORE_S, _AFTER_S, _LONGEST_S = 1.0, 2.0, 10.0
_STYLE = """
:root { color-scheme: light dark; --ground: #f5f6f8; --paper: #fff; --ink: #1c2430; --quiet: #5b6675; --line: #dde2e8;
  --dot: #3b78b8; --range: #a9c6e4; --good: #1d7044; --good-ground: #e2f3e9; --fair: #875400; --fair-ground: #fcefd6;
  --bad: #b3302b; --bad-ground: #fbe5e3; --bound: #1d704420; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #12161c; --paper: #1a2028; --ink: #e3e8ee; --quiet: #98a4b3; --line: #2d3642; --dot: #6da7e6;
    --range: #31506f; --good: #7ed3a2; --good-ground: #17352a; --fair: #efc070; --fair-ground: #3a2d14; --bad: #f4817a;
    --bad-ground: #431f1e; --bound: #7ed3a224; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); overflow-wrap: anywhere;
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
header, main, footer { max-width: 62rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2.2rem; }
h1 { margin: .3rem 0 .5rem; font-size: clamp(1.45rem, 4.5vw, 2.1rem); line-height: 1.2; font-weight: 650; }
h2 { margin: 0 0 .6rem; font-size: 1.05rem; }
p { margin: 0 0 .6rem; }
.quiet, footer { color: var(--quiet); }
.verdict { display: inline-block; padding: .1rem .7rem; border-radius: 1rem; font-weight: 600; font-size: .9rem; }
.good { color: var(--good); background: var(--good-ground); }
.fair { color: var(--fair); background: var(--fair-ground); }
.bad { color: var(--bad); background: var(--bad-ground); }
section { margin: 1rem 0; padding: 1.1rem 1.25rem; background: var(--paper); border: 1px solid var(--line);
  border-radius: .7rem; }
.gauge { position: relative; height: .8rem; margin: 1rem 0 .4rem; border-radius: .4rem; background: var(--line); }
.gauge i { position: absolute; inset: 0 auto 0 0; border-radius: .4rem; background: currentColor; min-width: .25rem; }
.gauge b { position: absolute; top: -.3rem; bottom: -.3rem; width: 2px; background: var(--ink); }
.gauge.good, .gauge.fair, .gauge.bad { background: var(--line); }
dl { display: grid; grid-template-columns: repeat(4, 1fr); gap: .9rem 1.2rem; margin: 1.1rem 0 0; }
dt { color: var(--quiet); font-size: .86rem; }
dd { margin: 0; font-size: 1.35rem; font-weight: 600; font-variant-numeric: tabular-nums; line-height: 1.25; }
dd small { display: block; font-size: .8rem; font-weight: 400; color: var(--quiet); }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--quiet); font-size: 12px; }
.grid { stroke: var(--line); } .tick, .mark { stroke: var(--quiet); } .mark { stroke-dasharray: 2 3; }
circle.good { fill: var(--dot); } line.failed { stroke: var(--bad); stroke-width: 1.6; }
.range { stroke: var(--range); stroke-width: 2.4; } .median { stroke: var(--dot); stroke-width: 2; }
.bound { fill: var(--bound); }
circle.number { fill: var(--ink); } svg text.number { fill: var(--paper); font-weight: 600; }
.narrow { display: none; }
ol { list-style: none; margin: 0; padding: 0; }
li { display: grid; grid-template-columns: 1.6rem 5.4rem 1fr; gap: .1rem .7rem; padding: .45rem 0; }
li + li { border-top: 1px solid var(--line); }
li > b { width: 1.4rem; height: 1.4rem; border-radius: 50%; background: var(--ink); color: var(--paper);
  font-size: .8rem; text-align: center; line-height: 1.4rem; }
li > span { font-variant-numeric: tabular-nums; }
li small { display: block; color: var(--quiet); }
.note { margin: .7rem 0 0; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem; text-align: right; white-space: nowrap; font-weight: 400;
  border-bottom: 1px solid var(--line); }
th { color: var(--quiet); font-size: .86rem; } th:first-child, td:first-child { text-align: left; padding-left: 0; }
tr:last-child > * { border-bottom: 0; }
footer { padding-bottom: 2rem; font-size: .86rem; }
@media (max-width: 40rem) {
  header, main, footer { padding-left: .8rem; padding-right: .8rem; }
  section { padding: .9rem .8rem; }
  dl { grid-template-columns: repeat(2, 1fr); }
  table { font-size: .82rem; } th { font-size: inherit; } th, td { padding: .3rem .15rem; }
  .wide { display: none; } .narrow { display: block; }
  li { grid-template-columns: 1.6rem 1fr; } li > span { grid-column: 2; color: var(--quiet); }
  li > div { grid-column: 2; }
}
@media print { body { background: none; } section { break-inside: avoid; } }
"""


def page(report: Mapping[str, Any], samples: Sequence[Sample]) -> str:
    """Return the page; no text of it is taken for markup, and it asks nobody for anything."""
    title = f"Failover rehearsal of {report['director']}, {report['begun_at'][:10]}"
    return "".join(
        [
            '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
            f"<title>{_safe(title)}</title><style>{_STYLE}</style></head><body>\n",
            *_header(report),
            "<main>\n",
            *_figures(report),
            *_plots(report, samples),
            *_events(report),
            *_phases(report),
            *_method(report),
            "</main>\n",
            f"<footer><p>lvs.ha_web, playbook rehearse_failover, {_safe(report['begun_at'])}</p></footer>\n",
            "</body></html>\n",
        ]
    )


def _safe(text: object) -> str:
    return html.escape(str(text))


def headline(report: Mapping[str, Any]) -> str:
    """What one remembers of it."""
    director, address = report["director"], report["address"]
    if report["verdict"] == "broken off":
        return f"The rehearsal with {director} was broken off"
    if not report["phases"]["takeover"]["failed"]:
        return f"{director} failed, and no request was lost"
    return f"{director} failed, and {address} was away for {report['outage_s']:.2f} s"


def _header(report: Mapping[str, Any]) -> Iterator[str]:
    colour, verdict = _VERDICTS[report["verdict"]]
    day, _t, clock = report["begun_at"].partition("T")
    yield f'<header><span class="quiet">Failover rehearsal, {_safe(day)} {_safe(clock[:5])} UTC</span>'
    yield f'<h1>{_safe(headline(report))}</h1><p><span class="verdict {colour}">{verdict}</span></p>'
    yield f'<p class="quiet">On purpose: {_safe(report["what"])}.</p>'
    yield from (f'<p class="verdict bad">{_safe(text)}</p>' for text in report["trouble"])
    yield "</header>\n"


def _figures(report: Mapping[str, Any]) -> Iterator[str]:
    colour = _VERDICTS[report["verdict"]][0]
    whole = 1.08 * max(report["outage_s"], report["limit_s"], 0.001)
    latency, back = report["latency"], report["phases"].get("return")
    errors = ", ".join(f"{count} {error}" for error, count in report["errors"].items())
    yield f'<section><h2>Outage and bound</h2><div class="gauge {colour}" aria-hidden="true">'
    yield f'<i style="width: {100 * report["outage_s"] / whole:.1f}%"></i>'
    yield f'<b style="left: {100 * report["bound_s"] / whole:.1f}%"></b></div><dl>'
    yield _figure("outage", f"{report['outage_s']:.2f} s", "as clients saw it")
    yield _figure("bound", f"{report['bound_s']:.2f} s", f"tolerance {report['tolerance_s']:g} s")
    yield _figure("requests", f"{report['requests']:,}", f"{report['rate']:g} a second")
    yield _figure("failed", f"{report['failed']:,}", errors or "none")
    if back:
        yield _figure("on the way back", f"{back['failed']:,}", "failed")
    yield _figure("median latency", milliseconds(latency["p50_s"]), "of an answer")
    yield _figure("99 of 100", milliseconds(latency["p99_s"]), "were quicker")
    yield _figure("slowest", milliseconds(latency["max_s"]), "answer")
    yield "</dl></section>\n"


def _figure(name: str, value: str, remark: str) -> str:
    return f"<div><dt>{_safe(name)}</dt><dd>{_safe(value)}<small>{_safe(remark)}</small></dd></div>"


def _plots(report: Mapping[str, Any], samples: Sequence[Sample]) -> Iterator[str]:
    zero = report["killed_at"]
    events = [
        Event(zero + event["since_kill_s"], number, _EVENTS[event["event"]])
        for number, event in enumerate(report["events"], start=1)
    ]
    times = [one.at for one in samples]
    first, last = min(times, default=zero - 1), max(times, default=zero + 1)
    moved = max((event["since_kill_s"] for event in report["events"] if event["event"] == "moved"), default=0)
    close = zero + min(max(_AFTER_S, moved + 0.5, report["outage_s"] + 0.5), _LONGEST_S)
    bound_s = report["bound_s"]
    yield _CLOSE
    yield from _both(samples, events, (zero - _BEFORE_S, close, zero), "Latency around the failure", bound_s)
    yield '</section>\n<section><h2>The whole rehearsal</h2><p class="quiet">Numbers as below.</p>'
    yield from _both(samples, events, (min(first, zero), max(last, zero), zero), "Latency over the whole rehearsal")
    yield "</section>\n"


_CLOSE = """<section><h2>The moment of failure</h2><p class="quiet">Each dot is an answer, by how long it took, and each
red line a request that failed. The bound is shaded. Seconds since the failure.</p>"""


def _both(
    samples: Sequence[Sample],
    events: Sequence[Event],
    times: tuple[float, float, float],
    label: str,
    bound_s: float = 0.0,
) -> Iterator[str]:
    """A plot for wide screens and one for narrow ones, so that text has its size on both."""
    for kind, size in (("wide", _WIDE), ("narrow", _NARROW)):
        yield f'<div class="{kind}">{plot(samples, events, View(*size, *times), label, bound_s)}</div>'


def _events(report: Mapping[str, Any]) -> Iterator[str]:
    yield "<section><h2>What happened</h2><ol>"
    for number, event in enumerate(report["events"], start=1):
        off = f", \u00b1 {event['uncertainty_s']:.2f} s" if event["uncertainty_s"] >= 0.005 else ""
        since = f"{event['since_kill_s']:+.2f} s".replace("-", "\u2212")
        yield f"<li><b>{number}</b><span>{since}</span><div>{_EVENTS[event['event']]}: {_safe(event['text'])}"
        yield f"<small>{_safe(event['at'][11:23])} UTC, told by {_safe(event['told_by'])}{off}</small></div></li>"
    yield "</ol>"
    yield from (f'<p class="note">{_safe(note)}</p>' for note in report["notes"])
    yield "</section>\n"


def _phases(report: Mapping[str, Any]) -> Iterator[str]:
    yield "<section><h2>Requests</h2><table><tr><th></th><th>sent</th><th>failed</th><th>median</th><th>99 %</th>"
    yield "<th>slowest</th></tr>"
    for name, reading in report["phases"].items():
        latency = (milliseconds(reading["latency"][key]) for key in ("p50_s", "p99_s", "max_s"))
        cells = "".join(f"<td>{cell}</td>" for cell in (f"{reading['requests']:,}", f"{reading['failed']:,}", *latency))
        yield f"<tr><td>{_PHASES[name]}</td>{cells}</tr>"
    servers = "  ".join(f"{server or 'unknown'} {count:,}" for server, count in report["servers"].items())
    yield f'</table><p class="quiet note">Answered by {_safe(servers or "nobody")}</p></section>\n'


def _method(report: Mapping[str, Any]) -> Iterator[str]:
    probe = _safe(report["probe"])
    outage = (
        "The outage is the longest time between two neighbouring good answers, as the VIP may move away and back in one"
        if report["kill"] == "keepalived"
        else "The outage is from sending the first request that failed to sending the last before the service was well"
    )
    yield f"""<section><h2>How this was measured</h2>
<p>{probe}, which is no part of the cluster, asked for {_safe(report["url"])} {report["rate"]:g} times a second, each
time over a new connection and never twice, whatever became of earlier requests. A request has failed when its answer is
missing, cut short, an HTTP error, or later than {report["timeout_s"]:g} s. {outage}, by the clock of {probe} alone.</p>
<p>The bound is what VRRP promises by the cluster's configuration: the adverts that must be missed, and the next
director's skew. Another {report["tolerance_s"]:g} s are granted to the machines' own scheduling.</p>
<p>Other events were told by the clocks of other hosts, which were compared with that of {probe} before. They are right
to \u00b1 {report["clock_uncertainty_s"]:.2f} s at worst. The outage does not depend on them.</p></section>
"""
