# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The collection as users get it: built from this tree, and installed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from .report import LabError
from .settings import REPO

COLLECTION = "ansible_collections/lvs/ha_web"


def _galaxy(*arguments: str | Path, **settings: str) -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("ansible-galaxy"), "collection", *arguments],
        env={**os.environ, **settings},
        cwd=REPO,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise LabError(f"ansible-galaxy collection {' '.join(map(str, arguments))}: {done.stdout}{done.stderr}")


def build(folder: Path) -> Path:
    """Build the archive into a folder that has none, and return it.

    Raises:
        LabError: ansible-galaxy could not.
    """
    _galaxy("build", "--output-path", folder)
    [archive] = folder.glob("*.tar.gz")
    return archive


def install(archive: Path, folder: Path) -> Path:
    """Install an archive below a folder, without what it depends on, and return the collection's own.

    Raises:
        LabError: ansible-galaxy could not.
    """
    # In the project's own path it is installed already.
    settings = {"ANSIBLE_COLLECTIONS_PATH": str(folder)}
    _galaxy("install", "--offline", "--no-deps", "--collections-path", folder, archive, **settings)
    return folder / COLLECTION
