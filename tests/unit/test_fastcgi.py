# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""FastCGI on the wire; PHP-FPM itself is asked in the scenarios."""

from __future__ import annotations

import struct

import pytest
from ansible_collections.lvs.ha_web.plugins.module_utils import _fastcgi
from hypothesis import given
from hypothesis import strategies as st


def record(kind: int, data: bytes, padding: int = 0) -> bytes:
    return struct.pack(">BBHHBB", 1, kind, 1, len(data), padding, 0) + data + bytes(padding)


END = record(3, bytes(8))


def test_request_as_the_specification_has_it() -> None:
    assert _fastcgi.request({"A": "1"}) == (
        record(1, b"\x00\x01\x00\x00\x00\x00\x00\x00") + record(4, b"\x01\x01A1") + record(4, b"") + record(5, b"")
    )


def test_long_values_have_long_lengths() -> None:
    assert b"\x01\x80\x00\x00\x80A" + b"x" * 128 in _fastcgi.request({"A": "x" * 128})


@given(st.lists(st.tuples(st.sampled_from([6, 7]), st.binary(max_size=300), st.integers(0, 255))))
def test_streams_are_put_together(parts: list[tuple[int, bytes, int]]) -> None:
    received = b"".join(record(*part) for part in parts)
    wanted = tuple(b"".join(data for kind, data, _padding in parts if kind == stream) for stream in (6, 7))
    assert _fastcgi.answer(received + END) == wanted


@pytest.mark.parametrize("received", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", record(6, b"half")[:-2], END[:-1]])
def test_answer_that_breaks_off_is_none(received: bytes) -> None:
    with pytest.raises(_fastcgi.FastCgiError, match="not complete"):
        _fastcgi.answer(received)
