# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What is changed while clients ask: a renewed certificate, and mistakes that must not reach them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from lab import playbook
from lab.cluster import Cluster
from lab.report import wait_for
from lab.settings import REPO

SITE = REPO / "playbooks/site.yml"
RENEW = REPO / "molecule/web/renew.yml"
NODE = "web1"
STOP = "/tmp/stop-asking"
BEGUN = "/tmp/begun-asking"
# Until somebody stops it, and for two minutes at most: each request on a connection of its own.
ASK = f"""
import hashlib, http.client, json, os, ssl, sys, time
context = ssl.create_default_context(cadata=sys.argv[2])
context.check_hostname = False
asked, failed, certificates, end = 0, [], [], time.monotonic() + 120
while time.monotonic() < end and not os.path.exists("{STOP}"):
    asked += 1
    try:
        connection = http.client.HTTPSConnection(sys.argv[1], 443, timeout=5, context=context)
        connection.request("GET", "/static.txt", headers={{"Host": "www.example.test"}})
        shown = hashlib.sha256(connection.sock.getpeercert(True)).hexdigest()
        answer = connection.getresponse()
        answer.read()
        connection.close()
        if answer.status != 200:
            failed.append(str(answer.status))
        if shown not in certificates:
            certificates.append(shown)
    except Exception as error:
        failed.append(repr(error))
    open("{BEGUN}", "w").close()
    time.sleep(0.02)
print(json.dumps([asked, failed, certificates]))
"""


@contextmanager
def asking(cluster: Cluster) -> Iterator[list[Any]]:
    """Ask over TLS as long as the block lasts; the list then has the number, the failures and the certificates."""
    result: list[Any] = []
    authority = (REPO / "build/web/ca.crt").read_text()
    cluster.run(cluster.client, f"rm -f {STOP} {BEGUN}")
    command = ["python3", "-c", ASK, cluster.vip, authority]
    with ThreadPoolExecutor(1) as pool:
        asks = pool.submit(lambda: "".join(cluster.stream(cluster.client, command)))
        try:
            wait_for("the first request", lambda: "y" in cluster.run(cluster.client, f"ls {BEGUN} && echo y || :"), 20)
            yield result
        finally:
            cluster.run(cluster.client, f"touch {STOP}")
        result += json.loads(asks.result())


def arguments(**variables: Any) -> tuple[str, ...]:
    return (f"--limit={NODE}", "--tags=nginx", "--extra-vars", json.dumps(variables))


def changed(cluster: Cluster, **variables: Any) -> int:
    return playbook.changes(cluster.engine, cluster.inventory, SITE, *arguments(**variables))[NODE]


def configuration(cluster: Cluster) -> str:
    """The running file, and the process that has read it."""
    return cluster.run(NODE, "sha256sum /etc/nginx/nginx.conf; pgrep -x nginx; ls /etc/nginx/tls")


def test_certificate_is_renewed_without_a_failed_request(cluster: Cluster) -> None:
    before = cluster.run(NODE, "ls /etc/nginx/tls").split()
    with asking(cluster) as result:
        renewed = playbook.changes(cluster.engine, cluster.inventory, RENEW, "--tags=nginx")
        assert all(renewed[node] for node in cluster.web)
        after = cluster.run(NODE, "ls /etc/nginx/tls").split()
    asked, failed, certificates = result
    print(f"{asked} requests over TLS while the certificate changed")
    assert asked > 50
    assert failed == []
    assert len(certificates) == 2, "clients must have seen the old and the new one"
    assert (len(before), len(after)) == (1, 1)
    assert before != after
    assert not changed(cluster)


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"nginx_raw": ["no_such_directive on;"]}, ['unknown directive "no_such_directive"', "In nginx_raw"]),
        (
            {"nginx_sites": [{"name": "one", "raw": ["location /x {", "    give_back 200;", "}"], "ports": [80, 443]}]},
            ['unknown directive "give_back"', 'In nginx_sites[0] "one", raw'],
        ),
        (
            {"nginx_sites": [{"name": "one", "routes": [{"path": "~^/(?x", "return": 404}], "ports": [80, 443]}]},
            ["pcre", 'In nginx_sites[0] "one", routes[0]'],
        ),
        (
            {"nginx_sites": [{"name": "one", "pool": "nowhere", "ports": [80]}], "nginx_pools": []},
            ['unknown pool "nowhere"', "no site serves port 443", "2 errors in what nginx shall serve"],
        ),
        ({"nginx_apache_port": 80}, ["port 80 is on the loopback, and nginx listens on it for the world."]),
    ],
)
def test_mistakes_are_refused_and_the_old_configuration_serves(
    cluster: Cluster, variables: dict[str, Any], words: list[str]
) -> None:
    before = configuration(cluster)
    said = playbook.refused(cluster.engine, cluster.inventory, SITE, *arguments(**variables))
    for word in words:
        assert word in said.replace('\\"', '"')
    assert configuration(cluster) == before
    ask = "curl --silent --fail --max-time 10 --header 'Host: www.example.test'"
    cluster.run(NODE, f"{ask} http://127.0.0.1/static.txt")


def test_what_is_taken_back_is_gone(cluster: Cluster) -> None:
    before = configuration(cluster).split()[0]
    assert changed(cluster, nginx_sites=[{"name": "plain", "ports": [80, 443]}], nginx_pools=[])
    text = cluster.run(NODE, "cat /etc/nginx/nginx.conf; ls /etc/nginx/tls")
    assert not [word for word in ("upstream api", "ssl_certificate", ".pem", "example.test") if word in text]
    assert changed(cluster)
    assert configuration(cluster).split()[0] == before
    assert not changed(cluster)
    # Meanwhile checks over TLS met none.
    cluster.wait_until_healthy()
