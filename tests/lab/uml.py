# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The parts of the embedded engine: a User-Mode Linux kernel and the disk of the guest it boots.

The guest is a small Debian whose only service is dockerd, with the node images already in it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from . import cache, debian, nftables
from .report import LabError
from .settings import (
    CACHE,
    DOCKER_PORT,
    GUEST_ADDRESS,
    GUEST_DISK_GIB,
    GUEST_RELEASE,
    KERNEL_RELEASES,
    TAP_ADDRESS,
)

Detail = Callable[[str], None]
_LIBRARIES = "usr/lib/x86_64-linux-gnu"
_GUEST_PACKAGES = (
    "systemd-sysv",
    "udev",
    "dbus",
    "kmod",
    "iproute2",
    "iptables",
    "docker.io",
    "docker-cli",
    "crun",
)


class Kernel(NamedTuple):
    """A User-Mode Linux kernel, unpacked in the cache and never installed."""

    folder: Path
    version: str
    release: str
    seccomp: bool

    @property
    def binary(self) -> Path:
        """The executable."""
        return self.folder / "linux"

    @property
    def modules(self) -> Path:
        """The folder of its modules."""
        return self.folder / "usr/lib/uml/modules" / self.version

    def __str__(self) -> str:
        return f"{self.version} of Debian {self.release}{', seccomp' if self.seccomp else ''}"


def _run(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        words = done.stderr.strip() or done.stdout.strip()
        raise LabError(f"{' '.join(map(str, command[:4]))} ...: exit {done.returncode}: {words}")


def _unpack_kernel(release: str, part: Path, target: Path) -> None:
    debian.bootstrap(release, ["user-mode-linux"], part, variant="extract")
    binary = part / "linux"
    shutil.move(part / "usr/bin/linux.uml", binary)
    # It wants the C library of its own release, which lies beside it.
    loader = target / _LIBRARIES / "ld-linux-x86-64.so.2"
    _run("patchelf", "--set-interpreter", loader, "--set-rpath", target / _LIBRARIES, binary)
    facts = {
        "version": next((part / "usr/lib/uml/modules").iterdir()).name,
        "release": release,
        "seccomp": b"seccomp=<on" in binary.read_bytes(),
    }
    (part / "kernel.json").write_text(json.dumps(facts), encoding="utf-8")


def kernel(detail: Detail) -> Kernel:
    """Return the best kernel there is, unpacking it when it is not in the cache."""
    recipe = cache.key("kernel 2", KERNEL_RELEASES, Path(nftables.__file__).read_text(encoding="utf-8"))
    target = CACHE / f"kernel-{recipe}"

    def build(part: Path) -> None:
        detail("unpacking the kernel")
        for release in KERNEL_RELEASES:
            shutil.rmtree(part, ignore_errors=True)
            try:
                _unpack_kernel(release, part, target)
            except (LabError, StopIteration, FileNotFoundError):
                if release == KERNEL_RELEASES[-1]:
                    raise
                continue
            if json.loads((part / "kernel.json").read_text(encoding="utf-8"))["seccomp"]:
                break
        detail("building nftables for the kernel")
        facts = json.loads((part / "kernel.json").read_text(encoding="utf-8"))
        nftables.rebuild(Kernel(folder=part, **facts).modules, facts["release"], part / "source")

    folder = cache.get(CACHE, "kernel", recipe, build)
    facts = json.loads((folder / "kernel.json").read_text(encoding="utf-8"))
    return Kernel(folder=folder, **facts)


_GUEST_FILES = {
    "etc/hostname": "engine\n",
    "etc/resolv.conf": "",
    "etc/systemd/network/lab.network": f"""\
[Match]
Name=vec0
[Network]
Address={GUEST_ADDRESS}/30
Gateway={TAP_ADDRESS}
LinkLocalAddressing=no
""",
    "etc/sysctl.d/lab.conf": """\
net.ipv4.ip_forward = 1
net.ipv4.ip_nonlocal_bind = 1
# Every systemd wants some: with the default, 20 nodes are too many.
fs.inotify.max_user_instances = 1024
""",
    "etc/systemd/journald.conf.d/lab.conf": "[Journal]\nStorage=volatile\n",
    # Netfilter stays out of the way of Docker: this kernel may not have the legacy tables it wants.
    "etc/docker/daemon.json": json.dumps(
        {
            "iptables": False,
            "ip6tables": False,
            "ip-masq": False,
            "bridge": "none",
            "userland-proxy": False,
            "log-driver": "none",
            # Half the time that runc takes, which everything that is asked of a node costs.
            "default-runtime": "crun",
            "runtimes": {"crun": {"path": "/usr/bin/crun"}},
        }
    ),
    # Reachable in the lab's network namespace only. With no TCP relay of systemd's in between:
    # that one closes both directions when one ends, and `docker exec` loses its output.
    "etc/systemd/system/docker.service.d/lab.conf": f"""\
[Unit]
After=systemd-networkd.service
[Service]
ExecStart=
ExecStart=/usr/sbin/dockerd -H unix:///run/docker.sock -H tcp://{GUEST_ADDRESS}:{DOCKER_PORT}
""",
    # Runs only in the boot that fills the disk: images arrive as block devices.
    "etc/systemd/system/lab-import.service": """\
[Unit]
ConditionKernelCommandLine=lab.images
Requires=docker.service
After=docker.service
[Service]
Type=oneshot
StandardOutput=journal+console
StandardError=journal+console
ExecStart=/usr/local/sbin/lab-import
ExecStopPost=/usr/bin/systemctl poweroff
[Install]
WantedBy=multi-user.target
""",
    "usr/local/sbin/lab-import": """\
#!/bin/sh
# Import each image named in lab.images=NAME,NAME,... from /dev/ubdb, /dev/ubdc, ...
set -eu
names=$(tr ' ' '\\n' </proc/cmdline | sed -n 's/^lab.images=//p' | tr ',' ' ')
set -- b c d e f g
for name in $names; do
    docker import --change 'CMD ["/sbin/init"]' --change 'STOPSIGNAL SIGRTMIN+3' - "$name" </dev/ubd"$1"
    shift
done
touch /var/lib/lab-imported
""",
}
_GUEST_MASKED = (
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "fstrim.timer",
    "getty.target",
    "systemd-networkd-wait-online.service",
    "systemd-timesyncd.service",
)


def _fill_guest(root: Path, uml: Kernel) -> None:
    for name, text in _GUEST_FILES.items():
        path = root / name
        path.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (root / "usr/local/sbin/lab-import").chmod(0o755)
    modules = root / "usr/lib/modules" / uml.version
    shutil.copytree(uml.modules, modules, symlinks=True)
    _run("chroot", root, "depmod", uml.version)
    units = ["systemd-networkd", "docker.service", "lab-import"]
    _run("chroot", root, "systemctl", "--quiet", "enable", *units)
    _run("chroot", root, "systemctl", "--quiet", "mask", *_GUEST_MASKED)


def boot_command(uml: Kernel, disk: str, memory_mib: int, *more: str) -> list[str]:
    """Return the command that boots the guest on ``disk`` (UML's words for ubd0)."""
    return [
        str(uml.binary),
        f"mem={memory_mib}M",
        f"ubd0={disk}",
        "root=/dev/ubda",
        "rw",
        "con=null",
        "con0=null,fd:1",
        "con1=null",
        "quiet",
        *(["seccomp=on"] if uml.seccomp else []),
        *more,
    ]


def pin(command: list[str], cores: list[int]) -> list[str]:
    """Keep a UML on one core: system calls that cross cores make it 3 to 8 times slower.

    On a small machine it is the first, as Mitogen binds its workers to the others; on a large one it binds them to all
    but the first two.
    """
    core = cores[0] if len(cores) < 4 else cores[-1]
    return ["taskset", "-c", str(core), *command]


def disk(uml: Kernel, images: dict[str, Path], cores: list[int], detail: Detail) -> Path:
    """Return the pristine disk with ``images`` (name to tar archive) already in dockerd."""
    recipe = cache.key(
        "disk 2",
        _GUEST_PACKAGES,
        GUEST_RELEASE,
        GUEST_DISK_GIB,
        _GUEST_FILES,
        _GUEST_MASKED,
        uml.folder.name,
        {name: path.name for name, path in images.items()},
    )

    def build(part: Path) -> None:
        root = part.with_suffix(".root.part")
        try:
            detail(f"installing the guest, debian {GUEST_RELEASE}")
            shutil.rmtree(root, ignore_errors=True)
            debian.bootstrap(GUEST_RELEASE, _GUEST_PACKAGES, root)
            _fill_guest(root, uml)
            detail("writing the guest's disk")
            options = ("-q", "-t", "ext4", "-O", "^has_journal", "-m", "0")
            _run("mke2fs", *options, "-d", root, part, f"{GUEST_DISK_GIB}G")
        finally:
            shutil.rmtree(root, ignore_errors=True)
        detail(f"importing {len(images)} node images in the guest")
        _import_images(uml, part, images, cores)

    return cache.get(CACHE, "disk", recipe, build)


def _import_images(uml: Kernel, part: Path, images: dict[str, Path], cores: list[int]) -> None:
    drives = [f"ubd{n}r={path}" for n, path in enumerate(images.values(), start=1)]
    command = boot_command(uml, str(part), 2048, *drives, f"lab.images={','.join(images)}")
    done = subprocess.run(
        pin(command, cores),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=900,
        check=False,
    )
    check = ["debugfs", "-R", "stat /var/lib/lab-imported", str(part)]
    witness = subprocess.run(check, capture_output=True, text=True, check=False)
    if "Inode:" not in witness.stdout:
        tail = "\n  ".join(done.stdout.decode(errors="replace").splitlines()[-20:])
        raise LabError(f"the guest could not import the node images; its console:\n  {tail}")
