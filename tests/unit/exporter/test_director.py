# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What the role writes for the readers is what they read, whatever cluster is declared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible.plugins.filter.core import FilterModule
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.model import ServiceId
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.derivation import build
from ipvs import declared_at
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from states import Known, parse
from unit.keepalived_examples import EXAMPLES

ROLE = Path(__file__).resolve().parents[3] / "roles/exporter"


def configuration(name: str, director: str = "lvs1") -> dict[str, Any]:
    environment = Environment(loader=FileSystemLoader(ROLE / "templates"), trim_blocks=True, undefined=StrictUndefined)
    environment.filters.update(FilterModule().filters())
    rendered = environment.get_template("director.json.j2").render(
        inventory_hostname=director,
        ha_web_topology=build(EXAMPLES[name]).as_dict(),
        __exporter_figures="/figures",
        __exporter_state="/state",
    )
    found: dict[str, Any] = json.loads(rendered)
    return found


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_server_is_known_by_the_line_that_keepalived_writes(name: str) -> None:
    topology = build(EXAMPLES[name])
    known = Known(configuration(name))
    assert known.routers.keys() == {router.name for router in topology.virtual_routers}
    for service in topology.virtual_services:
        protocol = service.protocol or "none"
        where = f"[{service.address}]:{protocol}:{service.port}"
        if service.endpoints:
            where = f"[{service.name}]:3"
        elif service.fwmark:
            where = f"FWM {service.fwmark}"
        for server in service.real_servers:
            line = parse(f"RS [{server.address}]:{protocol}:{server.port} {where} UP")
            assert line
            known.take(line, 1.0)
    told = [(labels["service"], labels["server"]) for labels, up, _since in known.by_server() if up]
    expected = {(service.name, server.name) for service in topology.virtual_services for server in service.real_servers}
    assert set(told) == expected


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_service_is_known_by_its_place_in_the_kernel(name: str) -> None:
    find = declared_at(configuration(name)["services"])
    for service in build(EXAMPLES[name]).virtual_services:
        for end in service.endpoints or [service]:
            address = end.address.partition("-")[0].partition("/")[0]
            key = ServiceId(service.family, "" if end.fwmark else service.protocol, address, end.port, end.fwmark)
            found = find(key)
            assert found and found["name"] == service.name


def test_interfaces_of_vips() -> None:
    assert configuration("virtual_router", "lvs2")["routers"]["outside"][0] == {
        "address": "192.0.2.100",
        "interface": "eth0",
    }
    # Of the member, where the VIP has none of its own.
    assert configuration("virtual_router", "lvs2")["routers"]["outside"][-1]["interface"] == "ens3"
    assert configuration("short")["routers"]["ha_web_ipv4"] == [{"address": "192.0.2.100", "interface": ""}]
