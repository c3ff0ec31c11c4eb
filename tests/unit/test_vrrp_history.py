# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Who spoke as master for how long, and how often chance alone moves a VIP."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lab.faults.network import takeovers
from lab.vrrp_history import Reign, double_master_s, reigns


def adverts(since: float, until: float, every: float = 0.1) -> list[float]:
    return [since + number * every for number in range(round((until - since) / every) + 1)]


def test_a_pause_ends_a_reign() -> None:
    times = [*adverts(1, 2), *adverts(3, 4)]
    assert [Reign(round(one.since, 3), round(one.until, 3)) for one in reigns(times, 0.1)] == [
        Reign(1, 2),
        Reign(3, 4),
    ]


def test_nobody_has_no_reign() -> None:
    assert list(reigns([], 0.1)) == []


@pytest.mark.parametrize(
    ("other", "seconds"),
    [
        pytest.param([], 0.0, id="alone"),
        pytest.param(adverts(2.3, 3), 0.0, id="one after the other"),
        pytest.param(adverts(1.7, 3), 0.3, id="the new one before the old one ends"),
        pytest.param([*adverts(1.2, 1.4), *adverts(1.9, 3)], 0.2, id="the longest of two"),
        pytest.param(adverts(0, 3), 1.0, id="all the time"),
    ],
)
def test_double_master(other: list[float], seconds: float) -> None:
    assert double_master_s({"lvs1": adverts(1, 2), "lvs2": other}, 0.1) == pytest.approx(seconds)


@given(st.lists(st.floats(0, 100)), st.lists(st.floats(0, 100)))
def test_double_master_does_not_depend_on_who_is_who(one: list[float], other: list[float]) -> None:
    assert double_master_s({"a": one, "b": other}, 0.1) == double_master_s({"a": other, "b": one}, 0.1)


def test_without_loss_nothing_moves() -> None:
    assert takeovers(0.0, 0.1, 30, 1e-4) == 0


def test_stated_number_is_seldom_exceeded() -> None:
    expected = 30 / 0.1 * 0.2**3 * 0.8
    most = takeovers(0.2, 0.1, 30, 1e-4)
    within = sum(math.exp(-expected) * expected**number / math.factorial(number) for number in range(most + 1))
    assert 1 - within < 1e-4 <= 1 - within + math.exp(-expected) * expected**most / math.factorial(most)
