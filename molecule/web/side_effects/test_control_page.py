# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The control page in a real browser, through the VIP: whichever server answers, it shows and clears all of them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab.browser import chromium
from lab.cluster import Cluster
from lab.report import wait_for
from lab.settings import BUILD, REPO
from playwright.sync_api import Browser, Page, expect

HOST = "www.example.test"
CONTROL = f"https://{HOST}/caches/"
CREDENTIALS = {"username": "operator", "password": 'seen & "cleared": 100%'}
LOGIN = ("--user", f"{CREDENTIALS['username']}:{CREDENTIALS['password']}")
# More than a page of the table has.
FILES = 60
TREE = REPO / "tests/lab/php_tree.py"


@pytest.fixture(scope="module")
def browser(cluster: Cluster) -> Iterator[Browser]:
    for node in cluster.web:
        cluster.python(node, TREE, "/var/www/html/tree", FILES)
        # OPcache takes no file that is younger than two seconds.
        cluster.run(node, "find /var/www/html/tree -type f -exec touch --date=-1hour {} +")
    try:
        with chromium({HOST: cluster.vip}) as found:
            yield found
    finally:
        for node in cluster.web:
            cluster.run(node, "rm -r /var/www/html/tree")


@pytest.fixture
def control_url() -> str:
    return CONTROL


@pytest.fixture
def web_nodes(cluster: Cluster) -> list[str]:
    return cluster.web


@pytest.fixture(scope="module")
def pictures() -> Path:
    folder = BUILD / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def page(browser: Browser, cluster: Cluster, control_url: str) -> Iterator[Page]:
    for node in cluster.web:
        cluster.run(node, "curl --silent --fail --max-time 20 http://127.0.0.1:8080/tree/large.php")
    context = browser.new_context(
        base_url=control_url,
        ignore_https_errors=True,
        http_credentials=CREDENTIALS,
        viewport={"width": 1200, "height": 900},
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(control_url)
    yield page
    # Such as a style that the content security policy refuses.
    assert complaints == []
    context.close()


def scripts(page: Page) -> int:
    """How many scripts the chosen node caches, or how many were found."""
    shown = page.locator(".paging p").inner_text()
    return int(re.sub(r"\D", "", shown.rsplit(" of ", maxsplit=1)[-1]) or 0)


def column(page: Page, number: int) -> list[str]:
    return page.locator(f".scripts tbody td:nth-child({number})").all_inner_texts()


def row(page: Page, node: str) -> str:
    return page.locator(".nodes tbody tr").filter(has=page.get_by_role("link", name=node, exact=True)).inner_text()


def clear(page: Page, box: str, button: str) -> None:
    page.get_by_label(box).check()
    page.get_by_role("button", name=button).click()


def restarts(page: Page, node: str) -> int:
    page.goto(f"?node={node}")
    return int(page.locator("dt:text-is('Restarts') + dd").inner_text().split(",")[-1].split()[0])


def asked(cluster: Cluster, query: str, *options: str) -> tuple[int, str]:
    """What a program of the outside client gets, which may send what a browser does not: status and body."""
    resolve = f"{HOST}:443:{cluster.vip}"
    command = ["curl", "--silent", "--insecure", "--globoff", "--max-time", "20", "--resolve", resolve, *options]
    said = cluster.run(cluster.client, shlex.join([*command, "--write-out", "\n%{http_code}", CONTROL + query]))
    body, _newline, code = said.rpartition("\n")
    return int(code), body


def form(token: str, *options: str) -> tuple[str, ...]:
    return (*LOGIN, "--data-urlencode", f"token={token}", "--data", "what=all&sure=1", *options)


def wait_until_restarted(page: Page, node: str, times: int) -> None:
    """OPcache restarts when no request is at work with it."""
    wait_for(f"restart {times} of {node}", lambda: restarts(page, node) == times, 10)


def test_no_page_without_login(cluster: Cluster) -> None:
    for query in ("", "control.css", "?node=web1"):
        assert asked(cluster, query)[0] == 401
        assert asked(cluster, query, "--user", "operator:guessed")[0] == 401
    assert asked(cluster, "", "--data", "what=all&sure=1")[0] == 401


def test_figures_are_not_for_others(cluster: Cluster) -> None:
    for options in ((), LOGIN, ("--header", "X-Forwarded-For: 127.0.0.1")):
        assert asked(cluster, "metrics", *options)[0] == 404


def test_all_nodes_are_shown(page: Page, web_nodes: list[str], pictures: Path) -> None:
    expect(page.get_by_text("OPcache and APCu, in place of eAccelerator")).to_be_visible()
    for node in web_nodes:
        assert "serving" in row(page, node)
    assert page.locator(".nodes svg[role=img]").count() == len(web_nodes)
    # This one is in docs/pictures.
    page.screenshot(path=pictures / "eaccelerator-control.png")
    page.emulate_media(color_scheme="dark")
    page.screenshot(path=pictures / "control-dark.png", full_page=True)


def test_a_phone_shows_it_without_scrolling_sideways(page: Page, pictures: Path) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.screenshot(path=pictures / "control-phone.png", full_page=True)


def test_a_node_is_chosen(page: Page, web_nodes: list[str]) -> None:
    for node in web_nodes:
        page.get_by_role("link", name=node, exact=True).click()
        expect(page.get_by_role("heading", level=2, name=node, exact=True)).to_be_visible()
        assert scripts(page) > 50
        assert page.get_by_role("img", name="Memory of OPcache").is_visible()


def test_search(page: Page) -> None:
    everything = scripts(page)
    path = column(page, 1)[0]
    page.get_by_role("searchbox").fill(path)
    page.get_by_role("searchbox").press("Enter")
    assert path in column(page, 1)
    assert scripts(page) < everything
    page.get_by_role("searchbox").fill("\"><script>alert('x')</script>")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_text("No such script is cached")).to_be_visible()
    page.get_by_role("link", name="All", exact=True).click()
    assert scripts(page) > 50


def test_sort_and_page(page: Page) -> None:
    # Only the order of names stands still while the page itself is served.
    page.get_by_role("link", name="Script", exact=True).click()
    up = column(page, 1)
    assert len(up) == 50
    assert up == sorted(up)
    expect(page.locator("th[aria-sort=ascending]")).to_have_text("Script")
    page.get_by_role("link", name="Next").click()
    assert column(page, 1)[0] > up[-1]
    page.get_by_role("link", name="Previous").click()
    page.get_by_role("link", name="Script", exact=True).click()
    down = column(page, 1)
    assert down == sorted(down, reverse=True)
    page.get_by_role("link", name="Hits", exact=True).click()
    hits = [int(re.sub(r"\D", "", figure)) for figure in column(page, 2)]
    assert hits == sorted(hits, reverse=True)


def test_nothing_is_cleared_without_the_box(page: Page, web_nodes: list[str]) -> None:
    before = restarts(page, web_nodes[0])
    page.get_by_role("button", name="Clear all").click()
    expect(page.locator(".done")).to_have_count(0)
    assert restarts(page, web_nodes[0]) == before


def test_one_node_is_cleared(page: Page, web_nodes: list[str], pictures: Path) -> None:
    other, node = web_nodes[0], web_nodes[-1]
    kept = restarts(page, other)
    before = restarts(page, node)
    clear(page, f"Empty the caches of {node}", f"Clear {node}")
    assert page.locator(".done li").all_inner_texts() == [f"{node} was cleared"]
    page.screenshot(path=pictures / "control-cleared.png")
    wait_until_restarted(page, node, before + 1)
    assert scripts(page) < 50
    assert restarts(page, other) == kept
    assert scripts(page) > 50


def test_all_nodes_are_cleared(page: Page, web_nodes: list[str]) -> None:
    before = {node: restarts(page, node) for node in web_nodes}
    clear(page, f"Empty the caches of all {len(web_nodes)} web nodes", "Clear all")
    assert sorted(page.locator(".done li").all_inner_texts()) == sorted(f"{node} was cleared" for node in web_nodes)
    for node, times in before.items():
        wait_until_restarted(page, node, times + 1)


@pytest.mark.parametrize(
    "header",
    ["Origin: http://elsewhere.example", "Origin: null", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site"],
)
def test_a_form_from_elsewhere_is_refused(cluster: Cluster, page: Page, web_nodes: list[str], header: str) -> None:
    before = restarts(page, web_nodes[0])
    token = page.locator("input[name=token]").first.get_attribute("value") or ""
    assert asked(cluster, "", *form(token, "--header", header))[0] == 403
    assert restarts(page, web_nodes[0]) == before


def test_a_form_without_token_is_refused(cluster: Cluster, page: Page, web_nodes: list[str]) -> None:
    before = restarts(page, web_nodes[0])
    for token in ("", "1.2.3", "0." + "0" * 64 + "."):
        assert asked(cluster, "", *form(token))[0] == 403
    assert restarts(page, web_nodes[0]) == before


@pytest.mark.parametrize(
    ("query", "status"),
    [("node=nobody", 400), ("node[]=a", 400), ("q=%ff", 400), ("q=" + "a" * 300, 400), ("page=9999999999999999", 200)],
)
def test_bad_input(cluster: Cluster, query: str, status: int) -> None:
    code, body = asked(cluster, f"?{query}", *LOGIN)
    assert code == status
    assert not re.search("Warning|Notice|Deprecated|Fatal", body)
    assert asked(cluster, "", *LOGIN, "--request", "PUT")[0] == 405
