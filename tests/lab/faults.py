# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Faults, each under load, measured from the outside and held against what the topology promises.

Every function returns what it measured; a claim that does not hold is a LabError with the numbers
and the journals of the nodes concerned. Times are seconds.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from . import outage
from .cluster import Cluster
from .load import TIMEOUT_S, Load
from .outage import Reading
from .report import LabError, say, wait_for

TOLERANCE_S = 0.25  # on top of every bound, for the machine's own scheduling
CALM_S = 10.0  # after an ejection, no request may fail for this long
_SETTLE_S = 2.0  # without a failure, then a fault counts as over
_DEADLINE_S = 60.0  # of everything that has no bound of its own: boots, preemption

Tell = Callable[[str], None]


@dataclass(frozen=True)
class PowerLoss:
    """The master director lost its power."""

    node: str
    holder: str
    outage_s: float
    bound_s: float
    reading: Reading

    def __str__(self) -> str:
        return (
            f"{f'power loss of {self.node}, the master':<40} outage {self.outage_s:.2f} s "
            f"(bound {self.bound_s:.2f} s), failed {self.reading.failed}, one holder: {self.holder}"
        )


@dataclass(frozen=True)
class DirectorReturn:
    """A director that had lost its power got it back."""

    node: str
    holder: str
    reading: Reading

    def __str__(self) -> str:
        return f"{f'{self.node} back':<40} one holder: {self.holder}, tables equal, failed {self.reading.failed}"


@dataclass(frozen=True)
class Ejection:
    """A web server was removed from the pool because it failed, and came back.

    Attributes:
        ejection_s: from the first failed request to the removal in the holder's kernel.
        failing_s: from the first failed request to the last.
        calm_failed: requests that failed in the CALM_S after the removal.
        return_s: from the repair to the first answer.
    """

    node: str
    fault: str
    ejection_s: float
    bound_s: float
    failing_s: float
    calm_failed: int
    return_s: float
    reading: Reading

    def __str__(self) -> str:
        return (
            f"{self.fault:<40} ejected after {self.ejection_s:.2f} s (bound {self.bound_s:.2f} s), "
            f"then {self.calm_failed} failed; returned after {self.return_s:.1f} s"
        )


@dataclass(frozen=True)
class KeepalivedKill:
    """The master's keepalived was killed.

    The service moves twice, to the backup and back: what counts is the longest time without an
    answer, not the time from the first failure to the last.
    """

    node: str
    fault: str
    longest_gap_s: float
    holder: str
    reading: Reading

    def __str__(self) -> str:
        return (
            f"{self.fault:<40} failed {self.reading.failed}, longest gap {self.longest_gap_s:.2f} s, "
            f"one holder: {self.holder}"
        )


def _read(load: Load) -> Reading:
    return outage.read(load.samples(), TIMEOUT_S)


def _demand(claim: str, holds: bool, reading: Reading) -> None:
    """Raise LabError with the numbers when a claim does not hold."""
    if not holds:
        raise LabError(f"not so: {claim}. Measured: {reading}")


@contextmanager
def _fault(cluster: Cluster, tell: Tell, what: str, *concerned: str) -> Iterator[Load]:
    """Put a healthy cluster under load, with the evidence of ``concerned`` for a failure."""
    cluster.wait_until_healthy()
    tell(what)
    with cluster.on_failure_show(*concerned), Load(cluster) as load:
        yield load


def master_power_loss(cluster: Cluster, tell: Tell) -> PowerLoss:
    """Cut the master director's power; it stays down.

    Claims: exactly one other director holds the VIP, and the outage is within VRRP's bound.
    """
    node = cluster.preferred_master
    bound = cluster.topology["bounds"]["failover_s"]
    with _fault(cluster, tell, f"power loss of {node}, the master", *cluster.directors) as load:
        cluster.unplug(node)
        load.wait_until_quiet(_SETTLE_S)
        load.stop()
        cluster.kill(node)
        holder = wait_for("exactly one holder of the VIP", cluster.the_holder, _DEADLINE_S)
        reading = _read(load)
        # A fault that nobody notices was none, and would prove nothing.
        _demand("requests fail until the backup takes over", reading.failed > 0, reading)
        limit = bound + TOLERANCE_S
        _demand(f"outage below {limit:.2f} s", reading.outage_s < limit, reading)
    return PowerLoss(node, holder, reading.outage_s, bound, reading)


def director_returns(cluster: Cluster, node: str, tell: Tell) -> DirectorReturn:
    """Give a director its power back and touch nothing else.

    Claims: the cluster becomes as declared, with one holder and equal tables. A request on its way
    in the instant in which the VIP moves may be lost; the outage is within VRRP's bound.
    """
    bound = cluster.topology["bounds"]["failover_s"]
    tell(f"{node} gets its power back")
    with cluster.on_failure_show(*cluster.directors), Load(cluster) as load:
        cluster.power_on(node)
        cluster.wait_until_healthy(_DEADLINE_S)
        load.wait_until_quiet(_SETTLE_S)
        load.stop()
        reading = _read(load)
        states = cluster.running_directors()
        tables = [state.table for state in states.values()]
        _demand("all directors' tables are equal", tables == tables[:1] * len(tables), reading)
        holders = cluster.holders()
        _demand("exactly one director holds the VIP", len(holders) == 1, reading)
        limit = bound + TOLERANCE_S
        _demand(f"outage below {limit:.2f} s", reading.outage_s < limit, reading)
    return DirectorReturn(node, holders[0], reading)


def web_server_stops(cluster: Cluster, node: str, tell: Tell) -> Ejection:
    """Stop a web node's nginx, and start it again."""
    return _eject(
        cluster,
        node,
        tell,
        fault=f"{node}'s nginx stopped",
        bound=cluster.topology["bounds"]["ejection_refused_s"],
        break_it=lambda: cluster.command_at(node, "systemctl stop nginx"),
        mend_it=lambda: cluster.command_at(node, "systemctl start nginx"),
    )


def web_node_dies(cluster: Cluster, node: str, tell: Tell) -> Ejection:
    """Cut a web node's power, and give it back."""
    return _eject(
        cluster,
        node,
        tell,
        fault=f"power loss of {node}",
        bound=cluster.topology["bounds"]["ejection_s"],
        break_it=lambda: cluster.unplug(node),
        mend_it=lambda: cluster.power_cycle(node),
    )


def _eject(
    cluster: Cluster,
    node: str,
    tell: Tell,
    *,
    fault: str,
    bound: float,
    break_it: Callable[[], float],
    mend_it: Callable[[], float],
) -> Ejection:
    """Break a web server and mend it; each of the two says when it did.

    Claims: removed within the bound; no request fails or times out in the CALM_S after that;
    mended, it gets requests again, and none of them fails.
    """
    with (
        _fault(cluster, tell, fault, *cluster.directors, node) as load,
        ThreadPoolExecutor(1) as pool,
    ):
        holder = wait_for("exactly one holder of the VIP", cluster.the_holder, _DEADLINE_S)
        leaving = pool.submit(cluster.left_table_at, holder, node, bound + 30)
        broken_at = break_it()
        left_at = leaving.result()
        calm_until = left_at + CALM_S
        load.wait_until_sent(calm_until)
        failures = [one.at for one in load.samples() if one.failed]
        # A server may be broken a while before anybody asks it, and while it is being stopped.
        failing_since = failures[0] if failures else broken_at
        ejection_s = left_at - failing_since
        calm = outage.read(load.samples(left_at, calm_until), TIMEOUT_S)
        whole = _read(load)
        limit = bound + TOLERANCE_S
        _demand(f"{node} ejected within {limit:.2f} s, was {ejection_s:.2f}", ejection_s < limit, whole)
        _demand(f"no request fails in {CALM_S:g} s after the ejection", not calm.failed, calm)
        _demand(f"{node} gets no request after its ejection", node not in calm.servers, calm)
        tell(f"{node} is being mended")
        mended_at = mend_it()
        returned_at = load.wait_for_answer_of(node, mended_at, _DEADLINE_S)
        load.wait_until_quiet(_SETTLE_S)
        load.stop()
        after = outage.read(load.samples(mended_at), TIMEOUT_S)
        _demand(f"no request fails when {node} returns", not after.failed, after)
        reading = _read(load)
    return Ejection(
        node=node,
        fault=fault,
        ejection_s=round(ejection_s, 3),
        bound_s=bound,
        failing_s=outage.read(load.samples(until=left_at), TIMEOUT_S).outage_s,
        calm_failed=calm.failed,
        return_s=round(returned_at - mended_at, 3),
        reading=reading,
    )


def keepalived_killed(cluster: Cluster, tell: Tell, only_parent: bool = False) -> KeepalivedKill:
    """Kill the master's keepalived with signal 9: all its processes, or only the first.

    Claims: without any hand the cluster becomes as declared again, with exactly one holder.
    """
    node = cluster.preferred_master
    whom = "main" if only_parent else "all"
    fault = f"{node}'s keepalived {'parent ' if only_parent else ''}killed"
    with _fault(cluster, tell, fault, *cluster.directors) as load:
        main_process = "systemctl show --property=MainPID --value keepalived"
        before = cluster.run(node, main_process)
        cluster.run(node, f"systemctl kill --kill-whom={whom} --signal=KILL keepalived")
        wait_for(
            f"a new keepalived on {node}",
            lambda: cluster.run(node, main_process) not in ("0\n", before),
            _DEADLINE_S,
        )
        load.wait_until_quiet(_SETTLE_S)
        cluster.wait_until_healthy(_DEADLINE_S)
        load.wait_until_quiet(_SETTLE_S)
        load.stop()
        reading = _read(load)
        holders = cluster.holders()
        _demand("exactly one director holds the VIP", len(holders) == 1, reading)
    return KeepalivedKill(node, fault, reading.longest_gap_s, holders[0], reading)


def _master_dies_and_returns(cluster: Cluster, tell: Tell) -> Iterator[object]:
    loss = master_power_loss(cluster, tell)
    yield loss
    yield director_returns(cluster, loss.node, tell)


def _one(fault: Callable[[Cluster, Tell], object]) -> Callable[[Cluster, Tell], Iterator[object]]:
    return lambda cluster, tell: iter([fault(cluster, tell)])


FAULTS: dict[str, Callable[[Cluster, Tell], Iterator[object]]] = {
    "master-power-loss": _master_dies_and_returns,
    "web-server-stop": _one(lambda cluster, tell: web_server_stops(cluster, cluster.web[0], tell)),
    "web-node-power-loss": _one(lambda cluster, tell: web_node_dies(cluster, cluster.web[1], tell)),
    "keepalived-kill": _one(keepalived_killed),
    "keepalived-parent-kill": _one(lambda cluster, tell: keepalived_killed(cluster, tell, only_parent=True)),
}


def main() -> int:
    """Inject faults into the cluster of an inventory; a claim that does not hold gives exit code 1."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--inventory", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder for one JSON file for each fault")
    parser.add_argument("faults", nargs="+", choices=FAULTS)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    try:
        cluster = Cluster(arguments.inventory)
        for name in arguments.faults:
            results = []
            for result in FAULTS[name](cluster, say):
                say(str(result))
                results.append(result)
            text = json.dumps(results, default=asdict, indent=2)
            (arguments.out / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    except LabError as error:
        say(f"lab: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
