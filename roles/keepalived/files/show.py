# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""keepalived's configuration with all that it includes, for everyone to read: secrets are left out."""

from __future__ import annotations

import glob
import os
import re
import sys
import tempfile
from collections.abc import Iterator

HIDDEN = "********"
_INCLUDE = re.compile(r"\s*include[rmwba]?\s+(?P<pattern>\"[^\"]+\"|\S+)")
_VALUE = r"(?:\"[^\"]*\"?|'[^']*'?|[^\s\"';}]+)"
# keepalived's own, then what looks like one: in arguments of scripts, in the user's own lines, in URLs.
_SECRETS = (
    re.compile(rf"(?P<name>\bauth_pass\s+){_VALUE}", re.IGNORECASE),
    re.compile(
        r"(?P<name>(?<!auth_type )[\w-]*(?:password|passwd|passphrase|secret|token|api_?key|credentials?)\b[\"']?"
        rf"(?:\s*[=:]\s*|\s+)){_VALUE}",
        re.IGNORECASE,
    ),
    re.compile(r"(?P<name>://[^/\s:@]*:)[^/\s@]+(?=@)"),
)


def redacted(line: str) -> str:
    """Return a line without its secrets."""
    for secret in _SECRETS:
        line = secret.sub(rf"\g<name>{HIDDEN}", line)
    return line


def shown(path: str, above: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield the lines of a file, those of what it includes in place of the word."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = file.read().splitlines()
    except OSError as error:
        yield f"# {path}: {error.strerror}"
        return
    for line in lines:
        found = _INCLUDE.match(line)
        yield redacted(line)
        if found:
            pattern = os.path.join(os.path.dirname(path), found["pattern"].strip('"'))
            for included in sorted(glob.glob(pattern)):
                if included not in (*above, path):
                    yield f"# {included}"
                    yield from shown(included, (*above, path))


def write(path: str, text: str) -> None:
    """Replace a file at once."""
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(temporary, 0o644)
    os.replace(temporary, path)


def main(source: str, target: str) -> None:
    """Write the copy."""
    write(target, "".join(f"{line}\n" for line in shown(source)))


if __name__ == "__main__":
    main(*sys.argv[1:])
