# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The door between Ansible's variables and the topology, which knows nothing of Ansible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.lvs.ha_web.plugins.module_utils._topology.declaration import Inventory, UnreadableError


def inventory(hostvars: Mapping[str, Any], groups: Mapping[str, Sequence[str]]) -> Inventory:
    def read(host: str, variable: str) -> Any:
        try:
            return plain(hostvars[host].get(variable))
        except Exception as error:
            raise UnreadableError(str(error)) from error

    return Inventory(groups=groups, read=read)


def plain(value: Any) -> Any:
    """Free of Ansible's lazy containers; touching an undefined value raises its explanation."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(value[key]) for key in value}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return str(value)
