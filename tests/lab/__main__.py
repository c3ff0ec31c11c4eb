# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The lab's commands: ``python -m lab up`` and so on; the Makefile is their face."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from . import (
    again,
    bench,
    bench_topology,
    embedded,
    engine,
    integration,
    lanes,
    playbook,
    preflight,
    report,
    status,
    up,
)
from .cluster import Cluster
from .proof import kills, proof
from .settings import BUILD

Arguments = Sequence[str]


def _build(_arguments: Arguments) -> None:
    with report.Steps(1).step("build") as detail:
        preflight.embedded()
        embedded.parts(preflight.cores(), detail)
        detail("kernel, node images and disk of the embedded engine are in the cache")


def _engine_up(_arguments: Arguments) -> None:
    with report.Steps(1).step("engine") as detail:
        engine.up(detail)
    _engine_status(())


def _engine_down(_arguments: Arguments) -> None:
    if lanes.end_second():
        report.say("second embedded engine stopped")
    if embedded.remains():
        embedded.stop()
        report.say("embedded engine stopped")
    else:
        report.say("no embedded engine is running")


def _engine_status(_arguments: Arguments) -> None:
    found = engine.find()
    if found is None:
        report.say("no engine is running.  Start one: make engine-up")
        return
    report.say(f"engine: {found.description}")
    report.say("\n".join(f"export {name}={value}" for name, value in found.environment().items()))


def _up(_arguments: Arguments) -> None:
    up.up()


def _down(_arguments: Arguments) -> None:
    up.down()


def _proof(_arguments: Arguments) -> None:
    proof(Cluster(up.INVENTORY), BUILD / "proof.json")


def _kills(arguments: Arguments) -> None:
    kills(Cluster(up.INVENTORY), int(arguments[0]) if arguments else 5, BUILD / "kills.json")


def _status(_arguments: Arguments) -> None:
    report.say("\n".join(status.lines(Cluster(up.INVENTORY))))


def _shell(arguments: Arguments) -> None:
    status.shell(Cluster(up.INVENTORY), *arguments)


def _run(arguments: Arguments) -> None:
    """Become a command, such as ``molecule test``, with an engine behind it."""
    with report.Steps(1).step("engine") as detail:
        environment = playbook.environment(engine.up(detail))
    os.execvpe(arguments[0], list(arguments), environment)


def _integration(arguments: Arguments) -> None:
    sys.exit(integration.run(arguments))


def _again(arguments: Arguments) -> None:
    sys.exit(again.run(*arguments))


def _lanes(arguments: Arguments) -> None:
    sys.exit(0 if lanes.run(arguments, lanes.scenarios()) else 1)


def _bench_ipvs(_arguments: Arguments) -> None:
    bench.run(BUILD / "bench-ipvs.json", BUILD / "bench-ipvs.md")


def _bench_topology(_arguments: Arguments) -> None:
    bench_topology.run(BUILD / "bench-topology.json", BUILD / "bench-topology.md")


_COMMANDS: dict[str, tuple[str, Callable[[Arguments], None]]] = {
    "build": ("build what the embedded engine needs, where the cache does not hold it", _build),
    "engine-up": ("start the engine, or find that one runs", _engine_up),
    "engine-down": ("stop the embedded engine", _engine_down),
    "engine-status": ("which engine is in use, and how to reach it", _engine_status),
    "up": ("engine, nodes, playbooks/site.yml, proof", _up),
    "down": ("remove the nodes and stop the embedded engine", _down),
    "proof": ("faults on the running cluster, measured", _proof),
    "kills": ("kill the master [N times]", _kills),
    "status": ("the cluster at a glance", _status),
    "shell": ("a shell in NODE", _shell),
    "integration": ("run tests/integration in a container [pytest's arguments]", _integration),
    "again": ("run one test, named as pytest does [SCENARIO]", _again),
    "lanes": ("run make's TARGETs... and all scenarios, in two lanes where the machine has room", _lanes),
    "bench-ipvs": ("large IPVS tables, beside ipvsadm and pyroute2, measured", _bench_ipvs),
    "bench-topology": ("large topologies, from the inventory to keepalived's table, measured", _bench_topology),
    "run": ("run COMMAND... with the engine's environment", _run),
}


def main() -> int:
    """Run one command; a LabError is told without a traceback and gives exit code 1."""
    parser = argparse.ArgumentParser(
        prog="lab",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(f"  {name:<14} {text}" for name, (text, _function) in _COMMANDS.items()),
    )
    parser.add_argument("command", choices=_COMMANDS)
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    given = parser.parse_args()
    report.plain_terminal()
    try:
        _COMMANDS[given.command][1](given.arguments)
    except report.LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("lab: interrupted", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
