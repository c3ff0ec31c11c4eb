# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The planner: from any table to any other, with no operation too many, and service all the way."""

from __future__ import annotations

from typing import cast

import pytest
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs import model, rules
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.model import (
    Daemon,
    Destination,
    DestinationId,
    Service,
    ServiceId,
    Settings,
    Table,
    Timeouts,
)
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.plan import ACTIONS, after, plan
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.ipvs_tables import EMPTY, ModelKernel, tables

WEB = ServiceId("ipv4", "tcp", "10.0.0.1", 80, 0)
MARK = ServiceId("ipv6", "", "", 0, 7)
WLC = Settings("wlc", (), False, 0, "255.255.255.255", "")
ONE, TWO = DestinationId("10.0.0.21", 80), DestinationId("10.0.0.22", 80)
DR = Destination("dr", 1)


def table(servers: dict[DestinationId, Destination] | None = None, settings: Settings = WLC, **parts: object) -> Table:
    services = {} if servers is None else {WEB: Service(settings, servers)}
    return EMPTY._replace(services=services, **cast("dict[str, dict[str, Daemon]]", parts))


MASTER = Daemon("master", "eth0", 51)
BACKUP = Daemon("backup", "eth0", 51)

# current, desired, the operations in ipvsadm's words
CASES = {
    "nothing": (table(), table(), []),
    "equal": (table({ONE: DR}), table({ONE: DR}), []),
    "a new service before its destinations": (
        table(),
        table({ONE: DR, TWO: DR}),
        [
            "-A -t 10.0.0.1:80 -s wlc",
            "-a -t 10.0.0.1:80 -r 10.0.0.21:80 -g -w 1",
            "-a -t 10.0.0.1:80 -r 10.0.0.22:80 -g -w 1",
        ],
    ),
    "a service goes with its destinations in one": (table({ONE: DR, TWO: DR}), table(), ["-D -t 10.0.0.1:80"]),
    "a new destination before the old one goes": (
        table({ONE: DR}),
        table({TWO: DR}),
        ["-a -t 10.0.0.1:80 -r 10.0.0.22:80 -g -w 1", "-d -t 10.0.0.1:80 -r 10.0.0.21:80"],
    ),
    "one weight, one operation": (
        table({ONE: DR, TWO: DR}),
        table({ONE: DR, TWO: DR._replace(weight=9)}),
        ["-e -t 10.0.0.1:80 -r 10.0.0.22:80 -g -w 9"],
    ),
    "a weight is raised before another is lowered": (
        table({ONE: DR, TWO: DR._replace(weight=0)}),
        table({ONE: DR._replace(weight=0), TWO: DR}),
        ["-e -t 10.0.0.1:80 -r 10.0.0.22:80 -g -w 1", "-e -t 10.0.0.1:80 -r 10.0.0.21:80 -g -w 0"],
    ),
    "another scheduler": (
        table({ONE: DR}),
        table({ONE: DR}, WLC._replace(scheduler="sh", scheduler_flags=("sh-port",))),
        ["-E -t 10.0.0.1:80 -s sh -b sh-port"],
    ),
    "a daemon starts": (
        table(),
        table(daemons={"master": MASTER}),
        [
            "--start-daemon master --mcast-interface eth0 --syncid 51"
            " --mcast-group 224.0.0.81 --mcast-port 8848 --mcast-ttl 1"
        ],
    ),
    "a daemon is changed by stop and start": (
        table(daemons={"backup": BACKUP}),
        table(daemons={"backup": BACKUP._replace(interface="eth1", max_length=1400)}),
        [
            "--stop-daemon backup",
            "--start-daemon backup --mcast-interface eth1 --syncid 51 --sync-maxlen 1400"
            " --mcast-group 224.0.0.81 --mcast-port 8848 --mcast-ttl 1",
        ],
    ),
    "a daemon stops before the table changes": (
        table(daemons={"master": MASTER}),
        table({}, daemons={}),
        ["--stop-daemon master", "-A -t 10.0.0.1:80 -s wlc"],
    ),
    "only the time-outs that differ": (table(), table()._replace(timeouts=Timeouts(900, 60, 300)), ["--set 0 60 0"]),
}


@pytest.mark.parametrize(("current", "desired", "operations"), CASES.values(), ids=CASES)
def test_operations(current: Table, desired: Table, operations: list[str]) -> None:
    assert [rules.operation(one) for one in plan(current, desired).operations()] == operations


@pytest.mark.parametrize(
    ("allow", "operations"),
    [
        (("add",), ["-a -t 10.0.0.1:80 -r 10.0.0.22:80 -g -w 1"]),
        (("update",), ["-E -t 10.0.0.1:80 -s rr"]),
        (("remove",), ["-d -t 10.0.0.1:80 -r 10.0.0.21:80"]),
        ((), []),
    ],
)
def test_only_what_is_allowed_is_planned(allow: tuple[str, ...], operations: list[str]) -> None:
    desired = table({TWO: DR}, WLC._replace(scheduler="rr"))
    found = plan(table({ONE: DR}), desired, allow=allow).operations()
    assert [rules.operation(one) for one in found] == operations


def test_a_service_that_may_not_be_added_has_no_destinations_added() -> None:
    assert plan(table(), table({ONE: DR}), allow=("update", "remove")).operations() == []


def test_a_daemon_that_may_not_be_changed_is_not_stopped() -> None:
    changed = table(daemons={"master": MASTER._replace(sync_id=1)})
    assert plan(table(daemons={"master": MASTER}), changed, allow=("add", "remove")).operations() == []


@pytest.mark.parametrize("desired", [table(), table({})])
def test_what_goes_loses_its_weight_first(desired: Table) -> None:
    current = table({ONE: DR._replace(weight=5), TWO: DR._replace(weight=0)})
    steps = plan(current, desired, quiesce=True)
    assert [rules.operation(one) for one in steps.quiesce] == ["-e -t 10.0.0.1:80 -r 10.0.0.21:80 -g -w 0"]
    assert steps.shrink == plan(current, desired).shrink


def differences(current: Table, desired: Table) -> int:
    """Count them apart from the planner: each item that is in one table only, or other in it."""

    def items(table: Table) -> dict[object, object]:
        found: dict[object, object] = {}
        for key, service in table.services.items():
            found[key] = service.settings
            found.update({(key, server): value for server, value in service.destinations.items()})
        return found

    ours, theirs = items(current), items(desired)
    # A changed daemon is two: the kernel has no change of one.
    count = sum(
        (current.daemons.get(state) != desired.daemons.get(state))
        * ((state in current.daemons) + (state in desired.daemons))
        for state in model.DAEMON_STATES
    )
    count += current.timeouts != desired.timeouts
    return count + sum(ours.get(key) != theirs.get(key) for key in ours.keys() | theirs.keys())


@settings(max_examples=300)
@given(tables(), tables())
def test_the_plan_leads_there_and_then_is_empty(current: Table, desired: Table) -> None:
    steps = plan(current, desired)
    operations = steps.operations()
    assert len(operations) <= differences(current, desired)
    kernel = ModelKernel(current)
    assert not [answer for answer in kernel.execute(operations) if answer.error]
    assert kernel.table() == desired == after(current, operations)
    assert plan(kernel.table(), desired).operations() == []


@given(tables(), tables(), st.sets(st.sampled_from(ACTIONS)))
def test_part_of_a_plan_is_carried_out_without_error(current: Table, desired: Table, allow: set[str]) -> None:
    operations = plan(current, desired, allow=allow).operations()
    kernel = ModelKernel(current)
    assert not [answer for answer in kernel.execute(operations) if answer.error]
    assert kernel.table() == after(current, operations)
    assert plan(kernel.table(), desired, allow=allow).operations() == []


@given(tables(), tables())
def test_no_service_is_ever_left_without_weight_that_has_some_before_and_after(current: Table, desired: Table) -> None:
    def serves(table: Table) -> set[ServiceId]:
        return {
            key
            for key, service in table.services.items()
            if any(value.weight for value in service.destinations.values())
        }

    always = serves(current) & serves(desired)
    kernel = ModelKernel(current)
    for operation in plan(current, desired, quiesce=True).operations():
        kernel.execute([operation])
        assert always <= serves(kernel.table())
