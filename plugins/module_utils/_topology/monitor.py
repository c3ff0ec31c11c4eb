# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The Graphic Monitor: which hosts have its page, and from where all others are looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from .._problems import Problem
from .carriers import Carriers, bare
from .declaration import Declaration
from .findings import names, shared_values
from .model import Monitor, VirtualRouter, family

# Of what tells figures, on management addresses: on every node, and on web servers.
NODE_PORT, WEB_PORTS = 9100, {"nginx": 9113, "apache": 9117, "opcache": 9145}
_FIGURES = {NODE_PORT: "the node exporter", **{port: f"the figures of {name}" for name, port in WEB_PORTS.items()}}
_FREE_PORT = "Choose a free one, such as 9443, or set ha_web_monitor: false."


@dataclass(frozen=True)
class Watch:
    """Who looks at whom: management addresses by host, what watchers send from, and where pages are asked for."""

    port: int = 0
    watched: dict[str, str] = field(default_factory=dict)
    web: Sequence[str] = ()
    agents: Sequence[str] = ()
    senders: dict[str, list[str]] = field(default_factory=dict)
    pages: dict[str, list[str]] = field(default_factory=dict)


def monitor(declared: Declaration) -> Monitor:
    if not declared.monitored:
        return Monitor(enabled=False, hosts=[], addresses=[], port=declared.monitor_port)
    addresses = [declared.management_address(name) for name in _watchers(declared)]
    return Monitor(enabled=True, hosts=declared.monitors, addresses=addresses, port=declared.monitor_port)


def watch(declared: Declaration, routers: Sequence[VirtualRouter]) -> Watch:
    if not declared.monitored:
        return Watch()
    vips = [address for router in routers for vip in router.addresses if (address := bare(vip))]
    hosts = dict.fromkeys([*declared.directors, *declared.web, *declared.storage, *declared.monitors])
    return Watch(
        port=declared.monitor_port,
        watched={name: declared.management_address(name) for name in hosts},
        web=declared.web,
        agents=[name for name in declared.directors if name not in declared.monitors],
        senders={version: list(_senders(declared, version)) for version in ("ipv4", "ipv6")},
        pages={
            name: [declared.management_address(name), *(vips if name in declared.directors else [])]
            for name in declared.monitors
        },
    )


def _watchers(declared: Declaration) -> list[str]:
    """Directors ask each other, too."""
    return list(dict.fromkeys([*declared.monitors, *declared.directors]))


def _senders(declared: Declaration, version: str) -> Iterator[str]:
    """From a management address, where that is of the family."""
    for name in _watchers(declared):
        management = declared.management_address(name)
        address = management if family(management) == version else declared.address(name, version)
        if address:
            yield address


def management_addresses_differ(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    held = [(name, address) for name, address in declared.management.items() if address]
    remedy = "Give each host its own ha_web_management_address."
    for address, holders in shared_values(held):
        yield Problem(names(holders), f"have the same ha_web_management_address {address}.", remedy)
    vips = {address for service in declared.services for address in service.addresses()}
    vips |= {bare(vip) for router in declared.routers for vip in router.vips}
    for name, address in held:
        others = [other for other in declared.addresses if other != name and address in declared.addresses_of(other)]
        if others:
            yield Problem(name, f"ha_web_management_address {address} is the address of {others[0]}.", remedy)
        elif address in vips:
            yield Problem(
                name,
                f"ha_web_management_address {address} is a VIP, which moves between the directors.",
                "Write an address that the host always has.",
            )


def monitor_has_a_port_of_its_own(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    if not declared.monitored:
        return
    port, item = declared.monitor_port, "ha_web_monitor_port"
    if port in _FIGURES:
        yield Problem(item, f"{port} is the port of {_FIGURES[port]}.", _FREE_PORT)
    if port == declared.eaccelerator_port:
        yield Problem(item, f"{port} is ha_web_eaccelerator_port.", _FREE_PORT)
    for service in declared.services:
        if port in service.ports and service.protocol == "tcp" and service.addresses():
            yield Problem(item, f"{port} is a port of {service.item}, on the VIPs too.", _FREE_PORT)


def figures_have_ports_of_their_own(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    """On web servers, where a service or the control page may listen at every address."""
    if not declared.monitored:
        return
    remedy = "Choose another, or set ha_web_monitor: false."
    for port, what in _FIGURES.items():
        if port == declared.eaccelerator_port:
            yield Problem("ha_web_eaccelerator_port", f"{port} is the port of {what}.", remedy)
        for service in declared.services:
            if port in service.ports and service.protocol == "tcp":
                yield Problem(service.item, f"port {port} is that of {what} on web servers.", remedy)


MONITOR_RULES = (
    management_addresses_differ,
    monitor_has_a_port_of_its_own,
    figures_have_ports_of_their_own,
)
