# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What an operator can do on the monitor's page, and a viewer cannot."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect
from unit.monitor_page import monitor_states as states
from unit.monitor_page.looking import Look, go
from unit.monitor_page.monitor_server import Monitor

DONE = {
    "ok": False,
    "text": "web2 is drained on lvs1; lvs2 does not answer.",
    "results": [
        {"node": "lvs1", "ok": True, "text": "weight 0"},
        {"node": "lvs2", "ok": False, "text": "does not answer"},
    ],
}


def dialog(page: Page) -> Locator:
    return page.locator("#action")


def test_a_viewer_sees_no_button(look: Look, monitor: Monitor) -> None:
    monitor.state = states.healthy("viewer")
    page = look()
    for view in ("", "server/web2", "director/lvs1"):
        go(page, view)
        expect(page.locator("#verdict")).to_contain_text("admin, viewer")
        expect(page.locator("[data-act]")).to_have_count(0)


def test_a_drain_is_said_confirmed_and_done(look: Look, monitor: Monitor) -> None:
    monitor.action = (200, DONE)
    page = look()
    page.get_by_role("button", name="Drain web2 in web").click()
    expect(dialog(page)).to_contain_text("takes the weight of web2 in web to 0")
    assert monitor.actions == []
    dialog(page).get_by_role("button", name="Drain web2").click()
    expect(dialog(page)).to_contain_text("not done web2 is drained on lvs1; lvs2 does not answer.")
    expect(dialog(page).locator("li")).to_have_text(["oklvs1 weight 0", "failedlvs2 does not answer"])
    ((asked, headers),) = monitor.actions
    assert asked == {"action": "drain", "target": "web2", "service": "web", "force": False, "token": "once"}
    assert headers["X-HA-Web-Action"] == "1"
    assert headers["Content-Type"] == "application/json"
    dialog(page).get_by_role("button", name="Close").click()
    expect(dialog(page)).to_be_hidden()


def test_cancelled_is_not_done(look: Look, monitor: Monitor) -> None:
    page = look()
    page.get_by_role("button", name="Drain web1 in web").click()
    page.keyboard.press("Enter")  # the first choice is to leave it
    expect(dialog(page)).to_be_hidden()
    assert not [one for one in monitor.asked if "token" in one]


@pytest.mark.parametrize(
    ("view", "button", "action", "target"),
    [
        ("", "Switch over lvs1", "switchover", "lvs1"),
        ("director/lvs1", "Switch over lvs1", "switchover", "lvs1"),
        ("", "Switch back lvs2", "switchback", "lvs2"),
        ("", "Clear cache web3", "clear_cache", "web3"),
        ("", "Clear all caches", "clear_cache", "all"),
        ("", "Restore web1 in web", "restore", "web1"),
        ("server/web1", "Restore web1", "restore", "web1"),
    ],
)
def test_each_action(look: Look, monitor: Monitor, view: str, button: str, action: str, *, target: str) -> None:
    monitor.state["directors"][1]["standby"] = True
    monitor.state["services"][0]["servers"][0]["state"] = "drained"
    page = look(view)
    page.get_by_role("button", name=button, exact=True).click()
    dialog(page).locator(".primary").click()
    expect(dialog(page)).to_contain_text("Done.")
    ((asked, _headers),) = monitor.actions
    assert (asked["action"], asked["target"]) == (action, target)


def test_a_weight(look: Look, monitor: Monitor) -> None:
    monitor.state["services"][0]["servers"][1]["declared_weight"] = 7
    page = look("server/web2")
    page.get_by_role("button", name="Weight web2", exact=True).click()
    field = dialog(page).get_by_label("Weight")
    expect(field).to_have_value("7")
    field.fill("-1")
    dialog(page).locator(".primary").click()
    assert monitor.actions == []
    field.fill("12")
    dialog(page).locator(".primary").click()
    expect(dialog(page)).to_contain_text("Done.")
    assert monitor.actions[0][0] | {"action": "weight", "service": "", "weight": 12} == monitor.actions[0][0]


def test_a_refusal_is_shown_and_can_be_overruled(look: Look, monitor: Monitor, expected: list[str]) -> None:
    expected.append("409")
    words = "web1 is the last server of web. Restore another first."
    monitor.action = (409, {"error": words})
    page = look()
    page.get_by_role("button", name="Drain web1 in web").click()
    dialog(page).locator(".primary").click()
    expect(dialog(page).get_by_role("alert")).to_have_text(words)
    dialog(page).locator(".primary").click()
    assert len(monitor.actions) == 1  # the box is not ticked
    monitor.action = (200, {"ok": True, "text": "Drained.", "results": []})
    dialog(page).get_by_label("Do it nevertheless").check()
    dialog(page).locator(".primary").click()
    expect(dialog(page)).to_contain_text("Drained.")
    assert [one["force"] for one, _headers in monitor.actions] == [False, True]


def test_what_nobody_may_overrule(look: Look, monitor: Monitor, expected: list[str]) -> None:
    expected.append("429")
    monitor.action = (429, {"error": "Too many actions. Wait a minute."})
    page = look()
    page.get_by_role("button", name="Switch over lvs1").click()
    dialog(page).locator(".primary").click()
    expect(dialog(page)).to_contain_text("Too many actions. Wait a minute.")
    expect(dialog(page).get_by_label("Do it nevertheless")).to_have_count(0)


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"))


def test_a_drain_by_keyboard_alone(look: Look, monitor: Monitor) -> None:
    page = look()
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    seen = []
    while (seen := [*seen, focused(page)])[-1] != "Drain web2 in web":
        assert len(seen) < 40, seen
        page.keyboard.press("Tab")
    assert "web3: up · 40.4/s" in seen
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    # Ticks come while it has the focus.
    page.wait_for_timeout(300)
    assert focused(page) == "Drain web2 in web"
    page.keyboard.press("Enter")
    expect(dialog(page)).to_be_visible()
    assert focused(page) == "Cancel"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(dialog(page)).to_contain_text("Done.")
    assert focused(page) == "Close"
    page.keyboard.press("Escape")
    expect(dialog(page)).to_be_hidden()
    assert focused(page) == "Drain web2 in web"
    assert [one["target"] for one, _headers in monitor.actions] == ["web2"]


def test_shortcuts(look: Look, monitor: Monitor) -> None:
    page = look()
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#help")).to_be_hidden()
    for key, view in {"t": "timeline", "h": "history", "c": "configuration", "a": "audit", "o": ""}.items():
        page.keyboard.press("g")
        page.keyboard.press(key)
        expect(page).to_have_url(f"{monitor.address}/#/{view}")
        expect(page.locator("nav [aria-current]")).to_have_count(1)
    page.keyboard.press("d")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
