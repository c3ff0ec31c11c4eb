# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What keepalived tells in its FIFOs, and what is known from it. Nothing here reads or writes anything."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Union

from textfile import metric

STATES = ("master", "backup", "fault", "stopped", "unknown")
PARTS = ("vrrp", "checkers")
_WORDS = {"MASTER": "master", "BACKUP": "backup", "FAULT": "fault", "STOP": "stopped", "DELETED": "stopped"}
_ROUTER = re.compile(r'INSTANCE "(?P<name>[^"]+)" (?P<word>[A-Z_]+)(?: \d+)?')
_SERVER = re.compile(
    r"RS \[(?P<address>[0-9a-fA-F:.]+)\]:(?:\w+|\?):(?P<port>\d+)"
    r" (?P<service>FWM \d+|\[[^\]]+\](?::(?:\w+|\?))?:\d+) (?P<word>UP|DOWN)"
)
_SERVICE = re.compile(r"\[(?P<address>[^\]]+)\]:(?P<protocol>\w+):(?P<port>\d+)")
_LONGEST = 4096

Record = dict[str, Any]


class RouterLine(NamedTuple):
    """A virtual router has come into a state."""

    name: str
    state: str


class ServerLine(NamedTuple):
    """A real server has passed or failed its checks, in one virtual server."""

    service: str
    address: str
    port: int
    up: bool


Line = Union[RouterLine, ServerLine]


def parse(text: str) -> Line | None:
    """Return what a line says; None where it is of groups, of virtual servers, or nothing that is known."""
    router = _ROUTER.fullmatch(text)
    if router:
        state = _WORDS.get(router["word"])
        return RouterLine(router["name"], state) if state else None
    server = _SERVER.fullmatch(text)
    if not server:
        return None
    try:
        address = str(ipaddress.ip_address(server["address"]))
        return ServerLine(_service(server["service"]), address, int(server["port"]), server["word"] == "UP")
    except ValueError:
        return None


def _service(text: str) -> str:
    """A virtual server by its place, as places() has it; a group by its name, behind which stands a mere counter."""
    found = _SERVICE.fullmatch(text)
    if found:
        return place(found["address"], int(found["port"]), found["protocol"])
    return text if text.startswith("FWM ") else text.rpartition(":")[0]


def place(address: str, port: int, protocol: str) -> str:
    """Return how a virtual server of an address is known here."""
    return f"{ipaddress.ip_address(address)} {port} {protocol}"


def places(services: list[Record]) -> dict[tuple[str, str, int], tuple[str, str]]:
    """Return the names of service and server for each place in which keepalived may have it."""
    found = {}
    for service in services:
        if service["endpoints"]:
            where = f"[{service['name']}]"
        elif service["fwmark"]:
            where = f"FWM {service['fwmark']}"
        else:
            where = place(service["address"], service["port"], service["protocol"])
        for server in service["servers"]:
            address = str(ipaddress.ip_address(server["address"]))
            found[where, address, server["port"]] = (service["name"], server["name"])
    return found


class Lines:
    """Lines out of what comes in pieces."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        """Return the lines that are whole by now; the end of file gives up a line that is not."""
        *whole, self._rest = (self._rest + data).split(b"\n")
        if not data or len(self._rest) > _LONGEST:
            self._rest = b""
        return [line.decode(errors="replace") for line in whole]


class Known:
    """The states of routers and servers, since when, and what has changed; as plain data it outlives the process."""

    def __init__(self, configuration: Record, kept: Record | None = None) -> None:
        self._places = places(configuration["services"])
        kept = kept or {}
        self.up: dict[str, bool] = {part: kept.get("up", {}).get(part, False) for part in PARTS}
        # Which process of keepalived told it.
        self.tellers: dict[str, str] = {part: kept.get("tellers", {}).get(part, "") for part in PARTS}
        routers = kept.get("routers", {})
        self.routers: dict[str, Record] = {
            name: routers.get(name) or {"state": "unknown", "since": 0.0, "transitions": {}}
            for name in configuration["routers"]
        }
        servers = kept.get("servers", {})
        self.servers: dict[str, Record] = {key: servers[key] for key in map(_key, self._places) if key in servers}
        self.events: list[Record] = []

    def as_record(self) -> Record:
        """Return what a later process goes on with."""
        return {"up": self.up, "tellers": self.tellers, "routers": self.routers, "servers": self.servers}

    def told_by(self, part: str, teller: str) -> None:
        """Forget what a process has told that is no more, as after a restart; a reload keeps the process."""
        if teller and teller != self.tellers[part]:
            if self.tellers[part] and part == "checkers":
                self.servers.clear()
            self.tellers[part] = teller

    def hold(self, part: str, up: bool, now: float) -> None:
        """Note whether keepalived holds a FIFO open. Without it, what it was is not what it is."""
        if up == self.up[part]:
            return
        self.up[part] = up
        self._tell(now, "keepalived", part, "up" if up else "down", "down" if up else "up")
        if not up and part == "vrrp":
            for name, router in self.routers.items():
                if router["state"] != "stopped":
                    self._router(name, "unknown", now)
        elif not up:
            self.servers.clear()

    def take(self, line: Line, now: float) -> None:
        """Note what a line says of routers and servers that are declared."""
        if isinstance(line, RouterLine):
            if line.name in self.routers:
                self._router(line.name, line.state, now)
            return
        key = (line.service, line.address, line.port)
        if key not in self._places:
            return
        known = self.servers.get(_key(key))
        if known is None or known["up"] != line.up:
            self.servers[_key(key)] = {"up": line.up, "since": now}
            before = "unknown" if known is None else _updown(known["up"])
            self._tell(now, "server", " ".join(self._places[key]), _updown(line.up), before)

    def _router(self, name: str, state: str, now: float) -> None:
        router = self.routers[name]
        before = router["state"]
        if state == before:
            return
        router.update(state=state, since=now)
        if state != "unknown":
            router["transitions"][state] = router["transitions"].get(state, 0) + 1
        self._tell(now, "vrrp", name, state, before)

    def _tell(self, now: float, kind: str, name: str, state: str, before: str) -> None:
        self.events.append({"at": round(now, 3), "kind": kind, "name": name, "state": state, "before": before})

    def by_server(self) -> Iterator[tuple[dict[str, str], bool, float]]:
        """Yield labels, whether it is up at all its ports that were told of, and since when."""
        found: dict[tuple[str, str], list[Record]] = {}
        for key, names in self._places.items():
            if _key(key) in self.servers:
                found.setdefault(names, []).append(self.servers[_key(key)])
        for (service, server), ports in found.items():
            up = all(one["up"] for one in ports)
            since = max(one["since"] for one in ports if one["up"] == up)
            yield {"service": service, "server": server}, up, since


def _key(place: tuple[str, str, int]) -> str:
    return " ".join(map(str, place))


def _updown(up: bool) -> str:
    return "up" if up else "down"


def text(
    known: Known,
    *,
    now: float,
    held: Mapping[tuple[str, str, str], bool],
    track: Mapping[tuple[str, str], int],
    standby: int | None,
) -> str:
    """Return the textfile.

    Args:
        held: whether the kernel has an address, by router, VIP and interface.
        track: the numbers in track files, by service and server.
    """
    routers = known.routers.items()
    servers = list(known.by_server())
    files = [({"service": service, "server": server}, number) for (service, server), number in track.items()]
    counts = [
        ({"router": name, "state": state}, count)
        for name, router in routers
        for state, count in router["transitions"].items()
    ]
    return "".join(
        (
            metric("ha_web_notify_timestamp_seconds", "gauge", "When this was written.", [({}, round(now, 3))]),
            metric(
                "ha_web_keepalived_up",
                "gauge",
                "Whether keepalived holds its FIFO open.",
                [({"part": part}, int(up)) for part, up in known.up.items()],
            ),
            metric(
                "ha_web_vrrp_state",
                "gauge",
                "The state of a virtual router.",
                [
                    ({"router": name, "state": state}, int(router["state"] == state))
                    for name, router in routers
                    for state in STATES
                ],
            ),
            metric(
                "ha_web_vrrp_since_timestamp_seconds",
                "gauge",
                "Since when it is in its state.",
                [({"router": name}, router["since"]) for name, router in routers if router["since"]],
            ),
            metric("ha_web_vrrp_transitions_total", "counter", "How often it has come into a state.", counts),
            metric(
                "ha_web_vip_held",
                "gauge",
                "Whether the kernel has the address.",
                [
                    ({"router": router, "vip": vip, "interface": interface}, int(there))
                    for (router, vip, interface), there in held.items()
                ],
            ),
            metric(
                "ha_web_server_up",
                "gauge",
                "The last result of the health checks.",
                [(labels, int(up)) for labels, up, _since in servers],
            ),
            metric(
                "ha_web_server_since_timestamp_seconds",
                "gauge",
                "Since when it is so.",
                [(labels, since) for labels, _up, since in servers],
            ),
            metric("ha_web_track", "gauge", "What operators add to the weight.", files),
            metric(
                "ha_web_standby",
                "gauge",
                "Whether operators have the director give up its VIPs.",
                [] if standby is None else [({}, standby)],
            ),
        )
    )
