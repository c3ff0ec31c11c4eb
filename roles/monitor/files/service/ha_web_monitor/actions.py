# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What operators have done: seen to on all directors first, then done on all, then waited for."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from . import agent, orders
from .configuration import Configuration, Node
from .orders import Order, RefusalError
from .security import peer_request, peer_secret
from .transport import TransportError, request
from .view import Director

OBEYED = 5.0  # seconds that keepalived and the kernel get
_POLL = 0.25


class Result(NamedTuple):
    """What has come of an order on one node."""

    node: str
    ok: bool
    text: str


def act(configuration: Configuration, order: Order, state: Mapping[str, Any]) -> dict[str, Any]:
    """Have an order carried out.

    Args:
        state: of the cluster, as of now.

    Raises:
        RefusalError: nothing has been done.
    """
    if order.action == "clear_cache":
        results = _clear(configuration, order)
    elif order.action in orders.STANDBY:
        results = _standby(configuration, order, state)
    else:
        results = _pool(configuration, order, state)
    done = sum(one.ok for one in results)
    text = f"{_NAMES[order.action].format(**order._asdict())}: done on {done} of {len(results)}."
    down = {one["name"] for one in state["directors"] if one["reach"] == "down"}
    return {
        "ok": done > 0 and all(one.ok for one in results if one.node not in down),
        "text": " ".join([text, *(f"{one.node}: {one.text}." for one in results if not one.ok)]),
        "results": [one._asdict() for one in results],
    }


_NAMES = {
    "drain": "Drain {target}",
    "restore": "Restore {target}",
    "weight": "Give {target} the weight {weight}",
    "switchover": "Move the addresses of {target}",
    "switchback": "Let {target} take part again",
    "clear_cache": "Clear the opcode cache of {target}",
}


def _pool(configuration: Configuration, order: Order, state: Mapping[str, Any]) -> list[Result]:
    results = []
    ready = []
    for host in configuration.directors:
        try:
            agent.ask(configuration, host, "check", order)
            ready.append(host)
        except TransportError as error:
            results.append(_absent(host, state, error))
    if not ready:
        raise RefusalError("No director can be reached. Nothing has been done.")
    written: list[Node] = []
    for host in ready:
        try:
            agent.ask(configuration, host, "write", order)
            written.append(host)
        except (RefusalError, TransportError) as error:
            # Another operator was faster, or the host has just died.
            if not written and isinstance(error, RefusalError):
                raise
            results.append(Result(host.name, False, str(error).rstrip(".")))
    with ThreadPoolExecutor(len(ready)) as waiters:
        results += waiters.map(lambda host: _obeyed(configuration, order, host), written)
    places = {host.name: place for place, host in enumerate(configuration.directors)}
    return sorted(results, key=lambda one: places[one.node])


def _absent(host: Node, state: Mapping[str, Any], error: TransportError) -> Result:
    """Go on without a director that is down; one that may live must not be left behind."""
    if _of(state, host.name)["reach"] != "down":
        raise RefusalError(
            f"{host.name} cannot be told ({error}), and is not known to be down. Nothing has been done. Look at"
            " ha-web-monitor and its front there, or try again in ten seconds."
        ) from None
    return Result(
        host.name, False, "it is down, and does what its own track files say when it comes back: do this again then"
    )


def _of(state: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(one for one in state["directors"] if one["name"] == name)
    return found


def _obeyed(configuration: Configuration, order: Order, host: Node) -> Result:
    left = _wait(lambda: orders.obeyed(configuration, order, orders.look(configuration, host.name)))
    if left:
        return Result(
            host.name, False, f"written, and not obeyed within {OBEYED:g} s: {left}. Look at keepalived there"
        )
    return Result(host.name, True, "done")


def _wait(left: Callable[[], str]) -> str:
    """Wait until nothing is left to do; return what is, when the time is over."""
    deadline = time.monotonic() + OBEYED
    while True:
        try:
            words = left()
        except TransportError as error:
            words = str(error)
        if not words or time.monotonic() + _POLL > deadline:
            return words
        time.sleep(_POLL)


def _standby(configuration: Configuration, order: Order, state: Mapping[str, Any]) -> list[Result]:
    host = next(one for one in configuration.directors if one.name == order.target)
    gives = order.action == "switchover"
    if gives:
        _refuse_without_another(configuration, order.target, state)
    try:
        agent.ask(configuration, host, "check", order)
        agent.ask(configuration, host, "write", order)
    except TransportError as error:
        raise RefusalError(
            f"{host.name} cannot be told ({error}). Look at ha-web-monitor and its front there."
        ) from None
    if not gives:
        text = "it takes part again, and gets the addresses that are its own by priority after keepalived's delay"
        return [Result(host.name, True, text)]
    moving = _mastered(_of(state, host.name))
    left = _wait(lambda: _still_here(configuration, host, moving))
    if left:
        return [
            Result(
                host.name, False, f"it is on standby, but {left}. Take it back with switchback, or look at keepalived"
            )
        ]
    if any(router.preempt for router in configuration.routers):
        return [Result(host.name, True, "it has given its addresses up, and stays on standby")]
    # Nobody takes addresses from a director that lives: nothing needs to keep this one from it.
    try:
        agent.ask(configuration, host, "write", order._replace(action="switchback"))
    except (RefusalError, TransportError) as error:
        return [Result(host.name, False, f"it has given its addresses up, and is still on standby ({error})")]
    return [Result(host.name, True, "it has given its addresses up, and takes part again as a backup")]


def _mastered(director: Mapping[str, Any]) -> list[str]:
    return [router["name"] for router in director["routers"] if router["state"] == "master"]


def _refuse_without_another(configuration: Configuration, target: str, state: Mapping[str, Any]) -> None:
    moving = _mastered(_of(state, target))
    if not moving:
        raise RefusalError(f"{target} is master of nothing: there is nothing to move.")
    others = [one for one in state["directors"] if one["name"] != target and _is_ready(one, moving)]
    able = [one["name"] for one in others if _serves_all(one["name"], target, state)]
    if not able:
        names = ", ".join(one.name for one in configuration.directors if one.name != target) or "nobody"
        raise RefusalError(
            f"No other director is ready to take the addresses of {target}: {names} must be reachable, with keepalived"
            " running as backup, not on standby, and with a server for each service that has one there. Put that right."
        )


def _is_ready(one: Mapping[str, Any], moving: Sequence[str]) -> bool:
    states = {router["name"]: router["state"] for router in one["routers"]}
    return (
        one["reach"] == "ok"
        and one["keepalived"] == "up"
        and one["standby"] is False
        and all(states[name] == "backup" for name in moving)
    )


def _serves_all(name: str, target: str, state: Mapping[str, Any]) -> bool:
    return all(_has_server(service, name) for service in state["services"] if _has_server(service, target))


def _has_server(service: Mapping[str, Any], director: str) -> bool:
    return any(server["directors"][director]["weight"] for server in service["servers"])


def _still_here(configuration: Configuration, host: Node, moving: Sequence[str]) -> str:
    own = orders.look(configuration, host.name)
    others = [one for other in configuration.directors if other != host for one in _seen(configuration, other)]
    for router in moving:
        if own.routers[router].state == "master":
            return f"it is still master of {router}"
        if not any(one.routers[router].state == "master" for one in others):
            return f"nobody else is known as master of {router} yet"
    return ""


def _seen(configuration: Configuration, host: Node) -> list[Director]:
    try:
        return [orders.look(configuration, host.name)]
    except TransportError:
        return []  # whether somebody is master is told by those who answer


def _clear(configuration: Configuration, order: Order) -> list[Result]:
    nodes = [one for one in configuration.group("web") if order.target in ("all", one.name)]
    secret = peer_secret(configuration.secret)
    with ThreadPoolExecutor(max(min(len(nodes), 16), 1)) as askers:
        return list(askers.map(lambda node: _cleared(node, configuration.ports.get("opcache", 0), secret), nodes))


def _cleared(node: Node, port: int, secret: bytes) -> Result:
    if not port:
        return Result(node.name, False, "there is no opcode cache that could be asked")
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    body = peer_request(secret, node.name, "clear")
    try:
        answer = request(node.address, port, "/peer", method="POST", headers=headers, body=body, seconds=2.0)
        data = json.loads(answer.body)
    except TransportError as error:
        return Result(node.name, False, str(error))
    except (ValueError, RecursionError):
        data = None
    if isinstance(data, dict) and data.get("cleared") is True:
        return Result(node.name, True, "done")
    why = str(data.get("error", ""))[:200].rstrip(".") if isinstance(data, dict) else ""
    return Result(node.name, False, why or "it gives no proper answer. Look at its nginx and PHP")
