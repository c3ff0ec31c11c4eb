# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Relative links of the hand-written Markdown lead to something that is tracked, and to a heading that is there."""

from __future__ import annotations

import os
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
PAGES = [REPO / "README.md", *sorted(REPO.glob("docs/*.md")), *sorted(REPO.glob("roles/*/README.md"))]
_CODE = re.compile(r"^(```+).*?^\1$|(`+)(?!`).*?(?<!`)\2(?!`)", re.MULTILINE | re.DOTALL)
_BLOCK = re.compile(r"^(```+).*?^\1$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ +(.+?)$", re.MULTILINE)
_LINK = re.compile(r"\]\(([^()\s]+)\)")
_LINKED = re.compile(r"\[([^]]*)\]\([^)]*\)")


def anchors(text: str) -> set[str]:
    """Return the anchors that a forge gives to the headings."""
    seen: Counter[str] = Counter()
    found = set()
    for heading in _HEADING.findall(_BLOCK.sub("", text)):
        words = _LINKED.sub(r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return found


def broken(page: Path, text: str, there: set[str]) -> Iterator[str]:
    """Yield the links of a page which lead nowhere; ``there`` are the files and folders of the repository."""
    for link in _LINK.findall(_CODE.sub("", text)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _hash, anchor = link.partition("#")
        target = Path(os.path.normpath(page.parent / path)) if path else page
        missing = path and os.path.relpath(target, REPO) not in there
        if missing or (
            anchor and anchor not in anchors(text if target == page else target.read_text(encoding="utf-8"))
        ):
            yield link


@cache
def tracked() -> set[str]:
    names = subprocess.run(["git", "ls-files", "-z"], cwd=REPO, check=True, capture_output=True, text=True).stdout
    files = names.rstrip("\0").split("\0")
    return {*files, *(str(folder) for name in files for folder in Path(name).parents)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPO)))
def test_links_lead_somewhere(page: Path) -> None:
    assert not list(broken(page, page.read_text(encoding="utf-8"), tracked()))


def test_every_page_is_seen() -> None:
    assert len([page for page in PAGES if _LINK.search(page.read_text(encoding="utf-8"))]) > 15


def test_broken_links_are_found() -> None:
    text = "# A `b` c\n\n## Same\n\n## Same\n\n[x](#a-b-c) [x](#same-1) [x](#same-2) [x](gone.md) `[x](code)`\n\n"
    text += "```\n# no heading\n[x](code)\n```\n[x](#no-heading) [x](../README.md) [x](../README.md#gone) [x](mailto:a)"
    assert list(broken(REPO / "docs/some.md", text, {"README.md"})) == [
        *("#same-2", "gone.md", "#no-heading", "../README.md#gone"),
    ]
