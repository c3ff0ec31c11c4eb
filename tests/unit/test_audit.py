# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What an audit finds in readings of a cluster; every kind of finding, and none where all is well."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs import declaration
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.model import Service, Table, Timeouts
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.derivation import build
from ansible_collections.lvs.ha_web.plugins.plugin_utils import _keepalived_table
from ansible_collections.lvs.ha_web.plugins.plugin_utils._audit import node as nodes
from ansible_collections.lvs.ha_web.plugins.plugin_utils._audit.audit import CONFIGURATION, Limits, Reading, audit
from ansible_collections.lvs.ha_web.plugins.plugin_utils._audit.node import tiers
from ansible_collections.lvs.ha_web.plugins.plugin_utils._audit.report import report
from hypothesis import given
from hypothesis import strategies as st
from unit import certificates
from unit.keepalived_conf import render
from unit.topology_inventories import VIP, long, service

NOW = certificates.NOW.replace(microsecond=0)
FILES = sorted((Path(__file__).resolve().parents[1] / "integration/keepalived").glob("*.conf"))
DRAINS = "/var/lib/ha-web/track/servers/web/web2"
WEB2 = "192.0.2.100:80/tcp -> 192.0.2.22:80 (web2)"
TIERS = {"lvs1": "directors", "lvs2": "directors", "web1": "web", "web2": "web"}
# One whose check gives it its weight.
DYNAMIC = {"name": "web2", "checks": [{"type": "misc", "script": "/usr/bin/test", "dynamic_weight": True}]}

Cluster = dict[str, dict[str, Any]]
Change = Callable[[Cluster], None]


def topology(**changes: Any) -> dict[str, Any]:
    wanted = service(name="web", ports=[80], **{"real_servers": ["web1", "web2"], **changes})
    return build(long(wanted)).as_dict()


def kernel(text: str) -> dict[str, Any]:
    """What ipvs_info says of a kernel that is just what a configuration asks for."""
    expected = _keepalived_table.read(text)
    services = {
        key: Service(one.settings, {name: server.value for name, server in one.servers.items()})
        for key, one in expected.services.items()
    }
    return {**declaration.as_parameters(Table(services, {}, Timeouts(900, 10, 300)))}


def unit(**changes: Any) -> dict[str, Any]:
    return {
        "ActiveState": "active",
        "UnitFileState": "enabled",
        "StateChangeTimestamp": "@1000",
        "Replaced": False,
    } | changes


def healthy(**changes: Any) -> tuple[dict[str, Any], Cluster]:
    """A topology of one service, and all that is read where everything is as declared."""
    declared = topology(**changes)
    built = build(
        long(
            service(name="web", ports=[80], **{"real_servers": ["web1", "web2"], **changes}),
        )
    )
    cluster: Cluster = {}
    for name, tier in TIERS.items():
        address = declared["nodes"][name]["address"]
        read = {
            "files": [],
            "units": {},
            "values": {},
            "commands": [],
            "certificates": [],
            "sysctls": {},
            "addresses": [{"interface": "lo", "address": "127.0.0.1"}, {"interface": "eth0", "address": address}],
            "default_interfaces": ["eth0"],
            "mounts": [],
            "kernel": "6.1.0",
            "ntp_synchronised": True,
            "clock": {"offset": 0.01, "error": 0.02},
        }
        said: dict[str, Any] = {"units": [], "files": []}
        cluster[name] = {"roles": {"it": said}, "read": read, "table": {}, "heard": []}
        if tier == "directors":
            text = render(built, director=name)
            said["files"] = [{"path": CONFIGURATION, "content": text, "mode": "0640"}]
            said["units"] = [{"name": "keepalived", "reads": [CONFIGURATION]}]
            file = {"path": CONFIGURATION, "content": text, "mode": "0640", "owner": "root", "changed_at": 999}
            read["files"] = [file]
            read["units"] = {"keepalived": unit()}
            daemon = {"state": "master" if name == "lvs1" else "backup", "interface": "eth0", "sync_id": 51}
            cluster[name]["table"] = {**kernel(text), "sync_daemons": [daemon]}
        else:
            said["addresses"] = [{"interface": "lo", "addresses": [VIP]}]
            said["effective"] = [{"interfaces": ["eth0"], "parameter": "arp_ignore", "values": [1, 2]}]
            read["addresses"].append({"interface": "lo", "address": VIP})
            read["sysctls"] = {"net.ipv4.conf.all.arp_ignore": "1", "net.ipv4.conf.eth0.arp_ignore": "0"}
    cluster["lvs1"]["read"]["addresses"].append({"interface": "eth0", "address": VIP})
    cluster["lvs2"]["heard"].append(advert("192.0.2.11", declared["virtual_routers"][0]["priorities"]["lvs1"]))
    return declared, cluster


def advert(source: str, priority: int, **changes: Any) -> dict[str, Any]:
    said = {"source": source, "family": "ipv4", "version": 3, "vrid": 51, "priority": priority, "addresses": [VIP]}
    return said | changes


def result(declared: dict[str, Any], cluster: Cluster) -> dict[str, Any]:
    readings = {name: Reading(**one) for name, one in cluster.items()}
    return audit(declared, readings, TIERS, Limits(), NOW)


def told(found: list[dict[str, Any]]) -> list[str]:
    return [f"{one['node']}  {one['subject']}: {one['words']}" for one in found]


def after(change: Change, **changes: Any) -> tuple[list[str], list[str]]:
    """What is found and what is noted after a change of a healthy cluster."""
    declared, cluster = healthy(**changes)
    change(cluster)
    found = result(declared, cluster)
    assert report(found)
    return told(found["findings"]), told(found["information"])


def web2(cluster: Cluster, director: str = "lvs1") -> dict[str, Any]:
    """Of the kernel's table."""
    servers = cluster[director]["table"]["services"][0]["destinations"]
    found: dict[str, Any] = next(one for one in servers if one["address"] == "192.0.2.22")
    return found


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"forwarding": "nat"},
        {"forwarding": "tun", "tunnel_type": "gue", "tunnel_port": 5555},
        {"persistence_timeout": 60, "scheduler": "mh", "scheduler_flags": ["mh-port"]},
        {"sorry_server": {"address": "192.0.2.50"}},
    ],
)
def test_nothing_where_all_is_well(changes: dict[str, Any]) -> None:
    declared, cluster = healthy(**changes)
    found = result(declared, cluster)
    assert (found["findings"], found["information"]) == ([], [])
    assert report(found).splitlines()[-1] == "No finding."


def drop(cluster: Cluster, *names: str) -> None:
    for name in names or ("lvs1",):
        cluster[name]["table"]["services"][0]["destinations"].remove(web2(cluster, name))


def everywhere(cluster: Cluster, **changes: Any) -> None:
    for name in ("lvs1", "lvs2"):
        web2(cluster, name).update(changes)


def add(cluster: Cluster, address: str, weight: int = 1, director: str = "lvs1") -> None:
    servers = cluster[director]["table"]["services"][0]["destinations"]
    servers.append({**servers[0], "address": address, "weight": weight})


def edit(cluster: Cluster, **changes: Any) -> None:
    file = cluster["lvs1"]["read"]["files"][0]
    file.update(changes)


def line(cluster: Cluster, old: str, new: str) -> None:
    edit(cluster, content=cluster["lvs1"]["read"]["files"][0]["content"].replace(old, new, 1))


KINDS: list[tuple[str, Change, str]] = [
    ("weight", lambda c: web2(c).update(weight=5), f"lvs1  {WEB2}: weight 5 in the kernel, 1 declared"),
    (
        "drained by hand",
        lambda c: web2(c).update(weight=0),
        f"lvs1  {WEB2}: weight 0 in the kernel, 1 declared (drained? no track file says so)",
    ),
    ("gone", drop, f"lvs1  {WEB2}: not in the kernel: failed its health check"),
    (
        "stranger",
        lambda c: add(c, "192.0.2.77"),
        "lvs1  192.0.2.100:80/tcp -> 192.0.2.77:80: in the kernel with weight 1, and nobody has declared it",
    ),
    (
        "forwarding",
        lambda c: web2(c).update(forwarding="nat"),
        f"lvs1  {WEB2}: forwarding nat in the kernel, dr declared",
    ),
    (
        "threshold",
        lambda c: web2(c).update(upper_threshold=9),
        f"lvs1  {WEB2}: upper threshold 9 in the kernel, 0 declared",
    ),
    (
        "scheduler",
        lambda c: c["lvs2"]["table"]["services"][0].update(scheduler="rr"),
        "lvs2  192.0.2.100:80/tcp: scheduler rr in the kernel, wlc declared",
    ),
    ("service gone", lambda c: c["lvs1"]["table"]["services"].clear(), "lvs1  192.0.2.100:80/tcp: not in the kernel"),
    (
        "service added",
        lambda c: c["lvs1"]["table"]["services"].append(
            {"fwmark": 3, "family": "ipv4", "scheduler": "rr", "destinations": []}
        ),
        "lvs1  fwmark 3 (ipv4): in the kernel, and nobody has declared it",
    ),
    (
        "time-out",
        lambda c: c["lvs1"]["table"]["timeouts"].update(tcp_fin=120),
        "lvs1  time-out tcpfin: 120 s in the kernel, 10 s declared",
    ),
    ("no daemon", lambda c: c["lvs1"]["table"]["sync_daemons"].clear(), "lvs1  sync daemon: the master does not run"),
    (
        "daemon elsewhere",
        lambda c: c["lvs2"]["table"]["sync_daemons"][0].update(sync_id=7),
        "lvs2  sync daemon: the backup is on eth0 with id 7, declared are eth0 and 51",
    ),
    (
        "table unreadable",
        lambda c: c["lvs1"].update(table={"msg": "no IPVS"}),
        "lvs1  IPVS: cannot be read: no IPVS",
    ),
    (
        "edited",
        lambda c: line(c, "advert_int 0.1", "advert_int 0.2"),
        f"lvs1  {CONFIGURATION}: line 59 is 'advert_int 0.2', declared is 'advert_int 0.1'",
    ),
    (
        "mode",
        lambda c: edit(c, mode="0644"),
        f"lvs1  {CONFIGURATION}: belongs to root with mode 0644, declared are root and 0640",
    ),
    (
        "unread",
        lambda c: edit(c, changed_at=1001),
        f"lvs1  keepalived: has not read {CONFIGURATION} since it was written",
    ),
    (
        "replaced",
        lambda c: c["lvs1"]["read"]["units"]["keepalived"].update(Replaced=True),
        "lvs1  keepalived: runs a program that has been replaced since",
    ),
    (
        "not at boot",
        lambda c: c["lvs1"]["read"]["units"]["keepalived"].update(UnitFileState="disabled"),
        "lvs1  keepalived: is disabled: it does not start at boot",
    ),
    (
        "unit changed",
        lambda c: c["lvs1"]["read"]["units"]["keepalived"].update(NeedDaemonReload="yes"),
        "lvs1  keepalived: its unit has been changed since systemd read it",
    ),
    (
        "second holder",
        lambda c: c["lvs2"]["read"]["addresses"].append({"interface": "eth0", "address": VIP}),
        f"directors  {VIP}: held by lvs1 and lvs2",
    ),
    ("no holder", lambda c: c["lvs1"]["read"]["addresses"].pop(), f"directors  {VIP}: no director holds it"),
    (
        "holder hears another",
        lambda c: c["lvs1"]["heard"].append(advert("192.0.2.12", 190)),
        "lvs1  VRRP ha_web_ipv4 (VRID 51): holds the VIPs, and hears lvs2 advertise them too",
    ),
    (
        "backup hears nobody",
        lambda c: c["lvs2"]["heard"].clear(),
        "lvs2  VRRP ha_web_ipv4 (VRID 51): does not hear the holder lvs1: it would take the VIPs too",
    ),
    (
        "backup hears a stranger",
        lambda c: c["lvs2"]["heard"].append(advert("192.0.2.99", 100)),
        "lvs2  VRRP ha_web_ipv4 (VRID 51): hears 192.0.2.99, who is not the holder lvs1",
    ),
    (
        "priority",
        lambda c: c["lvs2"]["heard"][0].update(priority=77),
        "lvs1  VRRP ha_web_ipv4 (VRID 51): advertises priority 77, 200 declared",
    ),
    (
        "other VIP",
        lambda c: c["lvs2"]["heard"][0].update(addresses=["192.0.2.9"]),
        f"lvs1  VRRP ha_web_ipv4 (VRID 51): advertises 192.0.2.9, declared is {VIP}",
    ),
    (
        "version 2",
        lambda c: c["lvs2"]["heard"][0].update(version=2),
        "lvs1  VRRP ha_web_ipv4 (VRID 51): speaks version 2 of VRRP, 3 is declared",
    ),
    ("VIP gone", lambda c: c["web1"]["read"]["addresses"].pop(), f"web1  {VIP}: not on lo"),
    (
        "VIP on a link",
        lambda c: c["web1"]["read"]["addresses"].append({"interface": "eth0", "address": VIP}),
        f"web1  {VIP}: on eth0, where the directors' clients may find it; it belongs to lo",
    ),
    (
        "ARP",
        lambda c: c["web1"]["read"]["sysctls"].update({"net.ipv4.conf.all.arp_ignore": "0"}),
        "web1  arp_ignore eth0: effective 0, must be 1 or 2",
    ),
    (
        "clock",
        lambda c: c["web1"]["read"].update(clock={"offset": -3.2, "error": 0.1}),
        "web1  clock: 3.20 s (give or take 0.10 s) behind the controller's",
    ),
    (
        "version",
        lambda c: c["web1"]["read"].update(kernel="6.1.9"),
        "web  version of kernel: 6.1.0 on web2, 6.1.9 on web1",
    ),
    (
        "role says nothing",
        lambda c: c["web1"].update(broken={"nginx": "no such variable"}),
        "web1  role nginx: nothing to compare with: no such variable",
    ),
    (
        "deaf",
        lambda c: c["lvs2"].update(deaf="cannot listen on eth1: No such device."),
        "lvs2  VRRP: nobody could be heard: cannot listen on eth1: No such device.",
    ),
    (
        "unreachable",
        lambda c: c["web1"].update(read={}, unreachable="no route to host"),
        "web1  node: cannot be audited: no route to host",
    ),
]


@pytest.mark.parametrize(("change", "words"), [one[1:] for one in KINDS], ids=[one[0] for one in KINDS])
def test_kind(change: Change, words: str) -> None:
    found, noted = after(change)
    assert (found, noted) == ([words], [])


def drained(cluster: Cluster, *directors: str) -> None:
    for name in directors or ("lvs1", "lvs2"):
        cluster[name]["read"]["values"][DRAINS] = "-100000"
        web2(cluster, name).update(weight=0)


@pytest.mark.parametrize("value", [-100000, 4])
def test_track_file_is_information(value: int) -> None:
    def change(cluster: Cluster) -> None:
        for name in ("lvs1", "lvs2"):
            cluster[name]["read"]["values"][DRAINS] = str(value)
            web2(cluster, name).update(weight=max(0, 1 + value))

    found, noted = after(change)
    words = f"drained (by {DRAINS})" if value < 0 else f"weight 5, 1 declared (by {DRAINS})"
    assert (found, noted) == ([], [f"{name}  {WEB2}: {words}" for name in ("lvs1", "lvs2")])


def test_drained_on_one_director_alone() -> None:
    found, _noted = after(lambda c: drained(c, "lvs1"))
    assert found == [f"directors  {WEB2}: drained on lvs1, not drained on lvs2"]


@pytest.mark.parametrize(
    ("value", "weight", "words"),
    [
        ("-100000", 1, f"{WEB2}: weight 1 in the kernel, 0 by its track file"),
        ("0", 0, f"{WEB2}: weight 0 in the kernel, 1 declared (drained? no track file says so)"),
        ("many", 1, f"{DRAINS}: the track file holds 'many', which is no number"),
    ],
)
def test_track_file_and_kernel_differ(value: str, weight: int, words: str) -> None:
    def change(cluster: Cluster) -> None:
        cluster["lvs1"]["read"]["values"][DRAINS] = value
        web2(cluster).update(weight=weight)

    assert after(change)[0] == [f"lvs1  {words}"]


def test_inhibited_server_has_failed() -> None:
    found, _noted = after(lambda c: everywhere(c, weight=0), inhibit_on_failure=True)
    words = f"{WEB2}: weight 0 in the kernel: failed its health check (inhibit_on_failure)"
    assert found == [f"lvs1  {words}", f"lvs2  {words}"]


def test_check_gives_any_weight_and_directors_may_differ() -> None:
    found, noted = after(lambda c: web2(c).update(weight=17), real_servers=["web1", DYNAMIC])
    assert (found, noted) == ([], [f"lvs1  {WEB2}: weight 17, given by its check"])


SORRY = {"sorry_server": {"address": "192.0.2.50"}}
SUBJECT = "192.0.2.100:80/tcp -> 192.0.2.50:80"


def test_sorry_server_left_behind() -> None:
    found, _noted = after(lambda c: add(c, "192.0.2.50"), **SORRY)
    assert found == [f"lvs1  {SUBJECT}: the sorry server answers too, though 2 real servers serve"]


def test_sorry_server_because_nobody_is_left() -> None:
    def change(cluster: Cluster) -> None:
        cluster["lvs1"]["table"]["services"][0]["destinations"].clear()
        cluster["lvs1"]["table"]["services"][0]["destinations"].append(
            {**web2(cluster, "lvs2"), "address": "192.0.2.50"}
        )

    found, _noted = after(change, **SORRY)
    assert f"lvs1  {SUBJECT}: the sorry server answers: no real server is left" in found
    assert f"lvs1  {WEB2}: not in the kernel: failed its health check" in found


def test_quorum_is_not_met() -> None:
    def change(cluster: Cluster) -> None:
        drop(cluster)
        add(cluster, "192.0.2.50")

    found, _noted = after(change, quorum=2, **SORRY)
    assert found == [
        f"lvs1  {WEB2}: not in the kernel: failed its health check, or the quorum 2 is not met",
        f"lvs1  {SUBJECT}: the sorry server answers: weight 1 is left of the quorum 2",
    ]


def test_without_keepalived_its_table_is_no_further_finding() -> None:
    def change(cluster: Cluster) -> None:
        cluster["lvs2"]["read"]["units"]["keepalived"].update(ActiveState="inactive")
        cluster["lvs2"]["table"]["services"].clear()

    assert after(change)[0] == ["lvs2  keepalived: is inactive"]


def test_standby_is_information_and_explains_the_priority() -> None:
    declared, cluster = healthy()
    declared["standby_file"] = "/var/lib/ha-web/track/director/standby"
    cluster["lvs1"]["read"]["values"][declared["standby_file"]] = "1"
    cluster["lvs2"]["heard"][0].update(priority=100)
    found = result(declared, cluster)
    assert not found["findings"]
    assert told(found["information"]) == ["lvs1  ha_web_ipv4: on standby: it takes no VIP while another director lives"]


def test_director_that_cannot_be_read_may_be_the_holder() -> None:
    found, _noted = after(lambda c: c["lvs1"].update(read={}, unreachable="no route to host"))
    assert found == [
        "lvs1  node: cannot be audited: no route to host",
        f"directors  {VIP}: no director that could be read holds it; lvs1 could not",
    ]


@pytest.mark.parametrize(("days", "words"), [(30, ""), (5, "5 days left"), (-2, "expired 2 days ago")])
def test_certificate(days: int, words: str) -> None:
    pem = certificates.certificate("www.example.org", begins=-40, ends=days)
    found, _noted = after(lambda c: c["web1"]["read"]["certificates"].append({"path": "/t.pem", "pem": pem}))
    assert found == ([f"web1  /t.pem: certificate for www.example.org: {words}"] if words else [])


def test_certificate_that_is_none() -> None:
    found, _noted = after(lambda c: c["web1"]["read"]["certificates"].append({"path": "/t.pem", "pem": ""}))
    assert found == ["web1  /t.pem: is no certificate that can be read"]


def test_passwords_are_not_shown() -> None:
    def change(cluster: Cluster) -> None:
        file = {"path": "/x", "content": "    auth_pass wanted\n"}
        cluster["lvs1"]["roles"]["it"]["files"].append(file)
        read = {"content": "    auth_pass found\n", "mode": "0644", "owner": "root", "changed_at": 1}
        cluster["lvs1"]["read"]["files"].append({"path": "/x", **read})
        cluster["lvs1"]["roles"]["it"]["files"].append({"path": "/y", "content": "a\nwanted\n", "secret": True})
        cluster["lvs1"]["read"]["files"].append({"path": "/y", **read, "content": "a\nfound\n"})

    assert after(change)[0] == [
        "lvs1  /x: line 1 is 'auth_pass ********', declared is 'auth_pass ********'",
        "lvs1  /y: differs from what is declared, from line 2 on",
    ]


def test_all_that_a_role_may_say() -> None:
    said = {
        "files": [{"path": "/s", "lines": ["a.b=1", "c=2"]}, {"path": "/gone", "content": ""}],
        "units": ["ha-web-x"],
        "commands": [{"subject": "nginx.conf", "words": "refused by nginx", "command": "nginx -t", "remedy": "Mend."}],
        "versions": [{"name": "nginx", "command": "nginx -v"}],
        "sysctls": {"net.ipv4.ip_forward": 1},
        "effective": [{"interfaces": ["eth0"], "parameter": "rp_filter", "values": [0, 2], "unless_default": True}],
        "mounts": [{"source": "s:/m", "path": "/m"}, {"source": "s:/n", "path": "/n"}],
        "problems": [{"subject": "firewall", "words": "another ruleset", "remedy": "Reload."}],
    }
    asked = nodes.questions(nodes.merged({"it": said}))
    assert asked["commands"] == ["nginx -t", "nginx -v"]
    assert asked["sysctls"] == ["net.ipv4.ip_forward", "net.ipv4.conf.all.rp_filter", "net.ipv4.conf.eth0.rp_filter"]
    _declared, cluster = healthy()
    read = copy.deepcopy(cluster["web1"]["read"]) | {
        "files": [
            {"path": "/s", "content": "a.b = 1\n", "mode": "0644", "owner": "root"},
            {"path": "/gone", "error": "No such file or directory"},
        ],
        "units": {"ha-web-x": unit(ActiveState="failed", UnitFileState="")},
        "commands": [{"rc": 1, "output": "nginx: [emerg] no\n"}, {"rc": 0, "output": "nginx version: nginx/1.22.1"}],
        "sysctls": {
            "net.ipv4.ip_forward": "0",
            "net.ipv4.conf.all.rp_filter": "1",
            "net.ipv4.conf.eth0.rp_filter": "0",
        },
        "default_interfaces": ["eth1"],
        "mounts": [{"source": "t:/m", "path": "/m"}],
    }
    found = [f"{one.subject}: {one.words}" for one in nodes.findings("web1", nodes.merged({"it": said}), read)]
    assert found == [
        "/s: lacks the line 'c=2', which holds at every boot",
        "/gone: cannot be read: No such file or directory",
        "ha-web-x: is failed",
        "ha-web-x: is not there: it does not start at boot",
        "nginx.conf: refused by nginx: nginx: [emerg] no",
        "net.ipv4.ip_forward: is 0, must be 1",
        "rp_filter eth0: effective 1, must be 0 or 2",
        "/m: is t:/m, not s:/m",
        "/n: not mounted",
        "firewall: another ruleset",
    ]
    assert nodes.versions(nodes.merged({"it": said}), read) == {"kernel": "6.1.0", "nginx": "1.22.1"}


def test_findings_are_in_the_order_of_nodes_and_subjects() -> None:
    def change(cluster: Cluster) -> None:
        cluster["web1"]["read"]["addresses"].pop()
        web2(cluster).update(weight=5)
        cluster["lvs1"]["read"]["units"]["keepalived"].update(UnitFileState="disabled")

    assert [one.split(":")[0] for one in after(change)[0]] == ["lvs1  192.0.2.100", "lvs1  keepalived", f"web1  {VIP}"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_examples_of_keepalived_give_tables(file: Path) -> None:
    table = _keepalived_table.read(file.read_text())
    assert table.services
    assert not table.unreadable
    for key, one in table.services.items():
        assert (bool(key.address), bool(key.fwmark)) in ((True, False), (False, True))
        assert one.servers


@pytest.mark.parametrize(
    ("check", "weight"),
    [
        ("track_file servers/a/b weight 2", 7),
        ("track_file servers/a/b\nweight 2", 7),
        ("track_file servers/a/b", 10),
        ("track_file unknown", 1),
    ],
)
def test_track_file_of_a_check(check: str, weight: int) -> None:
    text = f"""
track_file servers/a/b {{
    file /t
    weight 3
}}
virtual_server 192.0.2.1 80 {{
    real_server 192.0.2.2 80 {{
        FILE_CHECK {{
            {check}
        }}
    }}
}}"""
    (service_,) = _keepalived_table.read(text).services.values()
    (server,) = service_.servers.values()
    assert server.weight({"/t": 3}) == weight
    assert server.weight({"/t": -100000}) == (0 if weight > 1 else 1)


_WORDS = """
virtual_server virtual_server_group real_server group fwmark 192.0.2.1 192.0.2.1-9 2001:db8::1 10.0.0.0/8 80 x
protocol tcp lvs_method TUN type gue port weight quorum FILE_CHECK track_file file lvs_sync_daemon id lvs_timeouts
persistence_timeout persistence_granularity 99 sorry_server include flag-3 { } # ! "
"""


@given(st.lists(st.sampled_from([*_WORDS.split(), "\n"]) | st.text(max_size=4), max_size=40))
def test_any_configuration_is_read_or_named_as_unreadable(words: list[str]) -> None:
    _keepalived_table.read(" ".join(words))


@given(st.data())
def test_any_slip_of_the_pen_is_read_or_named_as_unreadable(data: st.DataObject) -> None:
    words = re.split(r"( |\n)", data.draw(st.sampled_from(FILES)).read_text())
    place = data.draw(st.integers(0, len(words) - 1))
    words[place] = data.draw(st.sampled_from(_WORDS.split()) | st.text(max_size=4))
    _keepalived_table.read("".join(words))


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_difference_has_words(right: str, wrong: str) -> None:
    said = nodes.merged({"it": {"files": [{"path": "/x", "content": right}]}})
    _declared, cluster = healthy()
    file = {"path": "/x", "content": wrong, "mode": "0644", "owner": "root"}
    found = list(nodes.findings("web1", said, cluster["web1"]["read"] | {"files": [file]}))
    assert bool(found) == (right != wrong)


@pytest.mark.parametrize(("release", "findings"), [("12", 1), ("13", 0)])
def test_versions_are_compared_among_nodes_of_one_release(release: str, findings: int) -> None:
    nodes = [("web1", "web", "12", {"nginx": "1.22.1"}), ("web2", "web", release, {"nginx": "1.26.3"})]
    assert len(list(tiers(nodes))) == findings
