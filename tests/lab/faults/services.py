# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What a change of master, of preemption or of the configuration may do to clients."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from .. import playbook
from ..cluster import Cluster
from ..report import LabError, wait_for
from ..settings import REPO
from . import masters
from .scene import DEADLINE_S, Outcome, Tell, scene

_PROGRAM = REPO / "tests/lab/download.py"
_SITE = REPO / "playbooks/site.yml"
# One node at a time: all of the lab's nodes share one core with the load.
_KEEPALIVED = ("--tags=keepalived", "--limit=directors", "--forks=1")
_CONF = "/etc/keepalived/keepalived.conf"
_BAD_LINE = "no_such_keyword"

# A download of half a minute: longer than a director takes to boot and to preempt.
_NUMBERS = 1_000_000
_BYTES_PER_S = 200_000
_PAUSE_S = 10


def download_survives(cluster: Cluster, tell: Tell) -> Iterator[Outcome]:
    """Cut the master's power while a client slowly downloads a file, and give it back during another.

    Claims: each download ends whole, on the connection it began on.
    """
    for node in cluster.real_servers:
        cluster.run(node, f"seq {_NUMBERS} > /var/www/html/download.txt")
    whole = hashlib.sha256("".join(f"{number}\n" for number in range(1, _NUMBERS + 1)).encode()).hexdigest()
    node = cluster.preferred_master
    faults: list[Callable[[], Outcome]] = [
        lambda: masters.power_loss(cluster, tell),
        lambda: masters.returns(cluster, node, tell),
    ]
    for fault in faults:
        with ThreadPoolExecutor(1) as pool:
            download = pool.submit(_download, cluster)
            wait_for("the download on the other directors", lambda: _known_everywhere(cluster), DEADLINE_S)
            outcome = fault()
            if download.done():
                raise LabError(f"the download ended before {outcome.fault} was over, and proves nothing")
            got = download.result()
        if got != whole:
            raise LabError(f"a download across {outcome.fault} came with SHA-256 {got}, not {whole}")
        yield outcome


def _download(cluster: Cluster) -> str:
    arguments = (cluster.vip, 80, "/download.txt", _BYTES_PER_S, _PAUSE_S)
    return cluster.python(cluster.client, _PROGRAM, *arguments).strip()


def _known_everywhere(cluster: Cluster) -> bool:
    """Whether each director that has power knows an established connection."""
    look = f"ipvsadm --list --connection --numeric | grep --count 'ESTABLISHED .*{cluster.vip}:80' || true"
    return all(int(cluster.run(node, look)) for node in cluster.directors if cluster.is_up(node))


def without_preemption(cluster: Cluster, tell: Tell) -> Iterator[Outcome]:
    """Turn preemption off, cut the master's power, give it back, turn preemption on again.

    Claims: the returned director leaves the VIP where it is, and no request fails.
    """
    node = cluster.preferred_master
    tell("preemption is turned off")
    playbook.run(cluster.engine, cluster.inventory, _SITE, tell, *_KEEPALIVED, "-ekeepalived_preempt=false")
    yield masters.power_loss(cluster, tell)
    yield masters.returns(cluster, node, tell, master=cluster.backup)
    tell("preemption is turned on again")
    playbook.run(cluster.engine, cluster.inventory, _SITE, tell, *_KEEPALIVED)
    cluster.wait_until_healthy(DEADLINE_S)


def bad_configuration(cluster: Cluster, tell: Tell) -> Outcome:
    """Push an invalid configuration: by the playbook, and by hand.

    Claims: the playbook refuses it with keepalived's own words and changes nothing; a keepalived that
    is told to load it goes on with the old one; no request fails.
    """
    fault = "invalid configuration pushed"
    with scene(cluster, tell, fault, *cluster.directors) as at:
        begun_at = at.load.samples()[-1].at
        before = _configurations(cluster)
        words = playbook.refused(
            cluster.engine,
            cluster.inventory,
            _SITE,
            *_KEEPALIVED,
            "-e",
            json.dumps({"ha_web_keepalived_raw": [_BAD_LINE]}),
        )
        at.demand(f"the refusal names {_BAD_LINE}:\n{words}", f"Unknown keyword '{_BAD_LINE}'" in words)
        at.demand("keepalived.conf is what it was", _configurations(cluster) == before)
        tell("an invalid configuration is written by hand")
        for node in cluster.directors:
            cluster.run(node, f"cp --preserve {_CONF} /run/right.conf && echo {_BAD_LINE} >> {_CONF}")
            said = cluster.run(node, "systemctl reload keepalived 2>&1 || journalctl --unit=keepalived --lines=20")
            at.demand(f"{node}'s reload is refused and names {_BAD_LINE}:\n{said}", _BAD_LINE in said)
        at.settle()
        for node in cluster.directors:
            cluster.run(node, f"mv /run/right.conf {_CONF} && systemctl reload keepalived")
        at.settle()
        at.load.stop()
        reading = at.demand_calm("meanwhile", begun_at)
    return Outcome(fault, "outage", reading.outage_s, 0.0, reading.failed, "refused, the old one serves", reading)


def _configurations(cluster: Cluster) -> list[str]:
    return [cluster.run(node, f"sha256sum {_CONF}") for node in cluster.directors]


def upgraded(cluster: Cluster, tell: Tell) -> Outcome:
    """Replace the program of every keepalived that runs, as a package's upgrade does, and run the playbook.

    Claims: each director restarts it, the backup before the master, and no request fails.
    """
    fault = "keepalived upgraded on all directors"
    since = "systemctl show --property=ExecMainStartTimestampMonotonic --value keepalived"
    with scene(cluster, tell, fault, *cluster.directors) as at:
        begun_at = at.load.samples()[-1].at
        before = {node: int(cluster.run(node, since)) for node in cluster.directors}
        for node in cluster.directors:
            cluster.run(
                node, "cp --preserve /usr/sbin/keepalived /usr/sbin/new && mv /usr/sbin/new /usr/sbin/keepalived"
            )
        playbook.run(cluster.engine, cluster.inventory, _SITE, tell, *_KEEPALIVED)
        at.settle()
        at.load.stop()
        after = {node: int(cluster.run(node, since)) for node in cluster.directors}
        at.demand("every director has a new keepalived", all(after[node] > before[node] for node in cluster.directors))
        last = max(after, key=lambda node: after[node])
        at.demand(f"{cluster.preferred_master} is the last", last == cluster.preferred_master)
        reading = at.demand_calm("meanwhile", begun_at)
    return Outcome(fault, "outage", reading.outage_s, 0.0, reading.failed, f"{last} last", reading)
