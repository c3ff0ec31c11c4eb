# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An audit, told to people."""

from __future__ import annotations

DOCUMENTATION = r"""
name: audit_report
short_description: An audit as text
version_added: 0.3.0
author:
  - The lvs.ha_web authors (@lvs)
description:
  - A table of the nodes, the findings with their remedies, what is out of the ordinary and wanted, versions,
    certificates and clocks, and the number of findings as the last line.
options:
  _input:
    description: What P(lvs.ha_web.audit_findings#filter) returns.
    type: dict
    required: true
seealso:
  - plugin: lvs.ha_web.audit_findings
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show what the audit found
  ansible.builtin.debug:
    msg: "{{ audit | lvs.ha_web.audit_report }}"
  run_once: true
"""

RETURN = r"""
_value:
  description: The text.
  type: str
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.lvs.ha_web.plugins.plugin_utils._audit.report import report
from ansible_collections.lvs.ha_web.plugins.plugin_utils._inventory import plain


def audit_report(audit: Mapping[str, Any]) -> str:
    return report(plain(audit))


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"audit_report": audit_report}
