"""What is wrong with a calendar, as people see it: since when, what they look at instead, when it is tried again."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from trakt_ical.errors import OutputError, TraktError, TraktIcalError, Unreachable, UpdateHeldBack
from trakt_ical.wording import DAYS, describe_since, format_hour

AMBIGUOUS = timedelta(hours=20)  # from then on an hour alone could be today's
LASTING = "If this lasts, run: trakt-ical doctor"


class Condition(enum.Enum):
    """How a copy is; the values are the classes of its dot."""

    WELL = "well"
    FAILING = "failing"  # the last refresh failed, or there is no copy yet; what is shown is still young
    OLD = "old"


@dataclass(frozen=True, slots=True)
class Outage:
    """Why a refresh failed: by *error*, or as a sentence says; the source is called *server*.

    *next_try*: when it is tried again, None where it is being tried now.
    """

    error: TraktIcalError | str
    server: str
    next_try: datetime | None = None


@dataclass(frozen=True, slots=True)
class Freshness:
    """When a copy was last refreshed (None: never), as of *now* in *zone*; older than *limit* it is old."""

    last_success: datetime | None
    limit: timedelta
    now: datetime
    zone: tzinfo

    def find_condition(self, *, fails: bool) -> Condition:
        """Return how the copy is, where the last refresh *fails* or not."""
        if self.last_success is None:
            return Condition.FAILING
        if self.now - self.last_success > self.limit:
            return Condition.OLD
        return Condition.FAILING if fails else Condition.WELL


def describe_outage(outage: Outage, freshness: Freshness) -> list[str]:
    """Return what is wrong and what to do, in paragraphs: a command stands at the end of one."""
    error, then = outage.error, freshness.last_success
    since = describe_since(then, freshness.now, freshness.zone) if then else ""
    next_try = _describe_next_try(outage, freshness)
    match error:
        case UpdateHeldBack() | OutputError():
            return [str(error)]  # it concerns the copy itself, and says what to do
        case TraktError():
            cause = _describe_fault(error, outage.server, since)
            sentences = f"{cause} {_describe_copy(since and 'then', next_try)}"
            return [sentences, LASTING] if freshness.find_condition(fails=True) is Condition.OLD else [sentences]
        case _:
            return [str(error), _describe_copy(since, next_try)]


def _describe_fault(error: TraktError, server: str, since: str) -> str:
    if isinstance(error, Unreachable):
        return f"{server} cannot be reached{f' since {since}' if since else ''}."
    return f"{f'Since {since} nothing' if since else 'Nothing'} could be fetched: {error}"


def _describe_copy(then: str, next_try: str) -> str:
    return f"This is the copy of {then}; {next_try}." if then else f"{next_try[0].upper()}{next_try[1:]}."


def _describe_next_try(outage: Outage, freshness: Freshness) -> str:
    if outage.next_try is None or outage.next_try <= freshness.now:
        return "it is being tried again now"
    hour = format_hour(outage.next_try, freshness.zone)
    if outage.next_try - freshness.now < AMBIGUOUS:
        return f"next try {hour}"
    return f"next try {DAYS[outage.next_try.astimezone(freshness.zone).weekday()]} {hour}"
