# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Runs in a director: say when it speaks as master, holds the VIP, and changes its IPVS table.

    python3 watch_director.py VIP VRID SECONDS

Output is one JSON object a line: first ``{"pid"}``, then ``{"at", "event", "detail"}``, where ``at``
is the wall clock in seconds and ``event`` one of

    advert   it sent a VRRP advert; detail is the priority
    holds    an interface got the VIP; detail is empty
    leaves   an interface lost the VIP
    table    the lines of the IPVS table with a weight above 0 changed; detail is
             ``{"SERVICE": ["ADDRESS:PORT", ...]}``, first that of the start

SIGTERM ends it; it ends by itself after SECONDS.
"""

from __future__ import annotations

import ctypes
import ipaddress
import json
import os
import selectors
import signal
import socket
import struct
import sys
import time
from collections.abc import Iterator

_SO_ATTACH_FILTER = 26
_ETH_P_ALL = 3
_PACKET_OUTGOING = 4
_VRRP = 112
_RTMGRP_ADDRESSES = 0x10 | 0x100  # of IPv4 and of IPv6
_RTM_NEWADDR, _RTM_DELADDR = 20, 21
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_TABLE_EVERY = 0.02  # seconds

# tcpdump -dd 'ip proto 112 or ip6 proto 112', from the network header on: all else would cost a
# director that forwards thousands of packets a second its processor.
_VRRP_ALONE = (
    (0x30, 0, 0, 0),
    (0x54, 0, 0, 0xF0),
    (0x15, 0, 2, 0x40),
    (0x30, 0, 0, 9),
    (0x15, 3, 4, 112),
    (0x15, 0, 3, 0x60),
    (0x30, 0, 0, 6),
    (0x15, 0, 1, 112),
    (0x06, 0, 0, 0xFFFF),
    (0x06, 0, 0, 0),
)


def say(event: str, detail: object = "") -> None:
    """Print one event."""
    print(json.dumps({"at": round(time.time(), 4), "event": event, "detail": detail}), flush=True)


def adverts() -> socket.socket:
    """Return a socket that gets the VRRP packets of all interfaces."""
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in _VRRP_ALONE)
    buffer = ctypes.create_string_buffer(code)
    program = struct.pack("HL", len(_VRRP_ALONE), ctypes.addressof(buffer))
    result = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_ALL))
    result.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)
    return result


def priority(packet: bytes, vrid: int) -> int:
    """Return the priority in an IP packet with an advert of ``vrid``; 0 of any other packet."""
    version = packet[0] >> 4
    if packet[{4: 9, 6: 6}.get(version, 0)] != _VRRP:
        return 0
    vrrp = packet[40 if version == 6 else (packet[0] & 15) * 4 :]
    return vrrp[2] if vrrp[1] == vrid else 0


def addresses() -> socket.socket:
    """Return a socket that gets the kernel's news of addresses."""
    result = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    result.bind((0, _RTMGRP_ADDRESSES))
    return result


def changes(news: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield "holds" or "leaves" and the address for each message of ``news``."""
    while len(news) >= 16:
        length, kind = struct.unpack_from("=IH", news)
        if length < 16:
            return
        event = {_RTM_NEWADDR: "holds", _RTM_DELADDR: "leaves"}.get(kind)
        attributes = news[24:length]
        found = {}
        while event and len(attributes) >= 4:
            size, name = struct.unpack_from("=HH", attributes)
            size = max(size, 4)
            found[name] = attributes[4:size]
            attributes = attributes[(size + 3) & ~3 :]
        if event and found:
            yield event, found.get(_IFA_LOCAL) or found.get(_IFA_ADDRESS, b"")
        news = news[(length + 3) & ~3 :]


def _address(text: str) -> str:
    number, _colon, port = text.rpartition(":")
    packed = bytes.fromhex(number) if "[" not in number else ipaddress.ip_address(number.strip("[]")).packed
    return f"{ipaddress.ip_address(packed)}:{int(port, 16)}"


def in_use(table: str) -> dict[str, list[str]]:
    """Return, by service, the servers with a weight above 0 in a /proc/net/ip_vs text."""
    found: dict[str, list[str]] = {}
    service = ""
    for words in map(str.split, table.splitlines()):
        if words[:1] in (["TCP"], ["UDP"], ["SCTP"]):
            service = _address(words[1])
            found[service] = []
        elif words[:1] == ["FWM"]:
            service = f"mark {int(words[1], 16)}"
            found[service] = []
        elif words[:1] == ["->"] and words[3].isdigit() and int(words[3]) > 0:
            found[service].append(_address(words[1]))
    return {name: sorted(servers) for name, servers in sorted(found.items())}


class Watch:
    """All three sources, in one loop."""

    def __init__(self, vip: str, vrid: int) -> None:
        self._vip = ipaddress.ip_address(vip).packed
        self._vrid = vrid
        self._table: dict[str, list[str]] | None = None
        self._stopped = False
        self._adverts = adverts()
        self._addresses = addresses()

    def stop(self) -> None:
        """End soon."""
        self._stopped = True

    def run(self, seconds: float) -> None:
        """Watch for ``seconds`` or until stopped."""
        selector = selectors.DefaultSelector()
        selector.register(self._adverts, selectors.EVENT_READ, self._on_advert)
        selector.register(self._addresses, selectors.EVENT_READ, self._on_address)
        end = time.monotonic() + seconds
        while not self._stopped and time.monotonic() < end:
            self._look_at_table()
            for key, _events in selector.select(_TABLE_EVERY):
                key.data()

    def _on_advert(self) -> None:
        packet, origin = self._adverts.recvfrom(256)
        rank = priority(packet, self._vrid) if origin[2] == _PACKET_OUTGOING else 0
        if rank:
            say("advert", rank)

    def _on_address(self) -> None:
        for event, address in changes(self._addresses.recv(65536)):
            if address == self._vip:
                say(event)

    def _look_at_table(self) -> None:
        with open("/proc/net/ip_vs", encoding="ascii") as table:
            now = in_use(table.read())
        if now != self._table:
            self._table = now
            say("table", now)


def main() -> None:
    """Run with the command line's VIP, VRID and SECONDS."""
    vip, vrid, seconds = sys.argv[1:]
    watch = Watch(vip, int(vrid))
    signal.signal(signal.SIGTERM, lambda *_: watch.stop())
    print(json.dumps({"pid": os.getpid()}), flush=True)
    watch.run(float(seconds))


if __name__ == "__main__":
    main()
