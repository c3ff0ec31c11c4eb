# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What is wrong, and what to do about it; nothing here asks anybody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from . import pool
from .configuration import Configuration, Router, Service
from .view import Director, Key, Vrrp

_LEVELS = ("critical", "warning")


class Finding(NamedTuple):
    """One of them."""

    level: str
    code: str
    text: str
    remedy: str
    nodes: list[str]


class Situation(NamedTuple):
    """What they are found in."""

    configuration: Configuration
    directors: Sequence[Director]
    state: dict[str, Any]


def findings(situation: Situation) -> list[Finding]:
    """Return them all, the worst first, and among equals in the order below."""
    kinds = (_routers, _directors, _tables, _services, _shares, _web, _storage, _history)
    return sorted((one for kind in kinds for one in kind(situation)), key=lambda one: _LEVELS.index(one.level))


def verdict(situation: Situation, found: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Return the whole in one line."""
    levels = [one["level"] for one in found]
    known = [one for one in situation.directors if one.notify_age is not None and one.table is not None]
    if "critical" not in levels and not known:
        return {"level": "unknown", "text": "No director tells its state: nothing is known of the cluster."}
    if levels:
        more = f" And {len(found) - 1} more." if len(found) > 1 else ""
        return {"level": levels[0], "text": f"{found[0]['text']}{more}"}
    services = situation.configuration.services
    servers = [server["state"] for service in situation.state["services"] for server in service["servers"]]
    if "unknown" in servers:
        return {"level": "unknown", "text": "The state of some servers is not known."}
    up = sum(server in ("up", "weighted") for server in servers)
    masters = {pool.master_of(router.name, situation.directors) for router in situation.configuration.routers}
    names = sorted(name for name in masters if name)
    many = "" if len(services) == 1 else "s"
    verb = "is master" if len(names) == 1 else "are masters"
    who = f", {' and '.join(names)} {verb}" if names else ""
    return {"level": "ok", "text": f"All is well: {len(services)} service{many}, {up} of {len(servers)} servers{who}."}


def _routers(situation: Situation) -> Iterator[Finding]:
    for router in situation.configuration.routers:
        yield from _router(router, situation.directors)


def _router(router: Router, directors: Sequence[Director]) -> Iterator[Finding]:
    on = {one.name: one.routers[router.name] for one in directors}
    masters = [name for name, one in on.items() if one.state == "master"]
    sure = all(_is_sure(one, router.name, directors) for one in directors)
    if len(masters) > 1:
        yield Finding(
            "critical",
            "two_masters",
            f"{' and '.join(masters)} are both master of {router.name}.",
            "They do not hear each other: look at the network and the firewall between them (VRRP, protocol 112).",
            masters,
        )
    if not masters and sure:
        yield Finding(
            "critical",
            "no_master",
            f"Nobody is master of {router.name}.",
            "Look into keepalived's journal on the directors: journalctl -u keepalived.",
            list(on),
        )
    for vip in router.vips:
        yield from _vip(vip, router, on, sure)
    for name, one in on.items():
        if one.state == "fault":
            yield Finding(
                "critical",
                "fault",
                f"{router.name} is in state FAULT on {name}.",
                f"An interface or a tracked script of {name} has failed: look into keepalived's journal there.",
                [name],
            )


def _is_sure(one: Director, router: str, directors: Sequence[Director]) -> bool:
    """Tell whether a director has spoken since the last change of any other; a dead one has nothing to say."""
    if one.reach == "down":
        return True
    if one.notify_age is None or one.routers[router].state == "unknown":
        return False
    changes = [other.routers[router].since_age for other in directors if other is not one]
    return all(change is None or one.notify_age <= change for change in changes)


def _vip(vip: str, router: Router, on: dict[str, Vrrp], sure: bool) -> Iterator[Finding]:
    holders = [name for name, one in on.items() if one.holds(vip)]
    stray = [name for name in holders if on[name].state in ("backup", "fault", "stopped")]
    if len(holders) > 1:
        yield Finding(
            "critical",
            "vip_twice",
            f"{' and '.join(holders)} both hold {vip}.",
            "Requests go to either. Restart keepalived of the one that is not master.",
            holders,
        )
    for name in stray:
        yield Finding(
            "critical",
            "vip_without_master",
            f"{name} holds {vip} and is not master of {router.name} ({on[name].state}).",
            f"Start or restart keepalived on {name}; it takes the address away where another is master.",
            [name],
        )
    if not holders and sure and not any(one.held and one.holds(vip) is None for one in on.values()):
        yield Finding(
            "critical",
            "vip_nowhere",
            f"No director holds {vip}.",
            "Look into keepalived's journal on the directors, and at ip address there.",
            list(on),
        )


def _directors(situation: Situation) -> Iterator[Finding]:
    for one in situation.directors:
        if one.reach == "down":
            yield Finding(
                "critical",
                "director_down",
                f"{one.name} does not answer: {one.error}.",
                f"Start {one.name}, or mend its network. Its state is not known.",
                [one.name],
            )
        elif one.refused and one.reach == "unknown":
            yield _no_exporter("the node exporter", one.name, one.error, "prometheus-node-exporter")
        elif one.reach == "unknown":
            yield Finding(
                "warning",
                "director_unknown",
                f"The state of {one.name} is not known: {one.error or 'it has not answered yet'}.",
                f"Wait some seconds. If it stays so, look whether {one.name} runs.",
                [one.name],
            )
        else:
            yield from _reached(situation, one)


def _reached(situation: Situation, one: Director) -> Iterator[Finding]:
    if one.keepalived == "down":
        yield Finding(
            "critical",
            "keepalived_down",
            f"keepalived of {one.name} does not run.",
            f"Start it on {one.name}: systemctl start keepalived. Its journal says why it ended.",
            [one.name],
        )
    masters = [pool.master_of(router.name, situation.directors) for router in situation.configuration.routers]
    for age, what, unit in (
        (one.notify_age, "state of keepalived", "ha-web-notify"),
        (one.ipvs_age, "kernel's table", "ha-web-ipvs-reader"),
    ):
        if age is None:
            yield Finding(
                "critical" if None in masters or one.name in masters else "warning",
                "stale",
                f"The {what} on {one.name} is not known: what its exporter says is old, or missing.",
                f"Look at the unit {unit} on {one.name}.",
                [one.name],
            )
    if one.standby:
        yield Finding(
            "warning",
            "standby",
            f"{one.name} is on standby: it takes no address while another director can.",
            f"Move the addresses back when {one.name} is well.",
            [one.name],
        )


def _no_exporter(what: str, node: str, error: str, unit: str) -> Finding:
    return Finding(
        "warning",
        "exporter_down",
        f"{node}: {what} gives no figures: {error or 'it says that what it watches is down'}.",
        f"{node} itself lives. Look at the unit {unit} there.",
        [node],
    )


def _tables(situation: Situation) -> Iterator[Finding]:
    differing = [one["name"] for one in situation.state["directors"] if one["table"] == "differs"]
    if differing:
        yield Finding(
            "critical",
            "tables_differ",
            f"The tables of {' and '.join(differing)} have differed for more than 5 s.",
            "A failover would change who is served. Compare weights below; run site.yml, or drain and restore again.",
            differing,
        )
    for one in situation.directors:
        # In the kernel a sorry server has the port of its service.
        sorry = {service.sorry_server.rpartition(":")[0] for service in situation.configuration.services}
        odd = [key for key in one.table or {} if not (key[0] and key[2]) and key[3].rpartition(":")[0] not in sorry]
        if odd:
            yield Finding(
                "warning",
                "undeclared",
                f"{one.name} has {len(odd)} in its table that nobody declared: {_some(odd)}.",
                "Declare it in the inventory, or remove it with site.yml.",
                [one.name],
            )


def _some(keys: Sequence[Key]) -> str:
    words = [f"{address} of {endpoint}"[:100] for _service, endpoint, _server, address in sorted(keys)[:3]]
    return ", ".join(words) + (" and others" if len(keys) > 3 else "")


def _services(situation: Situation) -> Iterator[Finding]:
    for service in situation.configuration.services:
        word = pool.authority(situation.configuration, service, situation.directors)
        if word and service.servers and service.endpoints:
            yield from _service(service, word)
        yield from _drifted(service, situation.directors)


def _service(service: Service, word: Director) -> Iterator[Finding]:
    live = pool.live(word, service)
    fewest = min(live, key=len)
    if not fewest:
        yield Finding(
            "critical",
            "all_down",
            f"{service.name} has no server with any weight: "
            + (f"{service.sorry_server} says sorry." if service.sorry_server else "nobody serves it."),
            "Mend or restore one of its servers.",
            [server.name for server in service.servers],
        )
    elif min(sum(weights.values()) for weights in live) < service.quorum:
        yield Finding(
            "critical",
            "below_quorum",
            f"{service.name} has less weight than its quorum of {service.quorum}.",
            "Mend or restore more of its servers.",
            [server.name for server in service.servers],
        )
    if len(fewest) == 1 and len(service.servers) > 1:
        [name] = fewest
        yield Finding(
            "warning",
            "last_server",
            f"{name} is the last server of {service.name}.",
            "Mend or restore another before anything happens to it.",
            [name],
        )
    for server in service.servers:
        if pool.state(word, service, server) == "down":
            yield Finding(
                "warning" if fewest else "critical",
                "server_down",
                f"{server.name} ({server.address}) fails the health checks of {service.name}.",
                f"Look at the web server on {server.name}, and into keepalived's journal on {word.name}.",
                [server.name],
            )


def _drifted(service: Service, directors: Sequence[Director]) -> Iterator[Finding]:
    for one in directors:
        for server in service.servers:
            weight = pool.drifted(one, service, server)
            if weight is not None:
                yield Finding(
                    "warning",
                    "weight_drift",
                    f"{server.name} has the weight {weight} in {service.name} on {one.name}; declared is"
                    f" {server.weight}, and its track file does not say so either.",
                    f"Restore {server.name}, or run site.yml.",
                    [one.name, server.name],
                )


def _shares(situation: Situation) -> Iterator[Finding]:
    for share in situation.configuration.shares:
        without = [
            node["name"]
            for node in situation.state["web"]
            for one in node["storage"]
            if one["path"] == share.path and one["state"] == "gone"
        ]
        if without:
            yield Finding(
                "critical",
                "storage_gone",
                f"{share.path} is not mounted on {', '.join(without)}.",
                f"Look at {share.server}, which has it, and at the unit ha-web-storage on those nodes.",
                without,
            )


def _web(situation: Situation) -> Iterator[Finding]:
    for node in situation.state["web"]:
        yield from _node(node, "web", "warning")
        if node["reach"] == "ok":
            for exporter, word in node["exporters"].items():
                if word == "down":
                    yield _no_exporter(f"the {exporter} exporter", node["name"], "", f"of {exporter} or its exporter")


def _storage(situation: Situation) -> Iterator[Finding]:
    for node in situation.state["storage"]:
        yield from _node(node, "storage", "critical")


def _node(node: dict[str, Any], kind: str, level: str) -> Iterator[Finding]:
    name, why = node["name"], node["error"] or "it has not answered yet"
    if node["reach"] == "down":
        yield Finding(
            level, f"{kind}_down", f"{name} does not answer: {why}.", f"Start {name}, or mend its network.", [name]
        )
    elif node["reach"] == "unknown":
        yield Finding(
            "warning",
            f"{kind}_unknown",
            f"The state of {name} is not known: {why}.",
            f"Look whether {name} runs, and the unit prometheus-node-exporter on it.",
            [name],
        )


def _history(situation: Situation) -> Iterator[Finding]:
    if situation.state["prometheus"] == "down":
        node = situation.configuration.node
        yield Finding(
            "warning",
            "prometheus_down",
            f"Prometheus on {node} does not answer: there is no history, and nobody is alerted.",
            f"Look at the unit prometheus on {node}.",
            [node],
        )
