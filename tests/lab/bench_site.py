# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The whole cluster deployed, and run again without a change: beside a floor, a peer and keepalived's own times.

    python -m lab.bench_site --inventory FOLDER --out FILE

Writes FILE.json and FILE.md. The inventory's nodes are removed and made anew, so that whatever an earlier run has left
is gone; in the end they are removed.
"""

from __future__ import annotations

import json
import re
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from . import cache, outage, playbook, pythons
from .bench import table
from .cluster import Cluster
from .faults import masters
from .load import PATIENCE_S, Load
from .measured import command
from .proof import versions
from .report import LabError, Steps
from .settings import BUILD, CACHE, REPO

ROUNDS = 3
REQUESTS = 300
# What a run without a change may take, as a multiple of the floor.
GOAL = 1.5

SITE = REPO / "playbooks/site.yml"
_SHARED = REPO / "molecule/shared"
_FOLDER = BUILD / "bench-site"

LAB = "Mitogen"
WAYS: dict[str, dict[str, str]] = {
    LAB: {},
    "linear, pipelining": {"ANSIBLE_STRATEGY": "linear", "ANSIBLE_PIPELINING": "true"},
    "linear": {"ANSIBLE_STRATEGY": "linear", "ANSIBLE_PIPELINING": "false"},
}
# To Ansible itself an interpreter is one word. The lab's inventories have it begin with nice.
_ONE_WORD = ("--extra-vars=ansible_python_interpreter=/usr/bin/python3",)

# By role: where it has a service, and which. What a role loads, sets or writes beside it is not looked at.
SERVICES = {
    "firewall": ("directors:web:storage", "ha-web-firewall"),
    "nfs": ("web:storage", "{{ 'nfs-server' if inventory_hostname in groups.storage else 'ha-web-storage' }}"),
    "php": ("web", "php*-fpm.service"),
    "apache": ("web", "apache2"),
    "nginx": ("web", "nginx"),
    "realserver": ("web", "ha-web-vip@*"),
    "handover": ("directors", "ha-web-handover"),
    "keepalived": ("directors", "keepalived"),
    "exporter": ("directors:web:storage", "prometheus-node-exporter"),
    "monitor": ("directors", "ha-web-monitor"),
}

# What the peer makes, and no more: keepalived, nginx, Apache and PHP-FPM.
_SAME = (
    "--tags=validate,php,apache,nginx,realserver,ipvsadm,keepalived",
    '--extra-vars={"ha_web_firewall": false, "ha_web_monitor": false, "ha_web_shares": []}',
)
WHOLE, SAME = "lvs.ha_web, the whole cluster", "lvs.ha_web, what the peer makes"
PEER = "debops==3.3.2"
_PACKAGES = (PEER, "netaddr==1.3.0")  # a filter of its wants the second
_PEER_PLAYBOOK = REPO / "tests/bench/debops.yml"

# keepalived.conf(5): what it does where nobody states a time. The time-out is the usual one of its examples.
DEFAULTS: dict[str, Any] = {
    "ha_web_advert_interval": 1,
    "ha_web_virtual_services": [
        {
            "name": "web",
            "check": {"type": "http", "interval": 60, "timeout": 5, "retries": 1, "retry_delay": 3},
        }
    ],
}

_TASK = re.compile(r"^TASK \[", re.M)
_RECAP = re.compile(r"^(\S+) +: ok=(\d+) +changed=(\d+) .* skipped=(\d+) ", re.M)

Detail = Callable[[str], None]


@dataclass(frozen=True)
class Run:
    """One run of a playbook: seconds of the clock, tasks, and of all nodes together what was done and changed."""

    seconds: float
    tasks: int
    nodes: int
    done: int
    skipped: int
    changed: int


def reading(said: str, seconds: float) -> Run:
    """Return what the output of a playbook says.

    Raises:
        LabError: it has no recap.
    """
    hosts = [tuple(map(int, numbers)) for _name, *numbers in _RECAP.findall(said)]
    if not hosts:
        raise LabError(f"no recap in:\n{said}")
    done, changed, skipped = (sum(column) for column in zip(*hosts))
    return Run(round(seconds, 2), len(_TASK.findall(said)), len(hosts), done, skipped, changed)


def timed(cluster: Cluster, book: Path, *arguments: str, **settings: str) -> Run:
    """Run a playbook."""
    begun = time.monotonic()
    said = playbook.output(cluster.engine, cluster.inventory, book, *arguments, **settings)
    return reading(said, time.monotonic() - begun)


def unchanged(cluster: Cluster, book: Path, *arguments: str, **settings: str) -> Run:
    """Run a playbook that must not change anything.

    Raises:
        LabError: something changed.
    """
    run = timed(cluster, book, *arguments, **settings)
    if run.changed:
        raise LabError(f"{book.name}: a run that should change nothing changed {run.changed} things")
    return run


def anew(cluster: Cluster, detail: Detail) -> None:
    """Remove the nodes and make them anew."""
    for name in ("destroy", "create", "prepare"):
        playbook.run(cluster.engine, cluster.inventory, _SHARED / f"{name}.yml", detail)


def serves(cluster: Cluster) -> None:
    """See that the end state is reached: one holder, the table as declared, every web server's PHP through the VIP.

    Raises:
        LabError: it is not.
    """
    cluster.wait_until_healthy(120)
    with Load(cluster) as load:
        load.wait_for_requests(REQUESTS)
        load.stop()
        seen = outage.read(load.samples(), PATIENCE_S)
    if seen.failed or set(seen.servers) != set(cluster.real_servers):
        raise LabError(f"not every web server answers through {cluster.vip}: {seen}")


def deployed(
    cluster: Cluster,
    detail: Detail,
    book: Path,
    *arguments: str,
    ours: bool = True,
    rounds: int = ROUNDS,
    settings: Mapping[str, str] | None = None,
) -> dict[str, list[Run]]:
    """Deploy on new nodes, see that it serves, and run again; ours must not change anything then."""
    run = unchanged if ours else timed
    anew(cluster, detail)
    detail(f"{book.stem}: first run")
    first = timed(cluster, book, *arguments, **(settings or {}))
    serves(cluster)
    again = []
    for turn in range(rounds):
        detail(f"{book.stem}: no change, {turn + 1} of {rounds}")
        again.append(run(cluster, book, *arguments, **(settings or {})))
    return {"first": [first], "no change": again}


# The floor


def floor() -> list[dict[str, Any]]:
    """Return a playbook that gathers facts and then asks for the service of each role."""
    everywhere = ":".join(sorted({group for hosts, _unit in SERVICES.values() for group in hosts.split(":")}))
    plays: list[dict[str, Any]] = [{"hosts": everywhere, "gather_facts": True}]
    for hosts, unit in SERVICES.values():
        asked = {"ansible.builtin.command": {"argv": ["systemctl", "is-active", unit]}, "changed_when": False}
        plays.append({"hosts": hosts, "gather_facts": False, "tasks": [asked]})
    return plays


FLOORS: dict[str, list[dict[str, Any]]] = {
    "facts alone": floor()[:1],
    "facts, and `systemctl is-active` for each role": floor(),
}


def written(number: int, plays: Sequence[Mapping[str, Any]]) -> Path:
    """Write a playbook; return where."""
    file = _FOLDER / f"floor-{number}.yml"
    file.write_text(json.dumps(plays, indent=1) + "\n", encoding="utf-8")
    return file


# The peer


def _debops(part: Path) -> None:
    pythons.install(part, "--no-deps", *_PACKAGES)


def peer(cluster: Cluster, detail: Detail) -> dict[str, list[Run]]:
    """Reach the same end state by the roles of the peer."""
    packages = cache.get(CACHE, "debops", cache.key("debops 2", *_PACKAGES), _debops)
    topology = _FOLDER / "topology.json"
    topology.write_text(json.dumps({"ha_web_topology": cluster.topology}), encoding="utf-8")
    settings = {
        "ANSIBLE_COLLECTIONS_PATH": f"{packages}/debops/_data/ansible/collections:{REPO}/.collections",
        "PYTHONPATH": f"{REPO}/tests:{packages}",
        # It is written for earlier versions of ansible-core.
        "ANSIBLE_INJECT_FACT_VARS": "true",
        "ANSIBLE_ALLOW_BROKEN_CONDITIONALS": "true",
    }
    return deployed(cluster, detail, _PEER_PLAYBOOK, f"--extra-vars=@{topology}", ours=False, settings=settings)


# Failover


def losses(cluster: Cluster, detail: Detail) -> list[float]:
    """Cut the master's power a few times; return the outages, each within the bound of the cluster's topology."""
    outages = []
    for turn in range(ROUNDS):
        node = cluster.preferred_master
        detail(f"power loss of the master, {turn + 1} of {ROUNDS}")
        outages.append(masters.power_loss(cluster, lambda _text: None).seconds)
        masters.returns(cluster, node, lambda _text: None)
    return outages


def with_defaults(inventory: Path) -> Path:
    """Return the inventory with the times that keepalived has by itself."""
    copied = _FOLDER / "inventory"
    shutil.rmtree(copied, ignore_errors=True)
    shutil.copytree(inventory, copied)
    (copied / "group_vars/all/times.yml").write_text(json.dumps(DEFAULTS) + "\n", encoding="utf-8")
    return copied


def bounds(cluster: Cluster) -> dict[str, float]:
    """Return what the topology promises."""
    service = cluster.topology["virtual_services"][0]
    return {
        "power loss of the master": cluster.router["failover_s"],
        "web server that refuses": service["ejection_refused_s"],
        "web server that is silent": service["ejection_s"],
    }


# All of it


def measure(cluster: Cluster) -> dict[str, Any]:
    """Return all figures."""
    _FOLDER.mkdir(parents=True, exist_ok=True)
    own = Cluster(with_defaults(cluster.inventory))
    steps = Steps(5)
    runs: dict[str, dict[str, list[Run]]] = {}
    with steps.step("peer") as detail:
        runs[PEER] = peer(cluster, detail)
        detail(PEER)
    with steps.step("the same") as detail:
        runs[SAME] = deployed(cluster, detail, SITE, *_SAME)
        detail(" ".join(_SAME[:1]))
    with steps.step("whole") as detail:
        runs[WHOLE] = deployed(cluster, detail, SITE, rounds=0)
        detail(f"{len(cluster.nodes)} nodes")
    floors: dict[str, list[Run]] = {name: [] for name in FLOORS}
    ways: dict[str, list[Run]] = {name: [] for name in WAYS}
    with steps.step("floor, ways") as detail:
        for turn in range(ROUNDS):
            for number, (name, plays) in enumerate(FLOORS.items()):
                detail(f"round {turn + 1} of {ROUNDS}: {name}")
                floors[name].append(unchanged(cluster, written(number, plays)))
            for name, settings in WAYS.items():
                # Without Mitogen a run takes so long that its spread does not matter.
                if name == LAB or turn == 0:
                    detail(f"round {turn + 1} of {ROUNDS}: {name}")
                    ways[name].append(unchanged(cluster, SITE, *(_ONE_WORD if settings else ()), **settings))
        runs[WHOLE]["no change"] = ways[LAB]
        detail(", ".join(WAYS))
    with steps.step("failover") as detail:
        outages = {"lvs.ha_web": losses(cluster, detail)}
        detail("keepalived's own times are deployed")
        playbook.output(own.engine, own.inventory, SITE)
        outages["keepalived's own"] = losses(own, detail)
        detail("power losses of the master")
    record = {
        "date": datetime.now(timezone.utc).date().isoformat(),
        "versions": versions(cluster),
        "runs": {name: {kind: list(map(asdict, some)) for kind, some in kinds.items()} for name, kinds in runs.items()},
        "floors": {name: list(map(asdict, some)) for name, some in floors.items()},
        "ways": {name: list(map(asdict, some)) for name, some in ways.items()},
        "bounds": {"lvs.ha_web": bounds(cluster), "keepalived's own": bounds(own)},
        "outages": outages,
    }
    playbook.output(cluster.engine, cluster.inventory, _SHARED / "destroy.yml")
    return record


# Tables for people


def _median(runs: Sequence[Mapping[str, Any]]) -> float:
    return float(statistics.median(run["seconds"] for run in runs))


def _row(name: str, runs: Sequence[Mapping[str, Any]], base: float) -> tuple[str, ...]:
    """Return seconds, tasks, and both for each node; and the ratio to the base, which has the name's first place."""
    seconds, one = _median(runs), runs[-1]
    return (
        name,
        f"{seconds:.1f}",
        f"{seconds / base:.2f}",
        f"{one['tasks']}",
        f"{(one['done'] + one['skipped']) / one['nodes']:.0f}",
        f"{one['done'] / one['nodes']:.0f}",
        f"{one['changed']}",
        f"{seconds / one['nodes']:.1f}",
    )


def _goal(seconds: float, most: float) -> str:
    return f"{most:.1f} {'reached' if seconds <= most else 'missed'}"


def _head(what: str, base: str) -> tuple[str, ...]:
    return (what, "s, median", f"ratio to {base}", "tasks", "tasks a node", "of them done", "changes", "s a node")


def page(record: dict[str, Any]) -> str:
    """Return the figures as Markdown."""
    runs, floors, ways = record["runs"], record["floors"], record["ways"]
    stated = ", ".join(f"{name} {number}" for name, number in record["versions"].items())
    same = runs[SAME]
    deployments = [
        _row(f"{name}: {kind}", some, _median(same[kind]))
        for name, kinds in runs.items()
        for kind, some in kinds.items()
    ]
    still = _median(ways[LAB])
    multiples = [
        (name, f"{_median(some):.1f}", f"{still / _median(some):.1f}", _goal(still, _median(some) * GOAL))
        for name, some in floors.items()
    ]
    promised, lost = record["bounds"], record["outages"]
    faults = [
        (
            name,
            *(
                cell
                for whose in ("lvs.ha_web", "keepalived's own")
                for cell in (
                    f"{promised[whose][name]:.2f}",
                    " ".join(f"{one:.2f}" for one in lost[whose]) if name == "power loss of the master" else "",
                )
            ),
        )
        for name in promised["lvs.ha_web"]
    ]
    return "\n\n".join(
        [
            f"Measured on {record['date']} with {stated}.",
            table(_head("deployment", SAME), deployments),
            f"A run of the whole cluster without a change, {still:.1f} s, as a multiple of a floor:",
            table(("floor", "s, median", "multiple", f"goal, {GOAL} times, s"), multiples),
            table(_head("no change, whole cluster", LAB), [_row(name, some, still) for name, some in ways.items()]),
            "Seconds until a fault is over for clients, by configuration:",
            table(("fault", "bound", "outages", "bound with keepalived's own times", "outages"), faults),
        ]
    )


if __name__ == "__main__":
    sys.exit(command("bench_site", __doc__, measure, page))
