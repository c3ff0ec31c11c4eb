# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The last of this scenario: the Graphic Monitor goes, and leaves nothing behind."""

from __future__ import annotations

from lab import playbook
from lab.cluster import Cluster
from lab.settings import REPO

WITHOUT = '{"ha_web_monitor": false}'
TRACES = (
    "ls -d /etc/ha-web-monitor /etc/ha-web-exporter /usr/lib/ha-web-* /usr/share/ha-web-* /var/lib/ha-web-monitor"
    " /var/log/ha-web-monitor /var/lib/ha-web-exporter /etc/systemd/system/ha-web-*monitor*"
    " /etc/systemd/system/*/ha-web-*monitor* /etc/systemd/system/prometheus* /etc/nginx/ha-web.d/exporter.conf"
    " /run/ha-web/*.fifo 2>/dev/null;"
    " ss --no-header --listening --tcp --numeric | grep -E ':(9090|9100|9113|9117|9145|9443) ';"
    " getent passwd ha-web-monitor ha-web-exporter; true"
)


def test_it_goes(cluster: Cluster) -> None:
    playbook.changes(cluster.engine, cluster.inventory, REPO / "playbooks/site.yml", "--extra-vars", WITHOUT)
    left = {node: cluster.run(node, TRACES) for node in cluster.nodes if node != cluster.client}
    assert left == dict.fromkeys(left, "")
    assert "fifo" not in cluster.run("lvs1", "cat /etc/keepalived/*.conf")
