# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Takes a lock as a PHP worker would, and holds it.

    python3 lock.py PATH flock|fcntl SECONDS [wait]

Prints the process, then the time at which it has the lock, or null when somebody else has it, and when it gave it back.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import sys
import time

WWW_DATA = 33


def say(**fields: object) -> None:
    print(json.dumps(fields), flush=True)


def main(path: str, kind: str, seconds: str, wait: str = "") -> None:
    os.setgroups([])
    os.setgid(WWW_DATA)
    os.setuid(WWW_DATA)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    say(pid=os.getpid())
    take = fcntl.flock if kind == "flock" else fcntl.lockf
    with open(path, "a", encoding="ascii") as file:
        try:
            take(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            say(got=None)
            return
        say(got=time.time())
        time.sleep(float(seconds))
        take(file, fcntl.LOCK_UN)
        say(released=time.time())


main(*sys.argv[1:])
