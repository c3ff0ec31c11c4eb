# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What the tests of the monitor's page share."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

Look = Callable[..., Page]


def go(page: Page, view: str) -> None:
    """Show another view, with all that it asks for."""
    page.evaluate(
        """(hash) => location.hash === hash || new Promise((shown) => {
            addEventListener('hashchange', shown, { once: true });
            location.hash = hash;
        })""",
        f"#/{view}",
    )
    expect(page.locator("#main")).not_to_contain_text("Asking")
