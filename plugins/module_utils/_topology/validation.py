# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Second stage: rules about how the declared things fit together.

A rule is a function from the declaration to the problems it finds; those of hosts are here, those
of services and of routers in files of their own. Addresses that the first stage could not read
are absent, and rules pass over them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from .._problems import Problem
from .carriers import Carriers, bare
from .declaration import Declaration
from .findings import names, shared_values
from .gateway_rules import GATEWAY_RULES
from .monitor import MONITOR_RULES
from .router_rules import ROUTER_RULES
from .service_rules import SERVICE_RULES
from .share_rules import SHARE_RULES


def both_groups_have_hosts(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    for group, hosts, role in (
        ("directors", declared.directors, "load balancers"),
        ("web", declared.web, "web servers"),
    ):
        if not hosts:
            yield Problem(f"group {group}", "missing or empty.", f"Put the {role} into the inventory group {group}.")


def no_host_in_both_groups(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    for name in declared.directors:
        if name in declared.web:
            yield Problem(
                name,
                "is in both groups, directors and web.",
                "Use separate hosts: a director must answer ARP for the VIP, a real server must not.",
            )


def retired_hosts_take_no_part(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    for name in declared.retired:
        groups = [group for group, hosts in (("directors", declared.directors), ("web", declared.web)) if name in hosts]
        services = [one.name for one in declared.services if name in one.hosts()]
        if groups:
            yield Problem(
                name,
                f"is in both groups, {groups[0]} and retired.",
                f"Remove it from retired to have it serve, or from {groups[0]} to have it leave.",
            )
        elif services:
            yield Problem(
                name,
                f"is in the group retired, and still serves {', '.join(services)}.",
                "Remove it from retired, or from the services.",
            )


def node_addresses_differ(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    held = ((name, address) for name in declared.addresses for address in declared.addresses_of(name))
    for address, holders in shared_values(held):
        yield Problem(names(holders), f"have the same address {address}.", "Give each host its own ha_web_address.")


def vip_is_no_node_address(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    holder = {address: name for name in declared.addresses for address in declared.addresses_of(name)}
    holder.update((address, name) for router in declared.routers for name, address in router.addresses.items())
    for item, address in [
        *((service.item, address) for service in declared.services for address in service.addresses()),
        *((router.item, bare(vip)) for router in declared.routers for vip in router.vips),
    ]:
        if address in holder:
            yield Problem(
                item,
                f"address {address} is the address of {holder[address]}.",
                "Choose a free address of the same network: VRRP moves it between the directors.",
            )


def control_page_has_a_port_of_its_own(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    port = declared.eaccelerator_port
    for service in declared.services:
        if port and port in service.ports:
            yield Problem(
                "ha_web_eaccelerator_port", f"{port} is a port of {service.item}.", "Choose a free one, such as 8405."
            )


RULES: tuple[Callable[[Declaration, Carriers], Iterable[Problem]], ...] = (
    both_groups_have_hosts,
    no_host_in_both_groups,
    retired_hosts_take_no_part,
    node_addresses_differ,
    vip_is_no_node_address,
    control_page_has_a_port_of_its_own,
    *ROUTER_RULES,
    *SERVICE_RULES,
    *GATEWAY_RULES,
    *SHARE_RULES,
    *MONITOR_RULES,
)


def validate(declared: Declaration) -> list[Problem]:
    carriers = Carriers(declared)
    return [problem for rule in RULES for problem in rule(declared, carriers)]
