#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What roles found on a node."""

from __future__ import annotations

DOCUMENTATION = r"""
module: found
short_description: Write down what a role finds on a node, and put it back
version_added: 0.3.0
author:
  - The lvs.ha_web authors (@lvs)
description:
  - Before its first change a role writes down in C(/var/lib/ha-web/found) what it is about to change, with copies of
    the files that it is going to replace. When it leaves, all of it comes back.
  - The roles of this collection use it; see the entry point C(uninstall) of each.
requirements:
  - Debian or a relative of it, with systemd; root
options:
  state:
    description:
      - With V(recorded), what is not yet in a role's record is looked at and added. What is there stays.
      - With V(restored), the node becomes what the roles found, and their records go. A role that has neither a record
        nor left traces is passed over.
    type: str
    choices: [recorded, restored]
    default: recorded
  key:
    description: What tells these O(roles) from others, such as a hash. It is written down with the record.
    type: str
    default: ""
  roles:
    description:
      - What roles may change. They are given up in this order, their packages all at once.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The role.
        type: str
        required: true
      packages:
        description:
          - What it installs. Those that were missing go, with what they alone brought, but for what others need.
        type: list
        elements: str
        default: []
      owns:
        description:
          - Paths, also patterns, that nobody else writes; directories with all that is in them. Units among them are
            stopped first.
          - Of the form C({path, holding}) it is only files that hold these words.
        type: list
        elements: raw
        default: []
      marks:
        description: Where one of these is, or one of O(roles[].owns), the role was here before. Of the same form.
        type: list
        elements: raw
        default: []
      replaces:
        description: Files, also patterns, that may be others'. They are copied into the record.
        type: list
        elements: str
        default: []
      directories:
        description: Directories that it creates. They are removed where nothing is in them.
        type: list
        elements: str
        default: []
      units:
        description: Units of others that it starts, stops, enables or masks.
        type: list
        elements: str
        default: []
      sysctl:
        description: Kernel parameters that it sets, with the values they have where nobody sets them.
        type: dict
        default: {}
      users:
        description: Users that it creates, or its packages. They go when all of its packages do.
        type: list
        elements: str
        default: []
      groups:
        description: Groups that it creates, or its packages.
        type: list
        elements: str
        default: []
attributes:
  check_mode:
    description: Says what would be done.
    support: full
  diff_mode:
    description: Lists what is done.
    support: full
  platform:
    description: Where it runs.
    support: full
    platforms: debian
"""

EXAMPLES = r"""
- name: Remember what was there before
  lvs.ha_web.found:
    roles:
      - name: nginx
        packages: [nginx]
        replaces: [/etc/nginx/nginx.conf]
        units: [nginx.service]

- name: Leave the node as it was found
  lvs.ha_web.found:
    state: restored
    roles:
      - {name: nginx}
"""

RETURN = r"""
changes:
  description: What was done, or would be in check mode.
  returned: success
  type: list
  elements: str
  sample: [stop nginx.service, put back /etc/nginx/nginx.conf]
left:
  description: What stays although a role brought it or may have, and why.
  returned: success
  type: list
  elements: str
  sample: ["packages that something else needs: nftables"]
installed:
  description: The packages that are installed now.
  returned: when O(state=restored)
  type: list
  elements: str
recorded:
  description: The keys of all records that there are now.
  returned: when O(state=restored)
  type: list
  elements: str
"""

from collections.abc import Sequence

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.ha_web.plugins.module_utils._found import model, node, record, restore

_LISTS = ("packages", "replaces", "directories", "units", "users", "groups")
_ROLE = {
    "name": {"type": "str", "required": True},
    **{name: {"type": "list", "elements": "str", "default": []} for name in _LISTS},
    **{name: {"type": "list", "elements": "raw", "default": []} for name in ("owns", "marks")},
    "sysctl": {"type": "dict", "default": {}},
}
_ENVIRONMENT = {"LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        {
            "state": {"type": "str", "choices": ["recorded", "restored"], "default": "recorded"},
            "roles": {"type": "list", "elements": "dict", "required": True, "options": _ROLE},
            "key": {"type": "str", "default": "", "no_log": False},
        },
        supports_check_mode=True,
    )

    def run(command: Sequence[str], must: bool) -> tuple[int, str]:
        code, words, errors = module.run_command(list(command), environ_update=_ENVIRONMENT)
        if code and must:
            # apt-get's last words are that dpkg has failed; why stands above them.
            said = [line for line in f"{words}\n{errors}".splitlines() if line and not line.startswith("(Reading")]
            raise node.RefusedError(f"{' '.join(command)} says: {' | '.join(said[-10:])}")
        return code, words

    try:
        module.exit_json(**_restored(module, run) if module.params["state"] == "restored" else _recorded(module, run))
    except (node.RefusedError, OSError) as error:
        module.fail_json(msg=str(error))


def _recorded(module: AnsibleModule, run: node.Run) -> dict[str, object]:
    changes = []
    for values in module.params["roles"]:
        spec, records = model.Spec.of(values), node.records()
        was = records[spec.name].text() if spec.name in records else ""
        if record.look(spec, module.params["key"], records, run, write=not module.check_mode).text() != was:
            changes.append(f"remember what {spec.name} found")
    return _result(changes, [])


def _restored(module: AnsibleModule, run: node.Run) -> dict[str, object]:
    records, leaving = node.records(), []
    for values in module.params["roles"]:
        spec = model.Spec.of(values)
        if spec.name in records:
            leaving.append(records[spec.name])
        elif node.traces([*spec.owns, *spec.marks]):
            leaving.append(record.look(spec, "", dict(records), run, write=not module.check_mode))
    names = {one.role for one in leaving}
    restorer = restore.Restorer(
        leaving, [one for name, one in records.items() if name not in names], run, check=module.check_mode
    )
    restorer.restore()
    now = [one.key for name, one in records.items() if name not in names]
    installed = sorted(node.installed(run))
    return {**_result(restorer.changes, restorer.left), "installed": installed, "recorded": now}


def _result(changes: list[str], left: list[str]) -> dict[str, object]:
    text = "".join(f"{change}\n" for change in changes)
    return {"changed": bool(changes), "changes": changes, "left": left, "diff": {"prepared": text}}


if __name__ == "__main__":
    main()
