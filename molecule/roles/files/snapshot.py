# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""All of a node that roles may change, a line for each thing. Two of the same node are equal, or something was left."""

from __future__ import annotations

import glob
import hashlib
import os
import re
import socket
import struct
import subprocess
from collections.abc import Iterator

# What others change on their own.
NOT_OURS = re.compile(
    "|".join(
        (
            # Caches, which the dynamic loader and dpkg's triggers make of what is installed.
            r"/etc/ld\.so\.cache",
            # The locks and the previous versions that the tools for users leave; the versions now are compared.
            r"/etc/(\.pwd\.lock|(passwd|shadow|group|gshadow|subuid|subgid)-)",
            # Written by the container's engine at every start.
            r"/etc/(hosts|hostname|resolv\.conf|mtab|machine-id)",
            # The lab's own way to the packages.
            r"/etc/apt/apt\.conf\.d/00lab-proxy",
            # Times that systemd-timers and apt write.
            r"/etc/apt/.*\.(lock|timestamp)",
        )
    )
)
# Devices that stay with modules of the kernel: nobody unloads those.
MODULES = re.compile(r"/(tunl0|sit0|gre0|gretap0|erspan0|ip6tnl0|ip6gre0)/")
NFNETLINK, GET_TABLES = 12, 0x0A01


def said(*command: str) -> list[str]:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def files() -> Iterator[str]:
    for top in ("/etc", "/usr/local", "/var/lib/ha-web"):
        for folder, directories, names in os.walk(top):
            for name in sorted(directories + names):
                path = os.path.join(folder, name)
                if NOT_OURS.fullmatch(path):
                    continue
                status = os.lstat(path)
                what = f"{path} {status.st_mode:o} {status.st_uid}:{status.st_gid}"
                if os.path.islink(path):
                    what += f" -> {os.readlink(path)}"
                elif os.path.isfile(path):
                    with open(path, "rb") as file:
                        what += f" {hashlib.sha256(file.read()).hexdigest()[:16]}"
                yield what


def sysctl() -> Iterator[str]:
    for path in sorted([*glob.glob("/proc/sys/net/ipv4/conf/*/*"), "/proc/sys/net/ipv4/ip_forward"]):
        if not MODULES.search(path):
            with open(path, encoding="ascii") as file:
                yield f"{path[10:]} = {file.read().strip()}"


def ipvs() -> Iterator[str]:
    """What differs from a kernel that has just loaded IPVS, which is what one without it will be."""
    defaults = {"expire_nodest_conn": "0", "expire_quiescent_template": "0", "conn_reuse_mode": "1", "conntrack": "0"}
    for name, value in defaults.items():
        try:
            with open(f"/proc/sys/net/ipv4/vs/{name}", encoding="ascii") as file:
                if file.read().strip() != value:
                    yield f"{name} is not {value}"
        except OSError:
            continue
    try:
        with open("/proc/net/ip_vs", encoding="ascii") as file:
            yield from file.read().splitlines()[3:]
    except OSError:
        return


def nft_tables() -> list[str]:
    """By netlink: the tool may not be there."""
    # A dump of the tables of all families.
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NFNETLINK) as kernel:
        kernel.send(struct.pack("=IHHIIBBH", 20, GET_TABLES, 0x301, 1, 0, 0, 0, 0))
        answer = kernel.recv(65536)
    return sorted({name.decode() for name in re.findall(rb"ha_web\w*", answer)})


KINDS = {
    "package": lambda: said("dpkg-query", "--show", "--showformat=${db:Status-Abbrev} ${Package}\\n"),
    "file": files,
    "unit": lambda: said("systemctl", "list-unit-files", "--plain", "--no-legend"),
    "mount": lambda: [line.rsplit(maxsplit=2)[0] for line in said("cat", "/proc/self/mounts")],
    # Those that run, but for what comes and goes with a timer or somebody's login.
    "runs": lambda: [
        line.split()[0]
        for line in said(
            "systemctl", "list-units", "--state=running,exited", "--plain", "--no-legend", "--type=service"
        )
        if not re.match("systemd-|apt-|user|dpkg-|e2scrub|fstrim|logrotate|man-db|phpsessionclean", line)
    ],
    "sysctl": sysctl,
    "ipvs": ipvs,
    "nft": nft_tables,
    "address": lambda: [" ".join(line.split()[1:4]) for line in said("ip", "-oneline", "address")],
    "rule": lambda: said("ip", "rule") + said("ip", "-6", "rule"),
    "route": lambda: said("ip", "route", "show", "table", "all"),
    "listens": lambda: sorted({line.split()[3] for line in said("ss", "-Hltn", "not", "src", "127.0.0.11")}),
}

for kind, look in KINDS.items():
    for line in sorted(look()):
        print(f"{kind}: {line.rstrip()}")
