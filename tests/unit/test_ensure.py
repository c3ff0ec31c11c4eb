# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The module ensure, run by Ansible on this host: files as its own actions make them, and only where they differ."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.lvs.ha_web.plugins.modules.ensure import _unit

REPO = Path(__file__).resolve().parents[2]
TEMPLATE = (
    "{# not shown #}\n# {{ ansible_managed }}\n{% for n in [1, 2] %}\n{{ word }} {{ item.x }} {{ n }}\n{% endfor %}\n"
)
TASK = """
- hosts: localhost
  connection: local
  gather_facts: false
  vars: {ansible_python_interpreter: "{{ ansible_playbook_python }}"}
  tasks:
    - lvs.ha_web.ensure:
        steps:
          - file: {path: "{{ here }}/out", state: directory, mode: "0755"}
          - template: {src: a.j2, dest: "{{ here }}/out/{item[name]}", mode: "0640", validate: "grep -q hello %s"}
            each: [{name: a, x: 3}, {name: b, x: 4}]
          - copy: {content: "{{ word }} is secret", dest: "{{ here }}/out/secret", mode: "0600"}
            secret: true
          - copy: {src: c, dest: "{{ here }}/out/c", mode: "0644"}
          - file: {path: "{{ here }}/out/gone", state: absent}
          - file: {path: "{{ here }}/out/never", state: directory}
            when: false
"""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ensure")
    (folder / "play.yml").write_text(TASK)
    (folder / "templates").mkdir()
    (folder / "templates/a.j2").write_text(TEMPLATE)
    (folder / "files").mkdir()
    (folder / "files/c").write_text("copied\n")
    return folder


def ran(here: Path, *arguments: str, word: str = "hello") -> dict[str, Any]:
    """Return what the task says, failed or not."""
    command = [
        *(str(Path(sys.executable).with_name("ansible-playbook")), "--inventory", "localhost,", "--diff"),
        *("--extra-vars", json.dumps({"here": str(here), "word": word}), *arguments, str(here / "play.yml")),
    ]
    environment = {
        **os.environ,
        "ANSIBLE_CONFIG": str(REPO / "ansible.cfg"),
        "ANSIBLE_STRATEGY": "linear",
        "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
    }
    done = subprocess.run(command, cwd=REPO, env=environment, capture_output=True, text=True, check=False)
    said = json.loads(done.stdout[done.stdout.index("{") :])
    result: dict[str, Any] = said["plays"][0]["tasks"][0]["hosts"]["localhost"]
    return result


def names(here: Path, result: dict[str, Any]) -> list[str]:
    return [str(Path(name).relative_to(here)) for name in result["changed_names"]]


@pytest.fixture(scope="module")
def made(here: Path) -> dict[str, Any]:
    """What the first run has said. Runs take seconds: the tests share what it has made, and each leaves it right."""
    expected = ["out", "out/a", "out/b", "out/secret", "out/c"]
    assert names(here, ran(here, "--check")) == expected
    assert not (here / "out").exists()
    first = ran(here)
    assert names(here, first) == expected
    return first


def test_all_is_made_and_then_left_alone(here: Path, made: dict[str, Any]) -> None:
    assert (here / "out/b").read_text() == "# Ansible managed\nhello 4 1\nhello 4 2\n"
    assert [(here / "out" / name).stat().st_mode & 0o777 for name in ("a", "secret", "c")] == [0o640, 0o600, 0o644]
    assert "hello 3 2" in json.dumps(made["diff"])
    assert "is secret" not in json.dumps(made)

    times = {path: path.stat().st_ctime_ns for path in (here / "out").iterdir()}
    again = ran(here)
    assert (again["changed"], again["changed_names"], again["diff"]) == (False, [], [])
    assert {path: path.stat().st_ctime_ns for path in (here / "out").iterdir()} == times


@pytest.mark.usefixtures("made")
def test_what_somebody_has_changed_is_put_right(here: Path) -> None:
    (here / "out/a").chmod(0o666)
    (here / "out/b").write_text("by hand")
    (here / "out/c").unlink()
    (here / "out/c").symlink_to(here / "files/c")
    (here / "out/gone").symlink_to("nowhere")
    assert names(here, ran(here)) == ["out/a", "out/b", "out/c", "out/gone"]
    assert not (here / "out/c").is_symlink()
    assert (here / "out/b").read_text() == "# Ansible managed\nhello 4 1\nhello 4 2\n"


@pytest.mark.usefixtures("made")
def test_a_file_that_fails_its_check_replaces_nothing(here: Path) -> None:
    failed = ran(here, word="bye")
    assert failed["failed"]
    assert failed["msg"].startswith(f"{here}/out/a: failed to validate")
    assert "hello 3 1" in (here / "out/a").read_text()
    assert (here / "out/secret").read_text() == "hello is secret"


RUNS = {"LoadState": "loaded", "ActiveState": "active", "UnitFileState": "enabled", "NeedDaemonReload": "no"}
MISSING = {"LoadState": "not-found", "ActiveState": "inactive", "UnitFileState": "", "NeedDaemonReload": "no"}
MASKED = {"LoadState": "masked", "ActiveState": "inactive", "UnitFileState": "masked", "NeedDaemonReload": "no"}
STARTED, STOPPED = {"active": True, "enabled": True}, {"active": False, "enabled": False}


@pytest.mark.parametrize(
    ("wanted", "found", "done"),
    [
        (STARTED, RUNS, True),
        (STARTED, {**RUNS, "ActiveState": "failed"}, False),
        (STARTED, {**RUNS, "UnitFileState": "disabled"}, False),
        (STARTED, {**RUNS, "NeedDaemonReload": "yes"}, False),
        (STARTED, MISSING, False),
        (STARTED, {}, False),
        (STOPPED, RUNS, False),
        (STOPPED, {**RUNS, "ActiveState": "inactive", "UnitFileState": "disabled"}, True),
        (STOPPED, MISSING, True),
        # Its file is gone, and it runs.
        (STOPPED, {**MISSING, "ActiveState": "active"}, False),
        (STOPPED, {}, False),
        ({"masked": True}, MASKED, True),
        ({"masked": True}, MISSING, False),
        ({"masked": True}, RUNS, False),
        ({"masked": False}, MASKED, False),
        (STARTED, MASKED, False),
        ({"anew": True}, RUNS, False),
    ],
)
def test_what_systemd_says_of_a_unit_is_held_against_what_is_wanted(
    wanted: dict[str, bool], found: dict[str, str], done: bool
) -> None:
    asked = {"active": None, "enabled": None, "masked": None, "anew": None, **wanted}
    # Systemd may not have looked for it since its file was written.
    reload = found.get("NeedDaemonReload") == "yes" or (wanted is STARTED and found is MISSING)
    disabled = wanted is STARTED and (found is MISSING or found.get("UnitFileState") == "disabled")
    assert _unit(asked, found) == {"done": done, "reload": reload, "disabled": disabled}


def test_a_restart_is_told_what_systemd_has_not_read() -> None:
    asked = {"active": None, "enabled": True, "masked": None, "anew": True}
    assert _unit(asked, {**RUNS, "NeedDaemonReload": "yes"}) == {"done": False, "reload": True, "disabled": False}
