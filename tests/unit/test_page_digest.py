# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Reading answers as keepalived does, judging them, and the pages of a topology."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import pytest
from ansible_collections.lvs.ha_web.plugins.module_utils._page_digest import (
    LARGEST_HEAD,
    Answer,
    Heard,
    NoAnswerError,
    Page,
    Reader,
    Server,
    agree,
    read_page,
    request,
    told,
)
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.derivation import build
from hypothesis import given
from hypothesis import strategies as st
from unit.topology_inventories import long, service

WEB1, WEB2 = (Server(f"web{n}", f"192.0.2.2{n}", 80, "") for n in (1, 2))
PAGE = Page("web port 80, check 0, URL 1", "http", "/static", ["200"], False, 1, 1, 0.2, [WEB1, WEB2])
ONE, TWO = Answer(200, "1" * 32), Answer(200, "2" * 32)


def read(pieces: Sequence[bytes]) -> Answer:
    reader = Reader()
    for piece in pieces:
        reader.feed(piece)
    return reader.answer()


def answer(status: int, content: bytes) -> Answer:
    return Answer(status, hashlib.md5(content).hexdigest())


# What genhash printed, or the words it had.
@pytest.mark.parametrize(
    ("received", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\nhello\n", answer(200, b"hello\n")),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello\n", answer(200, b"hello")),
        (b"HTTP/1.1 200 OK\r\nContent-Length:5\r\n\r\nhello\n", answer(200, b"hello")),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello\n", answer(200, b"hello\n")),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello\n", answer(200, b"hello\n")),
        (b"HTTP/1.1 200 OK\r\nX-Content-Length: 4\r\nContent-Length: 5\r\n\r\nhello", answer(200, b"hell")),
        (b"HTTP/1.1 200 OK\r\nContent-Length: no\r\n\r\nhello", answer(200, b"")),
        (b"HTTP/1.0 302 Found\r\nContent-Length: 0\r\n\r\n", answer(302, b"")),
        (b"HTTP/1.1 404\r\n\r\n", answer(404, b"")),
        (b"garbage\r\n\r\nhello", answer(0, b"hello")),
        (b"HTTP/1.1 200 OK\r\nA: b\n\nzz\r\n\r\nhello", answer(200, b"hello")),
        (b"HTTP/1.1 200 OK\r\n\r\nab\r\n\r\ncd", answer(200, b"ab\r\n\r\ncd")),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            answer(200, b"5\r\nhello\r\n0\r\n\r\n"),
        ),
        (
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\nhello",
            answer(100, b"HTTP/1.1 200 OK\r\n\r\nhello"),
        ),
    ],
)
def test_answer(received: bytes, expected: Answer) -> None:
    assert read([received]) == expected
    assert read([bytes([byte]) for byte in received]) == expected


@pytest.mark.parametrize("received", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\n\nhello"])
def test_no_header(received: bytes) -> None:
    with pytest.raises(NoAnswerError, match="closed the connection before the end of a header"):
        read([received])


@pytest.mark.parametrize("length", [1, LARGEST_HEAD])
def test_largest_header(length: int) -> None:
    head = b"HTTP/1.1 200 OK\r\nA: %s\r\n\r\n"
    fitting = head % (b"y" * (LARGEST_HEAD - len(head) + 2))
    pieces = [fitting[:length], fitting[length:] + b"hello"]
    assert read(pieces) == answer(200, b"hello")
    with pytest.raises(NoAnswerError, match="its header is larger than 4095 bytes"):
        read([b"y" + pieces[0], pieces[1]])


@given(
    status=st.integers(100, 599),
    headers=st.lists(st.from_regex(r"[A-Za-z]{1,20}: [ -~]{0,50}", fullmatch=True), max_size=5),
    length=st.none() | st.integers(0, 300),
    content=st.binary(max_size=200),
    cuts=st.lists(st.integers(0, 1000), max_size=8),
)
def test_pieces_do_not_matter(
    status: int, headers: list[str], length: int | None, content: bytes, cuts: list[int]
) -> None:
    lines = [f"HTTP/1.1 {status} Words", *(one for one in headers if "Content-Length:" not in one)]
    lines += [] if length is None else [f"Content-Length: {length}"]
    received = "\r\n".join([*lines, "", ""]).encode() + content
    ends = [0, *sorted(min(cut, len(received)) for cut in cuts), len(received)]
    pieces = [received[start:end] for start, end in zip(ends, ends[1:])]
    assert read(pieces) == answer(status, content if length is None else content[:length])


@given(st.lists(st.binary(max_size=64)))
def test_whatever_comes_is_an_answer_or_none(pieces: list[bytes]) -> None:
    try:
        assert len(read(pieces).digest) == 32
    except NoAnswerError as error:
        assert str(error)


@pytest.mark.parametrize(
    ("address", "host", "line"),
    [
        ("192.0.2.21", "", b"Host: 192.0.2.21:80"),
        ("2001:db8::21", "", b"Host: [2001:db8::21]:80"),
        ("192.0.2.21", "www.example.org", b"Host: www.example.org"),
    ],
)
def test_request(address: str, host: str, line: bytes) -> None:
    assert request("/a?b", Server("web1", address, 80, host)).split(b"\r\n") == [
        *(b"GET /a?b HTTP/1.0", b"User-Agent: KeepAliveClient", line, b"", b"")
    ]


@pytest.mark.parametrize(
    ("heard", "digest"),
    [
        ({"web1": [ONE, ONE], "web2": [ONE, ONE]}, ONE.digest),
        ({"web1": [NoAnswerError("refuses")], "web2": [TWO, TWO]}, TWO.digest),
    ],
)
def test_agreement(heard: dict[str, list[Heard]], digest: str) -> None:
    outcome = agree(PAGE, heard)
    assert (outcome.digest, outcome.problem) == (digest, None)


@pytest.mark.parametrize(
    ("heard", "shown", "words"),
    [
        (
            {"web1": [ONE, ONE], "web2": [TWO, TWO]},
            True,
            "1 error in the pages that checks compare; nothing was changed.\n"
            "  web port 80, check 0, URL 1 (/static): the servers' pages differ:"
            " 11111111111111111111111111111111 on web1; 22222222222222222222222222222222 on web2.\n"
            "      Make the page the same on all servers;"
            " one that differs by server can be checked by status or regex.",
        ),
        (
            {"web1": [ONE, TWO], "web2": [ONE, ONE]},
            True,
            "1 error in the pages that checks compare; nothing was changed.\n"
            "  web port 80, check 0, URL 1 (/static): web1 shows another page each time.\n"
            "      Check it by status or regex, or choose a page that stays the same.",
        ),
        (
            {"web1": [NoAnswerError("refuses")], "web2": [NoAnswerError("answers with the status 404")]},
            False,
            "1 error in the pages that checks compare; nothing was changed.\n"
            "  web port 80, check 0, URL 1 (/static): no server shows the page:"
            " web1 refuses; web2 answers with the status 404.\n"
            "      Deploy the web servers first, and let the page be there on one of them.",
        ),
    ],
)
def test_no_agreement(heard: dict[str, list[Heard]], shown: bool, words: str) -> None:
    outcome = agree(PAGE, heard)
    assert outcome.problem
    assert (outcome.digest, outcome.shown, told([outcome.problem])) == ("", shown, words)


def pages(**changes: Any) -> list[Page]:
    found: list[dict[str, Any]] = build(long(service(**changes))).as_dict()["pages"]
    return [read_page(one) for one in found]


def test_page_of_a_service_is_asked_of_its_servers_at_every_port() -> None:
    check = {"path": "/a", "digest": "auto", "timeout": 3, "retries": 2, "retry_delay": 0}
    assert pages(ports=[80, 81], check=check) == [
        Page(
            f"api port {port}, check 0, URL 0",
            *("http", "/a", [], False, 3.0, 2, 0.0),
            [Server("web1", "192.0.2.21", port, ""), Server("web2", "192.0.2.22", port, "")],
        )
        for port in (80, 81)
    ]


def test_page_of_a_server_with_its_own_check() -> None:
    own = {"type": "https", "sni": True, "port": 8443, "virtual_host": "b", "digest": "auto", "status": "200-204"}
    found = pages(
        check={"digest": "auto"},
        virtual_host="c",
        real_servers=["web1", {"name": "web2", "check": own}, {"name": "web3", "address": "192.0.2.23"}],
    )
    assert [(one.name, one.type, one.statuses, one.sni, one.servers) for one in found] == [
        (
            *("api port 443, check 0, URL 0", "http", [], False),
            [Server("web1", "192.0.2.21", 443, "c"), Server("web3", "192.0.2.23", 443, "c")],
        ),
        (
            *("api port 443, real server web2, check 0, URL 0", "https", ["200-204"], True),
            [Server("web2", "192.0.2.22", 8443, "b")],
        ),
    ]


def test_virtual_host_is_the_nearest() -> None:
    named = {"name": "web1", "virtual_host": "of.server"}
    urls = [{"path": "/", "digest": "auto", "virtual_host": "of.url"}, {"path": "/a", "digest": "auto"}]

    def hosts(**check: Any) -> list[list[str]]:
        found = pages(virtual_host="of.service", real_servers=[named, "web2"], check={"urls": urls, **check})
        return [[server.host for server in page.servers] for page in found]

    assert hosts() == [["of.url", "of.url"], ["of.server", "of.service"]]
    assert hosts(virtual_host="of.check") == [["of.url", "of.url"], ["of.check", "of.check"]]


def test_no_page_where_nobody_looks() -> None:
    alone = [{"name": "web1", "check": {"type": "tcp"}}]
    assert pages(check={"digest": "auto"}, real_servers=alone) == []
    assert pages(check={"digest": "0" * 32}) == []
