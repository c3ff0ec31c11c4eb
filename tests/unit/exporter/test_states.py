# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What keepalived's lines say, and what is known from them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from states import Known, Line, Lines, RouterLine, ServerLine, parse, text

WEB = {
    "name": "web",
    "address": "192.0.2.100",
    "port": 80,
    "protocol": "tcp",
    "fwmark": 0,
    "endpoints": [],
    "servers": [
        {"name": "web1", "address": "192.0.2.21", "port": 80, "track_file": "/nowhere/web1"},
        {"name": "web2", "address": "192.0.2.22", "port": 80, "track_file": "/nowhere/web2"},
    ],
}
CONFIGURATION = {"routers": {"ha_web_ipv4": [{"address": "192.0.2.100", "interface": ""}]}, "services": [WEB]}
UP1 = "RS [192.0.2.21]:tcp:80 [192.0.2.100]:tcp:80 UP"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        # As keepalived 2.2.7 writes them.
        ('INSTANCE "ha_web_ipv4" MASTER 150', RouterLine("ha_web_ipv4", "master")),
        ('INSTANCE "ha_web_ipv4" BACKUP 150', RouterLine("ha_web_ipv4", "backup")),
        ('INSTANCE "ha_web_ipv4" FAULT 150', RouterLine("ha_web_ipv4", "fault")),
        ('INSTANCE "ha_web_ipv4" STOP 150', RouterLine("ha_web_ipv4", "stopped")),
        (UP1, ServerLine("192.0.2.100 80 tcp", "192.0.2.21", 80, True)),
        (
            "RS [2001:db8::21]:udp:53 [2001:DB8:0::100]:udp:53 DOWN",
            ServerLine("2001:db8::100 53 udp", "2001:db8::21", 53, False),
        ),
        ("RS [192.0.2.21]:none:0 FWM 3 UP", ServerLine("FWM 3", "192.0.2.21", 0, True)),
        ("RS [192.0.2.21]:tcp:80 [several]:7 DOWN", ServerLine("[several]", "192.0.2.21", 80, False)),
        # What nobody asks for.
        ('GROUP "ha_web" MASTER 0', None),
        ("VS [192.0.2.100]:tcp:80 UP", None),
        ('INSTANCE "ha_web_ipv4" MASTER_RX_LOWER_PRI 150', None),
        # Garbage.
        ("", None),
        ('INSTANCE "ha_web_ipv4', None),
        ("RS [192.0.2.321]:tcp:80 [192.0.2.100]:tcp:80 UP", None),
        ("RS [192.0.2.21]:tcp:80 [nobody]:tcp:80 UP", None),
    ],
)
def test_line(line: str, said: Line | None) -> None:
    assert parse(line) == said


@given(st.one_of(st.text(), st.from_regex(r'INSTANCE "\w*" [A-Z]+ \d*'), st.from_regex(r"RS \[.*\]:\w+:\d+ .* UP")))
def test_nothing_upsets_the_parser(line: str) -> None:
    said = parse(line)
    assert said is None or isinstance(said, (RouterLine, ServerLine))
    Known(CONFIGURATION).take(said, 1.0) if said else None


@given(st.lists(st.binary(max_size=30).map(lambda data: data.replace(b"\n", b"")), max_size=8), st.data())
def test_lines_come_whole_however_they_are_cut(wanted: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(line + b"\n" for line in wanted) + b"half"
    lines, found = Lines(), []
    while stream:
        length = data.draw(st.integers(1, len(stream)))
        found += lines.feed(stream[:length])
        stream = stream[length:]
    assert found == [line.decode(errors="replace") for line in wanted]
    # The end of file gives up the half.
    assert lines.feed(b"") == []
    assert lines.feed(b"whole\n") == ["whole"]


def test_line_without_an_end_is_given_up() -> None:
    lines = Lines()
    assert lines.feed(b"x" * 5000) == []
    assert lines.feed(b"whole\n") == ["whole"]


def known(*said: str, **kept: Any) -> Known:
    """Everything is held, and the lines come one a second."""
    found = Known(CONFIGURATION, kept or None)
    for part in found.up:
        found.told_by(part, "7 100")
        found.hold(part, True, 0.0)
    found.events.clear()
    for second, line in enumerate(said, 1):
        taken = parse(line)
        assert taken
        found.take(taken, float(second))
    return found


def router(found: Known) -> tuple[str, float, dict[str, int]]:
    one = found.routers["ha_web_ipv4"]
    return one["state"], one["since"], one["transitions"]


def test_transitions_are_counted_and_repetitions_are_not() -> None:
    lines = [f'INSTANCE "ha_web_ipv4" {word} 150' for word in ("BACKUP", "MASTER", "MASTER", "BACKUP", "MASTER")]
    found = known(*lines)
    assert router(found) == ("master", 5.0, {"backup": 2, "master": 2})
    assert [(event["at"], event["state"], event["before"]) for event in found.events] == [
        (1.0, "backup", "unknown"),
        (2.0, "master", "backup"),
        (4.0, "backup", "master"),
        (5.0, "master", "backup"),
    ]


def test_killed_master_is_unknown_and_stopped_one_is_stopped() -> None:
    for lines, state in (
        (['INSTANCE "ha_web_ipv4" MASTER 150'], "unknown"),
        (['INSTANCE "ha_web_ipv4" MASTER 150', 'INSTANCE "ha_web_ipv4" STOP 150'], "stopped"),
    ):
        found = known(*lines)
        found.hold("vrrp", False, 9.0)
        assert router(found)[0] == state
        assert [event for event in found.events if event["kind"] == "keepalived"] == [
            {"at": 9.0, "kind": "keepalived", "name": "vrrp", "state": "down", "before": "up"}
        ]


def test_what_is_not_declared_is_passed_over() -> None:
    found = known('INSTANCE "other" MASTER 150', "RS [192.0.2.29]:tcp:80 [192.0.2.100]:tcp:80 UP")
    assert (found.events, found.servers) == ([], {})


def test_server_changes_are_events() -> None:
    found = known(UP1, UP1, UP1.replace("UP", "DOWN"))
    assert [(event["name"], event["state"], event["before"]) for event in found.events] == [
        ("web web1", "up", "unknown"),
        ("web web1", "down", "up"),
    ]
    assert list(found.by_server()) == [({"service": "web", "server": "web1"}, False, 3.0)]


def test_server_is_up_when_it_is_at_all_ports() -> None:
    tls = {**WEB, "port": 443, "servers": [{**WEB["servers"][0], "port": 443}]}  # type: ignore[index, dict-item]
    found = Known({**CONFIGURATION, "services": [WEB, tls]})
    for second, line in enumerate((UP1, UP1.replace(":80", ":443"), UP1.replace("UP", "DOWN"))):
        taken = parse(line)
        assert taken
        found.take(taken, float(second))
    assert list(found.by_server()) == [({"service": "web", "server": "web1"}, False, 2.0)]


def test_another_process_of_the_checkers_knows_nothing_yet() -> None:
    found = known(UP1)
    found.told_by("checkers", "7 100")
    assert found.servers
    # It could not be told.
    found.told_by("checkers", "")
    assert found.servers
    found.told_by("checkers", "8 200")
    assert not found.servers


def test_what_is_kept_is_gone_on_with() -> None:
    first = known('INSTANCE "ha_web_ipv4" MASTER 150', UP1)
    second = Known(CONFIGURATION, first.as_record())
    for part in second.up:
        second.told_by(part, "7 100")
        second.hold(part, True, 9.0)
    assert second.events == []
    assert router(second) == router(first)
    assert second.servers == first.servers
    # Servers and routers that are gone are forgotten.
    other = Known({"routers": {"b": []}, "services": []}, first.as_record())
    assert (list(other.routers), other.servers) == (["b"], {})


def test_text() -> None:
    found = known('INSTANCE "ha_web_ipv4" MASTER 150', UP1)
    written = text(
        found,
        now=12.34567,
        held={("ha_web_ipv4", "192.0.2.100", "eth0"): True},
        track={("web", "web1"): -100000},
        standby=0,
    )
    samples = [line for line in written.splitlines() if not line.startswith("#")]
    assert samples == [
        "ha_web_notify_timestamp_seconds 12.346",
        'ha_web_keepalived_up{part="vrrp"} 1',
        'ha_web_keepalived_up{part="checkers"} 1',
        'ha_web_vrrp_state{router="ha_web_ipv4",state="master"} 1',
        'ha_web_vrrp_state{router="ha_web_ipv4",state="backup"} 0',
        'ha_web_vrrp_state{router="ha_web_ipv4",state="fault"} 0',
        'ha_web_vrrp_state{router="ha_web_ipv4",state="stopped"} 0',
        'ha_web_vrrp_state{router="ha_web_ipv4",state="unknown"} 0',
        'ha_web_vrrp_since_timestamp_seconds{router="ha_web_ipv4"} 1.0',
        'ha_web_vrrp_transitions_total{router="ha_web_ipv4",state="master"} 1',
        'ha_web_vip_held{router="ha_web_ipv4",vip="192.0.2.100",interface="eth0"} 1',
        'ha_web_server_up{service="web",server="web1"} 1',
        'ha_web_server_since_timestamp_seconds{service="web",server="web1"} 2.0',
        'ha_web_track{service="web",server="web1"} -100000',
        "ha_web_standby 0",
    ]
