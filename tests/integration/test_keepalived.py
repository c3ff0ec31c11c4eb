# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What the role keepalived writes, read by keepalived itself: not one complaint.

The files are the ones that tests/unit/test_keepalived_conf.py holds the templates against.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

FILES = sorted(Path(__file__).with_name("keepalived").glob("*.conf"))
# A dummy interface has no multicast, which a router without peers needs.
_INTERFACES = """
ip link add eth0 type veth peer name eth1
ip link set eth0 up
ip link set eth1 up
id keepalived_script >/dev/null 2>&1 || useradd --system keepalived_script
"""


@pytest.fixture(scope="module", autouse=True)
def track_files() -> None:
    """As the role does before: keepalived 2.3 complains of each that is not there."""
    for name in {name for file in FILES for name in re.findall(r"/var/lib/ha-web/track/[^\s\"]+", file.read_text())}:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("0\n")


@pytest.fixture(scope="module", autouse=True)
def interfaces() -> Iterator[None]:
    subprocess.run(["sh", "-ec", _INTERFACES], check=True)
    yield
    subprocess.run(["ip", "link", "delete", "eth0"], check=True)


def config_test(file: Path) -> tuple[int, str]:
    # As the role does, which says why.
    command = ["unshare", "--pid", "--fork", "keepalived", "--config-test", "--use-file", str(file)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout


def test_there_are_files() -> None:
    assert len(FILES) > 10


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_keepalived_accepts(file: Path) -> None:
    assert config_test(file) == (0, "")


@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [
        ("192.0.2.21 80 {", "192.0.2.21 81 {", "ports don't match"),
        ("    alpha\n", "    alfa\n", "Unknown keyword 'alfa'"),
        ("advert_int 0.1\n", "advert_int 0.125\n", "must be in units of 10ms"),
    ],
)
def test_keepalived_complains(tmp_path: Path, right: str, wrong: str, complaint: str) -> None:
    """Else the tests above would prove nothing."""
    good = next(file for file in FILES if file.stem == "short").read_text()
    assert right in good
    file = tmp_path / "keepalived.conf"
    file.write_text(good.replace(right, wrong))
    code, words = config_test(file)
    assert code
    assert complaint in words
