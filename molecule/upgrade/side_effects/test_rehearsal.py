# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""A failover rehearsed by the playbook: broken, measured from outside, put right, and told on a page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lab import playbook
from lab.browser import chromium
from lab.cluster import Cluster
from lab.settings import BUILD
from playwright.sync_api import Browser

REHEARSE = "lvs.ha_web.rehearse_failover"
POWER = {
    "power_off": "docker exec {{ ansible_host }} ip link set group default down",
    "power_on": "for do in kill wait start; do docker $do {{ ansible_host }}; done",
}
KILLS: dict[str, dict[str, Any]] = {"keepalived": {}, "interface": {}, "host": POWER}


def arguments(**wishes: Any) -> tuple[str, str]:
    return "--extra-vars", json.dumps({f"rehearse_{name}": value for name, value in wishes.items()})


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rehearsals")


@pytest.fixture(scope="module", params=KILLS)
def rehearsed(request: pytest.FixtureRequest, cluster: Cluster, out: Path) -> dict[str, Any]:
    """The report of each kind, with where it lies and what was said."""
    kill = request.param
    cluster.wait_until_healthy()
    wanted = arguments(kill=kill, confirm=True, out=str(out), baseline_s=2, **KILLS[kill])
    said = playbook.output(cluster.engine, cluster.inventory, REHEARSE, *wanted)
    [file] = out.glob(f"*-{cluster.preferred_master}-{kill}.json")
    # At once, before anything could have put it right.
    return {**json.loads(file.read_text()), "file": file, "said": said, "unhealthy": cluster.unhealthy()}


def test_bound_holds_and_all_is_as_before(cluster: Cluster, rehearsed: dict[str, Any]) -> None:
    assert (rehearsed["verdict"], rehearsed["trouble"], rehearsed["unhealthy"]) == ("held", [], "")
    assert rehearsed["bound_s"] == cluster.router["failover_s"]
    assert rehearsed["outage_s"] <= rehearsed["limit_s"]
    master = cluster.preferred_master
    assert rehearsed["holder_before"] == rehearsed["holder_after"] == rehearsed["director"] == master
    assert rehearsed["phases"]["baseline"]["failed"] == 0
    assert rehearsed["requests"] > 400 and set(rehearsed["servers"]) <= set(cluster.web)


def test_events_are_told_in_order(cluster: Cluster, rehearsed: dict[str, Any]) -> None:
    events = {event["event"]: event for event in rehearsed["events"]}
    assert {"begun", "killed", "restored", "ended"} <= set(events)
    if rehearsed["kill"] != "keepalived":
        assert list(events) == ["begun", "killed", "moved", "restored", "returned", "ended"]
        assert rehearsed["phases"]["takeover"]["failed"] > 0, "a fault that nobody notices was none"
        off = events["moved"]["uncertainty_s"] + events["killed"]["uncertainty_s"]
        assert events["moved"]["since_kill_s"] <= rehearsed["limit_s"] + off
    times = [event["since_kill_s"] for name, event in events.items() if name not in ("moved", "restored")]
    assert times == sorted(times)


def test_end_of_the_run_says_what_was_measured(rehearsed: dict[str, Any]) -> None:
    said = rehearsed["said"]
    assert f"outage    {rehearsed['outage_s']:.2f} s" in said
    assert f"requests  {rehearsed['requests']:,}" in said
    assert f"report    {rehearsed['file'].with_suffix('.html')}" in said
    samples = rehearsed["file"].with_suffix(".samples.jsonl").read_text().splitlines()
    # The first line is the probe's greeting.
    assert len(samples) == 1 + rehearsed["requests"]


def test_nothing_is_left_on_the_nodes(cluster: Cluster, rehearsed: dict[str, Any]) -> None:
    for node in cluster.directors:
        left = "ls -d /run/ha-web-rehearsal; systemctl list-units --all --plain --no-legend 'ha-web-rehearsal*'"
        assert not cluster.run(node, f"{{ {left}; }} 2>/dev/null || true")
        assert cluster.run(node, "ip route show default")
    assert not cluster.run(
        cluster.client, "ls -d /tmp/ha-web-probe.* 2>/dev/null; ps -eo args | grep '[h]ttp_probe' || true"
    )


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium({}) as found:
        yield found


@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (390, "dark")])
def test_page_needs_nothing_and_fits(browser: Browser, rehearsed: dict[str, Any], width: int, scheme: Any) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    url = rehearsed["file"].with_suffix(".html").as_uri()
    page.goto(url)
    assert asked == [url] and complaints == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator("svg:visible").count() == 2
    assert page.locator("li").count() == len(rehearsed["events"])
    folder = BUILD / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"rehearsal-{rehearsed['kill']}-{width}-{scheme}.png", full_page=True)
    context.close()


def refused(cluster: Cluster, /, **wishes: Any) -> str:
    """Have a rehearsal refused; return its words without line breaks. Nothing may have been broken."""
    state = cluster.running_directors()
    wanted = arguments(**wishes)
    said = playbook.refused(cluster.engine, cluster.inventory, REHEARSE, *wanted)
    assert cluster.running_directors() == state
    return " ".join(said.split())


def test_wrong_wishes_are_told_at_once(cluster: Cluster, out: Path) -> None:
    said = refused(cluster, out=str(out), confirm=True, kill="bang", director="lvs9", probe="web1", rate=5000)
    for words in (
        "Nothing was broken.",
        "rehearse_kill is 'bang'. It must be keepalived, interface or host.",
        "rehearse_director is lvs9. The directors are lvs1, lvs2.",
        "web1 is to measure and is of the group web.",
        "rehearse_rate is 5000. It must be from 10 to 1000.",
    ):
        assert words in said


def test_cluster_that_is_not_well_is_not_broken(cluster: Cluster, out: Path) -> None:
    holder, other = cluster.preferred_master, cluster.backup
    cluster.run(other, "systemctl stop keepalived")
    try:
        said = refused(cluster, out=str(out), confirm=True, kill="host", director=other)
    finally:
        cluster.run(other, "systemctl start keepalived")
        cluster.wait_until_healthy()
    assert f"{other} does not hold {cluster.vip}, {holder} does." in said
    assert f"keepalived of {other} is not active." in said
    assert f"{holder} is a container (" in said


def test_nothing_is_broken_without_a_yes_or_without_a_place_for_the_report(cluster: Cluster, out: Path) -> None:
    said = refused(cluster, out=str(out))
    assert f"all processes of keepalived on {cluster.preferred_master} are killed (SIGKILL)" in said
    assert "Nothing was broken, as nobody typed yes." in said
    said = refused(cluster, out="/proc/nowhere", confirm=True)
    assert "Nothing was broken. The report cannot be written to /proc/nowhere:" in said
