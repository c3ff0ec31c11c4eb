# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Second stage: rules about how the declared things fit together.

A rule is a function from the declaration to the problems it finds; RULES is all of them.
Addresses that the first stage could not read are absent, and rules pass over them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from .._problems import Problem
from .declaration import Declaration
from .model import endpoint, family

T = TypeVar("T")


def both_groups_have_hosts(declared: Declaration) -> Iterator[Problem]:
    for group, hosts, role in (
        ("directors", declared.directors, "load balancers"),
        ("web", declared.web, "web servers"),
    ):
        if not hosts:
            yield Problem(f"group {group}", "missing or empty.", f"Put the {role} into the inventory group {group}.")


def no_host_in_both_groups(declared: Declaration) -> Iterator[Problem]:
    for name in declared.directors:
        if name in declared.web:
            yield Problem(
                name,
                "is in both groups, directors and web.",
                "Use separate hosts: a director must answer ARP for the VIP, a real server must not.",
            )


def node_addresses_differ(declared: Declaration) -> Iterator[Problem]:
    for address, names in _shared_values(declared.addresses.items()):
        yield Problem(_names(names), f"have the same address {address}.", "Give each host its own ha_web_address.")


def vip_is_no_node_address(declared: Declaration) -> Iterator[Problem]:
    for service in declared.services:
        for name, address in declared.addresses.items():
            if service.address and service.address == address:
                yield Problem(
                    service.item,
                    f"address {address} is the address of {name}.",
                    "Choose a free address of the same network: VRRP moves it between the directors.",
                )


def priorities_differ(declared: Declaration) -> Iterator[Problem]:
    vips = ", ".join(dict.fromkeys(service.address for service in declared.services if service.address))
    for priority, names in _shared_values(declared.priorities.items()):
        yield Problem(
            "directors",
            f"{_names(names)} have the same VRRP priority {priority}{f' for {vips}' if vips else ''}.",
            "Remove keepalived_priority: the group's order gives it.",
        )


def service_names_differ(declared: Declaration) -> Iterator[Problem]:
    for name, items in _shared_values((service.item, service.name) for service in declared.services if service.name):
        yield Problem(_names(items), f'have the same name "{name}".', "Give each service its own name.")


def endpoints_differ(declared: Declaration) -> Iterator[Problem]:
    claims = (
        (service.item, f"{endpoint(service.address, port)}/{service.protocol}")
        for service in declared.services
        if service.address
        for port in service.ports
    )
    for claimed, items in _shared_values(claims):
        yield Problem(
            _names(dict.fromkeys(items)),
            f"{claimed} is declared {len(items)} times.",
            "Declare each address, port and protocol once.",
        )


def real_servers_are_known_once(declared: Declaration) -> Iterator[Problem]:
    for service in declared.services:
        names = [server.name for server in service.real_servers]
        if not names and declared.web:
            yield Problem(
                service.item, "no real servers.", "Name them in real_servers, or leave it out for the group web."
            )
        for name in dict.fromkeys(names):
            if name not in declared.hosts:
                yield Problem(
                    service.item, f"real server {name} is not in the inventory.", "Add the host, or correct its name."
                )
            if names.count(name) > 1:
                yield Problem(
                    service.item, f"real server {name} is named twice.", "Name it once; use weight for a larger share."
                )


def real_server_ports_fit_the_forwarding(declared: Declaration) -> Iterator[Problem]:
    """DR and TUN hand over the packet as it is: keepalived would silently use the service's port."""
    for service in declared.services:
        if service.forwarding == "nat":
            continue
        for port in service.ports:
            wrong = [server for server in service.real_servers if server.port not in (None, port)]
            if wrong:
                method = service.forwarding.upper()
                theirs = ", ".join(dict.fromkeys(str(server.port) for server in wrong))
                yield Problem(
                    service.item,
                    f"{method} needs the real servers' port ({theirs}) to equal the service's port ({port}).",
                    f"Set port {port} on {_names(server.name for server in wrong)}, or forwarding: nat.",
                )


def address_families_agree(declared: Declaration) -> Iterator[Problem]:
    for service in declared.services:
        if not service.address:
            continue
        wanted = _spoken_family(service.address)
        subject = f"address {service.address} is {wanted}"
        servers = [server.name for server in service.real_servers if service.forwarding != "tun"]
        for kind, names in (("director", declared.directors), ("real server", servers)):
            for name in names:
                address = declared.addresses.get(name)
                if address and family(address) != family(service.address):
                    escape = ", or forwarding: tun" if kind == "real server" else ""
                    yield Problem(
                        service.item,
                        f"{subject}, {kind} {name} ({address}) is {_spoken_family(address)}.",
                        f"Give {name} an {wanted} address (ha_web_address){escape}.",
                    )


RULES: tuple[Callable[[Declaration], Iterable[Problem]], ...] = (
    both_groups_have_hosts,
    no_host_in_both_groups,
    node_addresses_differ,
    vip_is_no_node_address,
    priorities_differ,
    service_names_differ,
    endpoints_differ,
    real_servers_are_known_once,
    real_server_ports_fit_the_forwarding,
    address_families_agree,
)


def validate(declared: Declaration) -> list[Problem]:
    return [problem for rule in RULES for problem in rule(declared)]


def _shared_values(pairs: Iterable[tuple[str, T]]) -> list[tuple[T, list[str]]]:
    """The values that more than one name has, each with its names."""
    names_of: dict[T, list[str]] = {}
    for name, value in pairs:
        names_of.setdefault(value, []).append(name)
    return [(value, names) for value, names in names_of.items() if len(names) > 1]


def _names(names: Iterable[str]) -> str:
    *rest, last = names
    return f"{', '.join(rest)} and {last}" if rest else last


def _spoken_family(address: str) -> str:
    return family(address).replace("ip", "IP")
