# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a rehearsal of a failover breaks, where and with what promise, or why it must not."""

from __future__ import annotations

import ipaddress
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

KILLS = ("keepalived", "interface", "host")
_CLUSTER = ("directors", "web", "storage")
# By wish, its least and its most.
_BETWEEN = {
    "rate": (10, 1000),
    "timeout": (0.05, 0.99),
    "tolerance": (0, 60),
    "baseline_s": (1, 60),
    "settle_s": (1, 60),
    "down_s": (2, 600),
    "return_s": (10, 3600),
}
NUMBERS = tuple(_BETWEEN)


class State(NamedTuple):
    """A director, as far as a rehearsal must leave it as it was."""

    active: bool
    vips: list[str]
    rules: list[str]


class Reading(NamedTuple):
    """What a director says; the state without the VIPs that are none of the cluster's."""

    state: State
    container: str
    interfaces: dict[str, list[str]]


def read(text: str, vips: Sequence[str]) -> Reading:
    """Read what playbooks/vars/rehearse.yml has a director say.

    Raises:
        ValueError: it is something else.
    """
    # Ansible takes the last line's end away, and with an empty table that of the last divider.
    active, container, addresses, rules = f"{text}\n".split("=\n")
    interfaces = {
        link["ifname"]: [_canonical(one["local"]) for one in link["addr_info"] if "local" in one]
        for link in json.loads(addresses)
        if link.get("addr_info")
    }
    held = {address for found in interfaces.values() for address in found}
    state = State(
        active.strip() == "active", [vip for vip in vips if vip in held], [line for line in rules.splitlines() if line]
    )
    return Reading(state, container.strip(), interfaces)


def _canonical(address: str) -> str:
    return str(ipaddress.ip_address(address.partition("/")[0]))


def vips(routers: Sequence[Mapping[str, Any]]) -> list[str]:
    """All VIPs of virtual routers, without their prefixes."""
    return [_canonical(vip) for router in routers for vip in router["vips"]]


class Wishes(NamedTuple):
    """What the user asks for; empty is the default. Times are seconds."""

    kill: str
    director: str
    service: str
    probe: str
    path: str
    host: str
    rate: float
    timeout: float
    tolerance: float
    baseline_s: float
    settle_s: float
    down_s: float
    return_s: float
    limit: str


class Said(NamedTuple):
    """What is known of a director: its own words, none where it is out of reach, and variables of the inventory."""

    name: str
    words: str | None
    preempt: bool
    power_off: str
    power_on: str


class _Planner:
    def __init__(
        self,
        topology: Mapping[str, Any],
        groups: Mapping[str, Sequence[str]],
        said: Sequence[Said],
        wishes: Wishes,
    ) -> None:
        self.topology = topology
        self.groups = groups
        self.said = {one.name: one for one in said}
        self.wishes = wishes
        self.names = [director["name"] for director in topology["directors"]]
        self.routers: list[Mapping[str, Any]] = topology["virtual_routers"]
        self.errors: list[str] = []
        self.readings: dict[str, Reading] = {}

    def error(self, text: str) -> None:
        self.errors.append(text)

    def plan(self) -> dict[str, Any]:
        self._check_wishes()
        probe = self._probe()
        service = self._service()
        self._read_directors()
        if self.errors or service is None:
            return {"errors": self.errors}
        router = next(one for one in self.routers if one["name"] == service["router"])
        director = self._director(_canonical(service["address"]))
        if director:
            self._check_peers(director)
            self._check_power(director)
        device = self._device(router, director)
        if self.errors:
            return {"errors": self.errors}
        priorities: Mapping[str, int] = router["priorities"]
        peers = sorted((name for name in self.names if name != director), key=lambda name: -priorities[name])
        own = self.said[director]
        plan = {
            "errors": [],
            **{name: getattr(self.wishes, name) for name in ("kill", *_BETWEEN)},
            "director": director,
            "heir": peers[0],
            "directors": self.names,
            "service": service["name"],
            "router": router["name"],
            "address": service["address"],
            "port": service["port"],
            "path": self.wishes.path,
            "host": self.wishes.host or service["virtual_host"],
            "url": _url(service["address"], service["port"], self.wishes.path),
            "probe": probe,
            "device": device,
            "bound_s": router["failover_s"],
            "preempt": self._preempts(router, director),
            "power_off": own.power_off,
            "power_on": own.power_on,
            "states": {name: reading.state._asdict() for name, reading in self.readings.items()},
            # Those that must be where they were.
            "fixed_vips": vips([one for one in self.routers if self._preempts(one, director)]),
            "vips": vips(self.routers),
            # Whatever happens, the load ends after so long.
            "life_s": math.ceil(self.wishes.baseline_s + 2 * self.wishes.return_s + self.wishes.down_s + 120),
        }
        return {**plan, "warning": warning(plan)}

    def _preempts(self, router: Mapping[str, Any], director: str) -> bool:
        return self.said[director].preempt if router["preempt"] is None else bool(router["preempt"])

    def _check_wishes(self) -> None:
        if self.wishes.kill not in KILLS:
            self.error(f"rehearse_kill is {self.wishes.kill!r}. It must be {', '.join(KILLS[:-1])} or {KILLS[-1]}.")
        for name, (least, most) in _BETWEEN.items():
            value = getattr(self.wishes, name)
            if not least <= value <= most:
                self.error(f"rehearse_{name} is {value:g}. It must be from {least:g} to {most:g}.")
        if not self.wishes.path.startswith("/") or not f"{self.wishes.path}{self.wishes.host}".isprintable():
            self.error(f"rehearse_path is {self.wishes.path!r}. It must begin with a slash.")
        if self.wishes.limit:
            self.error("--limit leaves hosts out that a rehearsal needs. Run it without.")
        if len(self.names) < 2:
            self.error(f"{', '.join(self.names)} is the only director: nobody could take the VIP over.")
        if self.wishes.director and self.wishes.director not in self.names:
            self.error(f"rehearse_director is {self.wishes.director}. The directors are {', '.join(self.names)}.")

    def _probe(self) -> str:
        outside = self.groups.get("outside", ())
        probe = self.wishes.probe or (outside[0] if outside else "")
        member = next((group for group in _CLUSTER if probe in self.groups.get(group, ())), "")
        if not probe:
            self.error(
                "No host measures. Put one that is no part of the cluster into the group outside,"
                " or name it with rehearse_probe."
            )
        elif probe not in self.groups.get("all", ()):
            self.error(f"rehearse_probe is {probe}, which the inventory does not have.")
        elif member:
            self.error(
                f"{probe} is to measure and is of the group {member}. It must stand outside of the cluster,"
                " as clients do."
            )
        return probe

    def _service(self) -> Mapping[str, Any] | None:
        services: list[Mapping[str, Any]] = self.topology["virtual_services"]
        askable = [one for one in services if one["protocol"] == "tcp" and one["port"] and _is_address(one["address"])]
        named = [one for one in askable if one["name"] == self.wishes.service]
        by_check = [one for one in askable if one["check"] and one["check"]["type"] == "http"]
        found = (named if self.wishes.service else by_check or [one for one in askable if one["port"] == 80])[:1]
        if found:
            return found[0]
        names = ", ".join(dict.fromkeys(one["name"] for one in askable)) or "none"
        self.error(
            f"rehearse_service is {self.wishes.service!r}, which cannot be asked over HTTP. These can: {names}."
            if self.wishes.service
            else f"No service looks like plain HTTP. Name one with rehearse_service: {names}."
        )
        return None

    def _read_directors(self) -> None:
        for name in self.names:
            words = self.said[name].words
            if words is None:
                self.error(f"{name} is out of reach. All directors must be well before one is broken.")
                continue
            try:
                self.readings[name] = read(words, vips(self.routers))
            except (KeyError, ValueError) as error:
                self.error(f"{name} does not tell its state ({error}). Is it deployed?")

    def _director(self, vip: str) -> str:
        """The holder of the VIP; empty with an error where it is not to be broken."""
        holders = [name for name, reading in self.readings.items() if vip in reading.state.vips]
        if len(holders) != 1:
            self.error(f"{vip} is held by {' and '.join(holders) or 'no director'}. Exactly one must hold it.")
        elif self.wishes.director not in ("", holders[0]):
            self.error(
                f"{self.wishes.director} does not hold {vip}, {holders[0]} does. Nobody would notice the loss of a"
                f" backup, so that it would prove nothing. Move the VIP first, or leave rehearse_director out."
            )
        return holders[0] if len(holders) == 1 else ""

    def _check_peers(self, director: str) -> None:
        own = self.readings[director].state
        for name, reading in self.readings.items():
            if not reading.state.active:
                self.error(f"keepalived of {name} is not active. All directors must be well before one is broken.")
            elif not reading.state.rules:
                self.error(f"{name} has an empty IPVS table.")
            elif reading.state.rules != own.rules:
                other = sorted(set(reading.state.rules) ^ set(own.rules))
                shown = "; ".join(other[:3]) + (f" and {len(other) - 3} more" if len(other) > 3 else "")
                self.error(f"The IPVS tables of {director} and {name} differ: {shown}.")

    def _check_power(self, director: str) -> None:
        own, container = self.said[director], self.readings[director].container
        if self.wishes.kill != "host":
            return
        if bool(own.power_off) != bool(own.power_on):
            self.error("rehearse_power_off and rehearse_power_on go together: one of them is not given.")
        elif not own.power_off and container not in ("", "none"):
            self.error(
                f"{director} is a container ({container}): a crash would be its host's. Give the commands that cut its"
                " power and give it back, run on the controller, as rehearse_power_off and rehearse_power_on."
            )

    def _device(self, router: Mapping[str, Any], director: str) -> str:
        """What carries VRRP, and with it the VIP."""
        if not director:
            return ""
        member = router["members"][director]
        address = _canonical(member["address"])
        interfaces = self.readings[director].interfaces
        by_address = next((name for name, addresses in interfaces.items() if address in addresses), "")
        device: str = member["interface"] or by_address
        if self.wishes.kill == "interface" and device not in interfaces:
            self.error(f"{director} has no interface {device or 'with ' + address}.")
        return device


def _is_address(text: str) -> bool:
    """Of a service of many addresses it is a range, or empty."""
    return bool(text) and "-" not in text


def _url(address: str, port: int, path: str) -> str:
    host = f"[{address}]" if ":" in address else address
    return f"http://{host}{'' if port == 80 else f':{port}'}{path}"


def warning(plan: Mapping[str, Any]) -> str:
    """What somebody must read before it happens."""
    director, heir, address = plan["director"], plan["heir"], plan["address"]
    return "\n".join(
        [
            f"This breaks {director} on purpose, which holds {address}.",
            f"  broken    {what(plan)}",
            f"  then      {heir} must take {address} over; for up to {plan['bound_s']:.2f} s requests may fail",
            f"  restored  {_restored(plan)}",
            f"  measured  by {plan['probe']}, {plan['rate']:g} requests a second to {plan['url']}",
        ]
    )


def what(plan: Mapping[str, Any]) -> str:
    """What is broken, in a few words."""
    director = plan["director"]
    if plan["kill"] == "keepalived":
        return f"all processes of keepalived on {director} are killed (SIGKILL)"
    if plan["kill"] == "interface":
        return f"interface {plan['device']} of {director} is taken down, and whatever else uses it with it"
    if plan["power_off"]:
        return f"{director} loses its power: {plan['power_off']}"
    return f"{director} crashes and boots, and writes nothing to disk before: echo b > /proc/sysrq-trigger"


def _restored(plan: Mapping[str, Any]) -> str:
    if plan["kill"] == "keepalived":
        return "systemd starts it again at once, or else this playbook does"
    if plan["kill"] == "interface":
        return f"{plan['director']} itself takes it up again after {plan['down_s']:g} s, or this playbook before"
    if plan["power_off"]:
        return f"this playbook gives it back: {plan['power_on']}"
    return f"it boots by itself; this playbook waits {plan['return_s']:g} s"


def plan(
    topology: Mapping[str, Any], groups: Mapping[str, Sequence[str]], said: Sequence[Said], wishes: Wishes
) -> dict[str, Any]:
    """Return what to do, or nothing but ``errors``, one sentence or two each."""
    return _Planner(topology, groups, said, wishes).plan()


def difference(text: str, plan: Mapping[str, Any], name: str) -> str:
    """Say how a director is not as it was before the rehearsal; empty when it is."""
    try:
        now = read(text, plan["vips"]).state
    except (KeyError, ValueError):
        return f"{name} does not tell its state"
    before = State(**plan["states"][name])
    fixed = set(plan["fixed_vips"])
    return "; ".join(_differences(name, before, now, fixed))


def _differences(name: str, before: State, now: State, fixed: set[str]) -> Iterator[str]:
    if not now.active:
        yield f"keepalived of {name} is not active"
    for vip in sorted(fixed & (set(before.vips) - set(now.vips))):
        yield f"{name} does not hold {vip}"
    for vip in sorted(fixed & (set(now.vips) - set(before.vips))):
        yield f"{name} holds {vip}"
    if before.rules != now.rules:
        yield f"the IPVS table of {name} is another: {'; '.join(sorted(set(before.rules) ^ set(now.rules)))}"
