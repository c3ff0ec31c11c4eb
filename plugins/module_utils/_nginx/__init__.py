# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What nginx serves on one host: read, checked and turned into the parts of its configuration. Pure."""
