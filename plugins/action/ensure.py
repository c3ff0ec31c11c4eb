# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The controller's half of the module ensure: it knows what files shall hold, and runs what is not done."""

from __future__ import annotations

import os
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.module_utils.common.text.converters import to_bytes
from ansible.plugins.action import ActionBase
from ansible_collections.lvs.ha_web.plugins.plugin_utils._inventory import plain
from ansible_collections.lvs.ha_web.plugins.plugin_utils._steps import Step, StepError, steps, wanted

# Ansible's own, whatever else has these names.
_TEMPLATE, _COPY = "ansible.legacy.template", "ansible.legacy.copy"
# All others are modules without an action of their own.
_ACTIONS = {"template": _TEMPLATE, "copy": _COPY}


class _RenderedError(Exception):
    """What the action template would have copied."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.content = content


class _Catcher:
    """In place of the action copy, to which the action template gives what it has rendered."""

    def __init__(self, task: Any, **_more: Any) -> None:
        self._file = task.args["src"]

    def run(self, **_more: Any) -> dict[str, Any]:
        with open(self._file, "rb") as file:
            raise _RenderedError(file.read())


class _Loaders:
    """Ansible's loaders of plugins, but for that action."""

    def __init__(self, real: Any) -> None:
        self._real = real
        self.action_loader = self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def get(self, name: str, **options: Any) -> Any:
        return _Catcher(**options) if name == _COPY else self._real.action_loader.get(name, **options)


class ActionModule(ActionBase):
    """What the module's documentation says."""

    _requires_connection = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ask the host once, then run what is left to do, one action after the other."""
        super().run(tmp, task_vars)
        variables = task_vars or {}
        try:
            declared = steps(plain(self._task.args))
        except StepError as error:
            raise AnsibleActionFail(str(error)) from error
        contents = [self._content(step, variables) for step in declared]
        asked: dict[str, Any] = self._execute_module(
            module_args={"steps": [{"wanted": wanted(step, content)} for step, content in zip(declared, contents)]},
            task_vars=variables,
        )
        if asked.get("failed"):
            return asked
        result: dict[str, Any] = {"changed": False, "changed_names": [], "diff": []}
        # What systemd knows of the files of its units: less than has just been written, or all of it.
        written = known = False
        enabled: list[str] = []
        disabled = {step.name for step, there in zip(declared, asked["there"]) if there.get("disabled")}
        for step, there in zip(declared, asked["there"]):
            if step.name in disabled and not self._task.check_mode:
                enabled, disabled = self._enable(sorted(disabled), variables), set()
                written = written or bool(enabled)
            # A unit that shall run may be of these files.
            reload = (there.get("reload") and not known) or (written and step.runs and not self._task.check_mode)
            if there["done"] and not reload:
                continue
            done = self._do(step, reload, variables)
            done["changed"] = done.get("changed", False) or step.name in enabled
            if step.action != "systemd_service" and done["changed"]:
                written, known = True, False
            elif (reload or step.arguments.get("daemon_reload")) and not self._task.check_mode:
                written, known = False, True
            if done.get("failed"):
                return {**done, **result, "failed": True, "msg": f"{step.name}: {done.get('msg', 'failed')}"}
            if done["changed"]:
                result["changed"] = True
                result["changed_names"].append(step.name)
            diff = done.get("diff") or []
            result["diff"] += diff if isinstance(diff, list) else [diff]
        return result

    def _content(self, step: Step, variables: dict[str, Any]) -> bytes | None:
        """Return what a file shall hold; None: that is for the action itself to say."""
        given = step.arguments
        if step.action == "template":
            try:
                self._action(step, variables, renders=True)
            except _RenderedError as rendered:
                return rendered.content
        if step.action == "copy" and isinstance(given.get("content"), str):
            return bytes(to_bytes(given["content"]))
        if step.action == "copy" and "src" in given and not given.get("remote_src"):
            source = self._find_needle("files", given["src"])
            if os.path.isfile(source):
                with open(self._loader.get_real_file(source), "rb") as file:
                    return file.read()
        return None

    def _enable(self, units: list[str], variables: dict[str, Any]) -> list[str]:
        """Have units start at boot, and return which: one by one, systemd would read all its files again for each.

        None of them where that fails: whose fault it is comes out when each has its turn.
        """
        command = {"argv": ["systemctl", "enable", "--no-reload", "--", *units]}
        done = self._execute_module(module_name="ansible.legacy.command", module_args=command, task_vars=variables)
        return [] if done.get("failed") or done.get("rc") else units

    def _do(self, step: Step, reload: bool, variables: dict[str, Any]) -> dict[str, Any]:
        if step.action in _ACTIONS:
            done = self._action(step, variables)
        else:
            more = {"daemon_reload": True} if reload else {}
            done = self._execute_module(
                module_name=f"ansible.builtin.{step.action}",
                module_args={**step.arguments, **more},
                task_vars=variables,
            )
        if not step.secret:
            return done
        hidden = {"msg": "its words are hidden, as it handles a secret"} if done.get("failed") else {}
        return {**{key: done[key] for key in ("changed", "failed") if key in done}, **hidden}

    def _action(self, step: Step, variables: dict[str, Any], renders: bool = False) -> dict[str, Any]:
        """Run an action of Ansible as if it were the task; one that ``renders`` ends with what it would have copied."""
        task = self._task.copy()
        task.args = dict(step.arguments)
        task.no_log = bool(self._task.no_log) or step.secret
        action = self._shared_loader_obj.action_loader.get(
            _ACTIONS[step.action],
            task=task,
            connection=self._connection,
            play_context=self._play_context,
            loader=self._loader,
            templar=self._templar,
        )
        if renders:
            action._shared_loader_obj = _Loaders(self._shared_loader_obj)
            # Nothing is transferred: no folder for it on the host.
            action.TRANSFERS_FILES = False
        result: dict[str, Any] = action.run(task_vars={**variables, **step.variables})
        return result
