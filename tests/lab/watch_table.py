# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Runs in a director: say when a real server has left the kernel's IPVS table.

    python3 watch_table.py ADDRESS SECONDS

Prints the wall-clock time, in seconds, at which no line of /proc/net/ip_vs gave the IPv4 ADDRESS
a weight any more; exit code 1 when that did not happen within SECONDS.
"""

from __future__ import annotations

import socket
import sys
import time


def takes_traffic(table: str, address: str) -> bool:
    """Tell whether a /proc/net/ip_vs text has a line for ``address`` with a weight above 0."""
    wanted = socket.inet_aton(address).hex().upper()
    lines = (line.split() for line in table.splitlines())
    return any(
        words[1].startswith(f"{wanted}:") and int(words[3]) > 0
        for words in lines
        if words[:1] == ["->"] and words[3].isdigit()
    )


def main() -> int:
    """Poll a hundred times a second."""
    address, seconds = sys.argv[1:]
    deadline = time.monotonic() + float(seconds)
    while time.monotonic() < deadline:
        with open("/proc/net/ip_vs", encoding="ascii") as table:
            if not takes_traffic(table.read(), address):
                print(time.time())
                return 0
        time.sleep(0.01)
    return 1


if __name__ == "__main__":
    sys.exit(main())
