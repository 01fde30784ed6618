"""RecordedAnswer answers in which one field of one entry is something else, and what must come of them."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.factories import make_calendar_id, make_calendar_spec
from tests.runs import merge_fetched
from trakt_ical.export.stored_calendar import parse_calendar
from trakt_ical.fetch.odd_entries import OddEntries
from trakt_ical.fetch.sources import Fetched
from trakt_ical.fetch.v1.reader import read_episodes
from trakt_ical.fetch.v2.reader import read_movies, read_shows
from trakt_ical.model import Airing, DateRange, Release, local_date
from trakt_ical.pipeline import CalendarSpec
from trakt_ical.trakt.client import Answer
from trakt_ical.transform.uids import make_uid

VALUES: tuple[object, ...] = (None, 22.5, 987654, "odd", ["odd"], {"odd": 1})
FEWEST_ENTRIES = 2  # in an answer: there must be others
MOST_CHANGED = 4  # entries of one answer: those of one answer are alike
HOUR = timedelta(hours=1)
RELEASES = {"movies": Release.CINEMA, "streaming": Release.STREAMING, "dvd": Release.PHYSICAL}


@dataclass(frozen=True)
class Change:
    """The *value* that stands at *path* of the entry at *place* in the answer called *name*."""

    name: str
    place: tuple[int | str, ...]
    path: tuple[str, ...]
    value: object


@dataclass(frozen=True)
class RecordedAnswer:
    """An answer of the calendar *kind* ("v1" for shows of API v1), and the places of its entries."""

    name: str
    kind: str
    body: Any
    places: list[tuple[int | str, ...]]

    def list_changes(self) -> Iterator[Change]:
        """Return each field of each entry with each value in its place."""
        for place in self.places[:MOST_CHANGED]:
            for path in _list_paths(_get(self.body, place)):
                for value in VALUES:
                    yield Change(self.name, place, path, value)

    def read(self, body: Any) -> tuple[list[Airing], OddEntries]:
        """Return what the answer lists with *body*, as an export reads it."""
        answer, odd = Answer(self.name, 200, {}, json.dumps(body).encode()), OddEntries()
        if self.kind == "v1":
            return list(read_episodes(answer, odd)), odd
        if self.kind in RELEASES:
            return list(read_movies(answer, RELEASES[self.kind], odd)), odd
        return list(read_shows(answer, odd)), odd


def load_recorded(shared: Path) -> Iterator[RecordedAnswer]:
    """Return the recorded calendars of both APIs."""
    for path in sorted((shared / "fixtures").glob("*/*/*calendar*.json")):
        body = json.loads(path.read_bytes())
        if not isinstance(body, list):
            continue
        if path.parts[-3] == "v1":
            places: list[tuple[int | str, ...]] = [
                (number, "episodes", place) for number, day in enumerate(body) for place in range(len(day["episodes"]))
            ]
        else:
            places = [(number,) for number in range(len(body))]
        if len(places) >= FEWEST_ENTRIES:
            kind = next((word for word in ("movies", "streaming", "dvd") if f"_{word}" in path.name), "shows")
            yield RecordedAnswer(path.name, "v1" if path.parts[-3] == "v1" else kind, body, places)


def check_change(recorded: RecordedAnswer, change: Change) -> None:
    """Export the answer, once as it is and then with *change*; assert that the other events stay to the byte."""
    whole, _ = recorded.read(recorded.body)
    spec, now = make_spec(recorded, whole)
    before = merge_fetched(_make_fetched(recorded, whole, OddEntries()), spec, None, now)
    listed, odd = recorded.read(replace_field(recorded, change))
    after = merge_fetched(_make_fetched(recorded, listed, odd), spec, parse_calendar(before.octets), now + HOUR)
    changed = find_uids_at(recorded, change.place)
    others = {event.uid: bytes(event.octets) for event in before.events if event.uid not in changed}
    found = {event.uid: bytes(event.octets) for event in after.events}
    assert others, change
    assert {uid: found.get(uid) for uid in others} == others, change
    # What could not be read is not missing: its own event stays as well.
    own = {event.uid: bytes(event.octets) for event in before.events if event.uid in changed}
    if any(odd.found.values()):
        assert {uid: found.get(uid) for uid in own} == own, change


def replace_field(recorded: RecordedAnswer, change: Change) -> Any:
    """Return the body of *recorded* with *change*."""
    body = copy.deepcopy(recorded.body)
    _get(body, (*change.place, *change.path[:-1]))[change.path[-1]] = change.value
    return body


def find_uids_at(recorded: RecordedAnswer, place: tuple[int | str, ...]) -> set[str]:
    """Return the UID of the entry at *place* alone."""
    alone = copy.deepcopy(recorded.body)
    if recorded.kind == "v1":
        number, _, inner = place
        alone = [alone[int(number)] | {"episodes": [alone[int(number)]["episodes"][inner]]}]
    else:
        alone = [alone[int(place[0])]]
    return {make_uid(airing) for airing in recorded.read(alone)[0]}


def make_spec(recorded: RecordedAnswer, airings: list[Airing]) -> tuple[CalendarSpec, datetime]:
    """Return a calendar that has all of *airings* ahead, and the moment that they are ahead of."""
    days = sorted(local_date(airing.starts, UTC) for airing in airings)
    first = date(days[0].year, days[0].month, days[0].day) - timedelta(days=5)
    now = datetime(first.year, first.month, first.day, tzinfo=UTC)
    kinds = ("shows",) if recorded.kind == "v1" else (recorded.kind,)
    spec = make_calendar_spec(DateRange(first, (days[-1] - first).days + 30), calendar_id=make_calendar_id(kinds=kinds))
    return spec, now


def _make_fetched(recorded: RecordedAnswer, airings: list[Airing], odd: OddEntries) -> Fetched:
    return Fetched({"shows" if recorded.kind == "v1" else recorded.kind: airings}, odd=odd.found)


def _list_paths(entry: Any, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(entry, dict):
        for name, value in entry.items():
            yield (*above, name)
            yield from _list_paths(value, (*above, name))


def _get(body: Any, place: tuple[int | str, ...]) -> Any:
    for step in place:
        body = body[step]
    return body
