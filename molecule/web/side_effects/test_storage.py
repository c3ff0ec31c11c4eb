# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Storage lost, and what goes on without it: a client outside asks for pages that need it and for others."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from lab import outage, playbook
from lab.cluster import Cluster
from lab.load import PATIENCE_S, PROBE, Load
from lab.node_program import NodeProgram
from lab.outage import Sample
from lab.report import wait_for
from lab.settings import REPO

SITE = REPO / "playbooks/site.yml"
STORE = "store1"
SHARE = "/srv/ha-web/shared"
LOCK = Path(__file__).parents[1] / "files/lock.py"
LEASE_S = 10
GRACE_S = 10
OUTAGE_S = 60
# The longest that a page of two files waits: two calls of six seconds each, and those before them in the same folder.
BOUNDED_S = 25
# After so long the share has been let go of, and whoever needs it fails at once.
LET_GO_S = 15
BOOT_S = 90

# Requests a second for a page. A hundred leave the engine's one processor no time for anything else, and a node that
# boots makes them late.
RATE = 30
STATIC = "/static.txt"
FREE = "/without-storage.php"
NEEDY = "/with-storage.php"
PAGES = {
    FREE: "<?php echo gethostname();",
    NEEDY: f"<?php if (@file_put_contents('{SHARE}/' . gethostname(), 'x') !== 1) http_response_code(503);",
}


@pytest.fixture(scope="module", autouse=True)
def pages(cluster: Cluster) -> Iterator[None]:
    for node in cluster.web:
        for path, page in PAGES.items():
            cluster.run(node, f"cat >/var/www/html{path} <<'END'\n{page}\nEND")
    yield
    cluster.mend()
    for node in cluster.web:
        cluster.run(node, f"rm -f {' '.join(f'/var/www/html{path}' for path in PAGES)}")


class Asking:
    """A page asked for a few times a second, by somebody patient."""

    def __init__(self, cluster: Cluster, path: str, rate: int) -> None:
        self.samples: list[Sample] = []
        arguments = (cluster.vip, 80, path, rate, 280, BOUNDED_S + 5)
        self._program = NodeProgram(cluster, cluster.client, PROBE, arguments, self._take)

    def _take(self, line: str) -> None:
        self.samples.append(outage.sample(line))

    def __enter__(self) -> Asking:
        wait_for("an answer", lambda: self.samples, BOUNDED_S)
        return self

    def __exit__(self, *_error: object) -> None:
        self._program.end(BOUNDED_S + 30)
        self._program.check()

    def well_since(self, at: float) -> Sample | None:
        """The first answer that came later and was right."""
        return next((one for one in self.samples if one.at > at and not one.failed), None)


class Traffic:
    """Pages that need no storage, at the rate of the probe and beside it, and a page that does."""

    def __init__(self, cluster: Cluster) -> None:
        self.free = Load(cluster, FREE, RATE, PATIENCE_S)
        self.static = Asking(cluster, STATIC, 10)
        self.needy = Asking(cluster, NEEDY, 1)

    def undisturbed(self) -> None:
        assert not [one for one in self.free.samples() if one.failed]
        assert not [one for one in self.static.samples if one.failed or one.took > PATIENCE_S]


@contextmanager
def traffic(cluster: Cluster) -> Iterator[Traffic]:
    with ExitStack() as stack:
        found = Traffic(cluster)
        for one in (found.needy, found.static, found.free):
            stack.enter_context(one)
        yield found


def power_loss(cluster: Cluster, node: str) -> float:
    """Unlike Cluster.unplug it leaves the loopback alone: the end of a kernel's NFS server speaks to rpcbind there."""
    at = cluster.command_at(node, "ip link set eth0 down")
    cluster.kill(node)
    return at


def storage_status(cluster: Cluster, node: str) -> str:
    return cluster.run(node, "systemctl show --property=StatusText --value ha-web-storage").strip()


def all_there(cluster: Cluster) -> bool:
    return all(storage_status(cluster, node) == "All shares are there" for node in cluster.web)


def wait_until_sent(traffic: Traffic, at: float) -> None:
    wait_for(f"requests sent at {at:.0f}", lambda: traffic.free.samples()[-1].at > at, OUTAGE_S + 30, every=0.2)


Said = dict[str, Any]


def locker(cluster: Cluster, node: str, *arguments: object) -> tuple[NodeProgram, Said]:
    said: Said = {}
    take: Callable[[str], None] = lambda line: said.update(json.loads(line))  # noqa: E731
    return NodeProgram(cluster, node, LOCK, (f"{SHARE}/lock-power", "flock", *arguments), take), said


def tried(cluster: Cluster, node: str) -> float | None:
    """When the lock was got, if it could be got at once."""
    program, said = locker(cluster, node, 0)
    program.end(20)
    program.check()
    got: float | None = said["got"]
    return got


def test_restart_of_the_server_costs_seconds(cluster: Cluster) -> None:
    """Nobody fails; who needs a file waits; a lock stays with its holder."""
    first, second = cluster.web[:2]
    holder, held = locker(cluster, first, 200)
    wait_for(f"{first} to hold the lock", lambda: "got" in held, 20)
    with traffic(cluster) as seen:
        at = cluster.command_at(STORE, "systemctl restart nfs-server")
        wait_for("storage", partial(seen.needy.well_since, at + 1), GRACE_S + 20)
        wait_until_sent(seen, at + GRACE_S + 2)
    seen.undisturbed()
    waited = max(one.took for one in seen.needy.samples)
    print(f"the longest that a page waited for its file: {waited:.1f} s")
    assert not [one for one in seen.needy.samples if one.failed]
    assert waited < BOUNDED_S
    assert tried(cluster, second) is None
    holder.end(20)
    wait_for("the lock", partial(tried, cluster, second), 3 * LEASE_S)


def test_power_loss_of_the_storage(cluster: Cluster) -> None:
    with traffic(cluster) as seen:
        lost_at = power_loss(cluster, STORE)
        wait_until_sent(seen, lost_at + OUTAGE_S)
        assert all("is not there" in storage_status(cluster, node) for node in cluster.web)
        on_at = cluster.power_on(STORE)
        wait_for("storage on all web servers", partial(all_there, cluster), BOOT_S)
        listens = "systemctl show --property=ActiveEnterTimestamp --timestamp=unix --value nfs-server"
        up_at = float(cluster.run(STORE, listens).strip().lstrip("@"))
        back = wait_for("a page", partial(seen.needy.well_since, on_at), GRACE_S + 20)
        wait_until_sent(seen, back.at + 3)
    seen.undisturbed()
    without = [one for one in seen.needy.samples if lost_at < one.at < on_at]
    longest = max(one.took for one in without)
    later = max(one.took for one in without if one.at > lost_at + LET_GO_S)
    print(f"pages that need storage fail after {longest:.1f} s at most, {LET_GO_S} s later after {later:.2f} s")
    print(f"the first is right {back.at + back.took - up_at:.1f} s after the server is up")
    assert all(one.failed for one in without if one.at > lost_at + 1)
    assert longest < BOUNDED_S
    assert later < PATIENCE_S
    assert back.at + back.took - up_at < GRACE_S + 10


def test_web_server_boots_without_storage(cluster: Cluster) -> None:
    last = cluster.web[-1]
    power_loss(cluster, STORE)
    try:
        power_loss(cluster, last)
        with Load(cluster, FREE, RATE, PATIENCE_S) as free:
            on_at = cluster.power_on(last)
            served_at = free.wait_for_answer_of(last, on_at, BOOT_S)
        print(f"{last} served {served_at - on_at:.1f} s after power on")
        assert "is not there" in storage_status(cluster, last)
        assert "is not there" in cluster.run(last, "journalctl --boot --unit=ha-web-storage --output=cat")
        assert cluster.run(last, "systemctl list-units --failed --plain --no-legend") == ""
    finally:
        cluster.power_on(STORE)
    wait_for("storage on all web servers", partial(all_there, cluster), BOOT_S)


def test_lock_of_a_host_that_lost_power_is_released(cluster: Cluster) -> None:
    first, *_others, last = cluster.web
    _holder, held = locker(cluster, last, 200)
    wait_for(f"{last} to hold the lock", lambda: "got" in held, 20)
    assert tried(cluster, first) is None
    lost_at = power_loss(cluster, last)
    got_at = wait_for("the lock", partial(tried, cluster, first), 3 * LEASE_S)
    cluster.power_on(last)
    print(f"lock released {got_at - lost_at:.1f} s after the power loss of its holder")
    assert got_at - lost_at < 2 * LEASE_S + 5
    cluster.wait_until_healthy(BOOT_S)


@pytest.fixture
def storage_counts(cluster: Cluster) -> Iterator[None]:
    def run(counts: bool) -> None:
        wanted = ("--tags=nfs", "--limit=web", "--extra-vars", json.dumps({"nfs_storage_counts": counts}))
        playbook.changes(cluster.engine, cluster.inventory, SITE, *wanted)

    run(True)
    yield
    run(False)


def test_server_without_storage_is_ejected_where_storage_counts(cluster: Cluster, storage_counts: None) -> None:
    node = cluster.web[0]
    service = cluster.topology["virtual_services"][0]
    # The watcher's second, and the time within which a share must answer, come before the check notices.
    bound = 1 + 2 + service["ejection_content_s"] + 2
    with Load(cluster, FREE, RATE, PATIENCE_S) as free:
        free.wait_for_answer_of(node, 0, 30)
        lost_at = cluster.command_at(node, f"ip route add blackhole {cluster.address(STORE)}")
        try:
            wait_for(f"{node} to be ejected", lambda: _sent_last(free, node) < free.samples()[-1].at - 3, bound + 10)
            ejected_at = _sent_last(free, node)
            print(f"ejected {ejected_at - lost_at:.1f} s after its storage was gone")
            assert cluster.run(node, "cat /run/ha-web/storage-unhealthy")
        finally:
            back_at = cluster.command_at(node, f"ip route del blackhole {cluster.address(STORE)}")
        free.wait_for_answer_of(node, back_at, 30)
    assert ejected_at - lost_at < bound
    assert not [one for one in free.samples() if one.failed]
    assert cluster.run(node, "test ! -e /run/ha-web/storage-unhealthy && echo gone") == "gone\n"


def _sent_last(free: Load, node: str) -> float:
    return max(one.at for one in free.samples() if one.server == node)
