# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What the probe's samples say: tables, and properties that hold for all of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lab import outage
from lab.load import lost
from lab.outage import Sample

TIMEOUT_S = 0.8


def series(pattern: str, every: float = 0.01) -> list[Sample]:
    """One request for each letter: a-z is the server that answered, anything else a failure."""
    return [
        Sample(
            n=n,
            at=100 + n * every,
            late=0.0,
            took=0.002 if letter.isalpha() else TIMEOUT_S,
            status=200 if letter.isalpha() else 0,
            error="" if letter.isalpha() else {"t": "timeout", "!": "refused"}.get(letter, "timeout"),
            server=letter if letter.isalpha() else "",
            port=32768 + n,
        )
        for n, letter in enumerate(pattern)
    ]


@pytest.mark.parametrize(
    ("pattern", "failed", "outage_s", "gap_s"),
    [
        ("", 0, 0.0, 0.0),
        ("aaaa", 0, 0.0, 0.01),
        ("aa-aa", 1, 0.0, 0.02),
        ("aa----aa", 4, 0.03, 0.05),
        ("aa-aaa-a", 2, 0.04, 0.02),
        ("----", 4, 0.03, 0.0),
        ("--aa", 2, 0.01, 0.01),
    ],
)
def test_outage_is_from_the_first_failure_to_the_last(pattern: str, failed: int, outage_s: float, gap_s: float) -> None:
    reading = outage.read(series(pattern), TIMEOUT_S)
    assert (reading.requests, reading.failed) == (len(pattern), failed)
    assert (reading.outage_s, reading.longest_gap_s) == pytest.approx((outage_s, gap_s))


def test_servers_and_kinds_of_errors_are_counted() -> None:
    reading = outage.read(series("abcab!!-"), TIMEOUT_S)
    assert reading.servers == {"a": 2, "b": 2, "c": 1}
    assert reading.errors == {"refused": 2, "timeout": 1}


def test_a_failing_answer_is_no_answer_of_its_server() -> None:
    broken = Sample(1, 100, 0, 0.01, 502, "http502", "a", 40000)
    reading = outage.read([broken], TIMEOUT_S)
    assert (reading.failed, reading.servers, reading.errors) == (1, {}, {"http502": 1})


def test_window_takes_its_beginning_and_leaves_its_end() -> None:
    samples = series("abcdef", every=1)
    assert [one.server for one in outage.within(samples, 101, 104)] == ["b", "c", "d"]


@pytest.mark.parametrize(
    ("late", "took", "probe_late_s"),
    [(0.0, 0.002, 0.0), (0.3, 0.002, 0.3), (0.0, TIMEOUT_S + 0.5, 0.5), (0.1, TIMEOUT_S + 0.05, 0.1)],
)
def test_a_probe_that_stood_still_is_recognised(late: float, took: float, probe_late_s: float) -> None:
    reading = outage.read([Sample(0, 100, late, took, 0, "timeout", "", 40000)], TIMEOUT_S)
    assert reading.probe_late_s == pytest.approx(probe_late_s)


@pytest.mark.parametrize(("percent", "value"), [(50, 2), (95, 4), (100, 4), (1, 1), (75, 3)])
def test_percentile_is_a_measured_value(percent: float, value: int) -> None:
    assert outage.percentile([4, 1, 3, 2], percent) == value


def test_sample_is_a_line_of_the_probe() -> None:
    line = '{"n":7,"at":1.5,"late":0.0,"took":0.1,"status":200,"error":"","server":"web1","port":40000}'
    assert outage.sample(line) == Sample(7, 1.5, 0.0, 0.1, 200, "", "web1", 40000)


def test_what_was_sent_again_is_counted_and_an_older_probe_tells_nothing_of_it() -> None:
    line = '{"n":7,"at":1.5,"late":0.0,"took":1.1,"status":200,"error":"","server":"web1","port":40000,"again":2}'
    told = outage.sample(line)
    assert told.again == 2
    assert outage.read([told, *series("aaa")], 3.0).again == 1


@pytest.mark.parametrize(
    ("late", "since", "is_lost"),
    [
        (0.0, 1.1, True),
        (0.3, 0.9, True),
        (0.9, 1.0, False),
        # The standstill was over when the request was sent, or soon after.
        (0.9, -0.1, True),
        (0.9, 0.1, True),
    ],
)
def test_a_syn_that_is_sent_again_was_lost_unless_the_client_stood_still(
    late: float, since: float, is_lost: bool
) -> None:
    again = Sample(0, 100, 0, 1.2, 200, "", "web1", 40000, again=1)
    other = Sample(1, 100 + since, late, 0.002, 200, "", "web1", 40001)
    assert lost([again, other]) == [again] * is_lost


def test_a_syn_that_was_answered_with_an_ack_of_the_last_connection_was_not_lost() -> None:
    assert lost([Sample(0, 100, 0, 0.14, 200, "", "web1", 40000, again=1)]) == []


patterns = st.text(alphabet="abc-!", max_size=60)


@given(patterns)
def test_requests_are_failures_and_answers(pattern: str) -> None:
    reading = outage.read(series(pattern), TIMEOUT_S)
    assert reading.requests == reading.failed + sum(reading.servers.values())
    assert sum(reading.errors.values()) == reading.failed


@given(patterns, st.randoms(use_true_random=False))
def test_order_of_arrival_does_not_matter(pattern: str, random: st.DataObject) -> None:
    samples = series(pattern)
    shuffled = list(samples)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert outage.read(shuffled, TIMEOUT_S) == outage.read(samples, TIMEOUT_S)


@given(patterns)
def test_an_outage_is_no_longer_than_the_series_and_more_than_its_longest_run(pattern: str) -> None:
    reading = outage.read(series(pattern), TIMEOUT_S)
    runs = "".join("-" if not letter.isalpha() else " " for letter in pattern).split()
    longest = max((len(run) - 1 for run in runs), default=0) * 0.01
    assert longest - 1e-9 <= reading.outage_s <= max(len(pattern) - 1, 0) * 0.01 + 1e-9


@given(patterns, st.integers(0, 60), st.integers(0, 60))
def test_windows_divide_a_series(pattern: str, first: int, second: int) -> None:
    samples = series(pattern)
    low, high = sorted((100 + first * 0.01, 100 + second * 0.01))
    parts = [
        *outage.within(samples, until=low),
        *outage.within(samples, low, high),
        *outage.within(samples, high),
    ]
    assert parts == samples
