# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What the kernel's error numbers mean, by what was asked of it."""

from __future__ import annotations

import errno
import os

from .._problems import Problem
from .model import Daemon, Destination, Operation, Settings, family
from .netlink import Answer

_ANOTHER_WRITER = "Find what else writes this table (keepalived?), and give each service one owner."


def is_conflict(operation: Operation, answer: Answer) -> bool:
    """Tell whether the answer says that the table is no longer as it was read."""
    if answer.error == errno.ETIMEDOUT:
        return True
    if operation.action == "add":
        return answer.error in (errno.EEXIST, errno.ESRCH)
    if operation.action == "update" and isinstance(operation.value, Settings):
        return answer.error == errno.ESRCH  # ENOENT speaks of the scheduler
    return answer.error in (errno.ESRCH, errno.ENOENT)


def subject(operation: Operation) -> str:
    """Return what an operation changes, as a person names it."""
    if operation.service is None:
        return str(operation.value) if isinstance(operation.value, Daemon) else "timeouts"
    return f"{operation.service}" + (f" -> {operation.destination}" if operation.destination else "")


def explain(operation: Operation, answer: Answer) -> Problem:
    """Return an answer that is an error as a problem with its remedy."""
    message, remedy = _reason(operation, answer.error)
    words = f"{os.strerror(answer.error)}: {answer.words}" if answer.words else os.strerror(answer.error)
    return Problem(subject(operation), f"{operation.action} refused: {message} ({words}).", remedy)


_ALWAYS = {
    errno.EPERM: ("not permitted", "Run it as root, with CAP_NET_ADMIN over the network namespace."),
    errno.EEXIST: ("it exists already, added since the table was read", _ANOTHER_WRITER),
    errno.ETIMEDOUT: ("the kernel does not answer", "Look at the kernel's log, and run again."),
    errno.ERANGE: ("a weight or a threshold is out of range", "Keep the lower threshold below the upper one."),
    errno.EAFNOSUPPORT: ("the kernel was built without this address family", "Use IPv4, or a kernel with IPv6."),
}


def _reason(operation: Operation, error: int) -> tuple[str, str]:
    value = operation.value
    if error in _ALWAYS:
        return _ALWAYS[error]
    if isinstance(value, Daemon):
        return _daemon_reason(value, error)
    if error == errno.ESRCH or (error == errno.ENOENT and operation.destination):
        return "it is gone, removed since the table was read", _ANOTHER_WRITER
    if error == errno.ENOENT and isinstance(value, Settings):
        engine = f" or no persistence engine {value.persistence_engine}" if value.persistence_engine else ""
        remedy = f"Load the module ip_vs_{value.scheduler}, or choose another: cat /proc/modules shows what is loaded."
        return f"the kernel has no scheduler {value.scheduler}{engine}", remedy
    if isinstance(value, Destination) and error == errno.EINVAL:
        return _invalid_destination(operation)
    return "the kernel takes no such thing", "Compare it with ipvsadm -Ln, and look at the kernel's log."


def _invalid_destination(operation: Operation) -> tuple[str, str]:
    service, destination = operation.service, operation.destination
    if service and destination and service.family != family(destination.address):
        return (
            f"it leads from {service.family} to another family, without a tunnel or beside a sync daemon",
            "Use forwarding: tun and stop the sync daemons, or give it an address of the service's family.",
        )
    return (
        "to this host, its address is not a unicast one",
        "Look at ip route get ADDRESS and at ip address: broadcast addresses take no connections, and in a network"
        " namespace without any address of its own nothing is known.",
    )


def _daemon_reason(daemon: Daemon, error: int) -> tuple[str, str]:
    if error == errno.ENODEV:
        return f"there is no interface {daemon.interface}", "Name one that ip -brief link shows."
    if error == errno.ESRCH:
        return "it does not run", _ANOTHER_WRITER
    if error == errno.EINVAL:
        return (
            "the interface cannot send to a multicast group, or a service has destinations of another address family",
            f"Look at ip -details link show {daemon.interface}, and at ipvsadm -Ln for mixed families.",
        )
    return (
        f"it cannot use {daemon.interface} with the group {daemon.multicast_group}",
        "Give the interface an address of the group's family and bring it up, or name another.",
    )
