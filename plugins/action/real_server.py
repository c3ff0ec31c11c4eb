# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module real_server, waited for in slices, so that people see the connections become fewer."""

from __future__ import annotations

import time
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

_SLICE_S = 2.0

_display = Display()


class ActionModule(ActionBase):
    """Runs the module until no connection is left, or the patience is at its end."""

    _requires_connection = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        patience = self._patience()
        started = time.monotonic()
        result = self._module(0, task_vars)
        counts = _counts(result)
        changed, diff, servers = result.get("changed"), result.get("diff"), result.get("servers", [])
        idle = not patience or self._task.check_mode
        while not (idle or result.get("failed")):
            left = patience - (time.monotonic() - started)
            if left <= 0:
                break
            if counts[-1:] != [0]:
                _display.display(f"{self._where(task_vars)}: {_shown(counts)} active connections")
            result = self._module(min(left, _SLICE_S), task_vars)
            counts += [count for count in _counts(result) if counts[-1:] != [count]]
            idle = result.get("drained")
        result.update(changed=changed, counts=counts, seconds=round(time.monotonic() - started, 1))
        # Of before, the first has told.
        for now, first in zip(result.get("servers", []), servers):
            now.update(before=first["before"], weight_before=first["weight_before"])
        if diff:
            result["diff"] = diff
        return result

    def _patience(self) -> float:
        given = self._task.args.get("drain_timeout") or 0
        try:
            return float(given)
        except (TypeError, ValueError):
            raise AnsibleActionFail(f"drain_timeout {given!r} is no number of seconds.") from None

    def _module(self, seconds: float, task_vars: dict[str, Any] | None) -> dict[str, Any]:
        silence = self._task.args.get("silence", self._patience())
        arguments = {**self._task.args, "drain_timeout": seconds, "silence": silence}
        result: dict[str, Any] = self._execute_module(
            module_name="lvs.ha_web.real_server", module_args=arguments, task_vars=task_vars
        )
        return result

    def _where(self, task_vars: dict[str, Any] | None) -> str:
        director = self._task.delegate_to or (task_vars or {}).get("inventory_hostname", "")
        return f"{self._task.args.get('name')} on {director}"


def _counts(result: dict[str, Any]) -> list[int]:
    if "servers" not in result:
        return []
    here = [server for server in result["servers"] if server["comes_here"]]
    return [sum(server["active_connections"] - server["silent_connections"] for server in here)]


def _shown(counts: list[int]) -> str:
    return " ... ".join(map(str, counts[-4:]))
