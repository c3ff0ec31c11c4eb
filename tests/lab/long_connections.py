# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Clients whose connections last; runs in the client node, on the standard library:

    python3 long_connections.py ADDRESS PORT PATH CLIENTS INTERVAL FILE DOWNLOADS BYTES_PER_S SECONDS

Each of CLIENTS sends a request for PATH every INTERVAL on one connection for as long as the server keeps it, as
browsers and proxies do: one that the server has closed at rest is opened anew, and a request that still finds it closed
before a byte of the answer came is sent once more. Each of DOWNLOADS reads FILE at BYTES_PER_S or up to twice as fast,
no two at the same speed, so that they do not end together; again and again, each time on a new connection. Output is
one JSON object a line: first ``{"pid"}``, then for each request, as it ends

    at, end   when it was sent and when its end had come: seconds of this node's wall clock
    error     one word; empty when the answer is whole and its status below 400
    server    what the answer's header X-Served-By says
    repeated  whether it was sent a second time
    sha256    of a download

SIGTERM ends it, and so do SECONDS; what is under way is awaited.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable

_TIMEOUT_S = 5
_CLOSED = (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError)
_PIECE_S = 0.1  # a download reads so often

Record = dict[str, object]

stopped = threading.Event()
_printing = threading.Lock()


def connected(address: str, port: int) -> http.client.HTTPConnection:
    """Return an open connection that does not open itself anew."""
    connection = http.client.HTTPConnection(address, port, timeout=_TIMEOUT_S)
    connection.auto_open = 0
    connection.connect()
    return connection


def answer_of(connection: http.client.HTTPConnection, path: str) -> http.client.HTTPResponse:
    """Send a request and return the answer that begins."""
    connection.request("GET", path)
    answer = connection.getresponse()
    if answer.status >= 400:
        raise http.client.HTTPException(f"http{answer.status}")
    return answer


class Kept:
    """A client that keeps its connection."""

    def __init__(self, address: str, port: int, path: str) -> None:
        self._target = (address, port)
        self._path = path
        self._connection: http.client.HTTPConnection | None = None

    def __call__(self, record: Record) -> None:
        """Send one request, a second time where the first found the connection closed."""
        try:
            record["repeated"] = False
            if self._connection is not None and select.select([self._connection.sock], [], [], 0)[0]:
                # The server has closed it at rest. Who does not look never tells a director that it has ended.
                self._connection.close()
                self._connection = None
            if self._connection is not None:
                try:
                    self._ask(record, self._connection)
                except _CLOSED:
                    record["repeated"] = True
                else:
                    return
            self._connection = connected(*self._target)
            self._ask(record, self._connection)
        except BaseException:
            self._connection = None
            raise

    def _ask(self, record: Record, connection: http.client.HTTPConnection) -> None:
        answer = answer_of(connection, self._path)
        answer.read()
        if answer.will_close:
            connection.close()
            self._connection = None
        record["server"] = answer.headers.get("X-Served-By", "")


class Download:
    """A client that reads slowly."""

    def __init__(self, address: str, port: int, path: str, rate: float) -> None:
        self._target = (address, port)
        self._path = path
        self._rate = rate

    def __call__(self, record: Record) -> None:
        """Read the file once."""
        connection = connected(*self._target)
        # What is not read must wait at the server, not here.
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        answer = answer_of(connection, self._path)
        record["server"] = answer.headers.get("X-Served-By", "")
        digest = hashlib.sha256()
        while piece := answer.read(int(self._rate * _PIECE_S)):
            digest.update(piece)
            time.sleep(_PIECE_S)
        record["sha256"] = digest.hexdigest()
        connection.close()


def work(request: Callable[[Record], None], interval: float, until: float) -> None:
    """Send requests until told to stop."""
    while not stopped.is_set() and time.monotonic() < until:
        begun = time.monotonic()
        record: Record = {"at": time.time(), "error": "", "server": ""}
        try:
            request(record)
        except (OSError, http.client.HTTPException) as failure:
            record["error"] = f"{type(failure).__name__} {failure}"
        record["end"] = time.time()
        with _printing:
            print(json.dumps(record), flush=True)
        stopped.wait(max(0.0, begun + interval - time.monotonic()))


def main() -> None:
    """Run with the command line's arguments."""
    address, port, path, clients, interval, file, downloads, rate, seconds = sys.argv[1:]
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    print(json.dumps({"pid": os.getpid()}), flush=True)
    until = time.monotonic() + float(seconds)
    kept = [(Kept(address, int(port), path), float(interval)) for _number in range(int(clients))]
    speeds = [float(rate) * (1 + number / int(downloads)) for number in range(int(downloads))]
    slow = [(Download(address, int(port), file, speed), 0.1) for speed in speeds]
    threads = [threading.Thread(target=work, args=(*one, until)) for one in (*kept, *slow)]
    for thread in threads:
        thread.start()
        # Spread over the interval.
        stopped.wait(float(interval) / len(threads))
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
