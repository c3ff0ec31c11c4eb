# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Records of what roles found, as data: what is to be looked at, kept, and given up. Nothing here touches a node."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

# Nobody wrote down what it was: the role was there before records were kept.
UNKNOWN = "unknown"

Entry = dict[str, Any]

_UNITS = "/etc/systemd/system/"
_REMOVED = re.compile(r"^(?:Remv|Purg) (\S+) ", re.MULTILINE)


class Trace(NamedTuple):
    """Paths that a role, and nobody else, writes: a pattern, and words that tell its files from those of others."""

    path: str
    holding: str = ""


def trace(value: str | Mapping[str, str]) -> Trace:
    """Return a trace as a role says it: a pattern alone, or with the words."""
    return Trace(value) if isinstance(value, str) else Trace(value["path"], value["holding"])


@dataclass(frozen=True)
class Spec:
    """What a role may change."""

    name: str
    packages: tuple[str, ...] = ()
    owns: tuple[Trace, ...] = ()
    marks: tuple[Trace, ...] = ()
    replaces: tuple[str, ...] = ()
    directories: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    sysctl: Mapping[str, str] = field(default_factory=dict)
    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Spec:
        """Return the spec that a task gives."""
        names = ("packages", "replaces", "directories", "units", "users", "groups")
        return cls(
            name=values["name"],
            owns=tuple(trace(value) for value in values.get("owns") or ()),
            marks=tuple(trace(value) for value in values.get("marks") or ()),
            sysctl={key: str(value) for key, value in (values.get("sysctl") or {}).items()},
            **{name: tuple(values.get(name) or ()) for name in names},
        )


@dataclass
class Record:
    """What one role found. Entries of files and directories that were not there are missing or None."""

    role: str
    key: str = ""
    complete: bool = True
    wanted: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    owns: list[Trace] = field(default_factory=list)
    replaces: list[str] = field(default_factory=list)
    files: dict[str, Entry] = field(default_factory=dict)
    directories: dict[str, Entry | None] = field(default_factory=dict)
    units: dict[str, Entry] = field(default_factory=dict)
    sysctl: dict[str, Entry] = field(default_factory=dict)
    users: dict[str, bool | str] = field(default_factory=dict)
    groups: dict[str, bool | str] = field(default_factory=dict)

    def text(self) -> str:
        """Return it as it is written down: role packages reads the line of the key."""
        return json.dumps(asdict(self), indent=1, sort_keys=True) + "\n"

    @classmethod
    def parse(cls, text: str) -> Record:
        """Return what ``text`` wrote down."""
        values = json.loads(text)
        values["owns"] = [Trace(*value) for value in values["owns"]]
        return cls(**values)


class Unseen(NamedTuple):
    """What a spec names and a record has not."""

    packages: list[str]
    replaces: list[str]
    directories: list[str]
    units: list[str]
    sysctl: list[str]
    users: list[str]
    groups: list[str]


def unseen(record: Record, spec: Spec) -> Unseen:
    """Return what is still to be looked at. What has been is the role's own by now, and is not looked at again."""

    def rest(names: Iterable[str], seen: Iterable[str]) -> list[str]:
        return [name for name in names if name not in set(seen)]

    return Unseen(
        rest(spec.packages, record.wanted),
        rest(spec.replaces, record.replaces),
        rest(spec.directories, record.directories),
        rest(spec.units, record.units),
        rest(spec.sysctl, record.sysctl),
        rest(spec.users, record.users),
        rest(spec.groups, record.groups),
    )


def held(records: Iterable[Record], kind: str) -> set[str]:
    """Return the names of a kind that records hold."""
    return {name for record in records for name in getattr(record, kind)}


def first(records: Iterable[Record], kind: str, name: str) -> Any:
    """Return what another role found under a name: it came first, and has changed it since."""
    for record in records:
        if name in getattr(record, kind):
            return getattr(record, kind)[name]
    return None


def packages_to_give_up(leaving: Sequence[Record], staying: Sequence[Record]) -> list[str]:
    """Return what leaving roles installed and no staying role wants."""
    return sorted(held(leaving, "missing") - held(staying, "wanted"))


def removed(simulation: str) -> list[str]:
    """Return the packages that apt-get would remove, from what its simulation says."""
    return _REMOVED.findall(simulation)


def sysctl_path(name: str) -> str:
    """Return the file of a kernel parameter; a dot within an interface's name is written as a slash."""
    return "/proc/sys/" + name.translate(str.maketrans("./", "/."))


def units_of(paths: Iterable[str]) -> list[str]:
    """Return the units that files describe, in their order; of a template, all that come from it."""
    names = []
    for path in paths:
        directory, name = os.path.split(path)
        if f"{directory}/" == _UNITS and "." in name:
            names.append(name.replace("@.", "@*."))
    return names
