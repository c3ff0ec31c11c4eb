# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Firewalls that are wrong, close too much or lock Ansible out, and the whole of what the user is told."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from ansible_collections.lvs.ha_web.plugins.filter.firewall_errors import firewall_errors
from ansible_collections.lvs.ha_web.plugins.filter.firewall_ruleset import firewall_ruleset
from hypothesis import given
from hypothesis import strategies as st
from unit.firewall_nft import NOTHING

EXAMPLE = "{protocol: tcp, ports: [9100], from: [192.0.2.0/24]}"
CAME = "198.51.100.7 51234 192.0.2.11 22"


def report(*problems: tuple[str, str]) -> str:
    lines = [f"{len(problems)} error{'s'[: len(problems) != 1]} in the firewall; nothing was changed."]
    for problem, remedy in problems:
        lines += [f"  {problem}", f"      {remedy}"]
    return "\n".join(lines)


@pytest.mark.parametrize(
    "wishes",
    [
        {},
        {"ssh_ports": ["22", 2222], "ssh_from": ["192.0.2.0/24", "2001:db8::1"]},
        {"allow": [{"ports": [1, "2-65535"], "to": ["192.0.2.1"], "comment": "it's all"}]},
        {"raw": ["tcp dport { 1, 2 } accept"]},
    ],
)
def test_nothing_is_wrong(wishes: dict[str, Any]) -> None:
    assert not firewall_errors({**NOTHING, **wishes})


@pytest.mark.parametrize(
    ("wishes", "problem", "remedy"),
    [
        ({"ssh_ports": []}, "firewall_ssh_ports: no ports.", "Write the ports that sshd listens at: [22]."),
        ({"ssh_ports": 22}, "firewall_ssh_ports: 22 is not a list of ports.", "Write [443] or [443, 8000-8010]."),
        (
            {"ssh_ports": [0]},
            "firewall_ssh_ports: 0 is neither a port nor a range.",
            "Write a number from 1 to 65535, or two, lowest first: 8000-8010.",
        ),
        (
            {"ssh_from": ["office"]},
            'firewall_ssh_from: "office" is neither an address nor a network.',
            "Write 192.0.2.1, or 192.0.2.0/24 without host bits; names are not looked up.",
        ),
        (
            {"ssh_from": ["192.0.2.1/24"]},
            'firewall_ssh_from: "192.0.2.1/24" is neither an address nor a network.',
            "Write 192.0.2.1, or 192.0.2.0/24 without host bits; names are not looked up.",
        ),
        (
            {"ssh_from": "192.0.2.1"},
            'firewall_ssh_from: "192.0.2.1" is not a list of addresses.',
            "Write [192.0.2.0/24, 2001:db8::1].",
        ),
        ({"allow": {}}, "firewall_allow: not a list.", f"Write a list of {EXAMPLE}."),
        ({"allow": [80]}, "firewall_allow[0]: 80 is not a mapping.", f"Write {EXAMPLE}."),
        ({"allow": [{"ports": [80], "form": []}]}, 'firewall_allow[0]: unknown key "form".', "Did you mean from?"),
        (
            {"allow": [{"protocol": "quic", "ports": [80]}]},
            'firewall_allow[0]: unknown protocol "quic".',
            "Use one of: tcp, udp, sctp, icmp, ipip, ipv6, gre, esp, ah, ospf, vrrp.",
        ),
        (
            {"allow": [{"protocol": "udp"}]},
            "firewall_allow[0]: no ports.",
            'Write them: [9100, "8000-8010"]; ["1-65535"] for every port.',
        ),
        (
            {"allow": [{"protocol": "gre", "ports": [1]}]},
            "firewall_allow[0]: ports with protocol gre.",
            "Remove them, or use one of: tcp, udp, sctp.",
        ),
        (
            {"allow": [{"ports": ["90-80"]}]},
            'firewall_allow[0]: ports "90-80" is neither a port nor a range.',
            "Write a number from 1 to 65535, or two, lowest first: 8000-8010.",
        ),
        (
            {"allow": [{"ports": [80], "from": ["192.0.2.1"], "to": ["2001:db8::1"]}]},
            "firewall_allow[0]: from and to have no family in common.",
            "Write addresses of one family in both.",
        ),
        (
            {"allow": [{"ports": [80], "comment": 'a"b'}]},
            'firewall_allow[0]: comment "a"b" is not a comment.',
            "Write at most 100 characters of ASCII, without quotes and backslashes.",
        ),
        (
            {"allow": [{"ports": [80], "interface": "eth 0"}]},
            'firewall_allow[0]: interface "eth 0" is not the name of an interface.',
            "Write its name as the kernel does: eth0.",
        ),
        ({"raw": "drop"}, "firewall_raw: not a list of lines.", "Write a list of strings, one rule of nft each."),
        ({"raw": ["a\nb"]}, "firewall_raw: not a list of lines.", "Write a list of strings, one rule of nft each."),
        ({"raw": ["}"]}, 'firewall_raw: the braces of "}" do not pair.', "Close in each line what it opens."),
        ({"raw": ["} {"]}, 'firewall_raw: the braces of "} {" do not pair.', "Close in each line what it opens."),
    ],
)
def test_wrong(wishes: dict[str, Any], problem: str, remedy: str) -> None:
    assert firewall_errors({**NOTHING, **wishes}) == report((problem, remedy))


def test_all_is_told_at_once() -> None:
    wishes = {"ssh_ports": [0], "ssh_from": ["a"], "allow": [1, 2], "raw": [3]}
    assert firewall_errors(wishes).startswith("5 errors in the firewall")


@pytest.mark.parametrize(
    "wishes",
    [
        {},
        {"ssh_from": ["198.51.100.0/24"]},
        {"ssh_ports": [2222], "allow": [{"ports": ["20-30"], "from": ["198.51.100.7"], "to": ["192.0.2.11"]}]},
    ],
)
def test_connection_of_ansible_stays(wishes: dict[str, Any]) -> None:
    assert not firewall_errors({**NOTHING, **wishes}, connection=CAME)


@pytest.mark.parametrize(
    "wishes",
    [
        {"ssh_ports": [2222]},
        {"ssh_from": ["203.0.113.0/24"]},
        {"ssh_from": ["2001:db8::/64"]},
        {"ssh_ports": [2222], "allow": [{"protocol": "udp", "ports": [22]}]},
        {"ssh_ports": [2222], "allow": [{"ports": [22], "interface": "eth7"}]},
        {"ssh_ports": [2222], "allow": [{"ports": [22], "to": ["192.0.2.99"]}]},
    ],
)
def test_connection_of_ansible_would_be_cut(wishes: dict[str, Any]) -> None:
    assert firewall_errors({**NOTHING, **wishes}, connection=CAME) == report(
        (
            "firewall_ssh_from: Ansible came over ssh from 198.51.100.7 to port 22, which would be closed.",
            "Add the address to firewall_ssh_from, and the port to firewall_ssh_ports: [22].",
        )
    )


@pytest.mark.parametrize("text", ["", "nonsense", "fe80::1%eth0 5 fe80::2%eth0 22"])
def test_without_ssh_there_is_nothing_to_cut(text: str) -> None:
    assert not firewall_errors(NOTHING, connection=text)


def test_what_cannot_be_derived_must_be_stated() -> None:
    missing = ["the ports of marked, a service of a firewall mark"]
    assert firewall_errors(NOTHING, missing) == report(
        (
            "firewall_allow: nobody declares the ports of marked, a service of a firewall mark.",
            f"Open what it needs, on this host: firewall_allow: [{EXAMPLE}].",
        )
    )
    assert not firewall_errors({**NOTHING, "allow": [{"ports": [80]}]}, missing)
    assert not firewall_errors({**NOTHING, "raw": ["tcp dport 80 accept"]}, missing)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
ENTRIES = st.fixed_dictionaries(
    {},
    optional={
        "protocol": st.sampled_from(["tcp", "udp", "icmp", "gre"]) | JSON,
        "ports": st.lists(st.integers(0, 65536) | st.sampled_from(["1-5", "9-3"]), max_size=3) | JSON,
        "from": st.lists(st.ip_addresses().map(str) | st.text(max_size=5), max_size=3) | JSON,
        "to": st.lists(st.ip_addresses(network="10.0.0.0/8").map(str), max_size=2),
        "interface": JSON,
        "comment": JSON,
    },
)


@given(
    st.fixed_dictionaries(
        {
            "ssh_ports": st.just([22]) | JSON,
            "ssh_from": st.just([]) | JSON,
            "allow": st.lists(ENTRIES | JSON, max_size=3) | JSON,
            "raw": st.just([]) | JSON,
        }
    )
)
def test_whatever_is_written_is_refused_in_words_or_makes_rules(wishes: dict[str, Any]) -> None:
    if words := firewall_errors(wishes):
        assert words.splitlines()[0].endswith("in the firewall; nothing was changed.")
        return
    made = firewall_ruleset(wishes)
    assert made["rules"]
    for rule in made["rules"]:
        assert rule["match"].isprintable()
        assert '"' not in rule["comment"]
        assert rule["why"].isprintable()


@given(st.lists(st.ip_addresses().flatmap(lambda one: st.sampled_from([f"{one}", f"{one}/8"])), max_size=6))
def test_networks_say_the_same_and_never_overlap(sources: list[str]) -> None:
    networks = [str(ipaddress.ip_network(source, strict=False)) for source in sources]
    made = firewall_ruleset({**NOTHING, "ssh_from": networks})
    listed = [word.strip("{},") for rule in made["rules"] for word in rule["match"].split()]
    found = [ipaddress.ip_network(word) for word in listed if "." in word or ":" in word]
    for network in map(ipaddress.ip_network, networks):
        holders = [one for one in found if one.version == network.version and network.subnet_of(one)]  # type: ignore[arg-type]
        assert len(holders) == 1
