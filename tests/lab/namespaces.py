# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Nodes on this machine's own kernel: the lab's node image with systemd, in namespaces of its own.

For nftables of a kernel that is not the embedded engine's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import yaml

from . import image
from .report import LabError, say, wait_for
from .settings import RELEASE

_BOOT_S = 60
_CGROUP = "ha-web-{name}-{process}"
# Arguments: the image's folder, a folder of the node's own, its name, its control group.
_BOOT = r"""
echo $$ >"$4/cgroup.procs"
exec unshare --mount --uts --ipc --pid --cgroup --net --fork --kill-child --propagation private sh -ec '
    mkdir -p "$2"
    mount -t tmpfs tmpfs "$2"
    mkdir "$2/upper" "$2/work" "$2/root"
    mount -t overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" overlay "$2/root"
    cd "$2/root"
    mount -t proc proc proc
    mount -t sysfs sysfs sys
    for folder in run tmp dev; do mount -t tmpfs -o mode=755 tmpfs $folder; done
    for device in null zero full random urandom tty; do touch dev/$device; mount --bind /dev/$device dev/$device; done
    mkdir dev/pts dev/shm
    mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
    ln -s pts/ptmx dev/ptmx
    ln -s /proc/self/fd dev/fd
    mount -t tmpfs -o mode=755 tmpfs sys/fs/cgroup
    mount -t cgroup2 cgroup2 sys/fs/cgroup
    echo "$3" >etc/hostname
    hostname "$3"
    mkdir .old
    pivot_root . .old
    umount --lazy .old
    exec env -i container=lab PATH=/usr/sbin:/usr/bin:/sbin:/bin /sbin/init
' sh "$1" "$2" "$3"
"""


def refusal() -> str:
    """Say why no such node can be had here; empty where one can."""
    if os.geteuid() != 0:
        return "nodes in namespaces need root"
    if not _cgroups():
        return "this machine has mounted no cgroup2"
    return ""


def _cgroups() -> Path | None:
    for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines():
        _device, folder, kind, *_rest = line.split()
        if kind == "cgroup2":
            return Path(folder)
    return None


class Nodes:
    """Nodes by name, on one network, for as long as the ``with`` block lasts.

    Args:
        addresses: by node, of a network with a prefix of 24 bits.
    """

    def __init__(self, addresses: Mapping[str, str]) -> None:
        self.addresses = dict(addresses)
        self._network = f"ha-web-{os.getpid()}"
        self._folder = Path(tempfile.mkdtemp(prefix="ha-web-nodes-"))
        self._parents: dict[str, subprocess.Popen[bytes]] = {}
        self._groups: dict[str, Path] = {}
        self.pids: dict[str, int] = {}

    def __enter__(self) -> Nodes:
        try:
            self._boot()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._remove()

    def _boot(self) -> None:
        system = self._folder / "system"
        system.mkdir()
        archive = image.archive(RELEASE, "stack", say)
        subprocess.run(["tar", "--extract", "--file", archive, "--directory", system], check=True)
        _ip("netns", "add", self._network)
        _ip("-n", self._network, "link", "add", "bridge", "type", "bridge")
        _ip("-n", self._network, "link", "set", "bridge", "up")
        cgroups = _cgroups()
        assert cgroups
        for node in self.addresses:
            group = self._groups[node] = cgroups / _CGROUP.format(name=node, process=os.getpid())
            group.mkdir()
            self._parents[node] = subprocess.Popen(
                # With us a node ends, however we end.
                [*("setpriv", "--pdeathsig=KILL"), "sh", "-ec", _BOOT, "sh", system, self._folder / node, node, group],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        for node, address in self.addresses.items():
            self.pids[node] = wait_for(f"the first process of {node}", lambda node=node: self._init(node), _BOOT_S)  # type: ignore[misc]
            wait_for(f"systemd of {node}", lambda node=node: self._is_up(node), _BOOT_S)  # type: ignore[misc]
            peer = ["type", "veth", "peer", "name", "eth0", "netns", str(self.pids[node])]
            _ip("-n", self._network, "link", "add", node, *peer)
            _ip("-n", self._network, "link", "set", node, "master", "bridge", "up")
            self.run(node, f"ip address add {address}/24 dev eth0; ip link set eth0 up; ip link set lo up")

    def _init(self, node: str) -> int:
        parent = self._parents[node].pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="utf-8").split()
        is_init = children and Path(f"/proc/{children[0]}/comm").read_text(encoding="utf-8") == "systemd\n"
        return int(children[0]) if is_init else 0

    def _is_up(self, node: str) -> bool:
        try:
            return "running" in self.run(node, "systemctl is-system-running || true")
        except LabError:
            return False

    def _remove(self) -> None:
        for parent in self._parents.values():
            parent.kill()
            parent.wait()
        subprocess.run(["ip", "netns", "delete", self._network], stderr=subprocess.DEVNULL, check=False)
        for group in self._groups.values():
            if group.exists():
                wait_for(f"the end of {group.name}", lambda group=group: _remove_group(group), 20)  # type: ignore[misc]
        shutil.rmtree(self._folder)

    def enter(self, node: str, *command: str) -> list[str]:
        """Return what runs a command in a node."""
        return ["nsenter", "--all", f"--target={self.pids[node]}", *command]

    def run(self, node: str, script: str, standard_input: str = "") -> str:
        """Run a shell script in a node and return its output.

        Raises:
            LabError: it failed.
        """
        done = subprocess.run(
            self.enter(node, "sh", "-c", script), input=standard_input, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise LabError(f"{node}: exit {done.returncode} of {script!r}: {done.stdout}{done.stderr}")
        return done.stdout

    def inventory(self, groups: Mapping[str, list[str]], **variables: object) -> Path:
        """Write an inventory of the nodes and return its path."""
        file = self._folder / "hosts.yml"
        hosts = {
            group: {
                "hosts": {
                    node: {"ha_web_address": self.addresses[node], "ansible_nsenter_pid": self.pids[node]}
                    for node in members
                }
            }
            for group, members in groups.items()
        }
        known = {
            "ansible_connection": "community.docker.nsenter",
            "ansible_python_interpreter": "/usr/bin/python3",
            # The image holds the packages: no need to look for newer ones.
            "packages_cache_valid_time": 31536000,
        }
        file.write_text(yaml.safe_dump({"all": {"children": hosts, "vars": {**known, **variables}}}), encoding="utf-8")
        return file


def _remove_group(group: Path) -> bool:
    """Remove a control group and those that systemd made in it; False while processes end."""
    try:
        for folder, _folders, _files in os.walk(group, topdown=False):
            os.rmdir(folder)
    except OSError:
        return False
    return True


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)
