# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The template of the role nginx, against files that nginx itself has read.

tests/integration/test_nginx.py gives those files to nginx. After a change of the template write them again and look at
the difference: HA_WEB_WRITE_EXAMPLES=1 pytest tests/unit/test_nginx_conf.py
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.lvs.ha_web.plugins.module_utils._nginx import declaration
from unit.nginx_conf import ROLE, render
from unit.nginx_examples import API, BOTH, EXAMPLES, TLS, site

FILES = Path(__file__).resolve().parents[1] / "integration/nginx"


@pytest.mark.parametrize("name", EXAMPLES)
def test_example(name: str) -> None:
    rendered = render(**EXAMPLES[name])
    file = FILES / f"{name}.conf"
    if "HA_WEB_WRITE_EXAMPLES" in os.environ:
        file.parent.mkdir(exist_ok=True)
        file.write_text(rendered)
    assert rendered == file.read_text()


def test_no_file_without_an_example() -> None:
    assert {file.stem for file in FILES.glob("*.conf")} == EXAMPLES.keys()


@pytest.mark.parametrize("name", [name for name in EXAMPLES if "raw" not in EXAMPLES[name]])
def test_lines_are_indented_by_their_braces(name: str) -> None:
    depth = 0
    for line in render(**EXAMPLES[name]).splitlines():
        bare = re.sub(r'"(\\.|[^"\\])*"', "", line).split("#")[0].strip()
        depth -= bare == "}"
        if bare and not bare.startswith(("'", "use_temp_path")):
            assert re.match(" *", line)[0] == "    " * depth, line  # type: ignore[index]
        depth += bare.endswith("{")
    assert depth == 0


def test_role_and_filters_have_the_same_defaults() -> None:
    role = yaml.safe_load((ROLE / "defaults/main.yml").read_text())
    for name, value in role.items():
        if "{{" not in str(value):
            assert declaration.DEFAULTS[name.removeprefix("nginx_")] == value
    assert {f"nginx_{key}" for key in declaration.DEFAULTS} == {*role, "nginx_listeners"}


def test_http2_is_told_as_the_version_knows_it() -> None:
    values: dict[str, Any] = {"sites": [site(tls=TLS)], "listeners": BOTH}
    old, new = render(True, **values), render(False, **values)
    assert "listen 443 ssl http2 default_server;" in old
    assert "http2 on;" not in old
    assert "listen 443 ssl default_server;" in new
    assert new.count("http2 on;") == 1


def test_renewed_certificate_of_the_node_changes_the_file() -> None:
    values: dict[str, Any] = {"sites": [site(tls=TLS)]}
    files = [render(remote={TLS["certificate"]: checksum}, **values) for checksum in ("11", "22")]
    assert files[0].replace("11", "22") == files[1] != files[0]


def test_first_route_that_fits_is_taken() -> None:
    """Each map holds one condition; its default leads to the next route."""
    routes = [
        {"path": "/a", "method": "POST", "pool": "api"},
        {"header": {"X-Beta": False}, "pool": "api"},
    ]
    rendered = render(pools=[API], sites=[site(routes=routes)])
    maps = re.findall(r"map (\S+) (\$site_\S+) \{\n(.*?)    \}", rendered, re.DOTALL)
    chain = {name: (source, [line.strip() for line in body.splitlines()]) for source, name, body in maps}
    assert chain == {
        "$site_0_route_0": ("$uri", [r'"~^/a(/|\\z)" $site_0_route_0_1;', "default $site_0_route_1;"]),
        "$site_0_route_0_1": ("$request_method", [r'"~^(POST)\\z" route_0;', "default $site_0_route_1;"]),
        "$site_0_route_1": ("$http_x_beta", ['"~." $site_0_rest;', "default route_1;"]),
        "$site_0_rest": ("$uri", [r'"~*\\.(php|phar|phtml)(/|\\z)" pool;', "default files;"]),
    }


@pytest.mark.parametrize(
    ("sites", "default"),
    [
        ([site(name="a"), site(name="b", server_names=["b.test"])], "www.example.test"),
        ([site(name="a"), site(name="b", server_names=["b.test"], default=True)], "b.test"),
    ],
)
def test_default_is_the_first_or_who_says_so(sites: list[dict[str, Any]], default: str) -> None:
    rendered = render(sites=sites)
    assert re.findall(r"default_server;\n\s+server_name (.*);", rendered) == [default]


def test_locations_with_headers_of_their_own_repeat_all() -> None:
    routes = [{"path": "/a", "return": 204, "headers": {"X-Own": "1", "X-Frame-Options": ""}}]
    rendered = render(sites=[site(routes=routes)])
    own = rendered[rendered.index("location @route_0") :].split("}")[0]
    assert re.findall(r"add_header (\S+)", own) == [
        *("X-Served-By", "X-Request-ID", "X-Content-Type-Options", "Referrer-Policy", "X-Own")
    ]
