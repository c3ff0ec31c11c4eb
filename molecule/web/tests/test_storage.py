# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Shared storage: the mounts, who is let in, what one host writes seen by the others, and locks between them."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import State
from lab.cluster import Cluster
from lab.node_program import NodeProgram
from lab.report import wait_for

testinfra_hosts = ["ansible://web", "ansible://storage"]

SHARE = "/srv/ha-web/shared"
LOCK = Path(__file__).parents[1] / "files/lock.py"
COMMANDS = {
    "mount": f"grep ' {SHARE} ' /proc/self/mounts",
    "watcher": "systemctl show --property=ActiveState,UnitFileState,StatusText ha-web-storage",
    "server": "systemctl is-active nfs-server",
    "versions": "cat /proc/fs/nfsd/versions",
    "exports": "cat /proc/fs/nfsd/exports",
    "lease": "cat /proc/fs/nfsd/nfsv4leasetime /proc/fs/nfsd/nfsv4gracetime",
    "masked": "systemctl is-enabled rpcbind.socket rpcbind.service rpc-statd.service rpc-statd-notify.service",
    "listening": "ss --no-header --listening --tcp --udp --numeric --processes",
    "failed": "systemctl list-units --failed --plain --no-legend",
}


def is_server(state: State) -> bool:
    return state["server"].text == "active"


def as_www_data(cluster: Cluster, node: str, script: str) -> str:
    return cluster.run(node, f"su -s /bin/sh www-data -c '{script}'")


def test_no_unit_has_failed(state: State) -> None:
    assert not state["failed"].text


def test_share_is_mounted_on_web_servers_alone(state: State) -> None:
    if is_server(state):
        assert state["mount"].code == 1
        return
    _source, path, kind, options = state["mount"].text.split()[:4]
    assert (path, kind) == (SHARE, "nfs4")
    wanted = {"rw", "vers=4.2", "proto=tcp", "softerr", "timeo=30", "retrans=1", "nosuid", "nodev", "noexec", "noatime"}
    # As the kernel says actimeo=0.
    wanted |= {f"{one}=0" for one in ("acregmin", "acregmax", "acdirmin", "acdirmax")}
    assert wanted <= set(options.split(","))
    assert state["watcher"].lines == ["StatusText=All shares are there", "ActiveState=active", "UnitFileState=enabled"]


def test_version_4_2_alone(state: State) -> None:
    if is_server(state):
        assert state["versions"].text.split() == ["-3", "+4", "-4.0", "-4.1", "+4.2"]
        assert state["lease"].lines == ["10", "10"]
    assert state["masked"].lines == ["masked"] * 4


def test_nothing_listens_for_version_3(state: State) -> None:
    assert ":111 " not in state["listening"].text
    assert not [name for name in ("rpc.mountd", "rpc.statd", "rpcbind") if name in state["listening"].text]


def test_exports_are_for_the_web_servers(state: State, cluster: Cluster) -> None:
    if not is_server(state):
        return
    exported = [line.split(None, 1) for line in state["exports"].lines if not line.startswith("#")]
    known = {address for _path, clients in exported for address in clients.partition("(")[0].split(",")}
    assert known <= {cluster.address(node) for node in cluster.web}
    assert cluster.run("store1", "exportfs -s | grep -c .").strip() == str(len(cluster.web))


@pytest.mark.parametrize("node", ["client", "lvs1"])
def test_storage_is_closed_to_others(cluster: Cluster, node: str) -> None:
    address = cluster.address("store1")
    # Silence from the firewall is 124; an open port would be 0.
    script = f"timeout 3 bash -c '>/dev/tcp/{address}/2049' 2>/dev/null; echo $?"
    assert cluster.run(node, script).strip() == "124"
    assert cluster.run(cluster.web[0], script).strip() == "0"


def test_root_of_a_client_is_nobody(cluster: Cluster) -> None:
    """And what is not exported is not seen."""
    first = cluster.web[0]
    assert cluster.run(first, f"touch {SHARE}/by-root 2>/dev/null; echo $?").strip() == "1"
    source = f"{cluster.address('store1')}:/"
    script = f"mkdir -p /run/peek && mount -t nfs4 -o vers=4.2 {source} /run/peek && ls /run/peek; umount /run/peek"
    assert cluster.run(first, script).split() == ["shared"]


def test_what_one_writes_the_others_see_at_once(cluster: Cluster) -> None:
    writer, *readers = cluster.web
    name = f"{SHARE}/seen-{time.time():.0f}"
    look = f"cat {name} 2>&1; stat --format=%s {name} 2>&1; ls {SHARE} | grep -c {Path(name).name}; true"

    def seen() -> set[tuple[str, ...]]:
        return {tuple(as_www_data(cluster, node, look).splitlines()) for node in readers}

    # Each look also fills the caches of the readers with what is about to change.
    assert {one[-1] for one in seen()} == {"0"}
    for content in ("first", "the second"):
        as_www_data(cluster, writer, f'printf "{content}" > {name}')
        assert seen() == {(f"{content}{len(content)}", "1")}
    as_www_data(cluster, writer, f"mv {name} {name}.moved")
    assert {one[-1] for one in seen()} == {"1"} and all("No such file" in one[0] for one in seen())
    as_www_data(cluster, writer, f"rm {name}.moved")
    assert {one[-1] for one in seen()} == {"0"}


def locker(cluster: Cluster, node: str, kind: str, *arguments: object) -> tuple[NodeProgram, dict[str, Any]]:
    """A program that takes a lock, and what it has said so far."""
    said: dict[str, Any] = {}
    path = f"{SHARE}/lock-{kind}"
    program = NodeProgram(cluster, node, LOCK, (path, kind, *arguments), lambda line: said.update(json.loads(line)))
    return program, said


@pytest.mark.parametrize("kind", ["flock", "fcntl"])
def test_a_lock_held_by_one_keeps_the_other_out(cluster: Cluster, kind: str) -> None:
    first, second = cluster.web[:2]
    holder, held = locker(cluster, first, kind, 8)
    wait_for(f"{first} to hold the lock", lambda: "got" in held, 20)
    refused, answer = locker(cluster, second, kind, 0)
    refused.end(20)
    assert answer == {"got": None}
    waiting, waited = locker(cluster, second, kind, 0, "wait")
    wait_for(f"{second} to hold the lock", lambda: "got" in waited, 40)
    holder.end(20)
    waiting.end(20)
    # The server calls who waits: it need not look again and again. Both clocks are the engine's.
    assert -0.2 < waited["got"] - held["released"] < 1
