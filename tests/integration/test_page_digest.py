# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The module page_digest beside keepalived's genhash, and its digests in keepalived's own checks."""

from __future__ import annotations

import re
import socketserver
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

Module = Callable[..., dict[str, Any]]

# Of the interface hw0. IPVS may balance over the machine itself.
ADDRESS = "10.9.0.1"
VIP = "10.9.0.100"
PORTS = {"http": 9080, "https": 9443}
NGINX = {"http": 9180, "https": 9543}
TEXT = b"<p>One page</p>\n"
BINARY = bytes(range(256)) * 3
LARGE = bytes(index % 251 for index in range(1 << 20))


def ok(content: bytes, *headers: str, status: str = "200 OK", version: str = "1.1") -> bytes:
    return "\r\n".join([f"HTTP/{version} {status}", *headers, "", ""]).encode() + content


def sized(content: bytes) -> bytes:
    return ok(content, f"Content-Length: {len(content)}")


def chunked(content: bytes, size: int) -> bytes:
    chunks = [content[start : start + size] for start in range(0, len(content), size)]
    framed = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in [*chunks, b""])
    return ok(framed, "Transfer-Encoding: chunked")


# By path, what a server sends, in these pieces.
ANSWERS: dict[str, list[bytes]] = {
    "/text": [sized(TEXT)],
    "/http-1.0": [ok(TEXT, version="1.0")],
    "/until-closed": [ok(TEXT)],
    "/chunked": [chunked(TEXT, 5)],
    "/empty": [sized(b"")],
    "/empty-until-closed": [ok(b"")],
    "/binary": [sized(BINARY)],
    "/large": [sized(LARGE)],
    "/large-chunked": [chunked(LARGE, 10000)],
    "/content-after-its-header": [sized(TEXT)[: -len(TEXT)], TEXT],
    "/header-in-two": [sized(TEXT)[: -len(TEXT) - 1], b"\n" + TEXT],
    "/content-in-two": [sized(TEXT)[:-3], TEXT[-3:]],
    "/longer-than-said": [ok(TEXT, "Content-Length: 3")],
    "/longer-than-said-in-two": [ok(TEXT[:5], "Content-Length: 8"), TEXT[5:]],
    "/shorter-than-said": [ok(TEXT, "Content-Length: 99")],
    "/small-letters": [ok(TEXT, "content-length: 3")],
    "/other-header": [ok(TEXT, "X-Content-Length: 3", f"Content-Length: {len(TEXT)}")],
    "/large-header": [ok(TEXT, f"A: {'y' * 3900}")],
    "/empty-lines-in-content": [sized(b"a\r\n\r\nb\r\n\r\nc")],
}
REFUSED: dict[str, tuple[list[bytes], str]] = {
    "/nothing": ([], "closed the connection before the end of a header"),
    "/newlines-alone": ([b"HTTP/1.1 200 OK\n\nhello"], "closed the connection before the end of a header"),
    "/too-large-header": ([ok(TEXT, f"A: {'y' * 4090}")], "its header is larger than 4095 bytes"),
}
LEFT_OPEN = "/left-open"
# What keepalived's check refuses for its status alone; genhash does not look at it.
STATUSES = {
    "/moved": [ok(TEXT, "Location: /text", f"Content-Length: {len(TEXT)}", status="302 Found")],
    "/missing": [ok(TEXT, f"Content-Length: {len(TEXT)}", status="404 Not Found")],
    "/continue": [b"HTTP/1.1 100 Continue\r\n\r\n" + sized(TEXT)],
}


class Site(NamedTuple):
    """What is served, and what was asked for."""

    answers: dict[str, list[bytes]]
    requests: list[bytes]


class Handler(socketserver.BaseRequestHandler):
    """Answers as the site says, and closes the connection; after LEFT_OPEN it leaves that to the client."""

    def handle(self) -> None:
        received = b""
        while b"\r\n\r\n" not in received:
            if not (data := self.request.recv(4096)):
                return
            received += data
        site: Site = self.server.site  # type: ignore[attr-defined]
        site.requests.append(received)
        for place, piece in enumerate(site.answers.get(received.split()[1].decode(), [])):
            if place:
                # So long that the pieces do not arrive as one.
                time.sleep(0.05)
            self.request.sendall(piece)
        if received.split()[1].decode() == LEFT_OPEN:
            self.request.recv(1)


class Server(socketserver.ThreadingTCPServer):
    """With TLS where it has a certificate."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, site: Site, certificate: Path | None = None) -> None:
        self.site = site
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if certificate else None
        if self.context and certificate:
            self.context.load_cert_chain(certificate)
        super().__init__((ADDRESS, port), Handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """In the connection's own thread."""
        request = self.context.wrap_socket(request, server_side=True) if self.context else request
        super().finish_request(request, client_address)
        if self.context:
            request.unwrap()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who leaves early is no error."""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with a key and a certificate that nobody trusts."""
    file: Path = tmp_path_factory.mktemp("certificate") / "both.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=nobody"]
    subprocess.run([*command, "-keyout", file, "-out", f"{file}.crt"], check=True, capture_output=True)
    file.write_text(file.read_text() + Path(f"{file}.crt").read_text())
    return file


@pytest.fixture
def site(certificate: Path) -> Iterator[Site]:
    """Serve all answers over HTTP and HTTPS."""
    found = Site({**ANSWERS, **STATUSES, **{path: pieces for path, (pieces, _why) in REFUSED.items()}}, [])
    servers = [Server(PORTS["http"], found), Server(PORTS["https"], found, certificate)]
    for server in servers:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield found
    for server in servers:
        server.shutdown()
        server.server_close()


def page(path: str, kind: str = "http", port: int = 0, host: str = "", **more: Any) -> dict[str, Any]:
    server = {"name": "web1", "address": ADDRESS, "port": port or PORTS[kind], "host": host}
    return {"name": f"{kind} {path}", "type": kind, "path": path, "timeout": 5, "servers": [server], **more}


def genhash(path: str, kind: str = "http", port: int = 0, host: str = "", **more: int) -> str:
    sni, timeout = more.get("sni", False), more.get("timeout", 5)
    command = ["genhash", "-t", str(timeout), "-s", ADDRESS, "-p", str(port or PORTS[kind]), "-u", path]
    command += ["-S"] * (kind == "https") + ["-V", host] * bool(host) + ["-I"] * sni
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.stdout.strip()


@pytest.mark.parametrize("python", ["python3", "python3.9", "python3.13"])
def test_equal_to_genhash(module: Module, site: Site, python: str) -> None:
    kinds = ("http", "https")
    pages = [page(path, kind) for kind in kinds for path in ANSWERS]
    result = module("page_digest", pages=pages, python=python)
    assert not result.get("failed"), result
    expected = {f"{kind} {path}": genhash(path, kind) for kind in kinds for path in ANSWERS}
    assert all(re.fullmatch("[0-9a-f]{32}", digest) for digest in expected.values()), expected
    assert result["digests"] == expected
    assert not result["changed"]


def test_same_request_as_genhash(module: Module, site: Site) -> None:
    for host in ("", "www.example.org"):
        genhash("/text?a=b", host=host)
        module("page_digest", pages=[page("/text?a=b", host=host, retries=0)])
    of_genhash, of_module, of_genhash_with_host, of_module_with_host = site.requests
    assert of_genhash == of_module
    assert of_genhash_with_host == of_module_with_host
    assert b"Host: www.example.org\r\n" in of_module_with_host


@pytest.mark.parametrize("path", REFUSED)
def test_refused_as_by_genhash(module: Module, site: Site, path: str) -> None:
    assert genhash(path) == "no data received from remote webserver"
    result = module("page_digest", pages=[page(path)])
    assert result["msg"] == (
        "1 error in the pages that checks compare; nothing was changed.\n"
        f"  http {path} ({path}): no server shows the page: web1 {REFUSED[path][1]}.\n"
        "      Deploy the web servers first, and let the page be there on one of them."
    )


def test_connection_that_stays_open(module: Module, site: Site) -> None:
    site.answers[LEFT_OPEN] = [sized(TEXT)]
    assert genhash(LEFT_OPEN, timeout=1) == "Timeout HTTP read"
    result = module("page_digest", pages=[page(LEFT_OPEN, timeout=0.5, retries=0)])
    assert "web1 keeps the connection open after its answer, whose end keepalived waits for." in result["msg"]


def test_servers_that_do_not_show_it(module: Module, site: Site) -> None:
    shown, missing = page("/text"), page("/missing")
    others = [{**shown["servers"][0], "name": name, "port": port} for name, port in (("web2", 1), ("web3", 2))]
    assert module("page_digest", pages=[{**shown, "servers": [*others, *shown["servers"]]}])["digests"]
    servers = [*others[:1], *missing["servers"]]
    finding = "web2 connection refused; web1 answers with the status 404."
    result = module("page_digest", pages=[{**missing, "servers": servers}])
    assert finding in result["msg"]
    result = module("page_digest", pages=[shown, {**missing, "servers": servers}], check=True)
    assert result["digests"] == {"http /text": genhash("/text"), "http /missing": "0" * 32}
    assert finding in str(result["warnings"])


def test_pages_that_differ(module: Module, site: Site) -> None:
    pages = [{**page("/text"), "servers": [page("/")["servers"][0], {**page("/")["servers"][0], "name": "web2"}]}]
    assert module("page_digest", pages=pages)["digests"] == {"http /text": genhash("/text")}
    other = Site({"/text": [sized(b"other")]}, [])
    with Server(9081, other) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        pages[0]["servers"][1]["port"] = 9081
        for check in (False, True):
            assert "the servers' pages differ: " in module("page_digest", pages=pages, check=check)["msg"]
        server.shutdown()


@contextmanager
def nginx(folder: Path, certificate: Path) -> Iterator[None]:
    """Run a real web server with two virtual hosts, by the Host header and by the name in TLS."""
    blocks = []
    for name in ("first.example.org", "second.example.org"):
        (folder / name).mkdir()
        (folder / name / "page.html").write_text(f"This is {name}.\n" * 1000)
        tls = f"ssl_certificate {certificate}; ssl_certificate_key {certificate};"
        listen = f"listen {ADDRESS}:{NGINX['http']}; listen {ADDRESS}:{NGINX['https']} ssl;"
        blocks.append(f"server {{ {listen} server_name {name}; root {folder / name}; gzip on; {tls} }}")
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"daemon off; user root; pid {folder}/pid; error_log stderr;\n"
        f"events {{}}\nhttp {{ access_log off; {' '.join(blocks)} }}\n"
    )
    with subprocess.Popen(["nginx", "-c", configuration], stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()


def test_virtual_hosts_of_nginx(module: Module, certificate: Path, tmp_path: Path) -> None:
    with nginx(tmp_path, certificate):
        for kind, port in NGINX.items():
            found = []
            for host in ("first.example.org", "second.example.org"):
                asked = page("/page.html", kind, port, host, sni=kind == "https", retries=20)
                digest = module("page_digest", pages=[asked])["digests"][f"{kind} /page.html"]
                assert digest == genhash("/page.html", kind, port, host, sni=kind == "https")
                found.append(digest)
            assert found[0] != found[1]


# keepalived

# Without an id it would look for the machine's name, which no name server here knows.
_GLOBAL = """
global_defs {
    router_id lvs1
}
"""
_CHECK = """
virtual_server {vip} {port} {{
    protocol tcp
    lvs_sched rr
    lvs_method NAT
    alpha
    delay_loop 0.2
    connect_timeout 5
    retry 0
    real_server {address} {real_port} {{
        {checker} {{
            url {{
                path {path}
                digest {digest}
                {status}
            }}
        }}
    }}
}}
"""


@contextmanager
def keepalived(folder: Path, configuration: str) -> Iterator[None]:
    """Run keepalived's checkers."""
    file = folder / "keepalived.conf"
    file.write_text(configuration)
    pids = [f"--pid={folder}/pid", f"--checkers_pid={folder}/checkers"]
    command = ["keepalived", "--dont-fork", "--check", f"--use-file={file}", *pids]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()


def let_in(saved: Callable[[], str]) -> set[int]:
    """Return the ports of the virtual servers that have a real server."""
    return {int(port) for port in re.findall(rf"-a -t {VIP}:(\d+) ", saved())}


def wait_for(condition: Callable[[], bool], seconds: float = 30.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def test_keepalived_lets_in_who_shows_the_page(
    module: Module, site: Site, saved: Callable[[], str], tmp_path: Path
) -> None:
    """And nobody else."""
    cases: list[tuple[str, str, str, Sequence[str]]] = [
        *((path, kind, "", []) for kind in PORTS for path in ANSWERS),
        ("/moved", "http", "status_code 302", ["302"]),
        ("/missing", "http", "status_code 400-404", ["400-404"]),
    ]
    pages = [
        {**page(path, kind, statuses=statuses), "name": f"{8000 + place}"}
        for place, (path, kind, _status, statuses) in enumerate(cases)
    ]
    digests = module("page_digest", pages=pages)["digests"]
    # With the right digest, and a status that is not wanted: as the module says too.
    wrong = dict(zip(range(8900, 9000), STATUSES))
    for path in STATUSES:
        assert "no server shows the page" in module("page_digest", pages=[page(path)])["msg"]
    services = [
        *(
            (8000 + place, path, kind, digests[f"{8000 + place}"], status)
            for place, (path, kind, status, _accepted) in enumerate(cases)
        ),
        *((port, path, "http", genhash(path), "") for port, path in wrong.items()),
        (8999, "/text", "http", "0" * 32, ""),
    ]
    configuration = _GLOBAL + "".join(
        _CHECK.format(
            **{"vip": VIP, "port": port, "address": ADDRESS, "real_port": PORTS[kind], "path": path},
            **{"checker": {"http": "HTTP_GET", "https": "SSL_GET"}[kind], "digest": digest, "status": status},
        )
        for port, path, kind, digest, status in services
    )
    right = set(range(8000, 8000 + len(cases)))
    with keepalived(tmp_path, configuration):
        assert wait_for(lambda: let_in(saved) >= right), right - let_in(saved)
        # Each of the others was asked as often.
        count = len(site.requests)
        assert wait_for(lambda: len(site.requests) > count + 2 * len(services))
        assert let_in(saved) == right
        for path in ANSWERS:
            site.answers[path] = [sized(b"something else")]
        moved = {8000 + place for place, case in enumerate(cases) if case[0] not in ANSWERS}
        assert wait_for(lambda: let_in(saved) == moved), let_in(saved)
