"""The feed over time: it is refreshed by its own clock, and what Trakt does never reaches a subscriber."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import pytest

from tests.conftest import Clock, Line
from tests.feeds import RunningFeed, run_feed, run_refresher
from tests.readers import Exports
from trakt_ical.demo import Body, Drop, Fault
from trakt_ical.errors import TraktError, TraktIcalError
from trakt_ical.export.stored_calendar import parse_calendar
from trakt_ical.feed.refresher import ACTIVITY_INTERVAL, FIRST_RETRY, Refresher
from trakt_ical.feed.refresher_pool import Member, RefresherPool
from trakt_ical.pipeline import Outcome

EVERY = timedelta(hours=1)
NOTICE = "SUMMARY:⚠ Out of date since 18 Apr: Trakt\r\n".encode()

TROUBLES = [
    Fault(status=500, times=0),
    Fault(body=Body.HTML, times=0),
    Fault(body=Body.GARBAGE, times=0),
    Fault(body=Body.EMPTY, times=0),
    Fault(path="/calendars/", empty_list=True, times=0),
    Fault(drop=Drop.BEFORE, times=0),
    Fault(drop=Drop.AFTER, times=0),
    Fault(truncate=True, times=0),
    Fault(path="/calendars/", delay=1.5, times=0),
    Fault(status=429, retry_after=60, times=0),
    Fault(status=403, times=0),
    Fault(status=401, times=0),
]


@dataclass
class FakeJob:
    """A job that does nothing but note when; with an *error*, each refresh ends in that."""

    clock: Clock
    error: BaseException | None = None
    refreshes: list[datetime] = field(default_factory=list)
    reloads: list[datetime] = field(default_factory=list)

    def refresh(self) -> Mapping[str, Outcome]:
        self.refreshes.append(self.clock.now)
        if isinstance(self.error, TraktIcalError):
            return {"Trakt": self.error}
        if self.error is not None:
            raise self.error
        return {}

    def has_account_changed(self) -> bool:
        return False

    def reload(self) -> None:
        self.reloads.append(self.clock.now)


def count_requests(line: Line, path: str) -> int:
    """How often Trakt was asked for addresses that begin with *path*."""
    return sum(seen.path.startswith(path) for seen in line.demo.requests)


def test_an_hour_of_every_trouble_is_never_seen(line: Line) -> None:
    """While Trakt fails in all ways for an hour and more, subscribers see the last good copy: 200 and 304 alone."""
    with run_feed(line, refresh=5) as running:
        running.refresh()
        good = running.get()
        statuses, refusals = set(), set()
        for trouble in TROUBLES:
            line.demo.behave()
            line.demo.misbehave(trouble)
            for _ in running.pass_in_steps(minutes=6):
                refusals.add(running.service.trouble)
                answers = [running.get(), running.get(headers={"If-None-Match": good.headers["ETag"]})]
                answers.append(running.get(headers={"If-Modified-Since": good.headers["Last-Modified"]}))
                statuses |= {answer.status_code for answer in answers}
                assert {answer.headers["ETag"] for answer in answers} == {good.headers["ETag"]}
                assert answers[0].content == good.content
        assert statuses == {200, 304}
        assert "" not in refusals
        assert len(refusals) >= 8
        assert any("in time" in each for each in refusals)
        assert line.clock.now - running.service.store.calendars["Trakt"].last_success > EVERY
        line.demo.behave()
        assert [running.service.trouble for _ in running.pass_in_steps(minutes=6)][-1] == ""
        assert running.get(headers={"If-None-Match": good.headers["ETag"]}).status_code == 304


def test_subscribers_never_wait_for_trakt(running: RunningFeed, line: Line) -> None:
    """However many ask, Trakt is asked once in an hour; and each look at what the account did is one request."""
    before = count_requests(line, "/calendars/")
    for _ in running.pass_in_steps(minutes=50):
        assert running.get().status_code == 200
    assert count_requests(line, "/calendars/") == before
    assert count_requests(line, "/sync/last_activities") == 1 + 4
    assert list(running.pass_in_steps(minutes=20))
    assert count_requests(line, "/calendars/") == 2 * before


def test_what_the_account_did_brings_a_sooner_refresh(running: RunningFeed, line: Line) -> None:
    """A show that was hidden at Trakt is gone from the feed after ten minutes."""
    assert b"UID:trakt-101-" in running.get().content
    line.clock.pass_by(minutes=1)
    line.demo.hide("harbor-nine")
    assert list(running.pass_in_steps(minutes=10))
    assert b"UID:trakt-101-" not in running.get().content


def test_a_first_copy_is_waited_for_with_503(line: Line) -> None:
    """A calendar that was never fetched answers 503 and when to ask again, and the page says what is wrong."""
    line.demo.misbehave(Fault(status=500, times=0))
    with run_feed(line) as running:
        running.refresh()
        answer = running.get()
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "120")
        assert running.get(method="HEAD").headers["Content-Length"] == answer.headers["Content-Length"]
        assert running.get(method="PUT").status_code == 405
        assert running.get(running.base + "/healthz").status_code == 503
        assert running.service.trouble
        assert f"Nothing could be fetched: {running.service.trouble}" in unescape(running.get(running.page).text)
        line.demo.behave()
        assert list(running.pass_in_steps(minutes=5))
        assert running.get().status_code == 200
        assert running.get(running.base + "/healthz").json()["refresher"] == "well"


def test_the_stored_copy_is_served_at_once(line: Line) -> None:
    """After a restart the copy is there before Trakt was asked, with its age."""
    with run_feed(line) as running:
        running.refresh()
        good = running.get()
    line.clock.pass_by(hours=2)
    line.demo.misbehave(Fault(drop=Drop.BEFORE, times=0))
    count = len(line.demo.requests)
    with run_feed(line) as running:
        assert running.get().content == good.content
        assert running.get().headers["Last-Success"] == good.headers["Last-Success"]
        assert running.get(running.base + "/healthz").json()["calendars"] == [{"ready": True, "age": 7200}]
    assert len(line.demo.requests) == count


def test_a_lost_state_costs_no_copy_and_no_notice(line: Line) -> None:
    """Without the state file the copy is as old as its newest stamp says, for the page, the health and the notice."""
    with run_feed(line) as running:
        running.refresh()
        good = running.get()
        running.folder.make_state_file("Trakt").path.write_bytes(b"{")
    line.clock.pass_by(hours=2)
    line.demo.misbehave(Fault(drop=Drop.BEFORE, times=0))
    with run_feed(line) as running:
        assert running.get().headers["Last-Success"] == good.headers["Last-Success"]
        assert "2 hours ago" in running.get(running.page).text
        assert running.get(running.base + "/healthz").json()["calendars"] == [{"ready": True, "age": 7200}]
        line.clock.pass_by(days=3)
        running.service.reload()
        assert NOTICE in running.get().content.replace(b"\r\n ", b"")


def test_what_is_wrong_is_said_until_the_next_try_has_ended(running: RunningFeed, line: Line) -> None:
    """While Trakt is asked again, the page says in the calendar's section alone what it said there before."""

    def read_troubles() -> list[str]:
        return re.findall('<div class="trouble" role="([a-z]+)"', running.get(running.page).text)

    class PageWatch(list[float]):
        """Looks at the page whenever the client waits for Trakt."""

        def append(self, seconds: float) -> None:
            super().append(seconds)
            meanwhile.append(read_troubles())

    meanwhile: list[list[str]] = []
    line.demo.misbehave(Fault(path="/calendars/", empty_list=True, times=0))
    line.clock.pass_by(hours=2)
    running.refresh()
    assert read_troubles() == ["status"]
    line.demo.behave()
    line.demo.misbehave(Fault(path="/calendars/", status=429, retry_after=1))
    line.clock.pass_by(hours=2)
    line.clock.slept = PageWatch()
    running.refresh()
    assert meanwhile[0] == ["status"] == meanwhile[-1]  # a busy computer may need a further try
    assert read_troubles() == []


def test_a_lost_login_is_said_on_the_page_and_the_feed_stays(
    running: RunningFeed, line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    """Without a login page and log name the command, and the calendar stays as it is."""
    good = running.get()
    Path(line.environ["TRAKT_ICAL_TOKEN_FILE"]).unlink()
    assert list(running.pass_in_steps(minutes=70))
    assert "trakt-ical login" in running.get(running.page).text
    assert re.search(r" \d\d:\d\d\. .*trakt-ical login$", caplog.text, re.M)
    assert running.get().content == good.content


def test_a_new_login_is_found_soon(running: RunningFeed, line: Line) -> None:
    """However long the login was gone, a new one is of use at the next look at what the account did."""
    file = Path(line.environ["TRAKT_ICAL_TOKEN_FILE"])
    token = file.read_bytes()
    file.unlink()
    assert list(running.pass_in_steps(hours=6))
    assert "trakt-ical login" in running.get(running.page).text
    file.write_bytes(token)
    assert list(running.pass_in_steps(minutes=11))
    assert "trakt-ical login" not in running.get(running.page).text


def test_a_crash_of_the_refresher_is_said_and_survived(running: RunningFeed, caplog: pytest.LogCaptureFixture) -> None:
    """A bug in the refresher is told in the log with where, and on the page; the feed goes on and it is tried again."""
    job = FakeJob(running.clock, ZeroDivisionError("what nobody thought of"))
    running.service.refresher = Refresher(job, EVERY, running.clock, lambda: 0.5)
    running.refresh()
    assert "what nobody thought of" in caplog.text
    assert f"{__file__}" in caplog.text
    assert "(ZeroDivisionError)" in running.get(running.page).text
    assert running.get(running.base + "/healthz").json()["refresher"] == "crashed"
    assert running.get().status_code == 200
    assert list(running.pass_in_steps(minutes=6))
    assert (len(job.refreshes), len(job.reloads)) == (2, 2)


@pytest.mark.parametrize("error", [SystemExit(), KeyboardInterrupt(), MemoryError()])
def test_a_refresher_that_crashes_starts_again_and_says_so(running: RunningFeed, error: BaseException) -> None:
    """Whatever ends its work, page and health report it, the feed goes on, and so does the refresher."""
    again = threading.Event()

    class CrashingRefresher(Refresher):
        """Crashes once, outside of all that it catches itself."""

        has_crashed = False

        def step(self) -> None:
            if not self.has_crashed:
                self.has_crashed = True
                raise error
            super().step()
            again.set()

    refresher = running.service.refresher = CrashingRefresher(FakeJob(running.clock), EVERY, running.clock)
    with RefresherPool([Member("", refresher)], running.clock) as pool:
        while running.get(running.base + "/healthz").json()["refresher"] != "crashed":
            assert running.get().status_code == 200
        assert f"({type(error).__name__})" in running.get(running.page).text
        running.clock.pass_by(minutes=5)
        pool.wake()
        assert again.wait(60)
    running.clock.pass_by(minutes=5)
    running.refresh()
    assert running.get(running.base + "/healthz").json()["refresher"] == "well"


@pytest.mark.parametrize("error", [None, TraktError("no"), ZeroDivisionError()])
def test_what_is_requested_during_a_refresh_follows_at_once(clock: Clock, error: Exception | None) -> None:
    """A refresh that began with older settings is followed by another one, also where it failed or crashed."""

    class ChangingJob(FakeJob):
        """Learns of other settings while its first refresh is at work."""

        def refresh(self) -> Mapping[str, Outcome]:
            if not self.refreshes:
                refresher.request(EVERY, now=True)
            return super().refresh()

    job = ChangingJob(clock, error)
    refresher = Refresher(job, EVERY, clock)
    for _ in range(3):
        refresher.step()
    assert job.refreshes == [clock.now] * 2
    assert refresher.find_pause() > 0


def test_a_refresh_that_hangs_is_said(line: Line) -> None:
    """Until the first refresh has ended the health says "starting", then "hanging"; never "well"."""
    begun, released = threading.Event(), threading.Event()

    class HangingJob(FakeJob):
        """Ends a refresh when it is told to."""

        def refresh(self) -> Mapping[str, Outcome]:
            begun.set()
            assert released.wait(60)
            return {}

    with run_feed(line) as running:
        refresher = running.service.refresher = Refresher(HangingJob(line.clock), EVERY, line.clock)

        def find_condition() -> str:
            return str(running.get(running.base + "/healthz").json()["refresher"])

        assert find_condition() == "starting"
        with RefresherPool([Member("", refresher)], line.clock):
            assert begun.wait(60)
            assert find_condition() == "starting"
            line.clock.pass_by(minutes=11)
            assert find_condition() == "hanging"
            assert "12:00 UTC" in running.get(running.page).text
            released.set()
            while find_condition() != "well":
                assert running.get(running.page).status_code == 200


def test_failures_are_tried_again_less_and_less_often(line: Line) -> None:
    """After a failure the pause is five minutes, then twice as long each time, but no longer than a refresh's."""
    refresher = Refresher(FakeJob(line.clock, TraktError("no")), EVERY, line.clock, lambda: 0.5)
    pauses: list[float] = []

    def wait(seconds: float) -> bool:
        pauses.append(seconds)
        line.clock.pass_by(seconds=seconds)
        return len(pauses) > 40

    run_refresher(refresher, wait)
    tries = [sum(pauses[:position]) for position in range(len(pauses))]
    assert FIRST_RETRY.total_seconds() in tries
    assert sum(pauses) / len(pauses) <= ACTIVITY_INTERVAL.total_seconds()
    assert refresher.trouble == "no"


@pytest.mark.parametrize(("chance", "minutes"), [(0.0, 54), (0.5, 60), (1.0, 66)])
def test_the_hour_is_not_the_same_for_all(line: Line, chance: float, minutes: int) -> None:
    """The time between two refreshes is off by up to a tenth, so that Trakt is not asked by all at once."""
    job = FakeJob(line.clock)
    refresher = Refresher(job, EVERY, line.clock, lambda: chance)

    def wait(seconds: float) -> bool:
        line.clock.pass_by(seconds=seconds)
        return len(job.refreshes) == 2

    start = line.clock.now
    run_refresher(refresher, wait)
    assert job.refreshes == [start, start + timedelta(minutes=minutes)]


def test_a_clock_that_was_set_back_does_not_stop_the_refresher(line: Line) -> None:
    """After the clock jumped back by a year the next refresh comes within the hour all the same."""
    job = FakeJob(line.clock)
    refresher = Refresher(job, EVERY, line.clock, lambda: 0.5)
    refresher.step()
    line.clock.pass_by(days=-365)
    end = line.clock.now + timedelta(minutes=70)

    def wait(seconds: float) -> bool:
        line.clock.pass_by(seconds=seconds)
        return line.clock.now >= end

    run_refresher(refresher, wait)
    assert len(job.refreshes) == 2


def test_a_calendar_that_is_out_of_date_says_so(running: RunningFeed, line: Line, exports: Exports) -> None:
    """After three days without a success there is one whole-day event more, the same until the next success."""
    good = running.get()
    line.demo.misbehave(Fault(status=503, times=0))
    line.clock.pass_by(days=2.9)
    running.refresh()
    assert running.get().content == good.content
    line.clock.pass_by(hours=4)
    running.service.reload()
    told = running.get()
    exports.add(told.content)
    assert told.content.replace(b"\r\n ", b"").count(NOTICE) == 1
    event = told.content[told.content.rindex(b"BEGIN:VEVENT") :]
    assert b"DTSTART;VALUE=DATE:20260421\r\n" in event
    assert b"DTSTAMP:20260421T120000Z\r\n" in event
    assert told.content.count(b"BEGIN:VEVENT") == good.content.count(b"BEGIN:VEVENT") + 1
    assert running.get(headers={"If-Modified-Since": good.headers["Last-Modified"]}).status_code == 200
    line.clock.pass_by(days=2)
    running.refresh()
    assert running.get().content == told.content
    line.demo.behave()
    line.clock.pass_by(hours=2)
    running.refresh()
    after = running.get(headers={"If-Modified-Since": told.headers["Last-Modified"]})
    assert after.status_code == 200
    assert b"out-of-date" not in after.content


def test_the_notice_never_enters_the_memory(running: RunningFeed, line: Line) -> None:
    """The stored copy does not bear it, and what is served with it is refused as a calendar to go on from."""
    line.demo.misbehave(Fault(status=503, times=0))
    line.clock.pass_by(days=4)
    running.refresh()
    assert b"out-of-date" in running.get().content
    assert b"out-of-date" not in Path(running.folder.make_store("Trakt").name).read_bytes()
    line.ics.write_bytes(running.get().content)
    line.demo.behave()
    assert line("export").exit_code == 6


def test_a_notice_moves_on_each_week(running: RunningFeed, line: Line) -> None:
    """It covers seven days, today among them whatever the hour, and moves on while nothing comes."""
    line.demo.misbehave(Fault(status=503, times=0))
    moved = []
    for _ in range(40):
        line.clock.pass_by(hours=23)
        running.service.reload()
        calendar = running.get().content
        if b"out-of-date" not in calendar:
            assert line.clock.now < datetime(2026, 4, 21, 12, tzinfo=UTC)
            continue
        found = re.search(
            rb"DTSTART;VALUE=DATE:(\d+)\r\nDTEND;VALUE=DATE:(\d+)\r\n", calendar[calendar.index(b"out-of") :]
        )
        assert found
        assert found[1].decode() <= f"{line.clock.now:%Y%m%d}" < found[2].decode()
        moved += [] if found[0] in moved else [found[0]]
    assert moved[:2] == [
        b"DTSTART;VALUE=DATE:20260421\r\nDTEND;VALUE=DATE:20260428\r\n",
        b"DTSTART;VALUE=DATE:20260428\r\nDTEND;VALUE=DATE:20260505\r\n",
    ]
    assert len(moved) == 6


def test_no_notice_where_none_is_wanted(line: Line) -> None:
    """`notice_after = 0` leaves the calendar as it is."""
    with run_feed(line, notice_after=0) as running:
        running.refresh()
        line.clock.pass_by(days=100)
        running.service.reload()
        assert b"out-of-date" not in running.get().content


def test_most_of_it_gone_is_not_believed_until_it_is_accepted(running: RunningFeed, line: Line) -> None:
    """The page names the command; after it a server that runs takes the calendar over by itself."""
    line.demo.misbehave(Fault(path="/calendars/", empty_list=True, times=0))
    assert list(running.pass_in_steps(minutes=70))
    assert running.get().content.count(b"STATUS:CANCELLED") == 0
    assert "trakt-ical feed accept Trakt" in running.get(running.page).text
    assert "trakt-ical feed accept" in line("feed", "list").output
    assert "trakt-ical feed accept Trakt\n" in line("status").output
    line.clock.pass_by(minutes=1)
    assert line("feed", "accept").exit_code == 0
    running.service.reload()
    assert running.get().content.count(b"STATUS:CANCELLED") > 10
    assert 'class="trouble"' not in running.get(running.page).text


def test_a_damaged_copy_is_not_served_and_made_anew(line: Line) -> None:
    """What is not whole is no answer; the refresher puts it aside."""
    with run_feed(line) as running:
        running.refresh()
        copy = Path(running.folder.make_store("Trakt").name)
        copy.write_bytes(copy.read_bytes()[:-100])
        running.service.reload()
        assert running.get().status_code == 200
    with run_feed(line) as running:
        assert running.get().status_code == 503
        assert 'class="week"' not in running.get(running.page).text
        assert running.get(running.base + "/healthz").json()["calendars"] == [{"ready": False, "age": None}]
        running.refresh()
        assert running.get().status_code == 200
    assert parse_calendar(copy.read_bytes()).events
    assert copy.with_name("Trakt.ics.old").exists()


def test_another_account_is_another_calendar(running: RunningFeed, line: Line) -> None:
    """After a login as somebody else the feed is theirs, and begins anew."""
    token = Path(line.environ["TRAKT_ICAL_TOKEN_FILE"])
    token.write_text(json.dumps(json.loads(token.read_text()) | {"username": "somebody"}))
    assert list(running.pass_in_steps(minutes=70))
    assert re.search(rb"X-TRAKT-ICAL-SCOPE:v2/my/somebody/", running.get().content)
