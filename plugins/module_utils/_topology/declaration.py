# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""First stage: read what the inventory declares, one field at a time, and apply the defaults.

A field that is wrong is reported and replaced by its default, so that the second stage still
finds every other mistake in the same run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .._fields import PORTS, Entry, Problems, ip, quote
from .._problems import Problem
from .fields import PRIORITIES, VRIDS, raw_lines
from .lvs_timeouts import read_lvs_timeouts
from .model import LvsTimeouts, NotifyFifo, Script, TrackFile, TrackProcess, Vip, family
from .routers import (
    DeclaredRouter,
    DeclaredSyncDaemon,
    DeclaredSyncGroup,
    advert_interval,
    interface_address,
    read_gateways,
    read_routers,
    read_sync_daemon,
    read_sync_groups,
    resolver,
)
from .services import DeclaredService, read_service
from .shares import DEFAULT_ROOT, DeclaredShare, read_root, read_shares
from .tracking import DeclaredBfd, read_bfd, read_fifo, read_files, read_processes, read_scripts

DEFAULT_VRID = 51
DEFAULT_ADVERT_INTERVAL = 0.1
DEFAULT_MONITOR_PORT = 9443


class UnreadableError(Exception):
    """The value of a variable cannot be computed: its template fails."""


@dataclass(frozen=True)
class Inventory:
    """The inventory as the topology sees it: read(host, variable) gives plain data or None."""

    groups: Mapping[str, Sequence[str]]
    read: Callable[[str, str], Any]


@dataclass
class Declaration:
    directors: list[str]
    web: list[str]
    hosts: list[str]
    retired: list[str] = field(default_factory=list)
    storage: list[str] = field(default_factory=list)
    addresses: dict[str, str] = field(default_factory=dict)
    second_addresses: dict[str, str] = field(default_factory=dict)
    priorities: dict[str, int] = field(default_factory=dict)
    services: list[DeclaredService] = field(default_factory=list)
    # Whether the user declares routers, or there is one for each address family.
    routers_declared: bool = False
    routers: list[DeclaredRouter] = field(default_factory=list)
    sync_groups: list[DeclaredSyncGroup] = field(default_factory=list)
    nat_gateways: list[str] = field(default_factory=list)
    scripts: list[Script] = field(default_factory=list)
    processes: list[TrackProcess] = field(default_factory=list)
    files: list[TrackFile] = field(default_factory=list)
    bfd: list[DeclaredBfd] = field(default_factory=list)
    fifo: NotifyFifo | None = None
    sync_daemon: DeclaredSyncDaemon = field(default_factory=DeclaredSyncDaemon)
    lvs_timeouts: LvsTimeouts = field(default_factory=LvsTimeouts)
    storage_root: str = DEFAULT_ROOT
    shares: list[DeclaredShare] = field(default_factory=list)
    # Of the opcode cache's control page; 0 where there is none.
    eaccelerator_port: int = 0
    # The Graphic Monitor: the hosts that have its page; management addresses that differ from the others.
    monitored: bool = True
    monitor_port: int = DEFAULT_MONITOR_PORT
    monitors: list[str] = field(default_factory=list)
    management: dict[str, str] = field(default_factory=dict)
    raw: list[str] = field(default_factory=list)

    def addresses_of(self, host: str) -> list[str]:
        """The address the others reach the host at, and a second one where it has two."""
        return [known[host] for known in (self.addresses, self.second_addresses) if known.get(host)]

    def management_address(self, host: str) -> str:
        """Where the host is administered and looked at."""
        return self.management.get(host) or self.addresses[host]

    def address(self, host: str, wanted: str) -> str:
        """The host's address of this family, or an empty string."""
        return next((address for address in self.addresses_of(host) if family(address) == wanted), "")


def declare(inventory: Inventory) -> tuple[Declaration, list[Problem]]:
    reader = _Reader(inventory)
    return reader.declaration(), reader.problems()


class _Reader:
    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._found = Problems()
        self._unreadable: dict[tuple[str, str], list[str]] = {}

    def declaration(self) -> Declaration:
        groups = self._inventory.groups
        declared = Declaration(
            directors=list(groups.get("directors", ())),
            web=list(groups.get("web", ())),
            hosts=list(groups.get("all", ())),
            retired=list(groups.get("retired", ())),
            storage=list(groups.get("storage", ())),
        )
        members = list(dict.fromkeys(declared.directors + declared.web + declared.storage))
        self._monitor(declared, [*members, *groups.get("monitor", ())])
        members = list(dict.fromkeys(members + declared.monitors))
        found = self._found
        vrid = found.integer("ha_web_vrid", "", self._shared("ha_web_vrid", members), VRIDS, DEFAULT_VRID)
        item = "ha_web_advert_interval"
        interval = advert_interval(found, item, {"": self._shared(item, members)}, DEFAULT_ADVERT_INTERVAL)
        for place, name in enumerate(declared.directors):
            declared.priorities[name] = self._priority(name, place)
        declared.services = self._services(members, declared.web)
        declared.nat_gateways = read_gateways(found, self._shared("ha_web_nat_gateway", members))
        declared.storage_root = read_root(found, self._shared("ha_web_storage_root", members))
        shares = self._shared("ha_web_shares", members)
        item = "ha_web_eaccelerator_port"
        declared.eaccelerator_port = found.integer(item, "", self._shared(item, declared.web), (0, PORTS[1]), 0)
        declared.shares = read_shares(found, shares, declared.storage_root, declared.storage, declared.web)
        self._addresses(declared, members)
        self._routers(declared, members, vrid, interval)
        self._watched(declared, members)
        return declared

    def problems(self) -> list[Problem]:
        unreadable = [
            Problem(
                variable,
                f"its template fails on {', '.join(hosts)}: {reason}",
                "Define what it refers to, or write the value itself.",
            )
            for (variable, reason), hosts in self._unreadable.items()
        ]
        return unreadable + self._found.found

    def _read(self, host: str, variable: str) -> Any:
        try:
            return self._inventory.read(host, variable)
        except UnreadableError as error:
            self._unreadable.setdefault((variable, str(error)), []).append(host)
            return None

    def _shared(self, variable: str, hosts: Sequence[str]) -> Any:
        """The value of a cluster-wide variable, which may be set on any of the hosts."""
        found = [(host, value) for host in hosts if (value := self._read(host, variable)) is not None]
        if not found:
            return None
        first_host, first = found[0]
        for host, value in found[1:]:
            if value is not first and value != first:
                self._found.add(
                    variable,
                    f"{first_host} and {host} have different values.",
                    "Set it once, in the variables of the group all.",
                )
                break
        return first

    def _priority(self, name: str, place: int) -> int:
        value = self._read(name, "keepalived_priority")
        return self._found.integer(name, "keepalived_priority", value, PRIORITIES, by_rank(place))

    def _addresses(self, declared: Declaration, members: Sequence[str]) -> None:
        """Of all hosts that take part, those of services included."""
        named = [server.name for service in declared.services for server in service.real_servers if not server.address]
        known_hosts = set(declared.hosts)
        sorry = [service.sorry_server for service in declared.services if service.sorry_server]
        named += [server.name for server in sorry if not server.address]
        named += [client for share in declared.shares for client in share.clients]
        for name in dict.fromkeys([*members, *named]):
            if name in known_hosts:
                declared.addresses[name] = self._address(name)
                second = self._read(name, "ha_web_address6")
                if second is not None:
                    declared.second_addresses[name] = self._second_address(name, second, declared.addresses[name])
                declared.management[name] = self._management_address(name)
        for known in (declared.addresses, declared.second_addresses, declared.management):
            for name in [name for name, address in known.items() if not address]:
                del known[name]

    def _address(self, name: str) -> str:
        stated = self._read(name, "ha_web_address")
        if stated is not None:
            address = ip(stated)
            if not address:
                self._found.add(
                    name,
                    f"ha_web_address {quote(stated)} is not an IP address.",
                    "Write the address alone, without a prefix length.",
                )
            return address
        ansible_host = self._read(name, "ansible_host")
        address = ip(ansible_host) or ip(name)
        if not address:
            known = f"; ansible_host {quote(ansible_host)} is not one" if ansible_host else ""
            self._found.add(
                name,
                f"no IP address is known for it{known}.",
                "Set ha_web_address to the address the other nodes reach it at.",
            )
        return address

    def _monitor(self, declared: Declaration, hosts: Sequence[str]) -> None:
        """Without it, hosts of its group alone take no part."""
        found, item = self._found, "ha_web_monitor"
        declared.monitored = Entry(found, item, {"": self._shared(item, hosts)}, [""]).boolean("", True)
        item = "ha_web_monitor_port"
        value = self._shared(item, hosts)
        declared.monitor_port = found.integer(item, "", value, (1, PORTS[1]), DEFAULT_MONITOR_PORT)
        if declared.monitored:
            declared.monitors = list(self._inventory.groups.get("monitor", ())) or list(declared.directors)

    def _management_address(self, name: str) -> str:
        value = self._read(name, "ha_web_management_address")
        address = "" if value is None else ip(value)
        if value is not None and not address:
            self._found.add(
                name,
                f"ha_web_management_address {quote(value)} is not an IP address.",
                "Write the address alone, without a prefix length, or remove it for ha_web_address.",
            )
        return address

    def _second_address(self, name: str, value: Any, first: str) -> str:
        address = ip(value)
        if not address or family(address) != "ipv6":
            self._found.add(
                name,
                f"ha_web_address6 {quote(value)} is not an IPv6 address.",
                "Write the address alone, without a prefix length.",
            )
            return ""
        if first and family(first) == "ipv6":
            self._found.add(
                name,
                f"ha_web_address6 beside an IPv6 address, {first}.",
                "Remove it, or set ha_web_address to the IPv4 address.",
            )
            return ""
        return address

    def _services(self, members: Sequence[str], web: Sequence[str]) -> list[DeclaredService]:
        vip = self._vip(members)
        declared = self._shared("ha_web_virtual_services", members)
        found = self._found
        if declared is None:
            if vip is None and not self._unreadable:
                found.add(
                    "ha_web_vip",
                    "not set, and there is no ha_web_virtual_services either.",
                    "Set ha_web_vip to the address the clients use, in the variables of the group all.",
                )
            return [read_service(found, "ha_web_vip", {"name": "web"}, vip or "", web)]
        if not isinstance(declared, list) or not declared:
            found.add(
                "ha_web_virtual_services",
                "not a list of services.",
                "Write a list of {name: ..., address: ..., ports: [...]}, or remove it and set ha_web_vip.",
            )
            return []
        services = []
        for index, entry in enumerate(declared):
            item = f"ha_web_virtual_services[{index}]"
            if isinstance(entry, dict):
                placed = any(entry.get(key) is not None for key in ("address", "fwmark", "endpoints"))
                if not placed and vip is None and not self._unreadable:
                    found.add(item, "no address.", "Give it an address, or set ha_web_vip for all services.")
                services.append(read_service(found, item, entry, vip or "", web))
            else:
                found.add(item, "not a service.", "Write {name: ..., address: ..., ports: [...]}.")
        return services

    def _vip(self, members: Sequence[str]) -> str | None:
        """None where it is not set; empty, and reported, where it is no address."""
        value = self._shared("ha_web_vip", members)
        return None if value is None else self._found.literal("ha_web_vip", value)

    def _routers(self, declared: Declaration, members: Sequence[str], vrid: int, interval: float) -> None:
        value = self._shared("ha_web_virtual_routers", members)
        declared.routers_declared = value is not None
        if declared.routers_declared:
            declared.routers = read_routers(self._found, value, declared.directors, vrid, interval)
        else:
            # A mark alone needs no router of its own: its packets come for the addresses.
            families = dict.fromkeys(
                family(service.addresses()[0]) for service in declared.services if service.addresses()
            )
            declared.routers = [
                DeclaredRouter(
                    "ha_web_vip",
                    f"ha_web_{name}",
                    vrid,
                    family=name,
                    advert_interval=interval,
                    vips=[Vip(interface_address(one)) for one in declared.nat_gateways if family(one) == name],
                )
                for name in families
            ]
        declared.sync_groups = read_sync_groups(self._found, self._shared("ha_web_sync_groups", members))
        declared.sync_daemon = read_sync_daemon(self._found, self._shared("ha_web_sync_daemon", members))

    def _watched(self, declared: Declaration, members: Sequence[str]) -> None:
        found = self._found
        declared.scripts = read_scripts(found, self._shared("ha_web_scripts", members))
        declared.processes = read_processes(found, self._shared("ha_web_track_processes", members))
        declared.files = read_files(found, self._shared("ha_web_track_files", members))
        resolve = resolver(declared.addresses_of, declared.hosts)
        declared.bfd = read_bfd(found, self._shared("ha_web_bfd", members), declared.directors, resolve)
        declared.fifo = read_fifo(found, self._shared("ha_web_notify_fifo", members))
        item = "ha_web_lvs_timeouts"
        declared.lvs_timeouts = read_lvs_timeouts(found, item, self._shared(item, members))
        item = "ha_web_keepalived_raw"
        declared.raw = raw_lines(found, item, self._shared(item, members))


def by_rank(place: int) -> int:
    """The priority of the first, second, third director."""
    return max(1, 200 - 10 * place)
