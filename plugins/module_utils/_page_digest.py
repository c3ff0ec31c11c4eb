# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Pages as keepalived's checks HTTP_GET and SSL_GET see them, and the MD5 sum that they compare.

keepalived 2.2.7 and its genhash are one code: they ask in HTTP 1.0, look at no certificate, read until the server
closes the connection, and sum what follows the first empty line, up to the number after the first "Content-Length:".
That header is found only in this spelling, in another header's name too, and chunks are not put together.
"""

from __future__ import annotations

import hashlib
import re
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, Union

from ._problems import Problem, report

# keepalived's buffer, less the byte that ends it: what it cannot hold is no answer.
LARGEST_HEAD = 4095
# keepalived's, for a URL that names none.
DEFAULT_STATUSES = ("200-299",)
# Of a whole answer that never pauses and never ends.
LONGEST_ANSWER_S = 60.0
_AT_ONCE = 16

_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = re.compile(rb"Content-Length:\s*([0-9]*)")
_STATUS = re.compile(rb"[^ ]* ([0-9]*)")


class NoAnswerError(Exception):
    """A server does not answer as keepalived wants; the reason."""


class Server(NamedTuple):
    """One that is asked. Without a host it is asked for by its address."""

    name: str
    address: str
    port: int
    host: str


class Page(NamedTuple):
    """What a check compares. Times are seconds."""

    name: str
    type: str
    path: str
    statuses: Sequence[str]
    sni: bool
    timeout: float
    retries: int
    retry_delay: float
    servers: Sequence[Server]


class Answer(NamedTuple):
    """A status and the MD5 sum of the content, in hexadecimal digits."""

    status: int
    digest: str


Heard = Union[Answer, NoAnswerError]


class Outcome(NamedTuple):
    """The one digest of all servers that show a page, or what is wrong; shown: by any of them."""

    digest: str = ""
    problem: Problem | None = None
    shown: bool = True


class Reader:
    """Reads an answer in whatever pieces it arrives."""

    def __init__(self) -> None:
        self._head = b""
        self._status = 0
        self._left: int | None = None
        self._sum = hashlib.new("md5", usedforsecurity=False)
        self.in_content = False

    def feed(self, data: bytes) -> None:
        """Take the next piece.

        Raises:
            NoAnswerError: the header is larger than keepalived's buffer.
        """
        if self.in_content:
            self._add(data)
            return
        self._head += data
        end = self._head.find(_END_OF_HEAD)
        size = end + len(_END_OF_HEAD) if end >= 0 else len(self._head) + 1
        if size > LARGEST_HEAD:
            raise NoAnswerError(f"its header is larger than {LARGEST_HEAD} bytes")
        if end >= 0:
            content = self._head[size:]
            self._read_head(self._head[:size])
            self._add(content)

    def answer(self) -> Answer:
        """Return what was read until the end.

        Raises:
            NoAnswerError: the header did not end.
        """
        if not self.in_content:
            raise NoAnswerError("closed the connection before the end of a header")
        return Answer(self._status, self._sum.hexdigest())

    def _read_head(self, head: bytes) -> None:
        status, length = _STATUS.match(head), _LENGTH.search(head)
        self._status = int((status and status[1]) or 0)
        self._left = int(length[1] or 0) if length else None
        self.in_content = True

    def _add(self, content: bytes) -> None:
        if self._left is not None:
            content = content[: self._left]
            self._left -= len(content)
        self._sum.update(content)


def request(path: str, server: Server) -> bytes:
    """Return what keepalived sends; a host stands without its port, and an address with it."""
    literal = f"[{server.address}]" if ":" in server.address else server.address
    host = server.host or f"{literal}:{server.port}"
    return f"GET {path} HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: {host}\r\n\r\n".encode()


def ask(page: Page, server: Server) -> Answer:
    """Ask a server once.

    Raises:
        NoAnswerError: it does not answer in time, or not to its end.
    """
    reader = Reader()
    give_up = time.monotonic() + LONGEST_ANSWER_S
    try:
        with _connected(page, server) as connection:
            connection.sendall(request(page.path, server))
            while data := connection.recv(65536):
                reader.feed(data)
                if time.monotonic() > give_up:
                    raise NoAnswerError(f"does not end its answer within {LONGEST_ANSWER_S:g} s")
    except socket.timeout as error:
        if reader.in_content:
            raise NoAnswerError("keeps the connection open after its answer, whose end keepalived waits for") from error
        raise NoAnswerError(f"does not answer within {page.timeout:g} s") from error
    except OSError as error:
        raise NoAnswerError(str(error.strerror or error).lower()) from error
    return reader.answer()


def _connected(page: Page, server: Server) -> socket.socket:
    plain = socket.create_connection((server.address, server.port), page.timeout)
    if page.type == "http":
        return plain
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    # It closes the connection when the handshake fails.
    return context.wrap_socket(plain, server_hostname=server.host if page.sni and server.host else None)


def hear(page: Page, server: Server) -> list[Heard]:
    """Ask a server twice, because a page may be another each time; where it fails, as often as the check does."""
    heard: list[Heard] = []
    for attempt in range(page.retries + 1):
        if attempt:
            time.sleep(page.retry_delay)
        try:
            return [_accepted(page, ask(page, server)), _accepted(page, ask(page, server))]
        except NoAnswerError as error:
            heard = [error]
    return heard


def _accepted(page: Page, answer: Answer) -> Answer:
    for status in page.statuses or DEFAULT_STATUSES:
        first, _dash, last = status.partition("-")
        if int(first) <= answer.status <= int(last or first):
            return answer
    raise NoAnswerError(f"answers with the status {answer.status}")


def agree(page: Page, heard: Mapping[str, Sequence[Heard]]) -> Outcome:
    """Judge the answers of a page's servers, by their names."""
    item = f"{page.name} ({page.path})"
    holders: dict[str, list[str]] = {}
    silent = []
    for name, answers in heard.items():
        digests = list(dict.fromkeys(answer.digest for answer in answers if isinstance(answer, Answer)))
        if len(digests) > 1:
            return Outcome(
                problem=Problem(
                    item,
                    f"{name} shows another page each time.",
                    "Check it by status or regex, or choose a page that stays the same.",
                )
            )
        silent += [f"{name} {answer}" for answer in answers if isinstance(answer, NoAnswerError)]
        for digest in digests:
            holders.setdefault(digest, []).append(name)
    if not holders:
        return Outcome(
            problem=Problem(
                item,
                f"no server shows the page: {'; '.join(silent)}.",
                "Deploy the web servers first, and let the page be there on one of them.",
            ),
            shown=False,
        )
    if len(holders) > 1:
        found = "; ".join(f"{digest} on {', '.join(names)}" for digest, names in holders.items())
        return Outcome(
            problem=Problem(
                item,
                f"the servers' pages differ: {found}.",
                "Make the page the same on all servers; one that differs by server can be checked by status or regex.",
            )
        )
    return Outcome(digest=next(iter(holders)))


def find(pages: Sequence[Page]) -> dict[str, Outcome]:
    """Ask for all pages, several at once; return the outcomes by the pages' names."""
    questions = [(page, server) for page in pages for server in page.servers]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = iter(list(pool.map(lambda question: hear(*question), questions)))
    return {page.name: agree(page, {server.name: next(answers) for server in page.servers}) for page in pages}


def told(problems: Sequence[Problem]) -> str:
    """Return problems as text."""
    return report(problems, "the pages that checks compare", "nothing was changed")


def read_page(values: Mapping[str, Any]) -> Page:
    """Return a page from plain data."""
    return Page(**{**values, "servers": [Server(**server) for server in values["servers"]]})
