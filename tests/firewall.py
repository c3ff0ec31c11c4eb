# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The role firewall for real: two directors, a web server and a client on this machine's own kernel.

With systemd, nft, keepalived and packets; without IPVS, which that kernel need not have.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lab import namespaces
from lab.namespaces import Nodes
from lab.report import LabError, wait_for
from lab.settings import REPO
from lab.split_brain import Change, doubles

pytestmark = pytest.mark.skipif(bool(namespaces.refusal()), reason=namespaces.refusal())

VIP = "10.91.1.100"
ADDRESSES = {"lvs1": "10.91.1.11", "lvs2": "10.91.1.12", "web1": "10.91.1.21", "client": "10.91.1.50"}
GROUPS = {"directors": ["lvs1", "lvs2"], "web": ["web1"], "outside": ["client"]}
MANAGED = ["lvs1", "lvs2", "web1"]
VARIABLES = {"ha_web_vip": VIP, "ha_web_firewall": True}
LIST = "nft --stateless list table inet ha_web"
EXAMPLES = sorted((REPO / "tests/integration/firewall").glob("*.nft"))

# Someone behind every port of interest, so that what is closed is closed by the firewall.
LISTENERS = """
import selectors, socket, sys
selector = selectors.DefaultSelector()
for port in map(int, sys.argv[1:]):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("0.0.0.0", port))
    listener.listen(1024)
    selector.register(listener, selectors.EVENT_READ)
print("ready", flush=True)
while True:
    for key, _events in selector.select():
        connection, _peer = key.fileobj.accept()
        connection.close()
"""
LISTENED = [22, 25, 80, 443, 3306, 8080, 8848, 9100]
# Prints the ports that accept, and those that answer at all.
SCAN = """
import errno, json, selectors, socket, sys, time
address, first, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
selector, found = selectors.DefaultSelector(), {"open": [], "refused": []}
for port in range(first, last + 1):
    probe = socket.socket()
    probe.setblocking(False)
    probe.connect_ex((address, port))
    selector.register(probe, selectors.EVENT_WRITE, port)
deadline = time.monotonic() + 1.5
while selector.get_map() and time.monotonic() < deadline:
    for key, _events in selector.select(0.1):
        error = key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        found["refused" if error == errno.ECONNREFUSED else "open" if not error else "other"].append(key.data)
        selector.unregister(key.fileobj)
print(json.dumps({kind: sorted(ports) for kind, ports in found.items()}))
"""
# Requests to the VIP, one after the other, each on a connection of its own; then how many failed.
REQUESTS = """
import socket, sys, time
address, seconds = sys.argv[1], float(sys.argv[2])
asked = failed = 0
end = time.monotonic() + seconds
while time.monotonic() < end:
    asked += 1
    try:
        socket.create_connection((address, 80), timeout=0.8).close()
    except OSError:
        failed += 1
    time.sleep(0.01)
print(asked, failed)
"""
# Adverts of VRRP version 3 with the highest priority, from somebody who is no director.
ADVERTS = """
import socket, struct, sys, time
source, target, vip = (socket.inet_aton(word) for word in sys.argv[1:4])
advert = struct.pack("!BBBBHH4s", 0x31, 51, 254, 1, 10, 0, vip)
pseudo = source + target + struct.pack("!BBH", 0, 112, len(advert)) + advert
total = sum(struct.unpack(f"!{len(pseudo) // 2}H", pseudo))
total = (total & 0xFFFF) + (total >> 16)
advert = advert[:6] + struct.pack("!H", ~(total + (total >> 16)) & 0xFFFF) + advert[8:]
sender = socket.socket(socket.AF_INET, socket.SOCK_RAW, 112)
sender.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 255)
for _number in range(20):
    sender.sendto(advert, (socket.inet_ntoa(target), 0))
    time.sleep(0.05)
"""
KEEPALIVED = """
- hosts: directors
  gather_subset: ["!all", network]
  tasks:
    - ansible.builtin.copy:
        # This kernel has no IPVS.
        content: DAEMON_ARGS=--vrrp
        dest: /etc/default/keepalived
        mode: "0644"
    - ansible.builtin.import_role:
        name: lvs.ha_web.keepalived
"""
OPEN_ONLY = """
- hosts: directors:web
  gather_subset: ["!all", min]
  roles: [lvs.ha_web.firewall]
"""


def python(nodes: Nodes, node: str, program: str, *arguments: object) -> str:
    words = " ".join(map(str, arguments))
    return nodes.run(node, f"python3 - {words}", program)


class Play:
    """Playbooks against the nodes."""

    def __init__(self, nodes: Nodes, folder: Path) -> None:
        self._inventory = nodes.inventory(GROUPS, **VARIABLES)
        self._folder = folder

    def run(self, playbook: Path | str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        if isinstance(playbook, str):
            text, playbook = playbook, self._folder / "play.yml"
            playbook.write_text(text, encoding="utf-8")
        tool = Path(sys.executable).with_name("ansible-playbook")
        return subprocess.run(
            [str(tool), "-i", str(self._inventory), str(playbook), *arguments],
            cwd=REPO,
            env={**os.environ, "ANSIBLE_CONFIG": str(REPO / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1", **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def site(self, *arguments: str, **variables: Any) -> dict[str, int]:
        """Run the site's plays of the firewall; return by host what changed."""
        wanted = ["--tags=firewall", *arguments, "--extra-vars", json.dumps(variables)]
        return changed(self.run(REPO / "playbooks/site.yml", *wanted))


def changed(done: subprocess.CompletedProcess[str]) -> dict[str, int]:
    assert not done.returncode, done.stdout + done.stderr
    recap = [line.split() for line in done.stdout.splitlines() if " ok=" in line]
    return {words[0]: int(word.partition("=")[2]) for words in recap for word in words if word.startswith("changed=")}


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    with Nodes(ADDRESSES) as started:
        yield started


@pytest.fixture(scope="module")
def play(nodes: Nodes, tmp_path_factory: pytest.TempPathFactory) -> Play:
    return Play(nodes, tmp_path_factory.mktemp("plays"))


@pytest.fixture(scope="module")
def firewall(play: Play) -> dict[str, int]:
    """What the first run changed."""
    return play.site()


@pytest.fixture(scope="module")
def listeners(nodes: Nodes, firewall: dict[str, int]) -> Iterator[None]:
    started = []
    for node in MANAGED:
        command = nodes.enter(node, "python3", "-c", LISTENERS, *map(str, LISTENED))
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
    for one in started:
        assert one.stdout
        assert one.stdout.readline() == "ready\n"
    yield
    for one in started:
        one.kill()
        one.wait()


@pytest.fixture(scope="module")
def keepalived(nodes: Nodes, play: Play, firewall: dict[str, int]) -> None:
    """The directors under VRRP alone, with one holder of the VIP."""
    variables = json.dumps({"ha_web_sync_daemon": False, "keepalived_listen": 0})
    changed(play.run(KEEPALIVED, "--extra-vars", variables))
    wait_for("the holder of the VIP", lambda: holders(nodes) == ["lvs1"], 20)


def holders(nodes: Nodes) -> list[str]:
    return [node for node in GROUPS["directors"] if nodes.run(node, f"ip -o address show to {VIP}")]


def strangers(nodes: Nodes, node: str) -> int:
    """How many adverts of strangers the firewall has dropped."""
    found = nodes.run(node, "nft list chain inet ha_web input | grep 'vrrp of strangers'").split()
    return int(found[found.index("packets") + 1])


class Watch:
    """Who holds the VIP, seen every few milliseconds."""

    def __init__(self, nodes: Nodes, seconds: float) -> None:
        program = (REPO / "tests/lab/watch_address.py").read_text(encoding="utf-8")
        self._started = {
            node: subprocess.Popen(
                nodes.enter(node, "python3", "-c", program, VIP, str(seconds)), stdout=subprocess.PIPE, text=True
            )
            for node in GROUPS["directors"]
        }

    def changes(self) -> list[Change]:
        """Wait for the end of the watch; return what it saw."""
        found = []
        for node, started in self._started.items():
            for line in started.communicate()[0].splitlines()[1:]:
                at, held = line.split()
                found.append(Change(float(at), node, held == "1"))
        return sorted(found, key=lambda one: one.at)


def test_there_are_files() -> None:
    assert len(EXAMPLES) > 10


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_nft_takes(nodes: Nodes, file: Path) -> None:
    assert not nodes.run("client", "nft --check --file - 2>&1", file.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("right", "wrong"), [(" . tcp . 80", " . tcp . 65536"), ("notrack", "nottrack"), ("@services_ipv4", "@services")]
)
def test_nft_complains(nodes: Nodes, right: str, wrong: str) -> None:
    """Else the tests above would prove nothing."""
    good = next(file for file in EXAMPLES if file.stem == "director").read_text(encoding="utf-8")
    assert right in good
    with pytest.raises(LabError, match="Error"):
        nodes.run("client", "nft --check --file - 2>&1", good.replace(right, wrong))


def test_check_mode_says_what_it_would_do_and_does_nothing(nodes: Nodes, play: Play) -> None:
    found = play.site("--check")
    assert all(found[node] for node in MANAGED)
    for node in MANAGED:
        assert not nodes.run(node, "nft list tables; ls /etc/ha-web-firewall.nft 2>/dev/null || true")


def test_second_run_changes_nothing(play: Play, firewall: dict[str, int]) -> None:
    assert all(firewall[node] for node in MANAGED)
    assert not any(play.site().values())
    assert not any(play.site("--check").values())


@pytest.mark.parametrize(("node", "expected"), [("lvs1", [22]), ("lvs2", [22]), ("web1", [22])])
def test_nothing_else_is_open(nodes: Nodes, listeners: None, node: str, expected: list[int]) -> None:
    """Nor does a closed port say so: dropped."""
    assert json.loads(python(nodes, "client", SCAN, ADDRESSES[node], 1, 9999)) == {"open": expected, "refused": []}


def test_service_is_open_at_its_address(nodes: Nodes, listeners: None, keepalived: None) -> None:
    # ssh is open at any address of the host.
    assert json.loads(python(nodes, "client", SCAN, VIP, 1, 9999)) == {"open": [22, 80], "refused": []}


def test_health_checks_come_through_from_directors(nodes: Nodes, listeners: None) -> None:
    found = json.loads(python(nodes, "lvs1", SCAN, ADDRESSES["web1"], 1, 9999))
    assert found == {"open": [22, 80], "refused": []}


def test_answers_to_the_host_itself_come_back(nodes: Nodes, listeners: None) -> None:
    nodes.run("lvs2", f"python3 -c 'import socket; socket.create_connection((\"{ADDRESSES['web1']}\", 80), 2)'")


def test_balanced_traffic_leaves_no_trace_in_connection_tracking(
    nodes: Nodes, listeners: None, keepalived: None
) -> None:
    count = "cat /proc/sys/net/netfilter/nf_conntrack_count"
    before = int(nodes.run("lvs1", count))
    asked, failed = python(nodes, "client", REQUESTS, VIP, 2).split()
    assert (int(asked) > 50, int(failed)) == (True, 0)
    # What else the host is busy with may come and go.
    assert int(nodes.run("lvs1", count)) - before < 10


def test_adverts_of_a_stranger_are_dropped(nodes: Nodes, keepalived: None) -> None:
    before = {node: strangers(nodes, node) for node in GROUPS["directors"]}
    watch = Watch(nodes, 3)
    for node in GROUPS["directors"]:
        python(nodes, "client", ADVERTS, ADDRESSES["client"], ADDRESSES[node], VIP)
        assert strangers(nodes, node) - before[node] == 20
    assert [(one.node, one.holds) for one in watch.changes() if one.holds] == [("lvs1", True)]


def test_adverts_of_directors_pass(nodes: Nodes, keepalived: None) -> None:
    assert nodes.run("lvs2", f"{LIST} | grep -c 'saddr {ADDRESSES['lvs1']} .* meta l4proto 112 accept'") == "1\n"
    before = strangers(nodes, "lvs2")
    changes = Watch(nodes, 3).changes()
    assert [(one.node, one.holds) for one in changes if one.holds] == [("lvs1", True)]
    assert strangers(nodes, "lvs2") == before


def test_firewall_that_drops_vrrp_splits_the_brain_and_is_seen(nodes: Nodes, keepalived: None) -> None:
    watch = Watch(nodes, 8)
    nodes.run(
        "lvs2",
        "nft 'table inet other { chain input { type filter hook input priority -10; meta l4proto 112 drop; }; }'",
    )
    wait_for("two holders", lambda: len(holders(nodes)) == 2, 5, every=0.05)
    nodes.run("lvs2", "date +%s.%N >/run/cured; nft delete table inet other")
    cured = float(nodes.run("lvs2", "cat /run/cured"))
    wait_for("one holder", lambda: holders(nodes) == ["lvs1"], 5, every=0.05)
    (double,) = doubles(watch.changes())
    assert double[1] - cured < 2


def test_reload_and_restart_under_load(nodes: Nodes, listeners: None, keepalived: None) -> None:
    watch = Watch(nodes, 12)
    requests = subprocess.Popen(
        nodes.enter("client", "python3", "-c", REQUESTS, VIP, "10"), stdout=subprocess.PIPE, text=True
    )
    for verb in ("reload", "restart", "restart", "reload", "restart"):
        for node in GROUPS["directors"]:
            nodes.run(node, f"systemctl {verb} ha-web-firewall")
    assert requests.poll() is None, "the load must have lasted"
    asked, failed = requests.communicate()[0].split()
    assert (int(asked) > 100, int(failed)) == (True, 0)
    assert [(one.node, one.holds) for one in watch.changes() if one.holds] == [("lvs1", True)]


def test_established_connection_survives_reload_and_restart(nodes: Nodes, listeners: None) -> None:
    held = f"""
import socket, time
connection = socket.create_connection(("{ADDRESSES["lvs1"]}", 22), 2)
print("connected", flush=True)
time.sleep(3)
connection.sendall(b"x")
print("sent", flush=True)
"""
    process = subprocess.Popen(nodes.enter("client", "python3", "-c", held), stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "connected\n"
    nodes.run("lvs1", "systemctl restart ha-web-firewall; systemctl reload ha-web-firewall")
    assert process.communicate()[0] == "sent\n"


@pytest.mark.parametrize(
    "by_hand",
    [
        "nft delete table inet ha_web",
        "nft insert rule inet ha_web input accept;"
        f" nft add element inet ha_web services_ipv4 '{{ {VIP} . tcp . 8080 }}'",
        "systemctl disable --now ha-web-firewall 2>&1",
    ],
)
def test_what_somebody_changed_by_hand_is_put_right(
    nodes: Nodes, play: Play, firewall: dict[str, int], by_hand: str
) -> None:
    before = nodes.run("web1", LIST)
    nodes.run("web1", by_hand)
    assert play.site("--limit=web1")["web1"] == 1
    assert nodes.run("web1", LIST) == before
    state = nodes.run("web1", "systemctl is-enabled ha-web-firewall; systemctl is-active ha-web-firewall")
    assert state == "enabled\nactive\n"


def test_table_of_others_stays(nodes: Nodes, play: Play, firewall: dict[str, int]) -> None:
    nodes.run(
        "web1", "nft add table inet somebody; systemctl reload ha-web-firewall; systemctl restart ha-web-firewall"
    )
    assert "table inet somebody" in nodes.run("web1", "nft list tables; nft delete table inet somebody")


def test_distributions_service_does_not_leave_the_host_open(nodes: Nodes, firewall: dict[str, int]) -> None:
    """Its file begins with flush ruleset."""
    before = nodes.run("web1", LIST)
    for verb in ("start", "reload", "restart", "stop"):
        nodes.run("web1", f"nft add table inet somebody; systemctl {verb} nftables")
        assert "somebody" not in nodes.run("web1", "nft list tables")
        assert nodes.run("web1", LIST) == before


def test_unit_is_there_before_the_network(nodes: Nodes, firewall: dict[str, int]) -> None:
    shown = nodes.run("web1", "systemctl show --property=Before,After ha-web-firewall")
    known = dict(line.split("=", 1) for line in shown.splitlines())
    assert "network-pre.target" in known["Before"]
    assert "nftables.service" in known["After"]
    assert not nodes.run("web1", "systemd-analyze verify --man=no ha-web-firewall.service nftables.service 2>&1")


def test_invalid_line_is_refused_and_the_old_ruleset_serves(nodes: Nodes, play: Play, firewall: dict[str, int]) -> None:
    before = nodes.run("web1", f"{LIST}; cat /etc/ha-web-firewall.nft")
    done = play.run(
        REPO / "playbooks/site.yml", "--tags=firewall", "--extra-vars", json.dumps({"firewall_raw": ["nonsense"]})
    )
    assert done.returncode
    assert "nonsense" in done.stdout
    assert nodes.run("web1", f"{LIST}; cat /etc/ha-web-firewall.nft") == before


def test_role_does_not_lock_ansible_out(nodes: Nodes, play: Play, firewall: dict[str, int]) -> None:
    before = nodes.run("web1", LIST)
    came = {"SSH_CONNECTION": "198.51.100.7 51234 10.91.1.21 2222"}
    done = play.run(REPO / "playbooks/site.yml", "--tags=firewall", **came)
    assert done.returncode
    assert "Ansible came over ssh from 198.51.100.7 to port 2222, which would be closed." in done.stdout
    assert nodes.run("web1", LIST) == before
    assert not any(play.site().values())


def test_nothing_closes_before_the_directors_know(nodes: Nodes, play: Play, firewall: dict[str, int]) -> None:
    services = [{"name": "web", "ports": [8080]}]
    moved = ["--limit=web1", "--extra-vars", json.dumps({"ha_web_virtual_services": services})]
    changed(play.run(OPEN_ONLY, *moved))
    both = nodes.run("web1", LIST)
    assert f"{VIP} . 6 . 80" in both
    assert f"{VIP} . 6 . 8080" in both
    assert not any(changed(play.run(OPEN_ONLY, *moved)).values())
    play.site("--limit=web1", ha_web_virtual_services=services)
    closed = nodes.run("web1", LIST)
    assert f"{VIP} . 6 . 8080" in closed
    assert f"{VIP} . 6 . 80 " not in closed
    assert not any(play.site("--limit=web1", ha_web_virtual_services=services).values())
    play.site("--limit=web1")


def test_turned_off_nothing_is_left(nodes: Nodes, play: Play, firewall: dict[str, int]) -> None:
    assert play.site("--check", "--limit=web1", ha_web_firewall=False)["web1"]
    assert nodes.run("web1", LIST)
    assert play.site("--limit=web1", ha_web_firewall=False)["web1"]
    left = "nft list tables | grep ha_web; ls /etc/ha-web-firewall.nft; ls /etc/systemd/system | grep ha-web-firewall"
    assert not nodes.run("web1", f"{{ {left}; ls /etc/systemd/system/nftables.service.d; }} 2>/dev/null || true")
    assert not any(play.site("--limit=web1", ha_web_firewall=False).values())
