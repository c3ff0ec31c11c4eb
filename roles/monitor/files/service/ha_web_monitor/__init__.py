# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The Graphic Monitor: the state of the whole cluster, and what operators may do with it."""
