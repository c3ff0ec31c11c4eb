# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Bytes: what is encoded is read back, what the kernel sent is understood, what nobody sent is refused."""

from __future__ import annotations

import contextlib
import errno
import struct
from collections.abc import Callable

import pytest
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs import codec, netlink
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.model import (
    Destination,
    DestinationId,
    Operation,
    ServiceId,
    Settings,
    Table,
    Timeouts,
)
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.netlink import Answer, MalformedError
from hypothesis import given
from hypothesis import strategies as st
from unit.ipvs_tables import tables

WEB = ServiceId("ipv4", "tcp", "10.0.0.1", 80, 0)


@given(tables())
def test_what_is_encoded_is_read_back(table: Table) -> None:
    for key, service in table.services.items():
        _command, payload = codec.request(Operation("add", key, None, service.settings))
        assert codec.service(payload) == (key, service.settings)
        for server, value in service.destinations.items():
            _command, payload = codec.request(Operation("add", key, server, value))
            assert codec.destination(payload, key) == (server, value)
    for daemon in table.daemons.values():
        _command, payload = codec.request(Operation("add", None, None, daemon))
        assert codec.daemon(payload) == daemon
    _command, payload = codec.request(Operation("update", None, None, table.timeouts))
    assert codec.timeouts(payload) == table.timeouts


SETTINGS = Settings("wlc", (), False, 0, "255.255.255.255", "")
COMMANDS = [
    (Operation("add", WEB, None, SETTINGS), 1),
    (Operation("update", WEB, None, SETTINGS), 2),
    (Operation("remove", WEB, None, None), 3),
    (Operation("add", WEB, DestinationId("10.0.0.2", 80), Destination("dr", 1)), 5),
    (Operation("update", WEB, DestinationId("10.0.0.2", 80), Destination("dr", 1)), 6),
    (Operation("remove", WEB, DestinationId("10.0.0.2", 80), None), 7),
    (Operation("update", None, None, Timeouts(1, 0, 0)), 12),
]


@pytest.mark.parametrize(("operation", "command"), COMMANDS)
def test_commands(operation: Operation, command: int) -> None:
    assert codec.request(operation)[0] == command


def test_bytes_of_a_request() -> None:
    """As ipvsadm 1.31 sends them for -D -t 10.0.0.1:80, on a machine of either byte order."""
    _command, payload = codec.request(Operation("remove", WEB, None, None))
    family, protocol = struct.pack("=HHHxx", 6, 1, 2), struct.pack("=HHHxx", 6, 2, 6)
    address = struct.pack("=HH", 20, 3) + bytes([10, 0, 0, 1]) + bytes(12)
    port = struct.pack("=HH", 6, 4) + b"\0\x50\0\0"
    assert payload == struct.pack("=HH", 48, 1) + family + protocol + address + port


def test_a_time_out_that_stays_is_not_sent() -> None:
    assert codec.request(Operation("update", None, None, Timeouts(0, 60, 0)))[1] == struct.pack("=HHI", 8, 5, 60)


def nested(number: int, *attributes: bytes) -> bytes:
    return netlink.attribute(number, b"".join(attributes))


def word(number: int, value: int) -> bytes:
    return netlink.attribute(number, struct.pack("=I", value))


def half(number: int, value: int) -> bytes:
    return netlink.attribute(number, struct.pack("=H", value))


def dumped_destination(host: int, weight: int, active: int, *more: bytes) -> bytes:
    address = netlink.attribute(1, bytes([10, 0, 0, host]) + bytes(12))
    settings = [netlink.attribute(2, b"\0\x50"), word(3, 3), word(4, weight), word(5, 0), word(6, 0)]
    figures = [word(7, active), word(8, 2), word(9, 1)]
    return nested(2, address, *settings, *figures, *more)


def test_a_dump_of_an_older_kernel_without_families_and_tunnels() -> None:
    key, value = codec.destination(dumped_destination(9, 5, 0), WEB)
    assert (key, value) == (DestinationId("10.0.0.9", 80), Destination("dr", 5))


def test_messages_alike_are_read_each_by_itself() -> None:
    found = [codec.destination(dumped_destination(host, host * 2, 0, half(11, 2)), WEB) for host in range(1, 50)]
    assert found == [(DestinationId(f"10.0.0.{host}", 80), Destination("dr", host * 2)) for host in range(1, 50)]


def test_a_message_of_the_same_length_but_another_layout_is_read_right() -> None:
    first = dumped_destination(1, 7, 0, half(11, 2), half(15, 0))
    other = dumped_destination(1, 7, 0, half(15, 0), half(11, 2))
    assert len(first) == len(other)
    assert codec.destination(first, WEB) == codec.destination(other, WEB)


def test_connections_and_statistics() -> None:
    long = [netlink.attribute(number, struct.pack("=Q", number + 2**40)) for number in range(1, 11)]
    payload = dumped_destination(1, 1, 17, netlink.attribute(10, word(1, 5)), netlink.attribute(12, b"".join(long)))
    assert codec.connections(payload) == {
        "active_connections": 17,
        "inactive_connections": 2,
        "persistent_connections": 1,
    }
    figures = codec.statistics(payload)
    assert figures["connections"] == 2**40 + 1
    assert figures["bytes_out_per_second"] == 2**40 + 10


def test_a_service_that_this_module_could_not_declare_is_shown() -> None:
    address = netlink.attribute(3, bytes([10, 0, 0, 1]) + bytes(12))
    flags = netlink.attribute(7, struct.pack("=II", 0x2 | 0x20, 0xFFFFFFFF))
    mask = netlink.attribute(9, b"\xff\xff\xff\xff")
    parts = half(1, 2), half(2, 41), address, netlink.attribute(4, b"\0\x50"), netlink.text(6, "twos"), flags
    key, settings = codec.service(nested(1, *parts, word(8, 0), mask))
    assert key == ServiceId("ipv4", "41", "10.0.0.1", 80, 0)
    assert (settings.scheduler, settings.scheduler_flags) == ("twos", ("flag-3",))


def acknowledgement(error: int, *attributes: bytes, flags: int = 0) -> netlink.Message:
    body = struct.pack("=i", -error) + bytes(16) + b"".join(attributes)
    header = struct.pack("=IHHII", 16 + len(body), 2, flags, 7, 0)
    (message,) = netlink.messages(header + body)
    return message


@pytest.mark.parametrize("error", [0, errno.EPERM, errno.ERANGE])
def test_answers(error: int) -> None:
    assert netlink.answer(acknowledgement(error)) == Answer(error)


def test_the_kernels_own_words() -> None:
    message = acknowledgement(errno.EINVAL, netlink.text(1, "no such thing"), flags=0x300)
    assert netlink.answer(message) == Answer(errno.EINVAL, "no such thing")


MALFORMED: dict[str, Callable[[], object]] = {
    "half a header": lambda: list(netlink.messages(b"\x10\0\0")),
    "a length of nothing": lambda: list(netlink.messages(bytes(16))),
    "a length beyond the end": lambda: list(netlink.messages(struct.pack("=IHHII", 99, 2, 0, 0, 0))),
    "an attribute beyond the end": lambda: netlink.attributes(struct.pack("=HH", 99, 1)),
    "an attribute of length 0": lambda: netlink.attributes(bytes(8)),
    "no service in it": lambda: codec.service(b""),
    "a service without anything": lambda: codec.service(nested(1)),
    "a short address": lambda: codec.destination(nested(2, netlink.attribute(1, b"\x0a")), WEB),
    "a family that is none": lambda: codec.destination(dumped_destination(1, 1, 0, half(11, 77)), WEB),
    "a daemon of a third kind": lambda: codec.daemon(nested(3, word(1, 3), netlink.text(2, "eth0"), word(3, 1))),
    "a family without number": lambda: netlink.family_number(b""),
}


@pytest.mark.parametrize("decode", MALFORMED.values(), ids=MALFORMED)
def test_malformed_bytes_are_refused(decode: Callable[[], object]) -> None:
    with pytest.raises(MalformedError):
        decode()


READERS = [
    codec.service,
    codec.daemon,
    codec.timeouts,
    codec.information,
    codec.connections,
    codec.statistics,
    netlink.family_number,
    lambda payload: codec.destination(payload, WEB),
    lambda payload: [netlink.answer(message) for message in netlink.messages(payload)],
]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Return a message of a kernel, with some bytes changed and the end perhaps cut off."""
    flags = netlink.attribute(7, struct.pack("=II", 3, 0xFFFFFFFF))
    service = half(1, 2), half(2, 6), netlink.attribute(3, bytes(16)), netlink.text(6, "rr"), flags
    whole = draw(
        st.sampled_from(
            (
                dumped_destination(1, 1, 1, half(11, 2)),
                nested(1, *service, word(8, 1), word(9, 0)),
                nested(3, word(1, 1), netlink.text(2, "eth0"), word(3, 1)),
                struct.pack("=IHHIIi", 20, 2, 0x300, 1, 0, -2) + bytes(16) + netlink.text(1, "words"),
            )
        )
    )
    changed = bytearray(whole)
    for place in draw(st.lists(st.integers(0, len(changed) - 1), max_size=6)):
        changed[place] = draw(st.integers(0, 255))
    return bytes(changed[: draw(st.integers(0, len(changed)))])


@given(st.binary(max_size=200) | damaged())
def test_hostile_bytes_are_read_or_refused(payload: bytes) -> None:
    for read in READERS:
        with contextlib.suppress(MalformedError):
            read(payload)
