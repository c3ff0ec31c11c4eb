# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Connections that nothing has been heard of, as the kernel lists them."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.model import DestinationId, ServiceId
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.silence import Where, silent

HEADING = "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n"
OF_4 = "TCP C0000201 A1B2 0A090101 0050 0A090201 0050 {} {:7}\n"
OF_6 = (
    "TCP 2001:0db8:0000:0000:0000:0000:0000:0001 A1B2 2001:0db8:0000:0000:0000:0000:0000:0064 01BB"
    " 2001:0db8:0000:0000:0000:0000:0000:0021 01BB {} {:7}\n"
)
WEB = (ServiceId("ipv4", "tcp", "10.9.1.1", 80, 0), DestinationId("10.9.2.1", 80))
WEB_6 = (ServiceId("ipv6", "tcp", "2001:db8::64", 443, 0), DestinationId("2001:db8::21", 443))


@pytest.mark.parametrize(
    ("where", "lines", "expected"),
    [
        pytest.param(WEB, [], 0, id="none"),
        pytest.param(WEB, [OF_4.format("ESTABLISHED", 840)], 1, id="just so long"),
        pytest.param(WEB, [OF_4.format("ESTABLISHED", 841)], 0, id="a second less"),
        pytest.param(WEB, [OF_4.format("ESTABLISHED", 10)] * 3, 3, id="three"),
        pytest.param(WEB, [OF_4.format("FIN_WAIT", 10)], 0, id="ended"),
        pytest.param(WEB, [OF_4.format("ESTABLISHED", 10).replace("0050 0A", "0051 0A")], 0, id="of another port"),
        pytest.param(WEB, [OF_4.format("ESTABLISHED", 10).replace("0A090201", "0A090202")], 0, id="of another server"),
        pytest.param(WEB, [OF_4.format("ESTABLISHED", 10).replace("TCP", "UDP")], 0, id="of UDP"),
        pytest.param(WEB, [OF_6.format("ESTABLISHED", 10)], 0, id="of another family"),
        pytest.param(WEB_6, [OF_6.format("ESTABLISHED", 10)], 1, id="IPv6"),
        pytest.param((WEB[0]._replace(port=0), WEB[1]), [OF_4.format("ESTABLISHED", 10)], 0, id="any port"),
        pytest.param((ServiceId("ipv4", "", "", 0, 7), WEB[1]), [OF_4.format("ESTABLISHED", 10)], 0, id="mark"),
    ],
)
def test_silent(where: Where, lines: list[str], expected: int) -> None:
    assert silent([HEADING, *lines], [where], 900, 60)[where] == expected
