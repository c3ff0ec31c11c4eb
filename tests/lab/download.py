# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Runs in the client node: download slowly, on one connection, and say what came.

    python3 download.py ADDRESS PORT PATH BYTES_PER_SECOND TIMEOUT

Prints the body's SHA-256. The receive buffer is small, so that the server has to send until the
end. A pause of TIMEOUT seconds without a byte is a failure, with exit code 1.
"""

from __future__ import annotations

import hashlib
import socket
import sys
import time
from io import BufferedReader

_PIECE = 16384  # bytes


def main() -> int:
    """Run with the command line's arguments."""
    address, port, path, rate, timeout = sys.argv[1:]
    connection = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _PIECE)
    connection.settimeout(float(timeout))
    connection.connect((address, int(port)))
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n".encode())
    stream = BufferedReader(socket.SocketIO(connection, "r"), _PIECE)
    if b" 200 " not in stream.readline():
        return 1
    while stream.readline().strip():
        pass
    digest = hashlib.sha256()
    begun, received = time.monotonic(), 0
    while piece := stream.read1(_PIECE):
        digest.update(piece)
        received += len(piece)
        time.sleep(max(0.0, begun + received / float(rate) - time.monotonic()))
    print(digest.hexdigest())
    return 0


if __name__ == "__main__":
    sys.exit(main())
