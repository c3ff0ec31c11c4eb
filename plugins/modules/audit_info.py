#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an audit has to know of a host, read at once."""

from __future__ import annotations

DOCUMENTATION = r"""
module: audit_info
short_description: Read files, units, addresses and kernel parameters of a host at once
version_added: 0.3.0
author:
  - The lvs.ha_web authors (@lvs)
description:
  - Reads what the playbook C(audit.yml) holds against the topology. One call takes the place of dozens of tasks.
  - Changes nothing, as long as O(commands) do not.
  - Its action plugin also measures the host's clock against the controller's, by the shortest of several requests.
options:
  files:
    description: Files to read, with mode and owner.
    type: list
    elements: path
    default: []
  values:
    description: Files that hold one number, such as keepalived's track files.
    type: list
    elements: path
    default: []
  certificates:
    description: Configuration files of nginx, also by patterns of the shell, whose certificates are returned, without
      their keys.
    type: list
    elements: path
    default: []
  units:
    description: Units of systemd.
    type: list
    elements: str
    default: []
  sysctls:
    description: Kernel parameters, as C(sysctl) names them.
    type: list
    elements: str
    default: []
  commands:
    description: Commands for the shell that only look. Each gets half a minute.
    type: list
    elements: str
    default: []
attributes:
  action:
    description: Measures the clock on the controller.
    support: full
  check_mode:
    description: Changes nothing, in either mode.
    support: full
  diff_mode:
    description: Changes nothing.
    support: N/A
  platform:
    description: Where it runs.
    support: full
    platforms: linux
"""

EXAMPLES = r"""
- name: Read what the audit needs
  lvs.ha_web.audit_info:
    files: [/etc/nginx/nginx.conf]
    units: [nginx.service]
    sysctls: [net.ipv4.conf.all.arp_ignore]
    commands: [nginx -v]
  register: web1_read
"""

RETURN = r"""
files:
  description: What O(files) are, in their order; without RV(ignore:content) where one cannot be read.
  returned: success
  type: list
  elements: dict
  sample: [{path: /etc/hostname, content: "web1\n", mode: "0644", owner: root, changed_at: 1780000000}]
values:
  description: By path, the first line of each of O(values) that exists.
  returned: success
  type: dict
  sample: {/var/lib/ha-web/track/director/standby: "0"}
certificates:
  description: What the configuration names, in PEM; empty where it cannot be read.
  returned: success
  type: list
  elements: dict
  sample: [{path: /etc/nginx/tls/shop.pem, pem: "-----BEGIN CERTIFICATE-----..."}]
units:
  description: By name, the properties that C(systemctl show) has, and RV(ignore:Replaced), which tells whether the main
    process runs a program that has been replaced since.
  returned: success
  type: dict
  sample: {nginx.service: {ActiveState: active, UnitFileState: enabled, Replaced: false}}
sysctls:
  description: By name, the value of each of O(sysctls) that the kernel knows.
  returned: success
  type: dict
  sample: {net.ipv4.conf.all.arp_ignore: "1"}
commands:
  description: What O(commands) said, in their order.
  returned: success
  type: list
  elements: dict
  sample: [{rc: 0, output: "nginx version: nginx/1.22.1"}]
addresses:
  description: All addresses of all interfaces.
  returned: success
  type: list
  elements: dict
  sample: [{interface: eth0, address: 192.0.2.21}]
default_interfaces:
  description: Where default routes of IPv4 lead.
  returned: success
  type: list
  elements: str
  sample: [eth0]
mounts:
  description: What is mounted by NFS.
  returned: success
  type: list
  elements: dict
  sample: [{source: "192.0.2.31:/media", path: /srv/media}]
kernel:
  description: The kernel's release.
  returned: success
  type: str
  sample: 6.1.0-13-amd64
ntp_synchronised:
  description: Whether the kernel's clock is kept by NTP; none where nobody can tell.
  returned: success
  type: bool
  sample: true
clock:
  description: How many seconds the host's clock is ahead of the controller's, and how wrong that may be, which is half
    of the request's round trip. None where the host could not be asked.
  returned: success
  type: dict
  sample: {offset: 0.004, error: 0.021}
"""

import ctypes
import glob
import json
import os
import platform
import pwd
import re
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from ansible.module_utils.basic import AnsibleModule

_PROPERTIES = (
    "Id",
    "LoadState",
    "ActiveState",
    "SubState",
    "UnitFileState",
    "NeedDaemonReload",
    "MainPID",
    "StatusText",
    "StateChangeTimestamp",
)
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
_NAMED = re.compile(r"^\s*ssl_certificate\s+\"?([^\s;\"]+)\"?\s*;", re.MULTILINE)
_PATIENCE = 30
# The kernel's largest error, which it reports where nobody has told it the time for long.
_UNSYNCHRONISED = 16_000_000


def _text(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace", newline="") as file:
        return file.read()


def _file(path: str) -> dict[str, Any]:
    try:
        found = os.stat(path)
        content = _text(path)
    except OSError as error:
        return {"path": path, "error": error.strerror}
    try:
        owner = pwd.getpwuid(found.st_uid).pw_name
    except KeyError:
        owner = str(found.st_uid)
    mode = f"{found.st_mode & 0o7777:04o}"
    return {"path": path, "content": content, "mode": mode, "owner": owner, "changed_at": int(found.st_mtime)}


def _values(paths: list[str]) -> dict[str, str]:
    found = {}
    for path in paths:
        with suppress(OSError):
            found[path] = (_text(path).splitlines() or [""])[0].strip()
    return found


def _certificates(patterns: list[str]) -> list[dict[str, str]]:
    named = []
    for file in sorted(file for pattern in patterns for file in glob.glob(pattern)):
        with suppress(OSError):
            named += _NAMED.findall(_text(file))
    found = []
    for path in dict.fromkeys(named):
        pem = ""
        with suppress(OSError):
            # The key may stand in the same file.
            pem = "\n".join(_CERTIFICATE.findall(_text(path)))
        found.append({"path": path, "pem": pem})
    return found


def _said(command: list[str]) -> tuple[int, str]:
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_PATIENCE,
            env={
                **os.environ,
                "LC_ALL": "C.UTF-8",
                "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin:/usr/bin:/bin",
            },
            check=False,
        )
    except subprocess.TimeoutExpired:
        return 124, f"no end within {_PATIENCE} s"
    except OSError as error:
        return 127, str(error.strerror)
    return done.returncode, done.stdout.decode("utf-8", "replace").strip()


def _units(names: list[str]) -> dict[str, dict[str, Any]]:
    if not names:
        return {}
    shown = _said(["systemctl", "show", "--timestamp=unix", f"--property={','.join(_PROPERTIES)}", *names])[1]
    units = {}
    for name, block in zip(names, shown.split("\n\n")):
        unit: dict[str, Any] = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        unit["Replaced"] = False
        with suppress(OSError):
            unit["Replaced"] = os.readlink(f"/proc/{unit.get('MainPID', 0)}/exe").endswith(" (deleted)")
        units[name] = unit
    return units


def _sysctls(names: list[str]) -> dict[str, str]:
    found = {}
    for name in names:
        # A dot of an interface's name is written as a slash.
        with suppress(OSError):
            found[name] = " ".join(_text(f"/proc/sys/{name.translate(str.maketrans('./', '/.'))}").split())
    return found


def _addresses() -> Iterator[dict[str, str]]:
    for link in _json(["ip", "-json", "address"]):
        for one in link.get("addr_info", ()):
            if "local" in one:
                yield {"interface": link.get("ifname", ""), "address": one["local"]}


def _json(command: list[str]) -> list[Any]:
    with suppress(ValueError):
        found = json.loads(_said(command)[1])
        if isinstance(found, list):
            return found
    return []


def _mounts() -> Iterator[dict[str, str]]:
    # Not asked of the file systems themselves: one whose server is away would not answer.
    for line in _text("/proc/self/mounts").splitlines():
        source, path, kind = line.split(" ")[:3]
        if kind in ("nfs", "nfs4"):
            yield {"source": source, "path": path}


def _synchronised() -> bool | None:
    """Ask the kernel as timedatectl does, which would start a service for it."""
    answer = ctypes.create_string_buffer(1024)
    try:
        if ctypes.CDLL(None).adjtimex(answer) < 0:
            return None
    except (AttributeError, OSError):
        return None
    # struct timex: modes, offset, freq, maxerror in microseconds.
    size = ctypes.sizeof(ctypes.c_long)
    return ctypes.c_long.from_buffer(answer, 3 * size).value < _UNSYNCHRONISED


def main() -> None:
    """Run the module."""
    lists = {
        **{name: {"type": "list", "elements": "path", "default": []} for name in ("files", "values", "certificates")},
        **{name: {"type": "list", "elements": "str", "default": []} for name in ("units", "sysctls", "commands")},
    }
    module = AnsibleModule(lists, supports_check_mode=True)
    commands = [_said(["sh", "-c", command]) for command in module.params["commands"]]
    module.exit_json(
        changed=False,
        files=[_file(path) for path in module.params["files"]],
        values=_values(module.params["values"]),
        certificates=_certificates(module.params["certificates"]),
        units=_units(module.params["units"]),
        sysctls=_sysctls(module.params["sysctls"]),
        commands=[{"rc": code, "output": output} for code, output in commands],
        addresses=list(_addresses()),
        default_interfaces=[route.get("dev", "") for route in _json(["ip", "-json", "-4", "route", "show", "default"])],
        mounts=list(_mounts()),
        kernel=platform.release(),
        ntp_synchronised=_synchronised(),
    )


if __name__ == "__main__":
    main()
