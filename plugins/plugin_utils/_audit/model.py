# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an audit finds."""

from __future__ import annotations

from typing import NamedTuple

# What a finding is about: what stands on the node against what is declared, the kernel against what stands there,
# daemons, what only several nodes together can have wrong, and all else.
ASPECTS = ("rendered", "kernel", "services", "cluster", "node")


class Finding(NamedTuple):
    """Something that is not as it should be."""

    node: str
    subject: str
    words: str
    remedy: str
    aspect: str = "node"


class Note(NamedTuple):
    """Something out of the ordinary that is as somebody wants it."""

    node: str
    subject: str
    words: str


def counted(number: int, what: str) -> str:
    """Return a number with its noun."""
    return f"{number} {what}{'' if number == 1 else 's'}"
