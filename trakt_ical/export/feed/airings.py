"""The airings of a stored copy, for the page."""

from __future__ import annotations

from trakt_ical.export.pages import Airing
from trakt_ical.export.previous import Previous, end, moment, summary


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
