# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Carrying out: what the kernel refuses, what another program does meanwhile, and how long connections get."""

from __future__ import annotations

import errno
from typing import cast

import pytest
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs import declaration, rules
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.converge import (
    Outcome,
    Policy,
    StoppedError,
    converge,
    preview,
)
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.kernel import Kernel, KernelError
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.model import (
    Destination,
    DestinationId,
    Operation,
    Service,
    ServiceId,
    Settings,
    Table,
)
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.netlink import Answer
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.refusals import explain
from hypothesis import given
from unit.ipvs_tables import EMPTY, ModelKernel, tables

WEB, API = (ServiceId("ipv4", "tcp", "10.0.0.1", port, 0) for port in (80, 81))
WLC = Settings("wlc", (), False, 0, "255.255.255.255", "")
DR = Destination("dr", 1)
POLICY = Policy()


def server(host: int, port: int = 80) -> DestinationId:
    return DestinationId(f"10.0.0.{host}", port)


def holding(**servers: Destination) -> Table:
    """Return a table of WEB with destinations by the last number of their address."""
    found = {server(int(name[1:])): value for name, value in servers.items()}
    return EMPTY._replace(services={WEB: Service(WLC, found)})


def web(*hosts: int, state: str = "exact", **more: object) -> declaration.Declaration:
    service = {"address": "10.0.0.1", "port": 80, "destinations": [{"address": f"10.0.0.{host}"} for host in hosts]}
    return declaration.read({"state": state, "services": [service], **more})


def run(kernel: ModelKernel, declared: declaration.Declaration, policy: Policy = POLICY, **more: object) -> Outcome:
    return converge(cast(Kernel, kernel), declared, policy, **more)


@given(tables(), tables())
def test_a_table_read_and_declared_elsewhere_is_that_table(current: Table, wanted: Table) -> None:
    everything = {"addresses": ["0.0.0.0/0", "::/0"], "fwmarks": [1, 2, 2147483647]}
    mixed = any(":" in name.address for key, one in wanted.services.items() if key.family == "ipv4" for name in one[1])
    mixed |= any("." in name.address for key, one in wanted.services.items() if key.family == "ipv6" for name in one[1])
    if mixed:  # No sync daemon runs beside them.
        wanted = wanted._replace(daemons={})
    declared = declaration.read({"state": "exact", "scope": everything, **declaration.as_parameters(wanted)})
    kernel = ModelKernel(current)
    outcome = run(kernel, declared)
    assert kernel.table() == outcome.after == wanted
    assert outcome.before == current
    assert not run(kernel, declared).applied


def test_check_mode_sends_nothing_and_says_the_same() -> None:
    kernel = ModelKernel(holding(s1=DR))
    seen = preview(cast(Kernel, kernel), web(2), Policy())
    assert not kernel.executed
    done = run(kernel, web(2))
    assert (seen.before, seen.after, seen.applied) == (done.before, done.after, done.applied)


def test_what_is_refused_is_told_and_the_rest_is_done() -> None:
    declared = declaration.read(
        {
            "state": "exact",
            "services": [
                {"address": "10.0.0.1", "port": 80, "destinations": [{"address": "10.0.0.3"}]},
                {"address": "10.0.0.1", "port": 81, "destinations": [{"address": "10.0.0.4"}]},
            ],
        }
    )
    kernel = ModelKernel(holding(s1=DR, s2=DR))
    refused = Operation("add", WEB, server(3), DR)
    kernel.refusals = {refused: errno.EINVAL}
    outcome = run(kernel, declared)
    assert outcome.failed == [(refused, Answer(errno.EINVAL))]
    # What still serves is not removed while its successor is missing.
    assert [one.destination for one in outcome.pending] == [server(1), server(2)]
    assert kernel.table().services[API].destinations == {server(4, 81): DR}
    # The next run begins with what is missing.
    kernel.refusals = {}
    assert [one.destination for one in run(kernel, declared).applied] == [server(3), server(1), server(2)]


def test_destinations_of_a_service_that_is_refused_wait_for_it() -> None:
    kernel = ModelKernel(EMPTY)
    kernel.refusals = {Operation("add", WEB, None, WLC): errno.ENOENT}
    outcome = run(kernel, web(1, 2))
    assert [one.destination for one, _answer in outcome.failed] == [None]
    assert [one.destination for one in outcome.pending] == [server(1), server(2)]
    assert not outcome.applied


def add_three(kernel: ModelKernel) -> None:
    kernel.services[WEB][1][server(3)] = DR._replace(weight=7)


def drop_one(kernel: ModelKernel) -> None:
    kernel.services[WEB][1].pop(server(1), None)


def drop_service(kernel: ModelKernel) -> None:
    kernel.services.pop(WEB, None)


def add_service(kernel: ModelKernel) -> None:
    kernel.services.setdefault(WEB, (WLC._replace(scheduler="rr"), {server(9): DR}))


@pytest.mark.parametrize("meanwhile", [add_three, drop_one, drop_service])
def test_another_writer_in_the_middle_is_survived(meanwhile: object) -> None:
    kernel = ModelKernel(holding(s1=DR, s2=DR), [meanwhile])  # type: ignore[list-item]
    outcome = run(kernel, web(2, 3))
    assert not outcome.failed
    assert kernel.table() == holding(s2=DR, s3=DR)
    assert outcome.after == kernel.table()


def test_a_service_that_another_writer_adds_first_is_made_as_declared() -> None:
    kernel = ModelKernel(EMPTY, [add_service])
    assert not run(kernel, web(2)).failed
    assert kernel.table() == holding(s2=DR)


def test_a_writer_that_never_stops_is_reported() -> None:
    kernel = ModelKernel(holding(s2=DR), [drop_service, add_service] * 9)
    outcome = run(kernel, web(2, 3))
    assert "what else writes this table" in explain(*outcome.failed[0]).remedy


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


def test_a_destination_is_removed_when_its_last_connection_has_ended() -> None:
    kernel, clock = ModelKernel(holding(s1=DR._replace(weight=3), s2=DR)), Clock()
    kernel.connections = [{server(1): 2}, {server(1): 1}, {}]
    outcome = run(kernel, web(2), Policy(drain_timeout=60), clock=clock, sleep=clock.sleep)
    assert [rules.operation(one) for one in kernel.executed] == [
        "-e -t 10.0.0.1:80 -r 10.0.0.1:80 -g -w 0",
        "-d -t 10.0.0.1:80 -r 10.0.0.1:80",
    ]
    assert [(one.destination, one.active_connections) for one in outcome.drained] == [(server(1), 0)]
    assert 0 < outcome.drained[0].seconds < 1
    assert kernel.table() == holding(s2=DR)


def test_the_wait_is_bounded_and_what_was_cut_is_told() -> None:
    kernel, clock = ModelKernel(holding(s1=DR, s2=DR)), Clock()
    kernel.connections = [{server(1): 5}] * 1000
    outcome = run(kernel, web(2), Policy(drain_timeout=3), clock=clock, sleep=clock.sleep)
    assert clock.now == pytest.approx(103)
    assert outcome.drained[0].active_connections == 5
    assert kernel.table() == holding(s2=DR)


def test_a_whole_service_is_drained_too() -> None:
    kernel, clock = ModelKernel(holding(s1=DR, s2=DR._replace(weight=0))), Clock()
    absent = declaration.read({"state": "absent", "services": [{"address": "10.0.0.1", "port": 80}]})
    outcome = run(kernel, absent, Policy(drain_timeout=3), clock=clock, sleep=clock.sleep)
    assert [rules.operation(one) for one in outcome.applied] == [
        "-e -t 10.0.0.1:80 -r 10.0.0.1:80 -g -w 0",
        "-D -t 10.0.0.1:80",
    ]
    assert {one.destination for one in outcome.drained} == {server(1), server(2)}
    assert not kernel.table().services


def test_without_a_drain_nothing_waits() -> None:
    kernel = ModelKernel(holding(s1=DR, s2=DR))
    kernel.connections = [{server(1): 5}]
    assert not run(kernel, web(2)).drained
    assert len(kernel.executed) == 1


def test_what_is_not_allowed_is_withheld_and_named() -> None:
    kernel = ModelKernel(holding(s1=DR))
    outcome = run(kernel, web(2), Policy(allow=("add",)))
    assert [rules.operation(one) for one in outcome.withheld] == ["-d -t 10.0.0.1:80 -r 10.0.0.1:80"]
    assert kernel.table() == holding(s1=DR, s2=DR)


def test_live_weights_are_kept() -> None:
    kernel = ModelKernel(holding(s1=DR._replace(weight=42)))
    run(kernel, web(1, 2), Policy(keep_weights=True))
    assert kernel.table() == holding(s1=DR._replace(weight=42), s2=DR)


def test_an_unconfirmed_stop_of_a_daemon_is_looked_at_again() -> None:
    daemon = {"state": "master", "interface": "eth0", "sync_id": 1}
    declared = declaration.read({"sync_daemons": [daemon]})
    kernel = ModelKernel(EMPTY)
    run(kernel, declared)
    absent = declaration.read({"state": "absent", "sync_daemons": [{"state": "master"}]})
    stop = Operation("remove", None, None, kernel.daemons["master"])
    kernel.refusals = {stop: errno.ETIMEDOUT}
    original = kernel._execute

    def stops_without_a_word(operation: Operation) -> int:
        kernel.daemons.clear()
        return original(operation)

    kernel._execute = stops_without_a_word  # type: ignore[method-assign]
    outcome = run(kernel, absent)
    assert outcome.applied == [stop] and not outcome.failed


def test_a_kernel_that_cannot_be_asked_any_more_leaves_word_of_what_was_done() -> None:
    kernel = ModelKernel(holding(s1=DR, s2=DR))

    def gone(_service: ServiceId) -> dict[DestinationId, int]:
        raise KernelError("The kernel did not answer within 5 s.")

    kernel.active_connections = gone  # type: ignore[method-assign]
    with pytest.raises(StoppedError, match="did not answer") as caught:
        run(kernel, web(2), Policy(drain_timeout=5))
    assert [rules.operation(one) for one in caught.value.applied] == ["-e -t 10.0.0.1:80 -r 10.0.0.1:80 -g -w 0"]


def drained(*hosts: int) -> declaration.Declaration:
    return web(*hosts, state="drained")


def test_a_drained_destination_keeps_all_but_its_weight() -> None:
    busy = Destination("nat", 3, 100, 50)
    kernel, clock = ModelKernel(holding(s1=busy, s2=DR)), Clock()
    kernel.connections = [{server(1): 2}, {server(1): 1}]
    outcome = run(kernel, drained(1, 9), Policy(drain_timeout=60), clock=clock, sleep=clock.sleep)
    assert [rules.operation(one) for one in outcome.applied] == [
        "-e -t 10.0.0.1:80 -r 10.0.0.1:80 -m -w 0 -x 100 -y 50"
    ]
    assert kernel.table() == holding(s1=busy._replace(weight=0), s2=DR) == outcome.after
    assert [(one.destination, one.active_connections) for one in outcome.drained] == [(server(1), 0)]
    # Two looks saw connections, then a second saw none.
    assert clock.now == pytest.approx(101.4)


def test_a_handshake_on_its_way_is_waited_for() -> None:
    kernel, clock = ModelKernel(holding(s1=DR, s2=DR)), Clock()
    kernel.connections = [{}, {}, {server(1): 1}]
    run(kernel, drained(1), Policy(drain_timeout=60), clock=clock, sleep=clock.sleep)
    assert clock.now == pytest.approx(101.6)


def test_a_drained_destination_whose_connections_do_not_end_is_told() -> None:
    kernel, clock = ModelKernel(holding(s1=DR._replace(weight=0), s2=DR)), Clock()
    kernel.connections = [{server(1): 5}] * 1000
    outcome = run(kernel, drained(1), Policy(drain_timeout=3), clock=clock, sleep=clock.sleep)
    assert not outcome.applied
    assert clock.now == pytest.approx(103)
    assert [(one.destination, one.active_connections) for one in outcome.drained] == [(server(1), 5)]


def test_a_weight_that_another_writer_raises_meanwhile_is_taken_again() -> None:
    kernel, clock = ModelKernel(holding(s1=DR, s2=DR)), Clock()
    kernel.connections = [{server(1): 1}] * 3

    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        if clock.now < 100.3:
            kernel.services[WEB][1][server(1)] = DR

    outcome = run(kernel, drained(1), Policy(drain_timeout=60), clock=clock, sleep=sleep)
    assert kernel.table() == holding(s1=DR._replace(weight=0), s2=DR)
    assert len(outcome.applied) == 2


def test_all_of_a_service_is_drained_where_none_is_named_and_without_a_time_nothing_waits() -> None:
    kernel = ModelKernel(holding(s1=DR, s2=DR))
    whole = declaration.read({"state": "drained", "services": [{"address": "10.0.0.1", "port": 80}]})
    assert not run(kernel, whole).drained
    assert kernel.table() == holding(s1=DR._replace(weight=0), s2=DR._replace(weight=0))
