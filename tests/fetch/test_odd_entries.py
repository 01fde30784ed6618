"""One odd entry among good ones costs a warning, never the calendar."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.factories import NOW, make_calendar_id, make_calendar_spec, make_episode
from tests.odd_exports import open_exports
from tests.odd_fields import check_change, load_recorded
from tests.runs import merge_fetched
from tests.server import Reply, Request, run_server
from trakt_ical.errors import BrokenAnswer
from trakt_ical.export.stored_calendar import StoredCalendar, parse_calendar
from trakt_ical.fetch.odd_entries import OddEntries
from trakt_ical.fetch.sources import Fetched, FetchRequest
from trakt_ical.fetch.v1.reader import read_episodes
from trakt_ical.fetch.v2.lists import Lists
from trakt_ical.fetch.v2.reader import read_movies, read_shows
from trakt_ical.fetch.v2.source import SourceV2, read_kept_titles
from trakt_ical.model import DateRange, Episode, OddEntry, Release
from trakt_ical.trakt.client import Answer, Client

SAMPLE = 131  # every so many changes of one field; `tests.benchmarks.odd_fields` tries all of them
SAMPLE_OF_EXPORTS = 211  # for each answer of the first: these take longer
DAYS = DateRange(NOW.date(), 30)


def make_answer(body: Any) -> Answer:
    return Answer("GET /calendars/my/shows/2026-04-18/7", 200, {}, json.dumps(body).encode())


def make_entry(number: int = 3, **changes: Any) -> dict[str, Any]:
    """Return an entry with *changes* of the fields of its episode, those of the show by `show`."""
    show = {"title": "A", "ids": {"trakt": 1, "slug": "a"}} | changes.pop("show", {})
    episode = {"season": 2, "number": number, "title": "Part", "ids": {"trakt": 9}} | changes
    return {"first_aired": "2026-04-18T01:00:00.000Z", "show": show, "episode": episode}


def test_a_changed_field_of_one_entry_leaves_every_other_event_as_it_is(shared: Path) -> None:
    """Whatever stands in one field, the other events stay to the byte, and so does that of an unreadable entry."""
    changes = [(recorded, change) for recorded in load_recorded(shared) for change in recorded.list_changes()]
    assert len(changes) > 2048
    for recorded, change in changes[::SAMPLE]:
        check_change(recorded, change)


def test_a_changed_field_costs_no_other_event_through_the_command_line(shared: Path, tmp_path: Path) -> None:
    """The same, from the answer over HTTP to the file that is there: exit 0, and the others to the byte."""
    tried = 0
    for recorded in load_recorded(shared):
        with open_exports(recorded, tmp_path / recorded.name) as exports:
            for change in list(recorded.list_changes())[7::SAMPLE_OF_EXPORTS]:
                exports.check_change(change)
                tried += 1
    assert tried > 20


@pytest.mark.parametrize(
    ("odd", "named"),
    [
        ({"season": None}, ("A ?x03", "episode.season")),
        ({"runtime": 22.5}, ("A 2x03", "episode.runtime")),
        ({"show": {"year": "2020"}}, ("A 2x03", "show.year")),
        ({"show": {"ids": []}}, ("A 2x03", "show.ids")),
        ({"show": {"rating": "high"}}, ("A 2x03", "show.rating")),
        ({"updated_at": "lately"}, ("A 2x03", "updated_at")),
    ],
)
def test_the_warning_names_the_show_and_the_field(
    odd: dict[str, Any], named: tuple[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """An entry of another form is left out with one warning, and the others are read."""
    body = [make_entry(1), make_entry(3, **odd), make_entry(2)]
    with caplog.at_level(logging.WARNING):
        assert [episode.number for episode in read_shows(make_answer(body))] == [1, 2]
    [record] = caplog.records
    assert all(part in record.getMessage() for part in named)


def test_an_entry_without_a_show_is_named_by_its_episode(caplog: pytest.LogCaptureFixture) -> None:
    """Where the show is null, the warning has the episode's number and title."""
    with caplog.at_level(logging.WARNING):
        assert not list(read_shows(make_answer([make_entry() | {"show": None}])))
    [record] = caplog.records
    assert "2x03 “Part”" in record.getMessage()


def test_one_fault_of_a_show_is_one_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """An odd field that comes with each episode, in each range and each kind of calendar, is told once."""
    body = json.dumps([make_entry(number, show={"runtime": 22.5}) for number in range(1, 6)]).encode()
    with run_server(lambda asked: Reply(body)) as (url, asked), Client(url) as client:
        source = SourceV2(client, calendar="all", folder=tmp_path, now=NOW)
        with caplog.at_level(logging.WARNING):
            days = DateRange(NOW.date(), 90)
            fetched = source.fetch(FetchRequest({"shows": days, "new": days}))
    assert len(asked) > 2
    assert len(caplog.records) == 1
    assert set(fetched.odd["shows"]) == {OddEntry("trakt-1", 2, number) for number in range(1, 6)}


def test_only_what_is_no_list_is_broken() -> None:
    """An answer of odd entries alone is read; an object in place of the list is an error."""
    odd = OddEntries()
    assert not list(read_movies(make_answer([1, None, "x", []]), Release.CINEMA, odd))
    assert len(odd.found["movies"]) == 1  # nothing is known of any
    with pytest.raises(BrokenAnswer):
        list(read_movies(make_answer({"movies": []}), Release.CINEMA))


@pytest.mark.parametrize(
    "title",
    [rb"A \ud83d", rb"A \udc00 B", b"A \xe9", b"A \xed\xa0\xbd", b"A\nB", b"A\tB\x01"],
    ids=["half an emoji", "the other half", "Latin-1", "a surrogate in UTF-8", "a line break", "control characters"],
)
def test_a_text_that_is_no_right_json_costs_no_entry(title: bytes) -> None:
    """Programs cut titles within an emoji and forget to escape: the entry is read, and so are the others."""
    body = json.dumps([make_entry(1, title="TITLE"), make_entry(2)]).encode().replace(b"TITLE", title)
    episodes = list(read_shows(Answer("GET /calendars", 200, {}, body)))
    assert [each.number for each in episodes] == [1, 2]
    assert str(episodes[0].title).startswith("A")
    str(episodes[0].title).encode()  # so that it can be written


def test_numbers_that_are_none_count_as_absent() -> None:
    """NaN and Infinity, which some languages write, are null; a byte order mark is none of the answer."""
    body = json.dumps([make_entry(1, show={"rating": float("nan")}), make_entry(2)]).encode()
    assert b"NaN" in body
    [first, _] = read_shows(Answer("GET /calendars", 200, {}, b"\xef\xbb\xbf" + body))
    assert isinstance(first, Episode)
    assert first.show.rating is None


def test_an_odd_day_or_entry_of_v1_costs_no_other(caplog: pytest.LogCaptureFixture) -> None:
    """Days and airings of v1 are read one by one where one of them is odd."""
    show = {"title": "A", "url": "http://trakt.tv/show/a", "tvdb_id": "1", "air_time": "10:00pm"}
    good = {"show": show, "episode": {"season": 1, "number": 7}}
    odd = {"show": show, "episode": {"season": 1, "number": "x"}}
    body = [{"date": "2011-04-17", "episodes": [good, odd]}, {"date": "2011-04-18", "episodes": None}]
    found = OddEntries()
    assert [episode.number for episode in read_episodes(make_answer(body), found)] == [7]
    assert found.found["shows"] == {OddEntry("tvdb-1", 1, None), OddEntry()}
    with caplog.at_level(logging.WARNING):
        found.warn()
    assert len(caplog.records) == 2


@pytest.mark.parametrize("entry", [None, 5, {"show": 5}, {"season": {"number": "x"}}, {"movie": {"ids": []}}])
def test_an_odd_entry_of_a_hidden_list_costs_no_other(
    entry: object, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The other entries of a hidden list count, and one warning names the list."""
    body = json.dumps([{"show": {"ids": {"trakt": 1}}}, entry, {"movie": {"ids": {"trakt": 2}}}]).encode()
    with run_server(lambda asked: Reply(body)) as (url, _), Client(url) as client, caplog.at_level(logging.WARNING):
        assert Lists(client, tmp_path).fetch_hidden("dropped") == {"trakt-1", "trakt-movie-2"}
    [record] = caplog.records
    assert "dropped" in record.getMessage()


def test_odd_parts_of_what_was_watched_cost_no_others(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A show or season of another form is left out; activities of another form only cost requests."""

    def respond(request: Request) -> Reply:
        if "last_activities" in request.path:
            return Reply(b'{"episodes": {"watched_at": 5}}')
        return Reply(b'{"50": {"5002|2": {"500": ["2026"]}, "x": 7}, "51": "odd", "52": {"1|0": []}}')

    with run_server(respond) as (url, _), Client(url) as client, caplog.at_level(logging.WARNING):
        marks = Lists(client, tmp_path).fetch_marks(("shows",), watched=True)
    assert marks.watched == {"trakt-episode-500"}
    assert caplog.records


def test_kept_titles_are_read_beside_an_odd_entry() -> None:
    """Completion still knows the shows of an answer that has an odd entry."""
    body = json.dumps([make_entry(), make_entry(season=None)]).encode()
    assert [kept.title for kept in read_kept_titles([body], movies=False)] == ["A"]


STORED = [make_episode(number=number, starts=NOW + timedelta(days=number)) for number in (1, 2, 3)]


@pytest.mark.parametrize(
    ("odd", "stays"),
    [
        (OddEntry("trakt-1388", 2, 3), True),
        (OddEntry("trakt-1388", 2), True),
        (OddEntry(), True),
        (OddEntry(None, 2, 3), True),
        (OddEntry("trakt-1388", 2, 4), False),
        (OddEntry("trakt-7", 2, 3), False),
        (OddEntry(release=Release.CINEMA), False),
    ],
)
def test_an_unreadable_entry_is_not_missing(odd: OddEntry, stays: bool) -> None:
    """The event of an entry that cannot be read stays as it is; one that no odd entry can be is missing."""
    spec = make_calendar_spec(DAYS, calendar_id=make_calendar_id(kinds=("shows",)))
    before = read_stored(merge_fetched(Fetched({"shows": STORED}), spec, None, NOW).octets)
    fetched = Fetched({"shows": STORED[:2]}, odd={"shows": [odd]})
    after = read_stored(merge_fetched(fetched, spec, before, NOW + timedelta(hours=1)).octets)
    uid = "trakt-1388-s2e3@trakt-ical"
    assert (bytes(after.events[uid].octets) == bytes(before.events[uid].octets)) is stays


def test_unreadable_entries_are_no_loss() -> None:
    """An answer whose entries are all odd changes nothing, and is not held back either."""
    spec = make_calendar_spec(DAYS, calendar_id=make_calendar_id(kinds=("shows",)))
    before = merge_fetched(Fetched({"shows": STORED}), spec, None, NOW)
    odd = [OddEntry("trakt-1388", episode.season, episode.number) for episode in STORED]
    fetched = Fetched({"shows": [replace(STORED[0], number=9)]}, odd={"shows": odd})
    after = merge_fetched(fetched, spec, read_stored(before.octets), NOW + timedelta(hours=1))
    assert {event.uid for event in before.events} < {event.uid for event in after.events}


def read_stored(octets: bytes) -> StoredCalendar:
    return parse_calendar(octets)
