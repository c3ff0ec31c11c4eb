# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Asks a service who serves it, from many addresses; runs in the client node, on the standard library alone:

    python3 ask.py http|udp ADDRESS PORT PATH TIMES SOURCE...

Each source asks TIMES times, in turn, each time with a new connection or socket. Output is one line for each request:
the source, and the server that answered, or the name of the error.
"""

from __future__ import annotations

import http.client
import socket
import sys
import time
from collections.abc import Iterator

TIMEOUT_S = 3.0
# Below those that the kernel gives to others; there is one for each 15 ms of 330 s.
_PORTS = range(10_000, 32_000)


def ports() -> Iterator[int]:
    """Yield source ports that nobody has asked from for minutes, in this run of the program or before.

    The kernel takes any that is free. IPVS may still know that one, and then it does not choose a server: it sends the
    new connection where the old one went. Where turns are counted, one in some dozens of runs was off by that.
    """
    last = 0
    while True:
        last = max(last + 1, int(time.monotonic() / 0.015))
        yield _PORTS[last % len(_PORTS)]


def over_http(source: tuple[str, int], address: str, port: int, path: str) -> str:
    """Return what X-Served-By says."""
    connection = http.client.HTTPConnection(address, port, TIMEOUT_S, source)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        answer = connection.getresponse()
        answer.read()
        return answer.headers.get("X-Served-By", "") if answer.status == 200 else f"http{answer.status}"
    finally:
        connection.close()


def over_udp(source: tuple[str, int], address: str, port: int) -> str:
    """Return what the server says to "who"."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as asking:
        asking.settimeout(TIMEOUT_S)
        asking.bind(source)
        # Connected: an answer from any other address than the VIP is none.
        asking.connect((address, port))
        asking.send(b"who")
        return asking.recv(64).decode()


def main() -> None:
    """Run with the command line's arguments."""
    kind, address, port, path, times, *sources = sys.argv[1:]
    own = ports()
    for number in range(int(times)):
        for source in sources:
            try:
                if kind == "udp":
                    server = over_udp((source, next(own)), address, int(port))
                else:
                    server = over_http((source, next(own)), address, int(port), path.replace("NUMBER", str(number)))
            except OSError as error:
                server = type(error).__name__
            print(source, server)


if __name__ == "__main__":
    main()
