# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Asks over connections that have only begun; runs in the client node, on the standard library alone:

    python3 begun.py ADDRESS PORT COUNT EVERY

Opens all connections, so young that no director has told another of them, prints its process id, and then asks over one
after the other, EVERY seconds apart. Output is a line for each: a JSON string, the first line of the answer or the
error's name.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time

TIMEOUT_S = 3.0
# Neither the kernel's nor the probe's, which may be at work beside it. Where a director still knows a port's last
# connection, a new one may go to another server once the VIP has moved: docs/failure-model.md.
_PORTS = range(2_000, 8_000)


def answer(connection: socket.socket, address: str) -> str:
    """Return the first line of the answer."""
    try:
        connection.sendall(f"GET / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n".encode())
        with connection.makefile("rb") as said:
            lines = said.readlines()
    except OSError as error:
        return type(error).__name__
    finally:
        connection.close()
    return lines[0].decode("latin-1").strip() if lines else "nothing"


def main() -> None:
    """Run with the command line's arguments."""
    address, port, count, every = sys.argv[1:]
    first = int(time.time()) * 100  # nobody opens more in a second; used again after a minute
    begun = [
        socket.create_connection((address, int(port)), TIMEOUT_S, ("", _PORTS[(first + number) % len(_PORTS)]))
        for number in range(int(count))
    ]
    print(json.dumps({"pid": os.getpid()}), flush=True)
    start = time.monotonic()
    for number, connection in enumerate(begun, 1):
        time.sleep(max(0.0, start + number * float(every) - time.monotonic()))
        print(json.dumps(answer(connection, address)), flush=True)


if __name__ == "__main__":
    main()
