# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What keepalived's configuration claims of the IPVS table, whoever wrote it.

Where it cannot be understood without running it (parameters, files elsewhere), it says so instead of guessing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from ansible_collections.lvs.ha_web.plugins.module_utils._claims import Claim, located

FOLDER = "/etc/keepalived"
# Statements that concern the table as a whole.
KEYWORDS = ("lvs_flush", "lvs_flush_on_stop", "lvs_sync_daemon", "lvs_timeouts")

_LINE = re.compile(r"(?P<where>(?P<file>[^:]+):\d+):(?P<text>.*)")
# A condition, and the name of a parameter that is defined.
_PREFIX = re.compile(r"\s*(?:@\S+\s+)?(?:\$\w+=)?")
_WORD = re.compile(r'"[^"]*"|[#!].*|(?:\$\{\w+\}|[^\s{}"#!])+|[{}]')


class Configuration(NamedTuple):
    """All that keepalived's files say about the table."""

    claims: list[Claim]
    unreadable: list[tuple[str, str]]  # where, and its text
    keywords: dict[str, str]  # of KEYWORDS, where
    real_servers: list[tuple[Claim, str]]  # a claim, and the address of one that serves it


@dataclass
class Statement:
    where: str
    words: list[str]
    children: list[Statement] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join(self.words)


def read(listing: str) -> Configuration:
    """Return what keepalived's configuration says about IPVS.

    Args:
        listing: the lines of all files, each as ``FILE:NUMBER:TEXT``.
    """
    all_of_them = list(statements(listing.splitlines()))
    groups: dict[str, list[Statement]] = {}
    for statement in all_of_them:
        if statement.words[0] == "virtual_server_group" and len(statement.words) > 1:
            groups.setdefault(statement.words[1], []).extend(statement.children)
    found = Configuration([], [], {}, [])
    for statement in all_of_them:
        keyword, values = statement.words[0], statement.words[1:]
        if keyword == "virtual_server" and values:
            _read_virtual_server(found, statement, groups)
        elif keyword.startswith("include") and values and not _is_listed(values[0]):
            found.unreadable.append((statement.where, statement.text))
        # With VS, keepalived takes away its own services alone.
        elif keyword in KEYWORDS and (keyword, values) != ("lvs_flush_on_stop", ["VS"]):
            found.keywords.setdefault(keyword, statement.where)
    return found


def statements(lines: Iterable[str]) -> Iterator[Statement]:
    """Yield every statement, those of blocks with their children."""
    latest = Statement("", [""])
    blocks: list[Statement] = []
    file, found = "", []
    for line in lines:
        match = _LINE.match(line)
        if match is None:
            continue
        if match["file"] != file:
            file = match["file"]
            blocks.clear()
        statement = None
        for word in _WORD.findall(_PREFIX.sub("", match["text"], count=1)):
            if word[0] in "#!":
                break
            if word == "{":
                blocks.append(latest)
                statement = None
            elif word == "}":
                del blocks[-1:]
                statement = None
            elif statement is None:
                statement = latest = Statement(match["where"], [word.strip('"')])
                found.append(statement)
                if blocks:
                    blocks[-1].children.append(statement)
            else:
                statement.words.append(word.strip('"'))
    yield from found


def _read_virtual_server(found: Configuration, server: Statement, groups: dict[str, list[Statement]]) -> None:
    protocols = [child.words[1] for child in server.children if child.words[0] == "protocol" and len(child.words) > 1]
    protocol = protocols[-1].lower() if protocols else "tcp"
    members = [Statement(server.where, server.words[1:])]
    if server.words[1] == "group":
        members = groups.get(" ".join(server.words[2:]), members)
    for member in members:
        text = server.text if member.where == server.where else f"{server.text}: {member.text}"
        try:
            claim = located(Claim(member.where, text, protocol), member.words)
        except (IndexError, ValueError):
            found.unreadable.append((member.where, text))
            continue
        found.claims.append(claim)
        servers = [
            child.words[1] for child in server.children if child.words[:1] == ["real_server"] and child.words[1:]
        ]
        found.real_servers.extend((claim, address) for address in servers)


def _is_listed(path: str) -> bool:
    """Tell whether a path that is included leads only to files that have been listed."""
    inside = not path.startswith("/") or path.startswith(f"{FOLDER}/")
    return inside and ".." not in path and path.endswith(".conf")
