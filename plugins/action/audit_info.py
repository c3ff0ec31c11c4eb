# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Measures the clock of a host beside what the module of the same name reads."""

from __future__ import annotations

import time
from typing import Any

from ansible.plugins.action import ActionBase

_REQUESTS = 3


class ActionModule(ActionBase):
    """The clock first: the module takes its time."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        clock = self._clock()
        result: dict[str, Any] = self._execute_module(task_vars=task_vars)
        if not result.get("failed"):
            result["clock"] = clock
        return result

    def _clock(self) -> dict[str, float] | None:
        """Return by how much it is ahead: nobody knows when within the round trip the host looked at it."""
        measured = []
        for _request in range(_REQUESTS):
            sent = time.time()
            began = time.monotonic()
            done = self._low_level_execute_command("date +%s.%N")
            trip = time.monotonic() - began
            try:
                measured.append((trip / 2, float(done["stdout"].split()[0]) - sent - trip / 2))
            except (IndexError, ValueError):
                return None
        error, offset = min(measured)
        return {"offset": round(offset, 4), "error": round(error, 4)}
