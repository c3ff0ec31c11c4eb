# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The far end of a line to a node: runs in the node, on the standard library alone.

    python3 line_end.py SECONDS

Each line of input is a shell script as JSON, each line of output what became of it: exit code, output and errors. An
empty line is answered by one. Ends with the input, or after SECONDS without any: nobody may forget a line.
"""

from __future__ import annotations

import json
import select
import subprocess
import sys


def result(script: str) -> list[object]:
    """Run a script; bytes that are not UTF-8 go as lone surrogates."""
    done = subprocess.run(["/bin/sh", "-c", script], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    code = done.returncode if done.returncode >= 0 else 128 - done.returncode
    return [code, *(said.decode("utf-8", "surrogateescape") for said in (done.stdout, done.stderr))]


def main() -> None:
    """Answer until there is nobody to answer."""
    longest = float(sys.argv[1])
    print(flush=True)
    while select.select([sys.stdin], [], [], longest)[0]:
        # One at a time: nothing is left in the buffer that select() does not see.
        line = sys.stdin.readline()
        if not line:
            return
        print(json.dumps(result(json.loads(line))) if line.strip() else "", flush=True)


if __name__ == "__main__":
    main()
