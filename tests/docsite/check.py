# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What is wrong with a built site: pages that are missing, links that lead nowhere, what it loads from elsewhere."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

_ELSEWHERE = re.compile(r"(?:[a-z]+:)?//", re.IGNORECASE)
_CSS = re.compile(r"(?:url\(|@import)\s*[\"']?((?:https?:)?//[^\"')\s]+)", re.IGNORECASE)


class _Page(HTMLParser):
    """What a page has, what it links to, and what it loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value for name, value in attrs if value}
        self.ids |= {values[name] for name in ("id", "name") if name in values}
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        elif "href" in values:
            self.loads.append(values["href"])
        self.loads += [values[name] for name in ("src", "srcset", "data", "poster") if name in values]


def findings(site: Path, wanted: Sequence[str]) -> Iterator[str]:
    """Yield a line for each thing that is wrong; ``wanted`` are the pages which must be there."""
    pages = {path: _Page(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    yield from (f"{name} is missing" for name in wanted if site / name not in pages)
    for path, page in pages.items():
        name = path.relative_to(site)
        for load in page.loads:
            if not load.startswith(("data:", "#")) and (
                _ELSEWHERE.match(load) or not (path.parent / unquote(load.partition("?")[0])).is_file()
            ):
                yield f"{name} loads {load}"
        for link in page.links:
            if re.match(r"[a-z]+:", link):
                continue
            file, _hash, anchor = link.partition("#")
            target = Path(os.path.normpath(path.parent / unquote(file))) if file else path
            if not target.is_file() or (anchor and target in pages and unquote(anchor) not in pages[target].ids):
                yield f"{name} links to {link}"
    for path in site.rglob("*.css"):
        yield from (f"{path.relative_to(site)} loads {url}" for url in _CSS.findall(path.read_text(encoding="utf-8")))
