# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Serves the monitor's page as its front does, and answers for the service as a test wishes."""

from __future__ import annotations

import json
import mimetypes
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from unit.monitor_page import monitor_states as states

PAGE = Path(__file__).resolve().parents[3] / "roles/monitor/files/page"
# The strictest that there may be: nothing but files and answers of this server, and nothing inline.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
TICK = 0.1  # the service's is 2 s


@dataclass
class Monitor:
    """What is answered; a test changes it while the page looks."""

    state: states.State = field(default_factory=states.healthy)
    stream: str = "on"  # or "silent": nothing comes any more; or "refused": 503
    silent: bool = False  # so is everything else
    answers: dict[str, Any] = field(default_factory=dict)
    action: tuple[int, states.State] = (200, {"ok": True, "text": "Done.", "results": []})
    asked: list[str] = field(default_factory=list)
    actions: list[tuple[states.State, dict[str, str]]] = field(default_factory=list)
    address: str = ""

    def answer(self, path: str) -> tuple[int, Any]:
        """Return status and body for a question."""
        address = urlsplit(path)
        name = address.path.removeprefix("/api/")
        query = parse_qs(address.query)
        if name == "state":
            return 200, self.news()
        if name in self.answers:
            return 200, self.answers[name]
        if name == "history":
            return 200, states.history(query["chart"][0])
        known = {
            "timeline": states.timeline,
            "configuration": states.configuration,
            "audit": states.audit,
            "token": lambda: {"token": "once", "expires": time.time() + 120},
        }
        return (200, known[name]()) if name in known else (404, {"error": f"there is no {name}"})

    def news(self) -> states.State:
        """Return the state as of now."""
        return {**self.state, "at": time.time()}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    monitor: Monitor

    def log_message(self, format: str, *args: Any) -> None:
        """Be quiet."""

    def do_GET(self) -> None:
        self.monitor.asked.append(self.path)
        if not self.path.startswith("/api/"):
            self._file()
        elif self.monitor.silent:
            time.sleep(30)
        elif self.path == "/api/stream":
            self._stream()
        else:
            self._json(*self.monitor.answer(self.path))

    def do_POST(self) -> None:
        self.monitor.asked.append(self.path)
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.monitor.actions.append((body, dict(self.headers)))
        self._json(*self.monitor.action)

    def _file(self) -> None:
        path = PAGE / (urlsplit(self.path).path.lstrip("/") or "index.html")
        if not path.is_file():
            self._json(404, {"error": f"no {path}"})
            return
        self._send(200, mimetypes.guess_type(path)[0] or "text/plain", path.read_bytes())

    def _json(self, status: int, body: Any) -> None:
        self._send(status, "application/json", json.dumps(body).encode())

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        # As many tests as there are read the same files.
        self.send_header("Cache-Control", "no-store" if kind == "application/json" else "max-age=600")
        self.end_headers()
        self.wfile.write(body)

    def _stream(self) -> None:
        if self.monitor.stream == "refused":
            self._json(503, {"error": "too many watch already"})
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        try:
            while self.monitor.stream != "refused":
                if self.monitor.stream == "on":
                    self.wfile.write(f"event: state\ndata: {json.dumps(self.monitor.news())}\n\n".encode())
                time.sleep(TICK)
        except OSError:
            pass  # the page has gone


@contextmanager
def serving() -> Iterator[Callable[[], Monitor]]:
    """Serve the page on the loopback; each call of what is yielded begins anew."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)

    def anew() -> Monitor:
        _Handler.monitor = Monitor(address=f"http://127.0.0.1:{server.server_port}")
        return _Handler.monitor

    server.daemon_threads = True
    server.block_on_close = False
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield anew
    finally:
        server.shutdown()
        server.server_close()
