# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The newcomer's path, walked and timed: the commands of the README's "Try it", in a fresh clone, with empty caches.

    python3 tests/newcomer.py            # --warm: with the caches that there are

All but `make test`, which takes more than an hour. Ends at the first command that fails.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
_SECTION = re.compile(r"^## Try it.*?(?=^## )", re.MULTILINE | re.DOTALL)
_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
_AFTERWARDS = re.compile(r"^Afterwards: (.*?)\n\n", re.MULTILINE | re.DOTALL)
_PAGE = re.compile(r"The cluster is up: (\S+)")


def commands(readme: str) -> Iterator[str]:
    """Yield the commands of the section, in their order.

    Raises:
        ValueError: the README has no such section any more.
    """
    section = _SECTION.search(readme)
    block = section and _BLOCK.search(section[0])
    afterwards = section and _AFTERWARDS.search(section[0])
    if not block or not afterwards:
        raise ValueError('README.md has no section "Try it" with commands, or no paragraph "Afterwards"')
    yield from (line for line in block[1].splitlines() if line != "make test")
    yield from re.findall(r"`(make [^`]+)`", afterwards[1])


def _run(command: str, clone: Path, environment: dict[str, str]) -> str:
    """Run a command as typed, show what it says, and return that."""
    said = []
    with subprocess.Popen(
        command,
        shell=True,
        cwd=clone,
        env=environment,
        # Of a shell in a node.
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdin and process.stdout
        process.stdin.write("hostname\n")
        process.stdin.close()
        for line in process.stdout:
            print(line, end="", flush=True)
            said.append(line)
    if process.returncode:
        sys.exit(f"`{command}` ended with {process.returncode}")
    return "".join(said)


def main() -> None:
    """Walk the path, and say what each step took."""
    took: list[tuple[str, float]] = []
    with tempfile.TemporaryDirectory(prefix="ha-web-newcomer-") as folder:
        clone = Path(folder, "ha_web")
        environment = {**os.environ}
        if "--warm" not in sys.argv:
            environment["HA_WEB_CACHE"] = str(Path(folder, "cache"))
        begun = time.monotonic()
        subprocess.run(["git", "clone", "--quiet", REPO, clone], check=True)
        for command in commands((clone / "README.md").read_text(encoding="utf-8")):
            print(f"\n$ {command}", flush=True)
            at = time.monotonic()
            said = _run(command, clone, environment)
            took.append((command, time.monotonic() - at))
            page = _PAGE.search(said)
            if page:
                with urllib.request.urlopen(page[1], timeout=10) as answer:
                    assert answer.status == 200 and answer.read()
                took.append((f"from the clone to a page of {page[1]}", time.monotonic() - begun))
    print("\n" + "\n".join(f"{command:<60} {seconds:6.0f} s" for command, seconds in took))


if __name__ == "__main__":
    main()
