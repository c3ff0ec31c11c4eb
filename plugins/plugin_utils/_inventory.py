# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The door between Ansible's variables and the topology, which knows nothing of Ansible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from ansible_collections.lvs.ha_web.plugins.module_utils._topology.declaration import Inventory, UnreadableError


def inventory(hostvars: Mapping[str, Any], groups: Mapping[str, Sequence[str]]) -> Inventory:
    """Collect a host's variables once, and template a list or mapping once that hosts share, in the eyes of the first.

    Both would otherwise be done for every variable of every host, which takes minutes with a few hundred of them.
    """
    # Ansible's own has them also as they are written, before any template.
    templated = lru_cache(maxsize=None)(lambda host: hostvars[host])
    written = lru_cache(maxsize=None)(getattr(hostvars, "raw_get", templated))
    shared: dict[str, tuple[Any, Any]] = {}

    def read(host: str, variable: str) -> Any:
        try:
            text = written(host).get(variable)
            if text is None:
                return None
            first, value = shared.get(variable, (None, None))
            if text is first or text == first:
                return value
            value = plain(templated(host).get(variable))
        except Exception as error:
            raise UnreadableError(str(error)) from error
        if isinstance(value, (list, dict)):
            shared[variable] = (text, value)
        return value

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
