# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a rehearsal has shown."""

from __future__ import annotations

DOCUMENTATION = r"""
name: rehearsal_report
short_description: What a rehearsal of a failover has shown
version_added: 0.3.0
author:
  - The lvs.ha_web authors (@lvs)
description:
  - For the playbook C(rehearse_failover). Measures the outage, holds it against its bound, and puts what happened in
    order on the measuring host's clock.
options:
  _input:
    description: From P(lvs.ha_web.rehearsal_plan#filter).
    type: dict
    required: true
  samples:
    description: The text that M(lvs.ha_web.http_probe) has written.
    type: str
    required: true
  seen:
    description:
      - When it was RV(ignore:killed) and RV(ignore:restored), each with RV(ignore:at), RV(ignore:host) and
        RV(ignore:uncertainty_s).
      - The RV(ignore:offsets) of clocks, what was RV(ignore:watched) and the last RV(ignore:words), by host; and the
        RV(ignore:trouble), a list of sentences.
    type: dict
    required: true
positional: samples, seen
"""

EXAMPLES = r"""
- name: Say how long the outage was
  ansible.builtin.debug:
    msg: "{{ (rehearsal | lvs.ha_web.rehearsal_report(samples, seen)).report.outage_s }}"
"""

RETURN = r"""
_value:
  description: The same three times.
  type: dict
  contains:
    report:
      description: Plain data. RV(ignore:verdict) is C(held), C(exceeded) or C(broken off).
      type: dict
    page:
      description: HTML that needs nothing else.
      type: str
    table:
      description: A few lines.
      type: str
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.lvs.ha_web.plugins.plugin_utils import _outage
from ansible_collections.lvs.ha_web.plugins.plugin_utils._clocks import Offset
from ansible_collections.lvs.ha_web.plugins.plugin_utils._inventory import plain
from ansible_collections.lvs.ha_web.plugins.plugin_utils._rehearsal_page import page
from ansible_collections.lvs.ha_web.plugins.plugin_utils._rehearsal_report import Mark, Seen, report, table


def rehearsal_report(plan: Mapping[str, Any], samples: str, seen: Mapping[str, Any]) -> dict[str, Any]:
    told = plain(seen)
    try:
        read = _outage.samples(str(samples))
    except (TypeError, ValueError) as error:
        raise AnsibleFilterError(f"these are no samples of lvs.ha_web.http_probe: {error}") from error
    content = report(
        plain(plan),
        Seen(
            samples=read,
            killed=_mark(told["killed"]),
            restored=_mark(told["restored"]) if told["restored"] else None,
            offsets={
                name: Offset(float(one["offset_s"]), float(one["uncertainty_s"]))
                for name, one in told["offsets"].items()
            },
            watched=told["watched"],
            words=told["words"],
            trouble=told["trouble"],
        ),
    )
    return {"report": content, "page": page(content, read), "table": table(content)}


def _mark(told: Mapping[str, Any]) -> Mark:
    return Mark(float(told["at"]), told["host"], float(told["uncertainty_s"]))


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"rehearsal_report": rehearsal_report}
