# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Make the documentation a site, build/docs/html, that needs nothing but its own files.

The Markdown lies in the site as it does in the repository, so links between pages are the same on a forge. What
argument_specs and plugins say comes from antsibull-docs and is in no other place: the tables of variables in the roles'
READMEs give way to a link.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

from . import check

HERE = Path(__file__).resolve().parent
REPO = HERE.parents[1]
SOURCE, HTML = REPO / "build/docs/source", REPO / "build/docs/html"
COLLECTION = "lvs.ha_web"
PAGES = ("README.md", "CHANGELOG.md", "docs/*.md", "roles/*/README.md")
_REPOSITORY = yaml.safe_load((REPO / "galaxy.yml").read_text(encoding="utf-8"))["repository"]
_LINK = re.compile(r"\]\((?!#|[a-z]+:)([^()\s#]+)")
_VARIABLES = re.compile(r"<!-- What follows is written by `make readmes`.*?<!-- The end of what [^>]*-->", re.DOTALL)
_CONTENTS = re.compile(r"^\.\. contents::\n(?: +:.*\n)+", re.MULTILINE)
_PLUGIN = re.compile(r"plugins/(module|filter)s?/(\w+)\.py")


def pages() -> list[str]:
    """Return the Markdown that is written by hand, or by antsibull-changelog."""
    return sorted(str(path.relative_to(REPO)) for pattern in PAGES for path in REPO.glob(pattern))


def references() -> Iterator[str]:
    """Yield what each role, module and filter has a page of, by that page's name."""
    for kind, pattern in {"role": "roles/*", "module": "plugins/modules/*.py", "filter": "plugins/filter/*.py"}.items():
        yield from (f"{path.stem}_{kind}" for path in sorted(REPO.glob(pattern)))


def lay_out(page: str) -> None:
    """Put a page where Sphinx reads it, with links that lead to pages of the site, or else to the repository."""

    def target(match: re.Match[str]) -> str:
        path = os.path.normpath(Path(page).parent / match[1])
        if path == "README.md":
            path = "index.md"
        elif plugin := _PLUGIN.fullmatch(path):
            path = f"reference/{plugin[2]}_{plugin[1]}.rst"
        elif path not in known and not path.startswith("docs/pictures/") and (REPO / path).exists():
            return f"]({_REPOSITORY}/blob/main/{path}"
        return f"]({os.path.relpath(path, Path(page).parent)}"

    known = set(pages())
    text = (REPO / page).read_text(encoding="utf-8")
    role = Path(page).parent.name
    text = _VARIABLES.sub(f"## Variables\n\n[All entry points and variables](../../reference/{role}_role.rst)", text)
    text = _LINK.sub(target, text)
    if page == "README.md":
        page, text = "index.md", text + (HERE / "navigation.md").read_text(encoding="utf-8")
    file = SOURCE / page
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def refer(reference: Path) -> None:
    """Name the index after what it is, lead from a role's variables to its README, leave contents to the theme."""
    index = reference / "index.rst"
    title = "Roles, modules and filters"
    text, count = re.subn(r"^Lvs\.Ha_Web\n=+$", f"{title}\n{'=' * len(title)}", index.read_text(), flags=re.MULTILINE)
    assert count == 1, "antsibull-docs has another title for its index"
    index.write_text(text)
    for file in reference.glob("*.rst"):
        role = file.stem.removesuffix("_role")
        hint = f".. seealso::\n\n    :doc:`/roles/{role}/README`, how to use it\n" if role != file.stem else ""
        file.write_text(_CONTENTS.sub(hint, file.read_text()))


def main() -> int:
    """Lay out, build and look at the site; return 1 where something is wrong."""
    shutil.rmtree(REPO / "build/docs", ignore_errors=True)
    for page in pages():
        lay_out(page)
    shutil.copytree(REPO / "docs/pictures", SOURCE / "docs/pictures")
    reference = SOURCE / "reference"
    reference.mkdir(mode=0o755)
    environment = {**os.environ, "ANSIBLE_CONFIG": str(REPO / "ansible.cfg")}
    make = ["collection", "--use-current", "--squash-hierarchy", "--fail-on-error", "--dest-dir", reference, COLLECTION]
    # What both find is the same; this one also sees references to options that are not there.
    lint = ["lint-collection-docs", "--plugin-docs", "--skip-rstcheck", str(REPO)]
    running = [subprocess.Popen(["antsibull-docs", *words], cwd=REPO, env=environment) for words in (make, lint)]
    codes = [process.wait() for process in running]
    if any(codes):
        return 1
    refer(reference)
    sphinx = ["sphinx-build", "--builder=html", "--fail-on-warning", "--keep-going", "--quiet", f"--conf-dir={HERE}"]
    if subprocess.run([*sphinx, f"--doctree-dir={SOURCE.parent}/doctrees", SOURCE, HTML], check=False).returncode:
        return 1
    wanted = [*(f"reference/{name}" for name in references()), *(page.removesuffix(".md") for page in pages())]
    wanted[wanted.index("README")] = "index"
    wrong = list(check.findings(HTML, [f"{name}.html" for name in wanted]))
    print("\n".join([*wrong, f"{len(wanted)} pages: {HTML / 'index.html'}"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
