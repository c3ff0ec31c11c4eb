# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The Graphic Monitor's page in a real browser, for tests: open a view, press a button."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Locator, Page, expect

from . import ipvs_table
from .browser import chromium
from .cluster import Cluster
from .monitor import Monitor
from .report import wait_for
from .settings import BUILD

SECONDS = 15_000
View = Callable[[str], Page]


@pytest.fixture(scope="module")
def browser(cluster: Cluster) -> Iterator[Browser]:
    """A browser that finds nothing but the VIP."""
    with chromium({cluster.vip: cluster.vip}) as found:
        yield found


@pytest.fixture(scope="module")
def pictures() -> Path:
    """Where screenshots go."""
    folder = BUILD / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def taken_back(cluster: Cluster, monitor: Monitor) -> Iterator[None]:
    """Whatever a test has ordered is taken back in the end."""
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
def look(
    browser: Browser, monitor: Monitor, operator: tuple[str, str], expected: list[str], taken_back: None
) -> Iterator[View]:
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

    def there(view: str) -> bool:
        try:
            page.goto(f"{monitor.origin}/#/{view}")
        except Error as error:
            # A browser that stands still for longer than nginx waits for its words, or a VIP that moves as the
            # directors stood still: a person would press reload.
            if "ERR_CONNECTION_RESET" not in error.message:
                raise
            print(f"{error.message}\n{monitor.cluster.last_words()}")
            return False
        return True

    def opened(view: str) -> Page:
        wait_for("the page", lambda: there(view), SECONDS / 1000)
        expect(page.locator("#verdict")).to_contain_text("olga, operator", timeout=SECONDS)
        return page

    yield opened
    context.close()
    strange = [one for one in complaints if not any(words in one for words in expected)]
    assert not strange, f"the browser complains: {strange}"
    foreign = [url for url in asked if not url.startswith((monitor.origin, "data:", "about:"))]
    assert not foreign, f"everything must be the cluster's own: {foreign}"


def confirm(page: Page, button: str) -> Locator:
    """Click a button, say yes, and return the dialog when it is done."""
    page.get_by_role("button", name=button, exact=True).first.click()
    dialog = page.locator("#action")
    dialog.locator(".primary").click()
    expect(dialog.get_by_role("button", name="Close")).to_be_visible(timeout=SECONDS)
    return dialog


def weights(cluster: Cluster, director: str) -> dict[str, int]:
    """Return the weights in the kernel of a director, by the real servers' addresses."""
    table = ipvs_table.parse(cluster.run(director, "ipvsadm -Sn"))
    return {name.split(":")[0]: one["weight"] for name, one in table[f"{cluster.endpoint}/tcp"]["servers"].items()}
