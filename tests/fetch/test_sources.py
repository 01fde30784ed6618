"""The seam of sources: the table, and a source that is added to it by one line."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests.conftest import Line
from tests.factories import make_episode
from tests.fetch import list_source
from tests.server import Reply, run_server
from trakt_ical.fetch.sources import SOURCES, Adapter, LoginMethod, Source
from trakt_ical.fetch.v1.source import SourceV1
from trakt_ical.trakt.client import Client


@pytest.fixture
def list_line(line: Line, monkeypatch: pytest.MonkeyPatch) -> Line:
    """A command line whose API v1 is the list."""
    monkeypatch.setitem(SOURCES, "v1", list_source.ENTRY)  # type: ignore[arg-type]  a dict, and read-only to the program
    line.environ["TRAKT_ICAL_API"] = "v1"
    return line


@pytest.mark.parametrize("name", SOURCES)
def test_every_source_of_the_table_can_be_loaded(name: str) -> None:
    """The modules that the table names exist and have what it takes to open the source, and its check-in if any."""
    adapter: Adapter = SOURCES[name].load_adapter()
    assert callable(adapter.open_source)
    assert callable(adapter.read_kept_titles)
    if SOURCES[name].capabilities.check_in is not None:
        assert callable(SOURCES[name].load_check_in().open_api)


def test_a_source_is_one_module_and_one_line(list_line: Line) -> None:
    """A source that is in the table is exported like every other one, and nothing else knows of it."""
    source: Source = list_source.ListSource()
    assert source.find_zone() is None
    result = list_line("export")
    assert (result.exit_code, "1 event" in result.stderr) == (0, True), result.stderr
    assert b"UID:trakt-1388-s2e3@trakt-ical" in list_line.ics.read_bytes()
    assert list_line.demo.requests == []


BEYOND = [
    ("KIND", "movies"),
    ("SOURCE", "all"),
    ("COUNTRY", "de"),
    ("INCLUDE_LANGUAGES", "en"),
    ("WATCHED", "false"),
    ("WATCHLIST_ONLY", "true"),
]


@pytest.mark.parametrize(("setting", "value"), BEYOND)
def test_what_a_source_cannot_do_is_an_error_of_the_settings(list_line: Line, setting: str, value: str) -> None:
    """A setting that needs more than the source has is refused before anything is asked: exit 3, and both are named."""
    result = list_line("export", environ={f"TRAKT_ICAL_{setting}": value})
    assert (result.exit_code, setting.lower() in result.stderr, "A list" in result.stderr) == (3, True, True)
    assert not list_line.ics.exists()


def test_links_need_a_source_with_check_in(list_line: Line) -> None:
    """Without a check-in no event can bear a link to one."""
    links = {"TRAKT_ICAL_CHECKIN_LINKS": "true", "TRAKT_ICAL_PUBLIC_URL": "https://tv.example"}
    result = list_line("export", environ=links)
    assert (result.exit_code, "A list" in result.stderr) == (3, True)


@pytest.mark.parametrize("command", ["checkin", "login"])
def test_a_command_that_the_source_lacks_is_an_error_of_the_settings(list_line: Line, command: str) -> None:
    """A check-in or a login that the source does not have is exit 3, and names the source."""
    result = list_line(command)
    assert (result.exit_code, "A list" in result.stderr) == (3, True), result.stderr


def test_status_needs_no_login_where_the_source_has_none(list_line: Line) -> None:
    """A source without a login is no reason for exit 4."""
    assert list_line("status").exit_code == 0
    assert list_source.ENTRY.capabilities.login is LoginMethod.NONE


def test_v1_says_in_its_calendar_what_was_watched() -> None:
    """One request for the days of the airings tells which were watched; what is no longer listed keeps its mark."""
    body = b"""[{"date": "2026-04-19", "episodes": [{"watched": true,
        "show": {"title": "A", "tvdb_id": "7"}, "episode": {"season": 1, "number": 2, "first_aired": 1776582000}}]}]"""
    first = make_episode()
    show = replace(first.show, key="tvdb-7")
    airings = [
        replace(first, show=show, season=1, number=2, starts=first.starts + timedelta(days=days), watched=False)
        for days in (0, 9)
    ]
    airings[1] = replace(airings[1], number=3)
    with run_server(lambda _: Reply(body)) as (url, asked), Client(url) as client:
        marked = SourceV1(client, api_key="k", owner="me").mark_watched(airings)
        assert SourceV1(client, api_key="k", owner="me").mark_watched([]) == []
    assert [each.watched for each in marked] == [True, False]
    assert [request.path for request in asked] == ["/user/calendar/shows.json/k/me/20260418/12"]
