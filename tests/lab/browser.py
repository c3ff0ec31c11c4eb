# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""A browser in the lab's own network namespace: an outside client of the cluster, as people are."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from .settings import NETNS

_PROGRAM = "/usr/bin/chromium"


@contextmanager
def chromium(hosts: Mapping[str, str]) -> Iterator[Browser]:
    """Run Debian's Chromium without a window, which finds the named hosts at the given addresses and no others."""
    with tempfile.TemporaryDirectory(prefix="ha-web-browser-") as folder, sync_playwright() as playwright:
        program = Path(folder, "chromium")
        # With an engine of the machine's own its nodes are reached from anywhere.
        inside = ["ip", "netns", "exec", NETNS] if Path("/run/netns", NETNS).exists() else []
        program.write_text(f'#!/bin/sh\nexec {shlex.join([*inside, _PROGRAM])} "$@"\n', encoding="utf-8")
        program.chmod(0o755)
        rules = [*(f"MAP {host} {address}" for host, address in hosts.items()), "MAP * ~NOTFOUND"]
        browser = playwright.chromium.launch(
            executable_path=program,
            # Root has no use for the sandbox.
            args=["--no-sandbox", f"--host-resolver-rules={', '.join(rules)}"],
        )
        try:
            yield browser
        finally:
            browser.close()
