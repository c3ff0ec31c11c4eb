# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The kernel's interface to IPVS, as bytes in and bytes out: family IPVS, version 1, of generic netlink.

Numbers are those of Linux' include/uapi/linux/ip_vs.h. Addresses, ports and IPv4 netmasks are in network byte order,
all else is in the machine's.
"""

from __future__ import annotations

import socket
import struct
import sys
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from .model import (
    DAEMON_STATES,
    FORWARDINGS,
    HOST_NETMASKS,
    NUMBERED_FLAGS,
    PROTOCOLS,
    SCHEDULER_FLAGS,
    TUNNEL_CHECKSUMS,
    TUNNEL_TYPES,
    Daemon,
    Destination,
    DestinationId,
    Operation,
    ServiceId,
    Settings,
    Timeouts,
    family,
)
from .netlink import Decoder, Field, Layout, MalformedError, attribute, attributes, string, text

FAMILY = "IPVS"

GET_SERVICE, GET_DESTINATION, GET_DAEMON, GET_CONFIG, GET_INFO = 4, 8, 11, 13, 15
_SET_CONFIG = 12
_COMMANDS = {
    "service": {"add": 1, "update": 2, "remove": 3},
    "destination": {"add": 5, "update": 6, "remove": 7},
    "daemon": {"add": 9, "remove": 10},
}
_SERVICE, _DESTINATION, _DAEMON = 1, 2, 3

_FAMILIES = {"ipv4": int(socket.AF_INET), "ipv6": int(socket.AF_INET6)}
_FAMILY_NAMES = {number: name for name, number in _FAMILIES.items()}
_PROTOCOL_NAMES = {number: name for name, number in PROTOCOLS.items()}

_PERSISTENT, _ONE_PACKET, _FIRST_SCHEDULER_FLAG = 0x1, 0x4, 0x8
_FORWARDING_MASK = 0x7


def request(operation: Operation) -> tuple[int, bytes]:
    """Return the command and the payload that carry an operation out."""
    value, service = operation.value, operation.service
    if isinstance(value, Timeouts):
        words = [_u32(number, seconds) for number, seconds in zip((4, 5, 6), value) if seconds]
        return _SET_CONFIG, b"".join(words)
    if isinstance(value, Daemon):
        complete = operation.action == "add"
        return _COMMANDS["daemon"][operation.action], attribute(_DAEMON, _daemon(value, complete))
    if service is None:
        raise ValueError(f"an operation without a subject: {operation}")
    settings = value if isinstance(value, Settings) else None
    payload = attribute(_SERVICE, _service(service, settings))
    if operation.destination is None:
        return _COMMANDS["service"][operation.action], payload
    destination = value if isinstance(value, Destination) else None
    payload += attribute(_DESTINATION, _destination(operation.destination, destination))
    return _COMMANDS["destination"][operation.action], payload


def service_request(service: ServiceId) -> bytes:
    """Return the payload that asks for the destinations of a service."""
    return attribute(_SERVICE, _service(service, None))


def _u16(number: int, value: int) -> bytes:
    return struct.pack("=HHHxx", 6, number, value)


def _u32(number: int, value: int) -> bytes:
    return struct.pack("=HHI", 8, number, value)


def _port(number: int, value: int) -> bytes:
    return struct.pack("=HH", 6, number) + struct.pack(">Hxx", value)


def _packed(address: str) -> bytes:
    return socket.inet_pton(_FAMILIES[family(address)], address)


def _address(number: int, address: str) -> bytes:
    return attribute(number, _packed(address).ljust(16, b"\0"))


def _service(key: ServiceId, settings: Settings | None) -> bytes:
    words = [_u16(1, _FAMILIES[key.family])]
    if key.fwmark:
        words.append(_u32(5, key.fwmark))
    else:
        words += [_u16(2, PROTOCOLS[key.protocol]), _address(3, key.address), _port(4, key.port)]
    if settings is None:
        return b"".join(words)
    flags = 0
    if settings.persistence_timeout:
        flags |= _PERSISTENT
    if settings.one_packet:
        flags |= _ONE_PACKET
    names = SCHEDULER_FLAGS.get(settings.scheduler, NUMBERED_FLAGS)
    for name in settings.scheduler_flags:
        flags |= _FIRST_SCHEDULER_FLAG << names.index(name)
    netmask = settings.persistence_netmask
    words += [
        text(6, settings.scheduler),
        attribute(7, struct.pack("=II", flags, 0xFFFFFFFF)),
        _u32(8, settings.persistence_timeout),
        _u32(9, int(netmask)) if key.family == "ipv6" else attribute(9, _packed(netmask)),
    ]
    if settings.persistence_engine:
        words.append(text(11, settings.persistence_engine))
    return b"".join(words)


def _destination(key: DestinationId, value: Destination | None) -> bytes:
    words = [_address(1, key.address), _port(2, key.port), _u16(11, _FAMILIES[family(key.address)])]
    if value is None:
        return b"".join(words)
    words += [
        _u32(3, FORWARDINGS.index(value.forwarding)),
        _u32(4, value.weight),
        _u32(5, value.upper_threshold),
        _u32(6, value.lower_threshold),
    ]
    if value.forwarding == "tun":
        words += [
            struct.pack("=HHBxxx", 5, 13, TUNNEL_TYPES.index(value.tunnel_type)),
            _port(14, value.tunnel_port),
            _u16(15, TUNNEL_CHECKSUMS.index(value.tunnel_checksum)),
        ]
    return b"".join(words)


def _daemon(value: Daemon, complete: bool) -> bytes:
    words = [_u32(1, DAEMON_STATES.index(value.state) + 1)]
    if not complete:
        return words[0]
    words += [text(2, value.interface), _u32(3, value.sync_id)]
    if value.max_length:
        words.append(_u16(4, value.max_length))
    group = 6 if family(value.multicast_group) == "ipv6" else 5
    words += [
        attribute(group, _packed(value.multicast_group)),
        _u16(7, value.multicast_port),  # not in network byte order, unlike all other ports
        struct.pack("=HHBxxx", 5, 8, value.multicast_ttl),
    ]
    return b"".join(words)


_SERVICE_FIELDS = (
    Field(1, "H"),  # address family
    Field(2, "H", 0),  # protocol
    Field(3, "16s", b""),
    Field(4, "H", 0),  # port
    Field(5, "I", 0),  # fwmark
    Field(6, "s"),  # scheduler
    Field(7, "I"),  # flags, without their mask
    Field(8, "I"),  # persistence time-out
    Field(9, "4s"),  # netmask
    Field(11, "s", b""),  # persistence engine
)
_DESTINATION_FIELDS = (
    Field(1, "16s"),
    Field(2, "H"),  # port
    Field(11, "H", 0),  # address family
    Field(3, "I"),  # forwarding method
    Field(4, "I"),  # weight
    Field(5, "I"),
    Field(6, "I"),
    Field(13, "B", 0),  # tunnel type
    Field(14, "H", 0),
    Field(15, "H", 0),
)
_CONNECTION_FIELDS = (Field(7, "I"), Field(8, "I"), Field(9, "I"))
_DAEMON_FIELDS = (
    Field(1, "I"),
    Field(2, "s"),
    Field(3, "I"),
    Field(4, "H", 0),
    Field(5, "4s", b""),
    Field(6, "16s", b""),
    Field(7, "H", 8848),
    Field(8, "B", 1),
)
_STATISTICS = (
    *("connections", "packets_in", "packets_out", "bytes_in", "bytes_out"),
    *("connections_per_second", "packets_in_per_second", "packets_out_per_second"),
    *("bytes_in_per_second", "bytes_out_per_second"),
)
_SERVICE_DECODER = Decoder(_SERVICE, _SERVICE_FIELDS)
_DESTINATION_DECODER = Decoder(_DESTINATION, _DESTINATION_FIELDS)


def _name(names: Sequence[str], number: int) -> str:
    """Return the name of a number; the number itself where the kernel is newer than the names."""
    return names[number] if number < len(names) else str(number)


def _literal(family_number: int, data: bytes) -> str:
    size = 16 if family_number == socket.AF_INET6 else 4
    return socket.inet_ntop(family_number, data[:size])


def service(payload: bytes) -> tuple[ServiceId, Settings]:
    """Return a dumped service.

    Raises:
        MalformedError: it is none.
    """
    number, protocol, address, port, fwmark, *settings = _SERVICE_DECODER.values(payload)
    if number not in _FAMILY_NAMES:
        raise MalformedError(f"address family {number}")
    if not (address or fwmark):
        raise MalformedError("a service without address and fwmark")
    if fwmark:
        key = ServiceId(_FAMILY_NAMES[number], "", "", 0, fwmark)
    else:
        name = _PROTOCOL_NAMES.get(protocol, str(protocol))
        key = ServiceId(_FAMILY_NAMES[number], name, _literal(number, address), socket.ntohs(port), 0)
    return key, _settings(key.family, *settings)


def _settings(family_name: str, scheduler: bytes, flags: int, *persistence: Any) -> Settings:
    timeout, netmask, engine = persistence
    name = string(scheduler)
    names = SCHEDULER_FLAGS.get(name, NUMBERED_FLAGS)
    scheduler_flags = tuple(flag for bit, flag in enumerate(names) if flags & _FIRST_SCHEDULER_FLAG << bit)
    one_packet = bool(flags & _ONE_PACKET)
    if not (flags & _PERSISTENT and timeout):
        return Settings(name, scheduler_flags, one_packet, 0, HOST_NETMASKS[family_name], "")
    ipv6 = family_name == "ipv6"
    mask = str(int.from_bytes(netmask, sys.byteorder)) if ipv6 else _literal(socket.AF_INET, netmask)
    return Settings(name, scheduler_flags, one_packet, timeout, mask, string(engine))


def destination(payload: bytes, of: ServiceId) -> tuple[DestinationId, Destination]:
    """Return a dumped destination of a service.

    Raises:
        MalformedError: it is none.
    """
    address, port, number, *value = _DESTINATION_DECODER.values(payload)
    # Kernels before 3.18 do not tell the family: there it is the service's.
    number = number or _FAMILIES[of.family]
    if number not in _FAMILY_NAMES:
        raise MalformedError(f"address family {number}")
    return DestinationId(_literal(number, address), socket.ntohs(port)), _value(*value)


@lru_cache(maxsize=256)
def _value(method: int, weight: int, upper: int, lower: int, *tunnel: int) -> Destination:
    """Return the value of a destination; most are alike."""
    forwarding = _name(FORWARDINGS, method & _FORWARDING_MASK)
    if forwarding != "tun":
        return Destination(forwarding, weight, upper, lower)
    kind, port, checksum = tunnel
    names = _name(TUNNEL_TYPES, kind), socket.ntohs(port), _name(TUNNEL_CHECKSUMS, checksum)
    return Destination(forwarding, weight, upper, lower, *names)


def connections(payload: bytes) -> dict[str, int]:
    """Return the connections of a dumped destination: active, inactive, persistent.

    Raises:
        MalformedError: it does not tell them.
    """
    values = Layout(payload, _DESTINATION, _CONNECTION_FIELDS).values(payload)
    return dict(zip(("active_connections", "inactive_connections", "persistent_connections"), values))


def statistics(payload: bytes) -> dict[str, int]:
    """Return the counters, and the rates per second, of a dumped service or destination.

    Raises:
        MalformedError: it has none.
    """
    nested = attributes(payload)
    inside = attributes(nested.get(_SERVICE) or nested.get(_DESTINATION, b""))
    # The older form has counters of 32 bits, which wrap.
    found = attributes(inside.get(12) or inside.get(10, b""))
    return {name: int.from_bytes(found.get(number, b""), sys.byteorder) for number, name in enumerate(_STATISTICS, 1)}


def daemon(payload: bytes) -> Daemon:
    """Return a dumped daemon.

    Raises:
        MalformedError: it is none.
    """
    state, interface, sync_id, length, group, group6, port, ttl = Layout(payload, _DAEMON, _DAEMON_FIELDS).values(
        payload
    )
    if not 1 <= state <= len(DAEMON_STATES):
        raise MalformedError(f"a daemon of state {state}")
    address = _literal(socket.AF_INET6, group6) if group6 else _literal(socket.AF_INET, group or b"\xe0\0\0\x51")
    return Daemon(DAEMON_STATES[state - 1], string(interface), sync_id, address, port, ttl, length)


def timeouts(payload: bytes) -> Timeouts:
    """Return the time-outs.

    Raises:
        MalformedError: the answer is none.
    """
    found = attributes(payload)
    return Timeouts(*(int.from_bytes(found.get(number, b"")[:4], sys.byteorder) for number in (4, 5, 6)))


def information(payload: bytes) -> dict[str, Any]:
    """Return IPVS' version and the size of its connection table.

    Raises:
        MalformedError: the answer is none.
    """
    found = attributes(payload)
    version = int.from_bytes(found.get(1, b"")[:4], sys.byteorder)
    return {
        "version": ".".join(str(version >> shift & 0xFF) for shift in (16, 8, 0)),
        "connection_table_size": int.from_bytes(found.get(2, b"")[:4], sys.byteorder),
    }
