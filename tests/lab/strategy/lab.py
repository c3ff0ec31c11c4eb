# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Ansible's linear strategy through Mitogen, whose processes go to whichever core is free.

Mitogen would bind each of its processes to one core, on a small machine its multiplexer to the first. That is where the
embedded engine runs, before all else its core does.

Ansible runs each task in a new process. One that uses a single filter loads all filters of its collection, and compiles
them, as nothing of a collection is kept compiled; one that runs a module of one has Mitogen look for all installed
collections and read what each says of itself; and for each module Mitogen compiles all that it imports. Most of the
controller's work was that. A new process has what this one has loaded and found, and nothing is compiled twice.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import ansible_mitogen.affinity
import ansible_mitogen.module_finder
import ansible_mitogen.planner
from ansible.collections.list import list_collection_dirs
from ansible_mitogen.plugins.strategy import mitogen_linear

ansible_mitogen.affinity.policy = ansible_mitogen.affinity.Policy()

_FILTERS = "ansible_collections.lvs.ha_web.plugins.filter"


@cache
def _collections() -> set[str]:
    return {path.decode() for path in list_collection_dirs()}


ansible_mitogen.planner._load_collections = lambda invocation: invocation._extra_sys_paths.update(_collections())
ansible_mitogen.module_finder.compile = cache(compile)


class StrategyModule(mitogen_linear.StrategyModule):  # type: ignore[misc]
    """What the module says."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        _collections()
        # Of the collection that the playbook is of, which may be another release.
        for folder in import_module(_FILTERS).__path__:
            for file in Path(folder).glob("*.py"):
                import_module(f"{_FILTERS}.{file.stem}")
