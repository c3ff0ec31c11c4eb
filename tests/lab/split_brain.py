# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Directors that do not hear each other: two holders of the VIP, and how soon there is one again.

The commonest cause is a firewall that drops VRRP. A claim that does not hold is a LabError with the
numbers and the journals of the nodes concerned. Times are seconds.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from .cluster import Cluster
from .load import TIMEOUT_S, Load
from .outage import Reading, read
from .report import LabError, wait_for

Tell = Callable[[str], None]

HEALED_WITHIN_S = 2.0
_SEEN_WITHIN_S = 10.0
_LONGEST_S = 120  # nobody may forget a watch: it ends by itself
_SETTLE_S = 2.0

_PROGRAM = Path(__file__).with_name("watch_address.py")
# Before any firewall, and with a kernel that has none.
_DEAF = """
device=$(ip -o address show to {address} | awk '{{ print $2; exit }}')
tc qdisc add dev $device ingress
tc filter add dev $device ingress protocol {protocol} u32 match {match} protocol 112 0xff action drop
"""
_HEARING = "tc qdisc del dev $(ip -o address show to {address} | awk '{{ print $2; exit }}') ingress"


@dataclass(frozen=True)
class Change:
    """A node got (or lost) the VIP."""

    at: float
    node: str
    holds: bool


@dataclass(frozen=True)
class SplitBrain:
    """The backup could not hear the master, and then could.

    Attributes:
        split_s: from the first advert dropped to the second holder.
        double_s: how long two held the VIP.
        healed_s: from the first advert let through to the one holder.
    """

    node: str
    holder: str
    split_s: float
    double_s: float
    healed_s: float
    reading: Reading

    def __str__(self) -> str:
        return (
            f"{f'{self.node} deaf to VRRP':<40} two holders after {self.split_s:.2f} s; one ({self.holder}) "
            f"{self.healed_s:.2f} s after the cure (bound {HEALED_WITHIN_S:g} s), failed {self.reading.failed}"
        )


@dataclass(frozen=True)
class FirewallRestarts:
    """The rulesets of all directors were reloaded and restarted under load."""

    times: int
    holder: str
    reading: Reading

    def __str__(self) -> str:
        return (
            f"{f'firewall restarted {self.times} times':<40} no second holder beside {self.holder}, "
            f"requests {self.reading.requests}, failed {self.reading.failed}"
        )


def doubles(changes: Sequence[Change]) -> list[tuple[float, float]]:
    """Return when more than one held the VIP, from and to; to is infinite while it lasts."""
    found: list[tuple[float, float]] = []
    holders: set[str] = set()
    for change in sorted(changes, key=lambda one: one.at):
        before = len(holders)
        if change.holds:
            holders.add(change.node)
        else:
            holders.discard(change.node)
        if before < 2 <= len(holders):
            found.append((change.at, float("inf")))
        elif len(holders) < 2 <= before:
            found[-1] = found[-1][0], change.at
    return found


class Watch:
    """Who holds the VIP, seen every few milliseconds for as long as the ``with`` block lasts."""

    def __init__(self, cluster: Cluster, nodes: Sequence[str]) -> None:
        self._cluster = cluster
        self._changes: list[Change] = []
        self._pids: dict[str, int] = {}
        self._failures: dict[str, Exception] = {}
        self._threads = {
            node: threading.Thread(target=self._follow, args=(node,), name=f"watch {node}", daemon=True)
            for node in nodes
        }

    def __enter__(self) -> Watch:
        for thread in self._threads.values():
            thread.start()
        wait_for("the watches of all directors", lambda: self._begun() == self._threads.keys(), 30, every=0.05)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for node, pid in self._pids.items():
            # It may have come to its own end in between.
            self._cluster.run(node, f"kill -KILL {pid} 2>/dev/null || true")

    def _begun(self) -> set[str]:
        if self._failures:
            raise LabError(f"a watch failed: {self._failures}")
        return {change.node for change in self._changes}

    def _follow(self, node: str) -> None:
        arguments = [self._cluster.vip, str(_LONGEST_S)]
        command = ["python3", "-c", _PROGRAM.read_text(encoding="utf-8"), *arguments]
        try:
            for line in self._cluster.stream(node, command):
                at, _blank, held = line.strip().partition(" ")
                if held:
                    self._changes.append(Change(float(at), node, held == "1"))
                else:
                    self._pids[node] = int(at)
        except Exception as failure:  # for the thread that waits
            if node not in self._pids:
                self._failures[node] = failure

    def changes(self) -> list[Change]:
        """Return all so far, in the order of their times."""
        return sorted(self._changes, key=lambda one: one.at)

    def doubles(self) -> list[tuple[float, float]]:
        """Return when more than one held the VIP so far."""
        return doubles(self.changes())


def split_brain(cluster: Cluster, tell: Tell) -> SplitBrain:
    """Drop VRRP on its way into the first backup director, and let it through again.

    Claims: two directors hold the VIP meanwhile, or the watch would see nothing; then one holder, the
    preferred master, within HEALED_WITHIN_S, and the cluster as declared.
    """
    cluster.wait_until_healthy()
    node = next(name for name in cluster.directors if name != cluster.preferred_master)
    family = ("ipv6", "ip6") if ":" in cluster.vip else ("ip", "ip")
    words: Mapping[str, str] = {"address": cluster.address(node), "protocol": family[0], "match": family[1]}
    tell(f"{node} no longer hears VRRP")
    with (
        cluster.on_failure_show(*cluster.directors),
        Load(cluster) as load,
        Watch(cluster, cluster.directors) as watch,
    ):
        try:
            deaf_at = cluster.command_at(node, _DEAF.format(**words).strip())
            wait_for("a second holder of the VIP", watch.doubles, _SEEN_WITHIN_S, every=0.05)
        finally:
            tell(f"{node} hears VRRP again")
            hearing_at = cluster.command_at(node, _HEARING.format(**words))
        wait_for(
            "one holder of the VIP",
            lambda: all(end < float("inf") for _since, end in watch.doubles()),
            HEALED_WITHIN_S + _SEEN_WITHIN_S,
            every=0.05,
        )
        load.wait_until_quiet(_SETTLE_S)
        cluster.wait_until_healthy()
        load.stop()
        reading = read(load.samples(), TIMEOUT_S)
        found = watch.doubles()
    healed_s = found[-1][1] - hearing_at
    if healed_s > HEALED_WITHIN_S:
        raise LabError(
            f"not so: one holder within {HEALED_WITHIN_S:g} s, was {healed_s:.2f}. {found} {reading}\n"
            f"{cluster.evidence(cluster.directors)}"
        )
    return SplitBrain(
        node=node,
        holder=cluster.preferred_master,
        split_s=round(found[0][0] - deaf_at, 3),
        double_s=round(sum(end - since for since, end in found), 3),
        healed_s=round(healed_s, 3),
        reading=reading,
    )


def firewall_restarts(cluster: Cluster, tell: Tell, times: int = 5) -> FirewallRestarts:
    """Reload and restart the role's firewall on all directors, again and again.

    Claims: the firewall is on; the VIP never moves, no second director holds it, no request fails.
    """
    cluster.wait_until_healthy()
    tell(f"the firewall of {' and '.join(cluster.directors)} is reloaded and restarted")
    unit = "ha-web-firewall"
    restart = f"systemctl is-active {unit} && systemctl reload {unit} && systemctl restart {unit}"
    with (
        cluster.on_failure_show(*cluster.directors),
        Load(cluster) as load,
        Watch(cluster, cluster.directors) as watch,
    ):
        for _time in range(times):
            for node in cluster.directors:
                cluster.run(node, restart)
        load.wait_until_quiet(_SETTLE_S)
        load.stop()
        reading = read(load.samples(), TIMEOUT_S)
        taken = [change for change in watch.changes() if change.holds]
    if reading.failed or [change.node for change in taken] != [cluster.preferred_master]:
        raise LabError(
            f"not so: no request fails and the VIP stays. VIP: {watch.changes()} {reading}\n"
            f"{cluster.evidence(cluster.directors)}"
        )
    return FirewallRestarts(times, cluster.preferred_master, reading)
