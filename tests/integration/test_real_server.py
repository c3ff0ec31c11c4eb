# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What the module real_server refuses, on the real kernel; what it does with keepalived is seen in molecule/upgrade."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Module = Callable[..., dict[str, Any]]
Saved = Callable[[], str]
Ipvsadm = Callable[..., str]
Services = list[dict[str, Any]]

PLAIN = {"inhibit_on_failure": False, "raw": []}


def weights(saved: Saved) -> list[int]:
    """Of the destinations, in the order of their addresses."""
    return [int(line.split()[-1]) for line in sorted(saved().splitlines()) if line.startswith("-a")]


@pytest.fixture
def services(tmp_path: Path, ipvsadm: Ipvsadm) -> Services:
    """A service of two servers, as the topology describes it, in the kernel; nobody watches the track files."""
    ipvsadm("--add-service", "--tcp-service", "10.9.1.1:80")
    servers = []
    for name, address in ("web1", "10.9.2.1"), ("web2", "10.9.2.2"):
        ipvsadm("-a", "-t", "10.9.1.1:80", "-r", f"{address}:80", "-g")
        file = tmp_path / name
        file.write_text("0\n", encoding="ascii")
        servers.append(
            {"name": name, "address": address, "port": 80, "weight": 1, "checks": [], "track_file": str(file), **PLAIN}
        )
    return [
        {
            **{"name": "web", "address": "10.9.1.1", "port": 80, "protocol": "tcp", "family": "ipv4", "fwmark": 0},
            **{"endpoints": [], "forwarding": "dr", "real_servers": servers, **PLAIN},
            "checks": [{"dynamic_weight": False, "track_file": "", "raw": []}],
        }
    ]


@pytest.fixture
def addresses() -> Iterator[Callable[..., None]]:
    """The VIP and web1's address, both of this host; returns ``ip address`` for its loopback interface."""

    def change(*words: str) -> None:
        subprocess.run(["ip", "address", *words, "dev", "lo"], check=True)

    given = ["10.9.1.1/32", "10.9.2.1/32"]
    for one in given:
        change("add", one)
    yield change
    for one in given:
        subprocess.run(["ip", "address", "delete", one, "dev", "lo"], check=False, capture_output=True)


@pytest.fixture
def connection(ipvsadm: Ipvsadm, addresses: Callable[..., None]) -> Iterator[socket.socket]:
    """A client's connection with web1, which gets no other."""
    ipvsadm("-e", "-t", "10.9.1.1:80", "-r", "10.9.2.2:80", "-g", "-w", "0")
    with socket.create_server(("", 80)), socket.create_connection(("10.9.1.1", 80)) as client:
        for address, weight in ("10.9.2.2", "1"), ("10.9.2.1", "0"):
            ipvsadm("-e", "-t", "10.9.1.1:80", "-r", f"{address}:80", "-g", "-w", weight)
        yield client


def drained(module: Module, services: Services, **options: Any) -> tuple[bool, list[int], list[int], list[bool]]:
    """Whether web1 is, and of its services the connections, the silent ones, and whether they come here."""
    done = module("real_server", name="web1", virtual_services=services, drain_timeout=0.5, **options)
    keys = "active_connections", "silent_connections", "comes_here"
    return done["drained"], *([one[key] for one in done["servers"]] for key in keys)  # type: ignore[return-value]


def test_connections_of_a_vip_that_has_left_are_not_waited_for(
    module: Module, services: Services, addresses: Callable[..., None], connection: socket.socket
) -> None:
    """The kernel remembers them, and does not know whether they still exist."""
    assert drained(module, services, silence=60) == (False, [1], [0], [True])
    addresses("delete", "10.9.1.1/32")
    assert drained(module, services, silence=60) == (True, [1], [0], [False])


@pytest.mark.parametrize("python", ["python3", "python3.9", "python3.13"])
def test_silent_connections_are_not_waited_for(
    module: Module, services: Services, connection: socket.socket, python: str
) -> None:
    silent = {"silence": 4, "python": python}
    assert drained(module, services, **silent) == (False, [1], [0], [True])
    end = time.monotonic() + 20
    while not (now := drained(module, services, **silent))[0]:
        assert time.monotonic() < end
    assert now == (True, [1], [1], [True])
    connection.send(b"I am still here")
    assert drained(module, services, **silent) == (False, [1], [0], [True])


@pytest.mark.parametrize("python", ["python3", "python3.9", "python3.13"])
def test_check_mode_says_what_would_change(module: Module, saved: Saved, services: Services, python: str) -> None:
    done = module("real_server", name="web2", virtual_services=services, check=True, python=python)
    assert done["changed"]
    assert [(one["before"], one["weight"], one["active_connections"]) for one in done["servers"]] == [("enabled", 1, 0)]
    file = Path(services[0]["real_servers"][1]["track_file"])
    assert file.read_text(encoding="ascii") == "0\n"
    assert not module("real_server", name="web2", state="enabled", virtual_services=services, python=python)["changed"]
    file.write_text("-100000\n", encoding="ascii")
    wish = {"name": "web2", "virtual_services": services, "check": True, "python": python}
    assert not module("real_server", state="drained", **wish)["changed"]
    assert not module("real_server", state="updating", **wish)["changed"], "an operator's drain stays"
    assert module("real_server", state="enabled", weight=3, **wish)["changed"]


def test_last_server(module: Module, saved: Saved, services: Services, ipvsadm: Ipvsadm) -> None:
    ipvsadm("-e", "-t", "10.9.1.1:80", "-r", "10.9.2.1:80", "-g", "-w", "0")
    for check in (True, False):
        refused = module("real_server", name="web2", virtual_services=services, check=check)
        assert "web2 is the last server with any weight of web (10.9.1.1:80/tcp)" in refused["msg"]
    assert weights(saved) == [0, 1]
    assert module("real_server", name="web2", virtual_services=services, force=True, check=True)["changed"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"name": "web9"}, "web9 is no real server of any virtual service. Real servers are: web1, web2."),
        ({"name": "web1", "weight": 3}, "weight is of a server that is enabled"),
        ({"name": "web1", "state": "enabled", "weight": -1}, "from 0 to 65535"),
        ({"name": "web1", "services": ["shop"]}, "shop is no virtual service. Services are: web."),
        ({"name": "web1", "state": "enabled", "healthy": 20}, "timeout must be longer than healthy, 20 s."),
        ({"name": "web1", "timeout": 0.5}, "keepalived has not done what its track files say"),
    ],
)
def test_refused(module: Module, saved: Saved, services: Services, options: dict[str, Any], words: str) -> None:
    assert words in module("real_server", virtual_services=services, **options)["msg"]
    assert weights(saved) == [1, 1]


def test_sick_server_is_not_restored(module: Module, services: Services, ipvsadm: Ipvsadm) -> None:
    file = Path(services[0]["real_servers"][1]["track_file"])
    file.write_text("-100000\n", encoding="ascii")
    # As keepalived does with one that fails.
    ipvsadm("-d", "-t", "10.9.1.1:80", "-r", "10.9.2.2:80")
    options = {"state": "enabled", "healthy": 0.3, "timeout": 1}
    refused = module("real_server", name="web2", virtual_services=services, **options)
    assert "web2 does not pass its health checks: after 1 s it is no server of web." in refused["msg"]
    assert file.read_text(encoding="ascii") == "-100000\n"


def test_file_that_nobody_has_made(module: Module, services: Services) -> None:
    Path(services[0]["real_servers"][0]["track_file"]).unlink()
    refused = module("real_server", name="web1", virtual_services=services)
    assert "is missing: keepalived of this director does not watch it yet. Run site.yml first." in refused["msg"]
