# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Adverts as keepalived sends them, and bytes that are none."""

from __future__ import annotations

from contextlib import suppress

import pytest
from ansible_collections.lvs.ha_web.plugins.module_utils._vrrp import Advert, MalformedError, parse
from hypothesis import given
from hypothesis import strategies as st

VERSION_2 = bytes.fromhex("21 33 64 01 01 01 a5 5a c0000264 61626364 00000000")
VERSION_3 = bytes.fromhex("31 33 c8 02 00 0a 12 34 c0000264 c0000265")
IPV6 = bytes.fromhex("31 07 64 01 0f ff 00 00 20010db8000000000000000000000100")


@pytest.mark.parametrize(
    ("payload", "family", "advert"),
    [
        (VERSION_2, "ipv4", Advert(2, 51, 100, 1.0, ("192.0.2.100",))),
        (VERSION_3, "ipv4", Advert(3, 51, 200, 0.1, ("192.0.2.100", "192.0.2.101"))),
        (IPV6, "ipv6", Advert(3, 7, 100, 40.95, ("2001:db8::100",))),
    ],
)
def test_advert(payload: bytes, family: str, advert: Advert) -> None:
    assert parse(payload, family) == advert


@pytest.mark.parametrize(
    "payload", [b"", VERSION_3[:7], VERSION_3[:12], b"\x41" + VERSION_3[1:], b"\x32" + VERSION_3[1:]]
)
def test_no_advert(payload: bytes) -> None:
    with pytest.raises(MalformedError):
        parse(payload, "ipv4")


@given(st.binary(max_size=64), st.sampled_from(["ipv4", "ipv6"]))
def test_whatever_comes_is_an_advert_or_malformed(payload: bytes, family: str) -> None:
    with suppress(MalformedError):
        assert 0 <= parse(payload, family).vrid <= 255
