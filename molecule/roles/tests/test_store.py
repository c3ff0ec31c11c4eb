# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""A store without a cluster."""

from __future__ import annotations

from conftest import State

testinfra_hosts = ["ansible://store"]

COMMANDS = {
    "active": "systemctl is-active nfs-server",
    "enabled": "systemctl is-enabled nfs-server",
    "failed": "systemctl list-units --failed --plain --no-legend",
    "exports": "exportfs -s",
    # But for Docker's resolver.
    "tcp": "ss --no-header --listening --tcp --numeric not src 127.0.0.11",
}


def test_server_runs_now_and_at_boot(state: State) -> None:
    assert state["active"].lines == ["active"]
    assert state["enabled"].lines == ["enabled"]
    assert not state["failed"].text


def test_shares_are_exported_to_their_client_alone(state: State) -> None:
    assert [line.split("(")[0].split() for line in state["exports"].lines] == [
        [f"/{name}", "10.91.18.31"] for name in ("shared", "more")
    ]


def test_nobody_else_listens(state: State) -> None:
    assert {line.split()[3] for line in state["tcp"].lines} == {"0.0.0.0:2049", "[::]:2049"}
