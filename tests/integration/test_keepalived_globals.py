# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What some of keepalived's global lines do, as the role writes them."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

WRITTEN = Path(__file__).with_name("keepalived") / "virtual_router.conf"
FOLDER = Path("/etc/ha-web-test")
# A script that others could change, or that lies where they could put another, keepalived does not run.
_READER = """#!/bin/sh
printf '%s\\n' "$*" > {folder}/arguments
while read -r line; do printf '%s\\n' "$line" >> {folder}/heard; done < "$2"
"""
_CONFIGURATION = """
global_defs {{
    # Without an id it would look for the machine's name, which no name server here knows.
    router_id lvs1
    enable_script_security
    script_user root
    {lines}
}}
virtual_server 10.9.0.100 80 {{
    protocol tcp
    lvs_sched rr
    lvs_method NAT
    delay_loop 0.1
    real_server 10.9.0.1 1 {{
        TCP_CHECK {{
        }}
    }}
}}
"""

_FAILURE = "RS [10.9.0.1]:tcp:1 [10.9.0.100]:tcp:80 DOWN\n"


@pytest.fixture
def folder() -> Iterator[Path]:
    FOLDER.mkdir(mode=0o755)
    # Who owns the FIFO, in the lines that the role writes.
    subprocess.run(["sh", "-c", "id keepalived_script || useradd --system keepalived_script"], check=True)
    yield FOLDER
    subprocess.run(["rm", "-r", FOLDER], check=True)


def written(pattern: str) -> list[str]:
    """Return lines that the role writes."""
    found = [line.strip() for line in WRITTEN.read_text().splitlines() if re.match(rf"\s+{pattern}", line)]
    assert found
    return found


@contextmanager
def keepalived(folder: Path, lines: list[str]) -> Iterator[None]:
    file = folder / "keepalived.conf"
    file.write_text(_CONFIGURATION.format(lines="\n    ".join(lines)))
    pids = [f"--pid={folder}/pid", f"--checkers_pid={folder}/checkers"]
    command = ["keepalived", "--dont-fork", "--check", f"--use-file={file}", *pids]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()


def comes_true(condition: Callable[[], bool], seconds: float = 15.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_timeouts_of_connections(ipvsadm: Callable[..., str], folder: Path) -> None:
    def timeouts() -> list[str]:
        return re.findall(r"\d+", ipvsadm("--list", "--timeout"))

    assert timeouts() == ["900", "120", "300"]
    with keepalived(folder, written("lvs_timeouts ")):
        assert comes_true(lambda: timeouts() == ["300", "10", "60"]), timeouts()


def test_script_hears_what_the_fifo_says(folder: Path) -> None:
    script = folder / "reader"
    script.write_text(_READER.format(folder=folder))
    script.chmod(0o755)
    fifo = folder / "fifo"
    heard = folder / "heard"
    lines = [
        line.replace("/run/keepalived.fifo", str(fifo)).replace("/usr/bin/test", str(script))
        for line in written("notify_fifo")
    ]
    assert len(lines) == 2
    with keepalived(folder, lines):
        assert comes_true(lambda: heard.exists() and _FAILURE in heard.read_text()), list(folder.iterdir())
        assert (folder / "arguments").read_text() == f"-p {fifo}\n"
        assert fifo.is_fifo()
        assert fifo.owner() == "keepalived_script"
