# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Runs inside a node, on Python alone: says when the node gets and loses an address.

Arguments: ADDRESS SECONDS. The first line is the process id; each other line a time of the wall clock
and 1 or 0, the first of them at once. Ends by itself.
"""

from __future__ import annotations

import os
import socket
import sys
import time

EVERY_S = 0.01


def holds(address: str) -> bool:
    """Whether it is an address of this host: nobody can bind to another's."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
        return True


def main() -> None:
    address, seconds = sys.argv[1], float(sys.argv[2])
    print(os.getpid(), flush=True)
    end = time.time() + seconds
    latest = None
    while time.time() < end:
        held = holds(address)
        if held != latest:
            print(f"{time.time():.3f} {held:d}", flush=True)
            latest = held
        time.sleep(EVERY_S)


if __name__ == "__main__":
    main()
