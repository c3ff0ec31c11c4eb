# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Holds connections open; runs in the client node, on the standard library alone:

    python3 hold.py ADDRESS PORT COUNT SECONDS

Opens them one after the other, prints its process id, and ends after SECONDS or when it is told to.
"""

from __future__ import annotations

import os
import socket
import sys
import time


def main() -> None:
    """Run with the command line's arguments."""
    address, port, count, seconds = sys.argv[1:]
    held = []
    for _number in range(int(count)):
        held.append(socket.create_connection((address, int(port)), 3.0))
        # The director has to hear that it is established before it chooses again.
        time.sleep(0.01)
    print(os.getpid(), flush=True)
    time.sleep(float(seconds))


if __name__ == "__main__":
    main()
