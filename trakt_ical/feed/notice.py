"""Notices: events by which a calendar says itself that it is out of date, or that its address was replaced.

Nobody looks at the page of a calendar that seems to be well, and many programs keep their copy in silence when an
address is gone, so the calendar itself must say so. A notice is added to the octets that subscribers get. The stored
copy, from which the next calendar is merged, never contains it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from trakt_ical.export import ics
from trakt_ical.export.ics import CHECKSUM_LENGTH, END, SUM, Appearance, CalendarId, ChangeStamp, Heading
from trakt_ical.export.stored_calendar import HEAD
from trakt_ical.model import Event
from trakt_ical.wording import format_short_day

LENGTH = timedelta(days=7)  # as long as a week on the screen; then it moves on
OUT_OF_DATE_TEXT = (
    "trakt-ical has not been able to fetch the calendar {name} since {since:%Y-%m-%d %H:%M} UTC. It may be out of "
    "date. The page of your feeds says what is wrong. To print its address, run: trakt-ical feed page"
)
REPLACED_TEXT = (
    "This address was replaced. Subscribe anew to the calendar {name} and remove this subscription. To print the new "
    "address, run: trakt-ical feed url"
)


@dataclass(frozen=True, slots=True)
class Notice:
    """A whole-day event that says something of the calendar *name*; *kind* begins its UID, *appeared* is its stamp.

    All of it is fixed while it stands. A text with an age in it would change the calendar, and make every subscriber
    download it, each minute.
    """

    kind: str
    name: str
    summary: str
    text: str
    appeared: datetime

    def add_to(self, octets: bytes) -> bytes:
        """Return the calendar *octets* with the notice in it.

        Its SUM is left out. Somebody may save the feed as a file and export to it: without a SUM that file is refused
        as damaged, while with one the notice would become a lasting event of the merge.
        """
        found = octets.index(SUM, 0, HEAD)
        before, after = octets[:found], octets[octets.index(b"\r\n", found) + 2 :]
        return before + after.removesuffix(END) + self.octets + END

    def find_length(self, size: int) -> int:
        """Return how long a calendar of *size* octets is with the notice in it."""
        return size - len(SUM) - CHECKSUM_LENGTH - len(b"\r\n") + len(self.octets)

    @property
    def octets(self) -> bytes:
        """The event."""
        first = self.appeared.date()
        key = hashlib.blake2b(f"{self.appeared.isoformat()} {self.name}".encode(), digest_size=6).hexdigest()
        event = Event(
            uid=f"{self.kind}-{key}@trakt-ical",
            summary=self.summary,
            description=self.text,
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
    day = format_short_day(last_success.date()).partition(" ")[2]
    # The name comes last: a cell of a month shows 20 letters or so, and they must say what is the matter.
    return Notice(
        kind="out-of-date",
        name=name,
        summary=f"⚠ Out of date since {day}: {name}",
        text=OUT_OF_DATE_TEXT.format(name=name, since=last_success),
        # Counted from the last success, not from now: a restart in between must give the very same notice.
        appeared=_find_appearance(last_success + after, now),
    )


def make_replaced_notice(name: str, since: datetime, now: datetime) -> Notice:
    """Return the notice at *now* that the address of the calendar *name* was replaced at the instant *since*."""
    return Notice(
        kind="replaced",
        name=name,
        summary=f"⚠ Subscribe anew: {name}",
        text=REPLACED_TEXT.format(name=name),
        appeared=_find_appearance(since, now),
    )


def make_notice_calendar(notice: Notice) -> bytes:
    """Return a calendar that has nothing but *notice*."""
    # Nobody's calendar, so that no export goes on from it.
    heading = Heading(Appearance(notice.name), CalendarId("", "", "", notice.name, ()))
    return notice.add_to(ics.render_calendar(heading, None, ()))


def _find_appearance(first: datetime, now: datetime) -> datetime:
    """Return since when a notice that is needed since *first* stands where it stands at *now*."""
    # It moves at midnight, not at the hour of *first*: until then the new week's first day would be without it.
    weeks = max((now.date() - first.date()) // LENGTH, 0)
    if not weeks:
        return first.replace(microsecond=0)
    return datetime.combine(first.date() + weeks * LENGTH, time(0), UTC)
