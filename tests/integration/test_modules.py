# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The modules as Ansible runs them, each in a process of its own, on the real kernel."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

Module = Callable[..., dict[str, Any]]
Saved = Callable[[], str]
Ipvsadm = Callable[..., str]


@contextmanager
def background(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run a Python program beside the test, and end it."""
    with subprocess.Popen(["python3", *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as one:
        try:
            yield one
        finally:
            one.kill()


WEB = {
    "address": "10.9.1.1",
    "port": 80,
    "destinations": [{"address": "10.9.2.1"}, {"address": "10.9.2.2", "weight": 3}],
}
WEB_RULES = [
    "-A -t 10.9.1.1:80 -s wlc",
    "-a -t 10.9.1.1:80 -r 10.9.2.1:80 -g -w 1",
    "-a -t 10.9.1.1:80 -r 10.9.2.2:80 -g -w 3",
]


@pytest.mark.parametrize("python", ["python3", "python3.9", "python3.13"])
def test_from_nothing_to_nothing(module: Module, saved: Saved, python: str) -> None:
    check = module("ipvs", services=[WEB], python=python, check=True, diff=True)
    assert check["changed"] and not saved()
    done = module("ipvs", services=[WEB], python=python, diff=True)
    assert done["operations"] == check["operations"] == done["rules"] == WEB_RULES
    assert done["diff"] == check["diff"] == {"before": "", "after": "".join(f"{line}\n" for line in WEB_RULES)}
    assert saved().splitlines() == WEB_RULES
    again = module("ipvs", services=[WEB], python=python)
    assert not again["changed"] and not again["operations"]
    gone = module("ipvs", state="absent", services=[{"address": "10.9.1.1", "port": 80}], python=python)
    assert gone["operations"] == ["-D -t 10.9.1.1:80"] and not saved()
    assert not module("ipvs", state="absent", services=[{"address": "10.9.1.1", "port": 80}], python=python)["changed"]


EVERYTHING = [
    "-A -t 10.9.1.1:0 -s wlc -p 360",
    "-a -t 10.9.1.1:0 -r 10.9.2.1:0 -m -w 1",
    "-A -t 10.9.1.1:80 -s sh -p 300 -M 255.255.255.0 -b sh-fallback,sh-port",
    "-a -t 10.9.1.1:80 -r 10.9.2.1:80 -i -w 0 -x 10 -y 5 --tun-type gue --tun-port 6080 --tun-csum",
    "-a -t 10.9.1.1:80 -r [fd00:9::2]:80 -i -w 1 --tun-type ipip",
    "-A -u 10.9.1.1:5060 -s rr -p 60 --pe sip -o",
    "-A --sctp-service 10.9.1.1:99 -s mh -b mh-port",
    "-A -t [fd00:9:1::1]:443 -s lblcr",
    "-a -t [fd00:9:1::1]:443 -r [fd00:9::2]:443 -g -w 65535",
    "-A -f 1 -s fo",
    "-a -f 1 -r 10.9.2.1:99 -m -w 1",
    "-A -f 1 -6 -s ovf -p 30 -M 64",
]


def test_what_is_read_and_given_back_changes_nothing(module: Module, saved: Saved) -> None:
    subprocess.run(["ipvsadm", "--restore"], input="\n".join(EVERYTHING), text=True, check=True)
    subprocess.run(["ipvsadm", "--set", "100", "50", "60"], check=True)
    before = saved()
    content = module("ipvs_info")
    assert set(content["rules"]) == {*EVERYTHING, "--set 100 50 60"}
    given = {name: content[name] for name in ("services", "sync_daemons", "timeouts")}
    back = module("ipvs", state="exact", **given)
    assert not back.get("failed"), back
    assert not back["changed"] and not back["operations"]
    assert saved() == before
    # And into an empty kernel it is the same table.
    subprocess.run(["ipvsadm", "--clear"], check=True)
    assert module("ipvs", state="exact", **given)["changed"]
    assert saved() == before
    assert module("ipvs_info")["services"] == content["services"]


def test_figures(module: Module) -> None:
    """Connections of this host to itself through the table, counted by the kernel, which sums up every two seconds."""
    nat = {"address": "127.0.0.1", "port": 8080, "forwarding": "nat"}
    module("ipvs", services=[{"address": "10.9.0.1", "port": 80, "scheduler": "rr", "destinations": [nat]}])
    fetch = ("curl", "--silent", "--output", "/dev/null", "--max-time", "5", "--retry", "20", "--retry-connrefused")
    with background("-m", "http.server", "8080", "--bind", "127.0.0.1"):
        subprocess.run([*fetch, "--retry-delay", "1", "http://127.0.0.1:8080/"], check=True)
        for _request in range(7):
            subprocess.run([*fetch, "http://10.9.0.1/"], check=True)
        deadline = time.monotonic() + 10
        while True:
            (figures,) = module("ipvs_info")["statistics"]
            if figures["connections"] == 7:
                break
            assert time.monotonic() < deadline, figures
    assert figures["service"] == "10.9.0.1:80/tcp"
    (destination,) = figures["destinations"]
    assert destination["destination"] == "127.0.0.1:8080"
    assert destination["connections"] == 7
    assert destination["active_connections"] + destination["inactive_connections"] == 7
    assert destination["bytes_out"] > 0
    assert "statistics" not in module("ipvs_info", statistics=False)


def test_the_version_is_what_ipvsadm_says(module: Module, ipvsadm: Ipvsadm) -> None:
    content = module("ipvs_info")
    assert f"IP Virtual Server version {content['version']} (size={content['connection_table_size']})" in ipvsadm("-L")


def test_scope(module: Module, saved: Saved, ipvsadm: Ipvsadm) -> None:
    for address in ("10.9.1.1:81", "10.9.1.2:80", "[fd00:9:1::1]:80"):
        ipvsadm("-A", "-t", address, "-s", "rr")
    ipvsadm("-A", "-f", "1", "-s", "rr")
    ipvsadm("-A", "-f", "2", "-s", "rr")
    scope = {"addresses": ["10.9.1.1"], "fwmarks": [2]}
    check = module("ipvs", state="exact", scope=scope, services=[WEB], check=True, diff=True)
    assert "-A -t 10.9.1.1:81 -s rr\n" in check["diff"]["before"]
    assert "10.9.1.2" not in check["diff"]["before"]
    done = module("ipvs", state="exact", scope=scope, services=[WEB])
    assert done["operations"] == [*WEB_RULES, "-D -f 2", "-D -t 10.9.1.1:81"]
    left = ["-A -t 10.9.1.2:80 -s rr", "-A -t [fd00:9:1::1]:80 -s rr", "-A -f 1 -s rr"]
    assert set(saved().splitlines()) == {*WEB_RULES, *left}


def test_guards(module: Module, saved: Saved) -> None:
    module("ipvs", services=[WEB])
    other = {**WEB, "scheduler": "rr", "destinations": [{"address": "10.9.2.2", "weight": 9}, {"address": "10.9.2.3"}]}
    kept = module("ipvs", state="exact", services=[other], allow=["add"])
    assert kept["operations"] == ["-a -t 10.9.1.1:80 -r 10.9.2.3:80 -g -w 1"]
    assert kept["withheld"] == [
        "-E -t 10.9.1.1:80 -s rr",
        "-e -t 10.9.1.1:80 -r 10.9.2.2:80 -g -w 9",
        "-d -t 10.9.1.1:80 -r 10.9.2.1:80",
    ]
    live = module("ipvs", state="exact", services=[other], keep_weights=True)
    assert "-a -t 10.9.1.1:80 -r 10.9.2.2:80 -g -w 3" in live["rules"]
    assert "-a -t 10.9.1.1:80 -r 10.9.2.2:80 -g -w 3" in saved()


SLOW_SERVER = """
import socket, time
listener = socket.create_server(("127.0.0.1", 8081))
client = listener.accept()[0]
client.recv(9)
for number in range(6):
    time.sleep(0.5)
    client.sendall(b"part ")
client.close()
"""
CLIENT = """
import socket
client = socket.create_connection(("10.9.0.1", 81), 5)
client.sendall(b"x")
print("connected", flush=True)
data = b""
while chunk := client.recv(99):
    data += chunk
print(data.decode())
"""


def test_a_connection_is_let_finish(module: Module, saved: Saved) -> None:
    """A download runs while its server is removed: it ends whole, and only then the server goes."""
    nat = {"address": "127.0.0.1", "port": 8081, "forwarding": "nat"}
    service = {"address": "10.9.0.1", "port": 81, "scheduler": "rr", "destinations": [nat]}
    module("ipvs", services=[service])
    wait = "until ss --no-header --listening --tcp --numeric sport = 8081 | grep -q 8081; do sleep 0.05; done"
    with background("-c", SLOW_SERVER):
        subprocess.run(["timeout", "10", "sh", "-c", wait], check=True)
        with background("-c", CLIENT) as client:
            assert client.stdout and client.stdout.readline() == "connected\n"
            done = module("ipvs", state="exact", services=[{**service, "destinations": []}], drain_timeout=30)
            assert client.stdout.read() == "part " * 6 + "\n"
    assert done["operations"] == [
        "-e -t 10.9.0.1:81 -r 127.0.0.1:8081 -m -w 0",
        "-d -t 10.9.0.1:81 -r 127.0.0.1:8081",
    ]
    (drained,) = done["drained"]
    assert drained["active_connections"] == 0
    assert 1 <= drained["seconds"] <= 29
    assert "-r" not in saved()


def test_bad_input_changes_nothing(module: Module, saved: Saved) -> None:
    module("ipvs", services=[WEB])
    bad = [
        {**WEB, "destinations": [{"address": "10.9.2.9"}, {"address": "web2"}, {"address": "10.9.2.8", "weight": -1}]}
    ]
    failed = module("ipvs", services=bad)
    assert failed["failed"]
    assert failed["msg"].splitlines() == [
        "2 errors in the declaration; nothing was changed.",
        "  services[0] 10.9.1.1:80/tcp, destinations[1]: address 'web2' is not an IP address.",
        "      Write an IPv4 or IPv6 address alone; names are not looked up.",
        "  services[0] 10.9.1.1:80/tcp, destinations[2] 10.9.2.8:80: weight -1 is out of range.",
        "      Write a whole number, 0 to 65535.",
    ]
    assert saved().splitlines() == WEB_RULES


def test_partial_failure_is_told_and_finished_by_the_next_run(module: Module, saved: Saved) -> None:
    """To the kernel one server's address is a broadcast: its service keeps what serves, the other service is done."""
    module("ipvs", services=[WEB])
    services = [
        {**WEB, "destinations": [{"address": "10.9.2.9"}]},
        {"address": "10.9.1.1", "port": 81, "destinations": [{"address": "10.9.2.1"}]},
    ]
    broadcast = ["broadcast", "10.9.2.9", "dev", "hw0", "table", "local"]
    subprocess.run(["ip", "route", "add", *broadcast], check=True)
    try:
        failed = module("ipvs", state="exact", services=services)
    finally:
        subprocess.run(["ip", "route", "del", *broadcast], check=True)
    assert failed["failed"] and failed["changed"]
    assert (
        "10.9.1.1:80/tcp -> 10.9.2.9:80: add refused: to this host, its address is not a unicast one" in failed["msg"]
    )
    assert "2 operations were done, 2 wait for what failed; run it again" in failed["msg"]
    (refused,) = failed["failed_operations"]
    assert refused["operation"] == "-a -t 10.9.1.1:80 -r 10.9.2.9:80 -g -w 1"
    assert failed["pending"] == ["-d -t 10.9.1.1:80 -r 10.9.2.1:80", "-d -t 10.9.1.1:80 -r 10.9.2.2:80"]
    assert set(saved().splitlines()) == {
        *WEB_RULES,
        "-A -t 10.9.1.1:81 -s wlc",
        "-a -t 10.9.1.1:81 -r 10.9.2.1:81 -g -w 1",
    }
    assert module("ipvs", state="exact", services=services)["operations"] == [refused["operation"], *failed["pending"]]


def test_a_run_that_is_killed_is_finished_by_the_next(module: Module, saved: Saved) -> None:
    services = [
        {"address": f"10.9.{1 + n // 200}.{1 + n % 200}", "port": 80, "destinations": [{"address": "10.9.2.1"}]}
        for n in range(1500)
    ]
    for service in services:
        service["destinations"] = [{"address": f"10.9.{100 + k}.1"} for k in range(5)]  # type: ignore[index]
    process = subprocess.Popen(
        ["python3", "-m", "ansible_collections.lvs.ha_web.plugins.modules.ipvs"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        cwd="/",
    )
    assert process.stdin
    process.stdin.write(json.dumps({"ANSIBLE_MODULE_ARGS": {"services": services}}).encode())
    process.stdin.close()
    deadline = time.monotonic() + 60
    while len(saved().splitlines()) < 500:
        assert process.poll() is None and time.monotonic() < deadline
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    written = len(saved().splitlines())
    assert 500 <= written < 9000
    done = module("ipvs", services=services)
    assert len(done["operations"]) == 9000 - written
    assert len(saved().splitlines()) == 9000
    assert not module("ipvs", services=services)["changed"]


def test_a_sync_daemon_on_no_interface(module: Module) -> None:
    failed = module("ipvs", sync_daemons=[{"state": "master", "interface": "eth7", "sync_id": 1}])
    assert "sync daemon master: add refused: there is no interface eth7" in failed["msg"]
    assert "ip -brief link" in failed["msg"]


def test_sync_daemons_and_time_outs(module: Module, ipvsadm: Ipvsadm) -> None:
    wanted = {"sync_daemons": [{"state": "backup", "interface": "hw0", "sync_id": 9}], "timeouts": {"udp": 30}}
    operations = [
        "--start-daemon backup --mcast-interface hw0 --syncid 9"
        " --mcast-group 224.0.0.81 --mcast-port 8848 --mcast-ttl 1",
        "--set 0 0 30",
    ]
    assert module("ipvs", **wanted)["operations"] == operations
    assert "900 120 30" in ipvsadm("--list", "--timeout")
    again = module("ipvs", **wanted)
    assert not again["changed"]
    # What the kernel has chosen is not declared.
    assert again["rules"] == [*operations[:1], "--set 0 0 30"]
    assert module("ipvs", state="exact", sync_daemons=[])["operations"] == ["--stop-daemon backup"]
    assert not ipvsadm("--list", "--daemon")
