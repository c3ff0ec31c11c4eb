# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Sites, routes, pools and certificates that are wrong, and the whole of what the user is told."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.lvs.ha_web.plugins.filter.nginx_certificates import nginx_certificates
from ansible_collections.lvs.ha_web.plugins.filter.nginx_configuration import nginx_configuration
from ansible_collections.lvs.ha_web.plugins.filter.nginx_errors import nginx_errors
from ansible_collections.lvs.ha_web.plugins.module_utils._nginx.pools import RETRIES
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st
from unit.certificates import KEY, KEY_TEXT, OTHER_KEY_TEXT, certificate
from unit.nginx_conf import HOSTS
from unit.nginx_examples import API, BOTH, EXAMPLES, TLS, site

NOW = datetime.now(timezone.utc)
SITE = 'nginx_sites[0] "example"'
ROUTE = f"{SITE}, routes[0]"
POOL = 'nginx_pools[0] "api"'
CONDITIONS = "path, host, method, header, cookie, argument"
ACTIONS = "pool, root, alias, return, redirect"


def report(*problems: tuple[str, str]) -> str:
    lines = [f"{len(problems)} error{'s'[: len(problems) != 1]} in what nginx shall serve; nothing was changed."]
    for problem, remedy in problems:
        lines += [f"  {problem}", f"      {remedy}"]
    return "\n".join(lines)


def routed(**keys: Any) -> dict[str, Any]:
    return {"sites": [site(routes=[keys])]}


def secured(certificate: str, key: str = KEY_TEXT, **keys: Any) -> dict[str, Any]:
    return {"sites": [site(tls={"certificate": certificate, "key": key}, **keys)]}


@pytest.mark.parametrize("name", EXAMPLES)
def test_nothing_is_wrong(name: str) -> None:
    assert not nginx_errors(EXAMPLES[name], HOSTS)


@pytest.mark.parametrize(
    ("values", "problem", "remedy"),
    [
        # Sites
        (
            {"sites": []},
            "nginx_sites: no sites.",
            "Write {name: example, server_names: [www.example.org]}, or remove it for the default.",
        ),
        (
            {"sites": [{}]},
            "nginx_sites[0]: no usable name.",
            "Give it a name of letters, digits, dots, hyphens and underscores.",
        ),
        ({"sites": [site(server_name="x")]}, f'{SITE}: unknown key "server_name".', "Did you mean server_names?"),
        (
            {"sites": [site(), site(server_names=["b.test"])]},
            f'nginx_sites[1] "example": has the name of {SITE}.',
            "Give each site a name of its own.",
        ),
        (
            {"sites": [site(), site(name="b")]},
            f'nginx_sites[1] "b": server name www.example.test on port 80 is also of {SITE}.',
            "Remove one of them.",
        ),
        (
            {"sites": [{"name": "example"}, {"name": "b"}]},
            f'nginx_sites[1] "b": has no server names on port 80, like {SITE}.',
            "Write server_names: [...].",
        ),
        (
            {"sites": [site(default=True), {"name": "b", "default": True}]},
            'nginx_sites[1] "b": is a second default on port 80.',
            f"Leave it to {SITE}.",
        ),
        (
            {"sites": [site(server_names=["a b"])]},
            f'{SITE}: "a b" is not a server name.',
            "Write www.example.org, *.example.org or ~^expression.",
        ),
        (
            {"sites": [site(server_names=["a.test", "A.test"])]},
            f"{SITE}: server name a.test stands there twice.",
            "Remove one.",
        ),
        ({"sites": [site(pool="api")]}, f'{SITE}: unknown pool "api".', "Declare it in nginx_pools, or use: apache."),
        (
            {"sites": [site(redirect="https")]},
            f"{SITE}: redirect: https without tls.",
            "Give it tls, or write the URL: https://www.example.org.",
        ),
        (
            {"sites": [site(redirect="www.test")]},
            f'{SITE}: redirect "www.test" is not https, a URL or false.',
            "Write https, or https://www.example.org.",
        ),
        (
            {"sites": [site(redirect="https://a.test", routes=[{"path": "/", "return": 404}])]},
            f"{SITE}: routes beside a redirect of everything.",
            "Remove one of them.",
        ),
        (
            {"sites": [site(body_size="8 MB")]},
            f'{SITE}: body_size "8 MB" is not a size.',
            "Write bytes, or 16k, 8m, 1g; 0 is any.",
        ),
        ({"sites": [site(rate="10")]}, f'{SITE}: rate "10" is not a rate.', "Write 10r/s or 30r/m, or false."),
        (
            {"sites": [site(raw=["}"])]},
            f"{SITE}, raw: its braces do not pair.",
            "Close what it opens, and nothing else.",
        ),
        (
            {"sites": [site(raw="x;")]},
            f"{SITE}, raw: not a list of lines.",
            "Write a list of strings, one line of nginx.conf each.",
        ),
        (
            {"sites": [site(root="html")]},
            f'{SITE}: root "html" is not an absolute path.',
            "Write it from the root on, without spaces and quotes.",
        ),
        # Ports
        ({"sites": [site(ports=[0])]}, f"{SITE}: ports: 0 is not a port.", "Write a number from 1 to 65535."),
        (
            {"listeners": BOTH, "sites": [site(ports=[80, 443, 8000])]},
            f"{SITE}: port 8000 is of no virtual service with this host as a real server.",
            "Declare the service, or write nginx_extra_ports: [8000], and open it in your firewall.",
        ),
        (
            {"listeners": BOTH, "sites": [site(ports=[80])]},
            "nginx_sites: no site serves port 443.",
            "Add it to the ports of one: ports: [443].",
        ),
        (
            {"sites": [site(tls=TLS), site(name="b", server_names=["b.test"], ports=[443])]},
            f'nginx_sites[1] "b": port 443 without TLS is one with TLS of {SITE}.',
            "Use two ports.",
        ),
        (
            {"listeners": BOTH[1:2], "sites": [site(tls=TLS), site(name="b", server_names=["b.test"])]},
            'nginx_sites[1] "b": has no port.',
            "Write ports: [80]; those of TLS are not taken unasked.",
        ),
        (
            {"apache_port": 80},
            "nginx_apache_port: port 80 is on the loopback, and nginx listens on it for the world.",
            "Set apache_port to another port, for all web servers.",
        ),
        (
            {"pools": [{"name": "api", "servers": ["[::1]:80"]}]},
            f"{POOL}: port 80 is on the loopback, and nginx listens on it for the world.",
            "Use another port for the pool.",
        ),
        (
            {"status_listen": "[::1]:8080"},
            "nginx_status_listen: port 8080 is that of nginx_apache_port.",
            "Use another port.",
        ),
        # Pools
        ({"pools": [{"name": "api"}]}, f"{POOL}: no servers.", "Write servers: ['192.0.2.31:8080']."),
        (
            {"pools": [API, API]},
            f'nginx_pools[1] "api": has the name of {POOL}.',
            "Give each pool a name of its own.",
        ),
        (
            {"pools": [{"name": "api", "servers": ["api.test:80"]}]},
            f'{POOL}, server api.test:80: "api.test" is neither an address nor a host of the inventory.',
            "Write its address: nginx would not start while it cannot look up a name.",
        ),
        (
            {"pools": [{"name": "api", "servers": ["192.0.2.1"]}]},
            f"{POOL}, server 192.0.2.1: is no address with a port.",
            "Write '192.0.2.31:8080', '[2001:db8::1]:8080', 'web1:8080' or 'unix:/path'.",
        ),
        (
            {"pools": [{"name": "api", "servers": ["web1:80", "192.0.2.21:80"]}]},
            f"{POOL}: server 192.0.2.21:80 stands there twice.",
            "Remove one, or give it a weight.",
        ),
        (
            {"pools": [{**API, "balance": "hash"}]},
            f"{POOL}: hash has no hash_key.",
            "Write what chooses the server: hash_key: $request_uri.",
        ),
        (
            {
                "pools": [
                    {"name": "api", "balance": "ip_hash", "servers": ["web1:80", {"server": "web2:80", "backup": True}]}
                ]
            },
            f"{POOL}: a backup with balance ip_hash.",
            "Remove it, or use round_robin or least_conn.",
        ),
        (
            {"pools": [{**API, "retry": ["non_idempotent"]}]},
            f'{POOL}: retry: unknown "non_idempotent".',
            f"Use some of: {', '.join(RETRIES)}.",
        ),
        (
            {"health_pool": "api"},
            'nginx_health_pool: unknown pool "api".',
            "Declare it in nginx_pools, or use: apache.",
        ),
        # Routes
        (routed(path="/a", pool="api"), f'{ROUTE}: unknown pool "api".', "Declare it in nginx_pools, or use: apache."),
        (
            routed(pool="apache"),
            f"{ROUTE}: no condition.",
            f"Write some of: {CONDITIONS}; the rest goes to the site's pool.",
        ),
        (routed(path="/a"), f"{ROUTE}: no action.", f"Write one of: {ACTIONS}."),
        (routed(path="/a", pool="apache", root="/b"), f"{ROUTE}: pool and root at once.", f"Write one of: {ACTIONS}."),
        (
            routed(path="a", pool="apache"),
            f'{ROUTE}: path "a" is no path.',
            "Write /prefix, =/exact, or ~^/expression (~* whatever the case).",
        ),
        (
            routed(path="~^/(a", pool="apache"),
            f'{ROUTE}: path: "^/(a" is no regular expression: missing ), unterminated subpattern.',
            "Correct it, or remove it for the default.",
        ),
        (
            routed(path="~^/a", alias="/b"),
            f"{ROUTE}: only a prefix can be stripped.",
            "Write path: /prefix, or use root.",
        ),
        (routed(host="a", pool="apache", strip=True), f"{ROUTE}: no path to strip.", "Write path: /prefix."),
        (routed(method="post", pool="apache"), f'{ROUTE}: method "post" is no method.', "Write it in capitals: POST."),
        (
            routed(cookie={"a-b": 1}, pool="apache"),
            f'{ROUTE}: cookie: "a-b" is not a name that nginx can ask for.',
            "Use letters, digits and underscores.",
        ),
        (
            routed(host="a", pool="apache", body_size="1m"),
            f"{ROUTE}: body_size without a path.",
            "Write the path: nginx must know the limit before it reads the rest.",
        ),
        (
            routed(path="/a", **{"return": 99}),
            f"{ROUTE}: return 99 is no status.",
            "Write a number from 200 to 599, or a text.",
        ),
        (
            routed(path="/a", redirect="/b", status=305),
            f"{ROUTE}: status 305 is no redirect.",
            "Use 301, 302, 303, 307 or 308.",
        ),
        (
            routed(path="/a", root="/b", websockets=True),
            f"{ROUTE}: websockets where no answer of a pool is passed on.",
            "Remove it.",
        ),
        (
            {"sites": [site(routes=[{"path": f"/{number}", "return": 404} for number in range(91)])]},
            f"{SITE}: 91 conditions in its routes.",
            "nginx follows 90: join paths to expressions.",
        ),
        (
            routed(path="/a", redirect="/b${uri}"),
            f'{ROUTE}: redirect "/b${{uri}}" is not a URL or a path.',
            "Write https://www.example.org$request_uri.",
        ),
        (
            routed(path="/a", redirect="/b$uri"),
            f"{ROUTE}: redirect with $uri lets a client write headers of the answer.",
            "Use $request_uri.",
        ),
        # Of the whole role
        (
            {"trusted_proxies": ["lb"]},
            'nginx_trusted_proxies: "lb" is neither an address nor a network.',
            "Write 192.0.2.1, or 192.0.2.0/24 without host bits; names are not looked up.",
        ),
        (
            {"status_listen": "0.0.0.0:8081"},
            'nginx_status_listen: "0.0.0.0:8081" is not an address of the loopback.',
            "Write 127.0.0.1:8089, unix:/run/x, or ''.",
        ),
        ({"tls_protocols": ["TLSv1"]}, 'nginx_tls_protocols: unknown value "TLSv1".', "Use one of: TLSv1.2, TLSv1.3."),
        (
            {"expires": {"css": "soon"}},
            'nginx_expires: css "soon" is not a time.',
            "Write 30d, 0 for always to ask, max, or off.",
        ),
        (
            {"headers": {"X Y": "1"}},
            'nginx_headers: "X Y" is not the name of a header.',
            "Use letters, digits and hyphens.",
        ),
        # TLS
        (
            {"sites": [site(tls={"key": "/k", "remote": True})]},
            f"{SITE}, tls: no certificate.",
            "Write its absolute path on the controller, or its content in PEM.",
        ),
        (
            {"sites": [site(tls={**TLS, "ocsp_stapling": True})]},
            f"{SITE}, tls: ocsp_stapling without nginx_resolvers.",
            "Write addresses of DNS servers there.",
        ),
        (
            {"sites": [site(tls={**TLS, "key": "example.key"})]},
            f"{SITE}, tls: key is neither an absolute path nor PEM.",
            "Write '{{ inventory_dir }}/../files/example.pem'.",
        ),
        (
            {"sites": [site(tls={**TLS, "key": KEY_TEXT})]},
            f"{SITE}, tls: remote, and key is its content.",
            "Write the path on the node.",
        ),
    ],
)
def test_wrong(values: dict[str, Any], problem: str, remedy: str) -> None:
    assert nginx_errors(values, HOSTS) == report((problem, remedy))


@pytest.mark.parametrize(
    ("values", "problem", "remedy"),
    [
        (
            secured(certificate("www.example.test"), OTHER_KEY_TEXT),
            "certificate and key do not match.",
            "Write the key it was made for; the server's certificate comes first.",
        ),
        (
            secured(certificate("www.example.test", begins=-9, ends=-2)),
            f"certificate has expired on {NOW - timedelta(2):%Y-%m-%d}.",
            "Renew it.",
        ),
        (
            secured(certificate("www.example.test", begins=2)),
            f"certificate is not valid before {NOW + timedelta(2):%Y-%m-%d}.",
            "Look at the clock of the controller, or wait.",
        ),
        (
            secured(certificate("example.test", "192.0.2.1")),
            "certificate does not cover www.example.test; it is for example.test, 192.0.2.1.",
            "Take one that does, or write a site of its own for the name.",
        ),
        (
            secured(certificate()),
            "certificate does not cover www.example.test; it is for no name.",
            "Take one that does, or write a site of its own for the name.",
        ),
        (
            secured("/nonexistent/x.crt"),
            "certificate /nonexistent/x.crt cannot be read: No such file or directory.",
            "Correct the path, which is one on the controller.",
        ),
        (
            secured(KEY_TEXT),
            "certificate is not a certificate in PEM.",
            "Write that of the server, then those above it.",
        ),
        (
            secured(certificate("www.example.test"), "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n"),
            "key is not a private key in PEM.",
            "Write the key that the certificate is for.",
        ),
    ],
)
def test_wrong_certificate(values: dict[str, Any], problem: str, remedy: str) -> None:
    assert nginx_errors(values) == report((f"{SITE}, tls: {problem}", remedy))


def test_encrypted_key() -> None:
    text = KEY.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x")
    ).decode()
    assert "tls: key is encrypted." in nginx_errors(secured(certificate("www.example.test"), text))


@pytest.mark.parametrize(
    ("covered", "names"),
    [
        (["*.example.test"], ["www.example.test", "*.example.test", "~^www"]),
        (["www.example.test", "192.0.2.1", "2001:db8::1"], ["WWW.example.test", "192.0.2.1", "[2001:db8::1]"]),
    ],
)
def test_certificate_covers(covered: list[str], names: list[str]) -> None:
    assert not nginx_errors(secured(certificate(*covered), server_names=names))


@pytest.mark.parametrize("name", ["example.test", "a.b.example.test"])
def test_wildcard_is_one_label(name: str) -> None:
    assert f"does not cover {name};" in nginx_errors(secured(certificate("*.example.test"), server_names=[name]))


def test_certificates_come_from_files_or_content_and_are_named_by_it(tmp_path: Path) -> None:
    text = certificate("www.example.test")
    (tmp_path / "crt").write_text(text)
    (tmp_path / "key").write_text(KEY_TEXT)
    by_path = nginx_certificates(secured(f"{tmp_path}/crt", f"{tmp_path}/key"))
    assert by_path == nginx_certificates(secured(text))
    [pair] = by_path
    assert pair["content"] == text + KEY_TEXT
    [renewed] = nginx_certificates(secured(certificate("www.example.test")))
    assert renewed["path"] != pair["path"]
    servers = nginx_configuration(secured(text))["servers"]
    assert f"ssl_certificate_key {pair['path']};" in servers[-1]["lines"]
    assert "PRIVATE" not in str(nginx_configuration(secured(text)))


def test_vault_is_named(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("$ANSIBLE_VAULT;1.1;AES256\n6162\n")
    words = nginx_errors(secured(certificate("www.example.test"), str(file)))
    assert f"key: \"{{{{ lookup('ansible.builtin.unvault', '{file}') }}}}\"" in words


def test_all_is_told_at_once() -> None:
    sites = [site(pol="x", routes=[{"path": "x"}], tls={"certificate": certificate(), "key": KEY_TEXT})]
    assert nginx_errors({"sites": sites, "pools": [1], "expires": 1}).startswith("7 errors in what nginx shall serve")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
ROUTES = st.fixed_dictionaries(
    {"path": st.sampled_from(["/a", "=/a", "~^/(a|b)", "/"]) | JSON},
    optional={
        "host": st.just("a.test") | JSON,
        "method": st.just(["GET"]) | JSON,
        "header": st.dictionaries(st.text(max_size=4), JSON, max_size=2) | JSON,
        "cookie": st.just({"a": True}) | JSON,
        "pool": st.just("apache") | JSON,
        "alias": st.just("/srv") | JSON,
        "return": st.integers(100, 700) | JSON,
        "redirect": st.just("/x") | JSON,
        "cache": JSON,
        "rate": st.just("1r/s") | JSON,
        "headers": JSON,
        "raw": JSON,
    },
)


@given(
    st.fixed_dictionaries(
        {
            "sites": st.lists(
                st.fixed_dictionaries(
                    {"name": st.sampled_from(["a", "b"]) | JSON},
                    optional={
                        "server_names": st.lists(st.text(max_size=6), max_size=2) | JSON,
                        "tls": st.just(TLS) | JSON,
                        "routes": st.lists(ROUTES, max_size=2) | JSON,
                        "ports": JSON,
                        "redirect": JSON,
                        "headers": JSON,
                    },
                )
                | JSON,
                max_size=2,
            )
            | JSON,
            "pools": st.just([API]) | JSON,
            "listeners": st.just(BOTH) | JSON,
        },
        optional={"headers": JSON, "expires": JSON, "client_timeouts": JSON, "raw": JSON, "unhealthy_files": JSON},
    )
)
def test_whatever_is_written_is_refused_in_words_or_becomes_lines(values: dict[str, Any]) -> None:
    if words := nginx_errors(values, HOSTS):
        assert words.splitlines()[0].endswith("in what nginx shall serve; nothing was changed.")
        return
    for server in nginx_configuration(values, HOSTS)["servers"]:
        for line in [*server["lines"], *(line for one in server["locations"] for line in one["lines"])]:
            assert line.isprintable()
