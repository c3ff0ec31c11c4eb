# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The controller's half of the module clock_offset, which has no other."""

from __future__ import annotations

import time
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.lvs.ha_web.plugins.plugin_utils import _clocks


class ActionModule(ActionBase):
    """What the module's documentation says."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ask, and return what the quickest answer says."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _checked, wanted = self.validate_argument_spec({"tries": {"type": "int", "default": 5}})
        tries = wanted["tries"]
        if not 1 <= tries <= 20:
            raise AnsibleActionFail(f"tries is {tries}, and must be from 1 to 20.")
        answers = [self._ask() for _number in range(tries)]
        return {**result, "changed": False, **_clocks.offset(answers)._asdict()}

    def _ask(self) -> _clocks.Answer:
        asked = time.time()
        said = self._low_level_execute_command("date +%s.%N")
        answered = time.time()
        try:
            return _clocks.Answer(asked, float(said["stdout"]), answered)
        except ValueError as error:
            raise AnsibleActionFail(f"the host does not tell its time: {said['stdout']}{said['stderr']}") from error
