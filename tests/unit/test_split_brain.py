# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""When more than one director held the VIP."""

from __future__ import annotations

import math

import pytest
from lab.split_brain import Change, doubles


def changes(text: str) -> list[Change]:
    """``1 a+`` is: at 1, a got it."""
    words = text.split()
    return [Change(float(at), change[:-1], change[-1] == "+") for at, change in zip(words[::2], words[1::2])]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("1 a+ 1 b-", []),
        ("1 a+ 2 a- 3 b+", []),
        ("1 a+ 2 b+ 3 a-", [(2, 3)]),
        ("1 a+ 2 b+", [(2, math.inf)]),
        ("2 b+ 3 a- 1 a+", [(2, 3)]),
        ("1 a+ 2 b+ 3 c+ 4 a- 5 b- 6 a+ 7 c-", [(2, 5), (6, 7)]),
        # Told twice.
        ("1 a+ 2 a+ 3 a- 4 b+", []),
    ],
)
def test_doubles(text: str, expected: list[tuple[float, float]]) -> None:
    assert doubles(changes(text)) == expected
