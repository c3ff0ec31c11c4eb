# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The copy of keepalived's configuration that everyone may read."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.derivation import build
from unit.keepalived_conf import ROLE, render
from unit.keepalived_examples import EXAMPLES


def _program() -> ModuleType:
    spec = importlib.util.spec_from_file_location("show", ROLE / "files/show.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SHOW = _program()


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("        auth_pass s3cret.0", "        auth_pass ********"),
        ('auth_pass "two words" # note', "auth_pass ******** # note"),
        ("authentication { auth_type PASS auth_pass s3cret }", "authentication { auth_type PASS auth_pass ******** }"),
        ("AUTH_PASS s3cret", "AUTH_PASS ********"),
        ("$DB_PASSWORD=s3cret", "$DB_PASSWORD=********"),
        ('misc_path "/bin/check --password s3cret -v"', 'misc_path "/bin/check --password ******** -v"'),
        ("misc_path \"/bin/check --token='s3 cret' -v\"", 'misc_path "/bin/check --token=******** -v"'),
        ("path /health?api_key=s3cret", "path /health?api_key=********"),
        ("path http://user:s3cret@192.0.2.1/", "path http://user:********@192.0.2.1/"),
        ("auth_type PASS", "auth_type PASS"),
        ("    # A server gets no request before it has passed its first check.", None),
    ],
)
def test_secrets(line: str, shown: str | None) -> None:
    assert SHOW.redacted(line) == (line if shown is None else shown)


@pytest.mark.parametrize("name", EXAMPLES)
def test_of_what_the_role_writes_nothing_but_secrets_is_hidden(name: str, tmp_path: Path) -> None:
    written = render(build(EXAMPLES[name]))
    source, target = tmp_path / "keepalived.conf", tmp_path / "shown"
    source.write_text(written)
    SHOW.main(str(source), str(target))
    expected = [line if "auth_pass" not in line else "        auth_pass ********" for line in written.splitlines()]
    assert target.read_text().splitlines() == expected
    assert target.stat().st_mode & 0o777 == 0o644


def test_what_it_includes_is_shown_in_its_place(tmp_path: Path) -> None:
    folder = tmp_path / "more"
    folder.mkdir()
    (tmp_path / "keepalived.conf").write_text("before\ninclude more/*.conf\nafter\n")
    (folder / "a.conf").write_text("a\nauth_pass s3cret\n")
    # It includes itself, and what is not there.
    (folder / "b.conf").write_text(f"includer {folder}/b.conf\ninclude missing\n")
    assert list(SHOW.shown(str(tmp_path / "keepalived.conf"))) == [
        "before",
        "include more/*.conf",
        f"# {folder}/a.conf",
        "a",
        "auth_pass ********",
        f"# {folder}/b.conf",
        f"includer {folder}/b.conf",
        "include missing",
        "after",
    ]


def test_file_that_cannot_be_read_is_told_of(tmp_path: Path) -> None:
    assert list(SHOW.shown(str(tmp_path / "none"))) == [f"# {tmp_path}/none: No such file or directory"]
