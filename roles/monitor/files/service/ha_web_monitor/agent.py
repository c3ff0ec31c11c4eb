# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What this host asks of other hosts of the role, and they of it: over TLS, to pinned certificates, signed."""

from __future__ import annotations

import json
import ssl
import threading
from typing import Any

from . import orders, timeline
from .configuration import Configuration, Node
from .orders import MalformedError, Order, RefusalError
from .security import signed
from .transport import TransportError, request

PHASES = ("check", "write")
_TEXT_LIMIT = 1 << 20  # bytes of keepalived.conf
_LOCK = threading.Lock()


def local(configuration: Configuration, phase: str, order: Order) -> str:
    """Do this director's part of an order; return it in words.

    Raises:
        RefusalError: it is not done.
    """
    if configuration.node not in {one.name for one in configuration.directors}:
        raise RefusalError(f"{configuration.node} is no director.")
    if order.action not in (*orders.POOL, *orders.STANDBY):
        raise RefusalError(f"{order.action} is nothing that a director does.")
    with _LOCK:  # between a check and what it allows nothing else is written
        return orders.check(configuration, order) if phase == "check" else orders.carry_out(configuration, order)


def act(configuration: Configuration, body: bytes) -> dict[str, Any]:
    """Answer another host's order.

    Raises:
        MalformedError: it is none.
        RefusalError: it is not done.
    """
    fields = orders.fields_of(body, "phase")
    if fields["phase"] not in PHASES:
        raise MalformedError(f"phase is none of {', '.join(PHASES)}.")
    return {"text": local(configuration, fields["phase"], orders.order_of(configuration, fields))}


def shown(configuration: Configuration) -> dict[str, Any]:
    """Return keepalived's configuration of this host, without its secrets."""
    try:
        with open(configuration.configuration_file, "rb") as file:
            return {"text": file.read(_TEXT_LIMIT).decode("utf-8", "replace"), "error": ""}
    except OSError as error:
        return {"text": "", "error": f"{error.filename}: {error.strerror}. Run site.yml."}


def ask(configuration: Configuration, host: Node, phase: str, order: Order) -> str:
    """Have a director do its part of an order; return it in words.

    Raises:
        RefusalError: it does not do it.
        TransportError: nobody knows.
    """
    if host.name == configuration.node:
        return local(configuration, phase, order)
    fields = {name: value for name, value in order._asdict().items() if value is not None}
    answer = _ask(configuration, host, "/agent/act", body=json.dumps({"phase": phase, **fields}).encode(), seconds=4.0)
    return _text(answer.get("text"))


def configuration_of(configuration: Configuration, host: Node) -> dict[str, Any]:
    """Return a director's keepalived configuration."""
    if host.name == configuration.node:
        found = shown(configuration)
    else:
        try:
            found = _ask(configuration, host, "/agent/configuration")
        except (RefusalError, TransportError) as error:
            found = {"text": "", "error": str(error)}
    return {"name": host.name, "text": _text(found.get("text")), "error": _text(found.get("error"))}


def events_of(configuration: Configuration, host: Node, hours: int) -> list[dict[str, Any]]:
    """Return the events of a host.

    Raises:
        RefusalError: it does not tell them.
        TransportError: nobody knows them.
    """
    if host.name == configuration.node:
        return timeline.local(configuration, hours)
    answer = _ask(configuration, host, f"/agent/events?hours={hours}", seconds=2.0)
    return timeline.proper(answer.get("events"), host.name)


def _ask(
    configuration: Configuration, host: Node, target: str, *, body: bytes = b"", seconds: float = 1.0
) -> dict[str, Any]:
    method = "POST" if body else "GET"
    headers = signed(configuration.secret, host.name, method, target, body)
    if body:
        headers["Content-Type"] = "application/json"
    answer = request(
        host.address,
        configuration.port,
        target,
        method=method,
        headers=headers,
        body=body,
        context=_context(configuration),
        seconds=seconds,
    )
    try:
        data = json.loads(answer.body)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise TransportError(f"{host.name} gives no proper answer ({answer.status}). Look at ha-web-monitor there.")
    if answer.status != 200:
        raise RefusalError(_text(data.get("error")) or f"{host.name} answers {answer.status}.")
    return data


def _context(configuration: Configuration) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # exactly these certificates are trusted, whatever they are called
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        context.load_verify_locations(configuration.peers_file)
    except (OSError, ssl.SSLError) as error:
        raise TransportError(f"{configuration.peers_file}: {error}. Run site.yml again.") from None
    return context


def _text(value: Any) -> str:
    return value[:_TEXT_LIMIT] if isinstance(value, str) else ""
