# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What the roles write for nft, read by nft and its kernel.

The files are the ones that tests/unit/test_firewall_nft.py holds the template against.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

FILES = sorted(Path(__file__).with_name("firewall").glob("*.nft"))


def check(text: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["nft", "--check", "--file", "-"], input=text, capture_output=True, text=True, check=False)


def test_there_are_files() -> None:
    assert len(FILES) > 10


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_nft_takes(file: Path) -> None:
    done = check(file.read_text(encoding="utf-8"))
    assert not done.returncode, done.stderr


@pytest.mark.parametrize(
    ("right", "wrong"), [(" . tcp . 80", " . tcp . 65536"), ("notrack", "nottrack"), ("@services_ipv4", "@services")]
)
def test_nft_complains(right: str, wrong: str) -> None:
    """Else the tests above would prove nothing."""
    good = next(file for file in FILES if file.stem == "director").read_text(encoding="utf-8")
    assert right in good
    assert "Error" in check(good.replace(right, wrong)).stderr
