# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What a rehearsal has shown: the outage, the order of events, and the verdict."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest
from ansible_collections.lvs.ha_web.plugins.filter.rehearsal_report import rehearsal_report
from ansible_collections.lvs.ha_web.plugins.plugin_utils._clocks import Answer, offset
from ansible_collections.lvs.ha_web.plugins.plugin_utils._rehearsal_report import (
    Change,
    changes,
    report,
    stretches,
    table,
)
from unit.rehearsals import BEGUN, KILLED, SKEW, healthy, mark, on, planned, samples, seen, words
from unit.topology_inventories import VIP

INTERFACE = planned(kill="interface")


def line(host: str, at: float, came: bool, address: str = VIP) -> str:
    """What ip monitor says on a host."""
    said = datetime.fromtimestamp(on(host, at), timezone.utc).isoformat(timespec="microseconds")[:-6]
    gone = "" if came else "Deleted "
    return f"[{said}] {gone}2: eth0    inet {address}/32 scope global eth0\\       valid_lft forever\n"


WATCHED = {
    "lvs1": line("lvs1", KILLED + 0.1, False) + line("lvs1", KILLED + 6, True),
    "lvs2": line("lvs2", KILLED + 0.3, True) + line("lvs2", KILLED + 5.99, False),
}


def test_outage_is_measured_and_held_against_the_bound() -> None:
    found = report(INTERFACE, seen(samples(failed=(0, 0.25)), watched=WATCHED))
    assert (found["verdict"], found["outage_s"], found["failed"]) == ("held", pytest.approx(0.24, abs=0.011), 25)
    assert found["limit_s"] == pytest.approx(0.5758)
    assert found["errors"] == {"timeout": 25}
    assert (found["holder_before"], found["holder_after"]) == ("lvs1", "lvs1")
    assert [found["phases"][name]["failed"] for name in ("baseline", "takeover", "return")] == [0, 25, 0]
    json.dumps(found)


@pytest.mark.parametrize(
    ("plan", "failed", "verdict"),
    [
        (INTERFACE, (0, 0), "held"),
        (INTERFACE, (0, 0.58), "held"),
        (INTERFACE, (0, 0.7), "exceeded"),
        # The way back is told, and is no part of the outage.
        (INTERFACE, (4.5, 6), "held"),
        (planned(kill="interface", tolerance=0), (0, 0.4), "exceeded"),
        (planned(), (0, 0), "held"),
        (planned(), (0, 0.3), "held"),
        # What was killed restarts by itself: there is no other way back.
        (planned(), (4.5, 6), "exceeded"),
    ],
)
def test_verdict(plan: dict[str, Any], failed: tuple[float, float], verdict: str) -> None:
    assert report(plan, seen(samples(failed=failed)))["verdict"] == verdict


def test_vip_that_moves_twice_counts_its_longest_gap() -> None:
    twice = [*samples(failed=(0, 0.2))[:900], *samples(failed=(5, 5.3))[900:]]
    assert report(planned(), seen(twice))["outage_s"] == pytest.approx(0.31, abs=0.011)
    assert report(INTERFACE, seen(twice, restored=None))["outage_s"] == pytest.approx(0.29, abs=0.011)


@pytest.mark.parametrize(
    ("times", "expected"),
    [([], []), ([5], [0]), ([5, 6.9], [pytest.approx(1.9)]), ([9, 5, 5.5, 7.5, 8], [0.5, 1.5])],
)
def test_outage_ends_when_the_service_is_quiet(times: list[float], expected: list[float]) -> None:
    assert stretches(times, 2) == expected


def test_events_are_in_order_on_the_probes_clock() -> None:
    events = report(INTERFACE, seen(samples(), watched=WATCHED))["events"]
    names = ["begun", "killed", "moved", "restored", "returned", "ended"]
    assert [event["event"] for event in events] == names
    times = [event["since_kill_s"] for event in events]
    assert times == pytest.approx([-5, 0, 0.3, 4, 6, 6.99], abs=0.001)
    assert [event["told_by"] for event in events] == ["client", "lvs1", "lvs2", "lvs1", "lvs1", "client"]
    assert [event["uncertainty_s"] for event in events] == [0, 0.04, 0.04, 0.04, 0.03, 0]
    assert events[2]["at"] == "2025-10-09T08:53:25.300Z"


def test_return_is_told_by_the_other_where_the_broken_one_has_forgotten() -> None:
    found = report(INTERFACE, seen(samples(), watched={"lvs2": WATCHED["lvs2"], "lvs1": ""}))
    assert [(event["event"], event["told_by"]) for event in found["events"]][4] == ("returned", "lvs2")


def test_vip_that_stays_is_said() -> None:
    found = report(planned(), seen(samples()))
    assert [event["event"] for event in found["events"]] == ["begun", "killed", "restored", "ended"]
    assert found["notes"] == ["keepalived was back before lvs2 missed it, and the VIP stayed."]
    moved = report(planned(healthy(preempt=False)), seen(samples(), watched=WATCHED))
    assert moved["notes"] == ["By its configuration (nopreempt) the VIP stays with lvs2."]


@pytest.mark.parametrize(
    ("changed", "trouble"),
    [
        ({"trouble": ["lvs2 has not taken it over."]}, ["lvs2 has not taken it over."]),
        ({"words": {"lvs1": words("lvs1", VIP), "lvs2": words("lvs2", VIP)}}, [f"lvs1 and lvs2 hold {VIP} at once"]),
        ({"words": {"lvs1": ""}}, []),
    ],
)
def test_trouble_is_told(changed: dict[str, Any], trouble: list[str]) -> None:
    found = report(INTERFACE, seen(samples(), **changed))
    assert found["trouble"] == trouble
    assert found["verdict"] == ("broken off" if trouble else "held")


@pytest.mark.parametrize("number", [0, 1])
def test_few_samples_are_no_error(number: int) -> None:
    found = report(INTERFACE, seen(samples()[:number]))
    assert (found["requests"], found["outage_s"]) == (number, 0)


def test_failures_before_and_a_probe_that_stood_still_are_noted() -> None:
    taken = samples(failed=(-1, -0.5))
    taken[0] = taken[0].__class__(**{**vars(taken[0]), "late": 0.4})
    notes = report(INTERFACE, seen(taken))["notes"]
    assert notes[0] == "50 requests failed before anything was broken. They are not part of the outage."
    assert notes[1].startswith("The measuring host stood still for up to 0.40 s.")


def test_only_the_address_counts() -> None:
    at = KILLED + SKEW["lvs1"].offset_s - SKEW["client"].offset_s
    text = line("lvs1", KILLED, True, "192.0.2.10") + line("lvs1", KILLED, True) + "Deleted 2: eth0\nnonsense\n"
    assert changes(text, VIP) == [Change(pytest.approx(at, abs=1e-5), True)]


def test_table_is_short() -> None:
    lines = table(report(INTERFACE, seen(samples(failed=(0, 0.25)), watched=WATCHED))).splitlines()
    assert lines == [
        "outage    0.24 s",
        "bound     0.33 s, and 0.25 s of tolerance: held",
        "requests  1,200",
        "failed    25, 25 timeout",
        "latency   median 2.3 ms  p99 2.6 ms  max 2.6 ms",
        "holder    lvs1 before, lvs1 after",
    ]


def test_filter_reads_what_ansible_has() -> None:
    text = "".join(json.dumps(vars(one)) + "\n" for one in samples(failed=(0, 0.25)))
    there = {name: {**one._asdict(), "changed": False} for name, one in SKEW.items()}
    killed = {"at": str(mark("lvs1", KILLED).at), "host": "lvs1", "uncertainty_s": 0.01}
    told = {"killed": killed, "restored": {}, "offsets": there, "watched": {}, "words": {}, "trouble": []}
    found = rehearsal_report(INTERFACE, text + '{"half', told)
    assert found["report"]["outage_s"] == pytest.approx(0.24, abs=0.011)
    assert found["report"]["begun_at"] == datetime.fromtimestamp(BEGUN, timezone.utc).isoformat()[:-6] + ".000Z"
    assert found["page"].startswith("<!DOCTYPE html>")


def test_quickest_answer_tells_the_clock() -> None:
    answers = [Answer(10, 15.5, 11), Answer(20, 25.04, 20.1), Answer(30, 99, 35)]
    assert offset(answers) == (pytest.approx(4.99), pytest.approx(0.05))
