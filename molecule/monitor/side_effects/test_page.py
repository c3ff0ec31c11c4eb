# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The page in a real browser outside the cluster, which finds it at the VIP, and what its buttons do to traffic."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lab import ipvs_table, playbook
from lab.browser import chromium
from lab.clients import DOWNLOAD_NUMBERS, NEW, Clients, Mix
from lab.cluster import Cluster
from lab.monitor import Monitor
from lab.report import wait_for
from lab.settings import BUILD, REPO
from playwright.sync_api import Browser, Error, Locator, Page, expect

SECONDS = 15_000
View = Callable[[str], Page]


@pytest.fixture(scope="module")
def browser(cluster: Cluster) -> Iterator[Browser]:
    with chromium({cluster.vip: cluster.vip}) as found:
        yield found


@pytest.fixture(scope="module")
def pictures() -> Path:
    folder = BUILD / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="module", autouse=True)
def downloads(cluster: Cluster) -> Iterator[None]:
    for node in cluster.web:
        cluster.run(node, f"seq {DOWNLOAD_NUMBERS} > /var/www/html/download.txt")
    yield
    for node in cluster.web:
        cluster.run(node, "rm /var/www/html/download.txt")


@pytest.fixture(autouse=True)
def well(cluster: Cluster, monitor: Monitor) -> Iterator[None]:
    """Whatever a test has ordered is taken back."""
    yield
    state = monitor.state()
    for server in state["services"][0]["servers"]:
        if server["state"] != "up":
            monitor.act("restore", server["name"])
    for director in state["directors"]:
        if director["standby"]:
            monitor.act("switchback", director["name"])
    cluster.wait_until_healthy(60)


@pytest.fixture
def expected() -> list[str]:
    """What a browser may complain of."""
    return []


@pytest.fixture
def look(browser: Browser, monitor: Monitor, operator: tuple[str, str], expected: list[str]) -> Iterator[View]:
    """Open a view, logged in."""
    context = browser.new_context(
        ignore_https_errors=True,
        http_credentials={"username": operator[0], "password": operator[1]},
        viewport={"width": 1440, "height": 1000},
    )
    page = context.new_page()
    complaints: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: asked.append(request.url))

    def opened(view: str) -> Page:
        page.goto(f"{monitor.origin}/#/{view}")
        expect(page.locator("#verdict")).to_contain_text("olga, operator", timeout=SECONDS)
        return page

    yield opened
    context.close()
    assert [one for one in complaints if not any(words in one for words in expected)] == []
    assert all(url.startswith((monitor.origin, "data:")) for url in asked), "everything is the cluster's own"


def confirm(page: Page, button: str) -> Locator:
    """Click a button, say yes, and return the dialog when it is done."""
    page.get_by_role("button", name=button, exact=True).first.click()
    dialog = page.locator("#action")
    dialog.locator(".primary").click()
    expect(dialog.get_by_role("button", name="Close")).to_be_visible(timeout=SECONDS)
    return dialog


def weights(cluster: Cluster, director: str) -> dict[str, int]:
    table = ipvs_table.parse(cluster.run(director, "ipvsadm -Sn"))
    return {name.split(":")[0]: one["weight"] for name, one in table[f"{cluster.endpoint}/tcp"]["servers"].items()}


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
    with Clients(cluster, Mix(rate=20, kept=4, downloads=3)) as clients:
        clients.keep_on_for(6)
        page.screenshot(path=pictures / "monitor-overview.png", full_page=True)
        page.emulate_media(color_scheme="dark")
        page.screenshot(path=pictures / "monitor-dark.png", full_page=True)
        page.set_viewport_size({"width": 360, "height": 780})
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        page.screenshot(path=pictures / "monitor-phone.png")


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


def test_time_line_shows_who_did_what(look: View, cluster: Cluster, pictures: Path) -> None:
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
    cluster.run("lvs2", f"ipvsadm --edit-server -t {cluster.vip}:80 -r {cluster.address('web3')}:80 -g -w 9")
    try:
        playbook.refused(cluster.engine, cluster.inventory, REPO / "playbooks/audit.yml")
    finally:
        cluster.run("lvs2", f"ipvsadm --edit-server -t {cluster.vip}:80 -r {cluster.address('web3')}:80 -g -w 1")
    page = look("")
    page = look("audit")
    expect(page.locator("main")).to_contain_text("web3", timeout=SECONDS)
    expect(page.locator("main")).to_contain_text("9")
