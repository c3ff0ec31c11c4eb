# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""VRRP adverts as bytes (RFC 3768, RFC 5798): reading them, and hearing them on a network."""

from __future__ import annotations

import select
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import Any, NamedTuple

PROTOCOL = 112
GROUPS = {"ipv4": "224.0.0.18", "ipv6": "ff02::12"}
_ADVERTISEMENT = 1
_LARGEST = 65535


class MalformedError(ValueError):
    """The bytes are no advert."""


class Advert(NamedTuple):
    """One advert; the interval in seconds."""

    version: int
    vrid: int
    priority: int
    advert_interval: float
    addresses: tuple[str, ...]


class Speaker(NamedTuple):
    """Who was heard, by what it said last."""

    source: str
    family: str
    advert: Advert
    adverts: int

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        content = {"source": self.source, "family": self.family, "adverts": self.adverts, **self.advert._asdict()}
        return {**content, "addresses": list(self.advert.addresses)}


def parse(payload: bytes, family: str) -> Advert:
    """Return the advert that an IP packet of protocol 112 carries.

    Raises:
        MalformedError: it carries none.
    """
    if len(payload) < 8:
        raise MalformedError(f"{len(payload)} bytes are no advert")
    head, vrid, priority, count, fifth, sixth = struct.unpack("!6B", payload[:6])
    version, kind = head >> 4, head & 15
    if version not in (2, 3) or kind != _ADVERTISEMENT:
        raise MalformedError(f"version {version}, type {kind}")
    # Version 2: a kind of authentication, and seconds. Version 3: hundredths, in twelve bits.
    interval = float(sixth) if version == 2 else ((fifth & 15) << 8 | sixth) / 100
    domain, size = (socket.AF_INET, 4) if family == "ipv4" else (socket.AF_INET6, 16)
    if len(payload) < 8 + count * size:
        raise MalformedError(f"{count} addresses in {len(payload)} bytes")
    places = range(8, 8 + count * size, size)
    addresses = tuple(socket.inet_ntop(domain, payload[place : place + size]) for place in places)
    return Advert(version, vrid, priority, interval, addresses)


def listen(interface: str, seconds: float) -> list[Speaker]:
    """Return who speaks VRRP on an interface, by multicast or to this host.

    Raises:
        OSError: the interface does not exist, or the caller may not listen.
    """
    index = socket.if_nametoindex(interface)
    heard: dict[tuple[str, str, int], Speaker] = {}
    with ExitStack() as stack:
        ears = {stack.enter_context(_ear("ipv4", interface, index)): "ipv4"}
        with suppress(OSError):  # a host without IPv6
            ears[stack.enter_context(_ear("ipv6", interface, index))] = "ipv6"
        for family, source, payload in _packets(ears, time.monotonic() + seconds):
            try:
                advert = parse(payload, family)
            except MalformedError:
                continue
            key = (family, source, advert.vrid)
            heard[key] = Speaker(source, family, advert, heard[key].adverts + 1 if key in heard else 1)
    return [heard[key] for key in sorted(heard)]


def _ear(family: str, interface: str, index: int) -> socket.socket:
    ear = socket.socket(socket.AF_INET if family == "ipv4" else socket.AF_INET6, socket.SOCK_RAW, PROTOCOL)
    try:
        ear.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode() + b"\0")
        if family == "ipv4":
            group = struct.pack("@4s4si", socket.inet_aton(GROUPS[family]), b"\0" * 4, index)
            ear.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
        else:
            group = struct.pack("@16si", socket.inet_pton(socket.AF_INET6, GROUPS[family]), index)
            ear.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group)
    except OSError:
        ear.close()
        raise
    return ear


def _packets(ears: dict[socket.socket, str], end: float) -> Iterator[tuple[str, str, bytes]]:
    """Yield family, source and payload of what arrives until the end."""
    while (left := end - time.monotonic()) > 0:
        for ear in select.select(list(ears), [], [], left)[0]:
            packet, sender = ear.recvfrom(_LARGEST)
            if ears[ear] == "ipv4" and packet:
                # The kernel leaves IPv4's header on; its length is in words.
                packet = packet[(packet[0] & 15) * 4 :]
            yield ears[ear], str(sender[0]).partition("%")[0], packet
