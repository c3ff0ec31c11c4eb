# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What the probe's samples say: pure figures, in seconds, of times on the probe's wall clock.

An **outage** lasts from the first failed request's start to the last failed request's start. A
request fails when its answer is missing, cut short, an HTTP error, or later than the probe's
timeout. That timeout is shorter than the second after which a lost SYN is sent again, so every
request sent into a gap counts as failed, also one that a patient client would have got through.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Sample:
    """One request; the fields are those of the probe's output."""

    n: int
    at: float
    late: float
    took: float
    status: int
    error: str
    server: str
    port: int
    again: int = 0  # older probes do not tell

    @property
    def failed(self) -> bool:
        """Whether an outside client would call it a failure."""
        return bool(self.error)


@dataclass(frozen=True)
class Latency:
    """Of the requests that succeeded; zeros when there is none."""

    p50_s: float
    p95_s: float
    p99_s: float
    max_s: float


@dataclass(frozen=True)
class Reading:
    """What a series of requests shows.

    Attributes:
        outage_s: from the first failure to the last, 0 with none or one.
        longest_gap_s: the longest time between two neighbouring successes.
        probe_late_s: how late the probe itself was at worst; a large figure means that the
            machine under it stood still, and that the others are not the cluster's.
        again: requests whose SYN was sent again, which takes a timeout above a second to be seen.
    """

    requests: int
    failed: int
    errors: dict[str, int]
    servers: dict[str, int]
    outage_s: float
    longest_gap_s: float
    latency: Latency
    probe_late_s: float
    again: int


def sample(line: str) -> Sample:
    """Return the sample that a line of the probe's output holds."""
    fields: dict[str, Any] = json.loads(line)
    return Sample(**fields)


def samples(output: str | Iterable[Mapping[str, Any]]) -> list[Sample]:
    """Return the samples that a probe has written, or returned.

    Raises:
        TypeError, ValueError: it is no probe's output. A last line that has not been written whole is left out.
    """
    if isinstance(output, str):
        output = [json.loads(line) for line in output.splitlines(keepends=True) if line.endswith("\n")]
    # What a process says first is no sample.
    return [Sample(**fields) for fields in output if "pid" not in fields]


def within(samples: Iterable[Sample], since: float = -math.inf, until: float = math.inf) -> list[Sample]:
    """Return the samples sent at ``since`` or later and before ``until``, in the order of sending."""
    chosen = (one for one in samples if since <= one.at < until)
    return sorted(chosen, key=lambda one: one.at)


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the nearest-rank percentile; 0 of nothing."""
    if not values:
        return 0.0
    rank = math.ceil(percent / 100 * len(values))
    return sorted(values)[max(rank, 1) - 1]


def _span(times: Sequence[float]) -> float:
    return times[-1] - times[0] if times else 0.0


def read(samples: Iterable[Sample], timeout_s: float) -> Reading:
    """Return what ``samples`` show; ``timeout_s`` is the probe's."""
    ordered = within(samples)
    good = [one for one in ordered if not one.failed]
    bad = [one for one in ordered if one.failed]
    took = [one.took for one in good]
    return Reading(
        requests=len(ordered),
        failed=len(bad),
        errors=dict(Counter(one.error for one in bad).most_common()),
        servers=dict(sorted(Counter(one.server for one in good).items())),
        outage_s=round(_span([one.at for one in bad]), 3),
        longest_gap_s=round(max((b.at - a.at for a, b in zip(good, good[1:])), default=0.0), 3),
        latency=Latency(
            p50_s=percentile(took, 50),
            p95_s=percentile(took, 95),
            p99_s=percentile(took, 99),
            max_s=max(took, default=0.0),
        ),
        # A probe that stands still sends late, or notices a timeout late.
        probe_late_s=round(max((max(one.late, one.took - timeout_s) for one in ordered), default=0.0), 3),
        again=sum(one.again > 0 for one in ordered),
    )
