# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What the check of the documentation's site finds, and what it lets pass."""

from __future__ import annotations

from pathlib import Path

from docsite.check import findings

GOOD = """<link rel="stylesheet" href="_static/style.css?v=1"><img src="data:image/png;base64,AA">
<h1 id="a">A</h1><a href="#a">a</a><a href="sub/b.html#b%C3%A9">b</a><a href="https://example.org/">c</a>"""


def site(folder: Path, index: str, css: str = "a { color: red }") -> Path:
    for name, text in {
        "index.html": index,
        "sub/b.html": '<p id="bé"><a href="../index.html">back</a></p>',
        "_static/style.css": css,
    }.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_good_site(tmp_path: Path) -> None:
    assert not list(findings(site(tmp_path, GOOD), ["index.html", "sub/b.html"]))


def test_all_that_is_wrong_is_found(tmp_path: Path) -> None:
    bad = '<a href="#b">x</a><a href="c.html">x</a><a href="sub/b.html#c">x</a><link href="_static/gone.css">'
    bad += '<script src="//example.org/x.js"></script><img src="https://example.org/x.png">'
    css = '@import "https://example.org/x.css"; a { background: url(//example.org/y.png) url(data:,) url(z.png) }'
    assert sorted(findings(site(tmp_path, bad, css), ["gone.html"])) == [
        "_static/style.css loads //example.org/y.png",
        "_static/style.css loads https://example.org/x.css",
        "gone.html is missing",
        "index.html links to #b",
        "index.html links to c.html",
        "index.html links to sub/b.html#c",
        "index.html loads //example.org/x.js",
        "index.html loads _static/gone.css",
        "index.html loads https://example.org/x.png",
    ]
