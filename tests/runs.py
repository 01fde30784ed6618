"""Runs of the pipeline in process: what a source lists becomes the next calendar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from msgspec.structs import replace

from tests.factories import DAY, NOW, make_calendar_id, make_calendar_spec
from trakt_ical import pipeline
from trakt_ical.export.ics import Appearance, CalendarId
from trakt_ical.export.merge import MergeResult, Retention, merge
from trakt_ical.export.output import Output
from trakt_ical.export.stored_calendar import StoredCalendar, parse_calendar
from trakt_ical.fetch.sources import Fetched, FetchRequest, Source
from trakt_ical.model import Airing, DateRange, Episode
from trakt_ical.pipeline import CalendarSpec
from trakt_ical.transform.rules import Rules


class FixedAnswers:
    """Answers that hold what was *fetched*; *reads* counts how often they were read."""

    reads = 0

    def __init__(self, fetched: Fetched) -> None:
        self._fetched = fetched
        self.digest = repr(fetched)

    def read(self) -> Fetched:
        """Return what was fetched."""
        FixedAnswers.reads += 1
        return self._fetched


class FixedSource:
    """A source that lists the same airings, whatever days and kinds it is asked for."""

    def __init__(self, airings: Sequence[Airing], hidden: frozenset[str] = frozenset()) -> None:
        self.airings = airings
        self.hidden = hidden

    def fetch(self, request: FetchRequest, progress: object) -> Fetched:
        """Return the airings under each kind that is asked for."""
        return Fetched(dict.fromkeys(request.days, self.airings), self.hidden)

    def ask(self, request: FetchRequest, progress: object) -> FixedAnswers:
        """Return the same as answers that are still to be read."""
        return FixedAnswers(self.fetch(request, progress))


def merge_source(
    source: Source, spec: CalendarSpec, stored: StoredCalendar | None, now: datetime, *, accept_loss: bool = False
) -> MergeResult:
    """Return the merge of *stored* with what *source* lists now."""
    fetched = source.fetch(pipeline.plan_fetch([spec]), lambda done, of: None)
    return merge_fetched(fetched, spec, stored, now, accept_loss=accept_loss)


def merge_fetched(
    fetched: Fetched, spec: CalendarSpec, stored: StoredCalendar | None, now: datetime, *, accept_loss: bool = False
) -> MergeResult:
    """Return the merge of *stored* with what was *fetched*."""
    current = pipeline.transform(fetched, spec, stored)
    return merge(pipeline.make_merge_input(spec, Output(stored=stored), current, now), accept_loss=accept_loss)


def make_first_calendar(source: Source, spec: CalendarSpec, now: datetime) -> bytes:
    """Return the calendar that *source* makes where none is stored."""
    return merge_source(source, spec, None, now).octets


@dataclass
class CalendarRuns:
    """A calendar over several runs; *now*, *days* and *rules* are those of the next run."""

    now: datetime = NOW
    days: DateRange = field(default_factory=lambda: DateRange(NOW.date() - 30 * DAY, 121))
    calendar_id: CalendarId = field(default_factory=make_calendar_id)
    retention: Retention = field(default_factory=Retention)
    rules: Rules = field(default_factory=Rules)
    appearance: Appearance = field(default_factory=Appearance)
    octets: bytes | None = None

    def run(self, *airings: Episode, hidden: Sequence[str] = (), believe: bool = False) -> MergeResult:
        """List *airings* and go on to the next calendar."""
        spec = make_calendar_spec(self.days, self.rules, calendar_id=self.calendar_id, retention=self.retention)
        spec = replace(spec, appearance=self.appearance)
        previous = parse_calendar(self.octets) if self.octets else None
        source = FixedSource(airings, frozenset(hidden))
        result = merge_source(source, spec, previous, self.now, accept_loss=believe)
        self.octets = result.octets
        return result

    def find_event(self, airing: Episode) -> str:
        """Return the lines of *airing* in the calendar, "" where it is not in there."""
        assert self.octets is not None
        found = parse_calendar(self.octets).events.get(f"trakt-1388-s{airing.season}e{airing.number}@trakt-ical")
        return bytes(found.octets).replace(b"\r\n ", b"").decode() if found else ""
