# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The services as the outside client sees them."""

from __future__ import annotations

import pytest
from testinfra.host import Host

testinfra_hosts = ["ansible://outside"]


@pytest.mark.parametrize("port", [80, 8080], ids=["direct routing", "NAT"])
def test_every_server_answers(host: Host, port: int) -> None:
    answers = host.check_output(f"curl -sS --fail --max-time 5 'http://10.90.0.100:{port}/?[1-9]'").split()
    assert len(answers) == 9
    assert set(answers) == {"real1", "real2"}
