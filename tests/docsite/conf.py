# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Sphinx' configuration for what build.py has laid out."""

from __future__ import annotations

from pathlib import Path

import yaml
from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx

_GALAXY = yaml.safe_load((Path(__file__).parents[2] / "galaxy.yml").read_text(encoding="utf-8"))

project = f"{_GALAXY['namespace']}.{_GALAXY['name']}"
version = release = _GALAXY["version"]
language = "en"
extensions = ["myst_parser", "sphinx_antsibull_ext"]
exclude_patterns = ["reference/environment_variables.rst"]  # there are none
nitpicky = True
myst_heading_anchors = 4
highlight_language = "none"

# It loads nothing from elsewhere.
html_theme = "furo"
html_title = f"{project} {release}"
html_copy_source = False
html_show_copyright = False
html_use_index = False
html_show_search_summary = False  # browsers let no page of file:// read another
antsibull_ext_color_scheme = "default-autodark"

# What antsibull-docs refers to in Ansible's own documentation, without fetching its index.
_ANSIBLE = "https://docs.ansible.com/projects/ansible/devel/"
_LABELS = {
    "action_plugins": "plugins/action.html",
    "common_return_values": "reference_appendices/common_return_values.html",
}


def _of_ansible(_app: Sphinx, _env: object, node: pending_xref, content: nodes.TextElement) -> nodes.reference | None:
    page = _LABELS.get(node["reftarget"])
    return page and nodes.reference("", "", content, refuri=_ANSIBLE + page, internal=False)


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("missing-reference", _of_ansible)
