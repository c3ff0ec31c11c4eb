# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Ansible's linear strategy through Mitogen, whose processes go to whichever core is free.

Mitogen would bind each of its processes to one core, on a small machine its multiplexer to the first. That is where the
embedded engine runs, before all else its core does.

Ansible runs each task in a new process. One that uses a single filter loads all filters of its collection, and compiles
them, as nothing of a collection is kept compiled: half of the controller's work here. A new process has what this one
has loaded already.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import ansible_mitogen.affinity
from ansible_mitogen.plugins.strategy import mitogen_linear

ansible_mitogen.affinity.policy = ansible_mitogen.affinity.Policy()

_FILTERS = "ansible_collections.lvs.ha_web.plugins.filter"


class StrategyModule(mitogen_linear.StrategyModule):  # type: ignore[misc]
    """What the module says."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        # Of the collection that the playbook is of, which may be another release.
        for folder in import_module(_FILTERS).__path__:
            for file in Path(folder).glob("*.py"):
                import_module(f"{_FILTERS}.{file.stem}")
