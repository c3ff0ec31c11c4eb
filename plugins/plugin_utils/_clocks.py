# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Clocks of different hosts, compared by asking for the time (Cristian's algorithm)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Answer(NamedTuple):
    """Here when it was asked, there, and here when the answer had come; seconds."""

    asked: float
    said: float
    answered: float


class Offset(NamedTuple):
    """How far the other clock is ahead, and how far from the truth that may be."""

    offset_s: float
    uncertainty_s: float


def offset(answers: Sequence[Answer]) -> Offset:
    """Return what the quickest answer says: the other clock was read between asking and being answered."""
    best = min(answers, key=lambda answer: answer.answered - answer.asked)
    return Offset(
        offset_s=round(best.said - (best.asked + best.answered) / 2, 6),
        uncertainty_s=round((best.answered - best.asked) / 2, 6),
    )
