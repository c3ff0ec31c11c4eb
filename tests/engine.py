# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The embedded engine's life, for real: start, use, crash, repair, stop without a trace.

An engine of its own, beside whatever runs on this machine.
"""

from __future__ import annotations

import io
import os
import signal
import subprocess
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker.types import LogConfig

os.environ["HA_WEB_LAB"] = "ha-web-test"
os.environ["HA_WEB_APT_CACHE_PORT"] = "13143"

from lab import embedded, engine, image, preflight, settings
from lab.report import LabError

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="the embedded engine needs root")


def _say(text: str) -> None:
    print(text, flush=True)


def _traces() -> dict[str, str]:
    """What an engine could leave behind, as the machine shows it."""

    def output(*command: str) -> str:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    return {
        "namespaces": output("ip", "netns", "list"),
        "addresses": output("ip", "-brief", "address"),
        "routes": output("ip", "route"),
        "mounts": Path("/proc/mounts").read_text(encoding="utf-8"),
        "processes": "\n".join(
            line for line in output("ps", "-eo", "args").splitlines() if settings.NAME in line and "python" not in line
        ),
        "run": str(settings.RUN.exists()),
        "disks": " ".join(map(str, settings.CACHE.glob(f"{settings.NAME}.cow"))),
    }


@pytest.fixture
def before() -> Iterator[dict[str, str]]:
    embedded.stop()
    traces = _traces()
    yield traces
    embedded.stop()


def _in_container(*command: str, modules: str) -> str:
    """Run a command in a privileged container: all of its output must arrive."""
    client = engine.Engine(embedded.DOCKER_HOST, "", "").client()
    words = client.containers.run(
        image.name(settings.RELEASES[0], "bare"),
        ["sh", "-ec", *command],
        privileged=True,
        remove=True,
        network_mode="none",
        volumes=[f"/lib/modules:/lib/modules:{modules}"],
        # The engine keeps no logs; this one's output is read from them.
        log_config=LogConfig(type="json-file"),
    )
    client.close()
    return str(words.decode())


def _hide_ipvs() -> None:
    script = 'modprobe -r ip_vs; cd "/lib/modules/$(uname -r)/kernel/net/netfilter"; mv ipvs ../hidden'
    _in_container(script, modules="rw")


def _ipvs_module_says() -> str:
    """Return the error of the collection's IPVS modules, run in a container."""
    program = (
        "from ha_web._ipvs.kernel import Kernel, KernelError\n"
        "try:\n    Kernel()\nexcept KernelError as error:\n    print(error)"
    )
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as packed:
        packed.add(settings.REPO / "plugins/module_utils", "ha_web")
    client = engine.Engine(embedded.DOCKER_HOST, "", "").client()
    container = client.containers.create(
        image.name(settings.RELEASES[0], "bare"),
        ["python3", "-c", program],
        privileged=True,
        network_mode="none",
        working_dir="/srv",
        log_config=LogConfig(type="json-file"),
    )
    container.put_archive("/srv", archive.getvalue())
    container.start()
    container.wait(timeout=60)
    words = container.logs().decode()
    container.remove()
    client.close()
    return str(words)


@needs_root
def test_life_of_the_embedded_engine(
    before: dict[str, str],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    embedded.start(_say)
    assert embedded.running()
    script = "modprobe ip_vs; test -e /proc/net/ip_vs; seq 2000"
    assert len(_in_container(script, modules="ro").split()) == 2000
    kernel = embedded._processes.pid("kernel")
    assert kernel

    # A second start uses the living engine, and quickly.
    embedded.start(_say)
    assert embedded._processes.pid("kernel") == kernel
    assert "already running" in capfd.readouterr().out

    # To whom it is somebody else's engine, it serves as well: it has the images and IPVS.
    alias = tmp_path / "docker.sock"
    alias.symlink_to(embedded.SOCKET)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{alias}")
    assert not engine.up(_say).is_embedded
    # Without the modules it does not, and the user is told.
    _hide_ipvs()
    assert _ipvs_module_says().startswith(
        "This kernel has no IPVS: its module ip_vs is not loaded. Load it with modprobe"
    )
    with pytest.raises(LabError, match=r"DOCKER_HOST=.*: its kernel has no ip_vs and cannot load it") as caught:
        engine.up(_say)
    assert "\n" not in str(caught.value)
    monkeypatch.delenv("DOCKER_HOST")

    # A crash: the next start clears away what is left and begins anew.
    os.kill(kernel, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while embedded.running() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert embedded.remains() and not embedded.running()
    embedded.start(_say)
    assert "clearing away a dead engine" in capfd.readouterr().out
    assert embedded.running()

    embedded.stop()
    assert not embedded.remains()
    assert _traces() == before


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ({"geteuid": lambda: 1000}, "not root"),
        ({"FREE_DISK_GIB": 10**9}, "too little disk"),
        ({"GUEST_MEMORY_MIB": (10**9, 10**9)}, "too little memory"),
        ({"_TOOLS": {"no-such-tool": "no-such-package"}}, "apt-get install no-such-package"),
    ],
)
def test_what_is_missing_is_said_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch, broken: dict[str, object], words: str
) -> None:
    for name, value in broken.items():
        monkeypatch.setattr(os if name == "geteuid" else preflight, name, value)
    with pytest.raises(LabError, match=words) as caught:
        preflight.embedded()
    assert "\n" not in str(caught.value)
    assert not settings.RUN.exists()


def test_an_engine_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")
    with pytest.raises(LabError, match=r"DOCKER_HOST=tcp://127\.0\.0\.1:9 does not answer"):
        engine.find()
