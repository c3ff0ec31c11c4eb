# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What the tests of the monitor's page share."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page

Look = Callable[..., Page]


def go(page: Page, view: str) -> None:
    """Show another view."""
    page.evaluate("(view) => { location.hash = `#/${view}`; }", view)
