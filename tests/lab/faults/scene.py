# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What all faults share: a healthy cluster under load and watched, claims, and what comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from .. import outage
from ..cluster import Cluster
from ..load import PATIENCE_S, TIMEOUT_S, Load, in_time, lost
from ..outage import Reading, Sample
from ..report import LabError, wait_for
from ..watch import Watch

TOLERANCE_S = 0.25  # on top of every bound, for the machine's own scheduling
SETTLE_S = 2.0  # without a failure, then a fault counts as over
DEADLINE_S = 60.0  # of everything that has no bound of its own: boots, preemption

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Outcome:
    """What a fault cost.

    Attributes:
        fault: in words, with the node's name.
        figure: what was measured and held against the bound.
        seconds: its value.
        bound_s: the topology's promise.
        failed: requests, from the fault to its end.
        remark: what else was seen.
    """

    fault: str
    figure: str
    seconds: float
    bound_s: float
    failed: int
    remark: str
    reading: Reading

    def __str__(self) -> str:
        return (
            f"{self.fault:<40} {self.figure} {self.seconds:.2f} s (bound {self.bound_s:.2f} s), "
            f"failed {self.failed}, {self.remark}"
        )


class Scene:
    """A cluster under load, watched."""

    def __init__(self, cluster: Cluster, load: Load, watch: Watch) -> None:
        self.cluster = cluster
        self.load = load
        self.watch = watch

    def reading(self, since: float = 0.0, until: float = float("inf")) -> Reading:
        """Return what the requests sent in the given time show; one that is late has failed, as gaps are measured."""
        return outage.read(self.in_time(since, until), TIMEOUT_S)

    def in_time(self, since: float = 0.0, until: float = float("inf")) -> list[Sample]:
        """Return the requests sent in the given time, those that were late as failed."""
        return in_time(self.load.samples(since, until))

    def first_failure(self, since: float, until: float = float("inf")) -> float:
        """Return when the first request of the given time was sent that failed; else ``since``."""
        return next((one.at for one in self.in_time(since, until) if one.failed), since)

    def settle(self, master: str = "") -> None:
        """Wait until all is as declared again and no request fails any more."""
        self.cluster.wait_until_healthy(DEADLINE_S, master)
        self.load.wait_until_quiet(SETTLE_S)

    def demand(
        self, claim: str, holds: bool, reading: Reading | None = None, samples: Sequence[Sample] | None = None
    ) -> None:
        """Raise LabError with the numbers, of ``samples`` or else of the scene's load, when a claim does not hold."""
        if not holds:
            failures = [one for one in samples or self.in_time() if one.failed or one.again]
            words = [self._failure(one) for one in failures]
            some = words if len(words) <= 20 else [*words[:5], "...", *words[-15:]]
            shown = "\n  ".join(["failed requests:", *some])
            known = self.cluster.connections_from({one.port for one in failures[-15:]})
            raise LabError(f"not so: {claim}. Measured: {reading or self.reading()}\n  {shown}\n{known}".rstrip())

    def demand_calm(self, when: str, since: float = 0.0, until: float = float("inf")) -> Reading:
        """Raise LabError unless every request sent in the given time is answered, if late, and no SYN was lost."""
        samples = self.load.samples(since, until)
        reading = outage.read(samples, PATIENCE_S)
        self.demand(f"no request fails {when}", not reading.failed, reading, samples)
        self.demand(f"no SYN is lost {when}", not lost(samples), reading, samples)
        return reading

    def demand_below(self, what: str, seconds: float, bound_s: float, reading: Reading | None = None) -> None:
        """Raise LabError when ``seconds`` is not below the bound and its tolerance."""
        limit = bound_s + TOLERANCE_S
        self.demand(f"{what} below {limit:.2f} s, was {seconds:.2f}", seconds < limit, reading)

    def holder(self) -> str:
        """Wait until exactly one director that has power holds the VIP; return its name."""
        return wait_for("exactly one holder of the VIP", self.cluster.the_holder, DEADLINE_S)

    def _failure(self, one: Sample) -> str:
        """Tell of a failed request what may explain it: its source port's last use, which a director may remember."""
        words = [one.error, f"SYN sent again {one.again} times" if one.again else ""]
        earlier = [other for other in self.load.samples(until=one.at) if other.port == one.port and other.n != one.n]
        if earlier:
            words.append(f"port used {one.at - earlier[-1].at:.1f} s before, by {earlier[-1].server or 'nobody'}")
        return f"{one.at:.3f} port {one.port} {', '.join(filter(None, words))}"


@contextmanager
def scene(
    cluster: Cluster, tell: Tell, what: str, *concerned: str, master: str = "", healthy: bool = True
) -> Iterator[Scene]:
    """Put a cluster under load, a healthy one unless the fault lasts; on failure show the evidence of ``concerned``."""
    if healthy:
        cluster.wait_until_healthy(DEADLINE_S, master)
    tell(what)
    with cluster.on_failure_show(*concerned), Watch(cluster) as watch, Load(cluster) as load:
        yield Scene(cluster, load, watch)
