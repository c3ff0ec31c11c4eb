# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""A container that exists for one purpose and is gone after it."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO

import ansible

from . import engine, image
from .report import LabError
from .settings import NAME, RELEASES

# Where tests and benchmarks have it in a container, without the first slash.
COLLECTION = "srv/ansible_collections/lvs/ha_web"


def of_ansible() -> dict[str, Path]:
    """Return what modules need of Ansible, by the path it has in a container."""
    folder = Path(ansible.__file__).parent
    return {
        f"srv/site/ansible/{name}": folder / name for name in ("__init__.py", "_vendor", "module_utils", "release.py")
    }


class Container:
    """A privileged container of a node's image, without a network; a context manager.

    Args:
        found: the engine, spoken to by Docker's command, as Ansible does.
        purpose: ends its name.
        release: of Debian.
    """

    def __init__(self, found: engine.Engine, purpose: str, release: str = RELEASES[0]) -> None:
        self.name = f"{NAME}-{purpose}"
        self.image = image.name(release, "stack")
        self._environment = {**os.environ, **found.environment()}

    def __enter__(self) -> Container:
        self._remove()
        options = ("--detach", "--rm", "--privileged", "--network=none", "--volume=/lib/modules:/lib/modules:ro")
        self._docker("run", *options, f"--name={self.name}", self.image, "sleep", "infinity")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._remove()

    def _docker(self, *arguments: str, stdin: int | IO[bytes] = subprocess.DEVNULL) -> str:
        done = subprocess.run(
            ["docker", *arguments],
            env=self._environment,
            stdin=stdin,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode:
            raise LabError(f"docker {arguments[0]}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def _remove(self) -> None:
        if self._docker("ps", "--all", "--quiet", "--filter", f"name=^/?{self.name}$"):
            self._docker("rm", "--force", self.name)

    def copy(self, files: Mapping[str, Path]) -> None:
        """Copy files and folders, each by the path that it gets, without the slash."""

        def sources(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
            return None if entry.name.endswith("/__pycache__") else entry

        with tempfile.NamedTemporaryFile() as file:
            with tarfile.open(fileobj=file, mode="w") as archive:
                for target, source in files.items():
                    archive.add(source, target, filter=sources)
            # It is read by its name.
            file.flush()
            self.unpack(Path(file.name))

    def unpack(self, archive: Path) -> None:
        """Unpack a tar archive at the root."""
        with archive.open("rb") as file:
            self._docker("cp", "-", f"{self.name}:/", stdin=file)

    def run(self, *command: str) -> str:
        """Run a command and return its output.

        Raises:
            LabError: it fails; its words.
        """
        return self._docker("exec", self.name, *command)

    def show(self, *command: str, folder: str = "/", environment: Mapping[str, str] | None = None) -> int:
        """Run a command whose output is for the user; return its exit code."""
        options = ["--tty"] if sys.stdout.isatty() else []
        options += [f"--workdir={folder}", *(f"--env={name}={value}" for name, value in (environment or {}).items())]
        docker = ["docker", "exec", *options, self.name, *command]
        return subprocess.run(docker, env=self._environment, stdin=subprocess.DEVNULL, check=False).returncode
