# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The monitor's page tells what the service says, and no more."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect
from unit.monitor_page import monitor_states as states
from unit.monitor_page.looking import Look, go
from unit.monitor_page.monitor_server import Monitor

VIEWS = ("", "timeline", "history", "configuration", "audit", "server/web2", "director/lvs1")
STATES = (states.healthy, states.two_masters, states.director_down, states.mixed, states.nothing_known)
HOSTILE = "<img src=x onerror=document.title='hacked'>\"'&</td>"


def row(page: Page, name: str) -> str:
    return page.locator(f"#main tr[data-key='{name}']").first.inner_text()


def node(page: Page, key: str) -> str:
    return page.locator(f".node[data-key='{key}']").get_attribute("class") or ""


def test_all_is_well(look: Look) -> None:
    page = look()
    verdict = page.locator("#verdict")
    expect(verdict).to_contain_text("All is well: 1 service, 3 of 3 servers, lvs1 is master.")
    expect(verdict).to_contain_text("served by lvs1")
    expect(verdict).to_contain_text("admin, operator")
    expect(page.locator(".findings")).to_have_count(0)
    assert page.title().startswith("OK")
    expect(page.locator("#told")).to_have_text(re.compile("All is well"))
    figures = row(page, "web2").split()
    assert figures[3:7] == ["1", "42", "219", "39.4/s"]
    assert "is-master" in node(page, "director lvs1")
    assert page.locator(".node[data-key='director lvs1'] .held").count() == 1
    assert page.locator(".node[data-key='director lvs2'] .held").count() == 0


def test_the_picture_has_the_flow(look: Look, monitor: Monitor) -> None:
    page = look()
    for edge in (
        "clients > vip 10.0.0.100",
        "vip 10.0.0.100 > director lvs1",
        "director lvs1 > server web3",
        "server web3 > storage store1",
    ):
        expect(page.locator(f".edge[data-key='{edge}']")).to_have_count(1)
    expect(page.locator(".pulse")).to_have_count(5)
    expect(page.locator("[data-key='vip 10.0.0.100 > director lvs2']")).to_have_count(0)
    monitor.state = states.director_down()
    expect(page.locator(".edge[data-key='vip 10.0.0.100 > director lvs2']")).to_have_count(1)
    expect(page.locator("[data-key='vip 10.0.0.100 > director lvs1']")).to_have_count(0)
    assert "is-down" in node(page, "director lvs1")
    assert "is-master" in node(page, "director lvs2")


def test_no_flow_moves_where_motion_is_unwanted(look: Look) -> None:
    moves = "[...document.querySelectorAll('.pulse')].map((one) => getComputedStyle(one).animationName)"
    assert set(look(reduced_motion="no-preference").evaluate(moves)) == {"flow"}
    assert set(look(reduced_motion="reduce").evaluate(moves)) == {"none"}


def test_red_comes_first(look: Look, monitor: Monitor) -> None:
    monitor.state = states.two_masters()
    page = look()
    said = page.locator(".findings li").all_inner_texts()
    assert [one.split()[0].lower() for one in said] == ["critical", "warning"]
    assert "protocol 112" in said[0]
    assert "is-fault" in node(page, "vip 10.0.0.100")
    expect(page.locator(".edge.bad[data-key^='vip']")).to_have_count(2)
    assert page.title().startswith("critical")


def test_states_differ_without_colour(look: Look, monitor: Monitor) -> None:
    monitor.state = states.mixed()
    page = look()
    kinds = ("up", "drained", "updating", "weighted", "down", "unknown")
    signs = set()
    for number, kind in enumerate(kinds, 1):
        badge = page.locator(f"tr[data-key='web{number}'] .badge").first
        expect(badge).to_have_text(kind)
        signs.add(badge.locator("path").get_attribute("d"))
        assert f"is-{kind}" in node(page, f"server web{number}")
    assert len(signs) == len(kinds)


def test_what_nobody_knows_is_unknown(look: Look, monitor: Monitor) -> None:
    monitor.state = states.nothing_known()
    page = look()
    assert page.title().startswith("unknown")
    for name in states.SERVERS:
        # Its name and its address are declared.
        said = row(page, name).replace(f"{name}\n10.0.0.2", "")
        assert said.count("unknown") == 8
        assert not re.search(r"\b0\b", said)
    expect(page.locator(".pulse")).to_have_count(0)
    # Only priorities and names are known of the directors.
    known = page.locator("#main .deck").first.inner_text()
    assert sorted(re.findall(r"^\d+$", known, re.M)) == ["100", "150"]


def test_many_servers_are_drawn_as_one(look: Look, monitor: Monitor) -> None:
    state = monitor.state
    first = state["services"][0]["servers"][0]
    state["services"][0]["servers"] = [
        {**first, "name": f"n{number:03}", "state": "down" if number == 99 else "up"} for number in range(100)
    ]
    page = look()
    expect(page.locator(".node.server")).to_have_count(2)
    expect(page.locator(".node.server").last).to_contain_text("99 servers")
    expect(page.locator("#main tr[data-key^=n]")).to_have_count(60)
    expect(page.locator("#main tr[data-key^=n]").first).to_contain_text("n099")
    page.get_by_role("button", name="Show all").click()
    expect(page.locator("#main tr[data-key^=n]")).to_have_count(100)


@pytest.mark.parametrize("how", ["silent", "refused"])
def test_old_data_says_so(look: Look, monitor: Monitor, how: str, expected: list[str]) -> None:
    expected += ["503", "ERR_"]
    page = look(clock=True)
    expect(page.locator("body")).to_have_attribute("data-data", "fresh")
    monitor.stream, monitor.silent = how, True
    page.clock.run_for(5_500)
    if how == "silent":
        expect(page.locator("body")).to_have_attribute("data-data", "stale")
        expect(page.locator("#verdict")).to_contain_text(re.compile(r"No data for [5-7] s: what you see is old"))
        assert "42" in row(page, "web2")
        expect(page.locator("#main [data-act]").first).to_be_disabled()
    page.clock.run_for(6_000)
    expect(page.locator("body")).to_have_attribute("data-data", "unknown")
    expect(page.locator("#told")).to_have_text("No data: what you see is old")
    assert page.title().startswith("unknown")
    assert "42" not in row(page, "web2")
    assert "is-unknown" in node(page, "director lvs1")
    monitor.stream, monitor.silent = "on", False
    for _time in range(20):
        page.clock.run_for(2_000)
        page.wait_for_timeout(100)
        if page.locator("body").get_attribute("data-data") == "fresh":
            break
    expect(page.locator("#verdict")).to_contain_text("All is well")
    assert "42" in row(page, "web2")


def test_without_a_stream_it_asks(look: Look, monitor: Monitor, expected: list[str]) -> None:
    expected.append("503")
    monitor.stream = "refused"
    page = look()
    expect(page.locator("#verdict")).to_contain_text("All is well")
    assert "/api/state" in monitor.asked


def test_a_state_that_repeats_grows_old(look: Look, monitor: Monitor) -> None:
    page = look(clock=True)
    expect(page.locator("body")).to_have_attribute("data-data", "fresh")
    stuck = monitor.news()
    monitor.news = lambda: stuck  # type: ignore[method-assign]
    page.wait_for_timeout(600)
    page.clock.run_for(5_500)
    expect(page.locator("body")).to_have_attribute("data-data", "stale")


def test_fits_a_phone_in_any_state(look: Look, monitor: Monitor) -> None:
    page = look(width=360)
    for state in STATES:
        monitor.state = state()
        expect(page.locator("#verdict")).to_contain_text(monitor.state["verdict"]["text"])
        for view in VIEWS:
            go(page, view)
            assert page.evaluate("document.documentElement.scrollWidth") == 360, (state, view)


def test_a_window_without_room_is_no_error(look: Look) -> None:
    page = look()
    page.set_viewport_size({"width": 1, "height": 1})
    expect(page.locator("svg.topology")).not_to_have_attribute("width", re.compile(r"\d{4}"))


def test_tables_fit_a_desk(look: Look, monitor: Monitor) -> None:
    for state in (states.mixed, states.nothing_known):
        monitor.state = state()
        page = look(width=1280)
        hidden = "[...document.querySelectorAll('.scroll')].map((one) => one.scrollWidth - one.clientWidth)"
        assert page.evaluate(hidden) == [0, 0]


def test_names_are_text(look: Look, monitor: Monitor) -> None:
    state = states.two_masters()
    for name in ("web2", "lvs2", "store1", "/srv/shared", "wlc", "admin", "10.0.0.100", "protocol 112"):
        state = states.renamed(state, name, f"{name}{HOSTILE}")
    monitor.state = state
    monitor.answers = {
        "timeline": {"events": [{**one, "text": HOSTILE, "user": HOSTILE} for one in states.timeline()["events"]]},
        "configuration": {"directors": [{"name": HOSTILE, "text": HOSTILE, "error": ""}]},
        "audit": {"at": 1.0, "report": {"findings": [{"node": HOSTILE, "subject": HOSTILE, "words": HOSTILE}]}},
        "history": {"unit": HOSTILE, "series": [{"name": HOSTILE, "points": [[1, 1.0], [2, 2.0]]}]},
    }
    page = look(width=360)
    for view in (*VIEWS[:-2], *(f"{kind}{quote(HOSTILE, safe='')}" for kind in ("server/web2", "director/lvs2"))):
        go(page, view)
        expect(page.locator("#main")).to_contain_text("<img src=x")
        page.wait_for_timeout(100)
        assert "hacked" not in page.title()
        assert page.locator("img, iframe, script:not([src])").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth") == 360, view


def contrasts(page: Page) -> list[tuple[float, str]]:
    """Every text's contrast with its ground, as in WCAG 2."""
    found: list[tuple[float, str]] = page.evaluate("""() => {
        const light = ([r, g, b]) => [r, g, b].map((one) => one / 255)
            .map((one) => (one <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4))
            .reduce((sum, one, index) => sum + one * [0.2126, 0.7152, 0.0722][index], 0);
        const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
        const over = (colour, ground) => {
            canvas.fillStyle = `rgb(${ground})`; canvas.fillRect(0, 0, 1, 1);
            canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
            return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
        };
        const ground = (element) => {
            const behind = element.parentElement ? ground(element.parentElement) : [255, 255, 255];
            const box = element.closest('.node')?.querySelector('.box');
            const pill = element.closest('.held')?.firstChild;
            if (pill) return over(getComputedStyle(pill).fill, behind);
            return over(box ? getComputedStyle(box).fill : getComputedStyle(element).backgroundColor, behind);
        };
        const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        const found = [];
        while (texts.nextNode()) {
            const element = texts.currentNode.parentElement;
            const words = texts.currentNode.data.trim();
            if (!words || !element.checkVisibility() || element.closest('title, .unseen, .skip, :disabled')) continue;
            const style = getComputedStyle(element);
            const below = ground(element);
            const [one, two] = [light(over(element.closest('svg') ? style.fill : style.color, below)), light(below)];
            found.push([(Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05), words]);
        }
        return found;
    }""")
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_can_be_read(look: Look, monitor: Monitor, scheme: str) -> None:
    monitor.state = states.mixed()
    page = look(color_scheme=scheme)
    for view in VIEWS:
        go(page, view)
        found = contrasts(page)
        assert len(found) > 20
        assert [one for one in found if one[0] < 4.5] == []


def test_dark_and_light(look: Look) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    page = look("history", color_scheme="dark")
    dark = page.evaluate(ground)
    page.get_by_role("button", name="Light").click()
    assert page.evaluate(ground) != dark
    page.reload()
    assert page.evaluate(ground) != dark
    page.locator("#theme-button").click()
    assert page.evaluate(ground) == dark


def test_views_by_their_addresses(look: Look, monitor: Monitor) -> None:
    page = look()
    page.locator(".node[data-key='server web2']").click()
    expect(page).to_have_url(re.compile("#/server/web2$"))
    expect(page.locator("#main h2").first).to_have_text("web2")
    expect(page.locator("figure canvas")).to_have_count(5)
    expect(page.locator("figure").first).to_contain_text("35/s")
    page.get_by_role("button", name="7 d").click()
    expect(page.locator("figure canvas")).to_have_count(5)
    asked = [one for one in monitor.asked if "history" in one]
    assert "/api/history?chart=servers&service=web&server=web2&hours=168" in asked
    page.get_by_role("link", name="Time line").click()
    expect(page.locator(".events tbody tr")).to_have_count(7)
    expect(page.locator(".mark")).to_have_count(14)
    page.get_by_role("link", name="Configuration").click()
    expect(page.locator("mark")).to_have_count(8)
    page.get_by_role("link", name="Audit").click()
    expect(page.locator("#main")).to_contain_text("1 d 1 h ago")
    expect(page.locator("#main")).to_contain_text("arp_ignore")
    page.goto(f"{monitor.address}/#/server/nobody")
    expect(page.locator("#main")).to_contain_text("No real server has this name")


def test_never_audited(look: Look, monitor: Monitor) -> None:
    monitor.answers["audit"] = {"at": None, "report": None}
    expect(look("audit").locator("#main")).to_contain_text("Never audited: run lvs.ha_web.audit.")


def test_errors_are_told_in_the_words_of_the_service(look: Look, monitor: Monitor, expected: list[str]) -> None:
    expected.append("500")
    words = "lvs2 does not answer. Look at ha-web-monitor there."
    monitor.answer = lambda path: (500, {"error": words})  # type: ignore[method-assign]
    page = look()
    for view in ("timeline", "configuration", "audit", "history"):
        go(page, view)
        expect(page.locator("#main")).to_contain_text(words)
