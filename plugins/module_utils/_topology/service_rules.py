# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Second stage, rules of virtual services. Most refuse what keepalived would silently put right or leave out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from .._problems import Problem
from .carriers import Carriers
from .declaration import Declaration
from .findings import names, shared_values, spoken, spoken_family
from .model import Check, endpoint, family
from .services import DeclaredRealServer, DeclaredService

# By which a check speaks to the port of the service, unless it names one of its own.
_CHECKED_OVER = {"http": "tcp", "https": "tcp", "tcp": "tcp", "smtp": "tcp", "udp": "udp", "dns": "udp"}
# A name server answers on the same port over both.
_EITHER = ("dns",)


def service_names_differ(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    for name, items in shared_values((service.item, service.name) for service in declared.services if service.name):
        yield Problem(names(items), f'have the same name "{name}".', "Give each service its own name.")


def endpoints_differ(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    claims = [
        (service.item, f"{endpoint(address, port)}/{service.protocol}")
        for service in declared.services
        for address, port in _claimed(service)
    ]
    marks = [
        (service.item, f"mark {mark} of {spoken(service.family)}")
        for service in declared.services
        for mark in filter(None, [service.fwmark, *(one.endpoint.fwmark for one in service.endpoints)])
    ]
    for claimed, items in shared_values([*claims, *marks]):
        yield Problem(
            names(dict.fromkeys(items)),
            f"{claimed} is declared {len(items)} times.",
            "Declare each address, port and protocol once.",
        )


def _claimed(service: DeclaredService) -> Iterator[tuple[str, int]]:
    for one in service.endpoints:
        for address in one.addresses:
            yield address, one.endpoint.port
    if service.address:
        for port in service.ports:
            yield service.address, port


def groups_hold_what_belongs_together(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    for service in declared.services:
        marks = [one for one in service.endpoints if one.endpoint.fwmark]
        addressed = [one for one in service.endpoints if one.addresses]
        if marks and addressed:
            yield Problem(
                service.item,
                "endpoints has both marks and addresses.",
                "Make a service of each: the port of a real server belongs to an address and not to a mark.",
            )
        families = list(dict.fromkeys(family(one.addresses[0]) for one in addressed))
        if len(families) > 1:
            yield Problem(
                service.item,
                "endpoints has addresses of both families.",
                "Make a service of each family, with real servers of that family.",
            )
        ports = list(dict.fromkeys(one.endpoint.port for one in addressed))
        if len(ports) > 1:
            yield Problem(
                service.item,
                f"endpoints has the ports {names(map(str, ports))}.",
                "Make a service of each port: the real servers' port is one.",
            )


def every_port_needs_persistence(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    for service in declared.services:
        if 0 in service.ports and not service.marked() and not service.persistence_timeout:
            yield Problem(
                service.item,
                "port 0, which is every port, without persistence.",
                "Set persistence_timeout, or name the ports.",
            )


def persistence_is_whole(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    for service in declared.services:
        mask = service.persistence_netmask
        if not service.persistence_timeout:
            for key, value in (("netmask", mask), ("engine", service.persistence_engine)):
                if value:
                    yield Problem(
                        service.item,
                        f"persistence_{key} without persistence_timeout.",
                        f"Set persistence_timeout, or remove persistence_{key}.",
                    )
        if mask and ("." in mask) != (service.family == "ipv4"):
            right = "a netmask: 255.255.255.0" if service.family == "ipv4" else "a prefix length: 64"
            yield Problem(
                service.item,
                f"persistence_netmask {mask} for an {spoken(service.family)} service.",
                f"Write {right}.",
            )
        if service.persistence_engine and not service.marked() and service.protocol != "udp":
            yield Problem(
                service.item,
                f"persistence_engine {service.persistence_engine} with protocol {service.protocol}.",
                "Remove it: the kernel reads SIP in UDP only.",
            )


def scheduler_flags_are_the_schedulers(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    for service in declared.services:
        for flag in service.scheduler_flags:
            if flag[:2] in ("sh", "mh") and flag[:2] != service.scheduler:
                yield Problem(
                    service.item,
                    f"flag {flag} with scheduler {service.scheduler}.",
                    f"Remove it, or use scheduler: {flag[:2]}.",
                )


def one_packet_needs_udp(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    for service in declared.services:
        if service.one_packet and (service.marked() or service.protocol != "udp"):
            protocol = "a firewall mark" if service.marked() else f"protocol {service.protocol}"
            yield Problem(
                service.item, f"one_packet with {protocol}.", "Remove it, or use protocol: udp with an address."
            )


def quorum_can_be_met(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    for service in declared.services:
        total = sum(server.weight for server in service.real_servers)
        if service.real_servers and service.quorum > max(1, total):
            yield Problem(
                service.item,
                f"quorum {service.quorum} is more than the real servers' weights together ({total}).",
                f"Set quorum to {total} or less, or raise the weights.",
            )
        if service.hysteresis and service.hysteresis >= service.quorum:
            yield Problem(
                service.item,
                f"hysteresis {service.hysteresis} is not less than quorum {service.quorum}.",
                "Lower hysteresis: quorum is lost below quorum - hysteresis.",
            )


def real_servers_are_known_once(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    hosts = set(declared.hosts)
    for service in declared.services:
        if not service.real_servers and declared.web:
            yield Problem(
                service.item, "no real servers.", "Name them in real_servers, or leave it out for the group web."
            )
        seen: dict[str, int] = {}
        for server in service.real_servers:
            seen[server.name] = seen.get(server.name, 0) + 1
        for server in service.real_servers:
            count = seen.pop(server.name, 0)
            if count and not server.address and server.name not in hosts:
                yield Problem(
                    service.item,
                    f"real server {server.name} is not in the inventory.",
                    "Add the host, or correct its name.",
                )
            if count > 1:
                yield Problem(
                    service.item,
                    f"real server {server.name} is named twice.",
                    "Name it once; use weight for a larger share.",
                )
        stated = [
            (server.name, _address(declared, service, server.name, server.address)) for server in service.real_servers
        ]
        for address, held_by in shared_values((name, address) for name, address in stated if address):
            distinct = list(dict.fromkeys(held_by))
            # Hosts of one address are reported where the hosts are.
            if len(distinct) > 1 and any(server.address == address for server in service.real_servers):
                yield Problem(
                    service.item,
                    f"real servers {names(distinct)} have the same address {address}.",
                    "Name it once; use weight for a larger share.",
                )


def sorry_server_is_apart(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    hosts = set(declared.hosts)
    for service in declared.services:
        sorry = service.sorry_server
        if sorry is None:
            continue
        if not sorry.address and sorry.name not in hosts:
            yield Problem(sorry.item, f"{sorry.name} is not in the inventory.", "Add the host, or correct its name.")
        address = _address(declared, service, sorry.name, sorry.address)
        for server in service.real_servers:
            if address and address == _address(declared, service, server.name, server.address):
                yield Problem(
                    sorry.item,
                    f"{sorry.name} is real server {server.name}.",
                    "Choose another host: when it is needed, the real servers are gone.",
                )


def ports_fit_the_forwarding(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    """DR and TUN hand over the packet as it is: keepalived would silently use the service's port."""
    for service in declared.services:
        if service.marked():
            yield from _no_ports(service)
            continue
        for port in service.ports:
            wrong = [server for server in service.real_servers if server.port not in (None, port)]
            if wrong and service.forwarding != "nat":
                theirs = ", ".join(dict.fromkeys(str(server.port) for server in wrong))
                needs = f"{service.forwarding.upper()} needs the real servers' port ({theirs})"
                yield _unequal(service.item, needs, names(server.name for server in wrong), port)
            elif wrong and not port:
                yield _no_port_of_its_own(service, names(server.name for server in wrong), "every port")
            sorry = service.sorry_server
            if sorry and sorry.port not in (None, port) and sorry.forwarding != "nat":
                needs = f"{sorry.forwarding.upper()} needs its port ({sorry.port})"
                yield _unequal(sorry.item, needs, sorry.name, port)


def _unequal(item: str, needs: str, which: str, port: int) -> Problem:
    return Problem(
        item,
        f"{needs} to equal the service's port ({port}).",
        f"Set port {port} on {which}, or forwarding: nat.",
    )


def _no_ports(service: DeclaredService) -> Iterator[Problem]:
    servers = [server.name for server in service.real_servers if server.port]
    if service.sorry_server and service.sorry_server.port:
        servers.append(service.sorry_server.name)
    if servers:
        yield _no_port_of_its_own(service, names(servers), "a firewall mark")


def _no_port_of_its_own(service: DeclaredService, which: str, what: str) -> Problem:
    return Problem(
        service.item,
        f"a port of {which}, in a service of {what}.",
        "Remove it: packets keep the port that they came with. Checks name theirs.",
    )


def address_families_agree(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    for service in declared.services:
        router = carriers.router(service)
        addresses = service.addresses()
        if addresses:
            subject = f"address {addresses[0]} is {spoken_family(addresses[0])}"
        elif service.marked():
            subject = f"it is {spoken(service.family)}"
        else:
            continue
        servers = [*service.real_servers] if service.forwarding != "tun" else []
        stated = [(server.name, server.address) for server in servers]
        sorry = service.sorry_server
        if sorry and sorry.forwarding != "tun":
            stated.append((sorry.name, sorry.address))
        # Those a router states are checked there.
        speaking = [name for name in declared.directors if not (router and name in router.addresses)]
        wanted = [("director", name, "") for name in speaking]
        wanted += [("real server", name, address) for name, address in stated]
        for kind, name, own in wanted:
            known = [own] if own else declared.addresses_of(name)
            if known and all(family(address) != service.family for address in known):
                escape = ", or forwarding: tun" if kind == "real server" else ""
                yield Problem(
                    service.item,
                    f"{subject}, {kind} {name} ({known[0]}) is {spoken_family(known[0])}.",
                    f"Give {name} an {spoken(service.family)} address (ha_web_address){escape}.",
                )


def thresholds_are_in_order(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    for _service, server in _real_servers(declared):
        if server.lower_threshold and server.lower_threshold > server.upper_threshold:
            yield Problem(
                server.item,
                f"lower_threshold {server.lower_threshold} is more than upper_threshold {server.upper_threshold}.",
                "Lower it: the server is used again below lower_threshold, and rests from upper_threshold on.",
            )


def checks_know_their_port(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    for item, service, check in _checks(declared):
        over = _CHECKED_OVER.get(check.type)
        if over is None or check.port:
            continue
        if service.marked() or 0 in service.ports:
            what = "a firewall mark" if service.marked() else "every port"
            yield Problem(
                item,
                f"a service of {what}, and its {check.type} check names no port.",
                "Name the port to check, for one: check: {type: tcp, port: 80}.",
            )
        elif over != service.protocol and check.type not in _EITHER:
            yield Problem(
                item,
                f"its {check.type} check goes over {over.upper()}, and the service is {service.protocol.upper()}.",
                "Name the port that the check shall speak to, or choose another check.",
            )


def checks_name_what_exists(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    files = [file.name for file in declared.files]
    sessions = [session.name for session in declared.bfd]
    for item, _service, check in _checks(declared):
        for kind, name, known, variable in (
            ("track file", check.track_file, files, "ha_web_track_files"),
            ("BFD session", check.bfd, sessions, "ha_web_bfd"),
        ):
            if name and name not in known:
                yield Problem(item, f"{kind} {name} is not declared.", f"Declare it in {variable}.")


def server_name_indication_has_a_name(declared: Declaration, carriers: Carriers) -> Iterator[Problem]:
    hosts = {server.item: server.virtual_host for _service, server in _real_servers(declared)}
    for item, service, check in _checks(declared):
        named = check.virtual_host or hosts.get(item) or service.virtual_host
        if check.sni and not named and not all(url.virtual_host for url in check.urls):
            yield Problem(item, "sni without a name to indicate.", "Set virtual_host.")


def _real_servers(declared: Declaration) -> Iterator[tuple[DeclaredService, DeclaredRealServer]]:
    for service in declared.services:
        for server in service.real_servers:
            yield service, server


def _checks(declared: Declaration) -> Iterator[tuple[str, DeclaredService, Check]]:
    """Every check where it is declared: of a service, unless all real servers have their own, or of one of them."""
    for service in declared.services:
        for check in service.checks:
            yield service.item, service, check
        for server in service.real_servers:
            for check in server.checks:
                yield server.item, service, check


def _address(declared: Declaration, service: DeclaredService, name: str, stated: str) -> str:
    return stated or declared.address(name, service.family) or declared.addresses.get(name, "")


SERVICE_RULES: tuple[Callable[[Declaration, Carriers], Iterable[Problem]], ...] = (
    service_names_differ,
    endpoints_differ,
    groups_hold_what_belongs_together,
    every_port_needs_persistence,
    persistence_is_whole,
    scheduler_flags_are_the_schedulers,
    one_packet_needs_udp,
    quorum_can_be_met,
    real_servers_are_known_once,
    sorry_server_is_apart,
    ports_fit_the_forwarding,
    address_families_agree,
    thresholds_are_in_order,
    checks_know_their_port,
    checks_name_what_exists,
    server_name_indication_has_a_name,
)
