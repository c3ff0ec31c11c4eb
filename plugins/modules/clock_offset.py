#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How far a host's clock is from the controller's."""

from __future__ import annotations

DOCUMENTATION = r"""
module: clock_offset
short_description: Measure how far a host's clock is from the controller's
version_added: 0.3.0
author:
  - The lvs.ha_web authors (@lvs)
description:
  - Asks the host for its time a few times over Ansible's own connection. The quickest answer tells best; half of the
    time it took is what remains uncertain.
  - So times of different hosts can be put in one order, also where their clocks are not synchronised.
requirements:
  - C(date) of the host must know C(%N), as those of GNU and busybox do
options:
  tries:
    description: How often to ask, 20 times at most.
    type: int
    default: 5
attributes:
  check_mode:
    description: Changes nothing, in either mode.
    support: full
  diff_mode:
    description: Changes nothing.
    support: N/A
  platform:
    description: Where it runs.
    support: full
    platforms: posix
notes:
  - It needs no Python on the host.
"""

EXAMPLES = r"""
- name: Compare the clocks
  lvs.ha_web.clock_offset:
  register: lvs1_clock

- name: Stop where one is wrong
  ansible.builtin.assert:
    that: lvs1_clock.offset_s | abs - lvs1_clock.uncertainty_s < 0.5
"""

RETURN = r"""
offset_s:
  description: How many seconds the host's clock is ahead of the controller's.
  returned: success
  type: float
  sample: -0.0021
uncertainty_s:
  description: The true offset is at most so much more or less.
  returned: success
  type: float
  sample: 0.0104
"""
