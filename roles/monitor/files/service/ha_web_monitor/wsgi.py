# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What gunicorn runs: ha_web_monitor.wsgi:application."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from types import FrameType

from .configuration import load
from .web import create

application, _service = create(load(os.environ["HA_WEB_MONITOR_CONFIG"]))


def _end_streams(number: int) -> None:
    """Let streams go as soon as the service is to end: gunicorn would wait for them in vain."""
    before = signal.getsignal(number)

    def handle(received: int, frame: FrameType | None) -> None:
        _service.scraper.close()
        if callable(before):
            call: Callable[[int, FrameType | None], object] = before
            call(received, frame)

    signal.signal(number, handle)


for _number in (signal.SIGTERM, signal.SIGQUIT):
    _end_streams(_number)
