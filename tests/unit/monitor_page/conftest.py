# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""A browser that looks at the monitor's page, and must find nothing to complain of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from unit.monitor_page.looking import Look
from unit.monitor_page.monitor_server import Monitor, serving

# Other tests may have the machine to themselves for seconds. That something never comes is found all the same.
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # Root has no use for the sandbox.
        found = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="session")
def served() -> Iterator[Callable[[], Monitor]]:
    with serving() as anew:
        yield anew


@pytest.fixture
def monitor(served: Callable[[], Monitor]) -> Monitor:
    return served()


@pytest.fixture
def expected() -> list[str]:
    """What the browser may complain of: the test adds to it."""
    return []


@pytest.fixture(scope="session")
def contexts() -> dict[str, BrowserContext]:
    """By their options: what one test has loaded the next need not."""
    return {}


@pytest.fixture
def look(
    browser: Browser, contexts: dict[str, BrowserContext], monitor: Monitor, expected: list[str]
) -> Iterator[Look]:
    """Open the page; at the end nothing is in its console and nobody else was asked."""
    complaints: list[str] = []
    elsewhere: list[str] = []
    pages: list[Page] = []

    def open_page(view: str = "", width: int = 1280, *, clock: bool = False, **options: Any) -> Page:
        # A clock that the test turns is that of all pages of its context.
        key = f"{clock} {options}"
        if key not in contexts:
            contexts[key] = browser.new_context(**options)
        page = contexts[key].new_page()
        pages.append(page)
        page.set_default_timeout(PATIENCE_MS)
        if clock:
            page.clock.install()
        page.set_viewport_size({"width": width, "height": 900})
        page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda one: None if one.url.startswith(monitor.address) else elsewhere.append(one.url))
        page.goto(f"{monitor.address}/#/{view}")
        page.locator("#main > *").first.wait_for()
        return page

    yield open_page
    for page in pages:
        page.evaluate("localStorage.clear()")
        page.close()
    assert [one for one in complaints if not any(words in one for words in expected)] == []
    assert elsewhere == []
