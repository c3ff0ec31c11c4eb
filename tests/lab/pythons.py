# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Python for tests in a node: interpreters of other Debian releases, and packages from PyPI."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tarfile
import tempfile
from importlib.metadata import version
from pathlib import Path

from . import cache, debian
from .report import LabError
from .settings import CACHE

# The oldest that a managed node may have, and the one of the next release of the nodes.
INTERPRETERS = {"python3.9": "bullseye", "python3.13": "trixie"}
# The nodes' own.
_OF_RELEASE = {"bookworm": "3.11", "trixie": "3.13"}

_LIBRARY = re.compile(r"(usr/)?lib/[^/]+-linux-gnu/([^/]+\.so[^/]*)")
# With the libc that it was built for, whichever the node has.
_START = """\
#!/bin/sh
here=/opt/{name}
exec "$here"/libraries/ld-linux*.so.* --library-path "$here/libraries" "$here/usr/bin/{name}" "$@"
"""


def interpreter(name: str) -> Path:
    """Return an archive with an interpreter as ``opt/NAME``, to be started as ``/opt/NAME/NAME``."""
    release = INTERPRETERS[name]
    packages = (f"{name}-minimal", f"lib{name}-stdlib")

    def place(path: str) -> str | None:
        """Return where the interpreter has what its system has at ``path``; None: nowhere."""
        library = _LIBRARY.fullmatch(path)
        if library:
            return f"opt/{name}/libraries/{library[2]}"
        return f"opt/{name}/{path}" if path.startswith((f"usr/bin/{name}", f"usr/lib/{name}/")) else None

    def build(part: Path) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            system = Path(scratch, "system.tar")
            debian.bootstrap(release, packages, system, variant="extract", form="tar")
            with tarfile.open(system) as source, tarfile.open(part, "w") as target:
                for entry in source:
                    entry.name = place(entry.name.removeprefix("./")) or ""
                    if entry.name:
                        target.addfile(entry, source.extractfile(entry) if entry.isreg() else None)
                start = tarfile.TarInfo(f"opt/{name}/{name}")
                program = _START.format(name=name).encode()
                start.size, start.mode = len(program), 0o755
                target.addfile(start, io.BytesIO(program))

    return cache.get(CACHE, name, cache.key("interpreter 1", release, packages, _START), build)


def packages(release: str) -> Path:
    """Return a folder with pytest and Hypothesis, of the versions in use here, for a node's Python."""
    python = _OF_RELEASE[release]
    wanted = [f"{name}=={version(name)}" for name in ("pytest", "hypothesis")]

    def build(part: Path) -> None:
        install(part, "--python-version", python, "--only-binary", ":all:", *wanted)

    return cache.get(CACHE, f"packages-{python}", cache.key("packages 1", python, wanted), build)


def install(part: Path, *arguments: str) -> None:
    """Have pip put packages into a folder; ``arguments`` are its own.

    Raises:
        LabError: it could not, in its words.
    """
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--no-compile",
        "--target",
        str(part),
    ]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        tail = "\n  ".join(done.stderr.strip().splitlines()[-12:])
        raise LabError(f"pip could not install {' '.join(arguments)}:\n  {tail}")
