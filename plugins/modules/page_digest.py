#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The MD5 sums of pages, as keepalived's checks compare them."""

from __future__ import annotations

DOCUMENTATION = r"""
module: page_digest
short_description: Find the digests of pages as keepalived's checks compare them
version_added: 0.2.0
author:
  - The lvs.ha_web authors (@lvs)
description:
  - Asks servers for pages, from the host, in the words of keepalived's C(HTTP_GET) and C(SSL_GET), and returns the MD5
    sum of each page, which is the one that C(genhash) prints.
  - A server that does not answer, or with a status that the check would not accept, is left out. All others must show
    the same page, twice; at least one must show it.
  - Redirections are not followed, certificates are not looked at, and what a server sends in chunks counts with the
    sizes of the chunks, all as keepalived does it.
options:
  pages:
    description: The pages.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: What the page is called in RV(digests) and in errors. Unique.
        type: str
        required: true
      type:
        description: The protocol.
        type: str
        choices: [http, https]
        default: http
      path:
        description: The path of the URL.
        type: str
        default: /
      statuses:
        description:
          - The statuses that count as an answer, such as V(200) or V(200-299).
          - Without them those from 200 to 299, as for keepalived.
        type: list
        elements: str
        default: []
      sni:
        description: Whether to name the host in the handshake of TLS.
        type: bool
        default: false
      timeout:
        description: Seconds to wait for the connection and for each piece of the answer.
        type: float
        default: 1
      retries:
        description: How often a server that fails is asked again.
        type: int
        default: 1
      retry_delay:
        description: Seconds before that.
        type: float
        default: 0.2
      servers:
        description: Who is asked.
        type: list
        elements: dict
        required: true
        suboptions:
          name:
            description: What the server is called in errors. Unique among the servers of the page.
            type: str
            required: true
          address:
            description: Its IP address.
            type: str
            required: true
          port:
            description: Its port.
            type: int
            required: true
          host:
            description: The virtual host; by default the address with the port.
            type: str
            default: ""
attributes:
  check_mode:
    description:
      - Changes nothing, in either mode.
      - In check mode a page that no server shows is a warning, and its digest is 32 zeros, because the servers may be
        yet to be deployed.
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
- name: Find the digest of a page
  lvs.ha_web.page_digest:
    pages:
      - name: logo
        path: /logo.svg
        servers:
          - {name: web1, address: 192.0.2.21, port: 80, host: www.example.org}
          - {name: web2, address: 192.0.2.22, port: 80, host: www.example.org}
  register: lvs1_pages

- name: Show it
  ansible.builtin.debug:
    var: lvs1_pages.digests.logo
"""

RETURN = r"""
digests:
  description: By the name of the page, its MD5 sum in hexadecimal digits.
  returned: success
  type: dict
  sample: {logo: 9b3a0c85a887a256d6939da88aabd8cd}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.ha_web.plugins.module_utils import _page_digest

# In check mode, of a page that is yet to be deployed.
_UNSHOWN = "0" * 32
_SERVER = {
    "name": {"type": "str", "required": True},
    "address": {"type": "str", "required": True},
    "port": {"type": "int", "required": True},
    "host": {"type": "str", "default": ""},
}
_PAGE = {
    "name": {"type": "str", "required": True},
    "type": {"type": "str", "choices": ["http", "https"], "default": "http"},
    "path": {"type": "str", "default": "/"},
    "statuses": {"type": "list", "elements": "str", "default": []},
    "sni": {"type": "bool", "default": False},
    "timeout": {"type": "float", "default": 1},
    "retries": {"type": "int", "default": 1},
    "retry_delay": {"type": "float", "default": 0.2},
    "servers": {"type": "list", "elements": "dict", "required": True, "options": _SERVER},
}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        {"pages": {"type": "list", "elements": "dict", "required": True, "options": _PAGE}},
        supports_check_mode=True,
    )
    found = _page_digest.find([_page_digest.read_page(values) for values in module.params["pages"]])
    problems = [one.problem for one in found.values() if one.problem and (one.shown or not module.check_mode)]
    if problems:
        module.fail_json(msg=_page_digest.told(problems))
    unshown = {name: one.problem for name, one in found.items() if one.problem}
    for problem in unshown.values():
        module.warn(f"{problem.item}: {problem.message} Its digest is shown as zeros.")
    digests = {name: _UNSHOWN if name in unshown else one.digest for name, one in found.items()}
    module.exit_json(changed=False, digests=digests)


if __name__ == "__main__":
    main()
