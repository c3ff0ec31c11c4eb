# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The lab: a real cluster on any machine, and the proof that it survives faults."""

import sys
from pathlib import Path

# The collection that a clone is, under its full name, for what the lab shares with it.
_COLLECTIONS = str(Path(__file__).resolve().parents[2] / ".collections")
if _COLLECTIONS not in sys.path:
    sys.path.insert(0, _COLLECTIONS)
