# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The parts of nginx.conf that follow from sites, routes and pools, as nginx's own lines.

A site with routes is a chain of maps. Each holds one condition of one route: where it is met, its value is that of
the route's next condition, or after the last the name of the route's location; where it is not, that of the next
route. nginx evaluates as much of the chain as a request needs, and the first route that fits is taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from .fields import text
from .model import Action, Declaration, Pool, Settings, Site
from .sites import SCRIPT

# What nginx passes to a server of a pool. X-Forwarded-For is what is known, and not what a client says of itself.
_PASSED = {
    "Host": "$named_host",
    "X-Real-IP": "$remote_addr",
    "X-Forwarded-For": "$forwarded_for",
    "X-Forwarded-Proto": "$forwarded_proto",
    "X-Request-ID": "$kept_request_id",
}
# It tests a directory for being a file, which it never is, and so goes on to the location.
_GO_TO = "try_files /. @{};"
_HIDDEN = r"~ /\.(?!well-known/)"
_CHALLENGE = "^~ /.well-known/acme-challenge/"


def build(
    declared: Declaration, certificates: Mapping[str, tuple[str, str]], served_by: str, http2_by_listen: bool
) -> dict[str, Any]:
    """Return what the template prints.

    Args:
        declared: free of problems.
        certificates: by site, the paths of certificate and key on the node.
        served_by: the host's name for X-Served-By, or empty.
        http2_by_listen: nginx before 1.25 has no directive of its own for it.
    """
    return _Builder(declared, certificates, served_by, http2_by_listen).build()


class _Builder:
    def __init__(
        self, declared: Declaration, certificates: Mapping[str, tuple[str, str]], served_by: str, http2_by_listen: bool
    ) -> None:
        self.declared = declared
        self.certificates = certificates
        self.served_by = served_by
        self.ssl = " ssl http2" if http2_by_listen and declared.values["http2"] else " ssl"
        self.http2 = ["http2 on;"] if declared.values["http2"] and not http2_by_listen else []
        self.pools = {pool.name: pool for pool in declared.pools}
        self.zones: list[str] = []
        self.maps: list[dict[str, Any]] = []
        self.own_headers: dict[tuple[str, str], str] = {}
        self.defaults = declared.defaults()

    def build(self) -> dict[str, Any]:
        servers = [server for index, site in enumerate(self.declared.sites) for server in self._servers(index, site)]
        if self.declared.values["tls_reject_unknown"]:
            servers += self._rejecting()
        header_maps = [_header_map(name, value, variable) for (name, value), variable in self.own_headers.items()]
        settings = [site.settings for site in self.declared.sites]
        settings += [route.settings for site in self.declared.sites for route in site.routes]
        return {
            **self.declared.values,
            "listening_tls": bool(self.declared.tls_ports()),
            "trusted": self.declared.trusted,
            "passed": _PASSED,
            "zones": self.zones,
            "counts_connections": any(one.connections for one in settings),
            "caches": any(one.cache for one in settings),
            "websockets": any(one.websockets for one in settings),
            "pools": [_upstream(pool) for pool in self.declared.pools],
            "maps": header_maps + self.maps,
            "servers": servers,
            "remote": [
                file
                for site in self.declared.sites
                if site.tls and site.tls.remote
                for file in (site.tls.certificate, site.tls.key)
            ],
        }

    # Servers

    def _servers(self, index: int, site: Site) -> Iterator[dict[str, Any]]:
        plain = self.declared.plain_ports(site)
        tls = site.tls.ports if site.tls else []
        if site.redirect:
            target = site.redirect
            if target == "https":
                port = tls[0]
                target = "https://$host" + ("" if port == 443 else f":{port}")
            redirecting = [] if site.redirect == "https" else tls
            yield self._server(site, plain, redirecting, self._redirecting(site, target))
            if site.redirect != "https":
                return
            plain = []
        yield self._server(site, plain, tls, [*self._fixed(site), *self._serving(index, site)], raw=True)

    def _server(
        self, site: Site, plain: list[int], tls: list[int], locations: list[dict[str, Any]], raw: bool = False
    ) -> dict[str, Any]:
        lines = [
            f"listen {address}{kind}{' default_server' if self._is_default(site, port) else ''};"
            for ports, kind in ((plain, ""), (tls, self.ssl))
            for port in ports
            for address in self.declared.listens(port)
        ]
        if site.server_names:
            lines.append(f"server_name {' '.join(map(_server_name, site.server_names))};")
        if tls and site.tls:
            certificate, key = self.certificates[site.name]
            lines += [*self.http2, f"ssl_certificate {certificate};", f"ssl_certificate_key {key};"]
            if site.tls.stapling:
                lines += ["ssl_stapling on;", "ssl_stapling_verify on;"]
        lines += [f"root {site.root};", f"client_max_body_size {site.body_size};"]
        lines += self._headers(site)
        return {
            "item": site.item,
            "tls": bool(tls),
            "lines": lines,
            "locations": locations,
            "raw": site.settings.raw if raw else [],
        }

    def _is_default(self, site: Site, port: int) -> bool:
        reject = self.declared.values["tls_reject_unknown"] and port in self.declared.tls_ports()
        return self.defaults[port] is site and not reject

    def _rejecting(self) -> Iterator[dict[str, Any]]:
        lines = [
            f"listen {address}{self.ssl} default_server;"
            for port in self.declared.tls_ports()
            for address in self.declared.listens(port)
        ]
        if lines:
            lines += [*self.http2, "ssl_reject_handshake on;"]
            yield {"item": "nginx_tls_reject_unknown", "tls": True, "lines": lines, "locations": [], "raw": []}

    # Locations

    def _fixed(self, site: Site) -> list[dict[str, Any]]:
        """What comes before every route."""
        found = []
        if site.health:
            lines = ["access_log off;"]
            if self.declared.values["unhealthy_files"]:
                # The state of a moment ago is of no use.
                lines.append("open_file_cache off;")
            for file in self.declared.values["unhealthy_files"]:
                lines.append(f"if (-e {file}) {{ return 503; }}")
            name = self.declared.values["health_pool"]
            lines += self._pass(self.pools[name], None) if name else ["default_type text/plain;", 'return 200 "ok\\n";']
            found.append(_location("= /health", lines))
        found.append(_location(_HIDDEN, ["return 404;"], "Files such as .htaccess and .git are nobody's business."))
        return found

    def _redirecting(self, site: Site, target: str) -> list[dict[str, Any]]:
        return [
            *self._fixed(site),
            _location(_CHALLENGE, ["try_files $uri =404;"]),
            _location("/", [f"return 301 {target}$request_uri;"]),
        ]

    def _serving(self, index: int, site: Site) -> Iterator[dict[str, Any]]:
        settings = site.settings
        scripts = SCRIPT.replace("~*", "~* ", 1)
        zone = self._zone(f"site_{index}", settings.rate)
        limits = _limits(settings, zone)
        expires = f"expires {settings.expires};" if settings.expires else self._expires()
        files = [*limits, *([expires] if expires else [])]
        if site.pool:
            files.append("try_files $uri @pool;")
            passing = [*limits, *self._pass(self.pools[site.pool], settings, site.settings.read_timeout)]
        else:
            files += ["index index.html;", "try_files $uri $uri/ =404;"]
            passing = [*limits, "return 404;"]
        if not site.routes:
            yield _location("/", files)
            if site.pool:
                yield _location("@pool", passing)
            yield _location(scripts, passing, "Scripts are run, never shown.")
            return
        yield _location("/", [_GO_TO.format(self._choice(index, site))])
        seen = set()
        for route in site.routes:
            if route.body_size and route.location not in seen:
                seen.add(route.location)
                lines = [f"client_max_body_size {route.body_size};", _GO_TO.format(self._first(index))]
                yield _location(_quoted(route.location), lines, item=route.item)
        for number in range(len(site.routes)):
            yield self._route(f"site_{index}", number, site, zone)
        yield _location("@files", files)
        yield _location("@pool", passing)

    def _route(self, name: str, number: int, site: Site, zone: str) -> dict[str, Any]:
        route, outer = site.routes[number], site.settings
        own = route.settings
        rate = own.rate is not None
        settings = replace(
            own,
            rate=own.rate if rate else outer.rate,
            burst=own.burst if rate else outer.burst,
            connections=outer.connections if own.connections is None else own.connections,
            expires=own.expires or outer.expires,
        )
        lines = _limits(settings, self._zone(f"{name}_route_{number}", own.rate) if rate else zone)
        if own.headers or own.cache:
            lines += self._headers(site, own.headers, cached=bool(own.cache))
        if settings.expires:
            lines.append(f"expires {settings.expires};")
        lines += self._act(route.action, settings)
        return _location(f"@route_{number}", lines, item=route.item, raw=own.raw)

    def _act(self, action: Action, settings: Settings) -> list[str]:
        lines = [f"rewrite {text(f'(?s)^{action.strip}/?(.*)$')} /$1 break;"] if action.strip else []
        if action.kind == "pool":
            return lines + self._pass(self.pools[action.value], settings, settings.read_timeout)
        if action.kind == "root":
            expires = [] if settings.expires else [one for one in [self._expires()] if one]
            return [
                *lines,
                f"root {action.value};",
                *expires,
                "index index.html;",
                "try_files $uri $uri/index.html =404;",
            ]
        if action.kind == "redirect":
            return [f"return {action.status} {action.value};"]
        if not action.value:
            return [f"return {action.status};"]
        return ["default_type text/plain;", f"return {action.status} {text(action.value)};"]

    def _expires(self) -> str:
        return "expires $expires_by_extension;" if self.declared.values["expires"] else ""

    def _pass(self, pool: Pool, settings: Settings | None, read_timeout: str = "") -> list[str]:
        upgrade = settings is not None and settings.websockets
        lines = [f"proxy_pass http://{pool.name};"]
        if upgrade:
            # They replace those of the level above, and must all be there.
            lines += [f"proxy_set_header {name} {value};" for name, value in _PASSED.items()]
            lines += ["proxy_set_header Upgrade $http_upgrade;", "proxy_set_header Connection $connection_upgrade;"]
        for name, value, usual in (
            ("connect", pool.connect_timeout, "5s"),
            ("read", read_timeout or ("1h" if upgrade else pool.read_timeout), "60s"),
            ("send", pool.send_timeout, "60s"),
        ):
            if value != usual:
                lines.append(f"proxy_{name}_timeout {value};")
        if pool.retry != ["error", "timeout"]:
            lines.append(f"proxy_next_upstream {' '.join(pool.retry)};")
        if pool.tries != 2:
            lines.append(f"proxy_next_upstream_tries {pool.tries};")
        if settings and not settings.buffering:
            lines += ["proxy_buffering off;", "proxy_request_buffering off;"]
        if settings and settings.cache:
            without = ["$http_authorization"] + ([] if settings.cache.with_cookies else ["$http_cookie"])
            lines += [
                "proxy_cache ha_web;",
                f"proxy_cache_valid 200 301 308 {settings.cache.valid};",
                f"proxy_cache_bypass {' '.join(without)};",
                f"proxy_no_cache {' '.join(without)};",
            ]
        return lines

    # Chains

    def _choice(self, index: int, site: Site) -> str:
        """Add the maps that choose among the routes; return the variable of the first."""
        variables = [
            [f"$site_{index}_route_{number}" + (f"_{step}" if step else "") for step in range(len(route.conditions))]
            for number, route in enumerate(site.routes)
        ]
        rest = f"$site_{index}_rest"
        for number, route in enumerate(site.routes):
            otherwise = variables[number + 1][0] if number + 1 < len(site.routes) else rest
            for step, condition in enumerate(route.conditions):
                met = variables[number][step + 1] if step + 1 < len(route.conditions) else f"route_{number}"
                if condition.negated:
                    met, unmet = otherwise, met
                else:
                    unmet = otherwise
                entries = [[text(pattern), met] for pattern in condition.patterns]
                self.maps.append(
                    {
                        "item": route.item if not step else "",
                        "source": condition.variable,
                        "variable": variables[number][step],
                        "entries": [*entries, ["default", unmet]],
                    }
                )
        self.maps.append(
            {
                "item": f"{site.item}, what no route takes",
                "source": "$uri",
                "variable": rest,
                "entries": [[text(SCRIPT), "pool"], ["default", "files"]],
            }
        )
        return self._first(index)

    @staticmethod
    def _first(index: int) -> str:
        return f"$site_{index}_route_0"

    # Lines that several places need

    def _headers(self, site: Site, more: Mapping[str, str] | None = None, cached: bool = False) -> list[str]:
        """All of them: nginx forgets those of the level above where a level has its own."""
        lines = [f"add_header X-Served-By {text(self.served_by)} always;"] if self.served_by else []
        lines.append("add_header X-Request-ID $kept_request_id always;")
        if cached:
            lines.append("add_header X-Cache $upstream_cache_status always;")
        wanted: dict[str, tuple[str, str]] = {}
        hsts = site.tls.hsts if site.tls else 0
        # Over plain HTTP browsers ignore it.
        strict = {"Strict-Transport-Security": f"max-age={hsts}"} if hsts else {}
        for headers in (strict, self.declared.values["headers"], site.settings.headers, more or {}):
            wanted.update({name.lower(): (name, value) for name, value in headers.items()})
        for name, value in wanted.values():
            if value:
                variable = self.own_headers.setdefault((name, value), f"$header_{len(self.own_headers)}")
                lines.append(f"add_header {name} {variable} always;")
        return lines

    def _zone(self, name: str, rate: str | None) -> str:
        if not rate:
            return ""
        line = f"limit_req_zone $binary_remote_addr zone={name}:10m rate={rate};"
        if line not in self.zones:
            self.zones.append(line)
        return name


def _header_map(name: str, value: str, variable: str) -> dict[str, Any]:
    """A header that the application sets itself is left alone; HSTS is not for plain HTTP."""
    source, key = f"$upstream_http_{name.lower().replace('-', '_')}", '""'
    if name.lower() == "strict-transport-security":
        source, key = f'"$https:{source}"', '"on:"'
    return {
        "item": "",
        "source": source,
        "variable": variable,
        "entries": [[key, text(value)], ["default", '""']],
    }


def _quoted(expression: str) -> str:
    """A location's expression in quotes, behind its modifier."""
    modifier, _blank, pattern = expression.partition(" ")
    return f"{modifier} {text(pattern)}"


def _location(
    match: str, lines: list[str], comment: str = "", item: str = "", raw: list[str] | None = None
) -> dict[str, Any]:
    return {"match": match, "lines": lines, "comment": comment, "item": item, "raw": raw or []}


def _limits(settings: Settings, zone: str) -> list[str]:
    lines = []
    if zone:
        burst = f" burst={settings.burst} nodelay" if settings.burst else ""
        lines.append(f"limit_req zone={zone}{burst};")
    if settings.connections:
        lines.append(f"limit_conn addresses {settings.connections};")
    return lines


def _server_name(name: str) -> str:
    return text(name) if name.startswith("~") else name


def _upstream(pool: Pool) -> dict[str, Any]:
    lines = [f"zone pool_{pool.name} 64k;"]
    if pool.balance:
        lines.append(pool.balance)
    lines += [f"server {' '.join([server.address, *server.parameters])};" for server in pool.servers]
    if pool.keepalive:
        lines.append(f"keepalive {pool.keepalive};")
    return {"name": pool.name, "item": pool.item, "lines": lines}
