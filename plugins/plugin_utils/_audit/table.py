# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A director's kernel against its keepalived.conf, and the directors' tables against each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.model import (
    HOST_NETMASKS,
    Destination,
    DestinationId,
    Service,
    ServiceId,
    Settings,
    family,
)
from ansible_collections.lvs.ha_web.plugins.plugin_utils._audit.model import Finding, Note
from ansible_collections.lvs.ha_web.plugins.plugin_utils._keepalived_table import Expected, ExpectedTable, Server

Services = dict[ServiceId, Service]
_CHECK = "Look why in its director's journal (journalctl -u keepalived) and at what the check asks of it."
_RELOAD = "Reload keepalived; where that does not put it right, restart it, the backup first."
_EVEN = "Let the track files say the same on all directors: run drain.yml or restore.yml."
_FIELDS = {
    "forwarding": "forwarding",
    "upper_threshold": "upper threshold",
    "lower_threshold": "lower threshold",
    "tunnel_type": "tunnel type",
    "tunnel_port": "tunnel port",
    "tunnel_checksum": "tunnel checksum",
    "scheduler": "scheduler",
    "scheduler_flags": "scheduler flags",
    "one_packet": "one packet",
    "persistence_timeout": "persistence timeout",
    "persistence_netmask": "persistence netmask",
    "persistence_engine": "persistence engine",
}


class State(NamedTuple):
    """Of one destination on one director, in a word where it is no finding; uneven: directors may differ."""

    words: str
    found: bool = False
    uneven: bool = False


class Comparison(NamedTuple):
    """What one director has."""

    findings: list[Finding]
    notes: list[Note]
    states: dict[str, State]  # by subject


def kernel(parameters: Sequence[Mapping[str, Any]]) -> Services:
    """Return the services that the module ipvs_info has returned."""
    found: Services = {}
    for one in parameters:
        if one.get("fwmark"):
            key = ServiceId(one.get("family") or "ipv4", "", "", 0, int(one["fwmark"]))
        else:
            key = ServiceId(family(one["address"]), one["protocol"], one["address"], int(one["port"]), 0)
        settings = Settings(
            one["scheduler"],
            tuple(sorted(one.get("scheduler_flags") or ())),
            bool(one.get("one_packet")),
            int(one.get("persistence_timeout") or 0),
            str(one.get("persistence_netmask") or HOST_NETMASKS[key.family]),
            one.get("persistence_engine") or "",
        )
        found[key] = Service(
            settings,
            {
                DestinationId(server["address"], int(server["port"])): Destination(
                    **{name: server[name] for name in Destination._fields if name in server}
                )
                for server in one["destinations"]
            },
        )
    return found


def compare(
    node: str,
    expected: ExpectedTable,
    current: Services,
    files: Mapping[str, str],
    names: Mapping[str, str],
    *,
    others: Sequence[ServiceId] = (),
) -> Comparison:
    """Hold a director's table against its configuration.

    Args:
        node: the director.
        expected: what its configuration asks for.
        current: what the kernel holds.
        files: the content of track files, by path.
        names: of real servers, by address.
        others: services that somebody else manages by declaration.
    """
    return _Comparing(node, files, names).table(expected, current, others)


class _Comparing:
    def __init__(self, node: str, files: Mapping[str, str], names: Mapping[str, str]) -> None:
        self._node = node
        self._names = names
        self._result = Comparison([], [], {})
        self._values: dict[str, int] = {}
        for path, text in files.items():
            try:
                self._values[path] = int(text)
            except ValueError:
                if text:
                    self._find(path, f"the track file holds {text!r}, which is no number", "Write 0 into it.")

    def table(self, expected: ExpectedTable, current: Services, others: Sequence[ServiceId]) -> Comparison:
        for key, service in expected.services.items():
            if key not in current:
                self._find(str(key), "not in the kernel", _RELOAD)
                continue
            self._differ(str(key), service.settings, current[key].settings)
            self._servers(key, service, current[key].destinations)
        # Whoever has written what cannot be understood may have declared it.
        unknown = [] if expected.unreadable else [key for key in current if key not in expected.services]
        for key in unknown:
            if key not in others:
                self._find(
                    str(key), "in the kernel, and nobody has declared it", "Remove it: ipvsadm -D, or declare it."
                )
        for where, text in expected.unreadable:
            self._result.notes.append(Note(self._node, where, f"not understood, and not audited: {text}"))
        return self._result

    def _find(self, subject: str, words: str, remedy: str) -> None:
        self._result.findings.append(Finding(self._node, subject, words, remedy, "kernel"))

    def _subject(self, key: ServiceId, name: DestinationId) -> str:
        known = self._names.get(name.address)
        return f"{key} -> {name}{f' ({known})' if known and known != name.address else ''}"

    def _differ(self, subject: str, wanted: Any, found: Any) -> bool:
        """Find the fields that differ, but for the weight; return whether any does."""
        different = False
        for name, words in _FIELDS.items():
            right, wrong = getattr(wanted, name, None), getattr(found, name, None)
            # Local is what the kernel makes of a host itself, whatever is declared.
            if right == wrong or (name == "forwarding" and wrong == "local"):
                continue
            # Of no effect without the others.
            if name.startswith("tunnel_") and getattr(found, "forwarding", "") != "tun":
                continue
            different = True
            self._find(subject, f"{words} {_shown(wrong)} in the kernel, {_shown(right)} declared", _RELOAD)
        return different

    def _servers(self, key: ServiceId, service: Expected, found: Mapping[DestinationId, Destination]) -> None:
        sorry = service.sorry
        apologises = bool(sorry and sorry.name not in service.servers and _serves(found.get(sorry.name)))
        for name, server in service.servers.items():
            subject = self._subject(key, name)
            if name in found and self._differ(subject, server.value, found[name]):
                self._result.states[subject] = State("", found=True)
                continue
            self._result.states[subject] = self._judge(subject, server, found.get(name), service, apologises)
        for name, value in found.items():
            if name in service.servers or (sorry and name == sorry.name):
                continue
            words = f"in the kernel with weight {value.weight}, and nobody has declared it"
            self._find(self._subject(key, name), words, "Remove it: ipvsadm -d, or declare it.")
            self._result.states[self._subject(key, name)] = State("", found=True)
        if apologises and sorry:
            self._sorry(key, service, found)

    def _sorry(self, key: ServiceId, service: Expected, found: Mapping[DestinationId, Destination]) -> None:
        if service.sorry is None:
            return
        subject = self._subject(key, service.sorry.name)
        serving = [name for name in service.servers if _serves(found.get(name))]
        weight = sum(found[name].weight for name in serving)
        self._result.states[subject] = State("", found=True)
        if not serving:
            words = "the sorry server answers: no real server is left"
            self._find(subject, words, "Mend the real servers; they return by themselves when their checks succeed.")
        elif weight >= service.quorum:
            words = f"the sorry server answers too, though {len(serving)} real servers serve"
            # keepalived 2.2.7 leaves an active sorry server behind when it is reloaded.
            self._find(subject, words, "A reload left it behind: restart keepalived, the backup first.")
        else:
            words = f"the sorry server answers: weight {weight} is left of the quorum {service.quorum}"
            self._find(subject, words, "Mend the real servers; they return by themselves when their checks succeed.")

    def _judge(
        self, subject: str, server: Server, found: Destination | None, service: Expected, apologises: bool
    ) -> State:
        declared, expected = server.value.weight, server.weight(self._values)
        if found is None:
            words = "not in the kernel: failed its health check"
            if apologises and service.quorum > 1:
                words += f", or the quorum {service.quorum} is not met"
            self._find(subject, words, _CHECK)
            return State("gone", found=True)
        if found.weight == expected:
            return self._as_wanted(subject, server, found.weight)
        if server.dynamic:
            self._result.notes.append(Note(self._node, subject, f"weight {found.weight}, given by its check"))
            return State("", uneven=True)
        if found.weight == 0 and server.inhibit:
            self._find(subject, "weight 0 in the kernel: failed its health check (inhibit_on_failure)", _CHECK)
        elif found.weight == 0:
            words = f"weight 0 in the kernel, {declared} declared (drained? no track file says so)"
            self._find(subject, words, "Drain by drain.yml, which lasts; or take it back: reload keepalived.")
        elif expected != declared:
            words = f"weight {found.weight} in the kernel, {expected} by its track file"
            self._find(subject, words, _RELOAD)
        else:
            self._find(subject, f"weight {found.weight} in the kernel, {declared} declared", _RELOAD)
        return State(f"weight {found.weight}", found=True)

    def _as_wanted(self, subject: str, server: Server, weight: int) -> State:
        if weight == server.value.weight:
            return State("not drained" if weight else "weight 0")
        says = ", ".join(file.path for file in server.files if self._values.get(file.path))
        words = "drained" if not weight else f"weight {weight}, {server.value.weight} declared"
        self._result.notes.append(Note(self._node, subject, f"{words} (by {says})"))
        return State("drained" if not weight else f"weight {weight}")


def _serves(value: Destination | None) -> bool:
    return value is not None and value.weight > 0


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return " ".join(value) or "none"
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value if value != "" else "none")


def unequal(states: Mapping[str, Mapping[str, State]]) -> Iterator[Finding]:
    """Yield what differs between directors, and is no difference from the configuration of any of them.

    Args:
        states: by director and subject.
    """
    for subject in dict.fromkeys(subject for own in states.values() for subject in own):
        seen = {node: own[subject] for node, own in states.items() if subject in own}
        if any(state.found or state.uneven for state in seen.values()) or len({*seen.values()}) < 2:
            continue
        words = ", ".join(f"{state.words} on {node}" for node, state in seen.items())
        yield Finding("directors", subject, words, _EVEN, "cluster")


def daemons(
    node: str, expected: ExpectedTable, current: Sequence[Mapping[str, Any]], master: bool | None
) -> Iterator[Finding]:
    """Yield what is wrong with the synchronisation of connections; ``master`` is None where nobody knows the role."""
    wanted = expected.sync_daemon
    if wanted is None:
        for stray in current:
            words = f"a {stray['state']} runs, and nobody has declared it"
            yield Finding(node, "sync daemon", words, f"Stop it: ipvsadm --stop-daemon {stray['state']}.", "kernel")
        return
    states = {"master", "backup"}
    if wanted.router:
        states = {"master" if master else "backup"} if master is not None else {one["state"] for one in current}
    running = {one["state"]: one for one in current}
    for state in sorted({*states, *running}):
        one = running.get(state)
        if one is None:
            yield Finding(node, "sync daemon", f"the {state} does not run", _RELOAD, "kernel")
        elif state not in states:
            yield Finding(node, "sync daemon", f"a {state} runs, and should not", _RELOAD, "kernel")
        elif (one["interface"], one["sync_id"]) != (wanted.interface, wanted.sync_id) and wanted.sync_id >= 0:
            words = (
                f"the {state} is on {one['interface']} with id {one['sync_id']},"
                f" declared are {wanted.interface} and {wanted.sync_id}"
            )
            yield Finding(node, "sync daemon", words, _RELOAD, "kernel")


def timeouts(node: str, expected: ExpectedTable, current: Mapping[str, int]) -> Iterator[Finding]:
    """Yield the time-outs that are not what the configuration says."""
    for name, seconds in expected.timeouts.items():
        found = current.get({"tcpfin": "tcp_fin"}.get(name, name))
        if found not in (None, seconds):
            words = f"{found} s in the kernel, {seconds} s declared"
            yield Finding(node, f"time-out {name}", words, _RELOAD, "kernel")
