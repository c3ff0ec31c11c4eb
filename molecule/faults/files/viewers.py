# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Viewers of the monitor: each follows the stream of states, and one asks for the state again and again.

    python3 viewers.py ADDRESS PORT NAME:PASSWORD VIEWERS SECONDS

Prints one JSON object: how many streams there were, how many states each has seen, how old the oldest state was when it
came (seconds), and how long each single state took (seconds).
"""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import sys
import threading
import time


def connection(address: str, port: int) -> http.client.HTTPSConnection:
    # The certificate is the cluster's own; whose it is, other tests see.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(address, port, timeout=10, context=context)


def follow(address: str, port: int, headers: dict[str, str], until: float, seen: list[float]) -> None:
    """Note how old each state was as it came."""
    asking = connection(address, port)
    asking.request("GET", "/api/stream", headers=headers)
    answer = asking.getresponse()
    if answer.status != 200:
        raise RuntimeError(f"the stream answers {answer.status}")
    while time.monotonic() < until:
        line = answer.readline()
        if not line:
            raise RuntimeError("the stream has ended")
        if line.startswith(b"data:"):
            seen.append(time.time() - json.loads(line[5:])["at"])
    asking.close()


def main(address: str, port: str, user: str, viewers: str, seconds: str) -> None:
    headers = {"Authorization": f"Basic {base64.b64encode(user.encode()).decode()}"}
    until = time.monotonic() + float(seconds)
    seen: list[list[float]] = [[] for _viewer in range(int(viewers))]
    threads = [
        threading.Thread(target=follow, args=(address, int(port), headers, until, one), daemon=True) for one in seen
    ]
    for thread in threads:
        thread.start()
    times = []
    asking = connection(address, int(port))
    while time.monotonic() < until - 1:
        begun = time.monotonic()
        asking.request("GET", "/api/state", headers=headers)
        if json.loads(asking.getresponse().read())["directors"]:
            times.append(time.monotonic() - begun)
        time.sleep(1)
    for thread in threads:
        thread.join(15)
    print(
        json.dumps(
            {
                "streams": sum(1 for one in seen if one),
                "states": [len(one) for one in seen],
                "oldest": max(max(one) for one in seen if one),
                "times": times,
            }
        )
    )


main(*sys.argv[1:])
