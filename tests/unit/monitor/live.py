# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Two directors whose services speak to each other over TLS, with exporters that tell what their track files say."""

from __future__ import annotations

import contextlib
import functools
import logging
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from ha_web_monitor.configuration import Configuration
from ha_web_monitor.web import Service, create
from unit.monitor import cluster
from werkzeug.serving import BaseWSGIServer, make_server
from werkzeug.test import TestResponse

ADDRESSES = {"lvs1": "127.0.0.11", "lvs2": "127.0.0.12", "web1": "127.0.0.21", "web2": "127.0.0.22"}
ORIGIN = "https://10.0.0.100:9443"
Answerer = Callable[[str, bytes], tuple[int, str]]

logging.getLogger("werkzeug").setLevel(logging.ERROR)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.11", 0))
        return int(one.getsockname()[1])


@contextlib.contextmanager
def serving(address: str, port: int, answerer: Answerer) -> Iterator[None]:
    """Answer HTTP requests in a thread: the answerer gets the path and the body."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, text = answerer(self.path, body)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer((address, port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


@functools.cache
def _certificate(name: str) -> str:
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-keyout", "-", "-days", "2", "-subj", f"/CN={name}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def certificate(folder: Path, name: str) -> str:
    """A file with a key and its certificate."""
    path = folder / f"{name}.pem"
    path.write_text(_certificate(name))
    return str(path)


class Host:
    """A director: its files, its exporter, its service."""

    def __init__(self, name: str, folder: Path, changes: dict[str, Any]) -> None:
        self.name = name
        self.folder = folder
        folder.mkdir()
        self.configuration: Configuration = cluster.configuration(folder, node=name, **changes)
        self.app, self.service = create(self.configuration)
        self.told = cluster.MASTER if name == "lvs1" else cluster.BACKUP
        self.obeys = True
        self.listens: Callable[[Host], None] = lambda host: None
        self.server: BaseWSGIServer | None = None

    def track(self, name: str) -> Path:
        return self.folder / "track/servers/web" / name

    @property
    def standby(self) -> Path:
        return self.folder / "track/director/standby"

    def tracks(self) -> dict[str, int]:
        return {name: int(self.track(name).read_text()) for name in ("web1", "web2")}

    def exporter(self, _path: str, _body: bytes) -> tuple[int, str]:
        return 200, self.text()

    def text(self) -> str:
        """What its exporter says: keepalived does what the files say, unless it is told not to obey."""
        self.listens(self)
        if not self.obeys:
            return self.told.text()
        tracks = self.tracks()
        weights = {server: max(0, 1 + tracks[server[0]]) for server in (cluster.WEB_1, cluster.WEB_2)}
        weights = {server: weight for server, weight in weights.items() if self.told.checks[server[0]]}
        standby = int(self.standby.read_text())
        return self.told.but(tracks=tracks, weights=weights, standby=standby).text()


class Cluster:
    """All of it; the page is that of lvs1."""

    def __init__(self, hosts: dict[str, Host], ports: dict[str, int]) -> None:
        self.hosts = hosts
        self.ports = ports
        self.lvs1, self.lvs2 = hosts["lvs1"], hosts["lvs2"]
        self.cleared: list[tuple[str, bytes]] = []

    @property
    def service(self) -> Service:
        return self.lvs1.service

    @property
    def client(self) -> FlaskClient:
        return self.lvs1.app.test_client(use_cookies=False)

    def get(self, path: str, user: str = "admin") -> TestResponse:
        return self.client.get(path, headers={"X-Remote-User": user, "X-Real-IP": "192.0.2.7"})

    def post(self, fields: Any, *, user: str = "admin", without: str = "", **headers: str) -> TestResponse:
        sent = {
            "X-Remote-User": user,
            "X-Real-IP": "192.0.2.7",
            "X-HA-Web-Action": "1",
            "Origin": ORIGIN,
            "Host": ORIGIN.removeprefix("https://"),
            "Content-Type": "application/json",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        sent.pop(without, None)
        kind = "data" if isinstance(fields, bytes) else "json"
        return self.client.post("/api/actions", headers=sent, **{kind: fields})

    def act(self, action: str, target: str, **more: Any) -> TestResponse:
        token = self.get("/api/token").get_json()["token"]
        return self.post({"action": action, "target": target, "token": token, **more})

    def stop(self, host: Host) -> None:
        """End a director's agent."""
        if host.server:
            host.server.shutdown()
            host.server.server_close()
            host.server = None


@contextlib.contextmanager
def live(folder: Path, **changes: Any) -> Iterator[Cluster]:
    ports = {name: free_port() for name in ("node", "nginx", "apache", "opcache")}
    nodes = [{**one, "address": ADDRESSES.get(one["name"], "127.0.0.31")} for one in cluster.data(folder)["nodes"]]
    pinned = [certificate(folder, name) for name in ("lvs1", "lvs2")]
    (folder / "peers.pem").write_text("".join(Path(one).read_text() for one in pinned))
    own = {
        "port": free_port(),
        "nodes": nodes,
        "directors": [{"name": one["name"], "address": one["address"]} for one in nodes[:2]],
        "web_ports": ports,
        "peers_file": str(folder / "peers.pem"),
        "prometheus": f"http://127.0.0.1:{free_port()}",
        **changes,
    }
    hosts = {name: Host(name, folder / name, own) for name in ("lvs1", "lvs2")}
    made = Cluster(hosts, ports)
    with contextlib.ExitStack() as stack:
        for host, pem in zip(hosts.values(), pinned):
            stack.enter_context(serving(ADDRESSES[host.name], ports["node"], host.exporter))
            server = make_server(ADDRESSES[host.name], own["port"], host.app, threaded=True, ssl_context=(pem, pem))
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            host.server = server
            thread.start()
            stack.callback(thread.join)
            stack.callback(made.stop, host)
            stack.callback(host.service.scraper.close)
        yield made
