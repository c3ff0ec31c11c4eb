# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The reader of the kernel's table, on the real kernel: what it tells is what ipvsadm tells."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

READER = Path(__file__).resolve().parents[2] / "roles/exporter/files/ipvs.py"
SERVICE: dict[str, Any] = {
    **{"name": "web", "address": "10.9.1.1", "port": 80, "protocol": "tcp", "family": "ipv4", "fwmark": 0},
    **{"endpoints": [], "forwarding": "dr", "sorry_server": None},
    "servers": [{"name": "web1", "address": "10.9.2.1", "port": 80}],
}


def test_table(tmp_path: Path, ipvsadm: Callable[..., str]) -> None:
    ipvsadm("--add-service", "--tcp-service", "10.9.1.1:80", "--scheduler", "wlc", "--persistent", "300")
    ipvsadm("-a", "-t", "10.9.1.1:80", "-r", "10.9.2.1:80", "-g", "-w", "3")
    ipvsadm("-A", "-f", "7")
    ipvsadm("--start-daemon", "backup", "--mcast-interface", "hw0", "--syncid", "7")
    figures = tmp_path / "ha_web_ipvs.prom"
    configuration = tmp_path / "director.json"
    configuration.write_text(json.dumps({"textfile_ipvs": str(figures), "services": [SERVICE]}), encoding="utf-8")
    with subprocess.Popen(["python3", str(READER), str(configuration)], env=dict(os.environ)) as reader:
        try:
            end = time.monotonic() + 10
            while not figures.exists() and reader.poll() is None and time.monotonic() < end:
                time.sleep(0.1)
            written = figures.read_text(encoding="utf-8").splitlines()
        finally:
            reader.terminate()
    info = 'protocol="tcp",scheduler="wlc",forwarding="dr",persistence="300"'
    assert f'ha_web_ipvs_service_info{{service="web",endpoint="10.9.1.1:80/tcp",{info}}} 1' in written
    server = 'service="web",endpoint="10.9.1.1:80/tcp",server="web1",address="10.9.2.1:80"'
    assert f"ha_web_ipvs_server_weight{{{server}}} 3" in written
    assert f"ha_web_ipvs_server_active_connections{{{server}}} 0" in written
    assert 'ha_web_ipvs_service_connections_total{service="",endpoint="fwmark 7 (ipv4)"} 0' in written
    assert 'ha_web_sync_daemon{role="backup",interface="hw0",id="7"} 1' in written
