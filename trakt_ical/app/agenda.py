"""The coming days of a calendar, for people who look rather than subscribe."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo

from trakt_ical import pipeline
from trakt_ical.app.context import App
from trakt_ical.app.listed import ListedAirings, fetch_listed
from trakt_ical.app.outputs import load_stored_output
from trakt_ical.config import Calendar
from trakt_ical.errors import OutputError, TraktIcalError
from trakt_ical.export.merge import find_loss
from trakt_ical.export.output import Output
from trakt_ical.model import Episode, Event, local_date, reads_as_whole_day
from trakt_ical.transform.event_text import clean_text
from trakt_ical.transform.events import make_event
from trakt_ical.transform.grouping import schedule_airings


def forget_doubtful_answers(app: App, found: ListedAirings, output: Output) -> None:
    """Empty the answer cache if *found* lacks most upcoming events of *output*, whose update would be held back."""
    # Kept, the answers would be shown for an hour, and a 304 could bring them into the next export.
    if found.is_old:
        return
    current = pipeline.transform(found.fetched, found.spec, output.stored)
    if find_loss(pipeline.make_merge_input(found.spec, output, current, found.now)):
        app.forget_answers()


@dataclass(frozen=True, slots=True)
class AgendaEntry:
    """One *event* of *calendars*, its *network*, and the *day* it is shown under.

    *on*: it is on now. *watched*: all of it was watched, by everybody whose calendar has it.
    """

    event: Event
    network: str
    calendars: tuple[str, ...]
    day: date
    on: bool
    watched: bool


def fetch_agenda(
    chosen: Sequence[tuple[App, Calendar]], *, max_age: timedelta, ahead: int
) -> tuple[list[ListedAirings], list[TraktIcalError]]:
    """Return what the sources list for each *chosen* calendar, and the error of each account that failed.

    What one calendar was answered serves the others of its account too. Doubtful answers are not kept.
    """
    found, errors, asked = list[ListedAirings](), dict[str, TraktIcalError](), set[str]()
    started = chosen[0][0].environment.now()
    for app, calendar in chosen:
        if app.account in errors:
            continue
        run_time = app.environment.now() - started + timedelta(seconds=1)
        oldest = max(max_age, run_time) if app.account in asked else max_age
        asked.add(app.account)
        try:
            listed = fetch_listed(app, calendar, max_age=oldest, ahead=ahead, marks=True)
        except TraktIcalError as error:
            errors[app.account] = error
            continue
        with contextlib.suppress(OutputError):  # a file that is not this calendar says nothing about the answers
            forget_doubtful_answers(app, listed, load_stored_output(app, calendar))
        found.append(listed)
    return found, list(errors.values())


def make_agenda(calendars: Sequence[ListedAirings], days: int) -> list[AgendaEntry]:
    """Return what *calendars* show for *days* days from today on, in order, and what is still on.

    Days are those of the first calendar's zone. What several calendars show at the same time is one entry.
    """
    zone, now = calendars[0].zone, calendars[0].now
    today = now.astimezone(zone).date()
    last = today + timedelta(days=days - 1)
    entries: dict[tuple[str, str, str], AgendaEntry] = {}
    for listed in calendars:
        for entry in _make_entries(listed, zone):
            if not (today <= entry.day <= last or entry.on):
                continue
            # By the rules of two calendars it may be at two times: then each is shown.
            key = entry.event.uid, entry.event.start.isoformat(), entry.event.end.isoformat()
            entries[key] = _join(entries[key], entry) if key in entries else entry
    return sorted(entries.values(), key=_find_order)


def _make_entries(listed: ListedAirings, zone: tzinfo) -> Iterator[AgendaEntry]:
    spec, now = listed.spec, listed.now
    for showing in schedule_airings(listed.airings, spec.rules, spec.zone):
        event = make_event(showing, spec.rules)
        on = isinstance(event.start, datetime) and isinstance(event.end, datetime) and event.start <= now < event.end
        watched = all(member.watched for member in showing.members)
        first = showing.members[0]
        network = clean_text(first.show.network) if isinstance(first, Episode) else ""
        name = spec.calendar_id.name
        yield AgendaEntry(event, network, (name,), local_date(event.start, zone), on, watched)


def _join(first: AgendaEntry, second: AgendaEntry) -> AgendaEntry:
    """Return the entry of both calendars, with the words of the *first*."""
    return replace(first, calendars=(*first.calendars, *second.calendars), watched=first.watched and second.watched)


def _find_order(entry: AgendaEntry) -> tuple[date, str, str]:
    """Order by day; whole days come first, then by the hour."""
    start, end = entry.event.start, entry.event.end
    return entry.day, "" if reads_as_whole_day(start, end) else start.isoformat(), entry.event.uid
