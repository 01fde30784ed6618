"""The octets of a calendar and of its events."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

import icalendar
import pytest

from tests.factories import NIGHT, make_calendar_id, make_episode, make_event, make_movie, make_show, make_stamp
from trakt_ical.export import ics
from trakt_ical.model import Airing, EpisodeKind, Moment, Release, Show
from trakt_ical.transform import events
from trakt_ical.transform.event_text import PARTS, Words
from trakt_ical.transform.grouping import schedule_airings
from trakt_ical.transform.rules import Group, Hours, Offsets, Rules, UnknownHours
from trakt_ical.transform.template import parse_template
from trakt_ical.transform.times import describe_placing
from trakt_ical.transform.uids import make_uid

STAMP = make_stamp()
CALENDAR_ID = make_calendar_id(owner="some body/ö", kinds=("shows", "dvd"))


def render_lines(airing: Airing, **rules: object) -> list[str]:
    octets = ics.render_event(make_event(airing, **rules), STAMP, "1-abc")
    return octets.replace(b"\r\n ", b"").decode().split("\r\n")


FROZEN = [
    (make_episode(), "trakt-1388-s2e3@trakt-ical"),
    (make_episode(season=0, number=12), "trakt-1388-s0e12@trakt-ical"),
    (make_episode(season=2026, number=123), "trakt-1388-s2026e123@trakt-ical"),
    (make_episode(show=Show("tvdb-84947", None, None, (), None)), "tvdb-84947-s2e3@trakt-ical"),
    (make_episode(show=Show("imdb-tt0979432", None, None, (), None)), "imdb-tt0979432-s2e3@trakt-ical"),
    (make_episode(show=Show("tvmaze-82", None, None, (), None)), "tvmaze-82-s2e3@trakt-ical"),
    (make_episode(show=Show("breakout-kings", None, None, (), None)), "breakout-kings-s2e3@trakt-ical"),
    (make_movie(), "trakt-movie-28-cinema@trakt-ical"),
    (make_movie(release=Release.STREAMING), "trakt-movie-28-streaming@trakt-ical"),
    (make_movie(release=Release.PHYSICAL), "trakt-movie-28-physical@trakt-ical"),
]


@pytest.mark.parametrize(("airing", "expected"), FROZEN)
def test_uids_are_frozen(airing: Airing, expected: str) -> None:
    """A UID never changes: calendar programs know an event by nothing else."""
    assert make_uid(airing) == expected


def test_a_uid_says_nothing_that_changes() -> None:
    """Title, date, episode id and network may change; the UID stays."""
    moved = make_episode(title="B", starts=date(2027, 1, 1), episode_id=5, runtime=None, link=None, overview="B")
    assert make_uid(moved) == make_uid(make_episode())


def test_an_event_has_the_properties_that_programs_need() -> None:
    """An episode's event, line by line."""
    assert render_lines(make_episode(kind=EpisodeKind.SEASON_FINALE)) == [
        "BEGIN:VEVENT",
        "UID:trakt-1388-s2e3@trakt-ical",
        "DTSTAMP:20260101T000000Z",
        "CREATED:20260101T000000Z",
        "LAST-MODIFIED:20260101T000000Z",
        "SEQUENCE:7",
        "X-TRAKT-ICAL-REV:1-abc",
        "DTSTART:20260419T010000Z",
        "DTEND:20260419T015900Z",
        "SUMMARY:A Show 2x03 A Title",
        r"DESCRIPTION:A plot.\n\nHBO\n\nhttps://trakt.tv/shows/a-show/seasons/2/episodes/3",
        "CATEGORIES:Season finale,Drama,Science fiction",
        "URL:https://trakt.tv/shows/a-show/seasons/2/episodes/3",
        "STATUS:CONFIRMED",
        "TRANSP:TRANSPARENT",
        "X-MICROSOFT-CDO-BUSYSTATUS:FREE",
        "END:VEVENT",
        "",
    ]


def test_a_location_is_there_by_template_alone() -> None:
    """Programs look a network up on a map, so an event has a location only where somebody wants one."""
    words = Words(location=parse_template("{network}[, {country}]", PARTS))
    assert "LOCATION:HBO" in render_lines(make_episode(), words=words)
    assert not [line for line in render_lines(make_movie(), words=words) if line.startswith("LOCATION")]


def test_an_event_may_have_been_created_before_it_changed() -> None:
    """CREATED is when the event first appeared, DTSTAMP when it changed."""
    octets = ics.render_event(make_event(make_episode()), STAMP, "1-abc", created=datetime(2025, 5, 4, tzinfo=UTC))
    assert b"\r\nCREATED:20250504T000000Z\r\n" in octets
    assert b"\r\nDTSTAMP:20260101T000000Z\r\n" in octets


@pytest.mark.parametrize(
    ("title", "length", "ending"),
    [
        ("x" * 238, 250, "x"),
        ("x" * 239, 250, "x…"),
        ("word " * 80, 247, " word…"),
        (f"{'x' * 230} a longer end", 245, "x a…"),
        ("日" * 300, 250, "日…"),
        ("e\u0301" * 200, 249, "e\u0301…"),
        (f"{'日' * 236}\N{WOMAN}\u200d\N{ROCKET} and more", 249, "日…"),
    ],
)
def test_a_long_summary_is_cut_at_a_word(title: str, length: int, ending: str) -> None:
    """No summary has more than 250 characters; none ends within a word, a letter with its marks, or an emoji."""
    summary = make_event(make_episode(title=title)).summary
    assert summary.startswith("A Show 2x03 ")
    assert (len(summary), summary.endswith(ending)) == (length, True)


def test_a_long_title_of_a_group_is_cut_as_well() -> None:
    """The summary of several episodes is no longer than that of one."""
    show = make_show(title="Word " * 80)
    pair = [make_episode(show=show, number=number) for number in (1, 2)]
    [showing] = schedule_airings(pair, Rules(group=Group.DAY), UTC)
    assert len(events.make_event(showing, Rules(group=Group.DAY)).summary) <= 250


@pytest.mark.parametrize(
    ("airing", "summary"),
    [
        (make_episode(), "A Show 2x03 A Title"),
        (make_episode(title=None), "A Show 2x03"),
        (make_episode(title="  "), "A Show 2x03"),
        (make_episode(number=123), "A Show 2x123 A Title"),
        (make_episode(show=Show("trakt-1", None, None, (), None), title=None), "2x03"),
        (make_movie(), "A Movie"),
        (make_movie(title=None), "Untitled"),
        (make_movie(release=Release.STREAMING), "A Movie (streaming)"),
        (make_movie(release=Release.PHYSICAL, title=""), "Untitled (on disc)"),
    ],
)
def test_a_summary_is_never_empty(airing: Airing, summary: str) -> None:
    """A missing title leaves no blank and no None behind."""
    assert make_event(airing).summary == summary


def test_a_summary_begins_and_ends_with_a_word() -> None:
    """Blanks at the edges of a template, or beside what is not known, are not shown."""
    words = Words(title=parse_template(" {title} [ {mark} ] ", PARTS))
    assert [make_event(make_episode(title=title), words=words).summary for title in ("A Title", None)] == [
        "A Title",
        "2x03",
    ]


@pytest.mark.parametrize(
    ("starts", "runtimes", "end"),
    [
        (NIGHT, (59, 50), datetime(2026, 4, 19, 1, 59, tzinfo=UTC)),
        (NIGHT, (None, 50), datetime(2026, 4, 19, 1, 50, tzinfo=UTC)),
        (NIGHT, (None, None), datetime(2026, 4, 19, 1, 45, tzinfo=UTC)),
        (date(2026, 4, 18), (59, 50), date(2026, 4, 19)),
        (date(2026, 12, 31), (None, None), date(2027, 1, 1)),
    ],
)
def test_the_end_follows_from_the_first_known_runtime(
    starts: Moment, runtimes: tuple[int | None, int | None], end: Moment
) -> None:
    """The episode's runtime counts, else the show's, else the default; a whole day ends on the next."""
    own, shows = (timedelta(minutes=minutes) if minutes else None for minutes in runtimes)
    airing = make_episode(starts=starts, runtime=own, show=Show("trakt-1", "A", None, (), shows))
    assert make_event(airing).end == end
    assert make_event(airing, default_runtime=timedelta(minutes=45)).end == end


def test_a_whole_day_is_written_as_dates() -> None:
    """Where nobody knows the hour start and end are dates."""
    written = render_lines(make_episode(starts=date(2026, 4, 18)))
    assert "DTSTART;VALUE=DATE:20260418" in written
    assert "DTEND;VALUE=DATE:20260419" in written


def test_without_spoilers_there_is_no_plot() -> None:
    """`spoilers = false` keeps plot and title out, not network and address."""
    assert "A plot" in make_event(make_episode()).description
    event = make_event(make_episode(), words=Words(spoilers=False))
    assert event.description.startswith("HBO\n\nhttps://")
    assert event.summary == "A Show 2x03"
    film = make_event(
        make_movie(overview="A plot.", link="https://trakt.tv/movies/a-movie"), words=Words(spoilers=False)
    )
    assert (film.summary, film.description) == ("A Movie", "https://trakt.tv/movies/a-movie")


@pytest.mark.parametrize(
    ("link", "written"),
    [
        ("https://trakt.tv/shows/a", "https://trakt.tv/shows/a"),
        ("https://trakt.tv/shows/é b", "https://trakt.tv/shows/%C3%A9%20b"),
        ("http://x/\r\nATTENDEE:mailto:a@b", "http://x/%0AATTENDEE:mailto:a@b"),
        ("javascript:alert(1)", ""),
        ("http://[bad", ""),
        ("http://x:99999/", ""),
        ("http:///path", ""),
        (None, ""),
    ],
)
def test_an_address_cannot_break_out(link: str | None, written: str) -> None:
    """A link is a URI of the web in ASCII on one line, or none."""
    assert make_event(make_episode(link=link)).link == written
    octets = ics.render_calendar(
        ics.Heading(ics.Appearance(), CALENDAR_ID),
        None,
        [ics.render_event(make_event(make_episode(link=link)), STAMP, "1-abc")],
    )
    assert len(icalendar.Calendar.from_ical(octets).events) == 1


def test_the_calendar_presents_itself() -> None:
    """Name, refresh and color are said in every dialect; METHOD and zones are not."""
    head = ics.render_calendar(
        ics.Heading(ics.Appearance(name="Ours; all, of it", refresh=timedelta(hours=3)), CALENDAR_ID), STAMP, []
    ).decode()
    assert head.split("\r\n") == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//trakt-ical//trakt-ical//EN",
        "X-TRAKT-ICAL-SUM:" + ics.hash_parts(head.partition("SUM:")[2].partition("\r\n")[2].encode()).decode(),
        "X-TRAKT-ICAL-SCOPE:v2/my/some%20body%2F%C3%B6/Trakt/dvd+shows",
        "X-TRAKT-ICAL-NEWEST:20260101T000000Z/7",
        "CALSCALE:GREGORIAN",
        r"NAME:Ours\; all\, of it",
        r"X-WR-CALNAME:Ours\; all\, of it",
        "REFRESH-INTERVAL;VALUE=DURATION:PT3H",
        "X-PUBLISHED-TTL:PT3H",
        "COLOR:crimson",
        "X-APPLE-CALENDAR-COLOR:#DC143C",
        "END:VCALENDAR",
        "",
    ]


def test_the_calendar_says_by_which_rules_events_are_on_other_days() -> None:
    """A hash of such rules stands in the opening, and nothing where there are none."""
    placed = ics.render_calendar(ics.Heading(ics.Appearance(), CALENDAR_ID, ics.hash_placing("offset")), STAMP, [])
    assert re.search(rb"^X-TRAKT-ICAL-PLACING:[0-9a-f]{16}\r$", placed, re.M)
    assert ics.hash_placing("offset") != ics.hash_placing("late night")
    assert b"PLACING" not in ics.render_calendar(
        ics.Heading(ics.Appearance(), CALENDAR_ID, ics.hash_placing("")), STAMP, []
    )


@pytest.mark.parametrize(
    ("rules", "placed"),
    [
        (Rules(), False),
        (Rules(hours=Hours.WHOLE_DAY, unknown_hours=UnknownHours(time(0)), group=Group.DAY), False),
        (Rules(late_night=5), False),
        (Rules(hours=Hours.WHOLE_DAY, late_night=5), True),
        (Rules(offsets=Offsets(shows={"a show": timedelta(minutes=5)})), True),
        (Rules(country="de"), True),
    ],
)
def test_rules_that_put_events_on_other_days_are_told_from_others(rules: Rules, placed: bool) -> None:
    """Offsets, late nights and countries do, the other rules do not."""
    assert bool(describe_placing(rules)) is placed


@pytest.mark.parametrize(
    "change",
    [
        {"title": "B"},
        {"overview": "B"},
        {"starts": date(2026, 4, 19)},
        {"runtime": timedelta(minutes=5)},
        {"kind": EpisodeKind.SEASON_FINALE},
        {"link": "https://trakt.tv/b"},
        {"show": Show("trakt-1388", "A Show", "AMC", ("drama", "science-fiction"), None)},
    ],
)
def test_a_revision_tells_what_is_shown(change: dict[str, object]) -> None:
    """Whatever of an event is shown changes its REV."""
    assert ics.hash_event(make_event(make_episode(**change))) != ics.hash_event(make_event(make_episode()))


def test_a_revision_tells_nothing_else() -> None:
    """What is not shown does not change the REV."""
    told = make_episode(updated_at=datetime(2026, 1, 1, tzinfo=UTC), episode_id=7)
    assert ics.hash_event(make_event(told)) == ics.hash_event(make_event(make_episode()))


def test_a_revision_bears_the_version_of_the_rendering() -> None:
    """A later rendering changes every REV, once."""
    assert ics.hash_event(make_event(make_episode())).startswith(f"{ics.RENDERING}-")
