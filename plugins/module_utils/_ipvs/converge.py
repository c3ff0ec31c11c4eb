# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Carries a plan out: in phases, past what fails, and again when another program changed the table meanwhile."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

from .declaration import Declaration, target, to_drain
from .kernel import Kernel, KernelError
from .model import Daemon, DestinationId, Operation, ServiceId, Table
from .netlink import Answer
from .plan import ACTIONS, Plan, after, leaving, plan
from .refusals import is_conflict

_ATTEMPTS = 4
_POLL = 0.2  # seconds between looks at connections that shall end
_SETTLED = 1.0  # seconds without any: a handshake that was on its way is established by then


class Policy(NamedTuple):
    """How a declaration is put into effect. drain_timeout is in seconds; 0 removes at once."""

    allow: Collection[str] = ACTIONS
    keep_weights: bool = False
    drain_timeout: float = 0


class Drained(NamedTuple):
    """A destination that was given time; what was left of its active connections then."""

    service: ServiceId
    destination: DestinationId
    seconds: float
    active_connections: int


class Outcome(NamedTuple):
    """What became of a declaration."""

    before: Table
    after: Table
    applied: list[Operation]
    withheld: list[Operation]  # by the policy's allow
    failed: list[tuple[Operation, Answer]]
    pending: list[Operation]  # held back by what failed
    drained: list[Drained]


class StoppedError(KernelError):
    """The kernel cannot be asked any more; what had been done before."""

    def __init__(self, message: str, applied: list[Operation]) -> None:
        super().__init__(message)
        self.applied = applied


def preview(kernel: Kernel, declared: Declaration, policy: Policy) -> Outcome:
    """Return what ``converge`` would do; change nothing."""
    work = _work(kernel, declared, policy)
    operations = work.plan.operations()
    return Outcome(work.current, after(work.current, operations), operations, work.withheld, [], [], [])


def converge(
    kernel: Kernel,
    declared: Declaration,
    policy: Policy,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Outcome:
    """Make the kernel's table what is declared.

    Returns:
        what was done. It has failed or pending operations where the kernel refused some; the next run
        begins with just these.

    Raises:
        StoppedError: the kernel cannot be asked any more, after some operations.
        KernelError: the kernel cannot be asked at all.
    """
    applied: list[Operation] = []
    drained: list[Drained] = []
    work = _work(kernel, declared, policy)
    before = work.current
    try:
        for attempts_left in reversed(range(_ATTEMPTS)):
            run = _Run(kernel, work.current, clock, sleep)
            try:
                run.carry_out(work.plan, policy.drain_timeout)
                if policy.drain_timeout:
                    run.see_off(declared, policy.drain_timeout)
            finally:
                applied += run.applied
            drained += run.drained
            if not (attempts_left and run.failed and all(is_conflict(*failure) for failure in run.failed)):
                break
            work = _work(kernel, declared, policy)
        reached = kernel.table(declared.speaks_of) if run.failed else after(work.current, run.applied)
    except KernelError as error:
        raise StoppedError(str(error), applied) from error
    return Outcome(before, reached, applied, work.withheld, run.failed, run.pending, drained)


class _Work(NamedTuple):
    current: Table
    plan: Plan
    withheld: list[Operation]


def _work(kernel: Kernel, declared: Declaration, policy: Policy) -> _Work:
    current = kernel.table(declared.speaks_of)
    desired = target(current, declared, keep_weights=policy.keep_weights)
    steps = plan(current, desired, allow=policy.allow, quiesce=policy.drain_timeout > 0)
    if set(policy.allow) == set(ACTIONS):
        return _Work(current, steps, [])
    allowed = set(steps.operations())
    return _Work(current, steps, [one for one in plan(current, desired).operations() if one not in allowed])


class _Run:
    """One pass over a plan. What failed holds back all that follows for the same service or daemon."""

    def __init__(
        self, kernel: Kernel, current: Table, clock: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        self.applied: list[Operation] = []
        self.failed: list[tuple[Operation, Answer]] = []
        self.pending: list[Operation] = []
        self.drained: list[Drained] = []
        self._blocked: set[ServiceId | str] = set()
        self._kernel = kernel
        self._current = current
        self._clock = clock
        self._sleep = sleep

    def carry_out(self, steps: Plan, drain_timeout: float) -> None:
        for phase in (steps.stop, steps.grow, steps.quiesce):
            self._execute(phase)
        if drain_timeout:
            self._drain(steps.shrink, drain_timeout)
        for phase in (steps.shrink, steps.finish):
            self._execute(phase)

    def _execute(self, phase: Iterable[Operation]) -> None:
        operations: list[Operation] = []
        for operation in phase:
            (self.pending if _owner(operation) in self._blocked else operations).append(operation)
        unborn = set()
        for operation, answer in zip(operations, self._kernel.execute(operations)):
            if answer.error in (0, errno.ETIMEDOUT):
                self.applied.append(operation)  # Unconfirmed, it has to count as done until the table is read again.
            if not answer.error:
                continue
            self._blocked.add(_owner(operation))
            if operation.service in unborn:
                self.pending.append(operation)  # It failed for want of its service.
                continue
            self.failed.append((operation, answer))
            if operation.action == "add" and operation.destination is None:
                unborn.add(operation.service)

    def _drain(self, removals: Iterable[Operation], timeout: float) -> None:
        """Wait until no active connection is left on what will be removed, or the time is over."""
        waiting = {
            (service, destination)
            for service, destination, _value in leaving(self._current, removals)
            if service not in self._blocked
        }
        self._wait(waiting, timeout)

    def see_off(self, declared: Declaration, timeout: float) -> None:
        """Wait for the connections of what stays in the table without weight, whoever raises that meanwhile."""

        def quiet() -> None:
            self._execute(
                Operation("update", service, destination, value._replace(weight=0))
                for service, destination, value in to_drain(self._kernel.table(declared.speaks_of), declared)
                if value.weight
            )

        waiting = {
            (service, destination)
            for service, destination, _value in to_drain(self._current, declared)
            if service not in self._blocked
        }
        self._wait(waiting, timeout, _SETTLED, quiet)

    def _wait(
        self,
        waiting: set[tuple[ServiceId, DestinationId]],
        timeout: float,
        settled: float = 0,
        before: Callable[[], None] = lambda: None,
    ) -> None:
        start = self._clock()
        idle: dict[tuple[ServiceId, DestinationId], float] = {}
        while waiting:
            before()
            left = {service: self._kernel.active_connections(service) for service, _destination in waiting}
            seconds = self._clock() - start
            for one in sorted(waiting):
                service, destination = one
                count = left[service].get(destination, 0)
                if count:
                    idle.pop(one, None)
                done = not count and seconds - idle.setdefault(one, seconds) >= settled
                if done or seconds >= timeout:
                    self.drained.append(Drained(service, destination, seconds, count))
                    waiting.discard(one)
            if waiting:
                self._sleep(min(_POLL, timeout - seconds))


def _owner(operation: Operation) -> ServiceId | str:
    if operation.service is not None:
        return operation.service
    return operation.value.state if isinstance(operation.value, Daemon) else "timeouts"
