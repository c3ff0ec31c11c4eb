#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Looks which of several steps are left to do."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ensure
short_description: Several actions in one task, of which only those run that have something to do
version_added: 0.3.0
author:
  - The lvs.ha_web authors (@lvs)
description:
  - Files, directories and units of a role are mostly as they shall be. This asks the host once about all of them, in
    place of one to three calls for each, and then runs Ansible's own actions for what differs, in the order of steps.
  - Whatever is written, is written by these actions, with their check before a file is replaced, their check mode and
    their differences.
  - A file is taken for done when it is a regular file of the same content, mode, owner and group. Labels of
    SELinux and attributes of file systems are not compared.
  - A unit is taken for done when it is active, enabled and masked as wished, and systemd has read its files since they
    changed. Where it has not, it does, also before a restart or a reload. One that is not there is neither active nor
    enabled.
options:
  steps:
    description:
      - What to do. Each is an action, and what else is named below.
    type: list
    elements: dict
    required: true
    suboptions:
      template:
        description: As M(ansible.builtin.template).
        type: dict
      copy:
        description: As M(ansible.builtin.copy).
        type: dict
      file:
        description: As M(ansible.builtin.file).
        type: dict
      systemd_service:
        description: As M(ansible.builtin.systemd_service).
        type: dict
      each:
        description:
          - A list, for each item of which the step is taken. In arguments, C({item}) stands for the item, and
            C({item[key]}) for what it has there; templates see it as C(item).
          - A loop of the task would ask the host for each item.
        type: list
        elements: raw
      vars:
        description: Variables of O(steps[].template), besides those of the task.
        type: dict
      secret:
        description: Shows neither the difference nor the words of a failure.
        type: bool
        default: false
      when:
        description: Leaves the step out where it is false.
        type: bool
        default: true
      wanted:
        description: For the action plugin alone, which gives it to the module.
        type: dict
attributes:
  action:
    description: Renders templates on the controller.
    support: full
  check_mode:
    description: Says what would change.
    support: full
  diff_mode:
    description: Shows the differences of all steps that are no secret.
    support: full
  platform:
    description: Where it runs.
    support: full
    platforms: linux
"""

EXAMPLES = r"""
- name: Write the unit and its settings, and run it
  lvs.ha_web.ensure:
    steps:
      - file: {path: /etc/shop, state: directory, mode: "0755"}
      - template: {src: shop.conf.j2, dest: /etc/shop/shop.conf, mode: "0640", validate: shop --check %s}
        secret: true
      - template: {src: shop.service.j2, dest: /etc/systemd/system/shop.service, mode: "0644"}
      - systemd_service: {name: shop, state: started, enabled: true}
  register: shop
  notify: Reload the shop
"""

RETURN = r"""
changed_names:
  description: Paths and units that have been changed, in the order of the steps.
  returned: success
  type: list
  elements: str
  sample: [/etc/shop/shop.conf]
"""

import grp
import hashlib
import os
import pwd
import stat
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule

_PROPERTIES = ("Id", "LoadState", "ActiveState", "UnitFileState", "NeedDaemonReload")


def main() -> None:
    """Compare, and say of each step whether it is done."""
    # What a user gives is the action plugin's. Checksums of secrets are in wanted.
    actions = {name: {"type": "dict"} for name in ("template", "copy", "file", "systemd_service", "vars")}
    flags = {"secret": {"type": "bool", "default": False, "no_log": False}, "when": {"type": "bool", "default": True}}
    step = {
        **actions,
        **flags,
        "each": {"type": "list", "elements": "raw"},
        "wanted": {"type": "dict", "no_log": True},
    }
    module = AnsibleModule(
        argument_spec={"steps": {"type": "list", "elements": "dict", "required": True, "options": step}},
        supports_check_mode=True,
    )
    asked = [one["wanted"] or {"kind": ""} for one in module.params["steps"]]
    names = [one["path"] for one in asked if one["kind"] == "unit"]
    units = _units(module, names) if names else {}
    module.exit_json(changed=False, there=[_there(one, units) for one in asked])


def _there(wanted: Mapping[str, Any], units: Mapping[str, Mapping[str, str]]) -> dict[str, bool]:
    kind = wanted["kind"]
    if not kind:
        return {"done": False}
    path = str(wanted["path"])
    if kind == "unit":
        return _unit(wanted, units.get(path, {}))
    try:
        found = os.lstat(path)
    except OSError:
        return {"done": kind == "absent" and not os.path.lexists(path)}
    if kind == "absent":
        return {"done": False}
    right_kind = stat.S_ISDIR(found.st_mode) if kind == "directory" else stat.S_ISREG(found.st_mode)
    done = (
        right_kind
        and (not wanted.get("mode") or int(wanted["mode"], 8) == stat.S_IMODE(found.st_mode))
        and _is(wanted.get("owner"), found.st_uid, lambda number: pwd.getpwuid(number).pw_name)
        and _is(wanted.get("group"), found.st_gid, lambda number: grp.getgrgid(number).gr_name)
        and (kind == "directory" or _checksum(path) == wanted["checksum"])
    )
    return {"done": bool(done)}


def _is(wanted: str | None, number: int, name: Callable[[int], str]) -> bool:
    if not wanted or wanted == str(number):
        return True
    try:
        return wanted == name(number)
    except KeyError:
        return False


def _checksum(path: str) -> str | None:
    try:
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()
    except OSError:
        return None


def _units(module: AnsibleModule, names: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return the properties of units by the names that were asked for; nothing where there is no systemd."""
    asked = list(dict.fromkeys(names))
    command = ["systemctl", "show", f"--property={','.join(_PROPERTIES)}", "--", *asked]
    code, said, _error = module.run_command(command)
    if code:
        return {}
    # In their order, a blank line between them.
    answers = [dict(line.split("=", 1) for line in part.splitlines() if "=" in line) for part in said.split("\n\n")]
    return dict(zip(asked, answers)) if len(answers) == len(asked) else {}


def _unit(wanted: Mapping[str, Any], found: Mapping[str, str]) -> dict[str, bool]:
    load, file = found.get("LoadState", ""), found.get("UnitFileState", "")
    # One that was not there a moment ago is not looked for again.
    awaited = load == "not-found" and (wanted.get("active") or wanted.get("enabled") or wanted.get("anew"))
    reload = bool(awaited) or found.get("NeedDaemonReload") == "yes"
    states = {
        "active": {"active": True, "inactive": False, "failed": False}.get(found.get("ActiveState", ""), "unknown"),
        # Whatever else a unit may be (static, generated), systemctl knows better.
        "enabled": {"enabled": True, "disabled": False}.get(file, False if load == "not-found" else "unknown"),
        "masked": file == "masked",
    }
    done = (
        load in ("loaded", "not-found", *(["masked"] if wanted.get("masked") else []))
        and not reload
        and not wanted.get("anew")
        and all(wanted.get(key) in (None, value) for key, value in states.items())
    )
    return {"done": done, "reload": reload, "disabled": bool(wanted.get("enabled")) and states["enabled"] is False}


if __name__ == "__main__":
    main()
