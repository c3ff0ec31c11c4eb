# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The whole cluster with one command: engine, nodes, ``playbooks/site.yml``, proof."""

from __future__ import annotations

import re
import shutil

from . import embedded, engine, image, playbook, report
from .cluster import Cluster
from .proof import proof
from .settings import BUILD, RELEASES, REPO

INVENTORY = REPO / "inventories/lab"
_SHARED = REPO / "molecule/shared"


def up() -> None:
    """Bring the cluster up and prove it; every step is idempotent, so a second run repairs.

    Raises:
        LabError: a step failed; it says which and what to do.
    """
    steps = report.Steps(6, done=1)  # the first, packages, is the bootstrap script's
    with steps.step("node image") as detail:
        if shutil.which("mmdebstrap"):
            for release, kind in image.ALL:
                image.archive(release, kind, detail)
        detail(f"debian {' and '.join(RELEASES)}, with the stack's packages, and a bare one")
    with steps.step("engine") as detail:
        found = engine.up(detail)
    with steps.step("nodes") as detail:
        playbook.run(found, INVENTORY, _SHARED / "create.yml", detail)
        playbook.run(found, INVENTORY, _SHARED / "prepare.yml", detail)
        cluster = Cluster(INVENTORY)
        detail(" ".join(cluster.nodes))
    with steps.step("deploy") as detail:
        playbook.run(found, INVENTORY, REPO / "playbooks/site.yml", detail)
    for line in cluster.topology["summary"]:
        report.say(f"      {line}")
    with steps.step("proof") as detail:
        detail("faults injected, measured from the outside client")
        proof(cluster, BUILD / "proof.json")
    report.say(f"The cluster is up: {url(found, cluster)}")
    report.say(f"Its monitor: {monitor_url(found, cluster)}   {who_may_log_in()}")
    report.say("make status · make shell NODE=lvs1 · make proof · make down")


def url(found: engine.Engine, cluster: Cluster) -> str:
    """Return where a browser on this machine finds the cluster."""
    if found.is_embedded:
        forwarded = embedded.open_browser_port(cluster.vip)
        if forwarded:
            return forwarded
    return f"http://{cluster.vip}/"


def monitor_url(found: engine.Engine, cluster: Cluster) -> str:
    """Return where a browser on this machine finds the monitor."""
    port = cluster.topology["monitor"]["port"]
    if found.is_embedded:
        forwarded = embedded.open_monitor_port(cluster.vip, port)
        if forwarded:
            return forwarded
    return f"https://{cluster.vip}:{port}/"


def who_may_log_in() -> str:
    """Return the password that the playbook has shown, if it was its first run."""
    shown = re.search(r"^\s+password +(\S+)$", (BUILD / "site.log").read_text(encoding="utf-8"), re.MULTILINE)
    return f"user admin, password {shown[1]}" if shown else "user admin, with the password of the first run"


def down() -> None:
    """Remove the lab's nodes; with the embedded engine, the engine as well."""
    found = engine.find()
    if found and not found.is_embedded:
        playbook.run(found, INVENTORY, _SHARED / "destroy.yml", report.say)
    if embedded.remains():
        embedded.stop()
    report.say("the cluster is down")
