# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""First stage, shared storage: what storage hosts export, to which hosts, and where those mount it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from .._fields import CORRECT, Entry, Problems, entries

DEFAULT_ROOT = "/srv/ha-web/exports"
MOUNTS = "/srv/ha-web"
DEFAULT_SHARE = "shared"
SHARE_KEYS = (
    "name",
    "server",
    "path",
    "mount",
    "clients",
    "read_only",
    "owner",
    "group",
    "mode",
    "squash",
    "anonuid",
    "anongid",
    "export_options",
    "mount_options",
)
SQUASHES = ("root", "all", "none")
IDS = (0, 2**32 - 2)
PATH = re.compile(r"(/(?!\.{1,2}(?:/|$))[A-Za-z0-9_.+-]+)+")
ABSOLUTE = "Write an absolute path of letters, digits and _.+- alone, without a slash at its end."
ACCOUNT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
MODE = re.compile(r"[0-7]{3,4}")
OPTION = re.compile(r"[a-z][a-z0-9_]*(=[A-Za-z0-9_.:/-]+)?")

# Of the mounts. Calls fail when the server has been silent for two times timeo tenths of a second: a web server that
# waits for ever loses all its workers. Attributes are asked for each time: what one host writes, all see at once.
MOUNT_OPTIONS = ("softerr", "timeo=30", "retrans=1", "actimeo=0", "noatime", "nosuid", "nodev", "noexec")
EXPORT_OPTIONS = ("sync", "no_subtree_check")
# What stands in each other's place, besides options of one name.
_ALIKE = (
    ("softerr", "soft", "hard"),
    ("noatime", "atime", "relatime", "strictatime"),
    ("nosuid", "suid"),
    ("nodev", "dev"),
    ("noexec", "exec"),
    ("actimeo", "ac", "noac"),
    ("sync", "async"),
    ("no_subtree_check", "subtree_check"),
    ("secure", "insecure"),
)
_STANDS_FOR = {option: alike[0] for alike in _ALIKE for option in alike}
# What the collection decides, or another key does.
_MOUNT_TAKEN = {
    "vers": "Only version 4.2 is spoken.",
    "nfsvers": "Only version 4.2 is spoken.",
    "minorversion": "Only version 4.2 is spoken.",
    "ro": "Write read_only: true.",
    "rw": "Write read_only: false.",
    "retry": "A missing share is looked for every second.",
    "bg": "A missing share is looked for every second.",
    "nofail": "No boot waits for a share.",
}
_EXPORT_TAKEN = {
    "ro": "Write read_only: true.",
    "rw": "Write read_only: false.",
    "root_squash": "Write squash: root.",
    "all_squash": "Write squash: all.",
    "no_root_squash": "Write squash: none.",
    "no_all_squash": "Write squash: root or none.",
    "anonuid": "Write it as a key of the share.",
    "anongid": "Write it as a key of the share.",
    "fsid": "It is derived from the share's name.",
}


@dataclass(frozen=True)
class DeclaredShare:
    """A wrong path is empty, and an unknown server or client as it was written."""

    item: str
    name: str
    server: str
    path: str
    mount: str
    clients: list[str]
    read_only: bool
    owner: str
    group: str
    mode: str
    squash: str
    anonuid: int
    anongid: int
    export_options: list[str]
    mount_options: list[str]


def read_root(problems: Problems, value: Any) -> str:
    entry = Entry(problems, "ha_web_storage_root", {"path": value}, ("path",))
    return entry.match("path", PATH, "an absolute path", ABSOLUTE, DEFAULT_ROOT)


def read_shares(
    problems: Problems, value: Any, root: str, storage: Sequence[str], web: Sequence[str]
) -> list[DeclaredShare]:
    """Where nobody says anything and a storage host exists, there is one share."""
    if value is None and storage:
        value = [{"name": DEFAULT_SHARE}]
    found = []
    for name, entry in entries(problems, "ha_web_shares", value, SHARE_KEYS, "{name: shared}"):
        found.append(
            DeclaredShare(
                item=entry.item,
                name=name,
                server=str(entry.get("server", next(iter(storage), ""))),
                path=_path(entry, "path", f"{root}/{name}"),
                mount=_path(entry, "mount", f"{MOUNTS}/{name}"),
                clients=_clients(entry, web),
                read_only=entry.boolean("read_only", False),
                owner=entry.match("owner", ACCOUNT, "a user", CORRECT, "www-data"),
                group=entry.match("group", ACCOUNT, "a group", CORRECT, "www-data"),
                mode=_mode(entry),
                squash=entry.choice("squash", SQUASHES, "root"),
                anonuid=entry.integer("anonuid", IDS, 65534),
                anongid=entry.integer("anongid", IDS, 65534),
                export_options=_options(entry, "export_options", _EXPORT_TAKEN),
                mount_options=_options(entry, "mount_options", _MOUNT_TAKEN),
            )
        )
    return found


def merged(usual: Iterable[str], own: Iterable[str]) -> list[str]:
    """The usual options, each replaced by an own one that says the same thing differently."""
    found = {}
    for option in [*usual, *own]:
        key = option.partition("=")[0]
        found[_STANDS_FOR.get(key, key)] = option
    return list(found.values())


def _path(entry: Entry, key: str, default: str) -> str:
    if key not in entry:
        return default
    return entry.match(key, PATH, "an absolute path", ABSOLUTE)


def _mode(entry: Entry) -> str:
    """YAML reads 0750 as a number, of which nobody knows any more how it was written."""
    value = entry.values.get("mode")
    if value is None or (isinstance(value, str) and MODE.fullmatch(value)):
        return "0750" if value is None else value.rjust(4, "0")
    entry.problem(f"mode {value!r} is not a mode in quotes.", 'Write mode: "0750".')
    return "0750"


def _clients(entry: Entry, web: Sequence[str]) -> list[str]:
    if "clients" not in entry:
        return list(web)
    found = [str(one) for one in entry.items("clients")]
    if not found and entry.get("clients") == []:
        entry.problem("no clients.", "Name the hosts that mount it, or remove the share.")
    return list(dict.fromkeys(found))


def _options(entry: Entry, key: str, taken: dict[str, str]) -> list[str]:
    found = []
    for option in entry.items(key):
        if not isinstance(option, str) or not OPTION.fullmatch(option):
            entry.problem(f"{key}: {option!r} is not an option.", "Write each by itself, as name or name=value.")
        elif (name := option.partition("=")[0]) in taken:
            entry.problem(f"{key}: {name} is not for this place.", taken[name])
        else:
            found.append(option)
    return found
