# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The Graphic Monitor, asked by a program in the client node, which may send what a browser does not."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from .cluster import Cluster
from .report import LabError, wait_for

# As the inventories of the scenarios declare them.
OPERATOR = ("olga", 'turns & "drains": 100%')
_SECONDS = 8
_SETTLED_S = 30


class Reply(NamedTuple):
    """What the monitor answered; status 0 is no answer."""

    status: int
    body: str

    @property
    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)

    @property
    def error(self) -> str:
        """Why it refused."""
        return str(self.json["error"])


class Monitor:
    """The monitor at an address: the VIP's, or a director's own.

    Args:
        user: name and password.
        source: the client's address, where it has several.
    """

    def __init__(self, cluster: Cluster, user: tuple[str, str], address: str = "", source: str = "") -> None:
        self.cluster = cluster
        self.address = address or cluster.vip
        self.port = int(cluster.topology["monitor"]["port"])
        self._user = user
        self._source = source

    @property
    def origin(self) -> str:
        """What a browser says that its page comes from."""
        return f"https://{self.address}:{self.port}"

    def at(self, address: str) -> Monitor:
        """Return the monitor at another address, for the same user."""
        return Monitor(self.cluster, self._user, address, self._source)

    def by(self, source: str) -> Monitor:
        """Return the same monitor, for the same user at another address."""
        return Monitor(self.cluster, self._user, self.address, source)

    def ask(self, path: str, *options: str, anonymous: bool = False) -> Reply:
        """Ask for a path, with curl's options."""
        user = () if anonymous else ("--user", ":".join(self._user))
        by = ("--interface", self._source) if self._source else ()
        command = ["curl", "--silent", "--insecure", "--max-time", str(_SECONDS), *by, *user, *options]
        command += ["--write-out", "\n%{http_code}", f"{self.origin}{path}"]
        said = self.cluster.run(self.cluster.client, f"{shlex.join(command)} || true")
        body, _newline, code = said.rpartition("\n")
        return Reply(int(code), body)

    def state(self) -> dict[str, Any]:
        """Return what the page would show now."""
        reply = self.ask("/api/state")
        assert reply.status == 200, reply
        found: dict[str, Any] = reply.json
        return found

    def token(self) -> str:
        """Return what one action needs."""
        return str(self.ask("/api/token").json["token"])

    def post(self, body: str, *headers: str, path: str = "/api/actions", origin: str | None = None) -> Reply:
        """Send an action as the page does, but for what is said otherwise."""
        said = ("X-HA-Web-Action: 1", f"Origin: {self.origin if origin is None else origin}", *headers)
        options = [word for header in said for word in ("--header", header)]
        return self.ask(path, *options, "--header", "Content-Type: application/json", "--data-binary", body)

    def act(self, action: str, target: str, **fields: Any) -> Reply:
        """Do something, as a click does."""
        return self.post(json.dumps({"action": action, "target": target, "token": self.token(), **fields}))

    def wait_until(self, what: str, shown: Callable[[dict[str, Any]], Any], seconds: float = _SETTLED_S) -> Any:
        """Wait until the state shows something; return what ``shown`` found."""
        last: dict[str, Any] = {}

        def found() -> Any:
            reply = self.ask("/api/state")
            if reply.status != 200:
                return None
            last.clear()
            last.update(reply.json)
            return shown(last)

        try:
            return wait_for(what, found, seconds)
        except LabError as error:
            raise LabError(f"{error}; the last state: {json.dumps(last)}") from error


def of(items: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """Return the item of a name."""
    return next(one for one in items if one["name"] == name)


def codes(state: dict[str, Any]) -> set[str]:
    """Return what the state finds wrong."""
    return {one["code"] for one in state["findings"]}


def states_of(state: dict[str, Any]) -> dict[str, str]:
    """Return the VRRP state of each director's first router."""
    return {one["name"]: one["routers"][0]["state"] for one in state["directors"]}


@pytest.fixture(scope="session")
def operator() -> tuple[str, str]:
    """Name and password of who may do everything."""
    return OPERATOR


@pytest.fixture(scope="session")
def monitor(cluster: Cluster) -> Monitor:
    """The monitor at the VIP, for the operator."""
    return Monitor(cluster, OPERATOR)
