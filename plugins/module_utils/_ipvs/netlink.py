# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Generic netlink, as bytes in and bytes out: messages, attributes, and records of which there are thousands alike.

Numbers and layouts are those of Linux' include/uapi/linux/{netlink,genetlink}.h, in the machine's byte order.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

PROTOCOL = 16  # NETLINK_GENERIC

# Types and flags of messages.
ERROR, DONE = 2, 3
REQUEST, ACK, DUMP, DUMP_INTERRUPTED = 0x1, 0x4, 0x300, 0x10
CAPPED, ACK_ATTRIBUTES = 0x100, 0x200

# The controller, which knows the numbers of all families.
CONTROLLER, GET_FAMILY = 16, 3
_FAMILY_ID, _FAMILY_NAME = 1, 2

_MESSAGE = struct.Struct("=IHHII")  # length, type, flags, sequence, port
_GENERIC = struct.Struct("=BBH")  # command, version
_ATTRIBUTE = struct.Struct("=HH")  # length, number
_NUMBER_MASK = 0x3FFF


class MalformedError(ValueError):
    """Bytes that are no message of the kernel's."""


class Message(NamedTuple):
    """One message of a datagram; of generic netlink ones the payload begins after its header."""

    type: int
    flags: int
    sequence: int
    payload: bytes


class Answer(NamedTuple):
    """The kernel's verdict on a request: an error number, 0 for done, and its own words, if it has some."""

    error: int
    words: str = ""


def message(kind: int, command: int, flags: int, sequence: int, payload: bytes = b"") -> bytes:
    """Return a request of generic netlink, ready to be sent."""
    length = _MESSAGE.size + _GENERIC.size + len(payload)
    header = _MESSAGE.pack(length, kind, REQUEST | flags, sequence, 0)
    return header + _GENERIC.pack(command, 1, 0) + payload


def attribute(number: int, data: bytes) -> bytes:
    """Return an attribute, padded."""
    return _ATTRIBUTE.pack(4 + len(data), number) + data + bytes(-len(data) % 4)


def text(number: int, value: str) -> bytes:
    """Return an attribute that holds a text."""
    return attribute(number, value.encode() + b"\0")


def family_request(name: str) -> bytes:
    """Return the payload that asks the controller for a family."""
    return text(_FAMILY_NAME, name)


def family_number(payload: bytes) -> int:
    """Return the number of the family that was asked for.

    Raises:
        MalformedError: the answer has none.
    """
    number = attributes(payload).get(_FAMILY_ID, b"")
    if len(number) < 2:
        raise MalformedError("the family has no number")
    return int.from_bytes(number[:2], sys.byteorder)


def string(data: bytes) -> str:
    """Return the text of an attribute."""
    return data.partition(b"\0")[0].decode(errors="replace")


def messages(datagram: bytes) -> Iterator[Message]:
    """Yield the messages of what was received.

    Raises:
        MalformedError: these are no messages.
    """
    offset = 0
    while offset < len(datagram):
        if len(datagram) - offset < _MESSAGE.size:
            raise MalformedError("the end of a message is missing")
        length, kind, flags, sequence, _port_id = _MESSAGE.unpack_from(datagram, offset)
        if length < _MESSAGE.size or offset + length > len(datagram):
            raise MalformedError(f"a message of {length} bytes in {len(datagram) - offset}")
        start = offset + _MESSAGE.size
        if kind > DONE:
            start += _GENERIC.size
        yield Message(kind, flags, sequence, datagram[start : offset + length])
        offset += (length + 3) & ~3


def answer(received: Message) -> Answer:
    """Return what an acknowledgement, or the end of a dump, says.

    Raises:
        MalformedError: it is none.
    """
    payload = received.payload
    if len(payload) < 4:
        if received.type == DONE:
            return Answer(0)
        raise MalformedError("an acknowledgement without an error number")
    error = -int.from_bytes(payload[:4], sys.byteorder, signed=True)
    words = ""
    if received.flags & ACK_ATTRIBUTES and received.type == ERROR:
        # After the header of the request that is answered, which alone is sent back.
        found = attributes(payload[4 + _MESSAGE.size :]) if received.flags & CAPPED else {}
        words = string(found.get(1, b""))
    return Answer(error, words)


def _spans(payload: bytes, start: int = 0) -> Iterator[tuple[int, int, int]]:
    """Yield number, first byte and length of each attribute."""
    offset = start
    while len(payload) - offset >= _ATTRIBUTE.size:
        length, number = _ATTRIBUTE.unpack_from(payload, offset)
        if length < _ATTRIBUTE.size or offset + length > len(payload):
            raise MalformedError(f"an attribute of {length} bytes in {len(payload) - offset}")
        yield number & _NUMBER_MASK, offset + _ATTRIBUTE.size, length - _ATTRIBUTE.size
        offset += (length + 3) & ~3


def attributes(payload: bytes) -> dict[int, bytes]:
    """Return the attributes of a message by their number.

    Raises:
        MalformedError: these are none.
    """
    return {number: payload[start : start + length] for number, start, length in _spans(payload)}


class Field(NamedTuple):
    """An attribute that is read: its format is one of struct's, or s for all of its bytes."""

    number: int
    format: str
    default: Any = None  # None: it must be there


class Layout:
    """Where the fields stand in a nested attribute.

    A dump is thousands of messages alike: the place of each field is found once, and holds as long as
    all the attributes' headers are the same, which is compared in one operation.
    """

    def __init__(self, payload: bytes, outer: int, fields: Sequence[Field]) -> None:
        outside = {number: (start, length) for number, start, length in _spans(payload)}
        if outer not in outside:
            raise MalformedError(f"no attribute {outer}")
        start, length = outside[outer]
        inside = {number: (at, size) for number, at, size in _spans(payload[: start + length], start)}
        mask = bytearray(len(payload))
        for at, _size in (*outside.values(), *inside.values()):
            mask[at - _ATTRIBUTE.size : at] = b"\xff" * _ATTRIBUTE.size
        self._length = len(payload)
        self._mask = int.from_bytes(mask, "little")
        self._headers = int.from_bytes(payload, "little") & self._mask
        self._struct, self._missing, self._order = self._compile(inside, fields)

    @staticmethod
    def _compile(
        inside: Mapping[int, tuple[int, int]], fields: Sequence[Field]
    ) -> tuple[struct.Struct, tuple[Any, ...], itemgetter[Any]]:
        offset, layout = 0, "="
        places: dict[int, int] = {}
        missing: list[Any] = []
        for field in fields:
            if field.number not in inside and field.default is None:
                raise MalformedError(f"no attribute {field.number}")
        present = sorted((field for field in fields if field.number in inside), key=lambda one: inside[one.number])
        for place, field in enumerate(present):
            start, length = inside[field.number]
            item = f"{length}s" if field.format == "s" else field.format
            size = struct.calcsize(f"={item}")
            if size > length:
                raise MalformedError(f"attribute {field.number} has {length} bytes, not {size}")
            layout += f"{start - offset}x{item}"
            offset = start + size
            places[field.number] = place
        for field in fields:
            if field.number not in inside:
                places[field.number] = len(present) + len(missing)
                missing.append(field.default)
        return struct.Struct(layout), tuple(missing), itemgetter(*(places[field.number] for field in fields))

    def fits(self, payload: bytes) -> bool:
        """Tell whether a message has this layout."""
        return len(payload) == self._length and int.from_bytes(payload, "little") & self._mask == self._headers

    def values(self, payload: bytes) -> tuple[Any, ...]:
        """Return the fields of a message that fits, in their order."""
        values: tuple[Any, ...] = self._order(self._struct.unpack_from(payload) + self._missing)
        return values


class Decoder:
    """Reads the fields of messages that are mostly alike.

    Args:
        outer: number of the attribute that holds the others.
        fields: what is read in it, two at least.
    """

    def __init__(self, outer: int, fields: Sequence[Field]) -> None:
        self._outer = outer
        self._fields = fields
        self._layouts: dict[int, Layout] = {}

    def values(self, payload: bytes) -> tuple[Any, ...]:
        """Return the fields of a message, in their order.

        Raises:
            MalformedError: it does not hold them.
        """
        layout = self._layouts.get(len(payload))
        if layout is None or not layout.fits(payload):
            layout = self._layouts[len(payload)] = Layout(payload, self._outer, self._fields)
        return layout.values(payload)
