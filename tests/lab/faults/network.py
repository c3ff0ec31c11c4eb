# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What may happen to the network between the directors."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ..cluster import Cluster
from ..report import wait_for
from .scene import DEADLINE_S, Outcome, Scene, Tell, scene

_HEALED_WITHIN_S = 2.0
_PARTED_S = 12.0  # longer than the interval at which a master announces its addresses again
_LOSSY_S = 30.0
_FIREWALL_TIMES = 5
_LOSS = 0.2
_JITTER_MS = 50
_BE_SURE = 1e-4  # how seldom the stated number of role changes may be exceeded by chance

# Each as a shell script with the other director's address.
_PART = (
    "nft add table inet lab_fault"
    " && nft add chain inet lab_fault input '{{ type filter hook input priority -400; }}'"
    " && nft add rule inet lab_fault input ip saddr {peer} drop"
)
_JOIN = "nft delete table inet lab_fault"
_IMPAIR = (
    "tc qdisc add dev eth0 root handle 1: prio bands 4 priomap 1 2 2 2 1 2 0 0 1 1 1 1 1 1 1 1"
    f" && tc qdisc add dev eth0 parent 1:4 netem loss {_LOSS:.0%} delay {_JITTER_MS}ms {_JITTER_MS}ms"
    " && tc filter add dev eth0 parent 1: protocol ip u32 match ip dst {peer}/32 flowid 1:4"
)
_REPAIR = "tc qdisc del dev eth0 root"


def parted(cluster: Cluster, tell: Tell) -> Outcome:
    """Let nothing through between the directors, while clients and servers reach both.

    Claims: clients are served throughout; when the network is whole again there is one holder
    within 2 s, and the client's ARP entry is that of the holder.
    """
    fault = "network between the directors parted"
    bound = cluster.router["failover_s"]
    with scene(cluster, tell, fault, *cluster.directors) as at:
        with _between_directors(cluster, _PART, _JOIN) as trouble:
            wait_for("two holders of the VIP", lambda: len(cluster.holders()) == 2, DEADLINE_S)
            at.load.wait_until_sent(trouble.begun_at + _PARTED_S)
        at.settle()
        at.load.stop()
        others = (one.at for one in at.watch.events("advert") if one.node != cluster.preferred_master)
        second_s = max(others) - trouble.ended_at
        at.demand(f"one master {_HEALED_WITHIN_S:g} s after healing, was {second_s:.2f}", second_s < _HEALED_WITHIN_S)
        reading = at.reading(trouble.begun_at)
        at.demand_below("longest gap", reading.longest_gap_s, bound)
        _client_knows(at, cluster.preferred_master)
    return Outcome(
        fault,
        "longest gap",
        reading.longest_gap_s,
        bound,
        reading.failed,
        f"one master {max(0.0, second_s):.2f} s after healing",
        reading,
    )


def lossy(cluster: Cluster, tell: Tell) -> Outcome:
    """Lose a fifth of all packets between the directors and delay the others by 0 to 100 ms.

    Claims: the VIP moves no oftener than chance explains; no gap is longer than VRRP's bound; in
    the end there is one holder.
    """
    fault = f"{_LOSS:.0%} loss and {_JITTER_MS} ms jitter for {_LOSSY_S:g} s"
    bound = cluster.router["failover_s"]
    most = takeovers(_LOSS, cluster.router["advert_int_s"], _LOSSY_S, _BE_SURE)
    with scene(cluster, tell, fault, *cluster.directors) as at:
        with _between_directors(cluster, _IMPAIR, _REPAIR) as trouble:
            at.load.wait_until_sent(trouble.begun_at + _LOSSY_S)
        at.settle()
        at.load.stop()
        moves = sum(one.node != cluster.preferred_master for one in at.watch.events("holds", trouble.begun_at))
        at.demand(f"the backup takes over at most {most} times, did {moves} times", moves <= most)
        reading = at.reading(trouble.begun_at)
        at.demand_below("longest gap", reading.longest_gap_s, bound)
        remark = f"backup took over {moves} times (at most {most})"
        _client_knows(at, cluster.preferred_master)
    return Outcome(fault, "longest gap", reading.longest_gap_s, bound, reading.failed, remark, reading)


def takeovers(loss: float, advert_s: float, seconds: float, chance: float) -> int:
    """Return how often a backup may take over when adverts are lost at random.

    It does after three adverts in a row are lost. A number of such runs in ``seconds`` follows
    Poisson's law; the number returned is exceeded with a probability below ``chance``.
    """
    expected = seconds / advert_s * loss**3 * (1 - loss)
    number, term = 0, math.exp(-expected)
    rest = 1 - term
    while rest > chance:
        number += 1
        term *= expected / number
        rest -= term
    return number


def _at_all_directors(cluster: Cluster, script: str) -> float:
    """Run a script on every director, with the other's address; return when the last one began."""
    return max(
        cluster.command_at(node, script.format(peer=cluster.address(peer)))
        for node, peer in zip(cluster.directors, reversed(cluster.directors), strict=True)
    )


@dataclass
class _Trouble:
    """From when until when it was with all directors."""

    begun_at: float = 0.0
    ended_at: float = 0.0


@contextmanager
def _between_directors(cluster: Cluster, break_it: str, mend_it: str) -> Iterator[_Trouble]:
    """Break both directors' network to each other, and mend it."""
    trouble = _Trouble()
    try:
        trouble.begun_at = _at_all_directors(cluster, break_it)
        yield trouble
    finally:
        trouble.ended_at = _at_all_directors(cluster, mend_it)


def _client_knows(at: Scene, holder: str) -> None:
    """The client sends to the holder, and not to where the VIP was."""
    known = at.cluster.run(at.cluster.client, f"ip neighbour show {at.cluster.vip}")
    wanted = at.cluster.run(holder, "cat /sys/class/net/eth0/address").strip()
    at.demand(f"the client's ARP entry is {holder}'s ({wanted}), was {known.strip()}", wanted in known)


def firewall_restarted(cluster: Cluster, tell: Tell) -> Outcome:
    """Reload and restart the firewall of every director, again and again.

    Claims: it is on; nobody but the master ever takes the VIP; no request fails.
    """
    fault = f"firewall reloaded and restarted {_FIREWALL_TIMES} times"
    unit = "ha-web-firewall"
    again = f"nft list table inet ha_web >/dev/null && systemctl reload {unit} && systemctl restart {unit}"
    with scene(cluster, tell, fault, *cluster.directors) as at:
        begun_at = min(
            cluster.command_at(node, again) for _time in range(_FIREWALL_TIMES) for node in cluster.directors
        )
        at.settle()
        at.load.stop()
        at.demand("the VIP stays where it is", not list(at.watch.events("holds", begun_at)))
        reading = at.demand_calm("meanwhile", begun_at)
    remark = f"{cluster.preferred_master} holds the VIP all the time"
    return Outcome(fault, "outage", reading.outage_s, 0.0, reading.failed, remark, reading)
