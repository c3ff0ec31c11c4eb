#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A real server taken out of the pool, or put back, through keepalived."""

from __future__ import annotations

DOCUMENTATION = r"""
module: real_server
short_description: Drain a real server, restore it, or change its weight while it serves
version_added: 0.3.0
author:
  - The lvs.ha_web authors (@lvs)
description:
  - Writes the track files by which keepalived of a director, as the role P(lvs.ha_web.keepalived#role) sets it up,
    changes the weight of a real server. What they say outlasts a reload, a restart and a reboot.
  - To be run on every director, in check mode first, so that a refusal by one of them comes before any has changed.
  - It waits until the kernel's table shows what is wanted.
  - While it waits for connections, it says how many are left.
options:
  name:
    description: Name or address of the real server.
    type: str
    required: true
  state:
    description:
      - V(drained) gives it the weight 0. It gets no new connection and finishes those that it has.
      - V(updating) is the same, of a server that will come back by itself at the end of an update. What an operator has
        V(drained) stays so.
      - V(enabled) gives it its weight, provided that it passes its health checks.
    type: str
    choices: [drained, updating, enabled]
    default: drained
  weight:
    description: The weight of a server that is V(enabled), in place of the declared one.
    type: int
  services:
    description: Names of virtual services. By default all that it serves.
    type: list
    elements: str
    default: []
  virtual_services:
    description: Those of the topology.
    type: list
    elements: dict
    required: true
  force:
    description: Drain also the last server of a service that has any weight.
    type: bool
    default: false
  timeout:
    description: Seconds that keepalived and the kernel get to do what is wanted.
    type: float
    default: 10
  drain_timeout:
    description:
      - Seconds to wait for the connections of a server that is drained. It ends earlier when there has been no active
        one for a second.
      - Where C(net.ipv4.vs.expire_quiescent_template) is 0, persistent clients are waited for as well.
      - A director that does not hold a service's VIP waits for none of its connections. Those that it has were told by
        the one that does, or are of a time when it held the VIP itself, and such are remembered for minutes after
        their end.
    type: float
    default: 0
  silence:
    description:
      - Seconds without a packet after which an active connection is not waited for. For minutes after a VIP has come
        here, some are remembered whose end was not told any more. By default O(drain_timeout).
      - The kernel tells it of TCP services with one address and port.
    type: float
  healthy:
    description:
      - Seconds for which a server must have been in the kernel's table, without a break, before it is V(enabled).
        keepalived removes one that fails its health checks.
      - At least the bound on removing a failed server, after something on it has changed. The O(timeout) must be
        longer.
    type: float
    default: 0
attributes:
  check_mode:
    description: Says what would change, and refuses what would be refused.
    support: full
  diff_mode:
    description: Shows the weights.
    support: full
seealso:
  - module: lvs.ha_web.ipvs_info
"""

EXAMPLES = r"""
- name: Give web2 no new connections, and wait for those that it has
  lvs.ha_web.real_server:
    name: web2
    state: drained
    virtual_services: "{{ ha_web_topology.virtual_services }}"
    drain_timeout: 60

- name: Put it back when it is well
  lvs.ha_web.real_server:
    name: web2
    state: enabled
    virtual_services: "{{ ha_web_topology.virtual_services }}"
    healthy: 4
    timeout: 60
"""

RETURN = r"""
servers:
  description: The server in each of its services.
  returned: success
  type: list
  elements: dict
  contains:
    service:
      description: Name of the virtual service.
      type: str
      sample: web
    track_file:
      description: The file that was written.
      type: str
      sample: /var/lib/ha-web/track/servers/web/web2
    before:
      description: What it was before, one of the choices of O(state).
      type: str
      sample: enabled
    weight_before:
      description: Its weight in the kernel before, or null where it was in none of the kernel's tables.
      type: int
      sample: 1
    weight:
      description: Likewise now, or in check mode as before.
      type: int
      sample: 0
    active_connections:
      description: How many it has on this director.
      type: int
      sample: 0
    inactive_connections:
      description: Entries of connections that have ended.
      type: int
      sample: 3
    persistent_connections:
      description: Clients that stay with it.
      type: int
      sample: 0
    silent_connections:
      description: Those of the active ones that are not waited for any more, because nothing has been heard of them.
      type: int
      sample: 0
    comes_here:
      description: Whether they come by this director, as far as the addresses that it holds tell.
      type: bool
      sample: true
seconds:
  description: How long its connections were waited for.
  returned: success
  type: float
  sample: 1.2
drained:
  description: Whether no active connection is left that comes by this director and is not silent.
  returned: success
  type: bool
  sample: true
"""

import ipaddress
import json
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.ha_web.plugins.module_utils._claims import Address, comes_here, is_on
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.kernel import Kernel, KernelError
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.model import DestinationId, ServiceId, Table
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.silence import CONNECTIONS, Where, silent
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.control import keepalived_weighs
from ansible_collections.lvs.ha_web.plugins.module_utils._track_files import (
    Chosen,
    TrackFileError,
    added,
    choose,
    effective,
    read,
    state_of,
    write,
)

POLL = 0.1  # seconds between looks at the kernel
SETTLED = 1.0  # seconds without an active connection: a handshake that was on its way is established by then
TEMPLATES = "/proc/sys/net/ipv4/vs/expire_quiescent_template"


class RefusalError(ValueError):
    """What is not done, and why."""


class Place(NamedTuple):
    """A destination of the kernel that is a chosen server."""

    chosen: Chosen
    service: ServiceId
    destination: DestinationId


def places(table: Table, chosen: list[Chosen]) -> list[Place]:
    """Return where the kernel has the chosen servers."""
    return [
        Place(one, key, destination)
        for one in chosen
        for key, service in table.services.items()
        if is_on(one.service, key)
        for destination in service.destinations
        if _is(one, key, destination)
    ]


def _is(one: Chosen, key: ServiceId, destination: DestinationId) -> bool:
    if ipaddress.ip_address(destination.address) != ipaddress.ip_address(one.server["address"]):
        return False
    # But for NAT the port is the service's.
    return one.service["forwarding"] != "nat" or destination.port == (one.server["port"] or key.port)


def refuse_the_last(table: Table, found: list[Place]) -> None:
    """Stop before a service is left without any server that has weight.

    Raises:
        RefusalError: one would be.
    """
    leaving = {(place.service, place.destination) for place in found}
    for place in found:
        destinations = table.services[place.service].destinations
        others = [one for one in destinations if (place.service, one) not in leaving and destinations[one].weight]
        if destinations[place.destination].weight and not others:
            raise RefusalError(
                f"{place.chosen.server['name']} is the last server with any weight of {place.chosen.service['name']}"
                f" ({place.service}): nobody would serve it. Restore another first, or set force."
            )


def pick(table: Table, place: Place) -> int | None:
    """Return the weight that a place has now; None where it is gone."""
    service = table.services.get(place.service)
    value = service.destinations.get(place.destination) if service else None
    return value.weight if value else None


class Waited(NamedTuple):
    """How long connections were waited for, whether all have ended, and which were not waited for."""

    seconds: float
    drained: bool
    silent: Counter[Where]


class Director:
    """The director that the module runs on."""

    def __init__(self, kernel: Kernel, chosen: list[Chosen], timeout: float, held: Callable[[], list[Address]]) -> None:
        self._kernel = kernel
        self._chosen = chosen
        self._timeout = timeout
        self._held = held

    def table(self) -> Table:
        """Return the kernel's table of the services concerned."""
        return self._kernel.table(lambda key: any(is_on(one.service, key) for one in self._chosen))

    def places(self) -> list[Place]:
        """Return where the kernel has the chosen servers."""
        return places(self.table(), self._chosen)

    def wait_until_healthy(self, seconds: float) -> None:
        """Wait until all chosen servers have been in the table for so long.

        Raises:
            RefusalError: they were not, within the time-out.
        """
        since = time.monotonic()

        def stayed() -> str:
            nonlocal since
            there = {(place.chosen.service["name"], place.chosen.service["port"]) for place in self.places()}
            missing = {(one.service["name"], one.service["port"]) for one in self._chosen} - there
            if missing:
                since = time.monotonic()
                return ", ".join(sorted({name for name, _port in missing}))
            return "" if time.monotonic() - since >= seconds else f"anything for {seconds:g} s without a break"

        missing = self._wait(stayed)
        if missing:
            raise RefusalError(
                f"{self._chosen[0].server['name']} does not pass its health checks: after {self._timeout:g} s it is no"
                f" server of {missing}. It stays without weight. Mend it, or look into keepalived's journal here."
            )

    def wait_until_obeyed(self, wanted: dict[str, int]) -> None:
        """Wait until the kernel shows the weights, by track file, of servers that it has.

        Raises:
            RefusalError: it does not, within the time-out.
        """

        def differing() -> str:
            table = self.table()
            for place in places(table, self._chosen):
                weight = effective(place.chosen.server["weight"], wanted[place.chosen.server["track_file"]])
                now = pick(table, place)
                # Who shall have some may have none for another reason, such as a failed check.
                decided = bool(weight) and keepalived_weighs(place.chosen.service, place.chosen.server)
                if now is not None and bool(now) != bool(weight) and not decided:
                    return f"{place.destination} of {place.service} has the weight {now}, not {weight}"
            return ""

        left = self._wait(differing)
        if left:
            raise RefusalError(
                f"keepalived has not done what its track files say: {left} after {self._timeout:g} s. Is it running"
                " here, with the configuration of site.yml?"
            )

    def connections(self) -> list[tuple[Place, dict[str, int]]]:
        """Return the connections of the chosen servers."""
        live = self._kernel.live()
        return [
            (place, live[place.service].destinations[str(place.destination)])
            for place in self.places()
            if place.service in live and str(place.destination) in live[place.service].destinations
        ]

    def wait_until_idle(self, seconds: float, silence: float) -> Waited:
        """Wait for the connections that come by here to end, but for silent ones."""
        start = time.monotonic()
        idle = start
        held = self._held()
        # The list may be long: it is read now, and again where nobody but silent ones seems to be left.
        quiet = self._silent(silence)
        while True:
            busy = self._busy(held, quiet)
            if quiet and not busy:
                quiet = self._silent(silence)
                busy = self._busy(held, quiet)
            now = time.monotonic()
            if busy:
                idle = now
            if now - idle >= min(SETTLED, seconds) and not busy:
                return Waited(now - start, True, quiet)
            if now - start >= seconds:
                return Waited(now - start, not busy, quiet)
            time.sleep(POLL)

    def _busy(self, held: list[Address], quiet: Counter[Where]) -> bool:
        return any(
            _is_busy(figures, quiet[place.service, place.destination])
            for place, figures in self.connections()
            if comes_here(place.chosen.service, held)
        )

    def _silent(self, seconds: float) -> Counter[Where]:
        busy = [(place.service, place.destination) for place, figures in self.connections() if _is_busy(figures, 0)]
        if not (busy and seconds):
            return Counter()
        with open(CONNECTIONS, encoding="ascii") as lines:
            return silent(lines, busy, self.table().timeouts.tcp, seconds)

    def _wait(self, problem: Callable[[], str]) -> str:
        """Wait until there is no problem left; return the last."""
        end = time.monotonic() + self._timeout
        while True:
            left = problem()
            if not left or time.monotonic() >= end:
                return left
            time.sleep(POLL)


def _is_busy(figures: dict[str, int], silent_ones: int) -> bool:
    if figures["active_connections"] > silent_ones:
        return True
    if not figures["persistent_connections"]:
        return False
    try:
        with open(TEMPLATES, encoding="ascii") as file:
            return int(file.read()) == 0
    except (OSError, ValueError):
        return True


def _held(module: AnsibleModule) -> list[Address]:
    """Return the addresses that this host has."""
    links = json.loads(module.run_command(["ip", "-json", "address"], check_rc=True)[1])
    return [ipaddress.ip_address(one["local"]) for link in links for one in link["addr_info"] if "local" in one]


def run(module: AnsibleModule, kernel: Kernel, chosen: list[Chosen]) -> dict[str, Any]:
    """Do what the module's parameters say; return its result."""
    wanted = module.params
    state = wanted["state"]
    before = {one.server["track_file"]: read(one.server["track_file"]) for one in chosen}
    after = {one.server["track_file"]: added(state, wanted["weight"], one.server["weight"]) for one in chosen}
    if state == "updating":
        # It is out of the pool already, and the operator who took it out shall put it back.
        after = {
            path: before[path] if state_of(before[path]) == "drained" else number for path, number in after.items()
        }
    changed = after != before
    director = Director(kernel, chosen, wanted["timeout"], lambda: _held(module))
    table = director.table()
    found = places(table, chosen)
    if changed and state != "enabled" and not wanted["force"]:
        refuse_the_last(table, found)
    weights = {(place.service, place.destination): pick(table, place) for place in found}
    waited = Waited(0.0, True, Counter())
    if not module.check_mode:
        if wanted["healthy"] and state == "enabled" and changed:
            director.wait_until_healthy(wanted["healthy"])
        for path, number in after.items():
            if before[path] != number:
                write(path, number)
        director.wait_until_obeyed(after)
        if state != "enabled":
            patience = wanted["drain_timeout"]
            waited = director.wait_until_idle(patience, patience if wanted["silence"] is None else wanted["silence"])
    now, held = director.table(), _held(module)
    servers = [
        {
            "service": place.chosen.service["name"],
            "track_file": place.chosen.server["track_file"],
            "before": state_of(before[place.chosen.server["track_file"]]),
            "weight_before": weights.get((place.service, place.destination)),
            "weight": pick(now, place),
            **{name: count for name, count in figures.items() if name.endswith("_connections")},
            # Of those that were silent, some may have ended since.
            "silent_connections": min(waited.silent[place.service, place.destination], figures["active_connections"]),
            "comes_here": comes_here(place.chosen.service, held),
        }
        for place, figures in director.connections()
    ]
    return {
        "changed": changed,
        "servers": servers,
        "seconds": round(waited.seconds, 1),
        "drained": waited.drained,
        "diff": {
            "before": "".join(f"{path} {number}\n" for path, number in before.items()),
            "after": "".join(f"{path} {number}\n" for path, number in after.items()),
        },
    }


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        {
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["drained", "updating", "enabled"], "default": "drained"},
            "weight": {"type": "int"},
            "services": {"type": "list", "elements": "str", "default": []},
            "virtual_services": {"type": "list", "elements": "dict", "required": True},
            "force": {"type": "bool", "default": False},
            "timeout": {"type": "float", "default": 10.0},
            "drain_timeout": {"type": "float", "default": 0.0},
            "silence": {"type": "float"},
            "healthy": {"type": "float", "default": 0.0},
        },
        supports_check_mode=True,
    )
    wanted = module.params
    if wanted["weight"] is not None and (wanted["state"] != "enabled" or not 0 <= wanted["weight"] <= 65535):
        module.fail_json(
            msg="weight is of a server that is enabled, from 0 to 65535. Set state: enabled, or leave it out."
        )
    if wanted["healthy"] and wanted["timeout"] <= wanted["healthy"]:
        module.fail_json(msg=f"timeout must be longer than healthy, {wanted['healthy']:g} s.")
    try:
        chosen = choose(wanted["virtual_services"], wanted["name"], wanted["services"])
        with Kernel() as kernel:
            result = run(module, kernel, chosen)
    except (RefusalError, TrackFileError, KernelError, ValueError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
