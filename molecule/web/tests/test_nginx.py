# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""nginx as the outside client sees it: which pool answers which request, and how TLS is spoken."""

from __future__ import annotations

import json
import time

from lab.cluster import Cluster
from lab.settings import REPO

NODE = "web1"
PORTS = {"apache": 8080, "api": 8082}
# Each request on a connection of its own, all of them in one command: its number comes back in the log.
ASK = """
import http.client, json, sys
for number, (method, path, headers) in enumerate(json.loads(sys.argv[2])):
    connection = http.client.HTTPConnection(sys.argv[1], 80, timeout=10)
    mark = "&" if "?" in path else "?"
    connection.request(method, f"{path}{mark}asked={sys.argv[3]}-{number}.", headers=headers)
    connection.getresponse().read()
    connection.close()
"""
# TLS as one client wishes it: which version, which cipher, or what the server says against it.
SPEAK = """
import json, socket, ssl, sys, warnings
warnings.simplefilter("ignore")
address, authority, wishes = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
answers = []
for version, ciphers, name in wishes:
    context = ssl.create_default_context(cadata=authority)
    context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    context.set_ciphers(ciphers)
    context.set_alpn_protocols(["h2", "http/1.1"])
    with socket.create_connection((address, 443), 10) as plain:
        try:
            with context.wrap_socket(plain, server_hostname=name) as secured:
                answers.append([secured.version(), secured.cipher()[0], secured.selected_alpn_protocol()])
        except ssl.SSLError as error:
            answers.append([error.reason])
print(json.dumps(answers))
"""
WWW = {"Host": "www.example.test"}
REQUESTS: list[tuple[str, str, dict[str, str], str]] = [
    ("GET", "/index.php", WWW, "apache"),
    ("GET", "/api/x", WWW, "api"),
    ("POST", "/api", WWW, "api"),
    ("GET", "/apis", WWW, "apache"),
    ("GET", "/index.php", {"Host": "api.example.test"}, "api"),
    ("GET", "/index.php", {**WWW, "X-Version": "2.1"}, "api"),
    ("POST", "/index.php", {**WWW, "X-Version": "2.1"}, "apache"),
    ("GET", "/index.php", {**WWW, "X-Version": "1.2"}, "apache"),
    ("GET", "/index.php", {**WWW, "Cookie": "a=b; tester=1"}, "api"),
    ("GET", "/index.php", {**WWW, "Cookie": "testers=1"}, "apache"),
    ("GET", "/index.php", {"Host": "unknown.test"}, "apache"),
]
ANY = "ALL:@SECLEVEL=0"
TLS: list[tuple[str, str, str, list[str]]] = [
    ("TLSv1_2", "DEFAULT", "www.example.test", ["TLSv1.2", "ECDHE", "h2"]),
    ("TLSv1_3", "DEFAULT", "www.example.test", ["TLSv1.3", "TLS", "h2"]),
    ("TLSv1_3", "DEFAULT", "api.example.test", ["TLSv1.3", "TLS", "h2"]),
    ("TLSv1_3", "DEFAULT", "other.example.test", ["CERTIFICATE_VERIFY_FAILED"]),
    ("TLSv1", ANY, "www.example.test", ["TLSV1_ALERT_PROTOCOL_VERSION"]),
    ("TLSv1_1", ANY, "www.example.test", ["TLSV1_ALERT_PROTOCOL_VERSION"]),
    ("TLSv1_2", "AES128-SHA:AES256-GCM-SHA384", "www.example.test", ["SSLV3_ALERT_HANDSHAKE_FAILURE"]),
    ("TLSv1_2", "ECDHE-ECDSA-AES256-SHA", "www.example.test", ["SSLV3_ALERT_HANDSHAKE_FAILURE"]),
]


def test_content_decides_which_pool_answers(cluster: Cluster) -> None:
    asked = f"{time.time_ns()}"
    wanted = json.dumps([request[:3] for request in REQUESTS])
    "".join(cluster.stream(cluster.client, ["python3", "-c", ASK, cluster.vip, wanted, asked]))
    grep = f"grep -F 'asked={asked}-' /var/log/nginx/access.log || true"
    logged = [line for node in cluster.web for line in cluster.run(node, grep).splitlines()]
    found = {
        int(line.split(f"asked={asked}-")[1].split(".")[0]): next(
            (pool for pool, port in PORTS.items() if f'"127.0.0.1:{port}"' in line), line
        )
        for line in logged
    }
    assert [found[number] for number in range(len(REQUESTS))] == [pool for *_request, pool in REQUESTS]


def test_log_begins_with_the_client_and_carries_the_id(cluster: Cluster) -> None:
    answer = cluster.run(
        cluster.client,
        f"curl --silent --include --header 'X-Forwarded-For: 203.0.113.9' http://{cluster.vip}/",
    )
    headers = dict(line.split(": ", 1) for line in answer.split("\n\n")[0].splitlines()[1:])
    [line] = cluster.run(
        headers["X-Served-By"], f"grep -F ' {headers['X-Request-ID']} ' /var/log/nginx/access.log"
    ).splitlines()
    assert line.split()[0] not in ("127.0.0.1", "203.0.113.9")
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_tls_is_spoken_as_intended(cluster: Cluster) -> None:
    authority = (REPO / "build/web/ca.crt").read_text()
    wishes = json.dumps([wish[:3] for wish in TLS])
    command = ["python3", "-c", SPEAK, cluster.vip, authority, wishes]
    answers = json.loads("".join(cluster.stream(cluster.client, command)))
    found = [
        [answer[0], answer[1].split("-")[0].split("_")[0], answer[2]] if answer[1:] else answer for answer in answers
    ]
    assert found == [expected for *_wish, expected in TLS]


def test_hsts_is_for_tls_alone(cluster: Cluster) -> None:
    asks = "curl --silent --insecure --include"
    plain, secured = (cluster.run(cluster.client, f"{asks} {scheme}://{cluster.vip}/") for scheme in ("http", "https"))
    assert "strict-transport-security: max-age=31536000" in secured.lower()
    assert "strict-transport-security" not in plain.lower()


def test_health_needs_no_host_and_a_file_takes_the_node_out(cluster: Cluster) -> None:
    """As directors ask: the firewall lets nobody else speak to the server's own address."""
    address, asker = cluster.address(NODE), cluster.directors[0]
    ask = (
        "curl --silent --insecure --output /dev/null --write-out '%{http_code} ' --max-time 10 --http1.0 --header Host:"
    )
    both = f"{ask} http://{address}/health; {ask} https://{address}/health"
    assert cluster.run(asker, both) == "200 200 "
    cluster.run(NODE, "mkdir -p /run/ha-web && touch /run/ha-web/unhealthy")
    assert cluster.run(asker, both) == "503 503 "
    cluster.run(NODE, "rm /run/ha-web/unhealthy")
    assert cluster.run(asker, both) == "200 200 "
    cluster.run(NODE, "! grep -q -F /health /var/log/nginx/access.log")
    # The directors have seen it too.
    cluster.wait_until_healthy()


def test_status_is_for_this_host(cluster: Cluster) -> None:
    assert "Active connections" in cluster.run(NODE, "curl --silent --max-time 5 http://127.0.0.1:8089/status")
    assert "127.0.0.1:8089" in cluster.run(NODE, "ss --no-header --listening --tcp --numeric 'sport = :8089'")
