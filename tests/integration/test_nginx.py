# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What the role nginx writes, read by nginx itself; and where it then sends requests.

The files are the ones that tests/unit/test_nginx_conf.py holds the template against.
"""

from __future__ import annotations

import http.client
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

EXAMPLES = Path(__file__).with_name("nginx")
FILES = sorted(EXAMPLES.glob("*.conf"))
ROOT = Path("/srv/nginx")
_CERTIFICATE = (
    "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=www.example.test"
    " -keyout /etc/ssl/example.key -out /etc/ssl/example.crt"
)


class Answer(NamedTuple):
    status: int
    text: str
    headers: dict[str, str]


@pytest.fixture(scope="module", autouse=True)
def files() -> Iterator[None]:
    subprocess.run(_CERTIFICATE.split(), check=True, capture_output=True)
    for name, text in {
        "html/file.txt": "a file",
        "html/style.css": "a style",
        "html/script.php": "source",
        "html/.htaccess": "secret",
        "images/a/x.png": "an image",
        "assets/x.txt": "an asset",
        "assets/x.php": "source",
    }.items():
        (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / name).write_text(text)
    yield
    shutil.rmtree(ROOT)


def config_test(file: Path) -> tuple[int, str]:
    command = ["nginx", "-t", "-q", "-c", str(file)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout


def test_there_are_files() -> None:
    assert len(FILES) > 8


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_nginx_accepts(file: Path) -> None:
    code, words = config_test(file)
    assert code == 0, words
    # A certificate that signed itself has nobody to be asked about. The files are of Debian 12, whose way to HTTP/2
    # later releases still take; the role writes theirs.
    borne = ("ssl_stapling", '"listen ... http2" directive is deprecated')
    assert all(any(one in line for one in borne) for line in words.splitlines())


@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [
        ("try_files $uri @pool;", "try_file $uri @pool;", 'unknown directive "try_file"'),
        ("upstream apache {", "upstream api {", "host not found in upstream"),
    ],
)
def test_nginx_complains(tmp_path: Path, right: str, wrong: str, complaint: str) -> None:
    """Else the tests above would prove nothing."""
    good = (EXAMPLES / "alone.conf").read_text()
    assert right in good
    file = tmp_path / "nginx.conf"
    file.write_text(good.replace(right, wrong))
    code, words = config_test(file)
    assert code
    assert complaint in words


@pytest.fixture(scope="module")
def running(files: None) -> Iterator[None]:
    """nginx with the example that its servers of pools are part of."""
    file = EXAMPLES / "behaviour.conf"
    with subprocess.Popen(["nginx", "-g", "daemon off;", "-c", str(file)]) as process:
        deadline = time.monotonic() + 20
        while True:
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", 443)) == 0:
                    break
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield
        process.send_signal(signal.SIGTERM)


def ask(
    path: str, *, method: str = "GET", host: str = "www.example.test", source: str = "127.0.0.1", tls: bool = False,
    body: str = "", **headers: str,
) -> Answer:  # fmt: skip
    connection: http.client.HTTPConnection
    if tls:
        context = ssl.create_default_context(cafile="/etc/ssl/example.crt")
        context.check_hostname = False
        connection = http.client.HTTPSConnection("127.0.0.1", 443, timeout=10, context=context)
    else:
        connection = http.client.HTTPConnection("127.0.0.1", 80, timeout=10, source_address=(source, 0))
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body or None, {"Host": host, **named})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return Answer(answer.status, text, {name.lower(): value for name, value in answer.getheaders()})


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"path": "/exact"}, "exact"),
        ({"path": "/exact/"}, "apache GET /exact/"),
        # By path, without the prefix; not what only begins alike.
        ({"path": "/api"}, "api GET / "),
        ({"path": "/api/a%20b?c=d"}, "api GET /a%20b?c=d "),
        ({"path": "/apis"}, "apache GET /apis "),
        # By method; the prefix stays where nobody strips it.
        ({"path": "/api/x", "method": "POST", "body": "1"}, "beta POST /api/x "),
        ({"path": "/api/x", "method": "PATCH", "body": "1"}, "api PATCH /x "),
        # The order of the list decides, not the length of the path.
        ({"path": "/late/api"}, "beta GET "),
        ({"path": "/late/apis"}, "api GET "),
        # By host.
        ({"path": "/x", "host": "api.example.test"}, "api GET /x api.example.test [ ] "),
        ({"path": "/x", "host": "API.example.test"}, "api GET /x "),
        # By header and cookie, both at once.
        ({"path": "/x", "X_Version": "2.1", "Cookie": "a=b; tester=1"}, "beta GET "),
        ({"path": "/x", "X_Version": "2.1"}, "apache GET "),
        ({"path": "/x", "X_Version": "1.2", "Cookie": "tester=1"}, "apache GET "),
        ({"path": "/x?beta=1"}, "beta GET "),
        ({"path": "/x?beta=11"}, "apache GET "),
        # By what is absent.
        ({"path": "/x", "method": "DELETE", "Authorization": "Basic eA=="}, "apache DELETE "),
        # Local files, and what is left for the site's pool.
        ({"path": "/a/x.PNG"}, None),
        ({"path": "/a/x.png"}, "an image"),
        ({"path": "/assets/x.txt"}, "an asset"),
        ({"path": "/assets/x.php"}, "apache GET /assets/x.php "),
        ({"path": "/file.txt"}, "a file"),
        ({"path": "/script.php"}, "apache GET /script.php "),
        ({"path": "/script.php/more"}, "apache GET /script.php/more "),
        ({"path": "/nothing"}, "apache GET /nothing "),
        ({"path": "/health"}, "apache GET /health "),
        ({"path": "/health", "tls": True}, "apache GET /health "),
        ({"path": "/broken"}, "beta GET /broken "),
        # A line's end in a path is no end of it for an expression.
        ({"path": "/api%0A/x"}, "apache GET /api%0A/x "),
        ({"path": "/exact%0A"}, "apache GET "),
        # The default is the first in the list; TLS has the same routes.
        ({"path": "/api", "host": "unknown.test"}, "api GET / "),
        ({"path": "/api", "host": "second.example.test", "tls": True}, "apache GET /api second.example.test"),
        ({"path": "/api/x", "tls": True}, "api GET /x "),
    ],
    ids=str,
)
def test_content_decides(running: None, request_: dict[str, str], expected: str | None) -> None:
    answer = ask(**request_)  # type: ignore[arg-type]
    if expected is None:
        assert answer.status == 404
        return
    assert answer.status == 200
    assert answer.text.startswith(expected)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"path": "/api/private/x"}, 403),
        ({"path": "/x", "method": "DELETE"}, 401),
        ({"path": "/.htaccess"}, 404),
        ({"path": "/api/.git/config"}, 404),
        ({"path": "/assets/none"}, 404),
        # The limit belongs to the path, and only to it.
        ({"path": "/api/x", "method": "POST", "body": "x" * 2000}, 200),
        ({"path": "/api/x", "method": "POST", "body": "x" * 3000}, 413),
        ({"path": "/x", "method": "POST", "body": "x" * 3000}, 200),
    ],
    ids=str,
)
def test_status(running: None, request_: dict[str, str], status: int) -> None:
    assert ask(**request_).status == status  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("request_", "location"),
    [
        ({"path": "/old/x?y=z"}, "https://new.example.test/old/x?y=z"),
        ({"path": "/x?y=z", "host": "second.example.test"}, "https://second.example.test/x?y=z"),
        ({"path": "/x", "host": "moved.example.test"}, "https://www.example.test/x"),
    ],
    ids=str,
)
def test_redirect(running: None, request_: dict[str, str], location: str) -> None:
    answer = ask(**request_)  # type: ignore[arg-type]
    assert (answer.status, answer.headers["location"]) == (301, location)


def test_health_is_answered_where_all_else_is_redirected(running: None) -> None:
    assert ask("/health", host="second.example.test").status == 200
    assert ask("/health", host="moved.example.test").status == 200


def test_file_takes_the_node_out(running: None) -> None:
    (ROOT / "unhealthy").touch()
    assert [ask("/health", tls=tls).status for tls in (False, True)] == [503, 503]
    assert ask("/x").status == 200
    (ROOT / "unhealthy").unlink()
    assert ask("/health").status == 200


def test_only_routes_of_websockets_upgrade(running: None) -> None:
    wish = {"Upgrade": "websocket", "Connection": "Upgrade"}
    assert "[websocket upgrade] 127.0.0.1" in ask("/live", **wish).text
    assert "[ ]" in ask("/live").text
    assert "[ ]" in ask("/api", **wish).text


def test_limit_of_rate(running: None) -> None:
    assert [ask("/limited").status, ask("/limited").status] == [200, 429]


def test_answers_are_cached_unless_the_request_is_personal(running: None) -> None:
    path = f"/cached/{time.monotonic()}"
    assert [ask(path).headers["x-cache"], ask(path).headers["x-cache"]] == ["MISS", "HIT"]
    assert ask(path, Cookie="a=b").headers["x-cache"] == "BYPASS"
    assert ask(path, Authorization="Basic eA==").headers["x-cache"] == "BYPASS"


def test_clients_cannot_forge_who_they_are(running: None) -> None:
    told = {"X_Forwarded_For": "203.0.113.9", "X_Request_ID": "given-1"}
    *_answer, address, identity = ask("/x", **told).text.split()
    assert address == "127.0.0.1"
    assert len(identity) == 32
    answer = ask("/x", source="127.0.0.2", **told)
    assert answer.text.endswith("203.0.113.9, 127.0.0.2 given-1\n")
    assert answer.headers["x-request-id"] == "given-1"
    assert ask("/x", source="127.0.0.2", X_Request_ID="a b").text.split()[-1] != "b"


def test_headers(running: None) -> None:
    file = ask("/file.txt").headers
    assert file["x-frame-options"] == "SAMEORIGIN"
    assert file["x-served-by"] == "web1"
    assert len(file["x-request-id"]) == 32
    assert "strict-transport-security" not in file
    assert ask("/file.txt", tls=True).headers["strict-transport-security"] == "max-age=31536000"
    # The application's own word goes before.
    assert ask("/x").headers["x-frame-options"] == "DENY"
    own = ask("/api/private/").headers
    assert own["x-own"] == "1"
    assert own["x-content-type-options"] == "nosniff"
    assert "x-frame-options" not in own


def test_how_long_files_are_kept(running: None) -> None:
    assert ask("/style.css").headers["cache-control"] == "max-age=2592000"
    assert ask("/a/x.png").headers["cache-control"] == "max-age=3600"
    assert "cache-control" not in ask("/file.txt").headers


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_is_modern(running: None, version: ssl.TLSVersion) -> None:
    context = ssl.create_default_context(cafile="/etc/ssl/example.crt")
    context.check_hostname = False
    context.minimum_version = context.maximum_version = version
    context.set_alpn_protocols(["h2"])
    with socket.create_connection(("127.0.0.1", 443), 10) as plain, context.wrap_socket(plain) as secured:
        cipher = secured.cipher()
        assert cipher
        assert cipher[0].startswith(("ECDHE-", "TLS_"))
        assert "GCM" in cipher[0] or "CHACHA20" in cipher[0]
        assert secured.selected_alpn_protocol() == "h2"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("version", "ciphers"),
    [("TLSv1", "ALL:@SECLEVEL=0"), ("TLSv1_1", "ALL:@SECLEVEL=0"), ("TLSv1_2", "AES128-SHA:AES256-GCM-SHA384")],
)
def test_tls_of_yesterday_is_refused(running: None, version: str, ciphers: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    context.set_ciphers(ciphers)
    # The server's word, not this client's own.
    with socket.create_connection(("127.0.0.1", 443), 10) as plain, pytest.raises(ssl.SSLError, match="alert"):
        context.wrap_socket(plain)


def test_counters(running: None) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", 8089, timeout=10)
    connection.request("GET", "/status")
    assert connection.getresponse().read().startswith(b"Active connections: ")
    connection.close()
