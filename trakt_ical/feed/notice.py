"""The notice by which a calendar says itself that it is out of date.

Nobody looks at the page of a calendar that seems to be well, so the calendar itself must say so. The notice is added
to the octets that subscribers get. The stored copy, from which the next calendar is merged, never contains it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from trakt_ical.export import ics
from trakt_ical.export.ics import END, SUM, ChangeStamp
from trakt_ical.export.stored import HEAD
from trakt_ical.model import Event

LENGTH = timedelta(days=28)  # long enough for a subscriber who looks days later; then it is put up again
TEXT = (
    "trakt-ical has not been able to fetch this calendar since {since:%Y-%m-%d %H:%M} UTC. It may be out of date. "
    "The page of your feeds says what is wrong. To print its address, run: trakt-ical feed page"
)


@dataclass(frozen=True, slots=True)
class Notice:
    """Says that nothing was fetched for the calendar *name* since *last_success*; it was put up at *appeared*.

    Both are fixed while it stands. A text with the age in it would change the calendar, and make every subscriber
    download it, each minute.
    """

    name: str
    last_success: datetime
    appeared: datetime

    def add_to(self, octets: bytes) -> bytes:
        """Return the calendar *octets* with the notice in it.

        Its SUM is left out. Somebody may save the feed as a file and export to it: without a SUM that file is refused
        as damaged, while with one the notice would become a lasting event of the merge.
        """
        found = octets.index(SUM, 0, HEAD)
        before, after = octets[:found], octets[octets.index(b"\r\n", found) + 2 :]
        return before + after.removesuffix(END) + self._render() + END

    def _render(self) -> bytes:
        first = self.appeared.date()
        key = hashlib.blake2b(f"{self.appeared.isoformat()} {self.name}".encode(), digest_size=6).hexdigest()
        event = Event(
            uid=f"out-of-date-{key}@trakt-ical",
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
    """Return the notice that the calendar *name* needs at *now*: None until *after* the *last_success*; 0: never."""
    if last_success is None or not after or now < last_success + after:
        return None
    # Counted from the last success, not from now: a restart in between must give the very same notice.
    first = (last_success + after).replace(microsecond=0)
    return Notice(name, last_success, first + (now - first) // LENGTH * LENGTH)
