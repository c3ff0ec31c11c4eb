# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Wrong input, told as people need it: all at once, each with its remedy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Problem(NamedTuple):
    """One wrong thing: the item of the input, what is wrong with it, and what to write instead."""

    item: str
    message: str
    remedy: str


def report(problems: Sequence[Problem], where: str, consequence: str) -> str:
    """Return the problems as text; ``where`` they are, and what was therefore not done."""
    count = len(problems)
    lines = [f"{count} error{'' if count == 1 else 's'} in {where}; {consequence}."]
    for problem in problems:
        lines.append(f"  {problem.item}: {problem.message}")
        lines.append(f"      {problem.remedy}")
    return "\n".join(lines)
