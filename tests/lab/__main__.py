# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The lab's commands: ``python -m lab engine-up`` and so on; the Makefile is their face."""

from __future__ import annotations

import argparse
import sys

from . import embedded, engine, report


def engine_up() -> None:
    """Start the engine, or find that one runs."""
    with report.Steps(1).step("engine") as detail:
        engine.up(detail)
    engine_status()


def engine_down() -> None:
    """Stop the embedded engine; another engine is not the lab's to stop."""
    if embedded.remains():
        embedded.stop()
        report.say("embedded engine stopped")
    else:
        report.say("no embedded engine is running")


def engine_status() -> None:
    """Say which engine is in use and how to reach it."""
    found = engine.find()
    if found is None:
        report.say("no engine is running.  Start one: make engine-up")
        return
    report.say(f"engine: {found.description}")
    report.say("\n".join(f"export {name}={value}" for name, value in found.environment().items()))


_COMMANDS = {
    "engine-up": engine_up,
    "engine-down": engine_down,
    "engine-status": engine_status,
}


def main() -> int:
    """Run one command; a LabError is one line and exit code 1."""
    parser = argparse.ArgumentParser(prog="lab", description=__doc__)
    parser.add_argument("command", choices=_COMMANDS)
    arguments = parser.parse_args()
    report.plain_terminal()
    try:
        _COMMANDS[arguments.command]()
    except report.LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("lab: interrupted", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
