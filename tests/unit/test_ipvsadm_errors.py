# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Static tables that are wrong or keepalived's, and the whole of what the user is told about each."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.lvs.ha_web.plugins.filter.ipvsadm_errors import ipvsadm_errors

VIP = "192.0.2.100"
FILE = "/etc/keepalived/keepalived.conf"
HERE_OR_THERE = "Remove it here, or there: a service has one owner."
NARROW = "Narrow it to addresses and firewall marks of which keepalived has none."
WRITE_OUT = "Write out address and port, in a file *.conf of /etc/keepalived."


def listing(text: str, file: str = FILE) -> str:
    """Return a configuration as the role reads it."""
    return "\n".join(f"{file}:{number}:{line}" for number, line in enumerate(text.strip().splitlines(), 1))


def service(address: str = VIP, port: int = 80, **fields: Any) -> dict[str, Any]:
    return {"address": address, "port": port, "destinations": [{"address": "192.0.2.21"}], **fields}


def mark(number: int) -> dict[str, Any]:
    return {"fwmark": number, "destinations": []}


def topology(address: str = VIP, port: int = 80, protocol: str = "tcp") -> list[dict[str, Any]]:
    return [{"name": "web", "address": address, "port": port, "protocol": protocol, "scheduler": "wlc"}]


def errors(*problems: tuple[str, str]) -> str:
    lines = [f"{len(problems)} error{'s'[: len(problems) != 1]} in the static IPVS table; nothing was changed."]
    for problem, remedy in problems:
        lines += [f"  {problem}", f"      {remedy}"]
    return "\n".join(lines)


def managed(item: str, where: str) -> str:
    return f"{item}: keepalived manages it ({where})."


@pytest.mark.parametrize(
    ("declared", "configuration"),
    [
        ({}, ""),
        ({"services": [service()], "scope": {"addresses": [VIP]}, "timeouts": {"tcp": 300}}, ""),
        # As variables may have it.
        ({"services": [service(port="80")], "scope": None, "sync_daemons": None, "timeouts": {}}, ""),  # type: ignore[arg-type]
        ({"services": [service()]}, f"virtual_server {VIP} 443 {{\n}}"),
        ({"services": [service()]}, f"virtual_server {VIP} 80 {{\n protocol UDP\n}}"),
        ({"services": [service()]}, f"# virtual_server {VIP} 80 {{\n! virtual_server {VIP} 80 {{"),
        ({"services": [service()]}, f"virtual_server 192.0.2.99 80 {{\n real_server {VIP} 80 {{\n}}\n}}"),
        ({"services": [service()]}, f"virtual_server_group unused {{\n{VIP} 80\n}}"),
        ({"services": [service()]}, f"vrrp_instance one {{\n virtual_ipaddress {{\n {VIP}\n }}\n}}"),
        ({"services": [service()]}, "virtual_server fd00::1-ffff 80 {\n}"),
        ({"services": [mark(2)], "scope": {"fwmarks": [2]}}, "virtual_server fwmark 1 {\n}"),
        ({"services": [service()]}, "lvs_sync_daemon eth0\nlvs_timeouts tcp 300\nlvs_flush_on_stop VS"),
        ({"services": [service()]}, "include conf.d/*.conf\ninclude /etc/keepalived/more.conf"),
    ],
)
def test_nothing_stands_against_it(declared: dict[str, Any], configuration: str) -> None:
    assert not ipvsadm_errors(declared, listing(configuration), topology("192.0.2.99"))


@pytest.mark.parametrize(
    ("wanted", "configuration", "where"),
    [
        (service(), f"virtual_server {VIP} 80 {{\n}}", 1),
        (service(), f"# web\nvirtual_server {VIP} 80\n{{ protocol TCP }}", 2),
        (service(), f"@lvs1 virtual_server {VIP} 80 {{\n}}", 1),
        (
            service(protocol="udp"),
            f"virtual_server {VIP} 80 {{\n real_server 192.0.2.21 80 {{\n}}\n protocol UDP\n}}",
            1,
        ),
        (service(port=0, persistence_timeout=60), f"virtual_server {VIP} {{\n}}", 1),
        (
            service("2001:db8::1", destinations=[]),
            "virtual_server 2001:0db8:0:0::0001 80 {\n}",
            1,
        ),
        (service(), f'virtual_server group "the web" {{\n}}\nvirtual_server_group "the web" {{\n{VIP} 80\n}}', 4),
        (service(), "virtual_server_group web {\n192.0.2.90-110 80 # all\n}\nvirtual_server group web {\n}", 2),
        (service(), "virtual_server_group web {\n192.0.1.250-192.0.2.110 80\n}\nvirtual_server group web {\n}", 2),
        (service(), "virtual_server_group web {\n192.0.2.96/28 80\n}\nvirtual_server group web {\n}", 2),
        (
            service("2001:db8::1:8", destinations=[]),
            "virtual_server_group web {\n2001:db8::1:1-f 80\n}\nvirtual_server group web {\n}",
            2,
        ),
        (mark(7), "virtual_server_group web {\nfwmark 7 inet\n}\nvirtual_server group web {\n}", 2),
        (mark(7), "virtual_server fwmark 7 {\n}", 1),
    ],
)
def test_keepalived_has_the_service(wanted: dict[str, Any], configuration: str, where: int) -> None:
    name = f"fwmark {wanted['fwmark']} (ipv4)" if "fwmark" in wanted else ""
    report = ipvsadm_errors({"services": [service("192.0.3.1"), wanted]}, listing(configuration))
    first, problem, remedy = report.splitlines()
    assert first == errors(("", "")).splitlines()[0]
    assert problem.startswith(f"  ipvsadm_services[1] {name}")
    assert problem.endswith(f": keepalived manages it ({FILE}:{where}).")
    assert remedy.strip() == HERE_OR_THERE


def test_topology_has_the_service_and_is_the_place_to_remove_it() -> None:
    configuration = listing(f"virtual_server {VIP} 80 {{\n protocol TCP\n}}")
    item = f"ipvsadm_services[0] {VIP}:80/tcp"
    assert ipvsadm_errors({"services": [service()]}, configuration, topology()) == errors(
        (managed(item, "ha_web_virtual_services, web"), HERE_OR_THERE)
    )


@pytest.mark.parametrize(
    ("scope", "configuration", "text"),
    [
        ({"addresses": [VIP]}, f"virtual_server {VIP} 443 {{\n}}", f"virtual_server {VIP} 443"),
        ({"addresses": ["192.0.2.0/24"]}, f"virtual_server {VIP} 443 {{\n}}", f"virtual_server {VIP} 443"),
        ({"fwmarks": [1, 2]}, "virtual_server fwmark 2 {\n}", "virtual_server fwmark 2"),
    ],
)
def test_scope_holds_what_keepalived_has(scope: dict[str, Any], configuration: str, text: str) -> None:
    assert ipvsadm_errors({"scope": scope}, listing(configuration)) == errors(
        (f'ipvsadm_scope: holds "{text}", which keepalived manages ({FILE}:1).', NARROW)
    )


def test_scope_holds_a_part_of_a_range() -> None:
    configuration = listing("virtual_server_group web {\n192.0.2.90-99 80\n}\nvirtual_server group web {\n}")
    words = "virtual_server group web: 192.0.2.90-99 80"
    assert ipvsadm_errors({"scope": {"addresses": ["192.0.2.96/28"]}}, configuration) == errors(
        (f'ipvsadm_scope: holds "{words}", which keepalived manages ({FILE}:2).', NARROW)
    )


def test_scope_holds_a_service_of_the_topology() -> None:
    assert ipvsadm_errors({"scope": {"addresses": [VIP]}}, "", topology(port=443)) == errors(
        (
            f'ipvsadm_scope: holds "{VIP}:443/tcp", which keepalived manages (ha_web_virtual_services, web).',
            NARROW,
        )
    )


@pytest.mark.parametrize(
    "text",
    [
        "virtual_server $VIP 80",
        "virtual_server 192.0.2.${LAST} 80",
        f"virtual_server {VIP} $PORT",
        "virtual_server www.example.org 80",
        "virtual_server fwmark",
        "virtual_server group elsewhere",
        "include /srv/keepalived.conf",
        "include ../keepalived.conf",
        "includer conf.d/*",
    ],
)
def test_configuration_that_does_not_tell_is_refused(text: str) -> None:
    configuration = listing(f"$VIP=192.0.2.7\n{text} {{\n}}")
    assert ipvsadm_errors({"services": [service()]}, configuration) == errors(
        (f'{FILE}:2: "{text}" does not tell by itself what keepalived manages.', WRITE_OUT)
    )


@pytest.mark.parametrize(
    ("keyword", "event"), [("lvs_flush", "starts"), ("lvs_flush_on_stop", "stops"), ("lvs_flush_on_stop ALL", "stops")]
)
def test_keepalived_flushes_the_table(keyword: str, event: str) -> None:
    name = keyword.split(maxsplit=1)[0]
    assert ipvsadm_errors({"services": [service()]}, listing(f"global_defs {{\n  {keyword}\n}}")) == errors(
        (
            f"ipvsadm_manage: keepalived empties the whole table when it {event} ({name}, {FILE}:2).",
            f"Remove {name} there.",
        )
    )


@pytest.mark.parametrize("daemons", [[], [{"state": "backup", "interface": "eth0", "sync_id": 1}]])
@pytest.mark.parametrize(
    ("configuration", "virtual_services", "where"),
    [("lvs_sync_daemon eth0", [], f"{FILE}:1"), ("", topology(port=443), "the role lvs.ha_web.keepalived")],
)
def test_keepalived_runs_the_daemon(
    daemons: list[dict[str, Any]], configuration: str, virtual_services: list[dict[str, Any]], where: str
) -> None:
    assert ipvsadm_errors({"sync_daemons": daemons}, listing(configuration), virtual_services) == errors(
        (
            f"ipvsadm_sync_daemons: keepalived runs the synchronisation daemon ({where}).",
            "Remove ipvsadm_sync_daemons: the kernel runs one of each.",
        )
    )


def test_keepalived_sets_the_timeouts() -> None:
    assert ipvsadm_errors({"timeouts": {"udp": 5}}, listing("lvs_timeouts tcp 300")) == errors(
        (f"ipvsadm_timeouts: keepalived sets them (lvs_timeouts, {FILE}:1).", "Set them in one of the two.")
    )


def test_every_mistake_of_the_declaration_is_told_by_its_variable() -> None:
    declared = {"services": [{"address": "www", "port": 80, "destinations": []}], "timeouts": {"tcp": 0}}
    assert ipvsadm_errors(declared, listing("lvs_flush")) == errors(
        (
            "ipvsadm_services[0]: address 'www' is not an IP address.",
            "Write an IPv4 or IPv6 address alone; names are not looked up.",
        ),
        ("ipvsadm_timeouts: tcp 0 is out of range.", "Write a whole number, 1 to 2147483."),
    )


def test_what_the_module_would_not_take_is_told() -> None:
    report = ipvsadm_errors({"services": [service(colour="red")]})
    assert "ipvsadm: not known: services.colour." in report


def test_each_file_begins_anew() -> None:
    configuration = listing("global_defs {") + "\n" + listing(f"virtual_server {VIP} 80 {{", "/etc/keepalived/a.conf")
    assert "(/etc/keepalived/a.conf:1)" in ipvsadm_errors({"services": [service()]}, configuration)
