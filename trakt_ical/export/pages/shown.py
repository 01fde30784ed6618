"""What the page shows: the calendars that one can subscribe to, and what their stored copies say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo

from trakt_ical.model import Moment


@dataclass(frozen=True, slots=True)
class Airing:
    """One event of a stored copy, as subscribers see it.

    *end* is exclusive, None where the event has none. *check_in* is the address of a page that checks in
    to this airing, "" where there is none to offer.
    """

    uid: str
    summary: str
    start: Moment
    end: Moment | None
    cancelled: bool
    check_in: str = ""


@dataclass(frozen=True, slots=True)
class Subscription:
    """One calendar; *url* is the whole address of its feed, as the world sees it.

    *last_success* is when the copy was last refreshed, None where there never was one. *trouble* is a sentence that
    says what is wrong and what to do, "" when all is well.
    """

    name: str
    url: str
    last_success: datetime | None
    trouble: str
    airings: tuple[Airing, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """All that the page says, as of *now*, in the days and hours of *zone*.

    *trouble* is what is wrong with the whole service, "" when all is well. *public* says whether the feeds can be
    reached from the internet over https, which those who fetch from servers of their own need.
    """

    subscriptions: tuple[Subscription, ...]
    now: datetime
    zone: tzinfo
    trouble: str
    public: bool
