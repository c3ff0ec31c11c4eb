#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A load that shows every gap in a service."""

from __future__ import annotations

DOCUMENTATION = r"""
module: http_probe
short_description: Ask an HTTP service steadily, and tell what became of each request
version_added: 0.3.0
author:
  - The lvs.ha_web authors (@lvs)
description:
  - Sends requests over HTTP at a fixed rate from the host, each over a new connection, none of them again, and whatever
    became of the earlier ones. So every gap in the service shows, as a client outside of the cluster sees it.
  - A request fails when its answer is missing, cut short, later than O(timeout), or of a status from 400 on.
  - It ends by itself after O(seconds) and O(timeout). To have something happen meanwhile, name a file in O(dest).
options:
  address:
    description: The IPv4 or IPv6 address that is asked.
    type: str
    required: true
  port:
    description: The TCP port. TLS is not spoken.
    type: int
    default: 80
  path:
    description: What is asked for.
    type: str
    default: /
  host:
    description: The request's C(Host). Without it, O(address) with a port other than 80.
    type: str
    default: ""
  rate:
    description: Requests a second, 1000 at most. A gap is measured to one part in so many of a second.
    type: float
    default: 100
  seconds:
    description: For how long requests are sent, a day at most.
    type: float
    default: 10
  timeout:
    description:
      - Seconds from sending a request to the end of its answer, after which it has failed.
      - Where a gap is measured, keep it below 1. A connection's lost first packet is sent again after one second, and a
        longer one would let requests that were sent into the gap succeed late, and hide it.
    type: float
    default: 0.8
  dest:
    description:
      - A file of the host that takes the samples as they come, each a line of JSON. It is replaced.
      - With it the module returns at once, and the probe goes on in the background. When it has ended there is a file
        of that name and C(.ended), which is empty unless the probe has failed.
    type: path
  stop_file:
    description: A probe in the background sends no further request as soon as there is such a file.
    type: path
attributes:
  check_mode:
    description: Asks nothing.
    support: none
  diff_mode:
    description: Changes nothing but O(dest).
    support: N/A
  platform:
    description: Where it runs.
    support: full
    platforms: posix
seealso:
  - plugin: lvs.ha_web.probe_reading
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Ask a service for five seconds
  lvs.ha_web.http_probe:
    address: 192.0.2.100
    host: www.example.org
    seconds: 5
  register: lvs1_probe

- name: Stop where a request failed, or one in a hundred was slow
  ansible.builtin.assert:
    that:
      - reading.failed == 0
      - reading.latency.p99_s < 0.2
  vars:
    reading: "{{ lvs1_probe.samples | lvs.ha_web.probe_reading }}"

- name: Ask in the background, for a minute at most
  lvs.ha_web.http_probe:
    address: 192.0.2.100
    seconds: 60
    dest: /run/probe/samples
    stop_file: /run/probe/stop
"""

RETURN = r"""
requests:
  description: How many were sent.
  returned: without O(dest)
  type: int
  sample: 500
failed:
  description: How many of them failed.
  returned: without O(dest)
  type: int
  sample: 0
samples:
  description: One for each request, in the order of their ends; P(lvs.ha_web.probe_reading#filter) reads them.
  returned: without O(dest)
  type: list
  elements: dict
  contains:
    n:
      description: The request's number.
      type: int
      sample: 0
    at:
      description: When it was sent, seconds of the host's wall clock.
      type: float
      sample: 1760000000.123456
    late:
      description: How many seconds late the probe itself was in sending it.
      type: float
      sample: 0.00004
    took:
      description: Seconds from sending to the end of the answer, or the failure.
      type: float
      sample: 0.0021
    status:
      description: Of the answer, 0 without one.
      type: int
      sample: 200
    error:
      description: One word, such as V(timeout), V(refused), V(reset), V(truncated) or V(http502); empty if it is good.
      type: str
      sample: ""
    server:
      description: The answer's header C(X-Served-By), which this collection's nginx sends.
      type: str
      sample: web1
    port:
      description: The client's port.
      type: int
      sample: 40000
    again:
      description:
        - How often the connection's first packet was sent again, which happens after a second without an answer. With a
          O(timeout) above 1 it tells what was lost from what was late.
        - Linux counts it; elsewhere it is 0.
      type: int
      sample: 0
pid:
  description: The process group in the background.
  returned: with O(dest)
  type: int
  sample: 4711
"""

import ipaddress
import json
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.ha_web.plugins.module_utils import _probe, _probe_process

_BETWEEN = {"port": (1, 65535), "rate": (0.1, 1000), "seconds": (0.1, 86400), "timeout": (0.01, 60)}


def refusal(wanted: dict[str, Any]) -> str:
    """Return what is wrong with the options; empty when nothing is."""
    for name, (least, most) in _BETWEEN.items():
        if not least <= wanted[name] <= most:
            return f"{name} is {wanted[name]:g}, and must be from {least:g} to {most:g}."
    try:
        ipaddress.ip_address(wanted["address"])
    except ValueError:
        return f"address {wanted['address']!r} is no IP address."
    for name in ("path", "host"):
        if not wanted[name].isprintable() or " " in wanted[name]:
            return f"{name} {wanted[name]!r} would break the request: no blanks, no control characters."
    return ""


def run(wanted: dict[str, Any]) -> dict[str, Any]:
    """Probe, and return what became of each request."""
    lines: list[str] = []
    probed = (wanted[name] for name in ("address", "port", "path", "rate", "timeout"))
    _probe.Probe(*probed, host=wanted["host"], write=lines.append).run(wanted["seconds"])
    _hello, *samples = map(json.loads, "".join(lines).splitlines())
    return {"requests": len(samples), "failed": sum(bool(one["error"]) for one in samples), "samples": samples}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        {
            "address": {"type": "str", "required": True},
            "port": {"type": "int", "default": 80},
            "path": {"type": "str", "default": "/"},
            "host": {"type": "str", "default": ""},
            "rate": {"type": "float", "default": 100},
            "seconds": {"type": "float", "default": 10},
            "timeout": {"type": "float", "default": 0.8},
            "dest": {"type": "path"},
            "stop_file": {"type": "path"},
        },
        required_by={"stop_file": "dest"},
    )
    wanted = module.params
    wrong = refusal(wanted)
    if wrong:
        module.fail_json(msg=wrong)
    if not wanted["dest"]:
        module.exit_json(changed=False, **run(wanted))
    named = ("address", "port", "path", "rate", "seconds", "timeout", "host")
    arguments = [*(str(wanted[name]) for name in named), wanted["stop_file"] or ""]
    try:
        module.exit_json(changed=True, pid=_probe_process.begin(wanted["dest"], arguments))
    except OSError as error:
        module.fail_json(msg=f"cannot write {wanted['dest']}: {error.strerror or error}.")


if __name__ == "__main__":
    main()
