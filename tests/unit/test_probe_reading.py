# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The module http_probe and the filter that reads what it gives, with a server of files between them."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.lvs.ha_web.plugins.filter.probe_reading import probe_reading
from lab.report import wait_for

MODULE = "ansible_collections.lvs.ha_web.plugins.modules.http_probe"
PROGRAM = f"""
import json, runpy, sys
from ansible.module_utils.testing import patch_module_args
with patch_module_args(json.load(sys.stdin)):
    runpy.run_module("{MODULE}", run_name="__main__")
"""
COLLECTIONS = Path(__file__).resolve().parents[2] / ".collections"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_words: Any) -> None:
        pass


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("site")
    (folder / "page").write_text("hi")
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def module(**options: Any) -> dict[str, Any]:
    """Run the module as Ansible would."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps({"address": "127.0.0.1", "rate": 50, "seconds": 0.4, **options}),
        env={"PYTHONPATH": str(COLLECTIONS)},
        capture_output=True,
        text=True,
        check=False,
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_samples_are_returned_and_read(port: int) -> None:
    result = module(port=port, path="/page")
    assert (result["requests"], result["failed"], result["changed"]) == (20, 0, False)
    reading = probe_reading(result["samples"])
    assert (reading["requests"], reading["failed"], reading["outage_s"]) == (20, 0, 0)
    assert 0 < reading["latency"]["p50_s"] <= reading["latency"]["max_s"] < 0.8
    middle = result["samples"][10]["at"]
    parts = probe_reading(result["samples"], until=middle), probe_reading(result["samples"], since=middle)
    assert [part["requests"] for part in parts] == [10, 10]


def test_samples_are_written(port: int, tmp_path: Path) -> None:
    dest, stop, ended = (tmp_path / name for name in ("samples", "stop", "samples.ended"))
    ended.touch()
    result = module(port=port, path="/none", host="x.test", dest=str(dest), stop_file=str(stop), seconds=60)
    assert result["changed"] and result["pid"] > 0
    wait_for("samples", lambda: dest.read_text().count("\n") > 10, 20)
    assert not ended.exists()
    stop.touch()
    wait_for("the end", ended.exists, 20)
    assert ended.read_text() == ""
    reading = probe_reading(dest.read_text(), 0.8)
    assert reading["errors"] == {"http404": reading["requests"]}
    assert 10 <= reading["requests"] < 1500


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rate": 5000}, "rate is 5000, and must be from 0.1 to 1000."),
        ({"port": 0}, "port is 0, and must be from 1 to 65535."),
        ({"path": "/a b"}, "path '/a b' would break the request: no blanks, no control characters."),
        ({"host": "a\r\nX: y"}, "host 'a\\r\\nX: y' would break the request: no blanks, no control characters."),
        ({"dest": "/proc/none/samples"}, "cannot write /proc/none/samples: No such file or directory."),
        ({"stop_file": "/stop"}, "missing parameter(s) required by 'stop_file': dest"),
        ({"address": "nobody.invalid"}, "address 'nobody.invalid' is no IP address."),
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any], message: str) -> None:
    result = module(**options)
    assert (result["failed"], result["msg"]) == (True, message)


@pytest.mark.parametrize("wrong", ["nonsense\n", [{"n": 1}], '{"n": 1}\n'])
def test_what_is_no_sample_is_refused(wrong: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="no samples"):
        probe_reading(wrong)


def test_nothing_is_nothing() -> None:
    assert probe_reading("")["requests"] == 0
