# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The IPVS table that a configuration of keepalived asks for while all servers are well."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ansible_collections.lvs.ha_web.plugins.module_utils._claims import Claim, located
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.model import (
    HOST_NETMASKS,
    SCHEDULER_FLAGS,
    TUNNEL_TYPES,
    WEIGHTS,
    Destination,
    DestinationId,
    ServiceId,
    Settings,
)
from ansible_collections.lvs.ha_web.plugins.plugin_utils._keepalived import Statement, statements

# keepalived's own.
_DEFAULT_SCHEDULER = "wlc"
_DEFAULT_PERSISTENCE = 360
# More is nobody's declaration, but a slip.
_LARGEST_RANGE = 65536
_NUMBER = re.compile(r"[+-]?\d+")
_FLAGS = {flag for flags in SCHEDULER_FLAGS.values() for flag in flags}


class Tracked(NamedTuple):
    """A file whose number, times this, is added to a weight."""

    path: str
    multiplier: int


class Server(NamedTuple):
    """What the kernel shall have of a real server. dynamic: its checks may give it any weight."""

    value: Destination
    files: tuple[Tracked, ...] = ()
    dynamic: bool = False
    inhibit: bool = False

    def weight(self, values: Mapping[str, int]) -> int:
        """Return the weight with what its files say."""
        added = sum(values.get(file.path, 0) * file.multiplier for file in self.files)
        return min(max(self.value.weight + added, WEIGHTS[0]), WEIGHTS[1])


class Sorry(NamedTuple):
    """Who answers when no other does."""

    name: DestinationId
    value: Destination
    inhibit: bool = False


class Expected(NamedTuple):
    """A virtual service."""

    settings: Settings
    servers: dict[DestinationId, Server]
    sorry: Sorry | None
    quorum: int


class SyncDaemon(NamedTuple):
    interface: str
    router: str
    sync_id: int


class ExpectedTable(NamedTuple):
    """All of it; and what of the configuration cannot be understood, with its place."""

    services: dict[ServiceId, Expected]
    sync_daemon: SyncDaemon | None
    timeouts: dict[str, int]
    unreadable: list[tuple[str, str]]


def read(text: str, path: str = "/etc/keepalived/keepalived.conf") -> ExpectedTable:
    """Return what the text of one file asks for."""
    found = ExpectedTable({}, None, {}, [])
    read_ones = list(statements(f"{path}:{number}:{line}" for number, line in enumerate(text.splitlines(), 1)))
    groups: dict[str, list[Statement]] = {}
    files: dict[str, Tracked] = {}
    for one in read_ones:
        keyword, values = one.words[0], one.words[1:]
        if keyword == "virtual_server_group" and values:
            groups.setdefault(values[0], []).extend(one.children)
        elif keyword in ("track_file", "vrrp_track_file") and values and one.children:
            weight = _last(one, "weight", default="1")
            files[values[0]] = Tracked(_last(one, "file"), int(weight) if _NUMBER.fullmatch(weight) else 1)
    for one in read_ones:
        keyword, values = one.words[0], one.words[1:]
        try:
            if keyword == "virtual_server" and values:
                found.services.update(_services(one, groups, files))
            elif keyword == "lvs_sync_daemon" and values:
                found = found._replace(sync_daemon=_sync_daemon(values))
            elif keyword == "lvs_timeouts":
                found.timeouts.update((name, int(seconds)) for name, seconds in zip(values[::2], values[1::2]))
            elif keyword.startswith("include") and values:
                found.unreadable.append((one.where, one.text))
        except (LookupError, ValueError):
            found.unreadable.append((one.where, one.text))
    return found


def _values(one: Statement, *keywords: str) -> list[str] | None:
    """Return what stands behind the last of these keywords; None where there is none."""
    found = [child.words[1:] for child in one.children if child.words[0] in keywords]
    return found[-1] if found else None


def _last(one: Statement, *keywords: str, default: str = "") -> str:
    values = _values(one, *keywords)
    return values[0] if values else default


def _has(one: Statement, keyword: str) -> bool:
    values = _values(one, keyword)
    return values is not None and values[:1] not in (["off"], ["false"], ["no"])


def _services(
    server: Statement, groups: Mapping[str, Sequence[Statement]], files: Mapping[str, Tracked]
) -> Iterator[tuple[ServiceId, Expected]]:
    protocol = _last(server, "protocol", default="tcp").lower()
    members = [server.words[1:]]
    if server.words[1] == "group":
        members = [member.words for member in groups[" ".join(server.words[2:])]] if len(server.words) > 2 else []
    for member in members:
        claim = located(Claim(server.where, "", protocol), member)
        for key in _keys(claim, server):
            yield key, _expected(server, key, files)


def _keys(claim: Claim, server: Statement) -> Iterator[ServiceId]:
    if claim.first is None or claim.last is None:
        addresses = [child.words[1] for child in server.children if child.words[0] == "real_server" and child.words[1:]]
        six = _last(server, "ip_family", default="inet6" if any(":" in one for one in addresses[:1]) else "inet")
        yield ServiceId("ipv6" if six == "inet6" else "ipv4", "", "", 0, claim.fwmark)
        return
    if int(claim.last) - int(claim.first) >= _LARGEST_RANGE:
        raise ValueError("a range of that many")
    for number in range(int(claim.first), int(claim.last) + 1):
        address = type(claim.first)(number)
        yield ServiceId(f"ipv{address.version}", claim.protocol, str(address), claim.port, 0)


def _expected(server: Statement, key: ServiceId, files: Mapping[str, Tracked]) -> Expected:
    forwarding = _forwarding(_values(server, "lvs_method", "lb_kind") or ["NAT"])
    real = [child for child in server.children if child.words[0] == "real_server" and child.words[1:]]
    sorry = _values(server, "sorry_server")
    found = None
    if sorry:
        method = _values(server, "sorry_server_lvs_method", "sorry_server_lb_kind")
        value = _forwarding(method) if method else forwarding
        found = Sorry(_name(sorry, key, value), value._replace(weight=1), _has(server, "sorry_server_inhibit"))
    return Expected(
        settings=_settings(server, key),
        servers=dict(_server(child, server, key, forwarding, files) for child in real),
        sorry=found,
        quorum=int(_last(server, "quorum", default="1")),
    )


def _settings(server: Statement, key: ServiceId) -> Settings:
    scheduler = _last(server, "lvs_sched", "lb_algo", default=_DEFAULT_SCHEDULER)
    named = SCHEDULER_FLAGS.get(scheduler, ())
    flags = set()
    for child in server.children:
        word = child.words[0]
        if word in _FLAGS:
            flags.add(word)
        elif word in ("flag-1", "flag-2", "flag-3"):
            number = int(word[-1]) - 1
            flags.add(named[number] if number < len(named) else word)
    timeout, netmask, engine = 0, HOST_NETMASKS[key.family], ""
    values = _values(server, "persistence_timeout")
    if values is not None:
        timeout = int(values[0]) if values else _DEFAULT_PERSISTENCE
        netmask = _last(server, "persistence_granularity", default=netmask)
        if key.family == "ipv4" and netmask.isdigit():
            netmask = str(ipaddress.ip_network(f"0.0.0.0/{netmask}").netmask)
        engine = _last(server, "persistence_engine")
    return Settings(scheduler, tuple(sorted(flags)), _has(server, "ops"), timeout, netmask, engine)


def _forwarding(words: Sequence[str]) -> Destination:
    """Return a destination with the way that packets take to it."""
    value = Destination(words[0].lower(), 1)
    for word, following in zip(words[1:], [*words[2:], ""]):
        if word == "type" and following in TUNNEL_TYPES:
            value = value._replace(tunnel_type=following)
        elif word == "port":
            value = value._replace(tunnel_port=int(following))
        elif word in ("csum", "remcsum"):
            value = value._replace(tunnel_checksum=word)
    return value


def _server(
    child: Statement, server: Statement, key: ServiceId, forwarding: Destination, files: Mapping[str, Tracked]
) -> tuple[DestinationId, Server]:
    method = _values(child, "lvs_method", "lb_kind")
    value = (_forwarding(method) if method else forwarding)._replace(
        weight=int(_last(child, "weight", default=_last(server, "weight", default="1"))),
        upper_threshold=int(_last(child, "uthreshold", default="0")),
        lower_threshold=int(_last(child, "lthreshold", default="0")),
    )
    tracked = [_tracked(check, files) for check in child.children if check.words[0] == "FILE_CHECK"]
    dynamic = any(_has(check, "misc_dynamic") for check in child.children if check.words[0] == "MISC_CHECK")
    inhibit = _has(server, "inhibit_on_failure") or _has(child, "inhibit_on_failure")
    return _name(child.words[1:], key, value), Server(value, tuple(tracked), dynamic, inhibit)


def _tracked(check: Statement, files: Mapping[str, Tracked]) -> Tracked:
    """With a weight of its own, which may stand behind the file's name, or that of the file."""
    name, *rest = _values(check, "track_file") or [""]
    known = files.get(name, Tracked("", 0))
    own = rest[1] if rest[:1] == ["weight"] else _last(check, "weight")
    return known._replace(multiplier=int(own)) if own else known


def _name(words: Sequence[str], key: ServiceId, way: Destination) -> DestinationId:
    """Where nothing translates, the kernel has the service's port; of a mark it has none."""
    port = int(words[1]) if len(words) > 1 and way.forwarding == "nat" and not key.fwmark else key.port
    return DestinationId(str(ipaddress.ip_address(words[0])), port)


def _sync_daemon(words: Sequence[str]) -> SyncDaemon:
    """``lvs_sync_daemon INTERFACE [ROUTER] [id N] ...``, or with ``inst ROUTER``."""
    options = dict(zip(words[1:], words[2:]))
    router = words[1] if len(words) > 1 and words[1] not in ("inst", "id", "maxlen", "port", "ttl", "group") else ""
    return SyncDaemon(words[0], options.get("inst", router), int(options.get("id", "-1")))
