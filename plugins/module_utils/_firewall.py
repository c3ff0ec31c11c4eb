# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The nftables ruleset of one host: what the topology and the user open, and whether Ansible itself stays connected."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from ._fields import PORTS, Entry, Problems, mappings, paired, quote, whole
from ._problems import Problem
from ._topology.model import Opening

FAMILIES = {"ipv4": ("ip", "ipv4_addr", "icmp"), "ipv6": ("ip6", "ipv6_addr", "icmpv6")}
ALLOW_KEYS = ("protocol", "ports", "from", "to", "interface", "comment")
PORTED = ("tcp", "udp", "sctp")
# By number: a small system has no names for them. To icmp, which is an echo request, both families have their own.
NUMBERS = {"ipip": 4, "ipv6": 41, "gre": 47, "esp": 50, "ah": 51, "ospf": 89, "vrrp": 112}
PROTOCOLS = (*PORTED, "icmp", *NUMBERS)
# nft ends a comment at a quote, and takes 128 bytes.
COMMENT = re.compile(r"[ !#-\[\]-~]{1,100}")
_RANGE = re.compile(r"(?P<first>[0-9]{1,5})-(?P<last>[0-9]{1,5})")
_EXAMPLE = "{protocol: tcp, ports: [9100], from: [192.0.2.0/24]}"
# What each line begins with that tells a later run what the ruleset opens.
_RECORD = "#= "


@dataclass(frozen=True)
class Wishes:
    """What the user opens beside the topology; raw are lines of nft."""

    ssh: list[Opening]
    allow: list[Opening]
    raw: list[str]


@dataclass(frozen=True)
class Connection:
    """The ssh connection through which Ansible came."""

    source: str
    address: str
    port: int


def read(values: Mapping[str, Any]) -> tuple[Wishes, list[Problem]]:
    """Read the role's variables by their names without firewall_; what is wrong is left out and reported."""
    problems = Problems()
    item = "firewall_ssh_ports"
    ssh_ports = _ports(problems, item, "", values.get("ssh_ports"))
    if not ssh_ports and not problems.found:
        problems.add(item, "no ports.", "Write the ports that sshd listens at: [22].")
    item = "firewall_ssh_from"
    ssh_from = _networks(problems, item, "", values.get("ssh_from"))
    ssh = Opening("ssh", ["ssh"], "", "tcp", ssh_ports, ssh_from, [])
    wishes = Wishes(list(_by_family(ssh)), _allow(problems, values.get("allow")), _raw(problems, values.get("raw")))
    return wishes, problems.found


def unstated(missing: Iterable[str], wishes: Wishes) -> Iterator[Problem]:
    """What the topology leaves to the user, where the user says nothing at all."""
    if wishes.allow or wishes.raw:
        return
    for what in missing:
        yield Problem(
            "firewall_allow",
            f"nobody declares {what}.",
            f"Open what it needs, on this host: firewall_allow: [{_EXAMPLE}].",
        )


def connection(text: str) -> Connection | None:
    """Read what sshd leaves in the environment, SSH_CONNECTION; None where it says nothing."""
    words = text.split()
    if len(words) != 4:
        return None
    source, _source_port, address, port = words
    return Connection(source.partition("%")[0], address.partition("%")[0], int(port))


def cut_off(came: Connection | None, opened: Iterable[Opening]) -> Iterator[Problem]:
    """Ansible's own connection, where the ruleset would end it."""
    if came and not any(_admits(opening, came) for opening in opened):
        yield Problem(
            "firewall_ssh_from",
            f"Ansible came over ssh from {came.source} to port {came.port}, which would be closed.",
            f"Add the address to firewall_ssh_from, and the port to firewall_ssh_ports: [{came.port}].",
        )


def _admits(opening: Opening, came: Connection) -> bool:
    def holds(networks: Sequence[str], address: str) -> bool:
        known = [ipaddress.ip_network(network) for network in networks]
        return not known or any(ipaddress.ip_address(address) in network for network in known)

    def spans(port: str) -> bool:
        first, _dash, last = port.partition("-")
        return int(first) <= came.port <= int(last or first)

    return (
        opening.purpose in ("ssh", "allow")
        and opening.protocol == "tcp"
        and not opening.interface
        and (not opening.ports or any(map(spans, opening.ports)))
        and holds(opening.sources, came.source)
        and holds(opening.destinations, came.address)
    )


def recorded(ruleset: str) -> list[Opening]:
    """What an earlier ruleset opened, as it says itself."""
    lines = (line for line in ruleset.splitlines() if line.startswith(_RECORD))
    return [Opening(**json.loads(line[len(_RECORD) :])) for line in lines]


def ruleset(declared: Sequence[Opening], wishes: Wishes, former: Sequence[Opening]) -> dict[str, Any]:
    """Return the parts of the file, what was open before included: its senders are still to learn of the change.

    Balanced traffic and its replies are elements of sets, looked up in one step however many there are.
    """
    lasting = [*declared, *wishes.allow]
    lasting += [opening for opening in former if not any(_equal(opening, other) for other in lasting)]
    ported = [opening for opening in lasting if opening.ports]
    return {
        "sets": [
            found
            for purpose, name in (("service", "services"), ("reply", "replies"))
            for family in FAMILIES
            if (found := _set(name, family, [one for one in ported if (one.purpose, one.family) == (purpose, family)]))
        ],
        "unported": [_rule(opening) for opening in lasting if opening.purpose == "service" and not opening.ports],
        "raw": wishes.raw,
        "rules": [_rule(opening) for opening in [*wishes.ssh, *lasting] if opening.purpose not in ("service", "reply")],
        "record": [_RECORD + json.dumps(asdict(opening)) for opening in lasting],
    }


def _equal(one: Opening, other: Opening) -> bool:
    """Whether two openings open the same, for whatever reason."""
    return {**asdict(one), "items": []} == {**asdict(other), "items": []}


def _set(name: str, family: str, members: Sequence[Opening]) -> dict[str, Any]:
    """A named set with its elements, each with the items that need it; empty where there is none."""
    ip, kind, _icmp = FAMILIES[family]
    elements: dict[str, list[str]] = {}
    for opening in members:
        for address in opening.destinations or opening.sources:
            for port in opening.ports:
                elements.setdefault(f"{address} . {opening.protocol} . {port}", []).extend(opening.items)
    listed = [{"element": element, "why": _named(items)} for element, items in elements.items()]
    return {"name": f"{name}_{family}", "of": name, "ip": ip, "type": kind, "elements": listed} if listed else {}


def _rule(opening: Opening) -> dict[str, str]:
    """What a packet must be, with a comment for the kernel and one for the file."""
    # Where no family is stated, there is no address either.
    ip, _kind, icmp = FAMILIES.get(opening.family, ("", "", ""))
    words = [f'iifname "{opening.interface}"'] if opening.interface else []
    for key, addresses in (("saddr", opening.sources), ("daddr", opening.destinations)):
        if addresses:
            words.append(f"{ip} {key} {_several(addresses)}")
    if opening.protocol == "icmp":
        words.append(f"{icmp} type echo-request")
    elif opening.ports:
        words.append(f"{opening.protocol} dport {_several(opening.ports)}")
    else:
        words.append(f"meta l4proto {NUMBERS.get(opening.protocol, opening.protocol)}")
    return {"match": " ".join(words), "comment": opening.purpose, "why": _named(opening.items)}


def _several(values: Sequence[str]) -> str:
    return values[0] if len(values) == 1 else f"{{ {', '.join(values)} }}"


def _named(items: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(items))


def _by_family(wanted: Opening) -> Iterator[Opening]:
    """One for each family that the addresses have, or for both at once where there are none."""
    if not wanted.sources and not wanted.destinations and wanted.protocol != "icmp":
        yield wanted
        return
    for name in FAMILIES:
        sources = [one for one in wanted.sources if _family(one) == name]
        destinations = [one for one in wanted.destinations if _family(one) == name]
        if bool(sources) == bool(wanted.sources) and bool(destinations) == bool(wanted.destinations):
            yield replace(wanted, family=name, sources=sources, destinations=destinations)


def _family(network: str) -> str:
    return f"ipv{ipaddress.ip_network(network).version}"


def _allow(problems: Problems, value: Any) -> list[Opening]:
    found: list[Opening] = []
    for item, values in mappings(problems, "firewall_allow", value, _EXAMPLE):
        entry = Entry(problems, item, values, ALLOW_KEYS)
        protocol = entry.choice("protocol", PROTOCOLS, PROTOCOLS[0])
        ports = _ports(problems, item, "ports ", entry.get("ports", []))
        if ports and protocol not in PORTED:
            entry.problem(f"ports with protocol {protocol}.", f"Remove them, or use one of: {', '.join(PORTED)}.")
        if protocol in PORTED and "ports" not in entry:
            entry.problem("no ports.", 'Write them: [9100, "8000-8010"]; ["1-65535"] for every port.')
        sources = _networks(problems, item, "from ", entry.get("from", []))
        to = _networks(problems, item, "to ", entry.get("to", []))
        remedy = "Write at most 100 characters of ASCII, without quotes and backslashes."
        comment = entry.match("comment", COMMENT, "a comment", remedy, "firewall_allow")
        wanted = Opening("allow", [comment], "", protocol, ports, sources, to, entry.interface())
        opened = list(_by_family(wanted))
        if not opened:
            entry.problem("from and to have no family in common.", "Write addresses of one family in both.")
        found += opened
    return found


def _raw(problems: Problems, value: Any) -> list[str]:
    item = "firewall_raw"
    if not isinstance(value, list) or not all(isinstance(line, str) and line.isprintable() for line in value):
        problems.add(item, "not a list of lines.", "Write a list of strings, one rule of nft each.")
        return []
    for line in value:
        # What nft would read as the end of the chain, and not as a rule of it.
        if not paired(line):
            problems.add(item, f"the braces of {quote(line)} do not pair.", "Close in each line what it opens.")
    return list(value)


def _ports(problems: Problems, item: str, key: str, value: Any) -> list[str]:
    """Ports and ranges, as few as say it, in their order."""
    spans: list[tuple[int, int]] = []
    if not isinstance(value, list):
        problems.add(item, f"{key}{quote(value)} is not a list of ports.", "Write [443] or [443, 8000-8010].")
        return []
    for port in value:
        found = _RANGE.fullmatch(port) if isinstance(port, str) else None
        first, last = (int(found["first"]), int(found["last"])) if found else (whole(port), whole(port))
        if first is None or last is None or not PORTS[0] <= first <= last <= PORTS[1]:
            problems.add(
                item,
                f"{key}{quote(port)} is neither a port nor a range.",
                "Write a number from 1 to 65535, or two, lowest first: 8000-8010.",
            )
        else:
            spans.append((first, last))
    merged: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = merged[-1][0], max(last, merged[-1][1])
        else:
            merged.append((first, last))
    return [str(first) if first == last else f"{first}-{last}" for first, last in merged]


def _networks(problems: Problems, item: str, key: str, value: Any) -> list[str]:
    """Addresses and networks, as few as say it: nft takes none that overlap."""
    if not isinstance(value, list):
        problems.add(item, f"{key}{quote(value)} is not a list of addresses.", "Write [192.0.2.0/24, 2001:db8::1].")
        return []
    four: list[ipaddress.IPv4Network] = []
    six: list[ipaddress.IPv6Network] = []
    for one in value:
        network = problems.network(item, key.strip(), one)
        if isinstance(network, ipaddress.IPv4Network):
            four.append(network)
        elif network:
            six.append(network)
    merged = [str(network) for network in ipaddress.collapse_addresses(four)]
    merged += [str(network) for network in ipaddress.collapse_addresses(six)]
    return [network.removesuffix("/32") if "." in network else network.removesuffix("/128") for network in merged]
