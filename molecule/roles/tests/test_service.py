# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The services as a client outside sees them, which is the web server that stands alone."""

from __future__ import annotations

import pytest
from testinfra.host import Host

testinfra_hosts = ["ansible://alone"]

# The page, the header that the role was told to leave out, and what becomes of 2,000 bytes, where 1,000 are allowed.
ASK = """
import sys, urllib.error, urllib.request
answer = urllib.request.urlopen(sys.argv[1], timeout=5)
print(answer.read().decode().strip(), answer.headers["X-Served-By"])
try:
    urllib.request.urlopen(sys.argv[1], data=bytes(2000), timeout=5)
except urllib.error.HTTPError as error:
    print(error.code)
"""


@pytest.mark.parametrize("port", [80, 81])
def test_service_answers_as_its_role_was_told(host: Host, port: int) -> None:
    answer = host.check_output(f"python3 -c '{ASK}' http://10.91.18.100:{port}/page.txt")
    assert answer.splitlines() == ["a page of web1 None", "413"]
