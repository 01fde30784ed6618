"""What the fetch stage asks Trakt, and what it makes of odd answers."""

from __future__ import annotations

import json
import logging
from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest

from tests.conftest import Line
from tests.server import Reply, Request, run_server
from tests.sources import fetch_shows
from trakt_ical.errors import BrokenAnswer
from trakt_ical.fetch.v1.reader import read_episodes
from trakt_ical.fetch.v2.reader import read_movies, read_shows
from trakt_ical.model import DateRange, EpisodeKind, Release
from trakt_ical.trakt.client import Answer, Client

SHOW = {"title": "A", "ids": {"trakt": 1, "slug": "a"}}
EPISODE = {"season": 2, "number": 3, "ids": {"trakt": 9}}
GOOD = {"first_aired": "2026-04-18T01:00:00.000Z", "show": SHOW, "episode": EPISODE}


def answer(body: Any) -> Answer:
    return Answer("GET /calendars/my/shows/2026-04-18/7", 200, {}, json.dumps(body).encode())


ODD_V2 = [
    ({"first_aired": None}, "A 2x03: it has no date"),
    ({"first_aired": "soon"}, "A 2x03: first_aired: Invalid isoformat string: 'soon'"),
    ({"first_aired": "2026-04-18T01:00:00"}, "A 2x03: first_aired: '2026-04-18T01:00:00' has no offset"),
    ({"first_aired": "0001-01-01T00:00:00+14:00"}, "A 2x03: date value out of range"),
    ({"show": {"title": "B", "ids": {"trakt": None}}}, "B 2x03: its show has no id"),
    ({"show": {"ids": {}}}, "a show without a title 2x03: its show has no id"),
    ({"show": {"title": "B", "ids": None}}, "B 2x03: its show has no id"),
    ({"show": {"title": "B"}}, "B 2x03: its show has no id"),
]


@pytest.mark.parametrize(("change", "named"), ODD_V2)
def test_an_odd_entry_is_left_out_by_name(change: dict[str, Any], named: str, caplog: pytest.LogCaptureFixture) -> None:
    """One odd entry among good ones is skipped with a warning that names it."""
    with caplog.at_level(logging.WARNING):
        assert len(list(read_shows(answer([GOOD, GOOD | change, GOOD])))) == 2
    [record] = caplog.records
    assert record.getMessage() == f"Left out: {named}."


def test_an_odd_movie_is_left_out_by_name(caplog: pytest.LogCaptureFixture) -> None:
    """A movie without a day or an id is skipped with a warning that names it."""
    odd = [{"released": None, "movie": SHOW}, {"released": "2026-04-18", "movie": {"ids": {}}}]
    with caplog.at_level(logging.WARNING):
        assert list(read_movies(answer(odd), Release.CINEMA)) == []
    named, unnamed = (record.getMessage() for record in caplog.records)
    assert (" A: " in named, "date" in named, "without a title" in unnamed) == (True, True, True)


BROKEN = [
    (b"<html>", "malformed"),
    (b'[{"episode"', "truncated"),
    (b'{"episodes": []}', "Expected `array`"),
    (b"[\xff]", "malformed|UTF-8|utf-8"),
    (b"", "answer is empty"),
]


@pytest.mark.parametrize(("body", "reason"), BROKEN)
def test_a_broken_answer_names_the_path_inside(body: bytes, reason: str) -> None:
    """What is no list and what is no JSON are one error each, which says where it is."""
    with pytest.raises(BrokenAnswer, match=reason):
        list(read_shows(Answer("GET /calendars", 200, {}, body)))


def test_nulls_are_normal() -> None:
    """Null titles, runtimes, overviews and numbers elsewhere do not cost an entry."""
    nulls = {"title": None, "runtime": None, "overview": None, "episode_type": None, "updated_at": None, "ids": None}
    bare = {"title": None, "airs": None, "runtime": None, "network": None, "country": None, "genres": None}
    [episode] = read_shows(answer([GOOD | {"episode": EPISODE | nulls, "show": SHOW | bare}]))
    assert (episode.title, episode.runtime, episode.show.title) == (None, None, None)


@pytest.mark.parametrize(
    ("minutes", "known"), [(None, False), (0, False), (1, False), (-5, False), (2, True), (45, True), (2**60, False)]
)
def test_zero_and_one_are_no_runtimes(minutes: int | None, known: bool) -> None:
    """A runtime of 0 or 1 minutes says that nobody knows it, and so does one of years."""
    [episode] = read_shows(answer([GOOD | {"episode": EPISODE | {"runtime": minutes}}]))
    assert episode.runtime == (timedelta(minutes=minutes or 0) if known else None)


@pytest.mark.parametrize(
    ("word", "kind"),
    [("season_finale", EpisodeKind.SEASON_FINALE), ("standard", EpisodeKind.STANDARD), ("new", EpisodeKind.STANDARD)],
)
def test_an_unknown_episode_type_is_standard(word: str, kind: EpisodeKind) -> None:
    """Trakt's episode types are read; one that it invents later is a standard episode."""
    [episode] = read_shows(answer([GOOD | {"episode": EPISODE | {"episode_type": word}}]))
    assert episode.kind is kind


V1_SHOW = {"title": "A", "url": "http://trakt.tv/show/a", "tvdb_id": "0084947", "imdb_id": "tt1"}


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({}, "tvdb-84947"),
        ({"tvdb_id": 84947}, "tvdb-84947"),
        ({"tvdb_id": None}, "imdb-tt1"),
        ({"tvdb_id": 0}, "imdb-tt1"),
        ({"tvdb_id": "", "imdb_id": ""}, "a"),
        ({"tvdb_id": "", "imdb_id": "\x00"}, "a"),
    ],
)
def test_a_v1_show_is_named_by_tvdb_then_imdb_then_its_address(change: dict[str, Any], key: str) -> None:
    """The number at TVDB names a show whether it is text or number; then IMDb's, then the address."""
    day = {"date": "2011-04-17", "episodes": [{"show": V1_SHOW | change, "episode": {"season": 1, "number": 7}}]}
    [episode] = read_episodes(answer([day]))
    assert episode.show.key == key


def test_an_odd_v1_entry_is_left_out_by_name(caplog: pytest.LogCaptureFixture) -> None:
    """A v1 entry without an id or a day of this calendar is skipped with a warning that names it."""
    good = {"show": V1_SHOW | {"air_time": "10:00pm"}, "episode": {"season": 1, "number": 7}}
    odd = [
        {**good, "show": {"title": "B"}},
        {**good, "show": {"title": "B", "url": "http://trakt.tv/show/a\nb"}},
        {**good, "episode": good["episode"] | {"first_aired": 2**62}},
        {**good, "episode": good["episode"] | {"first_aired": 2**80}},
        {**good, "episode": good["episode"] | {"first_aired": 5, "first_aired_iso": "0001-01-01T00:00:00+14:00"}},
    ]
    with caplog.at_level(logging.WARNING):
        episodes = list(
            read_episodes(answer([{"date": "2011-04-17", "episodes": [good, *odd]}, {"date": "?", "episodes": [good]}]))
        )
    assert len(episodes) == 1
    assert [record.getMessage().split(":")[1].strip() for record in caplog.records] == [
        "B 1x07 on 2011-04-17",
        "A 1x07 on 2011-04-17",
        "A 1x07 on 2011-04-17",
        "A 1x07 on 2011-04-17",
        "A 1x07 on ?",
    ]


def read_dates(path: str) -> tuple[str, str]:
    first, days = path.split("?")[0].split("/")[-2:]
    return first, days


def test_a_year_of_one_kind_costs_12_or_13_calendar_requests(line: Line) -> None:
    """A year of shows takes 12 or 13 requests to the calendar, two to the hidden lists, none per episode."""
    result = line("export", "--from", "2026-04-18", "--days", "365", "--timezone", "Europe/Berlin")
    assert result.exit_code == 0
    kinds = Counter(seen.path.split("/")[1] for seen in line.demo.requests)
    assert kinds.pop("calendars") in (12, 13)
    assert kinds == {"users": 2}


def test_a_range_is_asked_a_day_wider_at_both_ends(line: Line) -> None:
    """Since Trakt's days are those of UTC, the days before and after are asked for, and cut locally."""
    line("export", "--from", "2026-04-18", "--days", "7", "--timezone", "Pacific/Auckland")
    asked = [seen.path for seen in line.demo.requests if "/calendars/" in seen.path]
    first, last = (min(map(read_dates, asked))[0], max(asked).split("/")[-2:])
    assert first == "2026-04-17"
    assert date.fromisoformat(last[0]) + timedelta(days=int(last[1]) - 1) == date(2026, 4, 25)


def make_limited_answer(days: int) -> Any:
    """A Trakt that answers for *days* days at most, and says so."""

    def answer_request(request: Request) -> Reply:
        first, wanted = read_dates(request.path)
        end = date.fromisoformat(first) + timedelta(days=min(int(wanted), days) - 1)
        return Reply(headers={"Content-Type": "application/json", "X-End-Date": f"{end:%a, %d %b %Y} 23:59:59 GMT"})

    return answer_request


def test_an_answer_that_was_cut_is_completed() -> None:
    """Where X-End-Date shows that Trakt answered for fewer days, the rest is asked for."""
    with run_server(make_limited_answer(10)) as (url, asked), Client(url) as client:
        fetch_shows(client, DateRange(date(2026, 4, 18), 20))
    covered = Counter[date]()
    for request in asked:
        first, wanted = read_dates(request.path)
        covered.update(date.fromisoformat(first) + timedelta(days=number) for number in range(min(int(wanted), 10)))
    assert sorted(covered) == [date(2026, 4, 17) + timedelta(days=number) for number in range(22)]
    assert set(covered.values()) == {1}


def test_an_answer_that_ends_before_it_begins_is_broken() -> None:
    """A Trakt that answers for no day at all is not asked for ever."""
    with (
        run_server(make_limited_answer(0)) as (url, _),
        Client(url) as client,
        pytest.raises(BrokenAnswer, match="answered for days up to"),
    ):
        fetch_shows(client, DateRange(date(2026, 4, 18), 7))


def test_all_pages_are_read() -> None:
    """Where an answer has pages, each is asked for, of calendars too."""

    def answer_request(request: Request) -> Reply:
        return Reply(json.dumps([GOOD]).encode(), headers={"X-Pagination-Page-Count": "3"})

    with run_server(answer_request) as (url, asked), Client(url) as client:
        episodes = fetch_shows(client, DateRange(date(2026, 4, 18), 1))
    assert len(asked) == len(episodes) == 3


@pytest.mark.parametrize("section", ["calendar", "dropped"])
def test_hidden_and_dropped_shows_are_left_out(line: Line, section: str) -> None:
    """A show that the user hides or drops leaves the calendar, although Trakt still lists it."""
    line("export")
    before = line.ics.read_text()
    slug = next(row.split("/")[4] for row in before.splitlines() if row.startswith("URL:"))
    line.demo.hide(slug, section)
    line("export")
    assert f"/shows/{slug}/" in before
    assert f"/shows/{slug}/" not in line.ics.read_text()
