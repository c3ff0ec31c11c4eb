# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The files of a directory on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
name: files_below
short_description: The files below a directory on the controller, with their digests
version_added: 0.3.0
author:
  - The lvs.ha_web authors (@lvs)
description:
  - With it a role asks a node once whether a whole directory is as it should be. Python's caches are passed over.
options:
  _input:
    description: The directory.
    type: path
    required: true
"""

EXAMPLES = r"""
- name: Show what belongs to the page
  ansible.builtin.debug:
    msg: "{{ (role_path ~ '/files/page') | lvs.ha_web.files_below | list }}"
"""

RETURN = r"""
_value:
  description: By path from the directory on, its SHA-256 in hexadecimal digits; empty where there is no such directory.
  type: dict
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any


def files_below(directory: str) -> dict[str, str]:
    root = Path(str(directory))
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"files_below": files_below}
