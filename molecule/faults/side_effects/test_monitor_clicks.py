# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What the buttons of the Graphic Monitor do to traffic: no request fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lab.clients import DOWNLOAD_NUMBERS, NEW, Clients, Mix
from lab.cluster import Cluster
from lab.monitor_page import SECONDS, View, confirm, weights
from lab.report import wait_for
from playwright.sync_api import expect


@pytest.fixture(scope="module", autouse=True)
def downloads(cluster: Cluster) -> Iterator[None]:
    for node in cluster.web:
        cluster.run(node, f"seq {DOWNLOAD_NUMBERS} > /var/www/html/download.txt")
    yield
    for node in cluster.web:
        cluster.run(node, "rm /var/www/html/download.txt")


def test_drain_by_click_and_traffic_moves(look: View, cluster: Cluster, pictures: Path) -> None:
    page = look("")
    web2 = cluster.address("web2")
    with Clients(cluster, Mix(rate=30, kept=6, downloads=4)) as clients:
        dialog = confirm(page, "Drain web2 in web")
        expect(dialog).to_contain_text("lvs1")
        page.screenshot(path=pictures / "monitor-drain.png")
        dialog.get_by_role("button", name="Close").click()
        assert [weights(cluster, node)[web2] for node in cluster.directors] == [0, 0]
        expect(page.locator("tr[data-key=web2]").first).to_contain_text("drained", timeout=SECONDS)
        drained_at = float(cluster.run(cluster.client, "date +%s.%N"))
        clients.keep_on_for(8)
        seen = clients.seen()
        assert len([one for one in seen.of(NEW) if one.at > drained_at + 1]) > 100
        assert seen.last_of("web2") < drained_at + 1
        confirm(page, "Restore web2 in web").get_by_role("button", name="Close").click()
        assert [weights(cluster, node)[web2] for node in cluster.directors] == [1, 1]
        expect(page.locator("tr[data-key=web2]").first).to_contain_text("up", timeout=SECONDS)
        wait_for("requests to it", lambda: clients.seen().last_of("web2") > drained_at + 5, 20)
    seen = clients.seen()
    print(seen.words("drained and restored by clicks"))
    assert not seen.failed()


def test_switchover_and_back_by_click(look: View, cluster: Cluster, expected: list[str]) -> None:
    # The page's own connection ends with the VIP's move; it makes another.
    expected.append("net::ERR_CONNECTION_RESET")
    page = look("")
    with Clients(cluster, Mix(rate=30, kept=6, downloads=4)) as clients:
        confirm(page, "Switch over lvs1").get_by_role("button", name="Close").click()
        wait_for("lvs2 as holder", lambda: cluster.the_holder() == "lvs2", 10)
        # The page has come with the VIP.
        expect(page.locator("#verdict")).to_contain_text("lvs2", timeout=SECONDS)
        page = look("")
        confirm(page, "Switch back lvs1").get_by_role("button", name="Close").click()
        wait_for("lvs1 as holder", lambda: cluster.the_holder() == "lvs1", 20)
        clients.keep_on_for(2)
    seen = clients.seen()
    print(seen.words("switched over and back by clicks"))
    assert not seen.failed()
    cluster.wait_until_healthy(30)
