"""From a link in the calendar to a check-in, over real HTTP: two taps, and nobody else."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import icalendar
import pytest
import requests

from tests.checkins import (
    HARBOR,
    OTHER,
    PUBLIC,
    count_check_ins,
    find_link,
    hold_long_waits,
    list_begun,
    load_events,
    post_form,
    read_form_token,
)
from tests.conftest import Line
from tests.demos import log_in
from tests.feeds import RunningFeed, run_feed
from trakt_ical.app.checkin import make_link_check_ins
from trakt_ical.app.context import App, open_accounts, open_app
from trakt_ical.app.environment import Environment
from trakt_ical.app.feed_folder import make_feed_folder
from trakt_ical.app.serve import ServedAccounts
from trakt_ical.checkin.items import Started
from trakt_ical.checkin.links import BEGINNING, Done, Failed, FormChoice, Undone, Waiting
from trakt_ical.checkin.pages import TOKEN_LIFETIME
from trakt_ical.checkin.service import CheckInService
from trakt_ical.checkin.signed_links import LINK_LIFETIME, Ticket, load_tickets
from trakt_ical.demo import Drop, Fault
from trakt_ical.feed.feed_store import FeedFolder
from trakt_ical.trakt.client import Client


@pytest.fixture(params=["v2", "v1"])
def running(line: Line, request: pytest.FixtureRequest) -> Iterator[RunningFeed]:
    """A feed with links that check in."""
    with run_feed(line, api=request.param, checkin_links="true", public_url=PUBLIC, back=3, ahead=5) as running:
        running.refresh()
        yield running


@pytest.fixture
def link(running: RunningFeed) -> str:
    """The link of an episode that has begun."""
    return find_link(running, list_begun(running)[0])


@pytest.fixture
def other_link(running: RunningFeed) -> str:
    """The link of another one."""
    return find_link(running, list_begun(running)[1])


class EmptyStore:
    """A feed that holds no copy yet."""

    def __init__(self, app: App) -> None:
        self.folder: FeedFolder | None = make_feed_folder(app)

    def find_event(self, uid: str) -> None:
        """No event is known."""


def test_two_taps_check_in(running: RunningFeed, line: Line, link: str) -> None:
    """The link asks, the button checks in with one POST, and the page says what and until when."""
    asked = running.get(link)
    assert (asked.status_code, count_check_ins(line)) == (200, 0)
    assert "<h1>Check in?</h1>" in asked.text
    done = post_form(link, read_form_token(asked))
    assert done.status_code == 200
    assert "<h1>Checked in</h1>" in done.text
    assert re.search(r"Enjoy it until (today|tomorrow), \d\d:\d\d\.", done.text)
    assert count_check_ins(line) == 1


def test_each_event_bears_a_link_of_its_own(running: RunningFeed) -> None:
    """Every event has a link, no two the same one, and it does not depend on when it was made."""
    before = {uid: find_link(running, event) for uid, event in load_events(running).items()}
    assert len(set(before.values())) == len(before)
    running.clock.pass_by(hours=30)
    running.renew()
    after = {uid: find_link(running, event) for uid, event in load_events(running).items()}
    assert after.keys() & before.keys()
    assert all(after[uid] == before[uid] for uid in after.keys() & before.keys())


def test_the_headers_of_the_page_keep_it_to_oneself(running: RunningFeed, link: str) -> None:
    """No referrer, no store, no framing; the form goes nowhere else."""
    headers = running.get(link).headers
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert "form-action 'self'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PROPFIND"])
def test_nothing_but_the_form_checks_in(running: RunningFeed, line: Line, link: str, method: str) -> None:
    """Previews, prefetching and odd methods check in nobody."""
    headers = {"Sec-Purpose": "prefetch;prerender", "Purpose": "prefetch"}
    answer = running.get(link, headers, method=method)
    assert answer.status_code == (200 if method in ("GET", "HEAD") else 405)
    assert count_check_ins(line) == 0


def test_a_word_works_once(running: RunningFeed, line: Line, link: str) -> None:
    """A POST that is sent again does nothing and says so, with a fresh question."""
    word = read_form_token(running.get(link))
    post_form(link, word)
    again = post_form(link, word)
    assert (again.status_code, count_check_ins(line)) == (409, 1)
    assert 'role="alert"' in again.text
    assert read_form_token(again) != word


def test_two_taps_on_the_button_end_in_one_check_in(running: RunningFeed, line: Line, link: str) -> None:
    """Who taps once more, told that the page was used, learns that it is checked in, and is offered no other end."""
    word = read_form_token(running.get(link))
    with ThreadPoolExecutor(2) as both:
        pages = list(both.map(lambda _: post_form(link, word), range(2)))
    assert sorted(page.status_code for page in pages) == [200, 409]
    since = line("checkin", "--status", "--json").stdout
    again = post_form(link, read_form_token(max(pages, key=lambda page: page.status_code)))
    assert (again.status_code, "<h1>Checked in</h1>" in again.text) == (200, True)
    assert line("checkin", "--status", "--json").stdout == since


def test_a_word_is_for_one_airing_and_for_a_while(running: RunningFeed, line: Line, link: str, other_link: str) -> None:
    """A word of another airing, of none, an old one or none at all check in nobody."""
    assert post_form(other_link, read_form_token(running.get(link))).status_code == 409
    assert post_form(link, "guessed").status_code == 409
    assert requests.post(link, timeout=60).status_code == 409
    word = read_form_token(running.get(link))
    running.clock.pass_by(seconds=TOKEN_LIFETIME.total_seconds() + 1)
    assert post_form(link, word).status_code == 409
    assert count_check_ins(line) == 0


def test_a_form_that_is_none_of_ours_is_harmless(running: RunningFeed, line: Line, link: str) -> None:
    """Long, broken and hostile bodies check in nobody and are no error of ours."""
    for body in (b"x" * 10_000, b"\xff\xfe=&&&", b"once=" + b"&a=1" * 900, b'{"once": 1}', b"x" * 2**20):
        assert requests.post(link, data=body, timeout=60).status_code in (409, 413)
    assert post_form(link, read_form_token(running.get(link)), "everything").status_code == 409
    assert count_check_ins(line) == 0


def test_a_form_that_breaks_off_is_no_crash(line: Line, caplog: pytest.LogCaptureFixture) -> None:
    """Who hangs up in the middle of a form leaves nothing in the log."""
    with run_feed(line, checkin_links="true", public_url=PUBLIC) as running:
        running.refresh()
        path = find_link(running, list_begun(running)[0]).removeprefix(running.base)
        host, port = running.base.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=60) as connection:
            connection.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nonce=".encode())
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(1) == b""
    assert count_check_ins(line) == 0
    assert "ClientDisconnect" not in caplog.text


def test_a_link_changed_by_one_character_is_404(running: RunningFeed, line: Line, link: str) -> None:
    """A link that is not exactly ours is like any wrong address, whatever the method."""
    word = read_form_token(running.get(link))
    for changed in (
        link[:-1] + ("A" if link[-1] != "A" else "B"),
        link + "A",
        link[:-1],
        link.replace("-s", "-S"),
    ):
        answers = running.get(changed), post_form(changed, word)
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].content == running.get(running.base + "/nothing").content
    assert count_check_ins(line) == 0


def test_an_expired_link_says_so(running: RunningFeed, line: Line, link: str) -> None:
    """A month after the airing its link checks in nobody, not even with a word from before."""
    word = read_form_token(running.get(link))
    running.clock.pass_by(seconds=LINK_LIFETIME.total_seconds() + 86_400)
    for answer in (running.get(link), post_form(link, word)):
        assert answer.status_code == 410
        assert "Too late" in answer.text
    assert count_check_ins(line) == 0


def test_what_has_yet_to_air_says_when(running: RunningFeed) -> None:
    """The question about an episode that is still to come tells when it begins."""
    ahead = [
        each
        for each in load_events(running).values()
        if hasattr(each.DTSTART, "hour") and running.clock.now < each.DTSTART
    ]
    page = running.get(find_link(running, max(ahead, key=lambda event: event.DTSTART)))
    assert "It begins " in page.text


def test_a_conflict_offers_the_choices_of_the_terminal(
    running: RunningFeed, line: Line, link: str, other_link: str
) -> None:
    """While another check-in runs: wait, replace or leave; each is a button, and none is taken for granted."""
    post_form(other_link, read_form_token(running.get(other_link)))
    conflict = post_form(link, read_form_token(running.get(link)))
    assert conflict.status_code == 409
    assert "A check-in is running" in conflict.text
    assert re.findall(r'value="(wait|replace|leave)"', conflict.text) == ["wait", "replace", "leave"]
    before = count_check_ins(line)
    left = post_form(link, read_form_token(conflict), "leave")
    assert ("Left as it is" in left.text, count_check_ins(line)) == (True, before)
    conflict = post_form(link, read_form_token(running.get(link)))
    replaced = post_form(link, read_form_token(conflict), "replace")
    assert "<h1>Checked in</h1>" in replaced.text


def test_waiting_checks_in_when_the_other_one_ends(
    running: RunningFeed, line: Line, link: str, other_link: str
) -> None:
    """Wait answers at once, and the check-in follows by itself when the running one has ended."""
    post_form(other_link, read_form_token(running.get(other_link)))
    conflict = post_form(link, read_form_token(running.get(link)))
    waiting = post_form(link, read_form_token(conflict), "wait")
    assert "<h1>Waiting</h1>" in waiting.text
    running.service.links.join(60)
    season, number = re.fullmatch(r".*-s(\d+)e(\d+)", link.split("/")[4]).groups()  # type: ignore[union-attr]
    assert f" {season}x{int(number):02d}" in line("checkin", "--status").output


def test_the_end_of_the_server_checks_in_nobody(line: Line) -> None:
    """Who waits when the server ends waits no more; what runs goes on, even where Trakt would let it be replaced."""
    ticket = Ticket("trakt-101-s10e8@trakt-ical", line.clock.now)
    assert line("checkin", *OTHER).exit_code == 0
    with open_app({}, demo=False, environment=Environment(line.clock, environ=line.environ)) as app:
        links = make_link_check_ins(app, EmptyStore(app), lambda: UTC)
        assert isinstance(links.act(ticket, FormChoice.WAIT), Waiting)
        before = count_check_ins(line)
        line.clock.pass_by(minutes=25)  # of thirty
        links.close()
        links.join(60)
    assert count_check_ins(line) == before
    assert "Tea & Trespass 15x01" in line("checkin", "--status").output


@pytest.mark.parametrize("by_link", [True, False])
def test_what_waits_is_called_off_by_a_check_in_of_the_same(line: Line, by_link: bool) -> None:
    """Who waits and then ends the other one after all has checked in once: nothing follows when the wait is over."""
    over = threading.Event()
    environment = Environment(line.clock, hold_long_waits(line.clock, over), line.environ)
    ticket = Ticket("trakt-101-s10e8@trakt-ical", line.clock.now)
    assert line("checkin", *OTHER).exit_code == 0
    with open_app({}, demo=False, environment=environment) as app:
        links = make_link_check_ins(app, EmptyStore(app), lambda: UTC)
        assert isinstance(links.act(ticket, FormChoice.WAIT), Waiting)
        (waiting,) = (each for each in threading.enumerate() if each.name == "check-in")
        if by_link:
            assert isinstance(links.act(ticket, FormChoice.REPLACE), Done)
        else:
            assert line("checkin", *HARBOR, "--replace").exit_code == 0
        over.set()
        waiting.join(60)
    assert "Harbor Nine 10x08" in line("checkin", "--status").output
    line.clock.pass_by(hours=1)
    assert "Nothing is running" in line("checkin", "--status").output


def test_what_is_called_off_while_it_begins_is_undone(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody hears that he will not be checked in while the POST is on its way: it is waited for, and taken back."""
    posts, may_post, check_in = threading.Event(), threading.Event(), CheckInService.check_in

    def check_in_late(*arguments: Any) -> Started:
        posts.set()
        assert may_post.wait(60)
        return check_in(*arguments)

    ticket = Ticket("trakt-101-s10e8@trakt-ical", line.clock.now)
    assert line("checkin", *OTHER).exit_code == 0
    with (
        open_app({}, demo=False, environment=Environment(line.clock, line.clock.sleep, line.environ)) as app,
        ThreadPoolExecutor() as pool,
    ):
        links = make_link_check_ins(app, EmptyStore(app), lambda: UTC)
        monkeypatch.setattr(CheckInService, "check_in", check_in_late)
        assert isinstance(links.act(ticket, FormChoice.WAIT), Waiting)
        assert posts.wait(60)
        monkeypatch.setattr("trakt_ical.checkin.links.PATIENCE", 0)
        assert links.act(ticket, FormChoice.UNDO) == Failed(BEGINNING)
        monkeypatch.setattr("trakt_ical.checkin.links.PATIENCE", 60)
        undone = pool.submit(links.act, ticket, FormChoice.UNDO)
        may_post.set()
        assert undone.result(60) == Undone()
    assert count_check_ins(line) == 3  # the other one, the try that met it, and what waited
    assert "Nothing is running" in line("checkin", "--status").output


@pytest.mark.parametrize("is_called_off", [False, True])
def test_what_waits_outlives_a_change_of_the_settings(line: Line, is_called_off: bool) -> None:
    """The check-in begins all the same when the running one has ended, unless somebody calls it off."""
    over = threading.Event()
    line.environ |= {"TRAKT_ICAL_CHECKIN_LINKS": "true", "TRAKT_ICAL_PUBLIC_URL": PUBLIC}
    environment = Environment(line.clock, hold_long_waits(line.clock, over), line.environ)
    assert line("checkin", *OTHER).exit_code == 0
    with open_accounts({}, demo=False, environment=environment) as accounts:
        with closing(ServedAccounts(accounts.open_all())) as served:
            served.open()
            links = served.services[0].links
            ticket = Ticket("trakt-101-s10e8@trakt-ical", line.clock.now)
            before = threading.enumerate()
            assert isinstance(links.act(ticket, FormChoice.WAIT), Waiting)
            (waiting,) = (each for each in threading.enumerate() if each.name == "check-in" and each not in before)
            for days in ("7", "8"):
                line.environ["TRAKT_ICAL_BACK"] = days
                served.follow(accounts.reload().open_all())
            if is_called_off:
                assert served.services[0].links.act(ticket, FormChoice.UNDO) == Undone(was_waiting=True)
            over.set()
            waiting.join(60)
    assert ("Harbor Nine 10x08" in line("checkin", "--status").output) is not is_called_off


def test_a_show_without_numbers_is_looked_up_by_its_slug(line: Line) -> None:
    """V1 names such a show by title and year, which the UID does not have: one request gets them."""
    with run_feed(line, api="v1", checkin_links="true", public_url=PUBLIC) as running:
        running.refresh()
        event = next(each for uid, each in load_events(running).items() if uid.startswith("static-hours-"))
        url = find_link(running, event)
        page = running.get(url)
        asked = len(line.demo.requests)
        assert "<h1>Checked in</h1>" in post_form(url, read_form_token(page)).text
        assert [each.method for each in line.demo.requests[asked:]] == ["GET", "POST"]


def test_a_lost_answer_is_looked_after(running: RunningFeed, line: Line, link: str) -> None:
    """Where the answer of the POST is lost, Trakt is asked what runs, and there is no second POST."""
    line.demo.misbehave(Fault(path="checkin", method="POST", drop=Drop.AFTER))
    done = post_form(link, read_form_token(running.get(link)))
    assert "<h1>Checked in</h1>" in done.text
    assert count_check_ins(line) == 1


def test_a_failure_is_said_and_may_be_tried_again(running: RunningFeed, line: Line, link: str) -> None:
    """Where Trakt fails for good the page says why, without a secret, and offers to try again."""
    line.demo.misbehave(Fault(path="checkin", method="POST", status=500))
    failed = post_form(link, read_form_token(running.get(link)))
    assert failed.status_code == 200
    assert "<h1>Not checked in</h1>" in failed.text
    assert "<h1>Checked in</h1>" in post_form(link, read_form_token(failed)).text


@pytest.mark.parametrize(("before", "after"), [("v1", "v2"), ("v2", "v1")])
def test_a_link_of_another_account_leads_nowhere(line: Line, before: str, after: str) -> None:
    """Links are signed with the account's own key: a link from somebody else's calendar checks nobody in."""
    with run_feed(line, api=before, checkin_links="true", public_url=PUBLIC) as running:
        running.refresh()
        path = urlsplit(find_link(running, list_begun(running)[0])).path
    with run_feed(line, api=after, checkin_links="true", public_url=PUBLIC) as running:
        url = running.base + path
        assert (running.get(url).status_code, post_form(url, "x").status_code, count_check_ins(line)) == (404, 404, 0)
    with run_feed(line, api=before, checkin_links="true", public_url=PUBLIC) as running:
        assert running.get(running.base + path).status_code == 200


def test_after_a_login_by_somebody_else_no_old_link_checks_in(line: Line) -> None:
    """Not even before the server's next refresh, which gives the new user links of their own."""
    with run_feed(line, checkin_links="true", public_url=PUBLIC) as running:
        running.refresh()
        url = running.base + urlsplit(find_link(running, list_begun(running)[0])).path
        token = read_form_token(running.get(url))
        log_in(line.demo, line.folder / "token.json", "anna")
        assert "<h1>Not checked in</h1>" in post_form(url, token).text
        assert count_check_ins(line) == 0
        line.clock.pass_by(hours=2)
        running.refresh()
        assert (running.get(url).status_code, post_form(url, token).status_code) == (404, 404)
        hers = running.base + urlsplit(find_link(running, list_begun(running)[0])).path
        assert post_form(hers, read_form_token(running.get(hers))).status_code == 200
    assert count_check_ins(line) == 1
    assert line.demo.backend.accounts["anna"].find_running()


@pytest.mark.parametrize("fault", [Fault(path="", status=503, times=0), Fault(path="", delay=60, times=0)])
def test_the_question_is_answered_from_the_stored_copy(
    running: RunningFeed, line: Line, link: str, fault: Fault
) -> None:
    """While Trakt is down or hangs the question comes at once, names the episode, and Trakt is not asked."""
    title = str(list_begun(running)[0]["SUMMARY"])
    running.clock.pass_by(days=8)  # what was kept of Trakt's answers is too old by now, the token too
    line.demo.misbehave(fault)
    asked, slept = len(line.demo.requests), len(running.clock.slept)
    page = running.get(link)
    assert (page.status_code, len(line.demo.requests), len(running.clock.slept)) == (200, asked, slept)
    assert title in unescape(page.text)


def test_the_question_opens_no_client(running: RunningFeed, link: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No client, so no sweep of kept answers and no renewal of the token."""

    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError("a client was made")

    monkeypatch.setattr(Client, "__init__", refuse)
    assert running.get(link).status_code == 200


def test_an_airing_in_no_stored_copy_is_named_by_its_number(running: RunningFeed, home: Path) -> None:
    """Who opens a link of an event that left the calendar learns at least which episode it was for."""
    tickets = load_tickets(next(home.rglob("check-in.key")))
    path = tickets.make_path(Ticket("trakt-101-s2e3@trakt-ical", running.clock.now))
    assert "Episode 2x03" in running.get(f"{running.base}/{path}").text


def test_a_button_takes_one_post_and_two_requests_at_the_most(running: RunningFeed, line: Line, link: str) -> None:
    """What the POST needs is in the UID and the stored copy: the calendar is not asked for again."""
    running.clock.pass_by(days=8)
    word, asked = read_form_token(running.get(link)), len(line.demo.requests)
    post_form(link, word)
    methods = [each.method for each in line.demo.requests[asked:] if "oauth" not in each.path]
    assert methods.count("POST") == 1
    assert methods.count("GET") <= 2


def test_the_page_has_buttons_where_one_may_check_in(running: RunningFeed) -> None:
    """What is on and the latest airings have a button on the feed's page, which leads to the same links."""
    page = running.get(running.page).text
    addresses = [unescape(address) for address in re.findall(r'class="check-in" href="([^"]+)"', page)]
    assert addresses
    assert all(address.startswith(f"{PUBLIC}/check-in/") for address in addresses)
    assert all(running.get(address.replace(PUBLIC, running.base)).status_code == 200 for address in addresses)
    assert "Earlier (" in page


def test_without_the_setting_there_is_no_link(line: Line) -> None:
    """By default no event and no page has a link that checks in, and its address is like any wrong one."""
    with run_feed(line, public_url=PUBLIC) as running:
        running.refresh()
        assert b"check-in" not in running.get().content
        assert "check-in" not in re.sub(r"<style>.*?</style>", "", running.get(running.page).text, flags=re.S)
        assert running.get(f"{running.base}/check-in/a/b/c").status_code == 404


def test_links_need_a_public_address(line: Line) -> None:
    """`checkin_links` without `public_url` is a setting that cannot work: exit 3."""
    result = line("export", environ={"TRAKT_ICAL_CHECKIN_LINKS": "true"})
    assert result.exit_code == 3
    assert "checkin_links (TRAKT_ICAL_CHECKIN_LINKS) needs public_url" in result.stderr


def test_a_damaged_key_is_told_where_links_are_made(line: Line, home: Path) -> None:
    """An export without the key would make dead links: exit 6. A check-in makes none, and takes no notice."""
    environ = {"TRAKT_ICAL_CHECKIN_LINKS": "true", "TRAKT_ICAL_PUBLIC_URL": PUBLIC}
    assert line("export", environ=environ).exit_code == 0
    (key,) = home.rglob("check-in.key")
    key.write_bytes(b"damaged")
    line.forget()
    failed = line("export", environ=environ)
    assert (failed.exit_code, "check-in.key is damaged" in failed.stderr) == (6, True)
    assert line("checkin", *OTHER, environ=environ).exit_code == 0


def test_exported_files_bear_the_same_links(line: Line) -> None:
    """The links of `export` and of the feed are by one key."""
    environ = {"TRAKT_ICAL_CHECKIN_LINKS": "true", "TRAKT_ICAL_PUBLIC_URL": PUBLIC}
    assert line("export", environ=environ).exit_code == 0
    exported = {str(event["UID"]): event for event in icalendar.Calendar.from_ical(line.ics.read_bytes()).events}
    with run_feed(line, checkin_links="true", public_url=PUBLIC) as running:
        running.refresh()
        served = load_events(running)
        assert {uid: find_link(running, event) for uid, event in exported.items()} == {
            uid: find_link(running, event) for uid, event in served.items()
        }


def test_a_group_has_a_link_for_each_of_its_episodes(line: Line) -> None:
    """The event of a drop lists a link for each episode, and each is for that episode alone, the first one's too."""
    with run_feed(line, checkin_links="true", public_url=PUBLIC, group="drop") as running:
        running.refresh()
        group = next(each for each in load_events(running).values() if "episodes)" in str(each["SUMMARY"]))
        links = re.findall(rf"Check in to (\d+x\d+): {re.escape(PUBLIC)}(/check-in/\S+)", str(group["DESCRIPTION"]))
        assert len(links) == int(re.search(r"\((\d+) episodes\)", str(group["SUMMARY"]))[1])  # type: ignore[index]
        for code, path in links[:2]:
            page = unescape(running.get(running.base + path).text)
            assert f"Episode {code}" in page
            assert "episodes)" not in page


@pytest.mark.parametrize("has_looked", [False, True])
def test_a_deleted_key_ends_all_links(line: Line, has_looked: bool) -> None:
    """Who deletes it after a leak needs no restart: the old links stop working, and new ones are served."""
    with run_feed(line, checkin_links="true", public_url=PUBLIC) as running:
        running.refresh()
        old = find_link(running, list_begun(running)[0])
        assert running.get(old).status_code == 200
        (running.folder.path / "check-in.key").unlink()
        if has_looked:
            running.service.look()
            assert running.get(old).status_code == 404
        line.clock.pass_by(hours=2)
        running.refresh()
        new = find_link(running, list_begun(running)[0])
        assert (running.get(old).status_code, running.get(new).status_code) == (404, 200)


def test_several_pages_may_be_open_at_a_time(running: RunningFeed, line: Line, link: str, other_link: str) -> None:
    """A page that was opened later does not spoil the button of one that is open still."""
    word = read_form_token(running.get(link))
    running.get(other_link)
    assert post_form(link, word).status_code == 200
    assert count_check_ins(line) == 1


def test_no_secret_is_in_a_link_and_no_link_in_a_log(
    running: RunningFeed, caplog: pytest.LogCaptureFixture, link: str
) -> None:
    """A link has neither the feed's nor the page's secret in it, and the log does not tell links."""
    secrets = running.service.store.secrets.all
    assert not any(secret in link for secret in secrets)
    with caplog.at_level("DEBUG"):
        post_form(link, read_form_token(running.get(link)))
    ours = [record.getMessage() for record in caplog.records if record.name.startswith(("trakt_ical", "uvicorn"))]
    assert ours
    assert not any(link.rpartition("/")[2] in message for message in ours)


def test_another_day_does_not_change_an_event(running: RunningFeed) -> None:
    """With links an unchanged event stays as it is to the octet from day to day."""
    before = running.get().content
    running.clock.pass_by(seconds=timedelta(hours=3).total_seconds())
    running.renew()
    shared = set(before.split(b"BEGIN:VEVENT")) & set(running.get().content.split(b"BEGIN:VEVENT"))
    assert len(shared) > 0.9 * before.count(b"BEGIN:VEVENT")
