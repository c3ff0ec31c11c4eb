# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What nginx in front of the monitor lets through, and what it does not."""

from __future__ import annotations

import re

import pytest
import yaml
from unit.monitor_examples import ROLE, front, topology

REPO = ROLE.parents[1]


def locations(text: str) -> dict[str, list[str]]:
    """The lines of each location."""
    found = re.findall(r"^        location (.+?) \{\n(.*?)^        \}", text, re.DOTALL | re.MULTILINE)
    return {name: [line.strip() for line in body.splitlines()] for name, body in found}


def test_everything_wants_a_login_but_what_hosts_ask_each_other() -> None:
    text = front()
    [before, _after] = text.split('auth_basic "Graphic Monitor";')
    assert "location " not in before.rpartition("server {")[2]
    assert {name for name, lines in locations(text).items() if "auth_basic off;" in lines} == {"/agent/"}
    assert text.count("auth_basic off") == 1


def test_hosts_of_the_monitor_alone_ask_each_other() -> None:
    lines = locations(front())["/agent/"]
    assert [line for line in lines if line.startswith(("allow", "deny"))] == [
        *("allow 10.0.0.11;", "allow 10.0.0.12;", "deny all;")
    ]


def test_the_service_hears_of_no_header_that_a_client_makes_up() -> None:
    passed = {name: lines for name, lines in locations(front()).items() if "proxy_pass http://service;" in lines}
    assert set(passed) == {"/api/", "= /api/stream", "/agent/"}
    for name, lines in passed.items():
        assert "proxy_pass_request_headers off;" in lines
        users = [line for line in lines if "X-Remote-User" in line]
        assert users == ([] if name == "/agent/" else ["proxy_set_header X-Remote-User $remote_user;"])
        assert not [line for line in lines if "authorization" in line.lower()]


def test_no_location_has_headers_of_its_own_which_would_take_away_all_others() -> None:
    assert not [line for lines in locations(front()).values() for line in lines if line.startswith("add_header")]


def test_the_page_runs_nothing_but_its_own() -> None:
    [policy] = re.findall('add_header Content-Security-Policy "(.*)" always;', front())
    directives = dict(directive.split(" ", 1) for directive in policy.split("; "))
    assert directives["default-src"] == directives["frame-ancestors"] == "'none'"
    assert directives["script-src"] == directives["style-src"] == directives["connect-src"] == "'self'"
    assert "unsafe" not in policy


def test_every_address_is_listened_on_for_known_names_and_for_others() -> None:
    text = front(names=["monitor.example.org"])
    for address in ("10.0.0.11", "192.0.2.100"):
        assert text.count(f"listen {address}:9443 ssl http2;") == 1
        assert text.count(f"listen {address}:9443 ssl http2 default_server;") == 1
    assert "server_name 10.0.0.11 192.0.2.100 lvs1 monitor.example.org;" in text
    assert text.index("return 421") < text.index("server_name 10.0.0.11")


def test_a_director_without_the_page_serves_the_others_alone() -> None:
    known = topology()
    known["monitor"]["hosts"] = ["lvs2"]
    text = front(topology=known)
    assert locations(text)["/"] == ["return 404;"]
    assert set(locations(text)) == {"/", "/agent/"}
    assert "auth_" not in text and "root " not in text and "192.0.2.100" not in text


def test_pam_takes_the_place_of_the_file() -> None:
    text = front(pam_service="ha-web-monitor")
    assert "auth_pam_service_name ha-web-monitor;" in text
    assert "auth_pam off;" in locations(text)["/agent/"]
    assert "auth_basic" not in text


@pytest.mark.parametrize("pam_service", ["", "ha-web-monitor"])
def test_every_brace_is_closed(pam_service: str) -> None:
    without_texts = re.sub(r"'[^'\n]*'|\"[^\"\n]*\"", "", front(pam_service=pam_service))
    assert without_texts.count("{") == without_texts.count("}")


def test_requests_are_logged_without_their_queries() -> None:
    [words] = re.findall(r"log_format ha_web_monitor (.*?);", front(), re.DOTALL)
    assert "$uri" in words
    assert not re.search(r"\$(request|request_uri|args|query_string|http_referer)\b", words)


def test_it_tells_the_version_of_the_collection() -> None:
    told = yaml.safe_load((ROLE / "vars/main.yml").read_text())["__monitor_version"]
    assert told == yaml.safe_load((REPO / "galaxy.yml").read_text())["version"]
