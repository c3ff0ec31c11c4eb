# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Faults, each under load, measured from the outside and held against what the topology promises.

Every function breaks a healthy cluster, mends it and returns what it measured; a claim that does
not hold is a LabError with the numbers and the journals of the nodes concerned. Times are seconds.
"""
