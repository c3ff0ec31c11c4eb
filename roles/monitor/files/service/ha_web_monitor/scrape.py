# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Asks all exporters, and only while somebody looks."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from .configuration import Configuration, Node
from .figures import Figures, Reader
from .state import EXPORTERS, state
from .transport import TransportError, request
from .view import KEPT, NODE_PERIOD, WEB_PERIOD, Sample, Scrapes, Seen

LOOKED = 30.0  # seconds for which a look counts
STALE = 6.0  # seconds after which nothing is better than the last state
_ASKERS = 64
_NODE = "/metrics?collect%5B%5D=textfile&collect%5B%5D=loadavg&collect%5B%5D=time"


class Target(NamedTuple):
    """An exporter."""

    node: str
    exporter: str
    address: str
    port: int
    path: str
    period: float


def targets(configuration: Configuration) -> list[Target]:
    """Return all of them."""
    ports = configuration.ports
    found = {node.name: node_target(configuration, node) for node in (*configuration.directors, *configuration.nodes)}
    paths = {"nginx": "/metrics", "apache": "/metrics", "opcache": "/opcache"}
    web = [
        Target(node.name, name, node.address, ports[name], paths[name], WEB_PERIOD)
        for node in configuration.group("web")
        for name in EXPORTERS
        if name in ports
    ]
    own = urlsplit(configuration.prometheus)
    prometheus = Target("", "prometheus", own.hostname or "", own.port or 9090, "/-/ready", WEB_PERIOD)
    return [*found.values(), *web, prometheus]


def node_target(configuration: Configuration, node: Node) -> Target:
    """Return a node's node exporter."""
    return Target(node.name, "node", node.address, configuration.ports["node"], _NODE, NODE_PERIOD)


def fetch(target: Target, reader: Reader) -> Figures:
    """Return what an exporter says now.

    Raises:
        TransportError: it says nothing that can be used.
    """
    answer = request(target.address, target.port, target.path)
    where = f"{target.address}:{target.port}"
    if answer.status != 200:
        raise TransportError(f"{where} answers {answer.status}", refused=True)
    try:
        return reader.read(answer.body.decode())
    except ValueError:
        raise TransportError(f"{where} gives no figures in Prometheus' format", refused=True) from None


class Record:
    """What is kept of one exporter."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self._reader = Reader()
        self._samples: deque[tuple[float, Figures]] = deque()
        self._error = ""
        self._refused = False
        self._failures = 0
        self._since = time.monotonic()

    def ask(self) -> None:
        """Ask it once."""
        try:
            figures = fetch(self.target, self._reader)
        except TransportError as error:
            self._error, self._refused = str(error), error.refused
            self._failures += 1
            return
        now = time.monotonic()
        self._error, self._refused, self._failures, self._since = "", False, 0, now
        self._samples.appendleft((now, figures))
        # Two are needed for what runs per second, however long ago they were.
        while len(self._samples) > 2 and now - self._samples[-1][0] > KEPT:
            self._samples.pop()

    def seen(self, now: float) -> Seen:
        """Return what is known at a time."""
        samples = tuple(Sample(now - at, figures) for at, figures in self._samples)
        return Seen(samples, self._error, self._refused, self._failures, now - self._since)


class Scraper:
    """Makes a new state every two seconds, in one piece for all who look."""

    def __init__(self, configuration: Configuration, looked: float = LOOKED) -> None:
        self._configuration = configuration
        self._looked_for = looked
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._looked = 0.0
        self._number = 0
        self._made = 0.0
        self._state: dict[str, Any] = {}
        self._text = b""

    @property
    def running(self) -> bool:
        """Whether anybody is asked."""
        return self._thread is not None

    @property
    def closed(self) -> bool:
        """Whether the service ends."""
        return self._closed

    def close(self) -> None:
        """Let all who wait go, and ask no more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def current(self) -> tuple[int, dict[str, Any], bytes]:
        """Return the number of the newest state, the state, and its JSON without the first brace.

        Raises:
            TransportError: there is none that is new enough.
        """
        with self._changed:
            self._look()
            new = self._changed.wait_for(lambda: self._closed or self._is_new(), STALE)
            if not new or self._closed:
                raise TransportError("the state of the cluster could not be made in time. Ask again")
            return self._number, self._state, self._text

    def after(self, number: int, seconds: float) -> tuple[int, bytes]:
        """Return the next state after a number; an empty one where none comes within the time."""
        with self._changed:
            self._look()
            self._changed.wait_for(lambda: self._closed or (self._number > number and self._is_new()), seconds)
            new = self._number > number and self._is_new()
            return (self._number, self._text) if new else (number, b"")

    def _is_new(self) -> bool:
        return bool(self._text) and time.monotonic() - self._made < STALE

    def _look(self) -> None:
        self._looked = time.monotonic()
        if self._thread is None and not self._closed:
            self._thread = threading.Thread(target=self._run, name="scraper", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        records = [Record(target) for target in targets(self._configuration)]
        due = dict.fromkeys((NODE_PERIOD, WEB_PERIOD), time.monotonic())
        try:
            with ThreadPoolExecutor(min(_ASKERS, len(records)), "asker") as askers:
                while self._is_wanted():
                    now = time.monotonic()
                    periods = [period for period, at in due.items() if at <= now]
                    asked = [one for one in records if one.target.period in periods]
                    _all(askers, [one.ask for one in asked])
                    for period in periods:
                        due[period] = max(due[period] + period, now)
                    if NODE_PERIOD in periods:
                        self._publish(records)
                    self._sleep(min(due.values()))
        finally:
            # After a mistake of ours: who looks next begins anew.
            with self._changed:
                self._stop()

    def _is_wanted(self) -> bool:
        with self._changed:
            wanted = not self._closed and time.monotonic() - self._looked < self._looked_for
            if not wanted:
                self._stop()
            return wanted

    def _stop(self) -> None:
        # The next may have begun already.
        if self._thread is threading.current_thread():
            self._thread, self._text = None, b""

    def _publish(self, records: list[Record]) -> None:
        now = time.monotonic()
        scrapes: Scrapes = {(one.target.node, one.target.exporter): one.seen(now) for one in records}
        made = state(self._configuration, scrapes, time.time())
        text = json.dumps(made, separators=(",", ":"), allow_nan=False).encode()[1:]
        with self._changed:
            self._number += 1
            self._made, self._state, self._text = now, made, text
            self._changed.notify_all()

    def _sleep(self, until: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed, max(until - time.monotonic(), 0))


def _all(askers: ThreadPoolExecutor, calls: list[Callable[[], None]]) -> None:
    for done in [askers.submit(call) for call in calls]:
        done.result()
