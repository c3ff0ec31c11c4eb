# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The monitor's pure modules: figures in words, ages, addresses, places."""

from __future__ import annotations

from typing import Any

import pytest
from unit.monitor_page import monitor_states as states
from unit.monitor_page.looking import Look

FIGURES = [
    ("format", "number", [None], "unknown"),
    ("format", "number", [0], "0"),
    ("format", "number", [0.126], "0.13"),
    ("format", "number", [41.26], "41.3"),
    ("format", "number", [99.97], "100"),
    ("format", "number", [1234567], "1\u202f234\u202f567"),
    ("format", "whole", [None], "unknown"),
    ("format", "perSecond", [None], "unknown"),
    ("format", "perSecond", [0], "0/s"),
    ("format", "bytes", [None], "unknown"),
    ("format", "bytes", [1023], "1\u202f023 B"),
    ("format", "bytes", [1536], "1.5 KiB"),
    ("format", "percent", [None], "unknown"),
    ("format", "percent", [0.9914], "99.1 %"),
    ("format", "span", [None], "unknown"),
    ("format", "span", [59.4], "59 s"),
    ("format", "span", [3600], "1 h"),
    ("format", "span", [7260], "2 h 1 min"),
    ("format", "span", [90000], "1 d 1 h"),
    ("format", "ago", [None, 100], "unknown"),
    ("format", "ago", [90, 100], "10 s"),
    ("format", "ago", [110, 100], "0 s"),
    ("format", "inUnit", [None, "ratio"], "unknown"),
    ("format", "inUnit", [0.5, "ratio"], "50.0 %"),
    ("format", "inUnit", [2048, "bytes/s"], "2 KiB/s"),
    ("format", "count", [1, "server"], "1 server"),
    ("freshness", "freshness", [None, False], "unknown"),
    ("freshness", "freshness", [4.9, False], "fresh"),
    ("freshness", "freshness", [5, False], "stale"),
    ("freshness", "freshness", [5, True], "fresh"),
    ("freshness", "freshness", [8, True], "stale"),
    ("freshness", "freshness", [10, False], "unknown"),
    ("router", "parse", [""], {"view": "overview", "name": ""}),
    ("router", "parse", ["#/nonsense"], {"view": "overview", "name": ""}),
    ("router", "parse", ["#/audit"], {"view": "audit", "name": ""}),
    ("router", "parse", ["#/server/a%2Fb%3C"], {"view": "server", "name": "a/b<"}),
    ("router", "parse", ["#/server/%"], {"view": "server", "name": "%"}),
    ("topology-layout", "flow", [None], None),
    ("topology-layout", "flow", [0], 0),
    ("topology-layout", "flow", [0.2], 1),
    ("topology-layout", "flow", [150], 3),
    ("topology-layout", "flow", [1e6], 4),
    ("topology-layout", "shorten", ["fd00:1:2:3::100", 11], "fd00:…::100"),
    ("topology-layout", "shorten", ["web1", 11], "web1"),
    ("words", "worst", [["up", "down"]], "down"),
    ("words", "worst", [[]], "unknown"),
    (
        "differences",
        "differences",
        [["a\nb\nb", "a\nb"]],
        [
            [{"text": "a", "own": False}, {"text": "b", "own": False}, {"text": "b", "own": True}],
            [{"text": "a", "own": False}, {"text": "b", "own": False}],
        ],
    ),
]


def call(look: Look) -> Any:
    page = look()
    code = "async ([name, called, given]) => (await import(`/js/${name}.js`))[called](...given)"
    return lambda name, called, *given: page.evaluate(code, [name, called, list(given)])


def test_figures(look: Look) -> None:
    run = call(look)
    assert [(name, called, given, run(name, called, *given)) for name, called, given, _told in FIGURES] == FIGURES


def numbers(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [one for part in value.values() for one in numbers(part)]
    if isinstance(value, list):
        return [one for part in value for one in numbers(part)]
    return [value] if isinstance(value, (int, float)) and not isinstance(value, bool) else []


def test_what_is_forgotten_has_no_measured_figure(look: Look) -> None:
    run = call(look)
    for made in (states.healthy, states.mixed, states.two_masters):
        state = made()
        left = run("freshness", "forgotten", state)
        # Declared: weights, priorities, persistence, quorum; and when it was.
        assert set(numbers(left)) <= {1, 50, 100, 150, 300, state["at"]}
        assert len(numbers(state)) > 2 * len(numbers(left))


@pytest.mark.parametrize("width", [320, 639, 640, 1300])
def test_nodes_stand_apart_within_the_picture(look: Look, width: int) -> None:
    run = call(look)
    for made in (states.healthy, states.mixed, states.nothing_known):
        picture = run("topology-layout", "layout", made(), width)
        nodes = picture["nodes"]
        for one in nodes:
            assert one["x"] >= 0 and one["y"] >= 0
            assert one["x"] + one["w"] <= width and one["y"] + one["h"] <= picture["height"]
        for number, one in enumerate(nodes):
            for other in nodes[number + 1 :]:
                beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
                assert beside or one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]


def test_addresses_find_their_services(look: Look) -> None:
    run = call(look)
    state = states.healthy()
    for endpoint in ("[fd00::100]:443/tcp", "fwmark 3"):
        state["services"][0]["endpoints"] = [endpoint]
        edges = run("topology-layout", "layout", states.renamed(state, "10.0.0.100", "fd00::100"), 1200)["edges"]
        assert edges[0]["rate"] == pytest.approx(118.2)


def test_events_stand_in_their_order(look: Look) -> None:
    run = call(look)
    events = states.timeline()["events"]
    placed = run("timeline-layout", "place", events, 1, events[0]["at"] + 100, 800)
    assert [one["name"] for one in placed["lanes"]] == ["lvs1", "lvs2"]
    across = [one["x"] for one in placed["marks"]]
    assert across == sorted(across, reverse=True)
    assert all(placed["left"] <= x <= 800 for x in across)
    assert len(placed["marks"]) == len(events)
    assert run("timeline-layout", "place", events, 1, events[0]["at"] + 9999, 800)["marks"] == []
