# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Connections that nothing has been heard of for long, as the kernel's list of connections tells.

After a VIP has moved, its new holder remembers connections whose end the old one did not tell any more, up to the
time-out of established ones, 15 minutes by default. IPVS counts them as active; only their silence tells them apart.
Source: ip_vs_conn_seq_show of net/netfilter/ipvs/ip_vs_conn.c.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Collection, Iterable

from .model import DestinationId, ServiceId

CONNECTIONS = "/proc/net/ip_vs_conn"

Where = tuple[ServiceId, DestinationId]


def silent(lines: Iterable[str], wanted: Collection[Where], time_out: int, seconds: float) -> Counter[Where]:
    """Count established connections without a packet for some seconds, by service and destination.

    Of TCP services with one address and port: of others the list does not tell which service a connection is of.

    Args:
        lines: of the kernel's list, with its heading.
        wanted: services, each with a destination.
        time_out: seconds that the kernel gives an established connection after each packet.
        seconds: without a packet.
    """
    named = {_shown(*where): where for where in wanted if where[0].protocol == "tcp" and where[0].port}
    found: Counter[Where] = Counter()
    for line in lines:
        words = line.split()
        if words[0] != "TCP" or words[7] != "ESTABLISHED" or time_out - int(words[8]) < seconds:
            continue
        where = named.get(tuple(words[3:7]))
        if where:
            found[where] += 1
    return found


def _shown(service: ServiceId, destination: DestinationId) -> tuple[str, ...]:
    """Return the list's words for the virtual address and the destination."""
    ends = (service.address, service.port), (destination.address, destination.port)
    return tuple(word for address, port in ends for word in (_hexadecimal(address), f"{port:04X}"))


def _hexadecimal(text: str) -> str:
    address = ipaddress.ip_address(text)
    return f"{int(address):08X}" if address.version == 4 else address.exploded
