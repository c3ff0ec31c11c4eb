# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What a person reads while the lab works: numbered steps, what each waits for, how long it took."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


class LabError(Exception):
    """A failure the user can act on; its text is one clear line that names the remedy."""


def say(text: str = "") -> None:
    """Print a line at once, also into a pipe."""
    print(text, flush=True)


class Steps:
    """Numbered steps of one command: ``[2/6] engine      what ........ 12 s``."""

    def __init__(self, total: int, done: int = 0) -> None:
        self.total = total
        self.number = done

    @contextmanager
    def step(self, name: str) -> Iterator[Callable[[str], None]]:
        """Yield a function that says what the step is doing; print the time at the end."""
        self.number += 1
        head = f"[{self.number}/{self.total}] {name:<11}"
        started = time.monotonic()
        said: list[str] = []

        def detail(text: str) -> None:
            said.append(text)
            if sys.stdout.isatty():
                print(f"\r\033[K{head} {text} ...", end="", flush=True)
            else:
                say(f"{head} {text} ...")

        try:
            yield detail
        except BaseException:
            if sys.stdout.isatty():
                print(flush=True)
            raise
        text = said[-1] if said else ""
        end = "\r\033[K" if sys.stdout.isatty() else ""
        say(f"{end}{head} {text} ".ljust(72 + len(end), ".") + f" {time.monotonic() - started:.0f} s")


def wait_for(what: str, condition: Callable[[], T | None], seconds: float, every: float = 0.2) -> T:
    """Poll ``condition`` until it gives something true, and leave the machine to others for most of the time.

    Raises:
        LabError: not within ``seconds``; names ``what`` was waited for.
    """
    deadline = time.monotonic() + seconds
    while True:
        asked = time.monotonic()
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise LabError(f"waited {seconds:g} s in vain for {what}")
        time.sleep(max(every, min(1.0, 4 * (time.monotonic() - asked))))


def plain_terminal() -> None:
    """Keep tools we call from drawing escape sequences into a log."""
    if not sys.stdout.isatty():
        os.environ.setdefault("NO_COLOR", "1")
