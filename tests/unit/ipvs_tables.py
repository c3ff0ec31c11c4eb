# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Valid IPVS tables for Hypothesis, and a kernel that is nothing but its rules."""

from __future__ import annotations

import errno
from collections.abc import Callable, Sequence

from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs import model
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.model import (
    Daemon,
    Destination,
    DestinationId,
    Operation,
    Service,
    ServiceId,
    Settings,
    Table,
    Timeouts,
)
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.netlink import Answer
from hypothesis import strategies as st

NO_TIMEOUTS = Timeouts(0, 0, 0)
EMPTY = Table({}, {}, Timeouts(900, 120, 300))

# Few, so that two tables have much in common.
ADDRESSES = {"ipv4": ("10.0.0.1", "10.0.0.2", "192.0.2.255"), "ipv6": ("2001:db8::1", "fd00::2")}
FAMILIES = st.sampled_from(("ipv4", "ipv6"))


@st.composite
def service_ids(draw: st.DrawFn) -> ServiceId:
    family = draw(FAMILIES)
    if draw(st.booleans()):
        return ServiceId(family, "", "", 0, draw(st.sampled_from((1, 2, 2147483647))))
    protocol = draw(st.sampled_from(sorted(model.PROTOCOLS)))
    return ServiceId(family, protocol, draw(st.sampled_from(ADDRESSES[family])), draw(st.sampled_from((80, 65535))), 0)


@st.composite
def settings(draw: st.DrawFn, key: ServiceId) -> Settings:
    scheduler = draw(st.sampled_from(model.SCHEDULERS))
    names = model.SCHEDULER_FLAGS.get(scheduler, model.NUMBERED_FLAGS)
    datagrams = key.protocol in ("", "udp")
    timeout = draw(st.sampled_from((0, 0, 1, 300, 2147483)))
    masks = ("255.255.255.255", "255.255.0.0") if key.family == "ipv4" else ("128", "64", "1")
    return Settings(
        scheduler=scheduler,
        scheduler_flags=tuple(name for name in names if draw(st.booleans())),
        one_packet=datagrams and draw(st.booleans()),
        persistence_timeout=timeout,
        persistence_netmask=draw(st.sampled_from(masks)) if timeout else masks[0],
        persistence_engine="sip" if timeout and datagrams and draw(st.booleans()) else "",
    )


@st.composite
def destinations(draw: st.DrawFn, key: ServiceId) -> tuple[DestinationId, Destination]:
    forwarding = draw(st.sampled_from(("dr", "nat", "tun")))
    family = draw(FAMILIES) if forwarding == "tun" else key.family
    port = draw(st.sampled_from((key.port, 8080))) if forwarding == "nat" else key.port
    upper = draw(st.sampled_from((0, 5, 2147483647)))
    value = Destination(
        forwarding=forwarding,
        weight=draw(st.sampled_from((0, 1, 2, 65535))),
        upper_threshold=upper,
        lower_threshold=draw(st.integers(0, upper)),
    )
    if forwarding == "tun":
        kind = draw(st.sampled_from(model.TUNNEL_TYPES))
        checksums = {"ipip": ("none",), "gre": ("none", "csum")}.get(kind, model.TUNNEL_CHECKSUMS)
        port_in = draw(st.integers(1, 65535)) if kind == "gue" else 0
        value = value._replace(tunnel_type=kind, tunnel_port=port_in, tunnel_checksum=draw(st.sampled_from(checksums)))
    return DestinationId(draw(st.sampled_from(ADDRESSES[family])), port), value


@st.composite
def daemons(draw: st.DrawFn, state: str) -> Daemon:
    return Daemon(
        state=state,
        interface=draw(st.sampled_from(("eth0", "bond-sync.51"))),
        sync_id=draw(st.integers(0, 255)),
        multicast_group=draw(st.sampled_from(("224.0.0.81", "ff02::81"))),
        multicast_port=draw(st.integers(1, 65535)),
        multicast_ttl=draw(st.integers(1, 255)),
        max_length=draw(st.integers(1024, 65487)),
    )


@st.composite
def tables(draw: st.DrawFn) -> Table:
    services = {}
    for key in draw(st.lists(service_ids(), unique=True, max_size=5)):
        servers = dict(draw(st.lists(destinations(key), max_size=4)))
        services[key] = Service(draw(settings(key)), servers)
    states = draw(st.sets(st.sampled_from(model.DAEMON_STATES)))
    seconds = st.integers(1, 2147483)
    timeouts = Timeouts(draw(seconds), draw(seconds), draw(seconds))
    return Table(services, {state: draw(daemons(state)) for state in sorted(states)}, timeouts)


class ModelKernel:
    """Answers as the kernel does, from a table of its own; another writer may act before any operation."""

    def __init__(self, table: Table, meanwhile: Sequence[Callable[[ModelKernel], None]] = ()) -> None:
        self.services = {key: (service.settings, dict(service.destinations)) for key, service in table.services.items()}
        self.daemons = dict(table.daemons)
        self.timeouts = table.timeouts
        self.executed: list[Operation] = []
        self.refusals: dict[Operation, int] = {}
        self.connections: list[dict[DestinationId, int]] = []
        self._meanwhile = list(meanwhile)

    def table(self, wanted: Callable[[ServiceId], bool] | None = None) -> Table:
        services = {
            key: Service(settings, dict(servers))
            for key, (settings, servers) in self.services.items()
            if wanted is None or wanted(key)
        }
        return Table(services, dict(self.daemons), self.timeouts)

    def active_connections(self, service: ServiceId) -> dict[DestinationId, int]:
        servers = self.services[service][1] if service in self.services else {}
        left = self.connections.pop(0) if self.connections else {}
        return {server: left.get(server, 0) for server in servers}

    def execute(self, operations: Sequence[Operation]) -> list[Answer]:
        if operations and self._meanwhile:
            self._meanwhile.pop(0)(self)
        return [Answer(self._execute(operation)) for operation in operations]

    def _execute(self, operation: Operation) -> int:
        self.executed.append(operation)
        if operation in self.refusals:
            return self.refusals[operation]
        value = operation.value
        if isinstance(value, Timeouts):
            self.timeouts = Timeouts(*(new or old for old, new in zip(self.timeouts, value)))
            return 0
        if isinstance(value, Daemon):
            return self._daemon(operation.action, value)
        assert operation.service is not None
        if operation.destination is None:
            return self._service(operation.action, operation.service, value)
        if operation.service not in self.services:
            return errno.ESRCH
        return _change(self.services[operation.service][1], operation.action, operation.destination, value)

    def _service(self, action: str, key: ServiceId, value: object) -> int:
        exists = key in self.services
        if exists == (action == "add"):
            return errno.EEXIST if exists else errno.ESRCH
        if action == "remove":
            del self.services[key]
        else:
            assert isinstance(value, Settings)
            self.services[key] = (value, self.services[key][1] if exists else {})
        return 0

    def _daemon(self, action: str, daemon: Daemon) -> int:
        if (daemon.state in self.daemons) == (action == "add"):
            return errno.EEXIST if action == "add" else errno.ESRCH
        if action == "add":
            self.daemons[daemon.state] = daemon
        else:
            del self.daemons[daemon.state]
        return 0


def _change(servers: dict[DestinationId, Destination], action: str, key: DestinationId, value: object) -> int:
    if (key in servers) == (action == "add"):
        return errno.EEXIST if action == "add" else errno.ENOENT
    if action == "remove":
        del servers[key]
    else:
        assert isinstance(value, Destination)
        servers[key] = value
    return 0
