# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The module vrrp_info and a foreign keepalived, on two ends of a wire."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

_WIRE = """
ip netns add foreign
ip link add wire type veth peer name wire netns foreign
ip address add 192.0.2.11/24 dev wire
ip address add 2001:db8::11/64 dev wire nodad
ip link set wire up
ip -n foreign address add 192.0.2.99/24 dev wire
ip -n foreign address add 2001:db8::99/64 dev wire nodad
ip -n foreign link set lo up
ip -n foreign link set wire up
"""
_ROUTER = """
vrrp_instance {name} {{
    interface wire
    virtual_router_id {vrid}
    priority 100
    advert_int {interval}
    version {version}
    {peer}
    virtual_ipaddress {{
        {address}
    }}
}}
"""
MULTICAST_2 = {"name": "two", "vrid": 51, "interval": 1, "version": 2, "peer": "", "address": "192.0.2.100"}
MULTICAST_3 = {"name": "three", "vrid": 52, "interval": 0.5, "version": 3, "peer": "", "address": "192.0.2.101"}
IPV6 = {"name": "six", "vrid": 51, "interval": 0.5, "version": 3, "peer": "", "address": "2001:db8::100"}
UNICAST = {**MULTICAST_3, "name": "uni", "vrid": 53, "peer": "unicast_peer {\n        192.0.2.11\n    }"}

Module = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module", autouse=True)
def foreigner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Run a keepalived at the other end."""
    subprocess.run(["sh", "-ec", _WIRE], check=True)
    folder: Path = tmp_path_factory.mktemp("foreign")
    file = folder / "keepalived.conf"
    file.write_text("\n".join(_ROUTER.format(**one) for one in (MULTICAST_2, MULTICAST_3, IPV6, UNICAST)))
    pids = [f"--pid={folder}/pid", f"--vrrp_pid={folder}/vrrp", f"--checkers_pid={folder}/checkers"]
    command = ["ip", "netns", "exec", "foreign", "keepalived", "--dont-fork", "--vrrp", f"--use-file={file}", *pids]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as keepalived:
        yield
        keepalived.terminate()
    subprocess.run(["ip", "link", "delete", "wire"], check=True)
    subprocess.run(["ip", "netns", "delete", "foreign"], check=True)


@pytest.mark.parametrize("python", ["python3", "python3.9", "python3.13"])
def test_all_are_heard(module: Module, python: str) -> None:
    # It waits for three adverts before it speaks.
    speakers = module("vrrp_info", interface="wire", seconds=6, python=python)["speakers"]
    assert [
        (one["family"], one["vrid"], one["version"], one["advert_interval"], one["addresses"]) for one in speakers
    ] == [
        ("ipv4", 51, 2, 1.0, ["192.0.2.100"]),
        ("ipv4", 52, 3, 0.5, ["192.0.2.101"]),
        ("ipv4", 53, 3, 0.5, ["192.0.2.101"]),
        ("ipv6", 51, 3, 0.5, ["2001:db8::100"]),
    ]
    assert {one["source"] for one in speakers if one["family"] == "ipv4"} == {"192.0.2.99"}
    assert all(one["priority"] == 100 and one["adverts"] for one in speakers)


def test_silence(module: Module) -> None:
    assert module("vrrp_info", interface="lo", seconds=0.2, check=True) == {
        "changed": False,
        "speakers": [],
        "invocation": {"module_args": {"interface": "lo", "seconds": 0.2}},
    }


def test_no_such_interface(module: Module) -> None:
    assert module("vrrp_info", interface="none0")["msg"].startswith("cannot listen on none0: ")
