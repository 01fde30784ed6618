"""From an event's link to a finished check-in in a real Chromium, at the width of a phone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.checkins import PUBLIC, count_check_ins, find_link, list_begun
from tests.conftest import Line
from tests.feeds import RunningFeed, run_feed
from tests.server import Reply
from tests.server import run_server as answering

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def running(line: Line) -> Iterator[RunningFeed]:
    """A feed with links that check in."""
    with run_feed(line, checkin_links="true", public_url=PUBLIC) as running:
        running.refresh()
        yield running


@pytest.fixture
def errors() -> list[str]:
    """What the browser complains of."""
    return []


@pytest.fixture
def addresses() -> list[str]:
    """Every address that the browser asks."""
    return []


@pytest.fixture
def tab(browser: Any, errors: list[str], addresses: list[str]) -> Iterator[Any]:
    """A tab of a phone."""
    profile = browser.new_context(viewport=PHONE)
    opened = profile.new_page()
    opened.on("console", lambda message: errors.append(message.text))
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("request", lambda request: addresses.append(request.url))
    yield opened
    profile.close()


def take_picture(tab: Any, name: str, folder: Path) -> None:
    """Take a picture, into the folder that the environment's SCREENSHOTS names."""
    shots = Path(os.environ.get("SCREENSHOTS") or folder)
    for scheme in ("light", "dark"):
        tab.emulate_media(color_scheme=scheme)
        tab.screenshot(path=shots / f"checkin-{name}-{scheme}.png", full_page=True)


def test_two_taps_from_the_calendar(
    tab: Any, running: RunningFeed, line: Line, errors: list[str], addresses: list[str], tmp_path: Path
) -> None:
    """The link is the first tap, the button the second; nothing else is asked, and nothing is complained of."""
    url = find_link(running, list_begun(running)[0])
    tab.goto(url)
    take_picture(tab, "addresses", tmp_path)
    assert count_check_ins(line) == 0
    tab.get_by_role("button", name="Check in").click()
    assert tab.get_by_role("heading", level=1).inner_text() == "Checked in"
    take_picture(tab, "done", tmp_path)
    assert count_check_ins(line) == 1
    tab.goto(url)
    take_picture(tab, "used", tmp_path)
    assert tab.get_by_role("heading", level=1).inner_text() == "Already checked in"
    tab.get_by_role("button", name="Undo").click()
    take_picture(tab, "undone", tmp_path)
    assert tab.get_by_role("heading", level=1).inner_text() == "Undone"
    assert (errors, set(addresses)) == ([], {url})


def test_going_back_and_sending_again_checks_in_once(tab: Any, running: RunningFeed, line: Line) -> None:
    """The form that was sent, sent again from the history, is told to be used up."""
    tab.goto(find_link(running, list_begun(running)[0]))
    form = tab.locator("form").evaluate("form => new URLSearchParams(new FormData(form)).toString()")
    tab.get_by_role("button", name="Check in").click()

    again = tab.request.post(tab.url, form=dict(part.split("=") for part in f"{form}&choice=check-in".split("&")))
    assert (again.status, count_check_ins(line)) == (409, 1)


def test_a_prefetch_checks_in_nobody(browser: Any, running: RunningFeed, line: Line) -> None:
    """A page that lets the browser prefetch or prerender the link brings no check-in about."""
    url = find_link(running, list_begun(running)[0])
    rules = f'{{"prefetch": [{{"urls": ["{url}"]}}], "prerender": [{{"urls": ["{url}"]}}]}}'
    html = f'<link rel="prefetch" href="{url}"><script type="speculationrules">{rules}</script><img src="{url}">'
    with answering(lambda seen: Reply(html.encode(), headers={"Content-Type": "text/html"})) as (base, _):
        tab = browser.new_page()
        with tab.expect_response(url):
            tab.goto(base)
        tab.wait_for_load_state("networkidle")
        tab.close()
    assert count_check_ins(line) == 0


def test_a_conflict_is_settled_by_a_button(tab: Any, running: RunningFeed, line: Line, tmp_path: Path) -> None:
    """While another check-in runs there are three buttons; ending it leads to the check-in."""
    first, second = (find_link(running, event) for event in list_begun(running)[:2])
    for url in (first, second):
        tab.goto(url)
        tab.get_by_role("button", name="Check in").click()
    assert tab.get_by_role("heading", level=1).inner_text() == "A check-in is running"
    take_picture(tab, "conflict", tmp_path)
    names = [button.inner_text() for button in tab.get_by_role("button").all()]
    assert names[0].startswith("Wait until ")
    assert names[1:] == ["End that one and check in now", "Leave it as it is"]
    tab.get_by_role("button", name="End that one").click()
    assert tab.get_by_role("heading", level=1).inner_text() == "Checked in"


def test_nothing_keeps_people_out(tab: Any, running: RunningFeed, axe: str) -> None:
    """Axe finds nothing on the question and on the answer, and the keyboard alone checks in."""
    tab.goto(find_link(running, list_begun(running)[0]))
    assert list_complaints(tab, axe) == []
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.textContent") == "Check in"
    tab.keyboard.press("Enter")
    tab.wait_for_load_state()
    assert tab.get_by_role("heading", level=1).inner_text() == "Checked in"
    assert list_complaints(tab, axe) == []


def list_complaints(tab: Any, axe: str) -> list[str]:
    """What axe finds, in light and in dark."""
    tab.evaluate(f"{axe}; undefined")
    found = []
    for scheme in ("light", "dark"):
        tab.emulate_media(color_scheme=scheme)
        found += [f"{each['id']}: {each['nodes'][0]['html']}" for each in tab.evaluate("axe.run()")["violations"]]
    return found


def test_the_feeds_page_leads_there(tab: Any, running: RunningFeed, line: Line, tmp_path: Path) -> None:
    """On the page what is on has a button, and the latest airings have one."""
    tab.goto(running.page)
    take_picture(tab, "page", tmp_path)
    buttons = tab.get_by_role("link", name="Check in to")
    address = buttons.first.get_attribute("href")
    assert address.startswith(f"{PUBLIC}/check-in/")
    tab.goto(address.replace(PUBLIC, running.base))
    tab.get_by_role("button", name="Check in").click()
    assert count_check_ins(line) == 1
