# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The table in ipvsadm's own words, which an operator knows and ``ipvsadm --restore`` reads.

It says what ipvsadm itself leaves out of ``ipvsadm --save``: thresholds, daemons and time-outs.
"""

from __future__ import annotations

from .model import (
    HOST_NETMASKS,
    Daemon,
    Destination,
    Operation,
    ServiceId,
    Settings,
    Table,
    Timeouts,
    endpoint,
)

_PROTOCOLS = {"tcp": "-t", "udp": "-u", "sctp": "--sctp-service"}
_FORWARDINGS = {"nat": "-m", "tun": "-i", "dr": "-g"}
_COMMANDS = {"service": {"add": "-A", "update": "-E", "remove": "-D"}}
_COMMANDS["destination"] = {action: letter.lower() for action, letter in _COMMANDS["service"].items()}


def operation(change: Operation) -> str:
    """Return the command of ipvsadm that does the same."""
    value = change.value
    if isinstance(value, Timeouts):
        return _timeouts(value)
    if isinstance(value, Daemon):
        return _daemon(value) if change.action == "add" else f"--stop-daemon {value.state}"
    if change.service is None:
        raise ValueError(f"an operation without a subject: {change}")
    if change.destination is None:
        words = [_COMMANDS["service"][change.action], _service(change.service)]
        if isinstance(value, Settings):
            words += _settings(change.service, value)
    else:
        server = f"-r {endpoint(*change.destination)}"
        words = [_COMMANDS["destination"][change.action], _service(change.service), server]
        if isinstance(value, Destination):
            words += _destination(value)
    return " ".join(words)


def table(content: Table) -> list[str]:
    """Return the commands that make an empty table this one, services and destinations in a fixed order."""
    lines = []
    for key in sorted(content.services):
        service = content.services[key]
        lines.append(operation(Operation("add", key, None, service.settings)))
        for server in sorted(service.destinations):
            lines.append(operation(Operation("add", key, server, service.destinations[server])))
    lines += [_daemon(content.daemons[state]) for state in sorted(content.daemons)]
    if any(content.timeouts):
        lines.append(_timeouts(content.timeouts))
    return lines


def _service(key: ServiceId) -> str:
    if key.fwmark:
        return f"-f {key.fwmark}{' -6' if key.family == 'ipv6' else ''}"
    return f"{_PROTOCOLS.get(key.protocol, key.protocol)} {endpoint(key.address, key.port)}"


def _settings(key: ServiceId, settings: Settings) -> list[str]:
    words = [f"-s {settings.scheduler}"]
    if settings.persistence_timeout:
        words.append(f"-p {settings.persistence_timeout}")
        if settings.persistence_netmask != HOST_NETMASKS[key.family]:
            words.append(f"-M {settings.persistence_netmask}")
        if settings.persistence_engine:
            words.append(f"--pe {settings.persistence_engine}")
    if settings.one_packet:
        words.append("-o")
    if settings.scheduler_flags:
        words.append(f"-b {','.join(settings.scheduler_flags)}")
    return words


def _destination(value: Destination) -> list[str]:
    words = [_FORWARDINGS.get(value.forwarding, value.forwarding), f"-w {value.weight}"]
    if value.upper_threshold:
        words.append(f"-x {value.upper_threshold}")
    if value.lower_threshold:
        words.append(f"-y {value.lower_threshold}")
    if value.forwarding == "tun":
        words.append(f"--tun-type {value.tunnel_type}")
        if value.tunnel_type == "gue":
            words.append(f"--tun-port {value.tunnel_port}")
        if value.tunnel_type != "ipip":
            words.append("--tun-nocsum" if value.tunnel_checksum == "none" else f"--tun-{value.tunnel_checksum}")
    return words


def _daemon(value: Daemon) -> str:
    words = [f"--start-daemon {value.state} --mcast-interface {value.interface} --syncid {value.sync_id}"]
    if value.max_length:
        words.append(f"--sync-maxlen {value.max_length}")
    words.append(f"--mcast-group {value.multicast_group} --mcast-port {value.multicast_port}")
    words.append(f"--mcast-ttl {value.multicast_ttl}")
    return " ".join(words)


def _timeouts(value: Timeouts) -> str:
    return f"--set {value.tcp} {value.tcp_fin} {value.udp}"
