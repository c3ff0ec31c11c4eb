# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What the watch in a director makes of the kernel's bytes."""

from __future__ import annotations

import socket
import struct

from hypothesis import given
from hypothesis import strategies as st
from lab.watch_director import changes, in_use, priority

PROC = """\
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
TCP  0A580064:0050 wlc
  -> 0A580016:0050      Route   1      0          3
  -> 0A580015:0050      Route   0      0          0
UDP  [2001:0db8:0000:0000:0000:0000:0000:0100]:0035 rr persistent 300
  -> [2001:0db8:0000:0000:0000:0000:0000:0015]:0035      Tunnel  5      0          0
FWM  00000007 wrr
"""


def test_only_servers_with_a_weight_are_in_use() -> None:
    assert in_use(PROC) == {
        "10.88.0.100:80": ["10.88.0.22:80"],
        "2001:db8::100:53": ["2001:db8::15:53"],
        "mark 7": [],
    }


def _ipv4(protocol: int, payload: bytes) -> bytes:
    return bytes([0x45, *(0,) * 8, protocol, *(0,) * 10]) + payload


def _ipv6(protocol: int, payload: bytes) -> bytes:
    return bytes([0x60, *(0,) * 5, protocol, *(0,) * 33]) + payload


def test_priority_is_that_of_our_router_alone() -> None:
    advert = bytes([0x31, 51, 200, 1])
    assert priority(_ipv4(112, advert), 51) == 200
    assert priority(_ipv6(112, advert), 51) == 200
    assert priority(_ipv4(112, advert), 52) == 0
    assert priority(_ipv4(6, advert), 51) == 0
    # ARP, which is no IP at all.
    assert priority(bytes.fromhex("0001080006040001") + bytes(20), 1) == 0


def _news(kind: int, address: bytes, attribute: int) -> bytes:
    family = socket.AF_INET6 if len(address) == 16 else socket.AF_INET
    body = struct.pack("=BBBBi", family, 32, 0, 0, 2) + struct.pack("=HH", 4 + len(address), attribute) + address
    return struct.pack("=IHHII", 16 + len(body), kind, 0, 0, 0) + body


def test_changes_of_addresses_are_told_in_their_order() -> None:
    four, six = socket.inet_aton("192.0.2.100"), socket.inet_pton(socket.AF_INET6, "2001:db8::100")
    news = _news(20, four, 2) + _news(24, four, 2) + _news(21, six, 1)
    assert list(changes(news)) == [("holds", four), ("leaves", six)]


@given(st.binary(max_size=200))
def test_any_bytes_come_to_an_end(news: bytes) -> None:
    assert all(event in ("holds", "leaves") for event, _address in changes(news))
