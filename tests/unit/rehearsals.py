# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""A healthy cluster as a rehearsal reads it, and what a probe sees of it."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.lvs.ha_web.plugins.filter.rehearsal_plan import rehearsal_plan
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.derivation import build
from ansible_collections.lvs.ha_web.plugins.plugin_utils._clocks import Offset
from ansible_collections.lvs.ha_web.plugins.plugin_utils._outage import Sample
from ansible_collections.lvs.ha_web.plugins.plugin_utils._rehearsal_report import Mark, Seen
from unit.topology_inventories import DIRECTORS, VIP, WEB, short

RULES = f"-A -t {VIP}:80 -s wlc\n-a -t {VIP}:80 -r 192.0.2.21:80 -g -w 1\n"
GROUPS = {
    "all": [*DIRECTORS, *WEB, "client"],
    "directors": list(DIRECTORS),
    "web": list(WEB),
    "outside": ["client"],
}
WISHES: dict[str, Any] = {
    "kill": "keepalived",
    "director": "",
    "service": "",
    "probe": "",
    "path": "/",
    "host": "",
    "rate": 100,
    "timeout": 0.8,
    "tolerance": 0.25,
    "baseline_s": 5,
    "settle_s": 2,
    "down_s": 10,
    "return_s": 600,
    "limit": "",
}
BEGUN = 1_760_000_000.0
KILLED = BEGUN + 5
SKEW = {"client": Offset(0.5, 0.01), "lvs1": Offset(-2.0, 0.02), "lvs2": Offset(100.0, 0.03)}


def words(
    name: str, *vips: str, active: str = "active", container: str = "none", rules: str = RULES, device: str = "eth0"
) -> str:
    """What a director says of itself."""
    links = [
        {"ifname": "lo", "addr_info": [{"family": "inet", "local": "127.0.0.1"}]},
        {"ifname": "eth9", "addr_info": []},
        {"ifname": device, "addr_info": [{"local": one} for one in (DIRECTORS.get(name, "192.0.2.13"), *vips)]},
    ]
    return f"{active}\n=\n{container}\n=\n{json.dumps(links)}\n=\n{rules}".rstrip("\n")


def director(name: str, said: str | None, **changes: Any) -> dict[str, Any]:
    return {"name": name, "words": said, "preempt": True, "power_off": "", "power_on": "", **changes}


def healthy(**changes: Any) -> list[dict[str, Any]]:
    """Both directors; changes are of lvs1, which holds the VIP."""
    return [director("lvs1", words("lvs1", VIP), **changes), director("lvs2", words("lvs2"))]


def planned(
    said: list[dict[str, Any]] | None = None,
    groups: dict[str, list[str]] | None = None,
    topology: dict[str, Any] | None = None,
    **wishes: Any,
) -> dict[str, Any]:
    return rehearsal_plan(
        topology or build(short()).as_dict(),
        {**GROUPS, **(groups or {})},
        healthy() if said is None else said,
        {**WISHES, **wishes},
    )


def samples(seconds: float = 12, failed: tuple[float, float] = (0, 0), rate: int = 100) -> list[Sample]:
    """Requests from BEGUN on; those fail that are sent within the given seconds after the kill."""
    since, until = KILLED + failed[0], KILLED + failed[1]
    return [_sample(number, BEGUN + number / rate, since, until) for number in range(int(seconds * rate))]


def _sample(number: int, at: float, since: float, until: float) -> Sample:
    if since <= at < until:
        return Sample(number, at, 0.0, 0.8, 0, "timeout", "", 40000 + number)
    return Sample(number, at, 0.0, 0.002 + number % 7 / 10000, 200, "", f"web{number % 2 + 1}", 40000 + number)


def on(host: str, at: float) -> float:
    """A time of the probe's clock by the clock of another host."""
    return at - SKEW["client"].offset_s + SKEW[host].offset_s


def mark(host: str, at: float) -> Mark:
    return Mark(on(host, at), host, 0.01)


def seen(taken: list[Sample], **changes: Any) -> Seen:
    """All that was seen of a rehearsal that went well, and what of it is to be otherwise."""
    usual: dict[str, Any] = {
        "samples": taken,
        "killed": mark("lvs1", KILLED),
        "restored": mark("lvs1", KILLED + 4),
        "offsets": SKEW,
        "watched": {},
        "words": {"lvs1": words("lvs1", VIP), "lvs2": words("lvs2")},
        "trouble": [],
    }
    return Seen(**{**usual, **changes})
