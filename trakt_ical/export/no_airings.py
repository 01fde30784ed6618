"""The one event of a calendar without airings, which says that there are none.

GNOME keeps the last events of a calendar that becomes empty for ever: it takes a calendar without a VEVENT for a failed
download. So a calendar whose rules leave nothing, or from which the last event left, has this event, in files and feeds
alike, until the first airing comes. It is no airing: it is never missing, and the rest of the program does not see it.
"""

from __future__ import annotations

import hashlib
from datetime import date, timedelta

from trakt_ical.export.ics import Heading, cut_summary
from trakt_ical.model import DateRange, Event

LENGTH = 7  # days; a week on the screen, as other notices
# No airing's UID begins so: keys of shows and movies have no dot.
UID_BEGINS = "no-airings."
TEXT = (
    "No airing on the days of this calendar matches its settings (kind and rules). This event leaves with the first "
    "one that does. To see why an airing is left out, run: trakt-ical explain TITLE"
)


def make_no_airings_event(heading: Heading, first: date) -> Event:
    """Return the event of the calendar that *heading* describes, from the day *first* on."""
    # Of its own for each calendar: KOrganizer shows a UID that two calendars have in one of them only. Without the
    # kinds, which may change.
    whose = str(heading.calendar_id).rpartition("/")[0]
    key = hashlib.blake2b(whose.encode(), digest_size=6).hexdigest()
    return Event(
        uid=f"{UID_BEGINS}{key}@trakt-ical",
        summary=cut_summary(f"No airings match: {heading.appearance.name}"),
        description=TEXT,
        start=first,
        end=first + timedelta(days=LENGTH),
        location="",
        categories=(),
        link="",
    )


def find_first_day(days: DateRange, today: date, stands: date | None) -> date:
    """Return the first day of the event in a calendar of *days*; *stands*: where it is already."""
    # It must be where people look, which is around today. An event that moved each day would be a change for every
    # subscriber each day, so it stays for its week, and then begins anew.
    seen = today if today in days else days.first
    return stands if stands is not None and seen in DateRange(stands, LENGTH) else seen
