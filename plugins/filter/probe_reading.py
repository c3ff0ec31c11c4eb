# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a probe's samples say."""

from __future__ import annotations

DOCUMENTATION = r"""
name: probe_reading
short_description: What the samples of an HTTP probe say
version_added: 0.3.0
author:
  - The lvs.ha_web authors (@lvs)
description:
  - Counts the requests of M(lvs.ha_web.http_probe), and measures outage and latency, in seconds.
  - Of no samples at all, every figure is 0.
options:
  _input:
    description: RV(lvs.ha_web.http_probe#module:samples), or the text of O(lvs.ha_web.http_probe#module:dest).
    type: raw
    required: true
  timeout:
    description: O(lvs.ha_web.http_probe#module:timeout), from which a probe that stood still is recognised.
    type: float
    default: 0.8
  since:
    description: Only requests sent then or later, seconds of the probe host's wall clock.
    type: float
  until:
    description: Only requests sent before that.
    type: float
positional: timeout
seealso:
  - module: lvs.ha_web.http_probe
"""

EXAMPLES = r"""
- name: Say what the probe has seen
  ansible.builtin.debug:
    msg: "{{ reading.failed }} of {{ reading.requests }} failed, outage {{ reading.outage_s }} s"
  vars:
    reading: "{{ probe.samples | lvs.ha_web.probe_reading }}"
"""

RETURN = r"""
_value:
  description: The figures.
  type: dict
  contains:
    requests:
      description: How many were sent.
      type: int
      sample: 1000
    failed:
      description: How many of them failed.
      type: int
      sample: 25
    errors:
      description: How many failed by each error.
      type: dict
      sample: {timeout: 25}
    servers:
      description: How many were answered well by each server.
      type: dict
      sample: {web1: 488, web2: 487}
    outage_s:
      description: From sending the first request that failed to sending the last; 0 with one or none.
      type: float
      sample: 0.24
    longest_gap_s:
      description: The longest time between two neighbours of those that succeeded.
      type: float
      sample: 0.26
    latency:
      description: Of those that succeeded, RV(ignore:p50_s), RV(ignore:p95_s), RV(ignore:p99_s) and RV(ignore:max_s).
      type: dict
      sample: {p50_s: 0.002, p95_s: 0.003, p99_s: 0.005, max_s: 0.012}
    probe_late_s:
      description: How late the probe itself was at worst. If that is much, its host stood still, not the service.
      type: float
      sample: 0.001
    again:
      description: How many had the first packet of their connection sent again.
      type: int
      sample: 0
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.lvs.ha_web.plugins.plugin_utils import _outage
from ansible_collections.lvs.ha_web.plugins.plugin_utils._inventory import plain


def probe_reading(
    samples: str | Sequence[Mapping[str, Any]],
    timeout: float = 0.8,
    since: float | None = None,
    until: float | None = None,
) -> dict[str, Any]:
    try:
        read = _outage.samples(str(samples) if isinstance(samples, str) else plain(samples))
    except (TypeError, ValueError) as error:
        raise AnsibleFilterError(f"these are no samples of lvs.ha_web.http_probe: {error}") from error
    chosen = _outage.within(
        read, -math.inf if since is None else float(since), math.inf if until is None else float(until)
    )
    return asdict(_outage.read(chosen, float(timeout)))


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"probe_reading": probe_reading}
