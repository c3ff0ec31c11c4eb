# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Users, names and certificate of the monitor that are wrong, and what its service is told of a topology."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pytest
from ansible_collections.lvs.ha_web.plugins.filter.monitor_configuration import monitor_configuration
from ansible_collections.lvs.ha_web.plugins.filter.monitor_errors import monitor_errors
from ansible_collections.lvs.ha_web.plugins.filter.monitor_peer_secret import monitor_peer_secret
from ansible_collections.lvs.ha_web.plugins.filter.monitor_urls import monitor_urls
from unit.certificates import KEY_TEXT, OTHER_KEY_TEXT, certificate
from unit.monitor_examples import GROUPS, VALUES, topology
from unit.topology_inventories import service

PASSWORD = "correct horse battery"
HASH = "$6$saltsalt$" + "x" * 86
ANNA = {"name": "anna", "role": "operator", "password": PASSWORD}
BERT = {"name": "bert", "role": "viewer", "password_hash": HASH}
RIGHT: dict[str, Any] = {"users": [ANNA, BERT], "retention": "15d", "retention_size": "1GB"}
FIRST = 'monitor_users[0] "anna"'


def report(*problems: tuple[str, str]) -> str:
    lines = [f"{len(problems)} error{'s'[: len(problems) != 1]} in the settings of the monitor; nothing was changed."]
    for problem, remedy in problems:
        lines += [f"  {problem}", f"      {remedy}"]
    return "\n".join(lines)


def anna(**changes: Any) -> dict[str, Any]:
    return {"users": [{**ANNA, **changes}]}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"users": []},
        {"users": [{**BERT, "password_hash": "$y$j9T$abcdefgh$" + "a" * 43}]},
        {"users": [{"name": "anna@example.org", "role": "viewer"}], "pam_service": "ha-web-monitor"},
        {"names": ["monitor.example.org", "lvs1"]},
        {"alertmanagers": ["192.0.2.50:9093", "[2001:db8::50]:9093", "alerts.example.org:9093"]},
        {"certificate": certificate("monitor.example.org"), "key": KEY_TEXT, "names": ["monitor.example.org"]},
    ],
)
def test_nothing_is_wrong(changes: dict[str, Any]) -> None:
    assert not monitor_errors({**RIGHT, **changes})


@pytest.mark.parametrize(
    ("changes", "problem", "remedy"),
    [
        ({"users": [ANNA, ANNA]}, 'monitor_users[1] "anna": is declared twice.', "Remove one of them."),
        (anna(role="root"), f'{FIRST}: unknown role "root".', "Use one of: operator, viewer."),
        (anna(role=None), f"{FIRST}: no role.", "Say what may be done: role: operator, or role: viewer."),
        (anna(password="short"), f"{FIRST}: password has fewer than 12 characters.", "Choose a longer one."),
        (anna(password=123456789012), f"{FIRST}: password is not a string.", "Put it into quotes."),
        (
            anna(password=f"{PASSWORD}\n"),
            f"{FIRST}: password is not one line of at most 256 characters.",
            "Choose another.",
        ),
        (anna(password=None), f"{FIRST}: no password.", "Give password, best from a vault, or password_hash."),
        (
            anna(password_hash=HASH),
            f"{FIRST}: both password and password_hash are given.",
            "Remove one of them.",
        ),
        (
            anna(password=None, password_hash=PASSWORD),
            f"{FIRST}: password_hash is no hash that is worth keeping.",
            "Make one: openssl passwd -6.",
        ),
        (
            anna(name="an:na"),
            'monitor_users[0]: "an:na" has a colon, at which the file of users ends a name.',
            "Use 1 to 64 letters, digits, dots, hyphens, underscores and @.",
        ),
        (
            anna(name=""),
            'monitor_users[0]: "" is no name of a user.',
            "Use 1 to 64 letters, digits, dots, hyphens, underscores and @.",
        ),
        (anna(passwort="x"), f'{FIRST}: unknown key "passwort".', "Did you mean password?"),
        (
            {"users": {"anna": PASSWORD}},
            "monitor_users: not a list.",
            "Write a list of {name: anna, role: operator, password: ...}.",
        ),
        (
            {"pam_service": "monitor"} | anna(),
            f"{FIRST}: password is given, and PAM looks at passwords.",
            "Remove password.",
        ),
        (
            {"pam_service": "monitor", "users": []},
            "monitor_users: nobody is declared, and PAM knows no roles.",
            "Write who may see it: [{name: anna, ...}].",
        ),
        (
            {"pam_service": "../x", "users": [{"name": "anna", "role": "viewer"}]},
            'monitor_pam_service: "../x" is no name of a file in /etc/pam.d.',
            "Write it: ha-web-monitor.",
        ),
        ({"names": ["a b"]}, 'monitor_names[0]: "a b" is no DNS name.', "Write one: monitor.example.org."),
        (
            {"alertmanagers": ["http://192.0.2.50"]},
            'monitor_alertmanagers[0]: "http://192.0.2.50" is no host with a port.',
            "Write one: 192.0.2.50:9093.",
        ),
        ({"names": "a"}, "monitor_names: not a list.", "Write [monitor.example.org]."),
        ({"retention": 15}, "monitor_retention: 15 is nothing Prometheus knows.", "Write 15d."),
        ({"retention_size": "1"}, 'monitor_retention_size: "1" is nothing Prometheus knows.', "Write 1GB."),
        (
            {"key": KEY_TEXT},
            "monitor_key: there is no monitor_certificate.",
            "Give both, or neither for one of its own.",
        ),
        (
            {"certificate": certificate(), "key": OTHER_KEY_TEXT},
            "monitor_certificate: certificate and key do not match.",
            "Write the key it was made for; the server's certificate comes first.",
        ),
        (
            {"certificate": certificate("b.example.org"), "key": KEY_TEXT, "names": ["a.example.org"]},
            "monitor_certificate: certificate does not cover a.example.org; it is for b.example.org.",
            "Take one that does, or write a site of its own for the name.",
        ),
        (
            {"certificate": "/nowhere.pem", "key": KEY_TEXT},
            "monitor_certificate: certificate /nowhere.pem cannot be read: No such file or directory.",
            "Correct the path, which is one on the controller.",
        ),
    ],
)
def test_a_mistake_is_told_once(changes: dict[str, Any], problem: str, remedy: str) -> None:
    assert monitor_errors({**RIGHT, **changes}) == report((problem, remedy))


def test_no_secret_is_told() -> None:
    broken = {"name": "a:b", "role": "x", "password": "tiny-secret", "password_hash": HASH, "else": PASSWORD}
    told = monitor_errors({**RIGHT, "users": [broken, broken]})
    assert not [secret for secret in ("tiny-secret", HASH, PASSWORD, KEY_TEXT) if secret in told]


def configured(node: str = "lvs1", *declared: Any, **values: Any) -> dict[str, Any]:
    made: dict[str, Any] = monitor_configuration(topology(*declared), GROUPS, node, {**VALUES, **values})
    return made


def test_a_service_of_two_ports_is_one() -> None:
    [told] = configured()["service"]["services"]
    assert told == {
        "name": "web",
        "endpoints": ["192.0.2.100:80/tcp", "192.0.2.100:443/tcp"],
        "protocol": "tcp",
        "forwarding": "dr",
        "scheduler": "wlc",
        "persistence": 0,
        "quorum": 1,
        "sorry_server": "",
        "servers": [
            {
                "name": f"web{number}",
                "address": f"192.0.2.2{number}:80",
                "weight": 1,
                "track_file": f"/var/lib/ha-web/track/servers/web/web{number}",
                "weighed": False,
            }
            for number in (1, 2)
        ],
    }


def test_servers_whose_checks_set_weights_are_known() -> None:
    check = {"type": "misc", "script": "/usr/bin/weigh", "dynamic_weight": True}
    [told] = configured("lvs1", service(name="web", ports=[80], check=check))["service"]["services"]
    assert {one["weighed"] for one in told["servers"]} == {True}


def test_marks_and_sorry_servers_have_their_spelling() -> None:
    marked = {"name": "mark", "fwmark": 3, "family": "ipv4", "check": {"type": "tcp", "port": 80}}
    helped = service(name="web", ports=[80], sorry_server={"address": "192.0.2.9", "port": 80})
    told = {one["name"]: one for one in configured("lvs1", marked, helped)["service"]["services"]}
    assert told["mark"]["endpoints"] == ["fwmark 3"]
    assert told["web"]["sorry_server"] == "192.0.2.9:80"


def test_a_director_of_the_monitor_has_the_page_on_its_vips() -> None:
    made = configured("lvs1", names=["monitor.example.org"])
    assert made["addresses"] == ["10.0.0.11", "192.0.2.100"]
    assert made["hosts"] == ["10.0.0.11", "192.0.2.100", "lvs1", "monitor.example.org"]
    assert made["service"]["origins"] == [
        *("https://10.0.0.11:9443", "https://192.0.2.100:9443"),
        *("https://lvs1:9443", "https://monitor.example.org:9443"),
    ]
    assert made["service"]["page"] is True


def test_others_have_none() -> None:
    alone = topology()
    alone["monitor"]["hosts"] = ["watch"]
    alone["nodes"]["watch"] = {"management_address": "2001:db8::31"}
    alone["monitor"]["port"] = 443
    groups = {**GROUPS, "monitor": ["watch"]}
    director, page = (monitor_configuration(alone, groups, node, VALUES) for node in ("lvs1", "watch"))
    assert director["addresses"] == ["10.0.0.11"]
    assert director["service"]["page"] is False
    assert page["addresses"] == ["2001:db8::31"]
    assert page["service"]["origins"] == ["https://[2001:db8::31]", "https://watch"]
    assert {"name": "watch", "groups": ["monitor"], "address": "2001:db8::31"} in page["service"]["nodes"]


def test_it_knows_all_nodes_by_their_management_addresses() -> None:
    told = configured()["service"]
    assert told["directors"] == [{"name": "lvs1", "address": "10.0.0.11"}, {"name": "lvs2", "address": "10.0.0.12"}]
    assert [(one["name"], one["groups"]) for one in told["nodes"]] == [
        *(("lvs1", ["directors"]), ("lvs2", ["directors"])),
        *(("web1", ["web"]), ("web2", ["web"])),
    ]
    assert [one["vips"] for one in told["routers"]] == [["192.0.2.100"]]


@pytest.mark.parametrize(("declared", "told"), [(None, True), (False, False)])
def test_preemption_is_the_routers_or_else_the_roles(declared: bool | None, told: bool) -> None:
    known = topology()
    known["virtual_routers"][0]["preempt"] = declared
    [router] = monitor_configuration(known, GROUPS, "lvs1", VALUES)["service"]["routers"]
    assert router["preempt"] is told


def test_users_have_their_roles_and_no_password() -> None:
    told = configured(users=[ANNA, BERT])["service"]
    assert (told["operators"], told["viewers"]) == (["anna"], ["bert"])
    assert PASSWORD not in str(told) and HASH not in str(told)
    assert configured(users=[])["service"]["operators"] == ["admin"]


def test_the_secret_of_web_servers_is_another() -> None:
    secret = "ab" * 32
    assert monitor_peer_secret(secret) == hmac.new(secret.encode(), b"opcache", hashlib.sha256).hexdigest() != secret


def test_people_go_to_vips_first() -> None:
    known = topology()
    assert monitor_urls(known) == [f"https://{address}:9443" for address in ("192.0.2.100", "10.0.0.11", "10.0.0.12")]
    known["monitor"] |= {"enabled": False, "hosts": []}
    assert monitor_urls(known) == []
