# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""One topology, from the inventory to keepalived.conf, by Ansible's own inventory and templates and without a host.

Runs as a process of its own, which ``lab.bench_topology`` starts: topology.py INVENTORY OUTPUT. It prints
its figures as JSON: seconds of the processor, which other programs do not lengthen, and the peak of memory.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import yaml
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager
from ansible_collections.lvs.ha_web.plugins.filter.topology import topology
from ansible_collections.lvs.ha_web.plugins.filter.topology_errors import topology_errors

ROLE = Path(__file__).resolve().parents[2] / "roles/keepalived"


def figures(file: Path, output: Path) -> dict[str, Any]:
    """Do what the roles validate and keepalived do for a director; return what each step took."""
    marks = [time.process_time()]
    loader = DataLoader()
    manager = InventoryManager(loader=loader, sources=[str(file)])
    variables = VariableManager(loader=loader, inventory=manager)
    hostvars = HostVars(inventory=manager, variable_manager=variables, loader=loader)
    marks.append(time.process_time())
    errors = topology_errors(hostvars, manager.get_groups_dict())
    if errors:
        sys.exit(errors)
    marks.append(time.process_time())
    described = topology(hostvars, manager.get_groups_dict())
    marks.append(time.process_time())
    own = yaml.safe_load((ROLE / "vars/main.yml").read_text(encoding="utf-8"))
    templar = Templar(
        loader=loader,
        variables={
            **{name: value for name, value in own.items() if "{{" not in str(value)},
            **{"ansible_managed": "Ansible managed", "inventory_hostname": "lvs1", "ha_web_topology": described},
            **{"keepalived_interface": "eth0", "keepalived_preempt": True, "keepalived_preempt_delay": 5},
        },
    )
    template = trust_as_template((ROLE / "templates/keepalived.conf.j2").read_text(encoding="utf-8"))
    # As the action of the module template does it.
    templar = templar.copy_with_new_env(searchpath=[str(ROLE / "templates")])
    rendered = templar.template(template, overrides={"trim_blocks": True})
    marks.append(time.process_time())
    output.write_text(rendered, encoding="utf-8")
    seconds = dict(
        zip(
            ("inventory", "validate", "derive", "render"),
            (round(after - before, 4) for before, after in zip(marks, marks[1:])),
        )
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"seconds": seconds, "peak_kib": peak, "bytes": len(rendered)}


if __name__ == "__main__":
    print(json.dumps(figures(Path(sys.argv[1]), Path(sys.argv[2]))))
