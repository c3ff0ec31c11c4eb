# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The probe at work in the client node, and its samples as they come in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType

from . import outage
from .cluster import Cluster
from .node_program import NodeProgram
from .outage import Sample
from .report import wait_for
from .settings import REPO

RATE = 100  # requests a second
TIMEOUT_S = 0.8  # where a gap is measured: below one second, after which a lost SYN is sent again
PATIENCE_S = 3.0  # where none is: an engine that is busy with something else is late, and not wrong
_SYN_AGAIN_S = 1.0  # Linux' first time-out of a SYN: RFC 6298
_STANDSTILL_S = 0.5  # of the client's kernel, which then sends a SYN again before it looks for the answer
_LONGEST_S = 600  # nobody may forget a load: it ends by itself

PROBE = REPO / "plugins/module_utils/_probe.py"


def lost(samples: Sequence[Sample]) -> list[Sample]:
    """Return the requests whose SYN was lost: sent again a second later, and the client did not stand still meanwhile.

    Sooner, it has been answered: a server that still has the source port's last connection says so with an ACK, which
    makes Linux send RST and SYN at once.
    """
    return [
        one for one in samples if one.again and one.took >= _SYN_AGAIN_S and _stood_still(samples, one) < _STANDSTILL_S
    ]


def in_time(samples: Sequence[Sample]) -> list[Sample]:
    """Return the samples as a probe with a time-out of TIMEOUT_S has them: what took longer has failed."""
    return [
        one if one.took < TIMEOUT_S else replace(one, status=0, server="", error=one.error or "timeout")
        for one in samples
    ]


def _stood_still(samples: Sequence[Sample], during: Sample) -> float:
    """Return for how long the client stood still while a request was under way: others were sent late by that."""
    meanwhile = outage.within(samples, during.at, during.at + during.took)
    return max((min(one.late, one.at - during.at) for one in meanwhile), default=0.0)


class Load:
    """Requests through the VIP for as long as the ``with`` block lasts."""

    def __init__(
        self,
        cluster: Cluster,
        path: str = "/",
        rate: float = RATE,
        timeout: float = PATIENCE_S,
        *,
        port: int = 80,
        longest: float = _LONGEST_S,
    ) -> None:
        self._samples: list[Sample] = []
        self._rate = rate
        self._timeout = timeout
        arguments = (cluster.vip, port, path, rate, longest, timeout)
        self._program = NodeProgram(cluster, cluster.client, PROBE, arguments, self._take)

    def __enter__(self) -> Load:
        self.wait_for_requests(int(self._rate / 4))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _take(self, line: str) -> None:
        self._samples.append(outage.sample(line))

    def stop(self) -> None:
        """Send no more; return when the last request has ended."""
        self._program.end(self._timeout + 20)
        self._program.check()

    def samples(self, since: float = 0.0, until: float = float("inf")) -> list[Sample]:
        """Return the samples so far that were sent in the given time, in the order of sending."""
        return outage.within(list(self._samples), since, until)

    def wait_for_requests(self, more: int) -> None:
        """Wait until ``more`` requests have ended from now on."""
        wanted = len(self._samples) + more

        def enough() -> bool:
            self._program.check()
            return len(self._samples) >= wanted

        wait_for(f"{more} requests of the probe", enough, more / self._rate + 30, every=0.05)

    def wait_until_sent(self, at: float) -> None:
        """Wait until all requests sent before ``at`` (the client's clock) have ended."""

        def passed() -> bool:
            self._program.check()
            return self._samples[-1].at > at + self._timeout

        wait_for(f"the requests sent before {at:.1f}", passed, 60, every=0.1)

    def wait_for_answer_of(self, server: str, since: float, deadline: float) -> float:
        """Wait until a server answers a request sent after ``since``; return when it was sent."""

        def answered() -> float | None:
            self._program.check()
            answers = (one.at for one in self.samples(since) if one.server == server)
            return next(answers, None)

        return wait_for(f"an answer of {server}", answered, deadline, every=0.1)

    def wait_until_quiet(self, seconds: float, deadline: float = 60) -> None:
        """Wait until no request of the last ``seconds`` failed."""

        def quiet() -> bool:
            self._program.check()
            samples = self.samples()
            end = samples[-1].at
            due = [one.n for one in samples if one.at < end - TIMEOUT_S]
            # Numbers begin with 0: one that is missing has had no answer in time.
            return len(due) == max(due, default=-1) + 1 and not any(
                one.failed for one in in_time(outage.within(samples, end - seconds))
            )

        self.wait_for_requests(int(seconds * self._rate))
        wait_for(f"{seconds:g} s without a failed request", quiet, deadline, every=0.1)
