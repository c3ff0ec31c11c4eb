# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Run ansible-test sanity, all of it, with what the package index gives.

ansible-test wants a collection in a folder ansible_collections/NAMESPACE/NAME that is no link, so
it gets a copy of what git tracks or would add. The environments that it makes for its own tests are
kept in the lab's cache.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from lab.settings import CACHE

REPO = Path(__file__).resolve().parents[1]
HOME = CACHE / "ansible-test"
# ansible-test fetches get-pip.py from a host of its own. Its cache may hold another script: this one
# has our pip install the version it asks for from the package index in use.
GET_PIP = f"""
import subprocess, sys
wanted = [word for word in sys.argv[1:] if word.startswith("pip==")]
sys.exit(subprocess.call(["{sys.executable}", "-m", "pip", "--python", sys.executable, "install", "-q", *wanted]))
"""

# pip's, while the environments are made.
_NOISE = re.compile(r"Installing|Using cached|Collecting|Successfully| |\[notice\]|$|WARNING: (Location|Using locale)")


def copy_to(collection: Path) -> None:
    """Copy what git tracks, or would, but for the link that makes a clone importable."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=REPO, capture_output=True, text=True, check=True).stdout
    for name in names.rstrip("\0").split("\0"):
        source = REPO / name
        if source.is_file() and not name.startswith(".collections/"):
            target = collection / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)


def main() -> int:
    """Copy the collection and test it; return ansible-test's exit code."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    binaries = Path(sys.executable).parent
    script = HOME / ".ansible/test/cache/get_pip_24_2.py"  # named by ansible-core 2.19's own choice
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(GET_PIP, encoding="utf-8")
    command = [str(binaries / "ansible-test"), "sanity", "--python", python]
    # Not below the repository: what git ignores there, ansible-test would too.
    with tempfile.TemporaryDirectory(prefix="ha-web-sanity-") as root:
        collection = Path(root, "ansible_collections/lvs/ha_web")
        copy_to(collection)
        environment = {
            **os.environ,
            "HOME": str(HOME),
            "LC_ALL": "en_US.UTF-8",
            "PATH": f"{binaries}:{os.environ['PATH']}",
        }
        with subprocess.Popen(
            command, cwd=collection, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            for line in process.stdout or ():
                if not _NOISE.match(line):
                    print(line, end="", flush=True)
        return process.returncode


if __name__ == "__main__":
    sys.exit(main())
