# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""A running cluster for each test that acts on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from unit.monitor.live import Cluster, live


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with live(tmp_path) as made:
        yield made
