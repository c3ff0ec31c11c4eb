# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""nftables for the embedded engine's kernel.

Debian builds User-Mode Linux with nftables for bridges alone, and the nodes need it for packets.
The modules concerned are built again from Debian's source of that kernel, with its own
configuration and the missing families turned on; the kernel itself stays as it is.
"""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from . import debian
from .report import LabError

_MORE = """
# CONFIG_LOCALVERSION_AUTO is not set
CONFIG_NF_TABLES_INET=y
CONFIG_NF_TABLES_IPV4=y
CONFIG_NF_TABLES_IPV6=y
CONFIG_NF_TABLES_NETDEV=y
CONFIG_NFT_NAT=m
CONFIG_NFT_DUP_IPV4=m
CONFIG_NFT_DUP_IPV6=m
CONFIG_NFT_FIB_IPV4=m
"""
# All whose code depends on the families that are turned on.
_REBUILT = {
    "net/netfilter": (
        "nf_tables",
        "nf_nat",
        "nft_chain_nat",
        "nft_ct",
        "nft_fib",
        "nft_log",
        "nft_masq",
        "nft_nat",
        "nft_redir",
        "nft_reject",
        "nft_reject_inet",
    ),
    "net/ipv4/netfilter": ("nft_dup_ipv4", "nft_fib_ipv4", "nft_reject_ipv4"),
    "net/ipv6/netfilter": ("nft_dup_ipv6", "nft_reject_ipv6"),
}
# Two gigabytes of it; what is left is what the build reads.
_UNREAD = ("*/drivers/gpu/*/*.[ch]", "*/sound/*.[ch]", "*/tools/testing/*", "*/Documentation/*")
_CONFIG_BEGINS, _CONFIG_ENDS = b"IKCFG_ST", b"IKCFG_ED"


def rebuild(modules: Path, release: str, work: Path) -> None:
    """Put nftables' modules with all families into a kernel's folder of modules.

    Args:
        modules: the folder, named as the kernel's version.
        release: the Debian release of the kernel.
        work: a folder for the source, removed in the end.

    Raises:
        LabError: the source is not to be had, or does not build.
    """
    version = modules.name
    series = ".".join(version.split(".")[:2])
    debian.bootstrap(release, [f"linux-source-{series}"], work, variant="extract")
    archive = work / f"usr/src/linux-source-{series}.tar.xz"
    _run(["tar", "--extract", f"--file={archive}", f"--directory={work}", *(f"--exclude={name}" for name in _UNREAD)])
    source = work / f"linux-source-{series}"
    # Kconfig reads it.
    (source / "Documentation").mkdir(exist_ok=True)
    (source / "Documentation/Kconfig").touch()
    (source / ".config").write_text(_own_configuration(modules / "kernel/kernel/configs.ko") + _MORE, encoding="utf-8")
    _make(source, version, "olddefconfig")
    _make(source, version, "modules_prepare")
    for folder, names in _REBUILT.items():
        _make(source, version, f"M={folder}", *(f"{name}.ko" for name in names))
        for name in names:
            built = source / folder / f"{name}.ko"
            _run(["strip", "--strip-debug", built])
            shutil.move(built, modules / "kernel" / folder / built.name)
    shutil.rmtree(work)


def _own_configuration(configs: Path) -> str:
    """Return the configuration that a kernel's module ``configs`` carries."""
    content = configs.read_bytes()
    begins = content.index(_CONFIG_BEGINS) + len(_CONFIG_BEGINS)
    return gzip.decompress(content[begins : content.index(_CONFIG_ENDS)]).decode()


def _make(source: Path, version: str, *targets: str) -> None:
    words = [
        "make",
        "--silent",
        f"--jobs={len(os.sched_getaffinity(0))}",
        "ARCH=um",
        # A later patch level of the same series, for the kernel that runs.
        f"KERNELRELEASE={version}",
        # What the kernel exports is known when a module is loaded.
        "KBUILD_MODPOST_WARN=1",
    ]
    # Called by make, it must not take that one's flags for its own.
    _run([*words, *targets], source, {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ})


def _run(command: list[str | Path], folder: Path | None = None, environment: Mapping[str, str] | None = None) -> None:
    done = subprocess.run(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        tail = "\n  ".join((done.stderr.strip() or done.stdout.strip()).splitlines()[-12:])
        raise LabError(f"{' '.join(map(str, command[:3]))} ...: exit {done.returncode}:\n  {tail}")
