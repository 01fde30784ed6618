"""The coming days of a calendar, for people who look rather than subscribe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from trakt_ical.model import Event, Fetched, local_date
from trakt_ical.pipeline.calendars import Recipe, listed, visible
from trakt_ical.transform.events import event
from trakt_ical.transform.showings import Showing, showings


@dataclass(frozen=True, slots=True)
class Entry:
    """One *event* and the *day* it is shown under; whether it is *on* now; whether all of it was *watched*."""

    event: Event
    day: date
    on: bool
    watched: bool


def agenda(fetched: Fetched, recipe: Recipe, now: datetime, days: int) -> list[Entry]:
    """What the calendar of *recipe* shows from today on for *days* days, in order, and what is still on from before."""
    today = now.astimezone(recipe.zone).date()
    shown = showings(visible(listed(fetched, recipe.kinds), fetched, recipe.rules), recipe.rules, recipe.zone)
    entries = _entries(shown, recipe, now)
    last = today + timedelta(days=days - 1)
    wanted = [entry for entry in entries if today <= entry.day <= last or entry.on]
    return sorted(wanted, key=_order)


def _entries(shown: Iterator[Showing], recipe: Recipe, now: datetime) -> Iterator[Entry]:
    for showing in shown:
        made = event(showing, recipe.rules)
        on = isinstance(made.start, datetime) and isinstance(made.end, datetime) and made.start <= now < made.end
        watched = all(member.watched for member in showing.members)
        yield Entry(made, local_date(made.start, recipe.zone), on, watched)


def _order(entry: Entry) -> tuple[date, str, str]:
    """By day; what takes the whole day comes first, then by the hour."""
    start = entry.event.start
    return entry.day, start.isoformat() if isinstance(start, datetime) else "", entry.event.uid
