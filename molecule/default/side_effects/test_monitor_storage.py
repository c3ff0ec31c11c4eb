# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Storage that is gone."""

from __future__ import annotations

from lab.cluster import Cluster
from lab.monitor import Monitor, codes, of

BOOT_S = 90


def test_storage_gone(cluster: Cluster, monitor: Monitor) -> None:
    # The end of a kernel's NFS server speaks to rpcbind on the loopback: it stays.
    cluster.run("store1", "ip link set eth0 down")
    cluster.kill("store1")
    try:
        state = monitor.wait_until(
            "storage as gone",
            lambda seen: {"storage_gone", "storage_down"} <= codes(seen) and seen,
            40,
        )
        assert {share["state"] for one in state["web"] for share in one["storage"]} == {"gone"}
        assert of(state["storage"], "store1")["reach"] == "down"
    finally:
        cluster.power_on("store1")
    monitor.wait_until("a state without findings", lambda state: not state["findings"], BOOT_S)
