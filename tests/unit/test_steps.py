# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Steps of the module ensure: what is read, what is refused, and what a host is asked."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from ansible_collections.lvs.ha_web.plugins.plugin_utils._steps import Step, StepError, steps, wanted

FILE = {"src": "a.j2", "dest": "/etc/a", "owner": "root", "mode": "0644"}
SUM = hashlib.sha256(b"text").hexdigest()


def test_steps_in_their_order_without_those_that_are_off() -> None:
    declared = [
        {"file": {"path": "/etc/a.d", "state": "directory"}},
        {"template": {**FILE, "group": None}, "secret": True, "vars": {"x": 1}},
        {"copy": {"content": "x", "dest": ""}, "when": False},
        {"systemd_service": {"name": "{item[unit]}", "enabled": True}, "each": [{"unit": "a"}, {"unit": "b"}]},
    ]
    read = steps({"steps": declared})
    assert [(step.action, step.name) for step in read] == [
        ("file", "/etc/a.d"),
        ("template", "/etc/a"),
        ("systemd_service", "a"),
        ("systemd_service", "b"),
    ]
    assert (read[1].arguments, read[1].secret, read[1].variables) == (FILE, True, {"x": 1})
    assert read[3].variables == {"item": {"unit": "b"}}


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        ([{"shell": {"cmd": "true"}}], "step 1 has shell. Give it one of template, copy, file, systemd_service"),
        ([{"template": FILE, "copy": FILE}], "step 1 has template, copy."),
        ([{}], "step 1 has no action."),
        (["x"], "step 1 is 'x'. Write an action with its arguments."),
        ([{"file": {"path": "/a"}}, {"template": {"src": "a"}}], "step 2, template, has no dest."),
        ([{"template": FILE, "when": "yes"}], "step 1: when is 'yes', and must be true or false."),
        ([{"template": FILE, "each": "ab"}], "step 1: each is 'ab', and must be a list."),
        ([{"file": {"path": "/{item[x]}"}, "each": [{}]}], "step 1: '/{item[x]}' cannot be filled with {}."),
        ("x", "ensure takes steps, a list, and not nothing."),
    ],
)
def test_what_is_no_step_is_refused_by_its_number(declared: Any, words: str) -> None:
    with pytest.raises(StepError) as refusal:
        steps({"steps": declared})
    assert words in str(refusal.value)


def test_other_arguments_are_refused() -> None:
    with pytest.raises(StepError, match="and not loop"):
        steps({"steps": [], "loop": []})


@pytest.mark.parametrize(
    ("action", "arguments", "content", "expected"),
    [
        ("template", FILE, b"text", {"kind": "file", "checksum": SUM, "owner": "root", "mode": "0644"}),
        ("copy", {"dest": "/etc/a", "content": "text"}, b"text", {"kind": "file", "checksum": SUM}),
        ("file", {"path": "/etc/a", "state": "directory", "mode": "0755"}, None, {"kind": "directory", "mode": "0755"}),
        ("file", {"path": "/etc/a", "state": "absent"}, None, {"kind": "absent"}),
    ],
)
def test_what_a_host_can_tell(
    action: str, arguments: dict[str, Any], content: bytes | None, expected: dict[str, Any]
) -> None:
    assert wanted(Step(action, arguments), content) == {"path": "/etc/a", **expected}


@pytest.mark.parametrize(
    ("given", "unit", "active", "enabled"),
    [
        ({"name": "nginx", "state": "started", "enabled": True}, "nginx.service", True, True),
        ({"name": "a.timer", "state": "stopped", "enabled": False}, "a.timer", False, False),
        ({"name": "php8.2-fpm", "enabled": True}, "php8.2-fpm.service", None, True),
        ({"name": "ha-web-vip@192.0.2.1", "state": "started"}, "ha-web-vip@192.0.2.1.service", True, None),
    ],
)
def test_what_systemd_can_tell(given: dict[str, Any], unit: str, active: bool | None, enabled: bool | None) -> None:
    expected = {"kind": "unit", "path": unit, "active": active, "enabled": enabled, "masked": None, "anew": False}
    assert wanted(Step("systemd_service", given), None) == expected


def test_a_restart_is_not_for_a_host_to_tell_but_what_systemd_has_read_is() -> None:
    asked = wanted(Step("systemd_service", {"name": "nginx", "state": "restarted"}), None)
    assert (asked["kind"], asked["active"], asked["anew"]) == ("unit", None, True)


@pytest.mark.parametrize(
    ("action", "arguments", "content"),
    [
        ("template", {**FILE, "mode": "u=rw"}, b"text"),
        ("template", {**FILE, "mode": 0o644}, b"text"),
        ("template", {**FILE, "backup": True}, b"text"),
        ("template", {**FILE, "dest": "/etc/"}, b"text"),
        ("copy", {"src": "folder", "dest": "/etc/a"}, None),
        ("file", {"path": "/etc/a", "state": "touch"}, None),
        ("file", {"path": "/etc/a", "state": "directory", "recurse": True}, None),
        ("systemd_service", {"name": "nginx", "no_block": True}, None),
    ],
)
def test_where_the_action_itself_must_look(action: str, arguments: dict[str, Any], content: bytes | None) -> None:
    assert wanted(Step(action, arguments), content) == {"kind": ""}


@pytest.mark.parametrize(
    ("action", "arguments", "runs"),
    [
        ("systemd_service", {"name": "a", "state": "restarted"}, True),
        ("systemd_service", {"name": "a", "enabled": True}, True),
        ("systemd_service", {"name": "a", "state": "stopped", "enabled": False}, False),
        ("systemd_service", {"name": "a", "masked": True}, False),
        ("file", {"path": "/a", "state": "directory"}, False),
    ],
)
def test_who_shall_run(action: str, arguments: dict[str, Any], runs: bool) -> None:
    assert Step(action, arguments).runs is runs
