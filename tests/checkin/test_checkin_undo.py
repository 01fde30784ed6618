"""Check-in pages after the check-in: an undo, and a link that says that it was used, over real HTTP on both APIs."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from html import unescape

import icalendar
import pytest
import requests

from tests.checkins import (
    HARBOR,
    PUBLIC,
    count_cancels,
    count_check_ins,
    find_link,
    hold_long_waits,
    list_begun,
    post_form,
    read_form_token,
)
from tests.conftest import Line
from tests.feeds import RunningFeed, run_feed
from trakt_ical.checkin.pages import COUNTED, TOKEN_LIFETIME, USED
from trakt_ical.demo import Drop, Fault


@pytest.fixture(params=["v2", "v1"])
def running(line: Line, request: pytest.FixtureRequest) -> Iterator[RunningFeed]:
    """A feed with links that check in."""
    with run_feed(line, api=request.param, checkin_links="true", public_url=PUBLIC) as running:
        running.refresh()
        yield running


@pytest.fixture
def link(running: RunningFeed) -> str:
    """The link of an episode that has begun, of an hour or less."""
    return find_link(running, find_short(running)[0])


def find_short(running: RunningFeed) -> list[icalendar.Event]:
    """The episodes that have begun and are none of the marathon that is on all day."""
    return [each for each in list_begun(running) if timedelta(hours=1) >= each.DTEND - each.DTSTART]


def check_in(running: RunningFeed, link: str) -> requests.Response:
    """Use *link*, and return the page that says so."""
    done = post_form(link, read_form_token(running.get(link)))
    assert "<h1>Checked in</h1>" in done.text
    return done


def read_status(line: Line) -> str:
    return line("checkin", "--status").output


def test_a_check_in_can_be_undone_once(running: RunningFeed, line: Line, link: str) -> None:
    """Two taps on the button end it with one request; the link says so, and checks in anew."""
    done = check_in(running, link)
    assert 'value="undo"' in done.text
    token = read_form_token(done)
    with ThreadPoolExecutor(2) as both:
        pages = list(both.map(lambda _: post_form(link, token, "undo"), range(2)))
    assert sorted(page.status_code for page in pages) == [200, 409]
    assert "<h1>Undone</h1>" in min(pages, key=lambda page: page.status_code).text
    assert "You undid the check-in" in max(pages, key=lambda page: page.status_code).text
    assert count_cancels(line) == 1
    assert "Nothing is running" in read_status(line)
    again = running.get(link)
    assert "<h1>Check in?</h1>" in again.text
    assert "You undid the check-in of today, " in again.text
    assert "<h1>Checked in</h1>" in post_form(link, read_form_token(again)).text
    assert "Nothing is running" not in read_status(line)


def test_a_used_link_says_so_and_offers_what_is_left(running: RunningFeed, line: Line, link: str) -> None:
    """Which episode, when and until when, with an undo; once it is over, a second check-in must be asked for."""
    title = str(find_short(running)[0]["SUMMARY"])
    other_tab = read_form_token(running.get(link))
    check_in(running, link)
    used = running.get(link)
    assert "<h1>Already checked in</h1>" in used.text
    assert title in unescape(used.text)
    assert "You checked in from this link today, " in used.text
    assert "It runs until " in used.text
    assert ('value="undo"' in used.text, 'value="check-in"' in used.text) == (True, False)
    assert (post_form(link, other_tab).status_code, count_check_ins(line)) == (200, 1)

    stale = read_form_token(running.get(link))
    running.clock.pass_by(hours=5)
    assert post_form(link, stale, "undo").status_code == 409  # the token is too old
    over = running.get(link)
    assert all(sentence in over.text for sentence in COUNTED)
    assert ('value="undo"' in over.text, 'value="again"' in over.text) == (False, True)
    assert post_form(link, read_form_token(over)).status_code == 409
    assert count_check_ins(line) == 1
    assert "<h1>Checked in</h1>" in post_form(link, read_form_token(running.get(link)), "again").text
    assert count_check_ins(line) == 2


def test_what_is_over_is_not_undone(running: RunningFeed, line: Line, link: str) -> None:
    """A page that was open when the check-in ended says that Trakt counts it by now."""
    check_in(running, link)
    (use,) = json.loads((running.folder.path / "check-ins.json").read_bytes()).values()
    running.clock.now = datetime.fromisoformat(use["until"]) - timedelta(minutes=1)
    token = read_form_token(running.get(link))
    running.clock.pass_by(minutes=2)
    late = post_form(link, token, "undo")
    assert late.status_code == 409
    assert all(sentence in late.text for sentence in COUNTED)
    assert USED not in late.text
    assert count_cancels(line) == 0


def test_an_undo_needs_no_memory_of_the_use(running: RunningFeed, line: Line, link: str) -> None:
    """Where the use could not be kept, as on a full disk, the check-in is ended all the same."""
    token = read_form_token(check_in(running, link))
    (running.folder.path / "check-ins.json").unlink()
    assert "<h1>Undone</h1>" in post_form(link, token, "undo").text
    assert count_cancels(line) == 1
    assert "Nothing is running" in read_status(line)


def test_nothing_but_the_form_undoes(running: RunningFeed, line: Line, link: str) -> None:
    """No GET, no guessed or old token, and none of another airing's link."""
    token = read_form_token(check_in(running, link))
    other = find_link(running, find_short(running)[1])
    assert running.get(f"{link}?choice=undo&once={token}").status_code == 200
    assert post_form(other, token, "undo").status_code == 409
    assert post_form(link, "guessed", "undo").status_code == 409
    token = read_form_token(running.get(link))
    running.clock.pass_by(seconds=TOKEN_LIFETIME.total_seconds() + 1)
    assert post_form(link, token, "undo").status_code == 409
    assert count_cancels(line) == 0


def test_with_trakt_down_the_undo_says_so_and_may_be_tried_again(running: RunningFeed, line: Line, link: str) -> None:
    """The check-in still counts as it is, and the page says why it was not ended."""
    done = check_in(running, link)
    line.demo.misbehave(Fault(drop=Drop.BEFORE, times=0))
    failed = post_form(link, read_form_token(done), "undo")
    assert "<h1>Not undone</h1>" in failed.text
    assert "Trakt cannot be reached" in failed.text
    assert "<h1>Already checked in</h1>" in running.get(link).text
    line.demo.behave()
    assert "<h1>Undone</h1>" in post_form(link, read_form_token(failed), "undo").text
    assert "Nothing is running" in read_status(line)


def test_an_undo_leaves_another_check_in_alone(running: RunningFeed, line: Line, link: str) -> None:
    """Where something else runs by now, that goes on."""
    token = read_form_token(check_in(running, link))
    api = "v1" if "tvdb" in link else "v2"
    assert line("checkin", "--api", api, *HARBOR, "--replace").exit_code == 0
    before = count_cancels(line)
    undone = post_form(link, token, "undo")
    assert "<h1>Undone</h1>" in undone.text
    assert re.search("Harbor Nine 10x08[^<]* is being watched", undone.text)
    assert count_cancels(line) == before
    assert "Harbor Nine 10x08" in line("checkin", "--api", api, "--status").output


def test_a_check_in_that_waits_can_be_called_off(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits for the end of another one and changes his mind is not checked in."""
    over = threading.Event()
    monkeypatch.setattr(line.clock, "sleep", hold_long_waits(line.clock, over))
    with run_feed(line, checkin_links="true", public_url=PUBLIC) as running:
        running.refresh()
        first, second = (find_link(running, event) for event in list_begun(running)[:2])
        check_in(running, first)
        conflict = post_form(second, read_form_token(running.get(second)))
        waiting = post_form(second, read_form_token(conflict), "wait")
        assert "<h1>Waiting</h1>" in waiting.text
        again = running.get(second)
        assert "<h1>Waiting</h1>" in again.text
        assert "<h1>Called off</h1>" in post_form(second, read_form_token(again), "undo").text
        assert "<h1>Check in?</h1>" in running.get(second).text
        before = count_check_ins(line)
        (waiting_thread,) = (each for each in threading.enumerate() if each.name == "check-in")
        over.set()
        waiting_thread.join(60)
    assert count_check_ins(line) == before


def test_a_restart_forgets_no_use(line: Line) -> None:
    """After it the link says what it said before, and the undo works."""
    with run_feed(line, checkin_links="true", public_url=PUBLIC) as running:
        running.refresh()
        link = find_link(running, list_begun(running)[0])
        check_in(running, link)
        path = link.removeprefix(running.base)
    with run_feed(line, checkin_links="true", public_url=PUBLIC) as running:
        page = running.get(running.base + path)
        assert "<h1>Already checked in</h1>" in page.text
        assert "<h1>Undone</h1>" in post_form(running.base + path, read_form_token(page), "undo").text
        (running.folder.path / "check-ins.json").write_bytes(b"{")
        assert "<h1>Check in?</h1>" in running.get(running.base + path).text
