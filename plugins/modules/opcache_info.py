#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the opcode cache of a running PHP-FPM tells."""

from __future__ import annotations

DOCUMENTATION = r"""
module: opcache_info
short_description: Ask the opcode cache of a running PHP-FPM
version_added: 0.2.0
author:
  - The lvs.ha_web authors (@lvs)
description:
  - Runs a script in a pool of PHP-FPM, over FastCGI as a web server does, and returns the JSON that it prints.
  - The command line has a cache of its own, if any, and tells nothing of this one.
options:
  socket:
    description: Where the pool listens, the path of its unix socket or C(host:port).
    type: str
    required: true
  script:
    description:
      - The script's absolute path on the host.
      - The default is what the role P(lvs.ha_web.eaccelerator#role) installs.
    type: path
    default: /usr/local/share/ha-web/eaccelerator/opcache.php
  query:
    description: The query string.
    type: str
    default: format=json
  timeout:
    description: Seconds to wait for PHP-FPM.
    type: float
    default: 10.0
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
"""

EXAMPLES = r"""
- name: Ask the cache
  lvs.ha_web.opcache_info:
    socket: /run/php/ha-web-www.sock
  register: cache

- name: Show how often a script was found in it
  ansible.builtin.debug:
    msg: "{{ cache.answer.hits }} of {{ cache.answer.hits + cache.answer.misses }}"
"""

RETURN = r"""
status:
  description: The status that the script answered with.
  returned: success
  type: int
  sample: 200
answer:
  description: What the script printed. That of the role has the fields of its README.
  returned: success
  type: dict
  sample: {node: web1, provider: compat, enabled: true, hits: 120, misses: 7}
"""

import json

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.ha_web.plugins.module_utils import _fastcgi


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        {
            "socket": {"type": "str", "required": True},
            "script": {"type": "path", "default": "/usr/local/share/ha-web/eaccelerator/opcache.php"},
            "query": {"type": "str", "default": "format=json"},
            "timeout": {"type": "float", "default": 10.0},
        },
        supports_check_mode=True,
    )
    script = module.params["script"]
    parameters = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_FILENAME": script,
        "SCRIPT_NAME": "/",
        "REQUEST_URI": f"/?{module.params['query']}",
        "QUERY_STRING": module.params["query"],
        "SERVER_PROTOCOL": "HTTP/1.1",
        "GATEWAY_INTERFACE": "CGI/1.1",
        "REMOTE_ADDR": "127.0.0.1",
    }
    try:
        status, body = _fastcgi.ask(module.params["socket"], parameters, module.params["timeout"])
    except _fastcgi.FastCgiError as error:
        module.fail_json(msg=f"PHP-FPM does not answer at {error}.")
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        module.fail_json(msg=f"{script} answered {status} and no JSON object: {body[:500]}")
    module.exit_json(changed=False, status=status, answer=answer)


if __name__ == "__main__":
    main()
