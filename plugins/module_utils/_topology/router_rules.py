# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Second stage, rules of virtual routers, of the groups they form and of what they watch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from .._problems import Problem
from .carriers import Carriers, bare
from .declaration import Declaration
from .findings import names, shared_values, spoken, spoken_family
from .model import family
from .routers import DeclaredRouter, DeclaredSyncGroup
from .tracking import DeclaredTracking


def priorities_differ(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    """The group's order gives them, unless a router has its own; those are reported where they stand."""
    by_order = [router for router in declared.routers if not router.priorities and not router.master]
    vips = ", ".join(bare(vip) for router in by_order for vip in carriers.vips(router))
    if by_order or not declared.routers:
        for priority, found in shared_values(declared.priorities.items()):
            yield Problem(
                "directors",
                f"{names(found)} have the same VRRP priority {priority}{f' for {vips}' if vips else ''}.",
                "Remove keepalived_priority: the group's order gives it.",
            )
    for router in declared.routers:
        for priority, found in shared_values(router.priorities.items()):
            yield Problem(
                router.item, f"{names(found)} have the same priority {priority}.", "Give each director its own."
            )


def router_names_differ(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    for name, items in shared_values((router.item, router.name) for router in declared.routers if router.name):
        yield Problem(names(items), f'have the same name "{name}".', "Give each router its own name.")


def services_have_a_router(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    known = [router.name for router in declared.routers]
    if not known and not declared.routers_declared and any(service.marked() for service in declared.services):
        yield Problem(
            "ha_web_virtual_services",
            "firewall marks alone, and no address that clients could use.",
            "List the addresses as vips of a router in ha_web_virtual_routers.",
        )
    if not known:
        return
    for service in declared.services:
        if service.router and service.router not in known:
            yield Problem(
                service.item,
                f"router {service.router} is not declared.",
                "Declare it in ha_web_virtual_routers, or correct its name.",
            )
        elif (service.addresses() or service.marked()) and carriers.router(service) is None:
            same = [router.name for router in declared.routers if carriers.family(router) == service.family]
            reason = f"{names(same)} could carry it" if same else f"no router is {spoken(service.family)}"
            yield Problem(
                service.item,
                f"{reason}.",
                "Name one with router: ..." if same else "Declare one in ha_web_virtual_routers.",
            )


def routers_carry_addresses(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    for router in declared.routers:
        vips = carriers.vips(router)
        if not vips and router.item != "ha_web_vip":
            yield Problem(
                router.item, "carries no address.", "Name it in a service (router: ...), or give it vips: [...]."
            )
        wanted = carriers.family(router)
        for vip in vips:
            if family(bare(vip)) != wanted:
                yield Problem(
                    router.item,
                    f"is {spoken(wanted)}, and carries {bare(vip)}, which is {spoken_family(bare(vip))}.",
                    "Give each family a router of its own, and join them in ha_web_sync_groups.",
                )


def addresses_have_one_router(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    carried = ((router.item, bare(vip)) for router in declared.routers for vip in carriers.vips(router))
    for address, items in shared_values(carried):
        yield Problem(
            names(items), f"carry {address} together.", "Name one router in all services of an address, and in vips."
        )


def vrids_are_unique(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    """On one interface, within a family. Interfaces that are not named are the same one."""
    for place, router in enumerate(declared.routers):
        for other in declared.routers[place + 1 :]:
            shared = [name for name in declared.directors if router.interfaces.get(name) == other.interfaces.get(name)]
            if router.vrid == other.vrid and shared and carriers.family(router) == carriers.family(other):
                yield Problem(
                    f"{router.item} and {other.item}",
                    f"have the same vrid {router.vrid} on the same interface.",
                    "Give each router its own vrid, or leave it out.",
                )


def versions_fit(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    for router in declared.routers:
        if router.version == 2 and carriers.family(router) == "ipv6":
            yield Problem(router.item, "VRRP version 2 knows no IPv6.", "Remove version: 3 is the default.")


def preemption_is_decided_once(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    for router in declared.routers:
        if router.preempt is False and router.preempt_delay is not None:
            yield Problem(
                router.item, "preempt_delay without preemption.", "Remove preempt_delay, or write preempt: true."
            )


def senders_fit_the_router(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    """Directors without an address of a service's family are reported with the service."""
    for router in declared.routers:
        wanted = carriers.family(router)
        for name, address in router.addresses.items():
            if family(address) != wanted:
                yield Problem(
                    router.item,
                    f"is {spoken(wanted)}, and address {address} of {name} is {spoken_family(address)}.",
                    f"Write an {spoken(wanted)} address.",
                )
        for address, found in shared_values(router.addresses.items()):
            yield Problem(
                f"{router.item}, addresses", f"{names(found)} have the same address {address}.", "Give each its own."
            )
        if any(carriers.router(service) is router for service in declared.services):
            continue
        for name in declared.directors:
            if name in declared.addresses and not carriers.sender(router, name):
                yield Problem(
                    router.item,
                    f"is {spoken(wanted)}, director {name} ({declared.addresses[name]}) is not.",
                    f"Give {name} an {spoken(wanted)} address (ha_web_address), or the router addresses.",
                )


def sync_groups_fit(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    by_name = {router.name: router for router in declared.routers}
    for name, items in shared_values((group.item, group.name) for group in declared.sync_groups if group.name):
        yield Problem(names(items), f'have the same name "{name}".', "Give each group its own name.")
    for group in declared.sync_groups:
        distinct = list(dict.fromkeys(group.routers))
        for name in distinct:
            if name not in by_name:
                yield Problem(group.item, f"router {name} is not declared.", "Name routers of ha_web_virtual_routers.")
        if len(distinct) < 2:
            yield Problem(
                group.item, f"has {'one router' if distinct else 'no routers'}.", "Name at least two, or remove it."
            )
        yield from _members_agree(group, [by_name[name] for name in distinct if name in by_name], carriers)
    memberships = ((group.item, name) for group in declared.sync_groups for name in dict.fromkeys(group.routers))
    for name, items in shared_values(memberships):
        yield Problem(names(items), f"both hold router {name}.", "Keep it in one of them.")


def _members_agree(group: DeclaredSyncGroup, members: list[DeclaredRouter], carriers: Carriers) -> Iterator[Problem]:
    orders = {
        tuple(sorted(ranks, key=lambda name: -ranks[name]))
        for ranks in (carriers.priorities(router) for router in members)
    }
    if len(orders) > 1:
        yield Problem(
            group.item,
            "its routers have different masters.",
            "Give them the same order of priorities, or take them apart: the group would elect for ever.",
        )
    own = {interface for router in members for interface in router.interfaces.values() if interface}
    for name in group.track.named("interfaces"):
        if name in own:
            yield Problem(
                group.item, f"tracks {name}, which its routers run on.", "Remove it: a router always tracks its own."
            )
    for router in members:
        if any(router.track.of.values()):
            yield Problem(
                router.item,
                f"tracks something by itself, and is in the group {group.name}.",
                "Let the group track it: all its routers have one state.",
            )


def definitions_differ(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    for variable, found in _definitions(declared).items():
        for name in dict.fromkeys(found):
            if name and found.count(name) > 1:
                yield Problem(variable, f'"{name}" is declared {found.count(name)} times.', "Give each its own name.")


def tracked_things_exist(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    known = dict(zip(("scripts", "processes", "files", "bfd"), _definitions(declared).items()))
    trackers: list[tuple[str, DeclaredTracking]] = [(router.item, router.track) for router in declared.routers]
    trackers += [(group.item, group.track) for group in declared.sync_groups]
    for item, tracking in trackers:
        for what, (variable, found) in known.items():
            for name in tracking.named(what):
                if name not in found:
                    yield Problem(item, f"{name} is not in {variable}.", "Declare it there, or correct its name.")


def bfd_has_a_source(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    for session in declared.bfd:
        for name, neighbor in session.neighbor.items():
            source = session.source.get(name)
            if source and family(source) != family(neighbor):
                yield Problem(
                    session.item,
                    f"source {source} is {spoken_family(source)}, neighbor {neighbor} is {spoken_family(neighbor)}.",
                    "Write addresses of one family.",
                )
            elif not source and name in declared.addresses and not declared.address(name, family(neighbor)):
                yield Problem(
                    session.item,
                    f"neighbor {neighbor} is {spoken_family(neighbor)}, director {name} has no such address.",
                    "Write its source.",
                )
            if neighbor in declared.addresses_of(name):
                yield Problem(
                    session.item,
                    f"{neighbor} is {name} itself.",
                    "Write the neighbor of each director: {lvs1: lvs2, lvs2: lvs1}.",
                )


def _definitions(declared: Declaration) -> dict[str, list[str]]:
    return {
        "ha_web_scripts": [script.name for script in declared.scripts],
        "ha_web_track_processes": [process.name for process in declared.processes],
        "ha_web_track_files": [file.name for file in declared.files],
        "ha_web_bfd": [session.name for session in declared.bfd],
    }


ROUTER_RULES: tuple[Callable[[Declaration, Carriers], Iterable[Problem]], ...] = (
    priorities_differ,
    router_names_differ,
    services_have_a_router,
    routers_carry_addresses,
    addresses_have_one_router,
    vrids_are_unique,
    versions_fit,
    preemption_is_decided_once,
    senders_fit_the_router,
    sync_groups_fit,
    definitions_differ,
    tracked_things_exist,
    bfd_has_a_source,
)
