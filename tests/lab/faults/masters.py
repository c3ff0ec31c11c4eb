# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What may happen to the master director, and its return."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator

from ..cluster import Cluster
from ..node_program import NodeProgram
from ..outage import Reading
from ..report import LabError, wait_for
from ..settings import REPO
from .scene import DEADLINE_S, SETTLE_S, Outcome, Scene, Tell, scene

# Of adverts: for so long two directors may both speak as master while the VIP moves.
_DOUBLE_MASTER = 2

_ASKING = REPO / "tests/lab/begun.py"
_BEGUN = 40
_BEGUN_EVERY_S = 0.05


def power_loss(cluster: Cluster, tell: Tell) -> Outcome:
    """Cut the master director's power; it stays down.

    Claims: exactly one other director holds the VIP, and the outage is within VRRP's bound.
    """
    node = cluster.preferred_master
    fault = f"power loss of {node}, the master"
    with scene(cluster, tell, fault, *cluster.directors) as at:
        cluster.unplug(node)
        at.load.wait_until_quiet(SETTLE_S)
        at.load.stop()
        cluster.kill(node)
        holder = at.holder()
        reading = at.reading()
        # A fault that nobody notices was none, and would prove nothing.
        at.demand("requests fail until the backup takes over", reading.failed > 0)
        return _moved(at, fault, reading, f"one holder: {holder}")


def returns(cluster: Cluster, node: str, tell: Tell, master: str = "") -> Outcome:
    """Give a director its power back and touch nothing else.

    Claims: the cluster becomes as declared, with one holder and equal tables, and no request fails.

    Args:
        master: that shall hold the VIP in the end; without it the preferred one.
    """
    fault = f"{node} back" + (f", {master} keeps the VIP" if master else "")
    with scene(cluster, tell, f"{node} gets its power back", *cluster.directors, healthy=False) as at:
        on_at = cluster.power_on(node)
        at.watch.attach(node)
        at.settle(master)
        return _returned(at, fault, on_at)


def stopped(cluster: Cluster, tell: Tell) -> Iterator[Outcome]:
    """Stop the master's keepalived, as an administrator does, and start it again.

    Claims: nor does a request fail as it stops, though it is sent over a connection which only the stopped one knows.
    """
    return _leaves_and_returns(
        cluster,
        tell,
        "keepalived stopped on {node}",
        lambda node: _stopped_with_requests_begun(cluster, node),
        lambda node: cluster.command_at(node, "systemctl start keepalived"),
        planned=True,
    )


def _stopped_with_requests_begun(cluster: Cluster, node: str) -> float:
    answers: list[str] = []
    arguments = (cluster.vip, 80, _BEGUN, _BEGUN_EVERY_S)
    asking = NodeProgram(cluster, cluster.client, _ASKING, arguments, lambda line: answers.append(json.loads(line)))

    def said(lines: int) -> bool:
        asking.check()
        return asking.running and len(answers) >= lines

    wait_for(f"{_BEGUN} connections through the VIP", lambda: said(0), DEADLINE_S, every=0.01)
    at = cluster.command_at(node, "systemctl stop keepalived")
    wait_for(f"{_BEGUN} answers", lambda: said(_BEGUN), DEADLINE_S)
    wrong = Counter(answer for answer in answers if answer != "HTTP/1.1 200 OK")
    if wrong:
        raise LabError(
            f"not so: who has begun a connection before {node}'s keepalived stops is answered: {dict(wrong)}"
        )
    return at


def shut_down(cluster: Cluster, tell: Tell) -> Iterator[Outcome]:
    """Shut the master director down, as for a new kernel, and start it again.

    Claims: no request fails, neither as it goes nor as it returns.
    """
    node = cluster.preferred_master
    fault = f"{node} shut down"
    with scene(cluster, tell, fault, *cluster.directors) as at:
        down_at = cluster.shut_down(node)
        at.load.wait_until_quiet(SETTLE_S)
        at.load.stop()
        at.demand_calm("as it goes down", down_at)
        yield _moved(at, fault, at.reading(down_at), f"one holder: {at.holder()}")
    yield returns(cluster, node, tell)


def interface_down(cluster: Cluster, tell: Tell) -> Iterator[Outcome]:
    """Take the master's interface down, and up again."""
    routes = cluster.run(cluster.preferred_master, "ip route show default").strip()
    # The kernel forgets the routes of an interface that goes down; bringing them back is the
    # network manager's task, and the nodes have none.
    again = f"ip link set eth0 up && ip route replace {routes}" if routes else "ip link set eth0 up"
    return _leaves_and_returns(
        cluster,
        tell,
        "interface of {node} down",
        lambda node: cluster.command_at(node, "ip link set eth0 down"),
        lambda node: cluster.command_at(node, again),
    )


def script_fails(cluster: Cluster, tell: Tell) -> Iterator[Outcome]:
    """Let the script that the master's virtual router tracks fail, and pass again."""
    flag = cluster.topology["scripts"][0]["script"]["command"].split()[-1]
    return _leaves_and_returns(
        cluster,
        tell,
        "tracked script fails on {node}",
        lambda node: cluster.command_at(node, f"rm {flag}"),
        lambda node: cluster.command_at(node, f"touch {flag}"),
    )


def frozen(cluster: Cluster, tell: Tell) -> Iterator[Outcome]:
    """Freeze all processes of the master's keepalived with SIGSTOP, and thaw them."""
    return _leaves_and_returns(
        cluster,
        tell,
        "keepalived frozen on {node}",
        lambda node: cluster.command_at(node, "systemctl kill --signal=STOP keepalived"),
        lambda node: cluster.command_at(node, "systemctl kill --signal=CONT keepalived"),
    )


def killed(cluster: Cluster, tell: Tell) -> Outcome:
    """Kill all processes of the master's keepalived with signal 9."""
    return _killed(cluster, tell, "all", "keepalived killed on {node}")


def parent_killed(cluster: Cluster, tell: Tell) -> Outcome:
    """Kill the first process of the master's keepalived with signal 9."""
    return _killed(cluster, tell, "main", "keepalived's parent killed on {node}")


def dies_and_returns(cluster: Cluster, tell: Tell) -> Iterator[Outcome]:
    """Cut the master's power, and give it back."""
    node = cluster.preferred_master
    yield power_loss(cluster, tell)
    yield returns(cluster, node, tell)


def all_restarted(cluster: Cluster, tell: Tell) -> Outcome:
    """Cut the power of all directors at once, and give it back.

    Claims: the cluster serves again and becomes as declared, with nobody touching it.
    """
    fault = "power loss of all directors"
    with scene(cluster, tell, fault, *cluster.directors) as at:
        off_at = min(cluster.unplug(node) for node in cluster.directors)
        for node in cluster.directors:
            cluster.kill(node)
        on_at = max(cluster.power_on(node) for node in cluster.directors)
        at.settle()
        at.load.stop()
        reading = at.reading(off_at)
        last = max((one.at for one in at.in_time(off_at) if one.failed), default=on_at)
        at.demand("requests fail while there is no director", reading.failed > 0)
        at.demand_calm("in the last seconds", last + 0.001)
    return Outcome(
        fault=fault,
        figure="serves, from power on,",
        seconds=round(last - on_at, 3),
        bound_s=DEADLINE_S,
        failed=reading.failed,
        remark=f"one holder: {at.cluster.preferred_master}",
        reading=reading,
    )


def _leaves_and_returns(
    cluster: Cluster,
    tell: Tell,
    fault: str,
    break_it: Callable[[str], float],
    mend_it: Callable[[str], float],
    *,
    planned: bool = False,
) -> Iterator[Outcome]:
    """Break the master so that the backup takes over; mend it, and it takes the VIP back.

    Args:
        planned: no request may fail in the first part either.
    """
    node = cluster.preferred_master
    fault = fault.format(node=node)
    with scene(cluster, tell, fault, *cluster.directors) as at:
        broken_at = break_it(node)
        at.watch.wait_for_master(cluster.backup, broken_at, DEADLINE_S)
        at.load.wait_until_quiet(SETTLE_S)
        mended_at = mend_it(node)
        if planned:
            at.demand_calm("as it stops", broken_at, mended_at)
        yield _moved(at, fault, at.reading(broken_at, mended_at), f"{cluster.backup} took over")
        at.settle()
        yield _returned(at, f"{fault}: mended", mended_at)


def _killed(cluster: Cluster, tell: Tell, whom: str, fault: str) -> Outcome:
    """Claims: systemd brings it back; the outage is within VRRP's bound, with one holder in the end.

    The service may move to the backup and back: what counts is the longest time without an answer,
    not the time from the first failure to the last.
    """
    node = cluster.preferred_master
    fault = fault.format(node=node)
    main_process = "systemctl show --property=MainPID --value keepalived"
    with scene(cluster, tell, fault, *cluster.directors) as at:
        before = cluster.run(node, main_process)
        killed_at = cluster.command_at(node, f"systemctl kill --kill-whom={whom} --signal=KILL keepalived")
        at.load.wait_until_quiet(SETTLE_S)
        at.settle()
        at.demand("systemd has started keepalived anew", cluster.run(node, main_process) not in ("0\n", before))
        at.load.stop()
        reading = at.reading(killed_at)
        at.demand_below("longest gap", reading.longest_gap_s, cluster.router["failover_s"])
        remark = f"one holder: {at.holder()}, {_double_master(at)}"
    return Outcome(
        fault, "longest gap", reading.longest_gap_s, cluster.router["failover_s"], reading.failed, remark, reading
    )


def _moved(at: Scene, fault: str, reading: Reading, remark: str) -> Outcome:
    bound = at.cluster.router["failover_s"]
    at.demand_below("outage", reading.outage_s, bound, reading)
    return Outcome(fault, "outage", reading.outage_s, bound, reading.failed, f"{remark}, {_double_master(at)}", reading)


def _returned(at: Scene, fault: str, since: float) -> Outcome:
    at.load.stop()
    reading = at.demand_calm("from then on", since)
    states = at.cluster.running_directors()
    tables = [state.table for state in states.values()]
    at.demand("all directors' tables are equal", tables == tables[:1] * len(tables), reading)
    remark = f"one holder: {at.holder()}, tables equal, {_double_master(at)}"
    return Outcome(fault, "outage", reading.outage_s, 0.0, reading.failed, remark, reading)


def _double_master(at: Scene) -> str:
    limit = _DOUBLE_MASTER * at.cluster.router["advert_int_s"]
    seconds = at.watch.double_master_s()
    at.demand(f"no two masters for longer than {limit:g} s, was {seconds:.2f} s", seconds <= limit)
    return f"two masters for {seconds:.2f} s" if seconds else "never two masters"
