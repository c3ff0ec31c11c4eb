# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The page of a rehearsal: right for every series, and no text of it is markup."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pytest
from ansible_collections.lvs.ha_web.plugins.plugin_utils._outage import Sample
from ansible_collections.lvs.ha_web.plugins.plugin_utils._rehearsal_page import headline, page
from ansible_collections.lvs.ha_web.plugins.plugin_utils._rehearsal_plot import Event, View, plot, ticks
from ansible_collections.lvs.ha_web.plugins.plugin_utils._rehearsal_report import report
from hypothesis import given
from hypothesis import strategies as st
from unit.rehearsals import KILLED, planned, samples, seen

PLAN = planned(kill="interface")
EMPTY = ("meta", "line", "circle", "rect")
VIEW = View(600, 300, KILLED - 1, KILLED + 2, KILLED)


def svg(taken: list[Sample], view: View = VIEW, events: tuple[Event, ...] = (), bound_s: float = 0.3) -> Any:
    text = plot(taken, events, view, "a <plot>", bound_s)
    return ElementTree.fromstring(text.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1))


def places(picture: Any) -> list[float]:
    names = ("x", "x1", "x2", "cx"), ("y", "y1", "y2", "cy")
    return [float(one.get(name)) for one in picture.iter() for group in names for name in group if one.get(name)]


def count(picture: Any, kind: str) -> int:
    return sum(one.get("class") == kind for one in picture.iter())


@pytest.mark.parametrize(
    ("taken", "good", "failed"),
    [
        ([], 0, 0),
        (samples()[500:501], 1, 0),
        (samples(failed=(0, 0.01))[500:501], 0, 1),
        (samples(), 301, 0),
        (samples(failed=(0, 0.25)), 276, 25),
        (samples(failed=(-5, 99)), 0, 301),
    ],
)
def test_plot_shows_each_request(taken: list[Sample], good: int, failed: int) -> None:
    picture = svg(taken)
    assert (count(picture, "good"), count(picture, "failed")) == (good, failed)
    assert count(picture, "bound") == 1


def test_many_requests_become_ranges() -> None:
    picture = svg(samples(60, rate=200), View(600, 300, KILLED - 5, KILLED + 55, KILLED))
    assert count(picture, "good") == 0
    assert 150 < count(picture, "range") == count(picture, "median") < 200


@given(
    st.lists(
        st.tuples(st.floats(-2, 3), st.floats(0, 40), st.sampled_from(["", "timeout"])),
        max_size=30,
    ),
    st.floats(-3, 1),
    st.floats(1.001, 9),
)
def test_nothing_lies_outside(shown: list[tuple[float, float, str]], since: float, until: float) -> None:
    taken = [Sample(n, KILLED + at, 0, took, 200, error, "", 1) for n, (at, took, error) in enumerate(shown)]
    view = View(400, 250, KILLED + since, KILLED + until, KILLED)
    events = tuple(Event(KILLED + at, number, "x") for number, (at, _took, _error) in enumerate(shown[:6]))
    assert all(-0.1 <= place <= 400.1 for place in places(svg(taken, view, events)))


def test_numbers_do_not_cover_each_other() -> None:
    close = tuple(Event(KILLED + number / 100, number, "x") for number in range(4))
    circles = [(one.get("cx"), one.get("cy")) for one in svg([], VIEW, close).iter() if one.get("class") == "number"]
    assert len({y for _x, y in circles if y}) == 4


@pytest.mark.parametrize(
    ("low", "high", "most", "expected"),
    [
        (-1, 2, 6, [-1, -0.5, 0, 0.5, 1, 1.5, 2]),
        (-5, 21, 6, [-5, 0, 5, 10, 15, 20]),
        (0, 0, 4, [0]),
        (-5, 640, 4, [0, 200, 400, 600]),
    ],
)
def test_ticks_are_round(low: float, high: float, most: int, expected: list[float]) -> None:
    assert ticks(low, high, most) == expected


class Reader(HTMLParser):
    """Collects what could ask somebody for something, and how deep elements lie."""

    def __init__(self) -> None:
        super().__init__()
        self.asking: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        asks = {"src", "href", "srcset", "action", "data", "poster"} & {name for name, _value in attrs}
        if asks or tag in ("script", "link", "img", "iframe", "object", "base"):
            self.asking.append(tag)
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert tag in EMPTY or self.open.pop() == tag


@pytest.mark.parametrize("failed", [(0, 0), (0, 0.25), (0, 0.9), (-5, 99)])
@pytest.mark.parametrize("number", [0, 1, 1200])
@pytest.mark.parametrize("trouble", [[], ["it <b>did</b> not"]])
def test_page_is_whole_and_asks_nobody(failed: tuple[float, float], number: int, trouble: list[str]) -> None:
    taken = samples(failed=failed)[:number]
    text = page(report(PLAN, seen(taken, trouble=trouble)), taken)
    reader = Reader()
    reader.feed(text)
    assert (reader.asking, reader.open) == ([], [])
    assert not re.search(r"url\(|@import|https?://(?!192\.0\.2\.100/)", text)


def test_text_is_no_markup() -> None:
    bad = "<script>alert(1)</script>&\"'"
    plan = {**PLAN, "director": bad, "heir": bad, "device": bad, "probe": bad, "url": bad, "service": bad}
    taken = [Sample(0, KILLED, 0, 0.8, 0, bad, "", 1), Sample(1, KILLED + 1, 0, 0.1, 200, "", bad, 1)]
    found = seen(taken, trouble=[bad])
    offsets = {**found.offsets, bad: found.offsets["client"]}
    text = page(report(plan, found._replace(offsets=offsets)), taken)
    assert "<script" not in text
    assert text.count("&lt;script&gt;") > 8


@pytest.mark.parametrize(
    ("failed", "trouble", "expected"),
    [
        ((0, 0), [], "lvs1 failed, and no request was lost"),
        ((0, 0.25), [], "lvs1 failed, and 192.0.2.100 was away for 0.24 s"),
        ((0, 0.25), ["x"], "The rehearsal with lvs1 was broken off"),
    ],
)
def test_headline(failed: tuple[float, float], trouble: list[str], expected: str) -> None:
    assert headline(report(PLAN, seen(samples(failed=failed), trouble=trouble))) == expected
