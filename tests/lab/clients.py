# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Clients of all kinds at once, and what they see while something is done to the cluster:

    with Clients(cluster, Mix(ports=(80, 8080))) as clients:
        ...
        clients.keep_on(new=5_000, kept=5_000)
    print(clients.seen().words("an upgrade"))
    assert not clients.seen().failed()

New connections and kept ones may ask for the same port or for several, each of which then has its share of the clients.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType

from .cluster import Cluster
from .load import PATIENCE_S, Load
from .node_program import NodeProgram
from .report import wait_for

NEW, KEPT, DOWNLOAD = "new", "kept", "download"

# The file that downloads read: what `seq` prints up to here.
DOWNLOAD_NUMBERS = 150_000
_WHOLE = hashlib.sha256("".join(f"{number}\n" for number in range(1, DOWNLOAD_NUMBERS + 1)).encode()).hexdigest()
_LONG = Path(__file__).with_name("long_connections.py")


@dataclass(frozen=True)
class Mix:
    """What the clients do, on all ports together.

    The default leaves the embedded engine's one processor enough for the nodes and the playbook's part in them: 10,000
    requests in 72 s, and a download from each server at any moment.

    Attributes:
        rate: requests a second for ``path``, each on a new connection, never repeated.
        kept: clients that keep their connections and ask for ``kept_path`` every ``interval`` seconds.
        downloads: clients that read /download.txt again and again, each for 5 to 10 s at the default speed.
        timeout: of new connections, in seconds. More than where gaps are measured: late is not failed, and how late
            is said.
        longest: nobody may forget clients: they end by themselves after so many seconds.
    """

    ports: tuple[int, ...] = (80,)
    rate: float = 60
    path: str = "/static.txt"
    timeout: float = PATIENCE_S
    kept: int = 20
    kept_path: str = "/static.txt"
    interval: float = 0.25
    downloads: int = 8
    bytes_per_s: int = 90_000
    longest: float = 1_800


@dataclass(frozen=True)
class Request:
    """A request that has ended; times are seconds of the client's wall clock, ``source`` is a new connection's port."""

    kind: str
    port: int
    at: float
    end: float
    error: str
    server: str
    repeated: bool = False
    source: int = 0

    def __str__(self) -> str:
        """What a failure says."""
        source = f", from port {self.source}" if self.source else ""
        return f"{self.at:.2f} {self.kind} :{self.port}{source}, {self.error}, {self.server or 'nobody'}"


class Seen:
    """What clients of all kinds have seen, in the order of sending."""

    def __init__(self, requests: Sequence[Request]) -> None:
        self.requests = sorted(requests, key=lambda one: one.at)

    def of(self, kind: str) -> list[Request]:
        """Return the requests of a kind."""
        return [one for one in self.requests if one.kind == kind]

    def failed(self) -> list[str]:
        """Return a line for each request that failed."""
        return [str(one) for one in self.requests if one.error]

    def repeated(self) -> int:
        """Return how many requests found their kept connection closed and were sent a second time."""
        return sum(one.repeated for one in self.requests)

    def servers(self) -> Counter[str]:
        """Return how many requests each server has answered."""
        return Counter(one.server for one in self.requests if not one.error)

    def last_of(self, server: str) -> float:
        """Return when the last new connection was given to a server; 0 when none was."""
        return max((one.at for one in self.of(NEW) if one.server == server), default=0.0)

    def under_way(self, server: str, at: float) -> list[Request]:
        """Return downloads from a server that had begun by then and went on for a second and more."""
        return [one for one in self.of(DOWNLOAD) if one.server == server and one.at < at < one.end - 1]

    def words(self, what: str) -> str:
        """Say it in a line, with the first of the failures."""
        slowest = max((one.end - one.at for one in self.of(NEW) if not one.error), default=0.0)
        failed = self.failed()
        return (
            f"{what}: {len(self.of(NEW)):,} requests on new connections, {len(self.of(KEPT)):,} on kept ones"
            f" ({self.repeated()} sent twice), {len(self.of(DOWNLOAD)):,} downloads; slowest new {slowest:.2f} s;"
            f" failed {len(failed)}{''.join(f' | {one}' for one in failed[:20])}"
        )


class Clients:
    """The clients, at work for as long as the ``with`` block lasts."""

    def __init__(self, cluster: Cluster, mix: Mix | None = None) -> None:
        self._cluster = cluster
        self._mix = mix or Mix()
        self._long: list[Request] = []
        self._loads: dict[int, Load] = {}
        self._programs: list[NodeProgram] = []
        self._stack = ExitStack()

    def __enter__(self) -> Clients:
        mix, share = self._mix, len(self._mix.ports)
        with ExitStack() as stack:  # ends what has begun when the rest cannot
            for port in mix.ports:
                load = Load(self._cluster, mix.path, mix.rate / share, mix.timeout, port=port, longest=mix.longest)
                self._loads[port] = stack.enter_context(load)
                self._start_long(stack, port, mix.kept // share, mix.downloads // share)
            kinds = [KEPT] * (mix.kept >= share) + [DOWNLOAD] * (mix.downloads >= share)
            for kind in kinds:
                wait_for(f"the first {kind} request", partial(self._enough, kind, 1), 60)
            self._stack = stack.pop_all()
        return self

    def _start_long(self, stack: ExitStack, port: int, kept: int, downloads: int) -> None:
        if not kept and not downloads:
            return
        mix = self._mix
        arguments = (
            *(self._cluster.vip, port, mix.kept_path, kept, mix.interval),
            *("/download.txt", downloads, mix.bytes_per_s, mix.longest),
        )
        program = NodeProgram(self._cluster, self._cluster.client, _LONG, arguments, partial(self._take, port))
        self._programs.append(program)
        stack.callback(program.end, 60)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()
        if error is None:
            self._check()

    def _take(self, port: int, line: str) -> None:
        fields = json.loads(line)
        digest = fields.pop("sha256", "")
        kind = KEPT if "repeated" in fields else DOWNLOAD
        if kind == DOWNLOAD and not fields["error"] and digest != _WHOLE:
            fields["error"] = "not whole"
        self._long.append(Request(kind=kind, port=port, **fields))

    def _check(self) -> None:
        for program in self._programs:
            program.check()

    def _count(self, kind: str) -> int:
        if kind == NEW:
            return sum(len(load.samples()) for load in self._loads.values())
        return sum(one.kind == kind for one in list(self._long))

    def seen(self, since: float = 0.0) -> Seen:
        """Return what was seen so far by requests that were sent at ``since`` or later."""
        new = (
            Request(NEW, port, one.at, one.at + one.took, one.error, one.server, source=one.port)
            for port, load in self._loads.items()
            for one in load.samples(since)
        )
        return Seen([*new, *(one for one in list(self._long) if one.at >= since)])

    def keep_on(self, new: int = 0, kept: int = 0, downloads: int = 0) -> None:
        """Wait until at least so many requests of each kind have ended since the clients began.

        Raises:
            LabError: that takes more than twice as long as it should.
        """
        mix = self._mix
        speeds = {NEW: mix.rate, KEPT: mix.kept / mix.interval, DOWNLOAD: mix.downloads / 10}
        for kind, wanted in {NEW: new, KEPT: kept, DOWNLOAD: downloads}.items():
            missing = wanted - self._count(kind)
            if missing > 0:
                seconds = 2 * missing / speeds[kind] + 60
                wait_for(f"{wanted} requests of the kind {kind}", partial(self._enough, kind, wanted), seconds)

    def keep_on_for(self, seconds: float) -> None:
        """Wait until as many new connections more have ended as are made in that time."""
        self.keep_on(new=self._count(NEW) + int(seconds * self._mix.rate))

    def _enough(self, kind: str, wanted: int) -> bool:
        self._check()
        return self._count(kind) >= wanted
