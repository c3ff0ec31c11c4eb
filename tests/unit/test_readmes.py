# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What argument_specs say, as Markdown."""

from __future__ import annotations

from typing import Any

import pytest
import readmes

README = "# lvs.ha_web.example\n\nBy hand.\n"
SPECS: dict[str, Any] = {
    "main": {
        "short_description": "An example",
        "options": {
            "example_port": {"description": "The port.", "type": "int", "required": True},
            "example_sites": {
                "description": ["The sites.", "Their pools are those of O(example_pools)."],
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "mode": {"description": "Of P(lvs.ha_web.nginx#role).", "choices": ["a", "b"], "default": "a"},
                    "match": {
                        "type": "dict",
                        "options": {"path": {"type": "path", "default": "{{ x | default('/') }}"}},
                    },
                },
            },
            "example_pools": {
                "type": "dict",
                "default": {"first": "a pool with a long name", "second": "and one more"},
            },
        },
    },
    "close": {"short_description": "Close it", "description": "C(later) *s*", "options": {}},
}


@pytest.mark.parametrize(
    "line",
    [
        "| `example_port` | int | **required** | The port. |",
        "| `example_sites` | list of dict | `[]` | The sites.<br>Their pools are those of `example_pools`. |",
        "#### `example_sites[]`",
        "| `mode` | str | `a` | Of [nginx](../nginx/README.md).<br>One of `a`, `b`. |",
        "#### `example_sites[].match`",
        r"| `path` | path | `{{ x \| default('/') }}` | |",
        "| `example_pools` | dict | see below | |",
        "  second: and one more",
        "### `close`: Close it",
        r"`later` \*s\*",
    ],
)
def test_line_is_there(line: str) -> None:
    assert line in readmes.variables(SPECS).splitlines()


def test_tables_follow_what_is_written_by_hand_and_are_replaced() -> None:
    first = readmes.rewritten(README, SPECS)
    assert first.startswith(README)
    assert readmes.rewritten(first + "\nMore by hand.\n", SPECS) == first + "\nMore by hand.\n"
    assert "example_port" not in readmes.rewritten(first, {"main": {"options": {}}})


def test_unknown_markup_is_an_error() -> None:
    with pytest.raises(ValueError, match="While parsing"):
        readmes.variables({"main": {"options": {"x": {"description": "P(nothing)"}}}})
