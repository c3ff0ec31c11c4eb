# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Each drift, injected by hand, is found and named by the audit, which itself changes nothing."""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import Any

import pytest
from lab import playbook
from lab.cluster import Cluster
from lab.drift import Drift, injected, kept
from lab.report import wait_for
from lab.settings import REPO

AUDIT = REPO / "playbooks/audit.yml"
KEEPALIVED = "/etc/keepalived/keepalived.conf"
NGINX = "/etc/nginx/nginx.conf"
APACHE = "/etc/apache2/apache2.conf"
FPM = "$(ls -d /etc/php/*/fpm | tail -n 1)/php-fpm.conf"
# Whatever a node has that an audit could change, but for what timers start on their own; columns are as wide as the
# longest unit that is loaded at the moment.
STATE = r"""
ipvsadm --save --numeric 2>/dev/null
ip address | grep -v valid_lft; ip rule; ip route show table all
sysctl --all --pattern 'net.ipv4.(conf|vs)' 2>/dev/null
nft --stateless list ruleset
systemctl list-units --all --plain --no-legend 'ha-web*' nginx.service apache2.service 'php*-fpm.service' \
  keepalived.service | grep -v ha-web-certificates | tr --squeeze-repeats ' '
find /etc /usr/local /run/nginx.pid /var/lib/ha-web -printf '%p %T@ %C@ %m %s\n' 2>/dev/null | sort
"""


def edited(node: str, path: str, change: str, *found: tuple[str, str, str]) -> Drift:
    """A file changed, and put back with its times."""
    return Drift(node, f"cp -p {path} /root/before-audit && {change}", f"cp -p /root/before-audit {path}", found)


def table(cluster: Cluster) -> list[Drift]:
    """What is done to directors and servers while all daemons of the directors run."""
    service, port = f"-t {cluster.endpoint}", cluster.topology["virtual_services"][0]["port"]
    scheduler = cluster.topology["virtual_services"][0]["scheduler"]
    web1, web2 = (f"{cluster.address(name)}:{port}" for name in ("web1", "web2"))
    stranger = f"{cluster.vip.rpartition('.')[0]}.77:{port}"
    arp = "sysctl --write net.ipv4.conf.all.arp_ignore={0} net.ipv4.conf.eth0.arp_ignore={0}"
    return [
        kept(
            "lvs1",
            f"ipvsadm -e {service} -r {web1} -g -w 5; ipvsadm -d {service} -r {web2}",
            f"ipvsadm -e {service} -r {web1} -g -w 1; ipvsadm -a {service} -r {web2} -g -w 1",
            [
                ("lvs1", f"{web1} (web1)", "weight 5 in the kernel, 1 declared"),
                ("lvs1", f"{web2} (web2)", "not in the kernel: failed its health check"),
            ],
        ),
        Drift(
            "lvs2",
            f"ipvsadm -a {service} -r {stranger} -g -w 1 && ipvsadm -E {service} -s rr",
            f"ipvsadm -d {service} -r {stranger}; ipvsadm -E {service} -s {scheduler}",
            [
                ("lvs2", stranger, "in the kernel with weight 1, and nobody has declared it"),
                ("lvs2", cluster.endpoint, f"scheduler rr in the kernel, {scheduler} declared"),
            ],
        ),
        edited(
            "lvs2",
            KEEPALIVED,
            f"sed -i 's/^    priority .*/    priority 77/' {KEEPALIVED}",
            ("lvs2", KEEPALIVED, "is 'priority 77', declared is 'priority "),
            ("lvs2", "keepalived", f"has not read {KEEPALIVED} since it was written"),
        ),
        Drift("web1", arp.format(0), arp.format(1), [("web1", "arp_ignore eth0", "effective 0, must be 1 or 2")]),
        Drift(
            "web2",
            f"ip address delete {cluster.vip} dev lo; systemctl disable apache2",
            f"ip address add {cluster.vip} dev lo; systemctl enable apache2",
            [("web2", cluster.vip, "not on lo"), ("web2", "apache2", "is disabled: it does not start at boot")],
        ),
        Drift(
            "web3",
            "systemctl stop nginx",
            "systemctl start nginx",
            [("web3", "nginx", "is inactive"), ("lvs2", "(web3)", "not in the kernel: failed its health check")],
        ),
        edited("web1", NGINX, f"echo '# by hand' >> {NGINX}", ("web1", NGINX, "'# by hand', declared is the end")),
    ]


def invalid(cluster: Cluster) -> list[Drift]:
    """What daemons would refuse, and what is not declared at all."""
    service = f"-t {cluster.endpoint}"
    port = cluster.topology["virtual_services"][0]["port"]
    web1, extra = f"{cluster.address('web1')}:{port}", f"{cluster.vip}:4711"
    return [
        kept(
            "lvs2",
            f"ip address replace {cluster.vip}/32 dev eth0",
            f"ip address delete {cluster.vip}/32 dev eth0",
            [("directors", cluster.vip, "held by lvs1 and lvs2")],
        ),
        kept(
            "lvs1",
            f"ipvsadm -e {service} -r {web1} -g -w 0; ipvsadm -A -t {extra} -s rr",
            f"ipvsadm -e {service} -r {web1} -g -w 1; ipvsadm -D -t {extra}",
            [
                ("lvs1", f"{web1} (web1)", "weight 0 in the kernel, 1 declared (drained? no track file says so)"),
                ("lvs1", extra, "in the kernel, and nobody has declared it"),
            ],
        ),
        edited(
            "lvs1",
            KEEPALIVED,
            f"echo nonsense >> {KEEPALIVED}",
            ("lvs1", KEEPALIVED, "refused by keepalived: "),
            ("lvs1", KEEPALIVED, "is 'nonsense', declared is the end of the file"),
        ),
        edited("web1", NGINX, f"echo nonsense >> {NGINX}", ("web1", NGINX, "refused by nginx: ")),
        edited("web2", APACHE, f"echo nonsense >> {APACHE}", ("web2", APACHE, "refused by Apache: ")),
        edited("web3", FPM, f"echo nonsense >> {FPM}", ("web3", "php-fpm.conf", "refused by php-fpm: ")),
        Drift(
            "web3",
            f"systemctl disable ha-web-vip@{cluster.vip}; ip address add {cluster.vip}/32 dev eth0",
            f"systemctl enable ha-web-vip@{cluster.vip}; ip address delete {cluster.vip}/32 dev eth0",
            [("web3", "ha-web-vip@", "does not start at boot"), ("web3", cluster.vip, "on eth0, where")],
        ),
        Drift(
            "web2",
            "nft insert rule inet ha_web input tcp dport 4711 accept",
            "systemctl reload ha-web-firewall",
            [("web2", "firewall", "the kernel has another ruleset than its file")],
        ),
    ]


def state(cluster: Cluster) -> dict[str, str]:
    return {node: cluster.run(node, f"{STATE}:") for node in cluster.nodes if node != cluster.client}


def audited(cluster: Cluster, file: Path, clean: bool) -> dict[str, Any]:
    """Run the audit, which must succeed where all is clean and only there, and change nothing; return its JSON."""
    run = playbook.output if clean else playbook.refused
    said = run(cluster.engine, cluster.inventory, AUDIT, "--extra-vars", f"audit_json={file}")
    assert not any(playbook.recap(said).values()), said
    result: dict[str, Any] = json.loads(file.read_text())
    number = len(result["findings"])
    assert ("No finding." if clean else f"{number} finding{'s' * (number != 1)}.") in said
    return result


def has(cluster: Cluster, director: str, server: str) -> bool:
    return f" {cluster.address(server)}:" in cluster.run(director, "ipvsadm --save --numeric")


def told(result: dict[str, Any]) -> str:
    return "\n".join(f"{one['node']}  {one['subject']}: {one['words']}" for one in result["findings"])


def clean(cluster: Cluster, file: Path) -> None:
    cluster.wait_until_healthy()
    before = state(cluster)
    result = audited(cluster, file, clean=True)
    assert not result["findings"]
    assert {name: node["reachable"] for name, node in result["nodes"].items()} == dict.fromkeys(before, True)
    changed = [
        f"{node}: {line}"
        for node, text in state(cluster).items()
        for line in difflib.ndiff(before[node].splitlines(), text.splitlines())
        if line.startswith(("+ ", "- "))
    ]
    assert not changed, "\n".join(changed)


def test_all_is_well_and_stays_as_it_is(cluster: Cluster, tmp_path: Path) -> None:
    clean(cluster, tmp_path / "audit.json")


@pytest.mark.parametrize("drifts", [table, invalid])
def test_drift_is_found(cluster: Cluster, tmp_path: Path, drifts: Any) -> None:
    wanted = drifts(cluster)
    with injected(cluster, wanted):
        if drifts is table:
            wait_for("web3 to be ejected", lambda: not any(has(cluster, one, "web3") for one in cluster.directors), 10)
        result = audited(cluster, tmp_path / "audit.json", clean=False)
    print(told(result))
    missed = [
        expected
        for drift in wanted
        for expected in drift.found
        if not any(
            one["node"] == expected[0] and expected[1] in one["subject"] and expected[2] in one["words"]
            for one in result["findings"]
        )
    ]
    assert not missed, told(result)


def test_node_that_is_gone_is_a_finding_and_the_others_are_audited(cluster: Cluster, tmp_path: Path) -> None:
    stopped = Drift("lvs2", "systemctl stop keepalived", "systemctl start keepalived", [])
    cluster.kill("web3")
    try:
        with injected(cluster, [stopped]):
            result = audited(cluster, tmp_path / "audit.json", clean=False)
    finally:
        cluster.power_on("web3")
    assert "lvs2  keepalived: is inactive" in told(result)
    assert "web3  node: cannot be audited: " in told(result)
    assert [name for name, node in result["nodes"].items() if not node["reachable"]] == ["web3"]
    assert all("versions" in node for name, node in result["nodes"].items() if name != "web3")


def test_all_is_well_again(cluster: Cluster, tmp_path: Path) -> None:
    clean(cluster, tmp_path / "audit.json")
