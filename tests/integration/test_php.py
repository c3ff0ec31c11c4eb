# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""tests/php, in the format of PHP's own tests, run without the development package that has their runner."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

_TESTS = Path(__file__).resolve().parents[1] / "php"
_ALWAYS = ("apc.enable_cli=1", "display_errors=1", "html_errors=0", "error_reporting=-1", "log_errors=0")
_PLACES = {"%d": r"\d+", "%s": r"[^\r\n]+", "%f": r"[+-]?\d+\.?\d*(?:[Ee][+-]?\d+)?", "%a": r".+?", "%A": r".*?"}


def sections(text: str) -> dict[str, str]:
    """Return the sections of a test by their names."""
    parts = re.split(r"^--([A-Z]+)--\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def pattern(expected: str) -> str:
    """Return the regular expression of an EXPECTF section."""
    return "".join(_PLACES.get(part) or re.escape(part) for part in re.split("(%[dsfaA])", expected))


def php(file: Path, settings: list[str]) -> str:
    """Return what a script prints."""
    options = [word for setting in (*_ALWAYS, *settings) for word in ("-d", setting)]
    done = subprocess.run(
        ["php", *options, file], capture_output=True, text=True, check=False, timeout=60, encoding="utf-8"
    )
    assert not done.stderr, done.stderr
    return done.stdout.replace("\r\n", "\n").strip()


def run(code: str, file: Path, settings: list[str]) -> str:
    """Return what ``code`` prints as ``file``, which is there as long as it runs."""
    file.write_text(code, encoding="utf-8")
    try:
        return php(file, settings)
    finally:
        file.unlink()


def test_php_is_here() -> None:
    """No test below means anything without APCu."""
    done = subprocess.run(
        ["php", "-d", "apc.enable_cli=1", "-r", "exit((int) !apcu_enabled());"], capture_output=True, check=False
    )
    assert not done.returncode, done.stdout


@pytest.mark.parametrize("name", sorted(file.stem for file in _TESTS.glob("*.phpt")))
def test_php(name: str) -> None:
    parts = sections((_TESTS / f"{name}.phpt").read_text(encoding="utf-8"))
    file, settings = _TESTS / f"{name}.php", parts.get("INI", "").split()
    assert not file.exists(), f"{file} would be lost"
    reason = run(parts["SKIPIF"], file, settings) if "SKIPIF" in parts else ""
    if reason.startswith("skip"):
        pytest.skip(reason)
    printed = run(parts["FILE"], file, settings)
    if "CLEAN" in parts:
        run(parts["CLEAN"], file, settings)
    if "EXPECT" in parts:
        assert printed == parts["EXPECT"].strip()
    else:
        expected = parts["EXPECTF"].strip()
        assert re.fullmatch(pattern(expected), printed, re.DOTALL), f"printed:\n{printed}\n\nexpected:\n{expected}"
