# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What the module does, as a plain process: the declaration in a JSON file becomes the kernel's table.

Prints the number of operations.
"""

from __future__ import annotations

import json
import os.path
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), *[os.pardir] * 5))

from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.converge import Policy, converge
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.declaration import read
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.kernel import Kernel


def main() -> None:
    """Run it."""
    with open(sys.argv[1], encoding="utf-8") as file:
        declared = read(json.load(file))
    with Kernel() as kernel:
        outcome = converge(kernel, declared, Policy())
    if outcome.failed:
        sys.exit(f"{len(outcome.failed)} operations failed")
    print(len(outcome.applied))


if __name__ == "__main__":
    main()
