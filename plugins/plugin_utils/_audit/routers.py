# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who holds the VIPs, and whether the directors agree about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.declaration import canonical
from ansible_collections.lvs.ha_web.plugins.plugin_utils._audit.model import Finding, Note

_SEPARATED = (
    "Look whether the directors hear each other: their firewalls must let protocol 112 pass, and their unicast peers"
    " must be each other's addresses."
)
_BY_HAND = "If somebody added it by hand: ip address delete {vip} dev INTERFACE."


class Holding:
    """One virtual router on all directors that could be read.

    Args:
        router: that of the topology.
        addresses: by node, its addresses as the module audit_info returns them.
        heard: by director, the speakers that the module vrrp_info has heard.
        unread: directors that could not be read.
        standby: directors that were told to stand by.
    """

    def __init__(
        self,
        router: Mapping[str, Any],
        addresses: Mapping[str, Sequence[Mapping[str, str]]],
        heard: Mapping[str, Sequence[Mapping[str, Any]]],
        unread: Sequence[str] = (),
        standby: Sequence[str] = (),
    ) -> None:
        self._router = router
        self._heard = heard
        self._unread = [name for name in unread if name in router["members"]]
        self._standby = standby
        self._vips = [canonical(vip.partition("/")[0]) for vip in router["vips"]]
        self._held = {
            vip: {
                node: [one["interface"] for one in own if one["address"] == vip and one["interface"] != "lo"]
                for node, own in addresses.items()
                if node in router["members"]
            }
            for vip in self._vips
        }

    @property
    def holders(self) -> list[str]:
        """The directors that hold any of the VIPs, those of the most first."""
        found = {
            node: sum(bool(held[node]) for held in self._held.values()) for held in self._held.values() for node in held
        }
        return sorted((node for node, number in found.items() if number), key=lambda node: -found[node])

    def holds(self, node: str) -> bool:
        """Tell whether a director holds all VIPs of the router."""
        return all(held.get(node) for held in self._held.values())

    def findings(self) -> Iterator[Finding]:
        """Yield what is wrong."""
        yield from self._about_vips()
        if len(self.holders) == 1:
            yield from self._about_adverts(self.holders[0])

    def notes(self) -> Iterator[Note]:
        """Yield who is what it is because somebody wants it."""
        for name in self._standby:
            if name in self._router["members"]:
                yield Note(name, str(self._router["name"]), "on standby: it takes no VIP while another director lives")

    def _about_vips(self) -> Iterator[Finding]:
        for vip, held in self._held.items():
            holders = [node for node, interfaces in held.items() if interfaces]
            if len(holders) > 1:
                words = f"held by {' and '.join(holders)}"
                yield Finding("directors", vip, words, f"{_BY_HAND.format(vip=vip)} {_SEPARATED}", "cluster")
            elif not holders and not self._unread:
                words = "no director holds it"
                remedy = "Look at keepalived on all directors: journalctl -u keepalived."
                yield Finding("directors", vip, words, remedy, "cluster")
            elif not holders:
                words = f"no director that could be read holds it; {' '.join(self._unread)} could not"
                yield Finding("directors", vip, words, "Make them reachable.", "cluster")

    def _about_adverts(self, holder: str) -> Iterator[Finding]:
        for node, speakers in self._heard.items():
            if node not in self._router["members"]:
                continue
            heard = [
                one
                for one in speakers
                if one["vrid"] == self._router["vrid"] and one["family"] == self._router["family"] and one["priority"]
            ]
            if node == holder:
                for one in heard:
                    words = f"holds the VIPs, and hears {self._named(one)} advertise them too"
                    yield Finding(node, self._subject, words, _SEPARATED, "cluster")
            else:
                yield from self._of_backup(node, holder, heard)

    @property
    def _subject(self) -> str:
        return f"VRRP {self._router['name']} (VRID {self._router['vrid']})"

    def _of_backup(self, node: str, holder: str, heard: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
        # By multicast over IPv6 they speak from addresses of links, which nobody has declared.
        anonymous = (self._router["mode"], self._router["family"]) == ("multicast", "ipv6")
        said = list(heard[:1]) if anonymous else [one for one in heard if self._sender(one) == holder]
        for one in heard:
            if one not in said:
                words = f"hears {self._named(one)}, who is not the holder {holder}"
                yield Finding(node, self._subject, words, _SEPARATED, "cluster")
        if not said:
            words = f"does not hear the holder {holder}: it would take the VIPs too"
            yield Finding(node, self._subject, words, _SEPARATED, "cluster")
            return
        yield from self._advert(holder, said[0])

    def _advert(self, holder: str, said: Mapping[str, Any]) -> Iterator[Finding]:
        router = self._router
        declared = router["members"][holder]["priority"]
        if said["priority"] != declared and holder not in self._standby:
            words = f"advertises priority {said['priority']}, {declared} declared"
            remedy = "Reload keepalived."
            if self._tracks():
                words += " (a tracked interface, script, process or file counts)"
                remedy = "Look at what it tracks: journalctl -u keepalived."
            yield Finding(holder, self._subject, words, remedy, "cluster")
        # The others are not in the adverts.
        if list(said["addresses"]) != self._vips[:1]:
            words = f"advertises {' '.join(said['addresses'])}, declared is {self._vips[0]}"
            yield Finding(holder, self._subject, words, "Reload keepalived.", "cluster")
        if said["version"] != router["version"]:
            words = f"speaks version {said['version']} of VRRP, {router['version']} is declared"
            yield Finding(holder, self._subject, words, "Reload keepalived.", "cluster")

    def _tracks(self) -> bool:
        return any(self._router["track"].values())

    def _sender(self, said: Mapping[str, Any]) -> str:
        members = self._router["members"]
        return next((name for name, one in members.items() if one["address"] == said["source"]), "")

    def _named(self, said: Mapping[str, Any]) -> str:
        return self._sender(said) or str(said["source"])


def on_servers(
    nodes: Mapping[str, Sequence[Mapping[str, str]]],
    directors: Sequence[str],
    vips: Sequence[str],
    tunnels: Sequence[str],
) -> Iterator[Finding]:
    """Yield VIPs that a node which is no director would answer ARP for."""
    for node, addresses in nodes.items():
        for one in addresses:
            if node in directors or one["address"] not in vips or one["interface"] in ("lo", *tunnels):
                continue
            words = f"on {one['interface']}, where the directors' clients may find it; it belongs to lo"
            remedy = f"ip address delete {one['address']} dev {one['interface']}, and look who added it."
            yield Finding(node, one["address"], words, remedy, "cluster")
