# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the filters of the role nginx share: the declaration, with the addresses of the inventory's hosts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.lvs.ha_web.plugins.module_utils._nginx import declaration, rules
from ansible_collections.lvs.ha_web.plugins.module_utils._nginx.model import Declaration
from ansible_collections.lvs.ha_web.plugins.module_utils._problems import Problem, report
from ansible_collections.lvs.ha_web.plugins.plugin_utils import _certificates
from ansible_collections.lvs.ha_web.plugins.plugin_utils._certificates import Pair
from ansible_collections.lvs.ha_web.plugins.plugin_utils._inventory import inventory, plain


def read(values: Mapping[str, Any], hostvars: Mapping[str, Any]) -> tuple[Declaration, list[Pair], list[Problem]]:
    known = inventory(hostvars, {})

    def address_of(host: str) -> str:
        if host not in hostvars:
            return ""
        return str(known.read(host, "ha_web_address") or known.read(host, "ansible_host") or "")

    declared, problems = declaration.read(plain(values), address_of)
    pairs, found = _certificates.read(declared.sites)
    return declared, pairs, [*problems, *(rules.validate(declared) if not problems else []), *found]


def read_right(values: Mapping[str, Any], hostvars: Mapping[str, Any]) -> tuple[Declaration, list[Pair]]:
    """The same where nothing may be wrong any more."""
    declared, pairs, problems = read(values, hostvars)
    if problems:
        raise AnsibleFilterError(in_words(problems))
    return declared, pairs


def in_words(problems: list[Problem]) -> str:
    return report(problems, "what nginx shall serve", "nothing was changed") if problems else ""
