# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""A node as records see it: its files, packages, units, kernel parameters and users, read and put back."""

from __future__ import annotations

import filecmp
import glob
import grp
import os
import pwd
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterable, Sequence

from .model import Entry, Record, Trace, removed, sysctl_path

RECORDS = "/var/lib/ha-web/found"
# Of this collection alone, and shared by its roles.
SHARED = ("/etc/ha-web", "/usr/local/lib/ha-web", "/usr/local/share/ha-web", "/run/ha-web", RECORDS, "/var/lib/ha-web")
_STATES = "/var/lib/apt/extended_states"
# What is only recommended was there before the roles came, or is not needed: they install nothing of that kind.
_APT = ("-o", "APT::AutoRemove::RecommendsImportant=false", "-o", "APT::AutoRemove::SuggestsImportant=false")

# A command's exit code and output.
Run = Callable[[Sequence[str], bool], "tuple[int, str]"]


class RefusedError(Exception):
    """Something could not be done; the words say what, and what to do."""


# Files


def entry(path: str) -> Entry | None:
    """Return what is at a path, without its content."""
    try:
        status = os.lstat(path)
    except OSError:
        return None
    found: Entry = {"mode": stat.S_IMODE(status.st_mode), "uid": status.st_uid, "gid": status.st_gid}
    if stat.S_ISLNK(status.st_mode):
        return {**found, "type": "link", "target": os.readlink(path)}
    return {**found, "type": "directory" if stat.S_ISDIR(status.st_mode) else "file"}


def matching(patterns: Iterable[str]) -> list[str]:
    """Return the paths that exist."""
    return [path for pattern in patterns for path in sorted(glob.glob(pattern)) or [pattern] if os.path.lexists(path)]


def traces(owned: Iterable[Trace]) -> list[str]:
    """Return the paths that exist and hold what they must."""
    found = []
    for one in owned:
        for path in matching([one.path]):
            if one.holding:
                try:
                    with open(path, encoding="utf-8", errors="replace") as file:
                        if one.holding not in file.read():
                            continue
                except OSError:
                    continue
            found.append(path)
    return found


def keep(path: str, folder: str) -> Entry:
    """Copy a file into a record, and return what it is."""
    found = entry(path)
    if found is None:
        raise RefusedError(f"{path} went away while it was looked at. Run again.")
    if found["type"] == "file":
        copy = folder + path
        # As it may hold what only its reader may know.
        os.makedirs(folder, mode=0o700, exist_ok=True)
        os.makedirs(os.path.dirname(copy), mode=0o700, exist_ok=True)
        shutil.copy2(path, copy)
        os.chmod(copy, 0o600)
    return found


def same(path: str, was: Entry, folder: str) -> bool:
    """Tell whether a path is as it was found."""
    now = entry(path)
    return now == was and (was["type"] != "file" or filecmp.cmp(path, folder + path, shallow=False))


def put_back(path: str, was: Entry, folder: str) -> None:
    """Make a path what it was, at once."""
    now = entry(path)
    if now and now["type"] == "directory":
        remove(path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    beside = os.path.join(os.path.dirname(path), f".ha-web-{os.getpid()}")
    if was["type"] == "link":
        os.symlink(was["target"], beside)
    elif was["type"] == "directory":
        os.mkdir(beside)
    else:
        # Nobody's but root's until it has its own mode.
        os.close(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        shutil.copy2(folder + path, beside)
    os.chown(beside, was["uid"], was["gid"], follow_symlinks=False)
    if was["type"] != "link":
        os.chmod(beside, was["mode"])
    os.replace(beside, path)


def remove(path: str) -> None:
    """Remove a file, or a directory with all that is in it."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        os.unlink(path)


def write(path: str, text: str) -> None:
    """Write a file of a record at once: it is there whole, or not at all."""
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    beside = f"{path}.new"
    with open(beside, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)


def records() -> dict[str, Record]:
    """Return all records, by role."""
    found = {}
    for path in sorted(glob.glob(f"{RECORDS}/*/record.json")):
        with open(path, encoding="utf-8") as file:
            record = Record.parse(file.read())
        found[record.role] = record
    return found


def save(record: Record) -> None:
    """Write a record down."""
    write(f"{RECORDS}/{record.role}/record.json", record.text())


def copies(role: str) -> str:
    """Return where a role's record keeps files."""
    return f"{RECORDS}/{role}/files"


# Kernel parameters


def parameter(name: str) -> str | None:
    """Return a kernel parameter's value, None where the kernel has none of that name."""
    try:
        with open(sysctl_path(name), encoding="utf-8") as file:
            return file.read().strip()
    except OSError:
        return None


def set_parameter(name: str, value: str) -> None:
    """Set a kernel parameter."""
    with open(sysctl_path(name), "w", encoding="utf-8") as file:
        file.write(value)


# Users


def exists(kind: str, name: str) -> bool:
    """Tell whether there is such a user or group."""
    try:
        (pwd.getpwnam if kind == "users" else grp.getgrnam)(name)
    except KeyError:
        return False
    return True


# Packages and units


def installed(run: Run) -> set[str]:
    """Return the names of all packages that are installed, or half so."""
    _code, lines = run(["dpkg-query", "--show", "--showformat=${db:Status-Abbrev}${Package}\n"], True)
    return {line[3:] for line in lines.splitlines() if line[1:2] not in ("n", "c")}


def unneeded_without(packages: Sequence[str], run: Run) -> list[str]:
    """Return these packages, and those that they alone brought, without any that something else needs.

    apt is asked with marks of its own, in which nobody has wished for them by name.
    """
    with tempfile.TemporaryDirectory(prefix="ha-web-") as folder:
        marks = f"{folder}/extended_states"
        if os.path.exists(_STATES):
            shutil.copy(_STATES, marks)
        own = [*_APT, "-o", f"Dir::State::extended_states={marks}"]
        before = removed(run(["apt-get", *own, "--simulate", "autoremove"], True)[1])
        run(["apt-mark", *own, "auto", *packages], True)
        after = removed(run(["apt-get", *own, "--simulate", "autoremove"], True)[1])
    return sorted((set(after) - set(before)) | (set(after) & set(packages)))


def purge(packages: Sequence[str], run: Run) -> None:
    """Remove packages with their configuration."""
    run(["apt-get", "--quiet", "--yes", "-o", "APT::Get::AutomaticRemove=false", "purge", *packages], True)


def unit_states(units: Sequence[str], run: Run) -> dict[str, Entry]:
    """Return of each unit whether it is enabled, and whether it runs; both empty where there is none."""
    if not units:
        return {}
    properties = "--property=LoadState,UnitFileState,ActiveState"
    _code, text = run(["systemctl", "show", properties, *units], True)
    found = {}
    for unit, block in zip(units, text.strip().split("\n\n")):
        values = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        there = values.get("LoadState") != "not-found"
        found[unit] = {
            "enabled": values.get("UnitFileState", "") if there else "",
            "active": values.get("ActiveState") in ("active", "activating", "reloading"),
        }
    return found


def instances(units: Sequence[str], run: Run) -> list[str]:
    """Return units as systemd knows them: those of a template that run, or will at the next boot."""
    found = []
    for unit in units:
        if "*" not in unit:
            found.append(unit)
            continue
        _code, text = run(["systemctl", "list-units", "--all", "--full", "--plain", "--no-legend", unit], True)
        names = {line.split()[0] for line in text.splitlines() if line.strip()}
        names |= {os.path.basename(path) for path in glob.glob(f"/etc/systemd/system/*.wants/{unit}")}
        found += sorted(names)
    return found
