# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""All of a cluster: readings become findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from ansible_collections.lvs.ha_web.plugins.plugin_utils import _certificates, _keepalived_table
from ansible_collections.lvs.ha_web.plugins.plugin_utils._audit import node as nodes
from ansible_collections.lvs.ha_web.plugins.plugin_utils._audit import table
from ansible_collections.lvs.ha_web.plugins.plugin_utils._audit.model import Finding, Note
from ansible_collections.lvs.ha_web.plugins.plugin_utils._audit.routers import Holding, on_servers

CONFIGURATION = "/etc/keepalived/keepalived.conf"
# Of the JSON.
SCHEMA = 1
_TUNNELS = ("tunl0", "sit0", "gre0", "ip6tnl0", "ip6gre0")


@dataclass(frozen=True)
class Reading:
    """What was read of one node.

    roles is what each role says of it, broken which of them could say nothing, and why; the rest are what modules
    returned, empty where they did not run; deaf says why nobody could be heard; release is the distribution's.
    """

    unreachable: str = ""
    release: str = ""
    roles: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    broken: Mapping[str, str] = field(default_factory=dict)
    read: Mapping[str, Any] = field(default_factory=dict)
    table: Mapping[str, Any] = field(default_factory=dict)
    heard: Sequence[Mapping[str, Any]] = ()
    deaf: str = ""


@dataclass(frozen=True)
class Limits:
    """Days that a certificate must last, and seconds that clocks may differ."""

    certificate_days: float = 14
    clock_offset: float = 1.0


def audit(
    topology: Mapping[str, Any],
    readings: Mapping[str, Reading],
    tiers: Mapping[str, str],
    limits: Limits,
    now: datetime | None = None,
) -> dict[str, Any]:
    """Return the audit as plain data.

    Args:
        topology: as the fact has it.
        readings: by node.
        tiers: by node, what it is: directors, web, storage or monitor.
        limits: what is tolerated.
        now: the controller's clock.
    """
    return _Audit(topology, readings, tiers, limits, now or datetime.now(timezone.utc)).result()


class _Audit:
    def __init__(
        self,
        topology: Mapping[str, Any],
        readings: Mapping[str, Reading],
        tiers: Mapping[str, str],
        limits: Limits,
        now: datetime,
    ) -> None:
        self._topology = topology
        self._readings = readings
        self._tiers = tiers
        self._limits = limits
        self._now = now
        self._findings: list[Finding] = []
        self._notes: list[Note] = []
        self._said = {name: nodes.merged(one.roles) for name, one in readings.items()}
        self._described: dict[str, dict[str, Any]] = {name: {} for name in readings}
        self._directors = [one["name"] for one in topology["directors"]]
        self._good = {name: one.read for name, one in readings.items() if "files" in one.read}

    def result(self) -> dict[str, Any]:
        for name, reading in self._readings.items():
            self._node(name, reading)
        routers = self._routers()
        self._tables(routers)
        self._keep(
            nodes.tiers(
                (name, self._tiers[name], self._readings[name].release, self._described[name]["versions"])
                for name in self._good
            )
        )
        order = [*self._readings, "directors", "web", "storage", "monitor"]
        place = {name: number for number, name in enumerate(order)}
        self._findings.sort(key=lambda one: (place.get(one.node, len(place)), one.subject))
        self._notes.sort(key=lambda one: (place.get(one.node, len(place)), one.subject))
        for name in self._readings:
            self._describe(name, routers)
        return {
            "schema": SCHEMA,
            "time": self._now.isoformat(timespec="seconds"),
            "findings": [one._asdict() for one in self._findings],
            "information": [one._asdict() for one in self._notes],
            "nodes": self._described,
        }

    def _keep(self, found: Iterator[Finding | Note]) -> None:
        for one in found:
            if isinstance(one, Finding):
                self._findings.append(one)
            else:
                self._notes.append(one)

    def _node(self, name: str, reading: Reading) -> None:
        if name not in self._good:
            words = reading.unreachable or str(reading.read.get("msg") or "nothing could be read")
            remedy = "Make it reachable: ansible -m ansible.builtin.ping has to work."
            self._findings.append(Finding(name, "node", f"cannot be audited: {words.strip()}", remedy))
            return
        for role, words in reading.broken.items():
            remedy = "Run site.yml with --check: it stops there too."
            self._findings.append(
                Finding(name, f"role {role}", f"nothing to compare with: {words}", remedy, "rendered")
            )
        if reading.deaf:
            words = f"nobody could be heard: {reading.deaf}"
            self._findings.append(Finding(name, "VRRP", words, "Look at the interfaces of the router.", "cluster"))
        self._keep(nodes.findings(name, self._said[name], reading.read))
        self._keep(
            nodes.clock(name, reading.read.get("clock"), reading.read["ntp_synchronised"], self._limits.clock_offset)
        )
        self._described[name]["versions"] = nodes.versions(self._said[name], reading.read)
        self._described[name]["certificates"] = list(self._certificates(name, reading.read["certificates"]))

    def _certificates(self, name: str, found: Sequence[Mapping[str, str]]) -> Iterator[dict[str, Any]]:
        for one in found:
            left, names = _certificates.lasts(one["pem"], self._now)
            if left is None:
                words, remedy = "is no certificate that can be read", "Look at the file; run site.yml."
                self._findings.append(Finding(name, one["path"], words, remedy, "services"))
                continue
            yield {"path": one["path"], "names": names, "days_left": round(left, 1)}
            if left < self._limits.certificate_days:
                words = f"certificate for {' '.join(names) or 'no name'}: {nodes.days(left)}"
                self._findings.append(Finding(name, one["path"], words, "Renew it, and run site.yml.", "services"))

    def _routers(self) -> list[tuple[Mapping[str, Any], Holding]]:
        addresses = {name: read["addresses"] for name, read in self._good.items()}
        standby = [
            name
            for name in self._directors
            if name in self._good and _number(self._good[name]["values"].get(self._topology.get("standby_file", "")))
        ]
        result = []
        for router in self._topology["virtual_routers"]:
            heard = {
                name: self._readings[name].heard
                for name in self._directors
                if name in self._good and not self._readings[name].deaf
            }
            unread = [name for name in self._directors if name not in self._good]
            holding = Holding(router, addresses, heard, unread, standby)
            self._keep(holding.findings())
            self._keep(holding.notes())
            result.append((router, holding))
        vips = [vip.partition("/")[0] for router, _holding in result for vip in router["vips"]]
        self._keep(on_servers(addresses, self._directors, vips, _TUNNELS))
        return result

    def _tables(self, routers: Sequence[tuple[Mapping[str, Any], Holding]]) -> None:
        states = {}
        names = {
            server["address"]: server["name"]
            for service in self._topology["virtual_services"]
            for server in [*service["real_servers"], service["sorry_server"]]
            if server
        }
        for name in self._directors:
            reading = self._readings.get(name)
            if name not in self._good or reading is None:
                continue
            if "services" not in reading.table:
                words = f"cannot be read: {reading.table.get('msg', 'not asked for')}"
                self._findings.append(Finding(name, "IPVS", words, "Run site.yml.", "kernel"))
                continue
            content = next((one.get("content") for one in reading.read["files"] if one["path"] == CONFIGURATION), None)
            if content is None:
                continue
            current = table.kernel(reading.table["services"])
            if reading.read["units"].get("keepalived", {}).get("ActiveState") not in ("active", "reloading"):
                if current:
                    words = f"{len(current)} services are in the kernel, and keepalived does not run"
                    self._findings.append(Finding(name, "IPVS", words, "Start keepalived.", "kernel"))
                continue
            expected = _keepalived_table.read(content, CONFIGURATION)
            others = table.kernel(self._said[name].get("static", ()))
            compared = table.compare(name, expected, current, reading.read["values"], names, others=list(others))
            self._findings += compared.findings
            self._notes += compared.notes
            states[name] = compared.states
            router = next(
                (one for one in routers if expected.sync_daemon and one[0]["name"] == expected.sync_daemon.router), None
            )
            if not others:
                master = router[1].holds(name) if router and len(router[1].holders) == 1 else None
                self._keep(table.daemons(name, expected, reading.table["sync_daemons"], master))
                self._keep(table.timeouts(name, expected, reading.table["timeouts"]))
        self._keep(table.unequal(states))

    def _describe(self, name: str, routers: Sequence[tuple[Mapping[str, Any], Holding]]) -> None:
        own = [one for one in self._findings if one.node == name]
        described = self._described[name]
        described["tier"] = self._tiers[name]
        described["reachable"] = name in self._good
        if not described["reachable"]:
            return
        described["differences"] = {
            aspect: sum(one.aspect == aspect for one in own) for aspect in ("rendered", "kernel", "services")
        }
        described["clock"] = self._good[name].get("clock")
        described["ntp_synchronised"] = self._good[name]["ntp_synchronised"]
        if name in self._directors:
            described["routers"] = {
                router["name"]: "MASTER" if holding.holds(name) else "BACKUP"
                for router, holding in routers
                if name in router["members"]
            }
            described["holds"] = [
                one["address"]
                for one in self._good[name]["addresses"]
                if one["interface"] != "lo"
                and any(one["address"] == vip.partition("/")[0] for router, _h in routers for vip in router["vips"])
            ]


def _number(text: str | None) -> int:
    with suppress(TypeError, ValueError):
        return int(text)  # type: ignore[arg-type]
    return 0
