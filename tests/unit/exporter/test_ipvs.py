# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The kernel's table as figures, in the names of the topology."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.kernel import Live
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.model import (
    Daemon,
    Destination,
    DestinationId,
    Service,
    ServiceId,
    Settings,
    Table,
    Timeouts,
)
from ipvs import declared_at, text

WEB = {
    "name": "web",
    "family": "ipv4",
    "address": "192.0.2.100",
    "port": 80,
    "protocol": "tcp",
    "fwmark": 0,
    "endpoints": [],
    "forwarding": "dr",
    "servers": [{"name": "web1", "address": "192.0.2.21"}, {"name": "web2", "address": "192.0.2.22"}],
    "sorry_server": {"name": "sorry", "address": "192.0.2.50"},
}
SETTINGS = Settings("wlc", (), False, 300, "255.255.255.255", "")
FIGURES = {"connections": 7, "bytes_in": 100, "bytes_out": 0, "packets_in": 9, "packets_out": 0}
OWN = {"active_connections": 3, "inactive_connections": 2, "persistent_connections": 1, **FIGURES}


def key(address: str = "192.0.2.100", port: int = 80, fwmark: int = 0, family: str = "ipv4") -> ServiceId:
    return ServiceId(family, "" if fwmark else "tcp", "" if fwmark else address, 0 if fwmark else port, fwmark)


def samples(services: dict[ServiceId, list[str]], *declared: dict[str, Any], gone: str = "") -> dict[str, str]:
    """The figures of a table with these destinations, of which one may be gone by the second reading."""
    destinations = {
        one: {DestinationId(address, one.port): Destination("dr", 2) for address in addresses}
        for one, addresses in services.items()
    }
    table = Table(
        {one: Service(SETTINGS, found) for one, found in destinations.items()},
        {"master": Daemon("master", "eth0", 51)},
        Timeouts(900, 120, 300),
    )
    live = {
        one: Live(FIGURES, {str(name): OWN for name in found if name.address != gone})
        for one, found in destinations.items()
    }
    written = text(table, live, declared_at(list(declared)), 12.5)
    return dict(line.rsplit(" ", 1) for line in written.splitlines() if not line.startswith("#"))


def test_all_figures() -> None:
    service = 'service="web",endpoint="192.0.2.100:80/tcp"'
    server = f'{service},server="web1",address="192.0.2.21:80"'
    details = 'protocol="tcp",scheduler="wlc",forwarding="dr",persistence="300"'
    assert samples({key(): ["192.0.2.21"]}, WEB) == {
        "ha_web_ipvs_timestamp_seconds": "12.5",
        f"ha_web_ipvs_service_info{{{service},{details}}}": "1",
        f"ha_web_ipvs_service_connections_total{{{service}}}": "7",
        f"ha_web_ipvs_service_incoming_bytes_total{{{service}}}": "100",
        f"ha_web_ipvs_service_outgoing_bytes_total{{{service}}}": "0",
        f"ha_web_ipvs_service_incoming_packets_total{{{service}}}": "9",
        f"ha_web_ipvs_service_outgoing_packets_total{{{service}}}": "0",
        f"ha_web_ipvs_server_weight{{{server}}}": "2",
        f"ha_web_ipvs_server_active_connections{{{server}}}": "3",
        f"ha_web_ipvs_server_inactive_connections{{{server}}}": "2",
        f"ha_web_ipvs_server_persistent_connections{{{server}}}": "1",
        f"ha_web_ipvs_server_connections_total{{{server}}}": "7",
        f"ha_web_ipvs_server_incoming_bytes_total{{{server}}}": "100",
        f"ha_web_ipvs_server_outgoing_bytes_total{{{server}}}": "0",
        'ha_web_sync_daemon{role="master",interface="eth0",id="51"}': "1",
    }


@pytest.mark.parametrize(
    ("where", "address", "declared", "labels"),
    [
        (
            key(),
            "192.0.2.50",
            [WEB],
            'service="web",endpoint="192.0.2.100:80/tcp",server="sorry",address="192.0.2.50:80"',
        ),
        (key(), "192.0.2.29", [WEB], 'service="web",endpoint="192.0.2.100:80/tcp",server="",address="192.0.2.29:80"'),
        (
            key(port=81),
            "192.0.2.21",
            [WEB],
            'service="",endpoint="192.0.2.100:81/tcp",server="",address="192.0.2.21:81"',
        ),
        (
            key(fwmark=3),
            "192.0.2.21",
            [{**WEB, "name": "marked", "address": "", "fwmark": 3, "protocol": ""}],
            'service="marked",endpoint="fwmark 3",server="web1",address="192.0.2.21:0"',
        ),
        (key(fwmark=3), "192.0.2.21", [], 'service="",endpoint="fwmark 3 (ipv4)",server="",address="192.0.2.21:0"'),
        (
            key("192.0.2.105"),
            "192.0.2.22",
            [{**WEB, "address": "", "endpoints": [{"address": "192.0.2.100-110", "port": 80, "fwmark": 0}]}],
            'service="web",endpoint="192.0.2.105:80/tcp",server="web2",address="192.0.2.22:80"',
        ),
        (
            key("2001:db8::100", family="ipv6"),
            "2001:db8::21",
            [
                {
                    **WEB,
                    "family": "ipv6",
                    "address": "2001:db8::100",
                    "servers": [{"name": "six", "address": "2001:db8::21"}],
                }
            ],
            'service="web",endpoint="[2001:db8::100]:80/tcp",server="six",address="[2001:db8::21]:80"',
        ),
    ],
)
def test_names(where: ServiceId, address: str, declared: list[dict[str, Any]], labels: str) -> None:
    assert samples({where: [address]}, *declared)[f"ha_web_ipvs_server_weight{{{labels}}}"] == "2"


def test_what_goes_meanwhile_is_left_out() -> None:
    found = samples({key(): ["192.0.2.21", "192.0.2.22"]}, WEB, gone="192.0.2.22")
    assert any("web1" in one for one in found)
    assert not any("web2" in one for one in found)


def test_service_without_servers_has_the_declared_forwarding() -> None:
    info = next(one for one in samples({key(): []}, WEB) if one.startswith("ha_web_ipvs_service_info"))
    assert 'forwarding="dr"' in info
