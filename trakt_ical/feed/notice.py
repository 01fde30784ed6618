"""A calendar that says itself that it is out of date, since nobody looks at a page whose calendar seems to be well.

The notice is laid over the octets that subscribers are given; the stored calendar, from which the next one is made,
never bears it. It is made of the last success alone, so that it changes when it appears, and not with each minute.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from trakt_ical.export import ics
from trakt_ical.export.ics import END, SUM, ChangeStamp
from trakt_ical.export.stored import HEAD
from trakt_ical.model import Event

LENGTH = timedelta(days=28)  # a subscriber who looks a day late must still meet it; after these it is put up again
TEXT = (
    "trakt-ical has not been able to fetch this calendar since {since:%Y-%m-%d %H:%M} UTC. What you see is as it was "
    "then. The page of your feeds says what is wrong; its address is told by: trakt-ical feed page"
)


@dataclass(frozen=True, slots=True)
class Notice:
    """That nothing was fetched for the calendar *name* since *last_success*, put up at *appeared*."""

    name: str
    last_success: datetime
    appeared: datetime

    def laid_over(self, octets: bytes) -> bytes:
        """The calendar *octets* with the notice in it, and without the SUM by which an export would go on from it."""
        found = octets.index(SUM, 0, HEAD)
        before, after = octets[:found], octets[octets.index(b"\r\n", found) + 2 :]
        return before + after.removesuffix(END) + self._event() + END

    def _event(self) -> bytes:
        first = self.appeared.date()
        which = hashlib.blake2b(f"{self.appeared.isoformat()} {self.name}".encode(), digest_size=6).hexdigest()
        event = Event(
            uid=f"out-of-date-{which}@trakt-ical",
            summary=f"Trakt calendar is out of date: nothing new since {self.last_success:%Y-%m-%d}",
            description=TEXT.format(since=self.last_success),
            start=first,
            end=first + LENGTH,
            location="",
            categories=(),
            link="",
        )
        return ics.render_event(event, ChangeStamp(self.appeared, 0), ics.hash_event(event))


def find_due_notice(name: str, last_success: datetime | None, after: timedelta, now: datetime) -> Notice | None:
    """The notice that is to stand in the calendar *name* at *now*: None until *after* the *last_success*; 0: never."""
    if last_success is None or not after or now < last_success + after:
        return None
    first = (last_success + after).replace(microsecond=0)
    return Notice(name, last_success, first + (now - first) // LENGTH * LENGTH)
