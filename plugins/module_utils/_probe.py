# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The probe: an open-loop HTTP load that shows every gap, as an outside client sees it.

Runs on Python's standard library alone, in a module or by itself:

    python3 _probe.py ADDRESS PORT PATH RATE SECONDS TIMEOUT [HOST [STOP_FILE]]

A source port is used again after 88 s: until 10 s are over, a director may remember its last connection, and after a
move of the VIP send what has begun elsewhere to another server (docs/failure-model.md).

Request ``n`` is due at ``start + n / RATE``, whatever became of the earlier ones; each is a new
TCP connection and is never repeated. Output is one JSON object a line: first
``{"pid", "wall"}``, then one for each request as it ends, in the order of their ends:

    n        the request's number
    at       when it was sent: seconds of this host's wall clock
    late     how late the probe itself was in sending it, seconds
    took     from sending to the end of the answer or the failure, seconds
    status   of the answer, 0 when there was none
    error    one word; empty when the answer is whole and its status below 400
    server   what the answer's header X-Served-By says
    port     of the client, with which a request is found in captures and connection tables
    again    how often its SYN was sent again, as Linux counts (TCP_INFO); 0 on other kernels

SIGTERM or a STOP_FILE ends it early: what is under way is awaited, nothing more is sent. It ends by itself
after SECONDS + TIMEOUT at the latest, and standstills of its host.

Where a gap is measured, TIMEOUT must stay below one second: a lost SYN is sent again after one
second, and with a longer timeout a request sent into a dead cluster would succeed late and hide
the gap.

With a longer one, its requests get as much longer as the probe's own host stands still: an answer that has come
meanwhile, or waits behind the same standstill, says nothing against who has sent it.

Then ``again`` tells lost from late: a SYN is sent again after a second without an answer, and the answer is the
kernel's, however busy its server is. (Sooner only where a server still has the last connection from the same source
port.) Data does not count: it is sent again after 0.2 s, and a busy host takes longer.
"""

from __future__ import annotations

import errno
import json
import os
import selectors
import signal
import socket
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

_ERRORS = {
    errno.ECONNREFUSED: "refused",
    errno.ECONNRESET: "reset",
    errno.EPIPE: "reset",
    errno.EHOSTUNREACH: "unreachable",
    errno.ENETUNREACH: "unreachable",
}
_FLUSH_EVERY = 0.1  # seconds; a write for each answer would cost as much as the request itself
_NAP = 0.1  # seconds: it sleeps no longer, to notice that it slept too long
_STANDSTILL = 0.2  # seconds: the scheduler's share is less
_SYN_AGAIN = 1.0  # seconds: a shorter time-out is for gaps, which no late success may hide
# Of sources, below those that the kernel gives to others. Each has its turn on the clock of the host, so that one probe
# goes on where the last one has ended, up to 250 requests a second.
_PORTS = range(10_000, 32_000)
_PORT_TURN = 0.004  # seconds
_TOTAL_RETRANS = slice(100, 104)  # of Linux' struct tcp_info: tcpi_total_retrans


def error_word(number: int) -> str:
    """Return one word for an errno."""
    return _ERRORS.get(number) or errno.errorcode.get(number, f"errno{number}").lower()


def parse(answer: bytes) -> tuple[int, str, str]:
    """Return status, server and error word of an HTTP answer read to the connection's end."""
    head, separator, body = answer.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    words = lines[0].split()
    if not separator or len(words) < 2 or not words[1].isdigit():
        return 0, "", "truncated" if answer else "empty"
    pairs = (line.partition(":") for line in lines[1:])
    headers = {name.strip().lower(): value.strip() for name, _colon, value in pairs}
    status = int(words[1])
    length = headers.get("content-length")
    chunked = headers.get("transfer-encoding", "").lower() == "chunked"
    if (length is not None and len(body) != int(length)) or (chunked and not body.endswith(b"0\r\n\r\n")):
        error = "truncated"
    else:
        error = f"http{status}" if status >= 400 else ""
    return status, headers.get("x-served-by", ""), error


def sent_again(connection: socket.socket) -> int:
    """Return how many segments Linux has sent again on a connection."""
    if sys.platform != "linux":
        return 0
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TOTAL_RETRANS.stop)
    return int.from_bytes(info[_TOTAL_RETRANS], sys.byteorder)


@dataclass
class _Request:
    number: int
    at: float
    begun: float
    deadline: float
    late: float
    connection: socket.socket
    sent: bool = False
    again: int = 0
    done: bool = False
    answer: bytes = b""


def _print(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


class Probe:
    """One run of the load; times are seconds, ``rate`` is requests a second.

    Args:
        host: of the request; without it the address and, unless it is 80, the port.
        write: takes whole lines of the output, ten times a second.
        ended: asked as often, whether to send no further request.
    """

    def __init__(
        self,
        address: str,
        port: int,
        path: str,
        rate: float,
        timeout: float,
        *,
        host: str = "",
        write: Callable[[str], object] = _print,
        ended: Callable[[], bool] = lambda: False,
    ) -> None:
        self._target = (address, port)
        self._family = socket.AF_INET6 if ":" in address else socket.AF_INET
        if not host:
            host = (f"[{address}]" if ":" in address else address) + ("" if port == 80 else f":{port}")
        self._text = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
        self._rate = rate
        self._timeout = timeout
        self._write = write
        self._ended = ended
        self._stopped = False
        self._selector = selectors.DefaultSelector()
        self._under_way: deque[_Request] = deque()  # in the order of their deadlines
        self._lines: list[str] = []
        self._flushed = 0.0
        self._port = 0  # of the last request, counted on beyond the last of _PORTS

    def stop(self) -> None:
        """Send no further request."""
        self._stopped = True

    def run(self, seconds: float) -> None:
        """Send the requests of ``seconds``, or fewer when stopped, and await their ends."""
        self._lines.append(json.dumps({"pid": os.getpid(), "wall": time.time()}))
        self._flush()
        start = back = time.monotonic()  # back: when the loop should be here again
        total = int(seconds * self._rate)
        number = 0
        while True:
            due = start + number / self._rate
            sending = number < total and not self._stopped
            now = time.monotonic()
            self._excuse(now - back)
            back = now
            if sending and now >= due:
                self._send(number, now, now - due)
                number += 1
                continue
            self._expire(now)
            if not sending and not self._under_way:
                break
            if now - self._flushed >= _FLUSH_EVERY:
                self._flush()
            next_event = min(due if sending else self._under_way[0].deadline, now + _NAP)
            back = max(now, next_event)
            for key, _events in self._selector.select(max(0.0, next_event - now)):
                self._advance(key.data)
        self._flush()

    def _send(self, number: int, now: float, late: float) -> None:
        connection = socket.socket(self._family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        request = _Request(number, time.time(), now, now + self._timeout, late, connection)
        self._under_way.append(request)
        self._selector.register(connection, selectors.EVENT_WRITE, request)
        self._bind(connection, now)
        failed = connection.connect_ex(self._target)
        if failed not in (0, errno.EINPROGRESS):
            self._end(request, error=error_word(failed))

    def _bind(self, connection: socket.socket, now: float) -> None:
        """Take the next source port that is free; where none of a hundred is, the kernel takes one."""
        for _try in range(100):
            self._port = max(self._port + 1, int(now / _PORT_TURN))
            try:
                connection.bind(("", _PORTS[self._port % len(_PORTS)]))
                return
            except OSError:
                continue

    def _advance(self, request: _Request) -> None:
        try:
            if not request.sent:
                failed = request.connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if failed:
                    self._end(request, error=error_word(failed))
                    return
                request.again = sent_again(request.connection)  # of the SYN alone, as nothing else was sent
                # A request of one packet always fits into a new connection's buffer.
                request.connection.send(self._text)
                request.sent = True
                self._selector.modify(request.connection, selectors.EVENT_READ, request)
                return
            data = request.connection.recv(65536)
        except OSError as failure:
            self._end(request, error=error_word(failure.errno or 0))
            return
        if data:
            request.answer += data
        else:
            self._end(request, *parse(request.answer))

    def _excuse(self, overslept: float) -> None:
        if overslept > _STANDSTILL and self._timeout >= _SYN_AGAIN:
            for request in self._under_way:
                request.deadline += overslept

    def _expire(self, now: float) -> None:
        while self._under_way:
            first = self._under_way[0]
            if not first.done:
                if now < first.deadline:
                    return
                self._end(first, error="timeout")
            self._under_way.popleft()

    def _end(self, request: _Request, status: int = 0, server: str = "", error: str = "") -> None:
        request.done = True
        if not request.sent:
            request.again = sent_again(request.connection)
        port = request.connection.getsockname()[1]
        self._selector.unregister(request.connection)
        request.connection.close()
        record = {
            "n": request.number,
            "at": round(request.at, 6),
            "late": round(request.late, 6),
            "took": round(time.monotonic() - request.begun, 6),
            "status": status,
            "error": error,
            "server": server,
            "port": port,
            "again": request.again,
        }
        self._lines.append(json.dumps(record, separators=(",", ":")))

    def _flush(self) -> None:
        self._flushed = time.monotonic()
        if self._ended():
            self.stop()
        if self._lines:
            self._write("\n".join(self._lines) + "\n")
            self._lines.clear()


def main() -> None:
    """Run with the command line's ADDRESS PORT PATH RATE SECONDS TIMEOUT, and where given HOST and STOP_FILE."""
    address, port, path, rate, seconds, timeout, *more = sys.argv[1:]
    host, stop_file = (*more, "", "")[:2]
    probe = Probe(
        *(address, int(port), path, float(rate), float(timeout)),
        host=host,
        ended=lambda: os.path.exists(stop_file),
    )
    signal.signal(signal.SIGTERM, lambda *_: probe.stop())
    probe.run(float(seconds))


if __name__ == "__main__":
    main()
