"""Answers recorded from API v2, and those that its documentation prints, through the fetch stage."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from trakt_ical.fetch.v2.reader import read_movies, read_shows
from trakt_ical.model import Release
from trakt_ical.trakt.client import Answer

SKIPPED: dict[str, str] = {}
"""Entries that are left out, as `file: title`, and why: none of the recorded ones is."""


def list_calendars(shared: Path, *words: str) -> list[Path]:
    folder = shared / "fixtures" / "v2"
    found = [*folder.glob("recorded/calendars_*.json"), *folder.glob("documented/GET_calendars_*.json")]
    return sorted(path for path in found if any(word in path.name for word in words))


def test_every_entry_of_a_shows_calendar_becomes_an_episode(shared: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Each calendar of shows gives as many episodes as it has entries, less those listed as skipped."""
    paths = list_calendars(shared, "_shows_")
    assert len(paths) >= 8
    with caplog.at_level(logging.WARNING):
        for path in paths:
            entries = json.loads(path.read_bytes())
            skipped = [place for place in SKIPPED if place.startswith(f"{path.name}: ")]
            episodes = list(read_shows(Answer(path.name, 200, {}, path.read_bytes())))
            assert len(episodes) == len(entries) - len(skipped), path.name
    assert len(caplog.records) == len(SKIPPED)


def test_every_entry_of_a_movies_calendar_becomes_a_movie(shared: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Each calendar of movies gives as many movies as it has entries, on the day that the entry says."""
    paths = list_calendars(shared, "_movies_", "_streaming_", "_dvd_")
    assert len(paths) >= 6
    with caplog.at_level(logging.WARNING):
        for path in paths:
            entries = json.loads(path.read_bytes())
            movies = list(read_movies(Answer(path.name, 200, {}, path.read_bytes()), Release.CINEMA))
            assert [movie.starts.isoformat() for movie in movies] == [entry["released"] for entry in entries], path.name
    assert not caplog.records
