# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Figures in Prometheus' text format, as far as the monitor wants them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from prometheus_client.parser import text_string_to_metric_families

# An exporter says much about itself; what is left out here costs nothing to read.
WANTED = (
    "ha_web_",
    "node_load1 ",
    "node_time_seconds ",
    "nginx_up",
    "nginx_http_requests_total",
    "nginx_connections_active",
    "apache_up",
    "apache_accesses_total",
    "apache_workers",
)
_LARGEST = 1e18  # neither infinity nor what is not a number: the page could not read it


class Figure(NamedTuple):
    """One line."""

    labels: Mapping[str, str]
    value: float


class Figures:
    """What one scrape has brought."""

    def __init__(self, by_name: Mapping[str, list[Figure]] | None = None) -> None:
        self._by_name = by_name or {}
        self._indexes: dict[tuple[str, ...], dict[tuple[str, ...], float]] = {}

    def all(self, name: str) -> list[Figure]:
        """Return all lines of a name."""
        return self._by_name.get(name, [])

    def one(self, name: str, **labels: str) -> float | None:
        """Return the value of the only line with these labels; None where there is none, or more."""
        found = [one.value for one in self.all(name) if all(one.labels.get(k) == v for k, v in labels.items())]
        return found[0] if len(found) == 1 else None

    def by(self, name: str, *labels: str) -> Mapping[tuple[str, ...], float]:
        """Return the values by those labels, summed over all others. There may be thousands."""
        if (name, *labels) not in self._indexes:
            index: dict[tuple[str, ...], float] = {}
            for one in self.all(name):
                key = tuple(one.labels.get(label, "") for label in labels)
                index[key] = index.get(key, 0) + one.value
            self._indexes[(name, *labels)] = index
        return self._indexes[(name, *labels)]


class Reader:
    """Reads the same exporter again and again: what a line's labels mean it finds out only once."""

    def __init__(self) -> None:
        self._heads: dict[str, tuple[str, Mapping[str, str]]] = {}

    def read(self, text: str) -> Figures:
        """Return the figures in a text.

        Raises:
            ValueError: it is none.
        """
        heads: dict[str, tuple[str, Mapping[str, str]]] = {}
        found: dict[str, list[Figure]] = {}
        for line in text.split("\n"):
            if line.startswith(WANTED):
                head, _blank, tail = line.rpartition(" ")
                name, labels = heads[head] = self._heads.get(head) or _head(head)
                value = float(tail)
                if abs(value) < _LARGEST:
                    found.setdefault(name, []).append(Figure(labels, value))
        self._heads = heads
        return Figures(found)


def _head(head: str) -> tuple[str, Mapping[str, str]]:
    try:
        ((sample,),) = (family.samples for family in text_string_to_metric_families(f"{head} 0\n"))
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"no figures: {error}") from None
    if sample.timestamp is not None:
        raise ValueError("no figures: lines with times")
    return sample.name, sample.labels
