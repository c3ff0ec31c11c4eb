# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Steps of the module ensure: what they are, and by what a host can tell that nothing is left to do."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

# Actions, and the argument that names what each is about.
ACTIONS = {"template": "dest", "copy": "dest", "file": "path", "systemd_service": "name"}
_MORE = ("each", "secret", "vars", "when")
_MODE = re.compile(r"0?[0-7]{3,4}")
# Arguments of which a host can see whether they hold. With another one the action itself must look.
_SEEN = {
    "template": {"src", "dest", "owner", "group", "mode", "validate"},
    "copy": {"src", "content", "dest", "owner", "group", "mode", "validate"},
    "file": {"path", "state", "owner", "group", "mode"},
    "systemd_service": {"name", "state", "enabled", "masked"},
}


class StepError(ValueError):
    """A step that nobody can carry out; the text names it and the remedy."""


@dataclass(frozen=True)
class Step:
    """An action with its arguments.

    Args:
        action: one of ``ACTIONS``.
        arguments: as the action of that name has them.
        variables: which its template sees besides those of the task.
        secret: whether neither its difference nor its failure may be shown.
    """

    action: str
    arguments: dict[str, Any]
    variables: dict[str, Any] = field(default_factory=dict)
    secret: bool = False

    @property
    def name(self) -> str:
        """What it is about: a path, or a unit."""
        return str(self.arguments[ACTIONS[self.action]])

    @property
    def runs(self) -> bool:
        """Whether it is a unit that shall run, now or at boot."""
        given = self.arguments
        running = given.get("state", "stopped") != "stopped" or bool(given.get("enabled"))
        return self.action == "systemd_service" and running


def steps(arguments: Mapping[str, Any]) -> list[Step]:
    """Return the steps of a task, without those whose ``when`` is false.

    Raises:
        StepError: one is not what a step is.
    """
    unknown = sorted(set(arguments) - {"steps"})
    declared = arguments.get("steps")
    if unknown or not isinstance(declared, list):
        raise StepError(f"ensure takes steps, a list, and not {', '.join(unknown) or 'nothing'}.")
    return [step for number, one in enumerate(declared, 1) for step in _read(number, one)]


def _read(number: int, declared: Any) -> Iterator[Step]:
    if not isinstance(declared, Mapping):
        raise StepError(f"step {number} is {declared!r}. Write an action with its arguments.")
    actions = [name for name in declared if name in ACTIONS]
    unknown = sorted(str(name) for name in declared if name not in (*ACTIONS, *_MORE))
    if len(actions) != 1 or unknown:
        raise StepError(
            f"step {number} has {', '.join([*actions, *unknown]) or 'no action'}. Give it one of"
            f" {', '.join(ACTIONS)}, and of {', '.join(_MORE)} what it needs."
        )
    [action] = actions
    arguments = declared[action]
    for name in ("secret", "when"):
        if not isinstance(declared.get(name, True), bool):
            raise StepError(f"step {number}: {name} is {declared[name]!r}, and must be true or false.")
    if not declared.get("when", True):
        return
    if not isinstance(arguments, Mapping) or not arguments.get(ACTIONS[action]):
        raise StepError(f"step {number}, {action}, has no {ACTIONS[action]}.")
    # Null counts as not given, as for Ansible's own actions.
    arguments = {key: value for key, value in arguments.items() if value is not None}
    variables, secret = dict(declared.get("vars") or {}), declared.get("secret", False)
    if "each" not in declared:
        yield Step(action, arguments, variables, secret)
        return
    if not isinstance(declared["each"], list):
        raise StepError(f"step {number}: each is {declared['each']!r}, and must be a list.")
    for item in declared["each"]:
        try:
            filled = {key: _filled(value, item) for key, value in arguments.items()}
        except (LookupError, ValueError, AttributeError) as error:
            raise StepError(f"step {number}: {arguments[ACTIONS[action]]!r} cannot be filled with {item!r}.") from error
        yield Step(action, filled, {**variables, "item": item}, secret)


def _filled(value: Any, item: Any) -> Any:
    return value.format(item=item) if isinstance(value, str) else value


def wanted(step: Step, content: bytes | None) -> dict[str, Any]:
    """Return what the host shall compare; ``kind`` is empty where it cannot tell.

    Args:
        step: the step.
        content: what its file shall hold; None where that is not known.
    """
    unsure: dict[str, Any] = {"kind": ""}
    given = step.arguments
    mode = given.get("mode")
    if not set(given) <= _SEEN[step.action] or not (mode is None or (isinstance(mode, str) and _MODE.fullmatch(mode))):
        return unsure
    if step.action == "systemd_service":
        state = given.get("state")
        return {
            "kind": "unit",
            "path": _unit(step.name),
            "active": {"started": True, "stopped": False}.get(str(state)),
            "enabled": given.get("enabled"),
            "masked": given.get("masked"),
            # All else is the action's. Whether systemd has to read files first, the host can tell.
            "anew": state not in (None, "started", "stopped"),
        }
    owned = {key: str(given[key]) for key in ("mode", "owner", "group") if given.get(key) is not None}
    if step.action == "file":
        kind = given.get("state", "file")
        return {"kind": kind, "path": step.name, **owned} if kind in ("directory", "absent") else unsure
    # Into a directory goes a file of the source's name.
    if content is None or step.name.endswith("/"):
        return unsure
    return {"kind": "file", "path": step.name, "checksum": hashlib.sha256(content).hexdigest(), **owned}


def _unit(name: str) -> str:
    """Return a unit's whole name."""
    return (
        name
        if re.search(r"\.(service|socket|timer|path|target|mount|slice|scope|device|swap)$", name)
        else f"{name}.service"
    )
