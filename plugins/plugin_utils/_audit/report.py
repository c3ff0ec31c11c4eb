# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An audit as people read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.lvs.ha_web.plugins.plugin_utils._audit.model import counted
from ansible_collections.lvs.ha_web.plugins.plugin_utils._audit.node import days

_COLUMNS = ("", "declared = rendered", "rendered = kernel", "services", "role", "holds VIP")


def report(audit: Mapping[str, Any]) -> str:
    """Return the table, the findings, what else is to know, and their number."""
    parts = [
        list(_table(audit["nodes"])),
        [line for one in audit["findings"] for line in _finding(one)],
        [f"  {one['node']}  {one['subject']}: {one['words']}" for one in audit["information"]],
        [*_versions(audit["nodes"]), *_certificates(audit["nodes"]), *_clocks(audit["nodes"])],
        [summary(audit)],
    ]
    return "\n\n".join("\n".join(lines) for lines in parts if lines)


def summary(audit: Mapping[str, Any]) -> str:
    """Return how many findings there are."""
    number = len(audit["findings"])
    return f"{counted(number, 'finding')}." if number else "No finding."


def _table(nodes: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    rows: list[Sequence[str]] = [_COLUMNS, *(_row(name, one) for name, one in nodes.items())]
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        yield "   ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()


def _row(name: str, node: Mapping[str, Any]) -> Sequence[str]:
    if not node["reachable"]:
        return (name, "not read", "not read", "not read", node["tier"], "")
    differences = node["differences"]
    cells = [
        counted(differences[aspect], what) if differences[aspect] else "ok"
        for aspect, what in (("rendered", "difference"), ("kernel", "difference"), ("services", "finding"))
    ]
    routers = node.get("routers", {})
    if len(routers) == 1:
        role = next(iter(routers.values()))
    else:
        role = ", ".join(f"{router} {state}" for router, state in routers.items()) or node["tier"]
    holds = ("yes" if node["holds"] else "no") if routers else ""
    return (name, *cells, role, holds if len(routers) < 2 else " ".join(node["holds"]) or "no")


def _finding(one: Mapping[str, Any]) -> Iterator[str]:
    yield f"  {one['node']}  {one['subject']}: {one['words']}"
    yield f"      {one['remedy']}"


def _versions(nodes: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    seen: dict[tuple[str, str], list[str]] = {}
    for name, node in nodes.items():
        for what, version in node.get("versions", {}).items():
            seen.setdefault((what, version), []).append(name)
    for (what, version), names in seen.items():
        yield f"  {what} {version}: {' '.join(names)}"


def _certificates(nodes: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    seen: dict[tuple[str, float], list[str]] = {}
    for name, node in nodes.items():
        for one in node.get("certificates", ()):
            seen.setdefault((" ".join(one["names"]) or one["path"], int(one["days_left"] // 1)), []).append(name)
    for (what, left), names in sorted(seen.items(), key=lambda item: item[0][1]):
        yield f"  certificate {what}, {days(left)}: {' '.join(names)}"


def _clocks(nodes: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    clocks = {name: node["clock"] for name, node in nodes.items() if node.get("clock")}
    if clocks:
        worst = max(clocks, key=lambda name: abs(clocks[name]["offset"]))
        offset, error = clocks[worst]["offset"], clocks[worst]["error"]
        yield f"  clocks: furthest from the controller's is {worst}, by {offset:+.3f} s (give or take {error:.3f} s)"
