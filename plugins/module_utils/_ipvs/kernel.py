# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The kernel: the one place that opens a socket to it."""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import NamedTuple, TypeVar

from . import codec, netlink
from .model import Daemon, DestinationId, Destinations, Operation, Service, ServiceId, Table
from .netlink import Answer, MalformedError

# Seconds. The kernel answers at once, but for the stop of a daemon that is still starting, which it may never confirm.
PATIENCE = 5
# Of requests on the way. Their answers must find room in the socket's buffer, which is small without privileges.
BATCH = 64
_BUFFER = 4 << 20
_DATAGRAM = 1 << 16
_ATTEMPTS = 5

# Of <linux/socket.h> and <linux/netlink.h>; Python's socket module does not have them.
_SO_RCVBUFFORCE = 33
_SOL_NETLINK, _CAP_ACK, _EXT_ACK = 270, 10, 11


NO_IPVS = (
    "This kernel has no IPVS: its module ip_vs is not loaded. Load it with modprobe ip_vs, as the role"
    " lvs.ha_web.ipvsadm does at every boot; for a container, load it on the host."
)
NO_PERMISSION = (
    "The kernel lets only root see or change IPVS. Run the task with become: true; give a container the capability"
    " NET_ADMIN and the host's user namespace (a rootless one cannot have IPVS)."
)


class KernelError(Exception):
    """The kernel cannot be asked, or cannot be understood; the text names the remedy."""


class RefusedError(KernelError):
    """The kernel refuses a question."""

    def __init__(self, answer: Answer) -> None:
        reason = os.strerror(answer.error) + (f" ({answer.words})" if answer.words else "")
        super().__init__(NO_PERMISSION if answer.error == errno.EPERM else f"The kernel refuses to answer: {reason}.")
        self.answer = answer


@contextmanager
def _readable() -> Iterator[None]:
    """Tell what cannot be decoded as what the kernel sent."""
    try:
        yield
    except MalformedError as error:
        raise KernelError(f"The kernel's answer cannot be read: {error}. Is it newer than this module?") from error


class _InterruptedError(KernelError):
    """The table changed while it was read."""


_Read = TypeVar("_Read")


class Live(NamedTuple):
    """A service as it runs: its own figures, and those of its destinations, by name."""

    statistics: dict[str, int]
    destinations: dict[str, dict[str, int]]


class Kernel:
    """A conversation with IPVS in the process' own network namespace; a context manager.

    Raises:
        KernelError: there is no IPVS, or it may not be asked; also by all methods.
    """

    def __init__(self) -> None:
        self._sequence = 0
        try:
            self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, netlink.PROTOCOL)
        except OSError as error:
            raise KernelError(f"The kernel opens no netlink socket: {error.strerror}.") from error
        try:
            self._prepare()
            self._family = self._find_family()
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self) -> Kernel:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def _prepare(self) -> None:
        self._socket.bind((0, 0))
        # Kept by the kernel: a time-out of Python's own would cost another system call for each message.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("@ll", PATIENCE, 0))
        for level, option, value in (
            (socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER),
            (_SOL_NETLINK, _CAP_ACK, 1),
            (_SOL_NETLINK, _EXT_ACK, 1),
        ):
            try:
                self._socket.setsockopt(level, option, value)
            except OSError:
                continue  # Without it, it is slower, or says less.

    def _find_family(self) -> int:
        try:
            found = list(self._ask(netlink.CONTROLLER, netlink.GET_FAMILY, 0, netlink.family_request(codec.FAMILY)))
        except RefusedError as error:
            if error.answer.error == errno.ENOENT:
                raise KernelError(NO_IPVS) from error
            raise
        with _readable():
            return netlink.family_number(b"".join(found))

    # Reading

    def table(self, wanted: Callable[[ServiceId], bool] | None = None) -> Table:
        """Return the table; only the services that are ``wanted``, by default all."""

        def read() -> Table:
            found = map(codec.service, self._dump(codec.GET_SERVICE))
            settings = {key: value for key, value in found if wanted is None or wanted(key)}
            services = {key: Service(value, self._destinations(key)) for key, value in settings.items()}
            return Table(services, self._daemons(), codec.timeouts(self._one(codec.GET_CONFIG)))

        return self._consistent(read)

    def active_connections(self, service: ServiceId) -> dict[DestinationId, int]:
        """Return the active connections of each destination of a service; none when it does not exist."""

        def read() -> dict[DestinationId, int]:
            return {
                codec.destination(payload, service)[0]: codec.connections(payload)["active_connections"]
                for payload in self._dump_destinations(service)
            }

        return self._consistent(read)

    def live(self) -> dict[ServiceId, Live]:
        """Return the figures of all services and destinations."""

        def read() -> dict[ServiceId, Live]:
            found = {}
            for payload in self._dump(codec.GET_SERVICE):
                key, _settings = codec.service(payload)
                found[key] = Live(codec.statistics(payload), {})
            for key, live in found.items():
                for payload in self._dump_destinations(key):
                    name, _value = codec.destination(payload, key)
                    live.destinations[str(name)] = {**codec.connections(payload), **codec.statistics(payload)}
            return found

        return self._consistent(read)

    def information(self) -> dict[str, object]:
        """Return version and size of the connection table."""
        with _readable():
            return codec.information(self._one(codec.GET_INFO))

    def _destinations(self, service: ServiceId) -> Destinations:
        return dict(codec.destination(payload, service) for payload in self._dump_destinations(service))

    def _dump_destinations(self, service: ServiceId) -> Iterator[bytes]:
        return self._dump(codec.GET_DESTINATION, codec.service_request(service))

    def _daemons(self) -> dict[str, Daemon]:
        return {daemon.state: daemon for daemon in map(codec.daemon, self._dump(codec.GET_DAEMON))}

    # Changing

    def execute(self, operations: Sequence[Operation]) -> list[Answer]:
        """Carry operations out, in their order, and return the answer to each.

        One that fails does not keep the kernel from those behind it. An answer that does not come has the
        error ETIMEDOUT: what became of the operation is not known.
        """
        answers: list[Answer] = []
        for start in range(0, len(operations), BATCH):
            answers += self._execute_batch(operations[start : start + BATCH])
        return answers

    def _execute_batch(self, operations: Sequence[Operation]) -> list[Answer]:
        first, last = self._sequence + 1, self._sequence + len(operations)
        # The kernel tells every refusal unasked and in order: when it answers the last request, all are done.
        flags = [0] * (len(operations) - 1) + [netlink.ACK]
        requests = [
            self._message(self._family, command, flag, payload)
            for flag, (command, payload) in zip(flags, map(codec.request, operations))
        ]
        found: dict[int, Answer] = {}
        try:
            self._send(b"".join(requests))
            while last not in found:
                for message in self._receive():
                    if message.type == netlink.ERROR and message.sequence >= first:
                        with _readable():
                            found[message.sequence] = netlink.answer(message)
        except KernelError:
            pass  # The answers that came are worth more than an exception; the others are unknown.
        silence = Answer(0 if last in found else errno.ETIMEDOUT)
        return [found.get(sequence, silence) for sequence in range(first, last + 1)]

    # Netlink

    def _message(self, family: int, command: int, flags: int, payload: bytes = b"") -> bytes:
        self._sequence += 1
        return netlink.message(family, command, flags, self._sequence, payload)

    def _send(self, datagram: bytes) -> None:
        try:
            self._socket.send(datagram)
        except OSError as error:
            raise KernelError(f"The kernel takes no message: {error.strerror}.") from error

    def _receive(self) -> list[netlink.Message]:
        try:
            datagram = self._socket.recv(_DATAGRAM)
        except BlockingIOError as error:
            raise KernelError(f"The kernel did not answer within {PATIENCE} s.") from error
        except OSError as error:
            raise KernelError(f"The kernel's answer is lost: {error.strerror}.") from error
        with _readable():
            return list(netlink.messages(datagram))

    def _ask(self, family: int, command: int, flags: int, payload: bytes = b"") -> Iterator[bytes]:
        """Yield the payloads of the answers, to their end."""
        self._send(self._message(family, command, flags or netlink.ACK, payload))
        sequence, interrupted = self._sequence, False
        while True:
            for message in self._receive():
                if message.sequence != sequence:
                    continue  # of a question that was given up
                interrupted |= bool(message.flags & netlink.DUMP_INTERRUPTED)
                if message.type not in (netlink.ERROR, netlink.DONE):
                    yield message.payload
                    continue
                with _readable():
                    answer = netlink.answer(message)
                if answer.error:
                    raise RefusedError(answer)
                if interrupted:
                    raise _InterruptedError("The table changed while it was read.")
                return

    def _dump(self, command: int, payload: bytes = b"") -> Iterator[bytes]:
        return self._ask(self._family, command, netlink.DUMP, payload)

    def _one(self, command: int) -> bytes:
        return b"".join(self._ask(self._family, command, 0))

    def _consistent(self, read: Callable[[], _Read]) -> _Read:
        """Read again what changed while it was read."""
        for _attempt in range(_ATTEMPTS):
            try:
                with _readable():
                    return read()
            except _InterruptedError:
                continue
        raise KernelError(f"The table changed in each of {_ATTEMPTS} readings; another program keeps writing it.")
