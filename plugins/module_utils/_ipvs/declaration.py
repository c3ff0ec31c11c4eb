# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What a user declares: read and checked field by field, then across fields, all mistakes told at once.

And the way back: a table as a declaration that declares just it.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Union

from .._problems import Problem, report
from .model import (
    DAEMON_STATES,
    DEFAULT_FORWARDING,
    DEFAULT_SCHEDULER,
    ENGINES,
    FWMARKS,
    HOST_NETMASKS,
    NUMBERED_FLAGS,
    PROTOCOLS,
    SCHEDULER_FLAGS,
    SCHEDULERS,
    SECONDS,
    THRESHOLDS,
    TUNNEL_CHECKSUMS,
    TUNNEL_TYPES,
    WEIGHTS,
    Daemon,
    Destination,
    DestinationId,
    Destinations,
    Service,
    ServiceId,
    Settings,
    Table,
    Timeouts,
    family,
)

STATES = ("present", "absent", "exact", "drained")
FORWARDINGS = ("dr", "nat", "tun")
FAMILIES = ("ipv4", "ipv6")

PORTS = (0, 65535)
SYNC_IDS = (0, 255)
TTLS = (1, 255)
# Below, the kernel rounds a receiver's up; above, with its headers it is no UDP packet.
LENGTHS = {"master": (1, 65487), "backup": (1024, 65487)}
INTERFACE_NAME = re.compile(r"[^\s/:]{1,15}")

Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]


class Scope(NamedTuple):
    """Which services a declaration speaks of, beyond those it names."""

    networks: list[Network]
    fwmarks: list[int]

    def holds(self, service: ServiceId) -> bool:
        """Tell whether a service lies in the scope."""
        if service.fwmark:
            return service.fwmark in self.fwmarks
        if not self.networks:
            return False
        address = ipaddress.ip_address(service.address)
        return any(address in network for network in self.networks)


class DeclaredService(NamedTuple):
    """A service by the name that problems have; no destinations are not the same as none declared."""

    item: str
    settings: Settings
    destinations: Destinations | None


class Declaration(NamedTuple):
    """All that one declaration says; None is what it does not speak of."""

    state: str
    services: dict[ServiceId, DeclaredService]
    scope: Scope
    daemons: dict[str, Daemon] | None
    timeouts: Timeouts

    def speaks_of(self, service: ServiceId) -> bool:
        """Tell whether the declaration decides about a service."""
        return service in self.services or self.scope.holds(service)


class DeclarationError(ValueError):
    """What is declared cannot be; the text names every mistake and its remedy."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(report(problems, "the declaration", "nothing was changed"))
        self.problems = list(problems)


def read(parameters: Mapping[str, Any]) -> Declaration:
    """Return what the module's parameters declare.

    Raises:
        DeclarationError: they cannot be; all of what is wrong.
    """
    reader = _Reader(parameters.get("state") or "present")
    declaration = reader.declaration(parameters)
    if reader.problems:
        raise DeclarationError(reader.problems)
    return declaration


def target(current: Table, declared: Declaration, *, keep_weights: bool = False) -> Table:
    """Return the table that shall be, where the current one is as read.

    Args:
        current: what the kernel holds.
        declared: what a user declares.
        keep_weights: leave the weights of destinations that exist as they are.
    """
    services = {
        key: service
        for key, service in current.services.items()
        if declared.state != "exact" or not declared.speaks_of(key)
    }
    for key, name, value in to_drain(current, declared):
        quiet = {**services[key].destinations, name: value._replace(weight=0)}
        services[key] = services[key]._replace(destinations=quiet)
    for key, wanted in declared.services.items():
        if declared.state == "drained":
            break
        existing = current.services.get(key)
        if declared.state == "absent":
            if wanted.destinations is None:
                services.pop(key, None)
            elif existing is not None:
                remaining = {k: v for k, v in existing.destinations.items() if k not in wanted.destinations}
                services[key] = Service(existing.settings, remaining)
            continue
        destinations = dict(wanted.destinations or {})
        if existing is not None:
            if keep_weights:
                for name in destinations.keys() & existing.destinations.keys():
                    destinations[name] = destinations[name]._replace(weight=existing.destinations[name].weight)
            if declared.state == "present":
                destinations = {**existing.destinations, **destinations}
        services[key] = Service(wanted.settings, destinations)
    timeouts = Timeouts(*(new or old for old, new in zip(current.timeouts, declared.timeouts)))
    return Table(services, _target_daemons(current, declared), timeouts)


def to_drain(current: Table, declared: Declaration) -> Iterator[tuple[ServiceId, DestinationId, Destination]]:
    """Yield the destinations that exist and shall be drained."""
    if declared.state == "drained":
        for key in declared.services.keys() & current.services.keys():
            wanted = declared.services[key].destinations
            for name, value in current.services[key].destinations.items():
                if wanted is None or name in wanted:
                    yield key, name, value


def _target_daemons(current: Table, declared: Declaration) -> dict[str, Daemon]:
    if declared.daemons is None:
        return current.daemons
    if declared.state == "absent":
        return {state: daemon for state, daemon in current.daemons.items() if state not in declared.daemons}
    daemons = {}
    for state, wanted in declared.daemons.items():
        existing = current.daemons.get(state)
        # A length that is not declared is the kernel's own choice.
        daemons[state] = wanted._replace(max_length=wanted.max_length or (existing.max_length if existing else 0))
    return daemons if declared.state == "exact" else {**current.daemons, **daemons}


def as_parameters(table: Table) -> dict[str, Any]:
    """Return the parameters that declare just this table; without what has no effect."""
    return {
        "services": [_service_parameters(key, table.services[key]) for key in sorted(table.services)],
        "sync_daemons": [table.daemons[state]._asdict() for state in sorted(table.daemons)],
        "timeouts": table.timeouts._asdict(),
    }


def identity(key: ServiceId) -> dict[str, Any]:
    """Return the parameters that name a service."""
    if key.fwmark:
        return {"fwmark": key.fwmark, "family": key.family}
    return {"address": key.address, "port": key.port, "protocol": key.protocol}


def _service_parameters(key: ServiceId, service: Service) -> dict[str, Any]:
    settings = service.settings
    parameters: dict[str, Any] = {**identity(key), "scheduler": settings.scheduler}
    if settings.scheduler_flags:
        parameters["scheduler_flags"] = list(settings.scheduler_flags)
    if settings.one_packet:
        parameters["one_packet"] = True
    if settings.persistence_timeout:
        parameters["persistence_timeout"] = settings.persistence_timeout
        parameters["persistence_netmask"] = settings.persistence_netmask
        if settings.persistence_engine:
            parameters["persistence_engine"] = settings.persistence_engine
    parameters["destinations"] = [
        {**name._asdict(), **_destination_parameters(service.destinations[name])}
        for name in sorted(service.destinations)
    ]
    return parameters


def _destination_parameters(value: Destination) -> dict[str, Any]:
    parameters = value._asdict()
    if value.forwarding != "tun":
        for name in ("tunnel_type", "tunnel_port", "tunnel_checksum"):
            del parameters[name]
    elif value.tunnel_type != "gue":
        del parameters["tunnel_port"]
    return parameters


def canonical(value: Any) -> str:
    """Return an address in its canonical form, empty for what is none."""
    if isinstance(value, str):
        for number in (socket.AF_INET, socket.AF_INET6):
            try:
                return socket.inet_ntop(number, socket.inet_pton(number, value))
            except (OSError, ValueError):
                continue
    return ""


def _unusable(address: str) -> tuple[str, str]:
    """Say why IPVS cannot balance to or from a canonical address, and the remedy; empty when it can."""
    another = "Write the address of one interface."
    if ":" not in address:
        first = int(address.partition(".")[0])
        usable = 0 < first < 224 or (first >= 240 and address != "255.255.255.255")
        return ("", "") if usable else ("is not a unicast address", another)
    parsed = ipaddress.IPv6Address(address)
    if parsed.ipv4_mapped:
        return "is an IPv4 address mapped into IPv6", f"Write the IPv4 address: {parsed.ipv4_mapped}."
    if parsed.is_link_local:
        return "is link-local, and IPVS knows no zones", "Write a global or unique local address."
    if parsed.is_multicast or parsed.is_unspecified:
        return "is not a unicast address", another
    return "", ""


class _Reader:
    """Collects problems; whatever is wrong is replaced by something harmless to go on with."""

    def __init__(self, state: str) -> None:
        self.problems: list[Problem] = []
        self._state = state

    def declaration(self, parameters: Mapping[str, Any]) -> Declaration:
        services: dict[ServiceId, DeclaredService] = {}
        for index, entry in enumerate(parameters.get("services") or ()):
            item = f"services[{index}]"
            key = self._service_id(item, entry)
            if key is None:
                self._destinations(item, None, entry)
                continue
            item = f"{item} {key}"
            if key in services:
                self._problem(item, "declared twice.", "Join the two into one, or remove one.")
            services[key] = DeclaredService(
                item, self._settings(item, key, entry), self._destinations(item, key, entry)
            )
        declared = Declaration(
            state=self._state,
            services=services,
            scope=self._scope(parameters.get("scope") or {}, services),
            daemons=self._daemons(parameters.get("sync_daemons")),
            timeouts=self._timeouts(parameters.get("timeouts") or {}),
        )
        if self._state != "absent":
            self._demand_one_family(declared)
        if self._state == "drained":
            for name in ("sync_daemons", "timeouts"):
                if parameters.get(name):
                    self._problem(name, "cannot be drained.", f"Remove {name}, or use state: present.")
        self._integer("drain_timeout", "drain_timeout", parameters.get("drain_timeout"), (0, SECONDS[1]), 0)
        return declared

    def _problem(self, item: str, message: str, remedy: str) -> None:
        self.problems.append(Problem(item, message, remedy))

    def _integer(self, item: str, name: str, value: Any, limits: tuple[int, int], default: int) -> int:
        if value is None:
            return default
        if isinstance(value, int) and not isinstance(value, bool) and limits[0] <= value <= limits[1]:
            return value
        self._problem(item, f"{name} {value!r} is out of range.", f"Write a whole number, {limits[0]} to {limits[1]}.")
        return default

    def _choice(self, item: str, name: str, value: Any, choices: Sequence[str], default: str) -> str:
        if value is None:
            return default
        if isinstance(value, str) and value in choices:
            return value
        self._problem(item, f"{name} {value!r} is not known.", f"Write one of {', '.join(choices)}.")
        return default

    def _address(self, item: str, value: Any) -> str:
        """Return a unicast address in canonical form, empty when a problem was reported."""
        address = canonical(value)
        if not address:
            remedy = "Write an IPv4 or IPv6 address alone; names are not looked up."
            self._problem(item, f"address {value!r} is not an IP address.", remedy)
            return ""
        message, remedy = _unusable(address)
        if message:
            self._problem(item, f"address {value} {message}.", remedy)
            return ""
        return address

    def _service_id(self, item: str, entry: Mapping[str, Any]) -> ServiceId | None:
        address, fwmark, stated_family = entry.get("address"), entry.get("fwmark"), entry.get("family")
        if (address is None) == (fwmark is None):
            what = "neither address nor fwmark" if address is None else "both address and fwmark"
            self._problem(item, f"{what}.", "Give it an address with port and protocol, or a fwmark.")
            return None
        known_family = self._choice(item, "family", stated_family, FAMILIES, "")
        if fwmark is not None:
            mark = self._integer(item, "fwmark", fwmark, FWMARKS, 0)
            for name in ("port", "protocol"):
                if entry.get(name) is not None:
                    self._problem(item, f"{name} with a fwmark.", f"Remove {name}: the firewall's mark decides alone.")
            return ServiceId(known_family or "ipv4", "", "", 0, mark) if mark else None
        literal = self._address(item, address)
        if not literal:
            return None
        if known_family not in ("", family(literal)):
            self._problem(item, f"address {literal} is not {known_family}.", "Remove family: the address tells it.")
        if entry.get("port") is None:
            self._problem(item, "no port.", "Give it a port; 0 with a persistence_timeout stands for all ports.")
        port = self._integer(item, "port", entry.get("port"), PORTS, -1)
        protocol = self._choice(item, "protocol", entry.get("protocol"), tuple(PROTOCOLS), "tcp")
        return ServiceId(family(literal), protocol, literal, port, 0) if port >= 0 else None

    def _settings(self, item: str, key: ServiceId, entry: Mapping[str, Any]) -> Settings:
        scheduler = self._choice(item, "scheduler", entry.get("scheduler"), SCHEDULERS, DEFAULT_SCHEDULER)
        timeout = entry.get("persistence_timeout")
        timeout = 0 if timeout == 0 else self._integer(item, "persistence_timeout", timeout, SECONDS, 0)
        engine = self._choice(item, "persistence_engine", entry.get("persistence_engine"), ENGINES, "")
        one_packet = bool(entry.get("one_packet"))
        if one_packet and key.protocol not in ("", "udp"):
            self._problem(item, f"one_packet with {key.protocol}.", "Only datagrams go alone: use protocol udp.")
        if self._state in ("present", "exact") and not key.port and not key.fwmark and not timeout:
            self._problem(item, "port 0 without persistence.", "Give it a persistence_timeout, or a port.")
        if engine and key.protocol not in ("", "udp"):
            self._problem(item, f"persistence_engine {engine} with {key.protocol}.", "It reads UDP: use protocol udp.")
        if not timeout:
            for name in ("persistence_netmask", "persistence_engine"):
                if entry.get(name) is not None:
                    self._problem(item, f"{name} without persistence.", "Give it a persistence_timeout.")
        return Settings(
            scheduler=scheduler,
            scheduler_flags=self._scheduler_flags(item, scheduler, entry.get("scheduler_flags")),
            one_packet=one_packet,
            persistence_timeout=timeout,
            persistence_netmask=self._netmask(item, key, entry.get("persistence_netmask")),
            persistence_engine=engine,
        )

    def _scheduler_flags(self, item: str, scheduler: str, flags: Any) -> tuple[str, ...]:
        names = SCHEDULER_FLAGS.get(scheduler, NUMBERED_FLAGS)
        if not isinstance(flags, (list, tuple)):
            flags = () if flags is None else (flags,)
        for flag in flags:
            if flag not in names:
                message = f"scheduler_flags {flag!r} is not one of the scheduler {scheduler}."
                self._problem(item, message, f"Write some of {', '.join(names)}.")
        return tuple(name for name in names if name in flags)

    def _netmask(self, item: str, key: ServiceId, value: Any) -> str:
        default = HOST_NETMASKS[key.family]
        if value is None:
            return default
        text = str(value)
        try:
            network = ipaddress.ip_network(f"{'::' if key.family == 'ipv6' else '0.0.0.0'}/{text}")
        except ValueError:
            network = None
        if network and network.prefixlen:
            if key.family == "ipv6":
                return str(network.prefixlen)
            mask = str(network.netmask)
            if "." not in text or text == mask:
                return mask
        example = "a prefix length, 1 to 128" if key.family == "ipv6" else "a netmask such as 255.255.255.0"
        self._problem(item, f"persistence_netmask {text!r} is not one for {key.family}.", f"Write {example}.")
        return default

    def _destinations(self, item: str, key: ServiceId | None, entry: Mapping[str, Any]) -> Destinations | None:
        """Read the destinations of a service, or of one that is not known itself: then each field alone."""
        entries = entry.get("destinations")
        if entries is None:
            if self._state == "exact":
                self._problem(item, "no destinations.", "Write destinations: [] for a service that shall have none.")
            return None
        destinations: Destinations = {}
        for index, one in enumerate(entries):
            name = f"{item}, destinations[{index}]"
            address = self._address(name, one.get("address"))
            if not address:
                continue
            server = DestinationId(address, self._integer(name, "port", one.get("port"), PORTS, key.port if key else 0))
            if server in destinations:
                self._problem(f"{name} {server}", "declared twice.", "Remove one of the two.")
            if self._state == "drained":  # It is named, whatever it is.
                destinations[server] = Destination(DEFAULT_FORWARDING, 0)
                continue
            destinations[server] = self._destination(f"{name} {server}", key, server, one)
        return destinations

    def _destination(
        self, item: str, service: ServiceId | None, server: DestinationId, entry: Mapping[str, Any]
    ) -> Destination:
        forwarding = self._choice(item, "forwarding", entry.get("forwarding"), FORWARDINGS, DEFAULT_FORWARDING)
        if service and forwarding != "nat" and server.port != service.port:
            self._problem(
                item,
                f"{forwarding} cannot change the port from {service.port} to {server.port}.",
                "Remove the destination's port, or use forwarding: nat.",
            )
        if service and forwarding != "tun" and family(server.address) != service.family:
            self._problem(
                item,
                f"{forwarding} cannot lead from {service.family} to {family(server.address)}.",
                f"Give the destination an {service.family} address, or use forwarding: tun.",
            )
        upper = self._integer(item, "upper_threshold", entry.get("upper_threshold"), THRESHOLDS, 0)
        lower = self._integer(item, "lower_threshold", entry.get("lower_threshold"), THRESHOLDS, 0)
        if lower > upper:
            self._problem(
                item,
                f"lower_threshold {lower} is above upper_threshold {upper}.",
                "Raise the upper threshold, or lower the lower one.",
            )
        value = Destination(forwarding, self._integer(item, "weight", entry.get("weight"), WEIGHTS, 1), upper, lower)
        if forwarding == "tun":
            return self._tunnel(item, value, entry)
        for name in ("tunnel_type", "tunnel_port", "tunnel_checksum"):
            if entry.get(name) is not None:
                self._problem(item, f"{name} with forwarding {forwarding}.", f"Remove {name}, or use forwarding: tun.")
        return value

    def _tunnel(self, item: str, value: Destination, entry: Mapping[str, Any]) -> Destination:
        tunnel = self._choice(item, "tunnel_type", entry.get("tunnel_type"), TUNNEL_TYPES, "ipip")
        port = self._integer(item, "tunnel_port", entry.get("tunnel_port"), PORTS, 0)
        checksum = self._choice(item, "tunnel_checksum", entry.get("tunnel_checksum"), TUNNEL_CHECKSUMS, "none")
        if tunnel == "gue" and not port:
            self._problem(item, "tunnel_type gue without tunnel_port.", "Give it the port that the server listens on.")
        if tunnel != "gue" and port:
            self._problem(item, f"tunnel_port with tunnel_type {tunnel}.", "Remove it: only gue has a port.")
        if checksum not in {"ipip": ("none",), "gre": ("none", "csum")}.get(tunnel, TUNNEL_CHECKSUMS):
            remedy = "Remove it; gue knows csum and remcsum, gre csum."
            self._problem(item, f"tunnel_checksum {checksum} with tunnel_type {tunnel}.", remedy)
        return value._replace(tunnel_type=tunnel, tunnel_port=port, tunnel_checksum=checksum)

    def _scope(self, entry: Mapping[str, Any], services: Mapping[ServiceId, DeclaredService]) -> Scope:
        networks: list[Network] = []
        for value in entry.get("addresses") or ():
            try:
                networks.append(ipaddress.ip_network(value))
            except ValueError:
                remedy = "Write an address, or a network such as 192.0.2.0/24 without host bits."
                self._problem("scope.addresses", f"{value!r} is not an address or a network.", remedy)
        fwmarks = [self._integer("scope.fwmarks", "fwmark", value, FWMARKS, 0) for value in entry.get("fwmarks") or ()]
        scope = Scope(networks, fwmarks)
        if (networks or fwmarks) and self._state != "exact":
            self._problem("scope", f"has no meaning with state {self._state}.", "Remove it, or use state: exact.")
        elif networks or fwmarks:
            for key, service in services.items():
                if not scope.holds(key):
                    remedy = "Add its address or fwmark to the scope, or remove the service."
                    self._problem(service.item, "lies outside the declared scope.", remedy)
        return scope

    def _daemons(self, entries: Sequence[Mapping[str, Any]] | None) -> dict[str, Daemon] | None:
        if entries is None:
            return None
        daemons: dict[str, Daemon] = {}
        for index, entry in enumerate(entries):
            item = f"sync_daemons[{index}]"
            state = self._choice(item, "state", entry.get("state"), DAEMON_STATES, "")
            if not state:
                if entry.get("state") is None:
                    self._problem(item, "no state.", "Write state: master or state: backup.")
                continue
            item = f"{item} {state}"
            if state in daemons:
                self._problem(item, "declared twice.", "The kernel runs one of each: remove one of the two.")
            daemons[state] = self._daemon(item, state, entry)
        return daemons

    def _daemon(self, item: str, state: str, entry: Mapping[str, Any]) -> Daemon:
        interface, sync_id = entry.get("interface"), entry.get("sync_id")
        if self._state != "absent" and (not isinstance(interface, str) or not INTERFACE_NAME.fullmatch(interface)):
            self._problem(item, f"interface {interface!r} is not one.", "Name the network interface, such as eth0.")
        if self._state != "absent" and sync_id is None:
            self._problem(item, "no sync_id.", "Give it the number that master and backup share, 0 to 255.")
        group = entry.get("multicast_group")
        address = canonical(group)
        if group is not None and not (address and ipaddress.ip_address(address).is_multicast):
            remedy = "Write one, such as 224.0.0.81 or ff02::81."
            self._problem(item, f"multicast_group {group!r} is not a multicast address.", remedy)
        length = entry.get("max_length")
        defaults = Daemon("", "", 0)
        return Daemon(
            state=state,
            interface=str(interface),
            sync_id=self._integer(item, "sync_id", sync_id, SYNC_IDS, 0),
            multicast_group=address or defaults.multicast_group,
            multicast_port=self._integer(
                item, "multicast_port", entry.get("multicast_port"), (1, PORTS[1]), defaults.multicast_port
            ),
            multicast_ttl=self._integer(
                item, "multicast_ttl", entry.get("multicast_ttl"), TTLS, defaults.multicast_ttl
            ),
            max_length=self._integer(item, "max_length", length, LENGTHS[state], 0),
        )

    def _timeouts(self, entry: Mapping[str, Any]) -> Timeouts:
        if self._state == "absent" and any(value is not None for value in entry.values()):
            self._problem("timeouts", "cannot be absent.", "Remove them, or use state: present.")
        return Timeouts(*(self._integer("timeouts", name, entry.get(name), SECONDS, 0) for name in Timeouts._fields))

    def _demand_one_family(self, declared: Declaration) -> None:
        """The kernel runs no sync daemon beside a service that leads to another address family."""
        if not declared.daemons:
            return
        for key, service in declared.services.items():
            if any(family(server.address) != key.family for server in service.destinations or ()):
                self._problem(
                    service.item,
                    f"has destinations that are not {key.family}, and sync_daemons are declared.",
                    "Remove the ones or the others: the kernel synchronises no connections between families.",
                )
