# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The template of the role firewall, against files that nft itself has read.

tests/integration/test_firewall.py gives those files to nft and its kernel. After a change of the template write them
again and look at the difference: HA_WEB_WRITE_EXAMPLES=1 pytest tests/unit/test_firewall_nft.py
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.derivation import build
from unit.firewall_examples import EXAMPLES, topology
from unit.firewall_nft import render
from unit.topology_inventories import long, service, short

FILES = Path(__file__).resolve().parents[1] / "integration/firewall"


def example(name: str) -> str:
    _topology, host, wishes = EXAMPLES[name]
    return render(build(topology(name)), host, **wishes)


def rules(text: str) -> list[str]:
    """Without comments, blanks and the record."""
    lines = (re.sub(r'( comment "[^"]*")?( *#.*)?$', "", line).strip() for line in text.splitlines())
    return [line for line in lines if line]


def chain(text: str, name: str) -> list[str]:
    found = rules(text)
    start = found.index(f"chain {name} {{")
    return found[start + 2 : found.index("}", start)]


@pytest.mark.parametrize("name", EXAMPLES)
def test_example(name: str) -> None:
    rendered = example(name)
    file = FILES / f"{name}.nft"
    if "HA_WEB_WRITE_EXAMPLES" in os.environ:
        file.parent.mkdir(exist_ok=True)
        file.write_text(rendered)
    assert rendered == file.read_text()


def test_no_file_without_an_example() -> None:
    assert {file.stem for file in FILES.glob("*.nft")} == EXAMPLES.keys()


@pytest.mark.parametrize("name", EXAMPLES)
def test_lines_are_indented_by_their_braces(name: str) -> None:
    depth = 0
    for line in example(name).splitlines():
        bare = line.split("#")[0].strip()
        depth -= bare.startswith("}")
        assert not line or re.match(" *", line)[0] == "    " * depth, line  # type: ignore[index]
        depth += bare.endswith("{")
    assert depth == 0


@pytest.mark.parametrize("name", EXAMPLES)
def test_balanced_traffic_is_accepted_before_connections_are_looked_at(name: str) -> None:
    accepted = chain(example(name), "input")
    tracked = accepted.index("ct state established,related accept")
    assert all("@services" not in rule and "@replies" not in rule for rule in accepted[tracked:])
    untracked = [rule.replace(" accept", " notrack") for rule in accepted[:tracked] if " daddr " in rule]
    assert untracked == [
        rule for rule in chain(example(name), "untracked") if " daddr " in rule and "@replies" not in rule
    ]


def test_nothing_closes_before_its_senders_know() -> None:
    """A service on port 443 becomes one on port 8443, a director leaves."""
    before = render(build(long(service(ports=[443]))), "web1")
    later = build(long(service(ports=[8443]), directors={"lvs1": "192.0.2.11"}))
    opened = render(later, "web1", former=before)
    for line in ("192.0.2.100 . tcp . 443,", "192.0.2.100 . tcp . 8443,"):
        assert line in rules(opened)
    assert "ip saddr { 192.0.2.11, 192.0.2.12 } ip daddr 192.0.2.21 tcp dport 443 accept" in rules(opened)
    assert "ip saddr 192.0.2.11 ip daddr 192.0.2.21 tcp dport 8443 accept" in rules(opened)
    # Cut short there, the next run still knows.
    assert render(later, "web1", former=opened) == opened
    closed = render(later, "web1")
    assert "443" not in re.findall(r"\b443\b", closed)
    assert render(later, "web1", former=closed) == closed


def test_what_only_gets_another_reason_is_one_rule() -> None:
    before = render(build(short()), "lvs1")
    renamed = build(long(service(name="renamed", ports=[80])))
    assert render(renamed, "lvs1", former=before) == render(renamed, "lvs1")


@pytest.mark.parametrize(
    ("wishes", "expected"),
    [
        ({}, ["tcp dport 22 accept"]),
        ({"ssh_ports": ["2222"]}, ["tcp dport 2222 accept"]),
        ({"ssh_from": ["192.0.2.0/25", "192.0.2.128/25"]}, ["ip saddr 192.0.2.0/24 tcp dport 22 accept"]),
        (
            {"ssh_from": ["192.0.2.1", "2001:db8::/64"]},
            ["ip saddr 192.0.2.1 tcp dport 22 accept", "ip6 saddr 2001:db8::/64 tcp dport 22 accept"],
        ),
        (
            {"allow": [{"ports": [80, "81-90", 85], "interface": "eth0"}]},
            ["tcp dport 22 accept", 'iifname "eth0" tcp dport 80-90 accept'],
        ),
        (
            {"allow": [{"protocol": "icmp", "from": ["192.0.2.1"]}, {"protocol": "gre"}]},
            ["tcp dport 22 accept", "ip saddr 192.0.2.1 icmp type echo-request accept", "meta l4proto 47 accept"],
        ),
    ],
)
def test_wishes(wishes: dict[str, Any], expected: list[str]) -> None:
    found = chain(render(build(short()), "web1", **wishes), "input")
    neighbours = found.index("ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept")
    own = [rule for rule in found[neighbours + 1 : -1] if "192.0.2.21" not in rule]
    assert own == expected


def test_lines_of_the_user_come_before_all_that_is_opened() -> None:
    found = chain(render(build(short()), "lvs1", raw=["ip saddr 203.0.113.66 drop"]), "input")
    assert found[:2] == ["iif lo accept", "ip saddr 203.0.113.66 drop"]
