"""The airings of a stored copy, for the page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from trakt_ical.export.pages import Airing
from trakt_ical.export.previous import Previous, end, moment, summary
from trakt_ical.export.tickets import Ticket, Tickets

LATELY = timedelta(days=7)  # so long after its start an airing has a button
LEAD = timedelta(minutes=10)  # before it


def linked(shown: Iterable[Airing], tickets: Tickets, base: str, now: datetime) -> tuple[Airing, ...]:
    """*shown*, with the address that checks in where that is what people come for: what is on, and the latest."""
    return tuple(
        replace(each, check_in=f"{base}/{tickets.path(Ticket(each.uid, each.start))}") if _offered(each, now) else each
        for each in shown
    )


def _offered(airing: Airing, now: datetime) -> bool:
    start = airing.start
    begun = start if isinstance(start, datetime) else datetime.combine(start, time(0), UTC)
    return not airing.cancelled and begun - LEAD <= now <= begun + LATELY


def airings(calendar: Previous) -> tuple[Airing, ...]:
    """What subscribers see in *calendar*, in its order."""
    return tuple(
        Airing(
            uid=event.uid,
            summary=summary(event.octets),
            start=moment(event.start),
            end=end(event.octets),
            cancelled=event.rev is None,
        )
        for event in calendar.events.values()
    )
