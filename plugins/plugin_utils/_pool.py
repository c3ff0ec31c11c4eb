# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a director's table still has and the topology no longer, so that it can go without a connection cut."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.lvs.ha_web.plugins.module_utils._claims import is_on
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.model import ServiceId, family
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.control import keepalived_weighs
from ansible_collections.lvs.ha_web.plugins.plugin_utils import _keepalived
from ansible_collections.lvs.ha_web.plugins.plugin_utils._keepalived import Configuration

Parameters = dict[str, Any]  # of the module ipvs


class Changes(NamedTuple):
    """For the module ipvs: what must be there, and with weight, before the other goes; and what goes."""

    enter: list[Parameters]
    leave: list[Parameters]


def changes(
    table: Sequence[Parameters],
    virtual_services: Sequence[Parameters],
    keepalived: str | None = None,
    weighed: Collection[str] = (),
) -> Changes:
    """Return what changes places.

    Args:
        table: the kernel's services, as the module ipvs_info returns them.
        virtual_services: those of the topology.
        keepalived: the running configuration, each line as ``FILE:NUMBER:TEXT``. Without it, whatever the topology
            does not know leaves, and nothing enters.
    """
    former = None if keepalived is None else _keepalived.read(keepalived)
    found = Changes([], [])
    for service in table:
        key = _key(service)
        declared = next((one for one in virtual_services if is_on(one, key)), None)
        if declared is None:
            if former is None or any(claim.is_on(key) for claim in former.claims):
                _leave(found, service, service["destinations"])
            continue
        _change(found, service, declared, former, weighed)
    return found


def _change(
    found: Changes,
    service: Parameters,
    declared: Parameters,
    former: Configuration | None,
    weighed: Collection[str],
) -> None:
    servers = {_name(service, one): one for one in _declared_servers(service, declared)}
    leaving, entering, serving = [], [], False
    for destination in service["destinations"]:
        wanted = servers.pop(_name(service, destination), None)
        if wanted is None or _goes_another_way(destination, wanted):
            leaving.append(destination)
        elif destination["weight"]:
            serving = True
        elif wanted["weight"] and _weight_is_fixed(declared, destination["address"], weighed):
            # It was about to leave when a run was cut short, and stays after all: keepalived knows nothing of that.
            entering.append({**destination, "weight": wanted["weight"]})
    if leaving and not serving and not entering and former is not None:
        # Nobody is left to serve meanwhile: the newcomers must come first. Who was known before and is not in the
        # table has failed. Where there are none either, such as when the forwarding of all changes, nothing is gained.
        key = _key(service)
        known = {_canonical(address) for claim, address in former.real_servers if claim.is_on(key)}
        entering = [one for one in servers.values() if one["weight"] and known and one["address"] not in known]
        if not entering:
            return
    if entering:
        found.enter.append({**service, "destinations": entering})
    _leave(found, service, leaving)


def _goes_another_way(destination: Parameters, wanted: Parameters) -> bool:
    """Tell whether its connections cannot follow what is declared."""
    fields = ("forwarding", "tunnel_type", "tunnel_port", "tunnel_checksum")
    # Local is what the kernel makes of a host itself, whatever is declared.
    return destination["forwarding"] != "local" and any(
        destination.get(name, wanted.get(name)) != wanted.get(name) for name in fields
    )


def _weight_is_fixed(declared: Parameters, address: str, weighed: Collection[str]) -> bool:
    """Tell whether keepalived itself does not give a server in the table the weight 0."""
    server = next(one for one in declared["real_servers"] if _canonical(one["address"]) == address)
    return server["track_file"] not in weighed and not keepalived_weighs(declared, server)


def _leave(found: Changes, service: Parameters, destinations: Sequence[Parameters]) -> None:
    if destinations:
        names = [{"address": one["address"], "port": one["port"]} for one in destinations]
        found.leave.append({**service, "destinations": names})


def _declared_servers(service: Parameters, declared: Parameters) -> Iterator[Parameters]:
    """Yield the one that says sorry, and the real servers as the kernel shall have them."""
    sorry = declared["sorry_server"]
    if sorry:
        yield {**_destination(service, sorry, sorry), "weight": 0}
    for server in declared["real_servers"]:
        yield _destination(service, declared, server)


def _destination(service: Parameters, way: Mapping[str, Any], server: Mapping[str, Any]) -> Parameters:
    result = {
        "address": _canonical(server["address"]),
        "forwarding": way["forwarding"],
        "weight": server.get("weight", 1),
        "upper_threshold": server.get("upper_threshold", 0),
        "lower_threshold": server.get("lower_threshold", 0),
    }
    if way["forwarding"] == "nat":
        result["port"] = server["port"] or service.get("port", 0)
    if way["forwarding"] == "tun":
        tunnel = way["tunnel"]
        result.update(tunnel_type=tunnel["type"], tunnel_checksum=tunnel["checksum"])
        if tunnel["type"] == "gue":
            result["tunnel_port"] = tunnel["port"]
    return result


def _name(service: Parameters, destination: Parameters) -> tuple[str, int]:
    """Tell destinations apart; but for NAT the port is the service's."""
    holder = destination if "port" in destination else service
    return destination["address"], holder.get("port") or 0


def _key(service: Parameters) -> ServiceId:
    if service.get("fwmark"):
        return ServiceId(service["family"], "", "", 0, service["fwmark"])
    address = service["address"]
    return ServiceId(family(address), service["protocol"], address, service["port"], 0)


def _canonical(address: str) -> str:
    return str(ipaddress.ip_address(address))
