# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Every static check, one line each; the words of those that fail follow. Exit code 1 if any does."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import readmes
import yaml

REPO = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
ENVIRONMENT = {
    **os.environ,
    "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
    "ANSIBLE_CONFIG": str(REPO / "ansible.cfg"),
    "NO_COLOR": "1",
}

TOOLS: dict[str, tuple[str, ...]] = {
    "ansible-lint": ("ansible-lint", "--offline", "-q"),
    "yamllint": ("yamllint", "--strict", "."),
    "ruff": ("ruff", "check", "."),
    "ruff format": ("ruff", "format", "--check", "."),
    "mypy plugins": (
        *("mypy", "--explicit-package-bases"),
        *("-p", "ansible_collections.lvs.ha_web.plugins"),
    ),
    "mypy tests": ("mypy", "-p", "lab"),
    "mypy monitor": ("mypy", "-p", "ha_web_monitor"),
    "mypy exporter": (
        *("mypy", "--explicit-package-bases", "roles/keepalived/files/show.py"),
        *(f"roles/exporter/files/{name}.py" for name in ("ipvs", "notify", "states", "textfile")),
    ),
    "mypy tools": (
        *("mypy", "tests/bench", "tests/docsite/build.py", "tests/docsite/check.py"),
        *map(str, sorted(REPO.glob("tests/*.py"))),
    ),
    "codespell": ("codespell",),
    "reuse": ("reuse", "lint", "--quiet"),
    "changelog": ("antsibull-changelog", "lint"),
    "shell": ("bash", "-n", "tests/lab/bootstrap", ".ci/run"),
}


def tool(command: tuple[str, ...]) -> str:
    """Run a tool; return its words when it finds something, else nothing."""
    environment = dict(ENVIRONMENT)
    if command[0] == "mypy":
        environment["MYPYPATH"] = (
            f"{REPO}/.collections:{REPO}/tests:{REPO}/roles/monitor/files/service:{REPO}/roles/exporter/files"
        )
    done = subprocess.run(command, cwd=REPO, env=environment, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip() or "failed in silence" if done.returncode else ""


def specs_equal_defaults() -> str:
    """Return a line for each variable that a role's argument_specs and defaults do not share."""
    findings = []
    for role in sorted((REPO / "roles").iterdir()):
        spec_file, defaults_file = role / "meta/argument_specs.yml", role / "defaults/main.yml"
        if not spec_file.exists():
            findings.append(f"{role.name}: no meta/argument_specs.yml")
            continue
        # Of main, where there is one: it comes first.
        options = next(iter(yaml.safe_load(spec_file.read_text())["argument_specs"].values())).get("options", {})
        text = defaults_file.read_text() if defaults_file.exists() else ""
        defaults = yaml.safe_load(text) or {}
        for name in sorted(set(options) ^ set(defaults)):
            where = "argument_specs" if name in options else "defaults"
            if where == "argument_specs" and "default" not in options[name]:
                continue  # documented, and absent unless the user gives it
            findings.append(f"{role.name}: {name} stands only in {where}")
        findings += [
            f"{role.name}: {name} has another default in argument_specs than in defaults"
            for name in sorted(set(options) & set(defaults))
            if options[name].get("default", defaults[name]) != defaults[name]
        ]
    return "\n".join(findings)


def main() -> int:
    """Run all, two at a time, slowest first."""
    failed = []

    def report(name: str, words: str, seconds: float) -> None:
        print(f"  {name:<16} {'FAILED' if words else 'ok':<7} {seconds:4.0f} s", flush=True)
        if words:
            failed.append((name, words))

    def timed(item: tuple[str, tuple[str, ...]]) -> tuple[str, str, float]:
        started = time.monotonic()
        words = tool(item[1])
        return item[0], words, time.monotonic() - started

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for result in pool.map(timed, TOOLS.items()):
            report(*result)
    report("specs = defaults", specs_equal_defaults(), 0)
    report("readmes", readmes.drift(), 0)
    for name, words in failed:
        print(f"\n--- {name}\n{words}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
