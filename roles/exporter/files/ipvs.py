# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Keeps a textfile of the kernel's IPVS table for the node exporter, in the names of the topology."""

from __future__ import annotations

import ipaddress
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple, NoReturn, Union

from ansible_collections.lvs.ha_web.plugins.module_utils._claims import is_on
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.kernel import Kernel, KernelError, Live
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.model import ServiceId, Table
from textfile import Sample, metric, replace

EVERY_S = 2.0
_TRAFFIC = {
    "connections_total": ("connections", "Connections since the kernel knows it."),
    "incoming_bytes_total": ("bytes_in", "Bytes from clients."),
    "outgoing_bytes_total": ("bytes_out", "Bytes to clients, where they pass here."),
    "incoming_packets_total": ("packets_in", "Packets from clients."),
    "outgoing_packets_total": ("packets_out", "Packets to clients, where they pass here."),
}
_OF_SERVERS = ("connections_total", "incoming_bytes_total", "outgoing_bytes_total")
_NOW = ("active_connections", "inactive_connections", "persistent_connections")

Record = Mapping[str, Any]
Find = Callable[[ServiceId], Union[Record, None]]


class Row(NamedTuple):
    """A service or a destination: its labels, and its figures."""

    labels: dict[str, str]
    figures: Mapping[str, int]


def declared_at(services: list[Record]) -> Find:
    """Return what finds the service of the topology to which one of the kernel belongs."""

    @cache
    def find(key: ServiceId) -> Record | None:
        return next((one for one in services if is_on(one, key)), None)

    return find


def text(table: Table, live: Mapping[ServiceId, Live], find: Find, now: float) -> str:
    """Return the textfile. What came or went between both readings is left out."""
    info: list[Sample] = []
    service_rows: list[Row] = []
    server_rows: list[Row] = []
    for key, service in sorted(table.services.items()):
        declared = find(key)
        labels = {"service": declared["name"] if declared else "", "endpoint": _endpoint(key, declared)}
        settings, destinations = service
        forwardings = sorted({one.forwarding for one in destinations.values()})
        details = {
            "protocol": key.protocol,
            "scheduler": settings.scheduler,
            "forwarding": ",".join(forwardings) or (declared["forwarding"] if declared else ""),
            "persistence": str(settings.persistence_timeout),
        }
        info.append(({**labels, **details}, 1))
        figures = live.get(key)
        if figures is None:
            continue
        service_rows.append(Row(labels, figures.statistics))
        names = _names(declared)
        for name, destination in sorted(destinations.items()):
            if str(name) in figures.destinations:
                own = {**labels, "server": names.get(ipaddress.ip_address(name.address), ""), "address": str(name)}
                server_rows.append(Row(own, {**figures.destinations[str(name)], "weight": destination.weight}))
    daemons = [
        ({"role": one.state, "interface": one.interface, "id": str(one.sync_id)}, 1) for one in table.daemons.values()
    ]
    return "".join(
        (
            metric("ha_web_ipvs_timestamp_seconds", "gauge", "When this was read.", [({}, round(now, 3))]),
            metric("ha_web_ipvs_service_info", "gauge", "A virtual service of the kernel.", info),
            *_traffic("service", _TRAFFIC, service_rows),
            *(_gauge(name, server_rows) for name in ("weight", *_NOW)),
            *_traffic("server", _OF_SERVERS, server_rows),
            metric("ha_web_sync_daemon", "gauge", "A daemon that synchronises connections.", daemons),
        )
    )


def _endpoint(key: ServiceId, declared: Record | None) -> str:
    return f"fwmark {key.fwmark}" if key.fwmark and declared else str(key)


def _names(declared: Record | None) -> dict[Any, str]:
    if not declared:
        return {}
    servers = [*declared["servers"], *filter(None, [declared["sorry_server"]])]
    return {ipaddress.ip_address(one["address"]): one["name"] for one in reversed(servers)}


def _traffic(of: str, names: Any, rows: list[Row]) -> Iterator[str]:
    for name in names:
        figure, meaning = _TRAFFIC[name]
        samples = [(row.labels, row.figures[figure]) for row in rows]
        yield metric(f"ha_web_ipvs_{of}_{name}", "counter", meaning, samples)


def _gauge(name: str, rows: list[Row]) -> str:
    meaning = "Its weight in the kernel." if name == "weight" else f"{name.partition('_')[0].capitalize()} connections."
    return metric(f"ha_web_ipvs_server_{name}", "gauge", meaning, [(row.labels, row.figures[name]) for row in rows])


def watch(configuration: Record) -> NoReturn:
    """Read until the kernel cannot be asked.

    Raises:
        KernelError: it cannot.
    """
    find = declared_at(configuration["services"])
    with Kernel() as kernel:
        while True:
            replace(configuration["textfile_ipvs"], text(kernel.table(), kernel.live(), find, time.time()))
            time.sleep(EVERY_S)


def main(path: str) -> None:
    """Read for ever; what cannot be asked is tried again by systemd."""
    with open(path, encoding="utf-8") as file:
        configuration = json.load(file)
    try:
        watch(configuration)
    except KernelError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1])
