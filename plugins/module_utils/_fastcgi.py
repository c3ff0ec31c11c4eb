# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""One request to PHP-FPM, as a web server sends it: FastCGI 1.0, https://fastcgi-archives.github.io/."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator, Mapping

_VERSION, _REQUEST = 1, 1
_BEGIN, _END, _PARAMS, _STDIN, _STDOUT, _STDERR = 1, 3, 4, 5, 6, 7
_HEADER = struct.Struct(">BBHHBx")
_RESPONDER = struct.pack(">HB5x", 1, 0)
_MOST = 65535


class FastCgiError(Exception):
    """PHP-FPM cannot be asked, or does not answer as it should."""


def ask(endpoint: str, parameters: Mapping[str, str], timeout: float = 10.0) -> tuple[int, str]:
    """Run a script in a pool that listens at ``endpoint``, a path or ``host:port``; return the status and the body.

    Raises:
        FastCgiError: nobody listens there, the answer takes longer than ``timeout`` seconds, or is none.
    """
    try:
        with _connect(endpoint, timeout) as connection:
            connection.sendall(request(parameters))
            received = b"".join(iter(lambda: connection.recv(_MOST), b""))
    except OSError as error:
        raise FastCgiError(f"{endpoint}: {error.strerror or error}") from error
    output, errors = answer(received)
    head, separator, body = output.partition(b"\r\n\r\n")
    if not separator:
        raise FastCgiError(f"{endpoint}: no answer. {errors.decode(errors='replace').strip()}".strip())
    headers = dict(line.lower().partition(b":")[::2] for line in head.split(b"\r\n"))
    status = headers.get(b"status", b"200").strip()[:3]
    if not status.isdigit():
        raise FastCgiError(f"{endpoint}: no answer of PHP: {head[:200].decode(errors='replace')}")
    return int(status), body.decode(errors="replace")


def request(parameters: Mapping[str, str]) -> bytes:
    """The records of one request without a body, after which the connection is closed."""
    pairs = b"".join(_pair(key.encode(), value.encode()) for key, value in parameters.items())
    chunks = [pairs[start : start + _MOST] for start in range(0, len(pairs), _MOST)]
    records = [(_BEGIN, _RESPONDER), *((_PARAMS, chunk) for chunk in chunks), (_PARAMS, b""), (_STDIN, b"")]
    return b"".join(_HEADER.pack(_VERSION, kind, _REQUEST, len(data), 0) + data for kind, data in records)


def answer(received: bytes) -> tuple[bytes, bytes]:
    """What came over both of its streams.

    Raises:
        FastCgiError: the connection ended before the answer did.
    """
    streams = {_STDOUT: b"", _STDERR: b""}
    ended = False
    for kind, data in _records(received):
        ended = ended or kind == _END
        if kind in streams:
            streams[kind] += data
    if not ended:
        raise FastCgiError("the answer is not complete: was the worker ended, or is this no FastCGI?")
    return streams[_STDOUT], streams[_STDERR]


def _records(received: bytes) -> Iterator[tuple[int, bytes]]:
    place = 0
    while place + _HEADER.size <= len(received):
        _version, kind, _request, length, padding = _HEADER.unpack_from(received, place)
        place += _HEADER.size
        if place + length > len(received):
            return
        yield kind, received[place : place + length]
        place += length + padding


def _pair(key: bytes, value: bytes) -> bytes:
    return _length(len(key)) + _length(len(value)) + key + value


def _length(number: int) -> bytes:
    return bytes([number]) if number < 128 else struct.pack(">I", number | 1 << 31)


def _connect(endpoint: str, timeout: float) -> socket.socket:
    if endpoint.startswith("/"):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(timeout)
        try:
            connection.connect(endpoint)
        except OSError:
            connection.close()
            raise
        return connection
    host, _colon, port = endpoint.rpartition(":")
    if not host or not port.isdigit():
        raise FastCgiError(f"{endpoint}: neither a path nor host:port")
    return socket.create_connection((host.strip("[]"), int(port)), timeout)
