"""Lists that fail beside a calendar that answers."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from tests.factories import NOW
from tests.server import Reply, Request, run_server
from trakt_ical.errors import TraktError
from trakt_ical.fetch.sources import FetchRequest
from trakt_ical.fetch.v2.source import SourceV2
from trakt_ical.model import DateRange
from trakt_ical.trakt.client import Client

HIDDEN = b'[{"show": {"ids": {"trakt": 1}}}]'
DAYS = DateRange(NOW.date(), 7)


class Trakt:
    """Answers lists until it *fails*; a GET of what was watched with `limit=all` is refused with 413."""

    def __init__(self) -> None:
        self.fails = False

    def respond(self, request: Request) -> Reply:
        if self.fails and "/calendars/" not in request.path:
            return Reply(b"", 404)
        if "/users/hidden" in request.path:
            return Reply(HIDDEN)
        if "/watched/" in request.path:
            return Reply(b"", 413) if "limit=all" in request.path else self._make_page(request.path)
        return Reply(b"{}" if "activities" in request.path else b"[]")

    def _make_page(self, path: str) -> Reply:
        number = 2 if "page=2" in path else 1
        return Reply(b'{"%d": {"1|1": {"50%d": []}}}' % (number, number), headers={"X-Pagination-Page-Count": "2"})


def test_hidden_lists_that_fail_are_those_of_last_time(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The calendar is made with the hidden list of last time and one warning; without one it is an error."""
    trakt = Trakt()
    with run_server(trakt.respond) as (url, _), Client(url) as client, caplog.at_level(logging.WARNING):
        source = SourceV2(client, calendar="my", folder=tmp_path, now=NOW)
        assert source.fetch(FetchRequest({"shows": DAYS})).hidden == {"trakt-1"}
        trakt.fails = True
        assert source.fetch(FetchRequest({"shows": DAYS})).hidden == {"trakt-1"}
        assert len(caplog.records) == 1
        fresh = SourceV2(client, calendar="my", folder=tmp_path / "other", now=NOW)
        with pytest.raises(TraktError):
            fresh.fetch(FetchRequest({"shows": DAYS}))


@pytest.mark.parametrize("needed", [True, False])
def test_marks_that_fail_cost_the_calendar_only_where_it_depends_on_them(needed: bool, tmp_path: Path) -> None:
    """What was watched decides with `watched = false`; in an agenda it is only shown."""
    trakt = Trakt()
    trakt.fails = True
    request = FetchRequest({"shows": DAYS}, watched=True, needs_marks=needed)
    with run_server(trakt.respond) as (url, _), Client(url) as client:
        source = SourceV2(client, calendar="all", folder=tmp_path, now=NOW)
        if needed:
            with pytest.raises(TraktError):
                source.fetch(request)
        else:
            assert source.fetch(request).airings == {"shows": []}


def test_what_is_too_long_for_one_answer_is_read_in_pages(tmp_path: Path) -> None:
    """`limit=all` refused with 413 falls back to pages."""
    with run_server(Trakt().respond) as (url, asked), Client(url) as client:
        source = SourceV2(client, calendar="all", folder=tmp_path, now=NOW)
        marks = source._lists.fetch_marks(("shows",), watched=True)
    assert marks.watched == {"trakt-episode-501", "trakt-episode-502"}
    assert sum("limit=500" in each.path for each in asked) == 2
