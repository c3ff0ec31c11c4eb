# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The reader of keepalived's FIFOs, with real FIFOs."""

from __future__ import annotations

import json
import os
import select
from pathlib import Path
from typing import Any

import notify
import pytest
from notify import EVENTS, GRACE_S, Reader, number_in, teller
from textfile import replace
from unit.exporter.test_states import CONFIGURATION, UP1

MASTER, STOP = b'INSTANCE "ha_web_ipv4" MASTER 150\n', b'INSTANCE "ha_web_ipv4" STOP 150\n'


@pytest.fixture
def configuration(tmp_path: Path) -> dict[str, Any]:
    for name in ("vrrp", "checkers"):
        os.mkfifo(tmp_path / name)
    files = {name: str(tmp_path / name) for name in ("textfile", "events", "state")}
    (tmp_path / "director").mkdir()
    files["standby_file"] = str(tmp_path / "director/standby")
    fifos = {name: str(tmp_path / name) for name in ("vrrp", "checkers")}
    return {**CONFIGURATION, **files, "fifos": fifos, "address": "192.0.2.11"}


@pytest.fixture(autouse=True)
def _kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """What this machine's kernel has is nobody's business here."""
    monkeypatch.setattr(notify, "addresses", lambda: {"192.0.2.11": "eth1", "192.0.2.100": "eth1"})


class Keepalived:
    """Holds a FIFO as keepalived does: it reads and writes, so that it need not wait for anybody."""

    def __init__(self, path: str) -> None:
        self._number = os.open(path, os.O_RDWR | os.O_NONBLOCK)

    def write(self, data: bytes) -> None:
        os.write(self._number, data)

    def end(self) -> None:
        os.close(self._number)


def ready(reader: Reader) -> bool:
    return bool(select.select(reader.numbers(), [], [], 0)[0])


def state(reader: Reader) -> str:
    found: str = reader.known.routers["ha_web_ipv4"]["state"]
    return found


def events(configuration: dict[str, Any]) -> list[tuple[str, str]]:
    lines = Path(configuration["events"]).read_text().splitlines()
    return [(event["name"], event["state"]) for event in map(json.loads, lines)]


def test_without_keepalived_nobody_holds_them_and_nobody_spins(configuration: dict[str, Any]) -> None:
    reader = Reader(configuration)
    assert not reader.step(1.0)
    assert reader.known.up == {"vrrp": False, "checkers": False}
    assert not ready(reader)


def test_what_an_operator_orders_is_told_at_once(configuration: dict[str, Any]) -> None:
    reader = Reader(configuration)
    reader.publish(1.0)
    assert not reader.step(2.0)
    replace(configuration["standby_file"], "1\n")
    assert reader.step(3.0)
    reader.publish(3.0)
    assert "ha_web_standby 1" in Path(configuration["textfile"]).read_text()
    assert not reader.step(4.0)


def test_without_fifos_it_waits_for_them(configuration: dict[str, Any]) -> None:
    for path in configuration["fifos"].values():
        os.unlink(path)
    reader = Reader(configuration)
    assert not reader.step(1.0)
    os.mkfifo(configuration["fifos"]["vrrp"])
    Keepalived(configuration["fifos"]["vrrp"]).write(MASTER)
    assert reader.step(2.0)
    assert state(reader) == "master"


def test_lines_are_read_at_once_also_those_of_before(configuration: dict[str, Any]) -> None:
    keepalived = Keepalived(configuration["fifos"]["vrrp"])
    keepalived.write(MASTER)
    reader = Reader(configuration)
    assert reader.step(1.0)
    assert state(reader) == "master"
    assert not ready(reader)
    keepalived.write(STOP[:10])
    assert ready(reader)
    reader.publish(1.0)
    assert not reader.step(2.0)
    keepalived.write(STOP[10:] + b"garbage \xff\n\n")
    assert reader.step(3.0)
    assert state(reader) == "stopped"


def test_held_without_a_word(configuration: dict[str, Any]) -> None:
    keepalived = Keepalived(configuration["fifos"]["checkers"])
    reader = Reader(configuration)
    assert reader.step(1.0)
    assert reader.known.up == {"vrrp": False, "checkers": True}
    keepalived.end()


def test_killed(configuration: dict[str, Any]) -> None:
    keepalived, checkers = (Keepalived(configuration["fifos"][part]) for part in ("vrrp", "checkers"))
    keepalived.write(MASTER)
    checkers.write(UP1.encode() + b"\n")
    reader = Reader(configuration)
    reader.step(1.0)
    reader.publish(1.0)
    keepalived.end()
    checkers.end()
    assert ready(reader)
    assert not reader.step(2.0)
    assert not ready(reader)
    assert state(reader) == "master"
    assert reader.step(2.0 + GRACE_S)
    assert (state(reader), reader.known.servers) == ("unknown", {})
    reader.publish(2.0 + GRACE_S)
    assert 'ha_web_keepalived_up{part="vrrp"} 0' in Path(configuration["textfile"]).read_text()
    assert events(configuration)[-3:] == [("vrrp", "down"), ("ha_web_ipv4", "unknown"), ("checkers", "down")]


def test_reload_is_no_end(configuration: dict[str, Any]) -> None:
    keepalived = Keepalived(configuration["fifos"]["vrrp"])
    keepalived.write(MASTER)
    reader = Reader(configuration)
    reader.step(1.0)
    reader.publish(1.0)
    keepalived.end()
    assert not reader.step(2.0)
    again = Keepalived(configuration["fifos"]["vrrp"])
    assert not reader.step(2.5)
    assert not reader.step(99.0)
    assert state(reader) == "master"
    again.end()


def test_fifo_of_its_own_making_is_another_after_a_restart(configuration: dict[str, Any]) -> None:
    path = configuration["fifos"]["vrrp"]
    keepalived = Keepalived(path)
    keepalived.write(MASTER)
    reader = Reader(configuration)
    reader.step(1.0)
    os.unlink(path)
    keepalived.end()
    os.mkfifo(path)
    Keepalived(path).write(STOP)
    reader.step(2.0)
    reader.step(2.1)
    assert state(reader) == "stopped"


def test_restart_of_the_reader(configuration: dict[str, Any]) -> None:
    keepalived = Keepalived(configuration["fifos"]["vrrp"])
    keepalived.write(MASTER)
    first = Reader(configuration)
    first.step(1.0)
    first.publish(1.0)
    for number in first.numbers():
        os.close(number)
    second = Reader(configuration)
    assert not second.step(9.0)
    assert second.known.routers["ha_web_ipv4"] == {"state": "master", "since": 1.0, "transitions": {"master": 1}}
    assert second.known.up["vrrp"]
    # What it was is no longer so.
    keepalived.end()
    third = Reader(configuration)
    assert not third.step(10.0)
    assert third.step(10.0 + GRACE_S)
    assert state(third) == "unknown"


@pytest.mark.parametrize("content", ["", "{", "[", "nonsense"])
def test_state_that_cannot_be_read_is_none(configuration: dict[str, Any], content: str) -> None:
    Path(configuration["state"]).write_text(content)
    assert state(Reader(configuration)) == "unknown"


def test_publish(configuration: dict[str, Any], tmp_path: Path) -> None:
    track = tmp_path / "web1"
    track.write_text("-100000\n")
    servers = [
        {**server, "track_file": str(tmp_path / server["name"])} for server in CONFIGURATION["services"][0]["servers"]
    ]
    configuration["services"] = [{**CONFIGURATION["services"][0], "servers": servers}]
    Path(configuration["standby_file"]).write_text("1\n")
    reader = Reader(configuration)
    reader.publish(5.0)
    written = Path(configuration["textfile"]).read_text().splitlines()
    assert 'ha_web_vip_held{router="ha_web_ipv4",vip="192.0.2.100",interface="eth1"} 1' in written
    assert [line for line in written if line.startswith("ha_web_track")] == [
        'ha_web_track{service="web",server="web1"} -100000'
    ]
    assert "ha_web_standby 1" in written
    assert Path(configuration["textfile"]).stat().st_mode & 0o777 == 0o644


def test_events_are_the_newest(configuration: dict[str, Any]) -> None:
    Path(configuration["events"]).write_text(
        "".join(f'{{"name": "{number}", "state": ""}}\n' for number in range(EVENTS))
    )
    keepalived = Keepalived(configuration["fifos"]["vrrp"])
    keepalived.write(MASTER)
    reader = Reader(configuration)
    reader.step(1.0)
    reader.publish(1.0)
    found = events(configuration)
    assert len(found) == EVENTS
    assert found[0] == ("2", "")
    assert found[-2:] == [("vrrp", "up"), ("ha_web_ipv4", "master")]
    keepalived.end()


@pytest.mark.parametrize(
    ("content", "number"), [("5\n", 5), ("-100000", -100000), ("", None), ("x", None), (None, None)]
)
def test_number(tmp_path: Path, content: str | None, number: int | None) -> None:
    file = tmp_path / "file"
    if content is not None:
        file.write_text(content)
    assert number_in(str(file)) == number


def test_teller_is_a_process(tmp_path: Path) -> None:
    patterns = (f"{tmp_path}/missing/{{part}}.pid", f"{tmp_path}/{{part}}.pid")
    assert teller("vrrp", patterns) == ""
    (tmp_path / "vrrp.pid").write_text(f"{os.getpid()}\n")
    number, start = teller("vrrp", patterns).split()
    assert (int(number), int(start) > 0) == (os.getpid(), True)
    (tmp_path / "vrrp.pid").write_text("no number")
    assert teller("vrrp", patterns) == ""
