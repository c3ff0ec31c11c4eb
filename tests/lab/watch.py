# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""All directors, watched while something happens to them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from . import vrrp_history
from .cluster import Cluster
from .node_program import NodeProgram
from .report import LabError, wait_for

_PROGRAM = Path(__file__).with_name("watch_director.py")
_LONGEST_S = 300


class Event(NamedTuple):
    """What one director did; see watch_director.py."""

    at: float
    node: str
    event: str
    detail: Any


class Watch:
    """What the directors do for as long as the ``with`` block lasts."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._router = cluster.router
        self._events: list[Event] = []
        self._programs: list[NodeProgram] = []

    def __enter__(self) -> Watch:
        for node in self._cluster.directors:
            if self._cluster.is_up(node):
                self.attach(node)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def attach(self, node: str) -> None:
        """Watch a director, from its boot on where it has just got its power back."""
        arguments = (self._cluster.vip, self._router["vrid"], _LONGEST_S)
        program = NodeProgram(self._cluster, node, _PROGRAM, arguments, partial(self._take, node))
        self._programs.append(program)

        def begun() -> bool:
            program.check()
            return program.running

        wait_for(f"the watch in {node}", begun, 30, every=0.02)

    def _take(self, node: str, line: str) -> None:
        fields = json.loads(line)
        self._events.append(Event(fields["at"], node, fields["event"], fields["detail"]))

    def stop(self) -> None:
        """Watch no longer. A watch that died with its node has no failure of its own."""
        while self._programs:
            self._programs.pop().end(20)

    def events(self, event: str, since: float = 0.0, node: str = "") -> Iterator[Event]:
        """Yield the events of a kind, of one director or of all."""
        for one in list(self._events):
            if one.event == event and one.at >= since and node in ("", one.node):
                yield one

    def _wait(self, what: str, condition: Callable[[], float | None], seconds: float) -> float:
        return wait_for(what, condition, seconds, every=0.02)

    def wait_for_master(self, node: str, since: float, seconds: float) -> float:
        """Wait until a director speaks as master; return when it did first after ``since``."""
        return self._wait(
            f"{node} to speak as master",
            lambda: next((one.at for one in self.events("advert", since, node)), None),
            seconds,
        )

    def in_use(self, node: str) -> dict[str, list[str]]:
        """Return the services of a director's table with the servers that get new connections."""
        table: dict[str, list[str]] = {}
        for one in self.events("table", node=node):
            table = one.detail
        return table

    def wait_until_out(self, node: str, address: str, since: float, seconds: float) -> float:
        """Wait until a server gets nothing new from a director's first service; return when that was.

        Raises:
            LabError: not within ``seconds``.
        """
        return self._wait(
            f"{address} to leave {node}'s IPVS table", lambda: self._changed(node, address, since, False), seconds
        )

    def wait_until_in(self, node: str, address: str, since: float, seconds: float) -> float:
        """Wait until a server gets new connections from a director's first service; return when that was."""
        return self._wait(
            f"{address} to enter {node}'s IPVS table", lambda: self._changed(node, address, since, True), seconds
        )

    def _changed(self, node: str, address: str, since: float, wanted: bool) -> float | None:
        return next((at for at, used in self.use_of(node, address, since) if used == wanted), None)

    def use_of(self, node: str, address: str, since: float = 0.0) -> Iterator[tuple[float, bool]]:
        """Yield when a server was put into or taken out of the first service of a director's table.

        The watch sees the table fifty times a second.
        """
        last: bool | None = None
        for one in self.events("table", node=node):
            servers = one.detail.get(self._cluster.endpoint, [])
            used = any(server.rpartition(":")[0] == address for server in servers)
            if used != last and last is not None and one.at >= since:
                yield one.at, used
            last = used

    def double_master_s(self) -> float:
        """Return for how long, at the longest, two directors spoke as master."""
        adverts = {node: [one.at for one in self.events("advert", node=node)] for node in self._cluster.directors}
        if not any(adverts.values()):
            raise LabError("no director sent an advert: the watch sees nothing")
        return vrrp_history.double_master_s(adverts, self._router["advert_int_s"])
