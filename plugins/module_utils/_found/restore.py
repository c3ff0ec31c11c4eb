# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Makes a node what roles found, in an order in which a run that is cut short can be run again: records go last."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence

from . import model, node
from .model import UNKNOWN, Entry, Record


class Restorer:
    """Gives up roles that leave, all at once.

    Attributes:
        changes: what was done, or is to be done in check mode.
        left: what stays, and why.
    """

    def __init__(self, leaving: Sequence[Record], staying: Sequence[Record], run: node.Run, *, check: bool) -> None:
        self.changes: list[str] = []
        self.left: list[str] = []
        self._leaving, self._staying = leaving, staying
        self._run, self._check = run, check
        self._gone: set[str] = set()
        self._kept: set[str] = set()
        self._shared_units = model.held(staying, "units")

    def restore(self) -> None:
        """Do it.

        Raises:
            node.RefusedError: something does not work, all else is done.
        """
        for record in self._leaving:
            self._stop(record)
        for record in self._leaving:
            self._files(record)
        if any(path.startswith("/etc/systemd/system/") for path in self._gone):
            self._command("systemctl", "daemon-reload")
        for record in self._leaving:
            self._sysctl(record)
        self._packages()
        for record in self._leaving:
            self._users(record)
        self._directories()
        # A mount unit of a purged package, a drop-in that came back.
        if self.changes:
            self._command("systemctl", "daemon-reload")
        self._start()
        self._tell_unknown()
        self._forget()

    def _do(self, what: str) -> bool:
        """Note a change, and tell whether it is to be made."""
        if what not in self.changes:
            self.changes.append(what)
        return not self._check

    def _command(self, *command: str) -> None:
        if not self._check:
            self._run(command, True)

    def _stop(self, record: Record) -> None:
        own = node.instances(model.units_of(node.traces(record.owns)), self._run)
        for unit, state in node.unit_states(own, self._run).items():
            if (state["active"] or state["enabled"] == "enabled") and self._do(f"stop {unit}"):
                self._run(["systemctl", "disable", "--now", unit], True)
        shared = [unit for unit in record.units if unit not in self._shared_units]
        for unit, state in node.unit_states(shared, self._run).items():
            if state["active"] and self._do(f"stop {unit}"):
                self._run(["systemctl", "stop", unit], True)

    def _files(self, record: Record) -> None:
        paths = node.traces(record.owns)
        paths += [path for path in node.matching(record.replaces) if path not in record.files]
        for path in paths:
            self._gone.add(path)
            if self._do(f"remove {path}"):
                node.remove(path)
        folder = node.copies(record.role)
        for path, was in record.files.items():
            if not node.same(path, was, folder):
                self._gone.add(path)
                if self._do(f"put back {path}"):
                    node.put_back(path, was, folder)

    def _sysctl(self, record: Record) -> None:
        for name, entry in record.sysctl.items():
            now = node.parameter(name)
            if now is None or name in model.held(self._staying, "sysctl"):
                continue
            was = entry["found"] if entry["found"] is not None else entry["default"]
            if now != was and self._do(f"set {name} = {was}"):
                node.set_parameter(name, was)
                if entry["found"] is None:
                    # What it was is not known: the host's own files say what it shall be.
                    self._run(["/lib/systemd/systemd-sysctl", f"--prefix={name}"], False)

    def _packages(self) -> None:
        given_up = model.packages_to_give_up(self._leaving, self._staying)
        if given_up:
            # Where a run was cut short in the middle of it, nothing else would work.
            self._command("dpkg", "--configure", "-a")
        there = node.installed(self._run)
        ours = [name for name in given_up if name in there]
        if not ours:
            return
        unneeded = node.unneeded_without(ours, self._run)
        self._kept = set(ours) - set(unneeded)
        if self._kept:
            self.left.append(f"packages that something else needs: {' '.join(sorted(self._kept))}")
        if unneeded and self._do(f"purge {' '.join(unneeded)}"):
            node.purge(unneeded, self._run)

    def _users(self, record: Record) -> None:
        if not self._kept.isdisjoint(record.missing):
            return  # some of them may be its packages' users
        for kind, command in (("users", "userdel"), ("groups", "groupdel")):
            for name, was in getattr(record, kind).items():
                if was is not False or name in model.held(self._staying, kind) or not node.exists(kind, name):
                    continue
                if self._do(f"remove the {kind[:-1]} {name}"):
                    self._run([command, name], True)

    def _directories(self) -> None:
        found: dict[str, Entry | None] = {}
        for record in self._leaving:
            found.update(record.directories)
        staying = model.held(self._staying, "directories")
        for path in sorted(set(found) - staying, key=lambda path: (-path.count("/"), path)):
            was, now = found[path], node.entry(path)
            if now is None or now["type"] != "directory":
                continue
            if was is None:
                self._remove_empty(path)
            elif was != now and self._do(f"put back owner and mode of {path}"):
                os.chown(path, was["uid"], was["gid"])
                os.chmod(path, was["mode"])

    def _remove_empty(self, path: str) -> None:
        """Remove a directory in which nobody else has anything, and that no package brought."""
        if not os.path.isdir(path) or os.path.ismount(path):
            return
        if any(os.path.join(path, name) not in self._gone for name in os.listdir(path)):
            self.left.append(f"{path}, with what is in it")
        elif self._run(["dpkg-query", "--search", path], False)[0] != 0:
            self._gone.add(path)
            if self._do(f"remove {path}"):
                os.rmdir(path)

    def _start(self) -> None:
        failures = []
        for record in self._leaving:
            now = node.unit_states(list(record.units), self._run)
            for unit, was in record.units.items():
                try:
                    self._start_one(unit, was, now[unit])
                except node.RefusedError as refused:
                    failures.append(str(refused))
        if failures:
            raise node.RefusedError(f"{' '.join(failures)} All else is as it was found. Put it right, and run again.")

    def _start_one(self, unit: str, was: Entry, now: Entry) -> None:
        if unit in self._shared_units:
            if self.changes and now["active"] and self._do(f"reload {unit}"):
                self._run(["systemctl", "try-reload-or-restart", unit], True)
            return
        if not now["enabled"] and not now["active"]:
            return  # it went with its package
        wanted = "disabled" if was["enabled"] == UNKNOWN else was["enabled"]
        verb = {"enabled": "enable", "disabled": "disable", "masked": "mask"}.get(wanted, "")
        if verb and wanted != now["enabled"] and self._do(f"{verb} {unit}"):
            self._run(["systemctl", verb, unit], True)
        if was["active"] is True and (self._check or not now["active"]) and self._do(f"start {unit}"):
            self._run(["systemctl", "start", unit], True)

    def _tell_unknown(self) -> None:
        records = [record for record in self._leaving if not record.complete]
        if not records:
            return
        known = model.held(records, "missing")
        packages = sorted((model.held(records, "wanted") - known) & node.installed(self._run))
        users = {
            name
            for record in records
            for kind in (record.users, record.groups)
            for name, was in kind.items()
            if was == UNKNOWN
        }
        self.left.append(
            f"what was there before {', '.join(record.role for record in records)} is not known, for an earlier release"
            f" deployed it. Packages stay: {' '.join(packages) or 'none'}. Users stay:"
            f" {' '.join(sorted(users)) or 'none'}. A package's own configuration comes back by"
            " apt-get install --reinstall -o Dpkg::Options::=--force-confmiss PACKAGE"
        )

    def _forget(self) -> None:
        for name in sorted(model.held(self._leaving, "missing")):
            # Now it is theirs to give up.
            for record in self._staying:
                if name in record.wanted and name not in record.missing:
                    record.missing.append(name)
                    if not self._check:
                        node.save(record)
                    break
        for record in self._leaving:
            folder = f"{node.RECORDS}/{record.role}"
            self._gone.add(folder)
            if os.path.isdir(folder) and self._do(f"forget what {record.role} found"):
                shutil.rmtree(folder)
        if self._leaving:
            self._remove_shared(node.SHARED)

    def _remove_shared(self, paths: Iterable[str]) -> None:
        for path in paths:
            if os.path.isdir(path) and all(os.path.join(path, name) in self._gone for name in os.listdir(path)):
                self._gone.add(path)
                if self._do(f"remove {path}"):
                    os.rmdir(path)
