# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The service as it runs on a node: gunicorn on a unix socket."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from unit.monitor import cluster as files

REPO = Path(__file__).resolve().parents[3]


def ask(path: Path, target: str) -> socket.socket:
    one = socket.socket(socket.AF_UNIX)
    one.settimeout(10)
    one.connect(str(path))
    one.sendall(f"GET {target} HTTP/1.0\r\nX-Remote-User: admin\r\n\r\n".encode())
    return one


def rest(one: socket.socket) -> bytes:
    data = b""
    while part := one.recv(65536):
        data += part
    return data


def test_it_serves_and_ends_in_time(tmp_path: Path) -> None:
    nothing = {name: 9 for name in ("node", "nginx", "apache", "opcache")}
    configuration = files.lay_out(
        tmp_path,
        web_ports=nothing,
        nodes=[],
        directors=[{"name": "lvs1", "address": "127.0.0.1"}],
        prometheus="http://127.0.0.1:9",
    )
    path = tmp_path / "service.sock"
    environment = {
        **os.environ,
        "HA_WEB_MONITOR_CONFIG": str(configuration),
        "PYTHONPATH": f"{REPO}/roles/monitor/files/service:{REPO}/.collections",
    }
    command = [sys.executable, "-m", "gunicorn", "--bind", f"unix:{path}", "--worker-class", "gthread"]
    command += ["--threads", "96", "--workers", "1", "ha_web_monitor.wsgi:application"]
    with subprocess.Popen(command, env=environment, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as service:
        try:
            deadline = time.monotonic() + 10
            while not path.exists() and time.monotonic() < deadline:
                time.sleep(0.02)
            with ask(path, "/api/state") as one:
                answer = rest(one)
            assert b" 200 " in answer.splitlines()[0]
            assert b'"code":"exporter_down"' in answer
            with ask(path, "/api/stream") as stream:
                seen = b""
                while b"event: state" not in seen:
                    seen += stream.recv(65536)
                began = time.monotonic()
                service.send_signal(signal.SIGTERM)
                rest(stream)
            assert service.wait(10) == 0
            assert time.monotonic() - began < 3
        finally:
            service.kill()
        assert service.stderr is not None
        assert "Traceback" not in service.stderr.read()
