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
  - It ends by itself after O(seconds) and O(timeout). To have something happen meanwhile, run it with C(async) and
    C(poll=0), and end it early by O(stop_file).
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
      - A file of the host that takes the samples as they come, each a line of JSON; it is replaced.
      - Without it they are returned.
    type: path
  stop_file:
    description: As soon as there is such a file, no further request is sent. Its folder may come later, too.
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
  async: 90
  poll: 0
"""

RETURN = r"""
requests:
  description: How many were sent.
  returned: success
  type: int
  sample: 500
failed:
  description: How many of them failed.
  returned: success
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
"""

import ipaddress
import json
import os
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.ha_web.plugins.module_utils._probe import Probe

_BETWEEN = {"port": (1, 65535), "rate": (0.1, 1000), "seconds": (0.1, 86400), "timeout": (0.01, 60)}


class Samples:
    """Takes the probe's output; keeps the samples where no file does."""

    def __init__(self, dest: str | None) -> None:
        self._file = open(dest, "w", encoding="utf-8") if dest else None  # noqa: SIM115, it lives as long as this
        self._begun = False
        self.requests = 0
        self.failed = 0
        self.kept: list[dict[str, Any]] = []

    def take(self, text: str) -> None:
        """Take lines of the probe, of which the first is no sample."""
        lines = text.splitlines(keepends=True)
        if not self._begun:
            self._begun = True
            del lines[0]
        for line in lines:
            sample = json.loads(line)
            self.requests += 1
            self.failed += bool(sample["error"])
            if not self._file:
                self.kept.append(sample)
        if self._file:
            self._file.writelines(lines)
            self._file.flush()

    def as_result(self) -> dict[str, Any]:
        """Return what the module returns."""
        figures = {"requests": self.requests, "failed": self.failed}
        return figures if self._file else {**figures, "samples": self.kept}


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
    )
    wanted = module.params
    for name, (least, most) in _BETWEEN.items():
        if not least <= wanted[name] <= most:
            module.fail_json(msg=f"{name} is {wanted[name]:g}, and must be from {least:g} to {most:g}.")
    try:
        ipaddress.ip_address(wanted["address"])
    except ValueError:
        module.fail_json(msg=f"address {wanted['address']!r} is no IP address.")
    for name in ("path", "host"):
        if not wanted[name].isprintable() or " " in wanted[name]:
            module.fail_json(msg=f"{name} {wanted[name]!r} would break the request: no blanks, no control characters.")
    stop_file = wanted["stop_file"]
    try:
        samples = Samples(wanted["dest"])
        Probe(
            *(wanted[name] for name in ("address", "port", "path", "rate", "timeout")),
            host=wanted["host"],
            write=samples.take,
            ended=lambda: stop_file is not None and os.path.exists(stop_file),
        ).run(wanted["seconds"])
    except OSError as error:
        module.fail_json(
            msg=f"cannot probe {wanted['address']}: {error.strerror or error} {error.filename or ''}".strip()
        )
    module.exit_json(changed=bool(wanted["dest"]), **samples.as_result())


if __name__ == "__main__":
    main()
