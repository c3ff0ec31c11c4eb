# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the roles say that a node has, as questions to it."""

from __future__ import annotations

DOCUMENTATION = r"""
name: audit_questions
short_description: What an audit has to read on a node
version_added: 0.3.0
author:
  - The lvs.ha_web authors (@lvs)
description:
  - Takes what the entry points C(audit) of the roles have said of a host, and returns the parameters of
    M(lvs.ha_web.audit_info) that answer it.
options:
  _input:
    description: By role, what it has said.
    type: dict
    required: true
seealso:
  - module: lvs.ha_web.audit_info
  - plugin: lvs.ha_web.audit_findings
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Read the node
  lvs.ha_web.audit_info: "{{ {'nginx': {'units': [{'name': 'nginx'}]}} | lvs.ha_web.audit_questions }}"
"""

RETURN = r"""
_value:
  description: Parameters of M(lvs.ha_web.audit_info).
  type: dict
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.lvs.ha_web.plugins.plugin_utils._audit.node import merged, questions
from ansible_collections.lvs.ha_web.plugins.plugin_utils._inventory import plain


def audit_questions(roles: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return questions(merged(plain(roles)))


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"audit_questions": audit_questions}
