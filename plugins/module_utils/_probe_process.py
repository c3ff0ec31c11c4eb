# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The probe as a process that outlives the module that begins it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

from . import _probe

# The rest of the arguments, with their output in the file of the first.
_SCRIPT = 'dest=$1; shift; "$@" >"$dest" 2>"$dest.errors"; mv "$dest.errors" "$dest.ended"'


def begin(dest: str, arguments: Sequence[str]) -> int:
    """Probe in the background with the arguments of the program; return the id of the process group.

    Raises:
        OSError: the file cannot be written, or the process not be started.
    """
    with open(dest, "w", encoding="utf-8"):
        pass
    if os.path.exists(f"{dest}.ended"):
        os.unlink(f"{dest}.ended")
    # The module's own files are gone when it has returned, so the process gets the text itself.
    spec = _probe.__spec__
    program: str = spec.loader.get_source(spec.name)  # type: ignore[union-attr]
    process = subprocess.Popen(
        ["sh", "-c", _SCRIPT, "http_probe", dest, sys.executable, "-c", program, *arguments],
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    return process.pid
