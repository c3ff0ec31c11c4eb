# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The execution environment asks for what the collection needs, and for nothing else."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml
from packaging.requirements import Requirement

REPO = Path(__file__).parents[2]
OF_ANSIBLE = {"ansible", "ansible_collections"}
ON_NODES = ("modules", "module_utils")


def imported(file: Path) -> Iterator[str]:
    """Yield the packages that a plugin imports, wherever in its text."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def foreign(*folders: str) -> set[str]:
    """Return what the plugins of some kinds import that neither Python nor ansible-core is."""
    files = [file for folder in folders for file in (REPO / "plugins" / folder).rglob("*.py")]
    found = {name for file in files for name in imported(file)}
    assert "ansible_collections" in found, "no plugin was read"
    return found - OF_ANSIBLE - sys.stdlib_module_names


def definition(name: str) -> dict[str, dict[str, str]]:
    """Return the dependencies that a definition names."""
    dependencies: dict[str, dict[str, str]] = yaml.safe_load((REPO / name).read_text(encoding="utf-8"))["dependencies"]
    return dependencies


def test_python_requirements_are_what_plugins_import() -> None:
    file = REPO / str(definition("meta/execution-environment.yml")["python"])
    lines = file.read_text(encoding="utf-8").splitlines()
    # These packages are called as what they are imported by.
    wanted = {Requirement(line).name for line in lines if not line.startswith("#")}
    assert wanted == foreign(*(folder.name for folder in (REPO / "plugins").iterdir()))


def test_nodes_need_nothing_but_python() -> None:
    assert foreign(*ON_NODES) == set()


def test_ansible_core_is_the_one_that_the_collection_wants() -> None:
    core = Requirement(definition("execution-environment.yml")["ansible_core"]["package_pip"])
    runtime = yaml.safe_load((REPO / "meta/runtime.yml").read_text(encoding="utf-8"))
    assert (core.name, str(core.specifier)) == ("ansible-core", runtime["requires_ansible"])


def test_collection_is_in_it() -> None:
    galaxy = yaml.safe_load((REPO / "galaxy.yml").read_text(encoding="utf-8"))
    [collection] = definition("execution-environment.yml")["galaxy"]["collections"]
    assert collection == {"name": f"{galaxy['namespace']}.{galaxy['name']}"}
