# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The command line of a benchmark on a scenario's cluster."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .cluster import Cluster
from .report import LabError, say


def command(
    name: str,
    description: str | None,
    measure: Callable[[Cluster], dict[str, Any]],
    page: Callable[[dict[str, Any]], str],
) -> int:
    """Measure, write the figures as JSON and as Markdown beside each other, and print them; return the exit code."""
    parser = argparse.ArgumentParser(prog=f"lab.{name}", description=description)
    parser.add_argument("--inventory", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="without its suffix")
    arguments = parser.parse_args()
    try:
        record = measure(Cluster(arguments.inventory))
    except LabError as error:
        say(f"lab: {error}")
        return 1
    arguments.out.parent.mkdir(exist_ok=True)
    arguments.out.with_suffix(".json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    text = page(record)
    arguments.out.with_suffix(".md").write_text(f"{text}\n", encoding="utf-8")
    say(text)
    return 0
