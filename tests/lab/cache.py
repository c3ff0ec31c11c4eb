# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Things that take long to build, kept under the hash of what they are built from."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def key(*parts: Any) -> str:
    """Return a short stable hash of a recipe (anything that JSON can hold)."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock; it falls with the process, so a killed one leaves none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="ascii") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def get(folder: Path, kind: str, recipe_key: str, build: Callable[[Path], None]) -> Path:
    """Return ``folder/kind-key``, calling ``build(temporary path)`` when it is not there yet.

    The result appears under its name only when it is whole; what a killed build left is removed,
    and so are results of the same kind that no recipe names any more.
    """
    target = folder / f"{kind}-{recipe_key}"
    with locked(folder / f".{kind}.lock"):
        if target.exists():
            os.utime(target)
            return target
        for stale in folder.glob(f".{kind}-*.part"):
            _remove(stale)
        part = folder / f".{kind}-{recipe_key}.part"
        build(part)
        for old in sorted(folder.glob(f"{kind}-*"), key=lambda path: path.stat().st_mtime)[:-1]:
            _remove(old)
        part.rename(target)
    return target
