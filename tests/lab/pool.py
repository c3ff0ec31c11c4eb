# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""An inventory that changes, as a pool that grows and shrinks has one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml


class Pool:
    """A scenario's inventory with hosts in other groups."""

    def __init__(self, source: Path, folder: Path) -> None:
        self._inventory: dict[str, Any] = yaml.safe_load((source / "hosts.yml").read_text(encoding="utf-8"))
        self._source = source
        self._folder = folder

    def with_host(self, host: str, group: str) -> Path:
        """Return an inventory in which the host is in that group alone, and all others where they were."""
        children = self._inventory["all"]["children"]
        variables = next(one["hosts"].pop(host) for one in children.values() if host in one["hosts"])
        children.setdefault(group, {"hosts": {}})["hosts"][host] = variables
        self._folder.mkdir(parents=True, exist_ok=True)
        for one in self._source.iterdir():
            if one.name != "hosts.yml" and not (self._folder / one.name).exists():
                (self._folder / one.name).symlink_to(one)
        (self._folder / "hosts.yml").write_text(yaml.safe_dump(self._inventory), encoding="utf-8")
        return self._folder
