"""Answers recorded from API v1 between 2011 and 2014, and its documentation, through the fetch stage."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from trakt_ical.errors import BrokenAnswer
from trakt_ical.fetch.v1.instant import AirTimes, resolve_instant
from trakt_ical.fetch.v1.reader import read_episodes
from trakt_ical.trakt.client import Answer

CALENDARS = (
    "docs/user_calendar_shows.fixed.json",
    "recorded/calendar_premieres_20110421_1.json",
    "recorded/calendar_shows_20110416_1.json",
    "recorded/user_calendar_shows_20130915_authed.json",
)
SKIPPED: dict[str, str] = {}
"""Entries that are left out, as `file: show season x number`, and why: none of the recorded ones is."""

SEPTEMBER_2013 = "2013-09-15T21:00:00-05:00", "2010-09-19T21:00:00-05:00"  # winter's offset in summer


def answer_of(path: Path) -> Answer:
    return Answer(f"GET {path.name}", 200, {}, path.read_bytes())


@pytest.mark.parametrize("name", CALENDARS)
def test_every_entry_of_a_recorded_calendar_becomes_an_episode(
    shared: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A recorded calendar gives as many episodes as it has entries, less those listed as skipped."""
    path = shared / "fixtures" / "v1" / name
    entries = [entry for day in json.loads(path.read_bytes()) for entry in day["episodes"]]
    with caplog.at_level(logging.WARNING):
        episodes = list(read_episodes(answer_of(path)))
    skipped = [place for place in SKIPPED if place.startswith(f"{name}: ")]
    assert len(episodes) == len(entries) - len(skipped)
    assert len(caplog.records) == len(skipped)


def test_the_body_as_it_was_printed_is_one_broken_answer(shared: Path) -> None:
    """The documentation's example, misprint and all, is refused as one error."""
    path = shared / "fixtures" / "v1" / "docs" / "user_calendar_shows.verbatim.txt"
    with pytest.raises(BrokenAnswer, match=r"malformed|trailing"):
        list(read_episodes(answer_of(path)))


def find_dated(value: Any, show: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each object with an ISO instant below *value*, and the show that it belongs to."""
    if isinstance(value, dict):
        show = value if "network" in value else value.get("show", show)
        if "first_aired_iso" in value:
            yield value, show
        for inner in value.values():
            yield from find_dated(inner, show)
    if isinstance(value, list):
        for inner in value:
            yield from find_dated(inner, show)


def test_an_iso_instant_is_the_start(shared: Path) -> None:
    """Whatever object bears `first_aired_iso` airs at that instant, but for the fault of September 2013."""
    seen = 0
    for path in sorted((shared / "fixtures" / "v1").glob("*/*.json")):
        for wire, show in find_dated(json.loads(path.read_bytes()), {}):
            aired = AirTimes(
                first_aired=wire["first_aired"],
                iso=wire["first_aired_iso"],
                utc=wire.get("first_aired_utc"),
                air_time=show.get("air_time"),
                air_day=show.get("air_day"),
                network=show.get("network"),
                country=show.get("country"),
            )
            expected = datetime.fromisoformat(wire["first_aired_iso"])
            if wire["first_aired_iso"] in SEPTEMBER_2013:
                expected = expected.replace(tzinfo=ZoneInfo("America/New_York"))
            assert resolve_instant(aired) == expected.astimezone(UTC), (path.name, wire)
            seen += 1
    assert seen >= 35


def test_the_documented_example_airs_on_sunday_evening_in_new_york(shared: Path) -> None:
    """The example's 1303023600, "10:00pm", A&E, is 2011-04-18T02:00:00Z and lasts an hour."""
    [episode] = read_episodes(answer_of(shared / "fixtures" / "v1" / "docs" / "user_calendar_shows.fixed.json"))
    assert episode.starts == datetime(2011, 4, 18, 2, tzinfo=UTC)
    assert episode.show.runtime is not None
    assert episode.show.runtime.total_seconds() == 3600
