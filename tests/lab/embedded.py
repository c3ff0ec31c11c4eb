# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The embedded engine: dockerd in a User-Mode Linux, its API on a unix socket of this machine.

All its traffic stays in one network namespace that has no way out but two relays: the Docker API
comes in, and a package cache serves Debian's archive to the nodes. No address, route or firewall
rule is added to the machine's own network.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import docker
import requests.exceptions

from . import cache, debian, image, preflight, uml
from .processes import Processes, reap
from .report import LabError, wait_for
from .settings import (
    APT_CACHE_PORT,
    APT_PROXY_PORT,
    BROWSER_PORT,
    CACHE,
    DOCKER_PORT,
    ENGINE_NICENESS,
    GUEST_ADDRESS,
    GUEST_RELEASE,
    NAME,
    NETNS,
    NODE_NETWORKS,
    RUN,
    TAP,
    TAP_ADDRESS,
)

SOCKET = RUN / "docker.sock"
DOCKER_HOST = f"unix://{SOCKET}"
APT_PROXY = f"http://{TAP_ADDRESS}:{APT_PROXY_PORT}"

_processes = Processes(RUN / "processes")
_FORWARDS = ("browser", "monitor")
_NAMES = (*_FORWARDS, "docker-api", "apt-relay", "apt-door", "apt-cache", "kernel")
_COW = CACHE / f"{NAME}.cow"  # not in RUN: memory is too dear for it
_CONSOLE = RUN / "console.log"
_IN_NETNS = ["ip", "netns", "exec", NETNS]


def answers(docker_host: str, seconds: int = 5) -> bool:
    """Tell whether a Docker engine answers within ``seconds``."""
    try:
        client = docker.DockerClient(base_url=docker_host, timeout=seconds)
        try:
            return bool(client.ping())
        finally:
            client.close()
    except (docker.errors.DockerException, requests.exceptions.RequestException):
        return False


def _netns_exists(name: str = NETNS) -> bool:
    return Path("/run/netns", name).exists()


def running() -> bool:
    """Tell whether the engine is alive and answers."""
    alive = all(_processes.pid(name) for name in _NAMES if name not in _FORWARDS)
    # A guest under full load may take its time; a dead relay or kernel shows at once.
    return alive and _netns_exists() and answers(DOCKER_HOST, 30)


def remains(name: str = NAME) -> bool:
    """Tell whether an engine of that name, or what a killed one left, is on this machine."""
    return Path("/run", name).exists() or _netns_exists(name)


def kernel_in_use() -> str | None:
    """Return the description of the running kernel."""
    try:
        return (RUN / "kernel").read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def start(detail: Callable[[str], None]) -> None:
    """Start the engine; one that is alive is used as it is, a dead one is cleared away first.

    Raises:
        LabError: something is missing (before anything is started) or does not come up.
    """
    preflight.root()
    with cache.locked(CACHE / f".{NAME}.lock"):
        if running():
            detail(f"embedded kernel {kernel_in_use()}, already running")
            return
        preflight.embedded()
        if remains():
            detail("clearing away a dead engine")
            stop()
        cores = preflight.cores()
        kernel, disk = parts(cores, detail)
        detail(f"no Docker with IPVS here: embedded kernel {kernel}")
        try:
            _boot(kernel, disk, cores)
        except BaseException:
            console = _console_tail()
            stop()
            print(console)
            raise


def parts(cores: list[int], detail: Callable[[str], None]) -> tuple[uml.Kernel, Path]:
    """Return kernel and pristine disk, building what the cache does not hold."""
    kernel = uml.kernel(detail)
    images = {image.name(release, kind): image.archive(release, kind, detail) for release, kind in image.ALL}
    return kernel, uml.disk(kernel, images, cores, detail)


def _boot(kernel: uml.Kernel, disk: Path, cores: list[int]) -> None:
    RUN.mkdir(mode=0o700)
    (RUN / "kernel").write_text(str(kernel), encoding="utf-8")
    _make_netns()
    more = [f"vec0:transport=tap,ifname={TAP},depth=128,gro=1", "umid=engine", f"uml_dir={RUN}/uml"]
    command = uml.boot_command(kernel, f"{_COW},{disk}", preflight.guest_memory_mib(), *more)
    _processes.start("kernel", [*_IN_NETNS, *uml.pin(command, cores)], _CONSOLE)
    _processes.renice("kernel", ENGINE_NICENESS)
    # A socket of the file system serves all network namespaces, and one relay passes on which side has ended, at once:
    # Mitogen waits 5 s for a connection that does not. -t600: `docker exec` loses no output when its input ends first.
    _processes.start(
        "docker-api",
        [
            *_IN_NETNS,
            "socat",
            "-t600",
            f"UNIX-LISTEN:{SOCKET},fork,mode=0600,backlog=128",
            f"TCP:{GUEST_ADDRESS}:{DOCKER_PORT}",
        ],
        RUN / "docker-api.log",
    )
    _start_apt_cache()

    def booted() -> bool:
        if _processes.pid("kernel") is None:
            raise LabError(f"the embedded kernel ended while booting; its console is above ({_CONSOLE})")
        return SOCKET.exists() and answers(DOCKER_HOST)

    wait_for("dockerd in the embedded engine", booted, 180, every=0.5)


def _make_netns() -> None:
    inside = ["ip", "-n", NETNS]
    for command in (
        ["ip", "netns", "add", NETNS],
        [*inside, "link", "set", "lo", "up"],
        [*inside, "tuntap", "add", TAP, "mode", "tap"],
        [*inside, "address", "add", f"{TAP_ADDRESS}/30", "dev", TAP],
        [*inside, "link", "set", TAP, "up"],
        [*inside, "route", "add", NODE_NETWORKS, "via", GUEST_ADDRESS],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise LabError(f"{' '.join(command)}: {done.stderr.strip()}")


def _start_apt_cache() -> None:
    """Run Debian's package cache for the nodes: unpacked only, so that no service is installed."""

    def build(part: Path) -> None:
        debian.bootstrap(GUEST_RELEASE, ["apt-cacher-ng"], part, variant="extract")

    root = cache.get(CACHE, "aptcache", cache.key("aptcache 1", GUEST_RELEASE), build)
    libraries = root / "usr/lib/x86_64-linux-gnu"
    store = CACHE / "apt-archive"
    store.mkdir(exist_ok=True)
    options = {
        "CacheDir": store,
        "LogDir": RUN,
        "SupportDir": root / "usr/lib/apt-cacher-ng",
        # Its own unix socket answers with nothing (3.7.5), so a relay gives it one.
        "BindAddress": "127.0.0.1",
        "Port": APT_CACHE_PORT,
        "SocketPath": "",
        "ForeGround": 1,
        "ReportPage": "",
        "ExThreshold": 30,
    }
    _processes.start(
        "apt-cache",
        [
            str(libraries / "ld-linux-x86-64.so.2"),
            "--library-path",
            str(libraries),
            str(root / "usr/sbin/apt-cacher-ng"),
            *(f"{name}={value}" for name, value in options.items()),
        ],
        RUN / "apt-cache.log",
    )
    wait_for("the package cache", lambda: _listens(APT_CACHE_PORT), 20)
    unix_socket = RUN / "apt.sock"
    _processes.start(
        "apt-door",
        [
            "socat",
            "-t600",
            f"UNIX-LISTEN:{unix_socket},fork,mode=0600,backlog=128",
            f"TCP:127.0.0.1:{APT_CACHE_PORT}",
        ],
        RUN / "apt-door.log",
    )
    wait_for("the package cache's socket", unix_socket.exists, 20)
    _processes.start(
        "apt-relay",
        [
            *_IN_NETNS,
            "socat",
            "-t600",
            f"TCP-LISTEN:{APT_PROXY_PORT},bind={TAP_ADDRESS},fork,reuseaddr,backlog=128",
            f"UNIX-CONNECT:{unix_socket}",
        ],
        RUN / "apt-relay.log",
    )


def open_browser_port(vip: str) -> str | None:
    """Forward a port of this machine's loopback to the VIP; return the URL, None when it is taken."""
    return f"http://127.0.0.1:{BROWSER_PORT}/" if _forwarded("browser", BROWSER_PORT, vip, 80) else None


def open_monitor_port(vip: str, port: int) -> str | None:
    """Forward the monitor's port; its number is part of what the monitor believes to be its own pages."""
    return f"https://127.0.0.1:{port}/" if _forwarded("monitor", port, vip, port) else None


def _forwarded(name: str, port: int, vip: str, to: int) -> bool:
    _processes.stop(name)
    _processes.start(
        name,
        [
            "socat",
            "-t60",
            f"TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr",
            f"EXEC:ip netns exec {NETNS} socat -t60 STDIO TCP\\:{vip}\\:{to}",
        ],
        RUN / f"{name}.log",
    )
    # socat ends at once when the port is not free.
    wait_for(f"the {name}'s port", lambda: not _processes.pid(name) or _listens(port), 10)
    return bool(_processes.pid(name))


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def stop() -> None:
    """End every process of the engine and remove its namespace, sockets and disposable disk."""
    for name in _NAMES:
        _processes.stop(name)
    if _netns_exists():
        # Whatever runs in the namespace we made is ours: the guest's processes, relays half-way.
        wait_for("the end of the namespace's processes", _namespace_empty, 20)
        subprocess.run(["ip", "netns", "delete", NETNS], check=True)
    _COW.unlink(missing_ok=True)
    shutil.rmtree(RUN, ignore_errors=True)


def _namespace_empty() -> bool:
    done = subprocess.run(["ip", "netns", "pids", NETNS], capture_output=True, text=True, check=False)
    for pid in map(int, done.stdout.split()):
        with suppress(ProcessLookupError):  # it may be on its way out
            os.kill(pid, signal.SIGKILL)
        reap(pid)
    return not done.stdout.split()


def _console_tail() -> str:
    try:
        lines = _CONSOLE.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return ""
    return "\n".join(["The guest's console, its end:", *lines[-25:]])
