# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One node: what the roles say it has, against what was read there.

What a role says is a mapping, from its tasks/audit.yml; of each key a list, or a mapping where the key says so:

    files         path, content or lines (each must be there), mode, secret (no line of it may be shown)
    units         name, reads (files that it must have read since they were written); or a name alone
    commands      subject, command, aspect, remedy: a finding where the command fails, in its words
    versions      name, command that says it
    sysctls       by parameter, its value
    effective     interfaces, parameter of net.ipv4.conf, values that are right for the greater of all and the
                  interface, unless_default: only of an interface through which no default route leads
    addresses     interface, addresses
    mounts        source, path
    values        files of one number
    certificates  files, or patterns, that name them
    problems      subject, words, remedy, aspect: what the role has found by itself
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from ansible_collections.lvs.ha_web.plugins.plugin_utils._audit.model import Finding, Note, counted

Said = dict[str, Any]

_PASSWORD = re.compile(r"^(\s*auth_pass\s+).*")
_LONGEST = 90
_AGAIN = "Run site.yml, with --check --diff first where you want to see more."


def merged(roles: Mapping[str, Mapping[str, Any]]) -> Said:
    """Return what all roles say of a node, in one."""
    result: Said = {"sysctls": {}}
    for said in roles.values():
        for key, value in said.items():
            if key == "sysctls":
                result["sysctls"].update(value)
            elif key == "units":
                result.setdefault(key, []).extend({"name": one} if isinstance(one, str) else one for one in value)
            else:
                result.setdefault(key, []).extend(value)
    return result


def questions(said: Mapping[str, Any]) -> Said:
    """Return the parameters of the module audit_info that answer what the roles say."""
    effective = said.get("effective", ())
    parameters = [
        f"net.ipv4.conf.{interface.replace('.', '/')}.{one['parameter']}"
        for one in effective
        for interface in ("all", *one["interfaces"])
    ]
    return {
        "files": [one["path"] for one in said.get("files", ())],
        "values": list(dict.fromkeys(said.get("values", ()))),
        "certificates": list(said.get("certificates", ())),
        "units": [one["name"] for one in said.get("units", ())],
        "sysctls": list(dict.fromkeys([*said.get("sysctls", {}), *parameters])),
        "commands": [one["command"] for key in ("commands", "versions") for one in said.get(key, ())],
    }


def findings(node: str, said: Mapping[str, Any], read: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield what is not on the node as the roles say it."""
    found = {one["path"]: one for one in read["files"]}
    for file in said.get("files", ()):
        yield from _file(node, file, found.get(file["path"], {}))
    for unit in said.get("units", ()):
        yield from _unit(node, unit, read["units"].get(unit["name"], {}), found)
    for command, done in zip(said.get("commands", ()), read["commands"]):
        if done["rc"]:
            lines = [line for line in done["output"].splitlines() if line.strip()]
            words = "; ".join(_redacted(line.strip()) for line in lines[-3:]) or f"exit {done['rc']}"
            words = f"{command['words']}: {words}" if command.get("words") else words
            yield Finding(node, command["subject"], words, command["remedy"], command.get("aspect", "services"))
    yield from _kernel(node, said, read)
    for one in said.get("problems", ()):
        yield Finding(node, one["subject"], one["words"], one["remedy"], one.get("aspect", "kernel"))


def versions(said: Mapping[str, Any], read: Mapping[str, Any]) -> dict[str, str]:
    """Return the versions of what runs on the node."""
    result = {"kernel": str(read["kernel"])}
    answers = read["commands"][len(said.get("commands", ())) :]
    for one, done in zip(said.get("versions", ()), answers):
        match = re.search(r"\d+(?:\.\d+)+[\w.~+-]*", done["output"])
        if done["rc"] == 0 and match:
            result[one["name"]] = match[0]
    return result


def _file(node: str, wanted: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[Finding]:
    path = wanted["path"]
    if "content" not in found:
        words = f"cannot be read: {found.get('error', 'not asked for')}"
        yield Finding(node, path, words, _AGAIN, "rendered")
        return
    if "lines" in wanted:
        there = {"".join(line.split()) for line in found["content"].splitlines()}
        for line in wanted["lines"]:
            if "".join(line.split()) not in there:
                yield Finding(node, path, f"lacks the line {line!r}, which holds at every boot", _AGAIN, "rendered")
    elif found["content"] != wanted["content"]:
        words = _difference(wanted["content"], found["content"], bool(wanted.get("secret")))
        yield Finding(node, path, words, _AGAIN, "rendered")
    mode = wanted.get("mode", "0644")
    if found["mode"] != mode or found["owner"] != "root":
        words = f"belongs to {found['owner']} with mode {found['mode']}, declared are root and {mode}"
        yield Finding(node, path, words, _AGAIN, "rendered")


def _difference(wanted: str, found: str, secret: bool) -> str:
    """Say where a file begins to differ, without a password."""
    right, wrong = wanted.splitlines(), found.splitlines()
    number = next((n for n, (a, b) in enumerate(zip(right, wrong)) if a != b), min(len(right), len(wrong)))
    if secret:
        return f"differs from what is declared, from line {number + 1} on"
    return f"line {number + 1} is {_line(wrong, number)}, declared is {_line(right, number)}"


def _line(lines: Sequence[str], number: int) -> str:
    if number >= len(lines):
        return "the end of the file"
    text = _redacted(lines[number].strip())
    return repr(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}...")


def _redacted(line: str) -> str:
    return _PASSWORD.sub(r"\1********", line)


def _unit(
    node: str, wanted: Mapping[str, Any], found: Mapping[str, Any], files: Mapping[str, Mapping[str, Any]]
) -> Iterator[Finding]:
    name = wanted["name"]
    state = found.get("ActiveState", "unknown")
    if state not in ("active", "reloading"):
        remedy = f"Look at journalctl -u {name}; start it: systemctl start {name}."
        yield Finding(node, name, f"is {state}", remedy, "services")
    enabled = found.get("UnitFileState") or "not there"
    if enabled not in ("enabled", "enabled-runtime", "static", "alias"):
        words = f"is {enabled}: it does not start at boot"
        yield Finding(node, name, words, f"systemctl enable {name}", "services")
    if found.get("NeedDaemonReload") == "yes":
        words = "its unit has been changed since systemd read it"
        yield Finding(node, name, words, "systemctl daemon-reload", "services")
    if state != "active":
        return
    if found.get("Replaced"):
        words = "runs a program that has been replaced since"
        yield Finding(node, name, words, f"Restart {name}; of directors the backup first.", "services")
    with suppress(ValueError):
        began = int(str(found.get("StateChangeTimestamp", "")).lstrip("@"))
        for path in wanted.get("reads", ()):
            if files.get(path, {}).get("changed_at", 0) > began:
                words = f"has not read {path} since it was written"
                yield Finding(node, name, words, f"systemctl reload {name}", "services")


def _kernel(node: str, said: Mapping[str, Any], read: Mapping[str, Any]) -> Iterator[Finding]:
    for name, value in said.get("sysctls", {}).items():
        found = read["sysctls"].get(name)
        if found != str(value):
            words = f"is {found if found is not None else 'unknown to the kernel'}, must be {value}"
            yield Finding(node, name, words, f"sysctl --write {name}={value}", "kernel")
    for one in said.get("effective", ()):
        for interface in one["interfaces"]:
            yield from _effective(node, one, interface, read)
    held = {(one["interface"], one["address"]) for one in read["addresses"]}
    for one in said.get("addresses", ()):
        for address in one["addresses"]:
            if (one["interface"], address) not in held:
                remedy = f"Run site.yml, or systemctl restart ha-web-vip@{address}."
                yield Finding(node, address, f"not on {one['interface']}", remedy, "kernel")
    mounted = {one["path"]: one["source"] for one in read["mounts"]}
    for one in said.get("mounts", ()):
        if mounted.get(one["path"]) != one["source"]:
            words = "not mounted" if one["path"] not in mounted else f"is {mounted[one['path']]}, not {one['source']}"
            remedy = "Look at the storage host and at journalctl -u ha-web-storage."
            yield Finding(node, one["path"], words, remedy, "kernel")


def _effective(node: str, wanted: Mapping[str, Any], interface: str, read: Mapping[str, Any]) -> Iterator[Finding]:
    """The kernel takes the greater of what is set for all interfaces and for this one."""
    parameter = wanted["parameter"]
    names = [f"net.ipv4.conf.{name.replace('.', '/')}.{parameter}" for name in ("all", interface)]
    values = [int(read["sysctls"][name]) for name in names if read["sysctls"].get(name, "").isdigit()]
    if wanted.get("unless_default") and interface in read["default_interfaces"]:
        return
    effective = max(values, default=-1)
    if effective not in wanted["values"]:
        right = " or ".join(map(str, wanted["values"]))
        # A slash in it is a dot of the interface's name.
        remedy = f"sysctl --write {names[0]}={wanted['values'][-1]}; was it set after boot?"
        words = f"effective {effective if values else 'unknown'}, must be {right}"
        yield Finding(node, f"{parameter} {interface}", words, remedy, "kernel")


def clock(
    node: str, measured: Mapping[str, float] | None, synchronised: bool | None, limit: float
) -> Iterator[Finding | Note]:
    """Yield what is to be said about a node's clock."""
    if measured is None:
        yield Note(node, "clock", "could not be compared")
    elif abs(measured["offset"]) - measured["error"] > limit:
        words = f"{_offset(measured)} the controller's"
        yield Finding(node, "clock", words, "Let both be kept by NTP.", "node")
    if synchronised is False:
        yield Note(node, "clock", "not synchronised by NTP")


def _offset(measured: Mapping[str, float]) -> str:
    direction = "ahead of" if measured["offset"] > 0 else "behind"
    return f"{abs(measured['offset']):.2f} s (give or take {measured['error']:.2f} s) {direction}"


def tiers(nodes: Iterable[tuple[str, str, str, Mapping[str, str]]]) -> Iterator[Finding]:
    """Yield versions that differ within a tier, among nodes of the same release of the distribution.

    Args:
        nodes: of each its name, tier, release and versions.
    """
    seen: dict[tuple[str, str, str], dict[str, list[str]]] = {}
    for node, tier, release, own in nodes:
        for what, version in own.items():
            seen.setdefault((tier, what, release), {}).setdefault(version, []).append(node)
    for (tier, what, _release), found in seen.items():
        if len(found) > 1:
            words = ", ".join(f"{version} on {' '.join(names)}" for version, names in sorted(found.items()))
            yield Finding(tier, f"version of {what}", words, "Upgrade those that are behind.", "node")


def days(number: float) -> str:
    """Return how long something lasts."""
    return f"expired {counted(int(-number), 'day')} ago" if number < 0 else f"{counted(int(number), 'day')} left"
