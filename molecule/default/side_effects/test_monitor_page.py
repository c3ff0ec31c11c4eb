# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The page in a real browser outside the cluster, which finds it at the VIP."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab import playbook
from lab.clients import Clients, Mix
from lab.cluster import Cluster
from lab.drift import injected, kept
from lab.monitor import Monitor
from lab.monitor_page import SECONDS, View, confirm, weights
from lab.report import wait_for
from lab.settings import REPO
from playwright.sync_api import Browser, Error, expect


def restarts(cluster: Cluster, node: str) -> int:
    """How often a web server's opcode cache was emptied, as its figures say to a director."""
    figures = cluster.run("lvs1", f"curl --silent --fail http://{cluster.address(node)}:9145/opcache")
    lines = [line for line in figures.splitlines() if line.startswith("ha_web_opcache_restarts_total")]
    return sum(int(line.split()[-1]) for line in lines)


def test_no_page_without_login(browser: Browser, monitor: Monitor) -> None:
    context = browser.new_context(ignore_https_errors=True)
    with pytest.raises(Error, match="ERR_INVALID_AUTH_CREDENTIALS"):
        context.new_page().goto(monitor.origin)
    context.close()


def test_it_shows_what_there_is(look: View, cluster: Cluster, pictures: Path) -> None:
    page = look("")
    expect(page.locator("#verdict")).to_contain_text("All is well", timeout=SECONDS)
    for name in (*cluster.directors, *cluster.web, "store1"):
        expect(page.locator("svg.topology").get_by_text(name, exact=True)).to_be_visible()
    with Clients(cluster, Mix(rate=20, kept=4, downloads=0)) as clients:
        clients.keep_on_for(6)
        page.screenshot(path=pictures / "monitor-overview.png", full_page=True)
        page.emulate_media(color_scheme="dark")
        page.screenshot(path=pictures / "monitor-dark.png", full_page=True)
        page.set_viewport_size({"width": 360, "height": 780})
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        page.screenshot(path=pictures / "monitor-phone.png")


def test_weight_by_click(look: View, cluster: Cluster) -> None:
    page = look("server/web3")
    page.get_by_role("button", name="Weight web3", exact=True).click()
    page.locator("#action").get_by_label("Weight").fill("5")
    page.locator("#action .primary").click()
    expect(page.locator("#action").get_by_role("button", name="Close")).to_be_visible(timeout=SECONDS)
    assert [weights(cluster, node)[cluster.address("web3")] for node in cluster.directors] == [5, 5]
    page.keyboard.press("Escape")
    confirm(page, "Restore web3")
    assert [weights(cluster, node)[cluster.address("web3")] for node in cluster.directors] == [1, 1]


def test_clear_by_click(look: View, cluster: Cluster, monitor: Monitor) -> None:
    for node in cluster.web:
        cluster.run(node, "curl --silent --fail --max-time 20 http://127.0.0.1:8080/index.php")

    def scripts() -> list[int]:
        return [one["opcache"]["scripts"] for one in monitor.state()["web"]]

    wait_for("cached scripts", lambda: min(scripts()) > 0, 20)
    before = [restarts(cluster, node) for node in cluster.web]
    dialog = confirm(look(""), "Clear all caches")
    expect(dialog.locator("li")).to_have_count(len(cluster.web))
    expect(dialog).not_to_contain_text("failed")
    for node, number in zip(cluster.web, before, strict=True):
        wait_for(
            f"the restart of {node}'s cache", lambda node=node, number=number: restarts(cluster, node) > number, 10
        )


def test_drain_by_keyboard(look: View, cluster: Cluster) -> None:
    page = look("server/web1")
    button = page.get_by_role("button", name="Drain web1", exact=True)
    expect(button).to_be_visible()
    for _press in range(60):
        page.keyboard.press("Tab")
        if button.evaluate("one => one === document.activeElement"):
            break
    page.keyboard.press("Enter")
    dialog = page.locator("#action")
    expect(dialog).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("button", name="Close")).to_be_visible(timeout=SECONDS)
    assert [weights(cluster, node)[cluster.address("web1")] for node in cluster.directors] == [0, 0]
    page.keyboard.press("Escape")
    confirm(page, "Restore web1")


def test_the_last_server_stays(look: View, cluster: Cluster, monitor: Monitor) -> None:
    for node in ("web2", "web3"):
        assert monitor.act("drain", node).status == 200
    reply = monitor.act("drain", "web1")
    assert reply.status == 409 and "web1" in reply.error
    assert weights(cluster, "lvs1")[cluster.address("web1")] == 1
    page = look("")
    expect(page.locator("#verdict")).to_contain_text("last server", timeout=SECONDS)


def test_time_line_shows_who_did_what(look: View, cluster: Cluster, monitor: Monitor, pictures: Path) -> None:
    for action, target in ("drain", "web1"), ("restore", "web1"), ("switchover", "lvs1"):
        assert monitor.act(action, target).status == 200
    wait_for("lvs2 as holder", lambda: cluster.the_holder() == "lvs2", 20)
    page = look("timeline")
    expect(page.locator("main")).to_contain_text("olga", timeout=SECONDS)
    for words in ("switchover", "drain"):
        expect(page.locator("main")).to_contain_text(words)
    page.screenshot(path=pictures / "monitor-timeline.png")


def test_views(look: View, cluster: Cluster, pictures: Path) -> None:
    page = look("history")
    expect(page.locator("main .uplot").first).to_be_visible(timeout=SECONDS)
    page.screenshot(path=pictures / "monitor-history.png", full_page=True)
    page = look("server/web1")
    expect(page.locator("main .uplot").first).to_be_visible(timeout=SECONDS)
    page.screenshot(path=pictures / "monitor-server.png", full_page=True)
    page = look("configuration")
    expect(page.locator("main")).to_contain_text("virtual_server", timeout=SECONDS)


def test_drift_of_the_last_audit(look: View, cluster: Cluster) -> None:
    for node in cluster.directors:
        cluster.run(node, "rm --force /var/lib/ha-web-monitor/audit.json")
    page = look("audit")
    expect(page.locator("main")).to_contain_text("never", timeout=SECONDS, ignore_case=True)
    page.goto("about:blank")
    edit = f"ipvsadm --edit-server -t {cluster.vip}:80 -r {cluster.address('web3')}:80 -g -w"
    with injected(cluster, [kept("lvs2", f"{edit} 9", f"{edit} 1")]):
        playbook.refused(cluster.engine, cluster.inventory, REPO / "playbooks/audit.yml")
    page = look("audit")
    expect(page.locator("main")).to_contain_text("web3", timeout=SECONDS)
    expect(page.locator("main")).to_contain_text("9")
