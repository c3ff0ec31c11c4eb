# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What runs where, with how few rights, and that what is shown is what the kernels say."""

from __future__ import annotations

import json
import re
import time

import pytest
from lab import ipvs_table
from lab.cluster import Cluster
from lab.monitor import Monitor, codes, of, states_of
from lab.report import wait_for

DIRECTORS = ["lvs1", "lvs2"]
WEB = ["web1", "web2", "web3"]
SERVICE = "ha-web-monitor"
NODE = "prometheus-node-exporter"
_DIRECTOR = [NODE, "ha-web-notify", "ha-web-ipvs-reader", SERVICE, "ha-web-monitor-front", "prometheus"]
_WEB = [NODE, "prometheus-nginx-exporter", "prometheus-apache-exporter"]
UNITS = {**{node: _DIRECTOR for node in DIRECTORS}, **{node: _WEB for node in WEB}, "store1": [NODE]}
# What systemd-analyze security says of the units, at most: 0 is best, 10 is a unit that may do anything.
EXPOSED = {
    SERVICE: 2.0,
    "ha-web-monitor-front": 4.0,
    "ha-web-notify": 2.5,
    "ha-web-ipvs-reader": 2.5,
    "prometheus": 5.0,
}


@pytest.mark.parametrize("node", UNITS)
def test_units_are_active_and_come_back_at_boot(cluster: Cluster, node: str) -> None:
    units = " ".join(UNITS[node])
    assert set(cluster.run(node, f"systemctl is-active {units} || true").split()) == {"active"}
    assert set(cluster.run(node, f"systemctl is-enabled {units} || true").split()) == {"enabled"}


@pytest.mark.parametrize("node", UNITS)
def test_nothing_listens_but_on_the_node_and_its_management_address(cluster: Cluster, node: str) -> None:
    # 9145 is a server of the web servers' nginx, which listens wherever and answers here alone.
    ports = "9090|9100|9113|9117|9443"
    listening = cluster.run(node, f"ss --no-header --listening --tcp --numeric | grep -E ':({ports}) ' || true")
    places = {line.split()[3] for line in listening.splitlines()}
    hosts = {place.rpartition(":")[0] for place in places}
    assert hosts <= {"127.0.0.1", cluster.address(node), cluster.vip}, places
    assert f"{cluster.address(node)}:9100" in places


@pytest.mark.parametrize("node", UNITS)
def test_figures_are_for_monitors_alone(cluster: Cluster, node: str) -> None:
    ask = f"curl --silent --output /dev/null --max-time 2 --write-out '%{{http_code}}' http://{cluster.address(node)}"
    for port, path in ((9100, "metrics"), (9113, "metrics"), (9117, "metrics"), (9145, "opcache")):
        inside = cluster.run("lvs2", f"{ask}:{port}/{path} || true")
        outside = cluster.run(cluster.client, f"{ask}:{port}/{path} || true")
        expected = "200" if port == 9100 or node in cluster.web else "000"
        assert (inside, outside) == (expected, "000"), (port, path)


@pytest.mark.parametrize("node", DIRECTORS)
def test_service_has_no_rights(cluster: Cluster, node: str) -> None:
    pid = cluster.run(node, f"systemctl show --property=MainPID --value {SERVICE}").strip()
    status = dict(line.split(":\t", 1) for line in cluster.run(node, f"cat /proc/{pid}/status").splitlines())
    assert {status[name] for name in ("CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert status["NoNewPrivs"] == "1"
    assert "0" not in status["Uid"].split()
    # In its own view of the file system.
    inside = f"nsenter --target={pid} --mount setpriv --reuid={SERVICE} --regid={SERVICE} --groups=ha-web-operators"
    may = ("/var/lib/ha-web/track/director", "/var/lib/ha-web/track/servers/web", "/var/lib/ha-web-monitor")
    may_not = ("/etc/ha-web-monitor/config.json", "/usr/lib/ha-web-monitor", "/var/lib/ha-web", "/var/lib", "/etc")
    writable = f"for path in {' '.join(may + may_not)}; do if test -w $path; then echo $path; fi; done"
    assert cluster.run(node, f"{inside} sh -c '{writable}'").split() == list(may)


@pytest.mark.parametrize("node", DIRECTORS)
def test_units_are_hardened(cluster: Cluster, node: str) -> None:
    scores = {}
    for unit in EXPOSED:
        said = cluster.run(node, f"systemd-analyze security --no-pager {unit} | tail --lines=1")
        scores[unit] = float(re.findall(r"\d+\.\d+", said)[-1])
    print(scores)
    assert all(scores[unit] <= most for unit, most in EXPOSED.items()), scores


@pytest.mark.parametrize("node", DIRECTORS)
def test_secrets_are_readable_for_who_needs_them(cluster: Cluster, node: str) -> None:
    listed = cluster.run(node, "stat --format='%n %U %G %a' /etc/ha-web-monitor/* /etc/ha-web-monitor/tls/*")
    modes = {line.split()[0].removeprefix("/etc/ha-web-monitor/"): line.split()[1:] for line in listed.splitlines()}
    assert modes["secret"] == ["root", "ha-web-monitor", "640"]
    assert modes["users"] == ["root", "www-data", "640"]
    assert modes["tls/key.pem"][0] == "root" and modes["tls/key.pem"][2] in ("600", "640")
    users = cluster.run(node, "cat /etc/ha-web-monitor/users")
    hashes = [line.split(":")[1] for line in users.splitlines() if not line.startswith("#")]
    assert [hashed[:3] for hashed in hashes] == ["$6$"] * 3
    assert "drains" not in users


def test_all_is_well_and_said(monitor: Monitor, cluster: Cluster) -> None:
    found = monitor.wait_until("a verdict", lambda state: state["verdict"]["level"] == "ok" and state)
    assert found["findings"] == []
    assert states_of(found) == {"lvs1": "master", "lvs2": "backup"}
    assert [one["table"] for one in found["directors"]] == ["equal", "equal"]
    assert {one["reach"] for one in found["directors"] + found["web"] + found["storage"]} == {"ok"}
    assert {share["state"] for one in found["web"] for share in one["storage"]} == {"ok"}
    assert {one["opcache"]["enabled"] for one in found["web"]} == {True}
    assert (found["user"], found["role"]) == ("olga", "operator")


@pytest.mark.parametrize("place", ["vip", *DIRECTORS])
def test_figures_are_the_kernels(monitor: Monitor, cluster: Cluster, place: str) -> None:
    here = monitor if place == "vip" else monitor.at(cluster.address(place))

    def equal() -> bool:
        shown = here.state()["services"][0]
        kernels = {node: ipvs_table.parse(cluster.run(node, "ipvsadm -Sn")) for node in cluster.directors}
        return all(
            {server["address"]: server["directors"][node]["weight"] for server in shown["servers"]}
            == {address: one["weight"] for address, one in table[shown["endpoints"][0]]["servers"].items()}
            and shown["scheduler"] == table[shown["endpoints"][0]]["scheduler"]
            for node, table in kernels.items()
        )

    wait_for(f"the kernels' figures at {place}", equal, 20, every=1)


def test_connections_are_the_kernels(monitor: Monitor, cluster: Cluster) -> None:
    """Open ones, which stay as they are while both are read."""
    hold = f"exec 3<>/dev/tcp/{cluster.vip}/80; sleep 8"
    cluster.run(cluster.client, f"for one in 1 2 3 4 5 6; do bash -c '{hold}' >/dev/null 2>&1 & done")

    def shown() -> bool:
        table = cluster.run("lvs1", "ipvsadm -Ln | awk '/->/ && /:80/ {sum += $5} END {print sum}'").strip()
        servers = of(monitor.state()["services"], "web")["servers"]
        return int(table or 0) >= 6 and sum(one["directors"]["lvs1"]["active"] for one in servers) == int(table)

    wait_for("six open connections, in the kernel and on the page", shown, 20, every=0.5)


def test_prometheus_has_every_target(cluster: Cluster) -> None:
    ask = "curl --silent --fail http://127.0.0.1:9090/api/v1/targets"
    for node in DIRECTORS:

        def up(node: str = node) -> bool:
            targets = json.loads(cluster.run(node, ask))["data"]["activeTargets"]
            # Six node exporters, and three of each web server.
            return len(targets) == 6 + 3 * 3 and {one["health"] for one in targets} == {"up"}

        wait_for(f"all targets of {node}", up, 60, every=1)


@pytest.mark.parametrize("node", DIRECTORS)
def test_ends_of_certificates_are_told(cluster: Cluster, node: str) -> None:
    name = "ha_web_certificate_expiry_timestamp_seconds"
    ask = f"curl --silent --fail 'http://127.0.0.1:9090/api/v1/query?query={name}'"

    def told() -> bool:
        found = json.loads(cluster.run(node, ask))["data"]["result"]
        ends = {one["metric"]["node"]: float(one["value"][1]) for one in found}
        return set(ends) == set(DIRECTORS) and min(ends.values()) > time.time() + 800 * 86400

    # The figures are written ten minutes after the first, which were there before the certificates.
    for director in DIRECTORS:
        cluster.run(director, "systemctl start ha-web-certificates")
    wait_for(f"the ends of certificates at {node}", told, 30, every=1)


def test_history_is_drawn_from_prometheus(monitor: Monitor) -> None:
    for chart in ("connections", "bytes", "servers", "requests", "opcache_hits", "opcache_memory", "load"):

        def points(chart: str = chart) -> bool:
            series = monitor.ask(f"/api/history?chart={chart}&hours=1").json["series"]
            return any(value is not None for one in series for _at, value in one["points"])

        wait_for(f"points of {chart}", points, 60, every=1)


def test_what_is_rendered_is_shown(monitor: Monitor) -> None:
    directors = monitor.ask("/api/configuration").json["directors"]
    assert [one["name"] for one in directors] == DIRECTORS
    assert all("virtual_server" in one["text"] and not one["error"] for one in directors)
    assert codes(monitor.state()) == set()
