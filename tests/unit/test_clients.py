# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What is read from the requests of clients of all kinds."""

from __future__ import annotations

from lab.clients import DOWNLOAD, KEPT, NEW, Request, Seen

SEEN = Seen(
    [
        Request(NEW, 8080, 3.0, 3.2, "", "web2"),
        Request(NEW, 80, 1.0, 1.1, "", "web1", source=40001),
        Request(NEW, 80, 2.0, 2.8, "timeout", "", source=40002),
        Request(KEPT, 80, 2.0, 2.1, "", "web1", repeated=True),
        Request(KEPT, 80, 2.2, 2.3, "", "web1"),
        Request(DOWNLOAD, 80, 1.0, 8.0, "", "web1"),
        Request(DOWNLOAD, 80, 1.0, 2.5, "not whole", "web2"),
    ]
)


def test_requests_are_in_the_order_of_sending() -> None:
    assert [one.at for one in SEEN.of(NEW)] == [1.0, 2.0, 3.0]


def test_failures_say_who_where_and_when() -> None:
    assert SEEN.failed() == [
        "1.00 download :80, not whole, web2",
        "2.00 new :80, from port 40002, timeout, nobody",
    ]


def test_servers_are_counted_by_good_answers() -> None:
    assert SEEN.servers() == {"web1": 4, "web2": 1}
    assert SEEN.last_of("web1") == 1.0
    assert SEEN.last_of("web3") == 0.0


def test_downloads_under_way() -> None:
    assert [one.server for one in SEEN.under_way("web1", 4.0)] == ["web1"]
    assert not SEEN.under_way("web1", 7.5), "it was about to end"
    assert not SEEN.under_way("web2", 4.0)


def test_words() -> None:
    assert SEEN.words("an upgrade") == (
        "an upgrade: 3 requests on new connections, 2 on kept ones (1 sent twice), 2 downloads; slowest new 0.20 s;"
        " failed 2 | 1.00 download :80, not whole, web2 | 2.00 new :80, from port 40002, timeout, nobody"
    )
    assert Seen([]).words("nothing").endswith("failed 0")
