# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""keepalived with configurations of many servers, on the running kernel: its test, its start, its reload.

Runs as root in the container that ``lab.bench_topology`` makes: keepalived.py FIGURES ROUNDS FILE... It writes its
figures to a JSON file.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

TABLE = Path("/proc/net/ip_vs")
PATIENCE_S = 300.0
_NETWORK = """\
link set lo up
link add eth0 type dummy
link set eth0 multicast on
address add 10.9.0.1/24 dev eth0
link set eth0 up
route add default via 10.9.0.254
"""


def wanted(file: Path) -> tuple[int, int]:
    """Return the number of virtual servers and of real servers in a configuration."""
    text = file.read_text(encoding="utf-8")
    return len(re.findall(r"(?m)^virtual_server ", text)), len(re.findall(r"(?m)^    real_server ", text))


def table() -> list[str]:
    """Return the kernel's table, without its head."""
    return TABLE.read_text(encoding="ascii").splitlines()[3:]


def counted() -> tuple[int, int]:
    """Return the number of virtual servers and of real servers in the kernel."""
    lines = table()
    real = sum(line.startswith("  ->") for line in lines)
    return len(lines) - real, real


def seconds_until(condition: Callable[[], bool], process: subprocess.Popen[bytes]) -> float:
    """Return how long it takes until something is true."""
    started = time.perf_counter()
    while not condition():
        if process.poll() is not None:
            sys.exit(f"keepalived ended with {process.returncode}")
        if time.perf_counter() > started + PATIENCE_S:
            sys.exit(f"not within {PATIENCE_S:g} s; the table has {counted()}")
        time.sleep(0.02)
    return time.perf_counter() - started


def test(file: Path) -> float:
    """Let keepalived test a configuration; return the seconds."""
    started = time.perf_counter()
    command = ["unshare", "--pid", "--fork", "keepalived", "--config-test", "--use-file", str(file)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    seconds = time.perf_counter() - started
    if done.returncode or done.stdout:
        sys.exit(f"{file}: keepalived refuses it with {done.returncode}: {done.stdout[-2000:]}")
    return seconds


def run(file: Path) -> dict[str, float]:
    """Start keepalived, change one weight, and stop it; return how long the kernel's table took to follow."""
    text = file.read_text(encoding="utf-8")
    live = Path("/tmp/live.conf")
    live.write_text(text, encoding="utf-8")
    process = subprocess.Popen(
        ["keepalived", "--dont-fork", f"--use-file={live}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        start = seconds_until(lambda: counted() == wanted(file), process)
        before, _weight, after = text.rpartition("        weight 1\n")
        live.write_text(f"{before}        weight 7\n{after}", encoding="utf-8")
        process.send_signal(signal.SIGHUP)
        reload = seconds_until(lambda: any(line.split()[3:4] == ["7"] for line in table()), process)
        if counted() != wanted(file):
            sys.exit(f"after the reload the table has {counted()}")
    finally:
        process.terminate()
        process.wait()
    return {"start": start, "reload": reload}


def measure(file: Path, rounds: int) -> dict[str, Any]:
    """Return the figures of one configuration."""
    services, servers = wanted(file)
    print(f"  {services:,} virtual servers, {servers:,} real servers", flush=True)
    seconds: dict[str, list[float]] = {"config_test": [test(file) for _turn in range(rounds)]}
    for _turn in range(rounds):
        for step, value in run(file).items():
            seconds.setdefault(step, []).append(round(value, 3))
    return {"services": services, "real_servers": servers, **seconds}


def main() -> None:
    """Measure all files that are named."""
    os.environ["LC_ALL"] = "C"
    subprocess.run(["ip", "-batch", "-"], input=_NETWORK, text=True, check=True)
    subprocess.run(["useradd", "--system", "keepalived_script"], check=True)
    rounds, files = int(sys.argv[2]), [Path(name) for name in sys.argv[3:]]
    Path(sys.argv[1]).write_text(json.dumps([measure(file, rounds) for file in files]), encoding="utf-8")


if __name__ == "__main__":
    main()
