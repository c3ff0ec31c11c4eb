# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The lab: a real cluster on any machine, and the proof that it survives faults."""
