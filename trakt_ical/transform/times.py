"""When an event begins and ends."""

from __future__ import annotations

from datetime import datetime, timedelta

from trakt_ical.model import Moment

DAY = timedelta(days=1)


def end(start: Moment, *runtimes: timedelta | None) -> Moment:
    """The end of what begins at *start*: by the first of *runtimes* that is known; a whole day ends on the next day."""
    if not isinstance(start, datetime):
        return start + DAY
    return start + next(filter(None, runtimes), DAY)
