# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What roles found on a node, written down before they changed it, and put back when they leave."""
