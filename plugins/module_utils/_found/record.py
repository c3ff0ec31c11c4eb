# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Looks at what a role is going to change, before it does."""

from __future__ import annotations

from collections.abc import Sequence

from . import model, node
from .model import UNKNOWN, Record, Spec


def look(spec: Spec, key: str, records: dict[str, Record], run: node.Run, *, write: bool) -> Record:
    """Return the role's record with all that the spec names. What is recorded already stays as it is.

    Where the role has no record and has left traces, it came before records were kept, or another release of it did:
    what was there then is not known.

    Args:
        write: keep copies of files, and write the record down last, so that it is there whole or not at all.
    """
    was = records.get(spec.name)
    unknown = was is None and bool(node.traces([*spec.owns, *spec.marks]))
    record = was or Record(spec.name, complete=not unknown)
    others = [other for name, other in records.items() if name != spec.name]
    new = model.unseen(record, spec)

    there = node.installed(run)
    record.wanted += new.packages
    record.missing += sorted(set(new.packages) - there - model.held(others, "missing"))
    record.owns += [one for one in spec.owns if one not in record.owns]
    record.replaces += new.replaces
    if not unknown:
        for path in node.matching(new.replaces):
            found = node.keep(path, node.copies(spec.name)) if write else node.entry(path)
            if found:
                record.files[path] = found
    for path in new.directories:
        record.directories[path] = (
            model.first(others, "directories", path)
            if path in model.held(others, "directories")
            else None
            if unknown
            else node.entry(path)
        )
    for unit, state in node.unit_states(new.units, run).items():
        record.units[unit] = model.first(others, "units", unit) or (
            {"enabled": UNKNOWN, "active": UNKNOWN} if unknown else state
        )
    for name in new.sysctl:
        found = model.first(others, "sysctl", name)
        record.sysctl[name] = found or {
            "found": None if unknown else node.parameter(name),
            "default": spec.sysctl[name],
        }
    _look_for("users", new.users, record, others, unknown=unknown)
    _look_for("groups", new.groups, record, others, unknown=unknown)
    record.key = key
    if write:
        node.save(record)
    return record


def _look_for(kind: str, names: Sequence[str], record: Record, others: Sequence[Record], *, unknown: bool) -> None:
    for name in names:
        found = model.first(others, kind, name)
        getattr(record, kind)[name] = (
            found if found is not None else UNKNOWN if unknown and node.exists(kind, name) else node.exists(kind, name)
        )
