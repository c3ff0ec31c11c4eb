# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Requests to other hosts that end in time, whatever the other side does."""

from __future__ import annotations

import io
import re
import socket
import ssl
import time
from collections.abc import Mapping
from http.client import HTTPException, parse_headers
from typing import NamedTuple

LIMIT = 4 << 20  # bytes of an answer, its head included
_HEAD = 64 << 10
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})[ \r]")


class TransportError(Exception):
    """No answer that can be used. One that was refused comes from a host that lives."""

    def __init__(self, words: str, refused: bool = False) -> None:
        super().__init__(words)
        self.refused = refused


class Answer(NamedTuple):
    """What came back."""

    status: int
    body: bytes


def request(
    address: str,
    port: int,
    target: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    context: ssl.SSLContext | None = None,
    seconds: float = 1.0,
) -> Answer:
    """Ask another host, in HTTP 1.0: its answer ends with the connection, and is in one piece.

    Args:
        seconds: for all of it, from the connection to the last byte.

    Raises:
        TransportError: there was no whole answer within the time.
    """
    deadline = time.monotonic() + seconds
    host = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    lines = [f"{method} {target} HTTP/1.0", f"Host: {host}", *(f"{k}: {v}" for k, v in (headers or {}).items())]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    try:
        with socket.create_connection((address, port), timeout=seconds) as plain:
            plain.settimeout(_left(deadline))
            with context.wrap_socket(plain) if context else plain as connection:
                connection.settimeout(_left(deadline))
                connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
                return _whole(_received(connection, deadline))
    except TimeoutError:
        raise TransportError(f"no answer from {host} within {seconds:g} s") from None
    except ConnectionRefusedError:
        raise TransportError(f"{host} refuses connections: nothing listens there", refused=True) from None
    except ssl.SSLError as error:
        raise TransportError(f"{host}: no trusted TLS connection ({error.reason})", refused=True) from None
    except OSError as error:
        raise TransportError(f"{host}: {error.strerror or error}") from None
    except (HTTPException, ValueError) as error:
        raise TransportError(f"{host} gives no proper answer ({error})", refused=True) from None


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _received(connection: socket.socket, deadline: float) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        connection.settimeout(_left(deadline))
        part = connection.recv(65536)
        if not part:
            return b"".join(parts)
        parts.append(part)
        size += len(part)
        if size > LIMIT:
            raise ValueError(f"more than {LIMIT >> 20} MiB")


def _whole(data: bytes) -> Answer:
    head, end, body = data.partition(b"\r\n\r\n")
    status = _STATUS.match(head)
    if not end or not status or len(head) > _HEAD:
        raise ValueError("no HTTP")
    fields = parse_headers(io.BytesIO(head.partition(b"\r\n")[2] + b"\r\n\r\n"))
    if fields.get("Transfer-Encoding"):
        raise ValueError("in chunks")
    length = fields.get("Content-Length")
    if length is not None and length.strip() != str(len(body)):
        raise ValueError("cut off")
    return Answer(int(status[1]), body)
