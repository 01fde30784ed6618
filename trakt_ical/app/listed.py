"""What a source lists for one calendar, for people who look.

Kept answers that are young are not asked for again. Others are. Where the source does not answer within a moment, they
are shown all the same, with their age.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from msgspec.structs import replace

from trakt_ical import pipeline
from trakt_ical.app.calendar_specs import DaySpan, make_calendar_spec
from trakt_ical.app.context import App
from trakt_ical.app.open_source import find_calendar_zone, find_server_url, open_source
from trakt_ical.config import Calendar
from trakt_ical.errors import NoConnection, NotKept, TraktError
from trakt_ical.fetch.sources import Answers, Fetched, FetchRequest, Source, ignore_progress
from trakt_ical.model import Airing, DateRange
from trakt_ical.pipeline import CalendarSpec
from trakt_ical.trakt.reach import ONCE, PERSON, KeptOnly, Patience, is_doubtful, is_outage

MAX_AGE = timedelta(hours=1)
LONGEST_OUTAGE = 40  # days; the answer cache keeps nothing longer


@dataclass(frozen=True, slots=True)
class ListedAirings:
    """What was *fetched* for a calendar of *spec*, and *now*. *is_old*: the source could not be asked again."""

    fetched: Fetched
    spec: CalendarSpec
    now: datetime
    is_old: bool = False

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

    Kept answers that are younger than *max_age* are not asked for again, and older ones serve where the source cannot
    be reached; without *max_age* they do neither. With *steps* airings say how their moments were found, with *marks*
    whether they were watched. Raises TraktIcalError.
    """
    wanted = _Wanted(app, calendar, app.environment.now(), ahead, steps=steps, marks=marks)
    reach, url = app.environment.reach, find_server_url(app.settings)
    kept = wanted.find_kept() if max_age or reach.offline else None
    if kept and kept.look.is_young(wanted.now, max_age) and not reach.offline:
        return kept.read()
    if kept is None:
        if reach.offline:
            raise NotKept
        return _fetch_once_in_a_run(wanted, max_age, url)
    newer = None if reach.offline else _ask_again(wanted, max_age, url)
    if isinstance(newer, ListedAirings):
        return newer
    reach.tell(newer, kept.look.oldest, wanted.now)
    return kept.read(is_old=True)


def _ask_again(wanted: _Wanted, max_age: timedelta, url: str) -> ListedAirings | TraktError:
    """Return what the server at *url* lists now, or why it cannot be asked. Raises TraktIcalError where it refuses."""
    reach, app = wanted.app.environment.reach, wanted.app
    fault = reach.find_fault(url, app.capabilities.server, app.environment.now)
    if fault is not None:
        return fault
    try:
        return wanted.fetch(max_age, ONCE)
    except TraktError as error:
        if not is_outage(error):
            raise
        reach.note_fault(url, error)
        return error


def _fetch_once_in_a_run(wanted: _Wanted, max_age: timedelta, url: str) -> ListedAirings:
    """Ask the server at *url*, unless no connection led to it before: another account would wait for it once more."""
    reach = wanted.app.environment.reach
    if isinstance(known := reach.get_fault(url), NoConnection):
        raise known
    try:
        return wanted.fetch(max_age, PERSON)
    except NoConnection as error:
        reach.note_fault(url, error)
        raise


@dataclass(frozen=True, slots=True)
class _Kept:
    """Kept *answers* for a calendar of *spec*, and how old the *look* at them found them to be."""

    answers: Answers
    spec: CalendarSpec
    now: datetime
    look: KeptOnly

    def read(self, *, is_old: bool = False) -> ListedAirings:
        return ListedAirings(self.answers.read(), self.spec, self.now, is_old)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is asked for: see `fetch_listed`."""

    app: App
    calendar: Calendar
    now: datetime
    ahead: int
    steps: bool
    marks: bool

    def fetch(self, max_age: timedelta, patience: Patience) -> ListedAirings:
        """Ask the source. Raises TraktIcalError."""
        try:
            with open_source(self.app, self.calendar.settings.source, max_age, patience=patience) as source:
                spec = self._make_spec(source)
                return ListedAirings(source.fetch(self._plan(spec), ignore_progress), spec, self.now)
        except TraktError as error:
            if is_doubtful(error):
                self.app.forget_answers()
            raise

    def find_kept(self) -> _Kept | None:
        """Return the kept answers to this, or to the same as it was asked for on an earlier day; None without any."""
        look = KeptOnly()
        with open_source(self.app, self.calendar.settings.source, kept_only=look) as source:
            spec = self._make_spec(source)
            request = self._plan(spec)
            # Dates of countries are kept elsewhere, each with an age of its own.
            look.lacks = look.lacks or bool(request.countries)
            for earlier in _list_earlier(request):
                try:
                    return _Kept(source.ask(earlier, ignore_progress), spec, self.now, look)
                except NotKept:
                    look.lacks, look.oldest = True, None
        return None

    def _make_spec(self, source: Source) -> CalendarSpec:
        settings = self.calendar.settings
        zone = find_calendar_zone(self.app, source, settings.timezone)
        today = self.now.astimezone(zone).date()
        longer = DaySpan(today - timedelta(days=settings.back), settings.back + self.ahead + 1)
        span = longer if self.ahead > settings.ahead else DaySpan()
        return make_calendar_spec(self.app, self.calendar, zone, self.now, span)

    def _plan(self, spec: CalendarSpec) -> FetchRequest:
        marks = self.marks and self.calendar.settings.source == "my"
        return pipeline.plan_fetch([spec], marks=marks, steps=self.steps)


def _list_earlier(request: FetchRequest) -> Iterator[FetchRequest]:
    """Yield *request*, and then what it would have been on each earlier day: an answer is kept for the days it has."""
    for age in range(LONGEST_OUTAGE):
        before = timedelta(days=age)
        yield replace(
            request, days={kind: DateRange(days.first - before, days.days) for kind, days in request.days.items()}
        )
