# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""First stage: how long IPVS keeps the entries of connections."""

from __future__ import annotations

from typing import Any

from .._fields import Entry, Problems, quote
from .._ipvs.model import SECONDS
from .model import LvsTimeouts

# keepalived's largest is 31 days; 0 leaves the kernel's.
TIMEOUTS = (0, min(SECONDS[1], 31 * 24 * 3600))
TIMEOUT_KEYS = ("tcp", "tcpfin", "udp")


def read_lvs_timeouts(problems: Problems, item: str, value: Any) -> LvsTimeouts:
    if value is None:
        return LvsTimeouts()
    if not isinstance(value, dict):
        problems.add(item, f"{quote(value)} is not a mapping.", "Write {tcp: 900, tcpfin: 120, udp: 300}, in seconds.")
        return LvsTimeouts()
    entry = Entry(problems, item, value, TIMEOUT_KEYS)
    return LvsTimeouts(**{key: entry.integer(key, TIMEOUTS, getattr(LvsTimeouts, key)) for key in TIMEOUT_KEYS})
