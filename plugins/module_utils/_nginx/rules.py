# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Second stage: how the declared things fit together. A rule is a function from the declaration to its problems."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from .._problems import Problem
from .model import Declaration, Site

# nginx follows the chain of maps no deeper than a hundred.
CONDITIONS = 90


def names_differ(declared: Declaration) -> Iterator[Problem]:
    for what, items in (("site", declared.sites), ("pool", declared.pools)):
        seen: dict[str, str] = {}
        for one in items:
            if one.name and one.name in seen:
                yield Problem(one.item, f"has the name of {seen[one.name]}.", f"Give each {what} a name of its own.")
            seen.setdefault(one.name, one.item)


def pools_exist(declared: Declaration) -> Iterator[Problem]:
    known = [pool.name for pool in declared.pools]
    used = [(site.item, site.pool) for site in declared.sites]
    used += [
        (route.item, route.action.value)
        for site in declared.sites
        for route in site.routes
        if route.action.kind == "pool"
    ]
    used.append(("nginx_health_pool", str(declared.values["health_pool"])))
    for item, pool in used:
        if pool and pool not in known:
            yield Problem(item, f'unknown pool "{pool}".', f"Declare it in nginx_pools, or use: {', '.join(known)}.")


def ports_are_reached(declared: Declaration) -> Iterator[Problem]:
    """The firewall is closed elsewhere, and nobody checks it."""
    known = declared.known_ports()
    if not declared.listeners:
        return
    for site in declared.sites:
        for port in declared.ports(site):
            if port not in known:
                yield Problem(
                    site.item,
                    f"port {port} is of no virtual service with this host as a real server.",
                    f"Declare the service, or write nginx_extra_ports: [{port}], and open it in your firewall.",
                )
    served = {port for site in declared.sites for port in declared.ports(site)}
    for port in known:
        if port not in served and declared.sites:
            yield Problem(
                "nginx_sites", f"no site serves port {port}.", f"Add it to the ports of one: ports: [{port}]."
            )


def sites_have_ports(declared: Declaration) -> Iterator[Problem]:
    for site in declared.sites:
        if not declared.ports(site):
            yield Problem(site.item, "has no port.", "Write ports: [80]; those of TLS are not taken unasked.")


def ports_are_of_one_kind(declared: Declaration) -> Iterator[Problem]:
    for site in declared.sites:
        for port in declared.plain_ports(site):
            for other in declared.sites:
                if other.tls and port in other.tls.ports:
                    yield Problem(
                        site.item, f"port {port} without TLS is one with TLS of {other.item}.", "Use two ports."
                    )


def server_names_are_of_one_site(declared: Declaration) -> Iterator[Problem]:
    for port, sites in _by_port(declared):
        seen: dict[str, Site] = {}
        for site in sites:
            # Without names it serves what is left, which only one can.
            for name in site.server_names or [""]:
                first = seen.setdefault(name, site)
                if first is not site and name:
                    yield Problem(
                        site.item, f"server name {name} on port {port} is also of {first.item}.", "Remove one of them."
                    )
                elif first is not site:
                    yield Problem(
                        site.item,
                        f"has no server names on port {port}, like {first.item}.",
                        "Write server_names: [...].",
                    )


def one_default(declared: Declaration) -> Iterator[Problem]:
    for port, sites in _by_port(declared):
        marked = [site for site in sites if site.default]
        for site in marked[1:]:
            yield Problem(site.item, f"is a second default on port {port}.", f"Leave it to {marked[0].item}.")


def loopback_is_free(declared: Declaration) -> Iterator[Problem]:
    """nginx would find out only at the reload, and go on with its old configuration."""
    heard = {port for site in declared.sites for port in declared.ports(site)} | {
        listener.port for listener in declared.listeners
    }
    for pool in declared.pools:
        for server in pool.servers:
            if not server.host or server.port not in heard or not ipaddress.ip_address(server.host).is_loopback:
                continue
            yield Problem(
                pool.item,
                f"port {server.port} is on the loopback, and nginx listens on it for the world.",
                "Set apache_port to another port, for all web servers."
                if pool.item == "nginx_apache_port"
                else "Use another port for the pool.",
            )


def status_has_a_port_of_its_own(declared: Declaration) -> Iterator[Problem]:
    _address, _colon, port = str(declared.values["status_listen"]).rpartition(":")
    for pool in declared.pools:
        for server in pool.servers:
            if server.host and str(server.port) == port and ipaddress.ip_address(server.host).is_loopback:
                yield Problem("nginx_status_listen", f"port {port} is that of {pool.item}.", "Use another port.")


def routes_are_followed(declared: Declaration) -> Iterator[Problem]:
    for site in declared.sites:
        if "://" in site.redirect and site.routes:
            yield Problem(site.item, "routes beside a redirect of everything.", "Remove one of them.")
        count = sum(len(route.conditions) for route in site.routes)
        if count > CONDITIONS:
            yield Problem(
                site.item,
                f"{count} conditions in its routes.",
                f"nginx follows {CONDITIONS}: join paths to expressions.",
            )


def settings_have_a_meaning(declared: Declaration) -> Iterator[Problem]:
    for site in declared.sites:
        for route in site.routes:
            settings = route.settings
            wrong = [
                key
                for key, given in (
                    ("cache", settings.cache),
                    ("websockets", settings.websockets),
                    ("read_timeout", settings.read_timeout),
                    ("buffering", not settings.buffering),
                )
                if given and route.action.kind != "pool"
            ]
            if settings.websockets and settings.cache:
                wrong.append("cache")
            for key in wrong:
                yield Problem(route.item, f"{key} where no answer of a pool is passed on.", "Remove it.")


def stapling_can_ask(declared: Declaration) -> Iterator[Problem]:
    for site in declared.sites:
        if site.tls and site.tls.stapling and not declared.values["resolvers"]:
            yield Problem(
                site.tls.item, "ocsp_stapling without nginx_resolvers.", "Write addresses of DNS servers there."
            )


def _by_port(declared: Declaration) -> Iterable[tuple[int, Sequence[Site]]]:
    found: dict[int, list[Site]] = defaultdict(list)
    for site in declared.sites:
        for port in declared.ports(site):
            found[port].append(site)
    return found.items()


RULES: tuple[Callable[[Declaration], Iterable[Problem]], ...] = (
    names_differ,
    pools_exist,
    ports_are_reached,
    sites_have_ports,
    ports_are_of_one_kind,
    server_names_are_of_one_site,
    one_default,
    loopback_is_free,
    status_has_a_port_of_its_own,
    routes_are_followed,
    settings_have_a_meaning,
    stapling_can_ask,
)


def validate(declared: Declaration) -> list[Problem]:
    return [problem for rule in RULES for problem in rule(declared)]
