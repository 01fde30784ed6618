"""The coming days of a calendar, for people who look rather than subscribe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from trakt_ical import pipeline
from trakt_ical.app.calendar_specs import DaySpan, make_calendar_spec
from trakt_ical.app.context import App
from trakt_ical.app.open_source import find_calendar_zone, open_source
from trakt_ical.config import Calendar
from trakt_ical.errors import BrokenAnswer
from trakt_ical.export.merge import find_loss
from trakt_ical.export.output import Output
from trakt_ical.fetch.sources import Fetched, ignore_progress
from trakt_ical.model import Airing, Episode, Event, local_date, reads_as_whole_day
from trakt_ical.pipeline import CalendarSpec, list_airings, remove_hidden
from trakt_ical.transform.event_text import clean_text
from trakt_ical.transform.events import make_event
from trakt_ical.transform.grouping import Showing, schedule_airings

MAX_AGE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class ListedAirings:
    """What was *fetched* for a calendar of *spec*, and *now*."""

    fetched: Fetched
    spec: CalendarSpec
    now: datetime

    @property
    def zone(self) -> tzinfo:
        """The zone that counts the calendar's days."""
        return self.spec.zone

    @property
    def airings(self) -> list[Airing]:
        """The listed airings, each once, without those that the user hid or dropped unless the rules want them."""
        airings = pipeline.list_airings(self.fetched, self.spec.kinds)
        return list(pipeline.remove_hidden(airings, self.fetched, self.spec.rules))


def fetch_listed(
    app: App,
    calendar: Calendar,
    *,
    max_age: timedelta = MAX_AGE,
    ahead: int = 0,
    steps: bool = False,
    marks: bool = False,
) -> ListedAirings:
    """Return what the source lists for *calendar*, at least *ahead* days from today on.

    Kept answers that are younger than *max_age* are not asked for again. With *steps* airings say how their
    moments were found, with *marks* whether they were watched. Raises TraktIcalError.
    """
    now, settings = app.environment.now(), calendar.settings
    try:
        with open_source(app, settings.source, max_age) as source:
            zone = find_calendar_zone(source, settings.timezone)
            today = now.astimezone(zone).date()
            longer = DaySpan(today - timedelta(days=settings.back), settings.back + ahead + 1)
            spec = make_calendar_spec(app, calendar, zone, now, longer if ahead > settings.ahead else DaySpan())
            marks = marks and settings.source == "my"
            return ListedAirings(
                source.fetch(pipeline.plan_fetch([spec], marks=marks, steps=steps), ignore_progress), spec, now
            )
    except BrokenAnswer:
        app.forget_answers()
        raise


def forget_doubtful_answers(app: App, found: ListedAirings, output: Output) -> None:
    """Empty the answer cache if *found* lacks most upcoming events of *output*, whose update would be held back."""
    # Kept, the answers would be shown for an hour, and a 304 could bring them into the next export.
    current = pipeline.transform(found.fetched, found.spec, output.stored)
    if find_loss(pipeline.make_merge_input(found.spec, output, current, found.now)):
        app.forget_answers()


@dataclass(frozen=True, slots=True)
class AgendaEntry:
    """One *event*, its *network*, the *day* it is shown under; whether it is *on* now and all of it was *watched*."""

    event: Event
    network: str
    day: date
    on: bool
    watched: bool


def make_agenda(fetched: Fetched, spec: CalendarSpec, now: datetime, days: int) -> list[AgendaEntry]:
    """Return what the calendar of *spec* shows for *days* days from today on, in order, and what is still on."""
    today = now.astimezone(spec.zone).date()
    airings = remove_hidden(list_airings(fetched, spec.kinds), fetched, spec.rules)
    entries = _make_entries(schedule_airings(airings, spec.rules, spec.zone), spec, now)
    last = today + timedelta(days=days - 1)
    return sorted((entry for entry in entries if today <= entry.day <= last or entry.on), key=_find_order)


def _make_entries(showings: Iterator[Showing], spec: CalendarSpec, now: datetime) -> Iterator[AgendaEntry]:
    for showing in showings:
        event = make_event(showing, spec.rules)
        on = isinstance(event.start, datetime) and isinstance(event.end, datetime) and event.start <= now < event.end
        watched = all(member.watched for member in showing.members)
        first = showing.members[0]
        network = clean_text(first.show.network) if isinstance(first, Episode) else ""
        yield AgendaEntry(event, network, local_date(event.start, spec.zone), on, watched)


def _find_order(entry: AgendaEntry) -> tuple[date, str, str]:
    """Order by day; whole days come first, then by the hour."""
    start, end = entry.event.start, entry.event.end
    return entry.day, "" if reads_as_whole_day(start, end) else start.isoformat(), entry.event.uid
