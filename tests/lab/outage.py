# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What the probe's samples say, in the collection's own figures."""

from __future__ import annotations

from ansible_collections.lvs.ha_web.plugins.plugin_utils._outage import (
    Latency,
    Reading,
    Sample,
    percentile,
    read,
    sample,
    within,
)

__all__ = ["Latency", "Reading", "Sample", "percentile", "read", "sample", "within"]
