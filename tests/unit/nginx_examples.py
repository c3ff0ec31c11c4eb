# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What users may declare for nginx, by the name of the file that it becomes."""

from __future__ import annotations

from typing import Any

TLS: dict[str, Any] = {"certificate": "/etc/ssl/example.crt", "key": "/etc/ssl/example.key", "remote": True}
BOTH = [{"family": family, "port": port} for family in ("ipv4", "ipv6") for port in (80, 443)]
API = {"name": "api", "servers": ["web1:8082", "web2:8082"]}


def site(**keys: Any) -> dict[str, Any]:
    return {"name": "example", "server_names": ["www.example.test"], **keys}


def _server(port: int, says: str, more: str = "") -> list[str]:
    """A server of a pool, played by nginx itself."""
    told = "$request_method $request_uri $http_host [$http_upgrade $http_connection]"
    return [
        f"server {{ listen 127.0.0.1:{port}; location / {{ {more}",
        f'    return 200 "{says} {told} $http_x_forwarded_for $http_x_request_id\\n";',
        "} }",
    ]


# tests/integration/test_nginx.py runs this one, and asks it.
BEHAVIOUR: dict[str, Any] = {
    "document_root": "/srv/nginx/html",
    "pools": [{"name": name, "servers": [f"127.0.0.1:{port}"]} for name, port in (("api", 8082), ("beta", 8083))]
    + [{"name": "broken", "servers": ["127.0.0.1:9", "127.0.0.1:8083"]}],
    "sites": [
        site(
            server_names=["www.example.test", "api.example.test"],
            tls={**TLS, "hsts": True},
            redirect=False,
            routes=[
                {"path": "=/exact", "return": "exact"},
                {"path": "/api/private", "return": 403, "headers": {"X-Own": "1", "X-Frame-Options": ""}},
                {"path": "/api", "method": ["POST", "PUT"], "pool": "beta", "body_size": "2k"},
                {"path": "/api", "pool": "api", "strip": True},
                {"host": "api.example.test", "pool": "api"},
                {"header": {"X-Version": "~^2"}, "cookie": {"tester": True}, "pool": "beta"},
                {"argument": {"beta": 1}, "pool": "beta"},
                {"method": "DELETE", "header": {"Authorization": False}, "return": 401},
                {"path": "~*\\.png$", "root": "/srv/nginx/images", "expires": "1h"},
                {"path": "/assets", "alias": "/srv/nginx/assets"},
                {"path": "/old", "redirect": "https://new.example.test$request_uri", "status": 301},
                {"path": "/limited", "pool": "api", "rate": "1r/m", "burst": 0},
                {"path": "/cached", "pool": "api", "cache": "1m"},
                {"path": "/broken", "pool": "broken"},
                {"path": "/live", "pool": "api", "websockets": True},
                {"path": "/late/api", "pool": "beta"},
                {"path": "/late", "pool": "api"},
            ],
        ),
        {"name": "second", "server_names": ["second.example.test"], "tls": TLS},
        {"name": "moved", "server_names": ["moved.example.test"], "redirect": "https://www.example.test/"},
    ],
    "trusted_proxies": ["127.0.0.2"],
    "unhealthy_files": ["/srv/nginx/unhealthy"],
    "expires": {"css": "30d"},
    "raw": [
        *_server(8080, "apache", "add_header X-Frame-Options DENY;"),
        *_server(8082, "api"),
        *_server(8083, "beta"),
    ],
}

EXAMPLES: dict[str, dict[str, Any]] = {
    "alone": {},
    "behaviour": BEHAVIOUR,
    "listeners_of_both_families": {"listeners": [*BOTH, {"family": "ipv4", "port": 8000}]},
    "tls": {"listeners": BOTH, "sites": [site(tls={**TLS, "hsts": True, "ocsp_stapling": True})], "resolvers": ["::1"]},
    "tls_without_redirect": {"listeners": BOTH, "sites": [site(tls=TLS, redirect=False)]},
    "tls_on_another_port": {
        "sites": [site(tls={**TLS, "ports": [8443]}), {"name": "other", "redirect": "https://www.example.test"}],
        "extra_ports": [8443],
        "tls_reject_unknown": True,
        "http2": False,
    },
    "default_by_name": {
        "sites": [
            site(),
            {"name": "rest", "default": True},
            site(name="wild", server_names=["*.example.test", "~^x(1|2)$"]),
        ]
    },
    "pools": {
        "pools": [
            {"name": "apache", "servers": ["unix:/run/apache.sock"], "keepalive": 0},
            {
                "name": "spread",
                "servers": [
                    {"server": "web1:8082", "weight": 3, "max_fails": 2, "fail_timeout": "5s", "max_conns": 100},
                    "[2001:db8::1]:80",
                    {"server": "192.0.2.9:80", "backup": True},
                ],
                "balance": "least_conn",
                "connect_timeout": 1,
                "read_timeout": "5m",
                "send_timeout": "10s",
                "retry": ["error", "timeout", "http_502"],
                "tries": 3,
            },
            {"name": "same-client", "servers": ["192.0.2.9:80", "192.0.2.10:80"], "balance": "ip_hash"},
            {"name": "same.page", "servers": ["192.0.2.9:80"], "balance": "hash", "hash_key": "$host$request_uri"},
        ],
        "sites": [site(pool="spread"), {"name": "files", "pool": False, "root": "/srv/files", "health": False}],
    },
    "routes": {
        "pools": [API],
        "sites": [
            site(
                routes=[
                    {
                        "path": "/api/v1",
                        "method": ["POST", "PUT"],
                        "pool": "api",
                        "body_size": "1g",
                        "buffering": False,
                    },
                    {"path": "/api", "pool": "api", "strip": True, "rate": "10r/s", "connections": 20},
                    {"path": "/live", "pool": "api", "websockets": True, "read_timeout": "2h"},
                    {"header": {"X-Beta": True, "X-Version": ["2", "~^3\\."]}, "cookie": {"old": False}, "pool": "api"},
                    {"host": ["api.example.test", "*.api.example.test"], "argument": {"a": "b c$"}, "pool": "api"},
                    {"path": "/assets/", "alias": "/srv/assets", "expires": "30d", "headers": {"X-Frame-Options": ""}},
                    {"path": "~*\\.(jpe?g|png){1}$", "root": "/srv/images", "cache": False},
                    {"path": "=/teapot", "return": 418},
                    {"path": "=/robots.txt", "return": 'User-agent: *\nDisallow: "\\/"\n', "rate": False},
                    {"path": "/old", "redirect": "https://old.example.test$request_uri", "status": 308},
                    {"path": "/feed", "pool": "apache", "cache": {"valid": "5m", "with_cookies": True}},
                    {"path": "~^/(a|b)/", "pool": "apache", "body_size": 0, "raw": ["proxy_set_header X-Own 1;"]},
                ],
                rate="100r/s",
                burst=0,
                connections=50,
                cache="10s",
            )
        ],
    },
    "wishes": {
        "sites": [
            site(
                headers={"Content-Security-Policy": "default-src 'self'", "Referrer-Policy": ""},
                expires="1h",
                raw=["location = /own {", '    return 200 "}";', "}"],
            )
        ],
        "headers": {"X-Robots-Tag": 'a "quoted\\" word', "Referrer-Policy": "no-referrer"},
        "trusted_proxies": ["192.0.2.0/24", "2001:db8::1"],
        "real_ip_header": "X-Real-IP",
        "expires": {"css": "30d", "js": "max", "html": "0"},
        "client_timeouts": {"body": "1m"},
        "served_by": False,
        "gzip": False,
        "gzip_static": True,
        "etag": False,
        "open_file_cache": "max=1000 inactive=60s",
        "status_listen": "unix:/run/nginx-status.sock",
        "log_format": "json",
        "error_log_level": "warn",
        "health_pool": "",
        "unhealthy_files": [],
        "raw": ["map $uri $own {", "    default 1;", "}"],
    },
}
