"""What the page says: each calendar, how fresh it is, where else it is written, and the airings of its stored copy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo

from trakt_ical.export.stored_calendar import (
    StoredCalendar,
    StoredEvent,
    parse_moment,
    read_category,
    read_description,
    read_end,
    read_link,
    read_summary,
)
from trakt_ical.export.stores.protocol import Failure
from trakt_ical.feed.outage import Freshness
from trakt_ical.model import Moment, find_begin
from trakt_ical.transform.event_text import MOVIE, find_network

RENEW_COMMAND = "trakt-ical feed renew NAME"


@dataclass(frozen=True, slots=True)
class PageAiring:
    """One event of a stored copy, as subscribers see it.

    *end* is exclusive, None where the event has none. *link* is its page at the source, *network* where it airs,
    *check_in_url* the address of its check-in page, each "" for none.
    """

    uid: str
    summary: str
    start: Moment
    end: Moment | None
    is_cancelled: bool
    link: str = ""
    network: str = ""
    check_in_url: str = ""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where else a calendar is written: the *kind* of place, its *name*, and when that last succeeded (None: never).

    After *limit* without success it is old. *failure*: why it fails by now, None where it does not.
    """

    kind: str
    name: str
    last_success: datetime | None
    limit: timedelta
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class PageCalendar:
    """One calendar; *url* is the public address of its feed.

    *last_success* is when the copy was last refreshed, None if never; *trouble* says what is wrong with this calendar
    alone, in paragraphs. *has_subscribers*: whether a program has fetched the feed. *credit*: what the licence of its
    airings asks to be said, "" for nothing, with the addresses of the words in it that are links.
    """

    name: str
    url: str
    last_success: datetime | None
    airings: tuple[PageAiring, ...]
    trouble: tuple[str, ...] = ()
    destinations: tuple[Destination, ...] = ()
    has_subscribers: bool = False
    credit: str = ""
    credit_links: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PageContent:
    """All that the page says, as of *now*, in the days and hours of *zone*.

    *trouble* says what is wrong with the whole account. *is_public* tells whether the internet can reach the feeds over
    https: only then can the servers of Google and Microsoft fetch them. A copy that is older than *limit* is old.
    *renew_command* replaces an address.
    """

    calendars: tuple[PageCalendar, ...]
    now: datetime
    zone: tzinfo
    limit: timedelta
    is_public: bool
    trouble: tuple[str, ...] = ()
    renew_command: str = RENEW_COMMAND

    def describe_freshness(self, calendar: PageCalendar) -> Freshness:
        """Return how fresh the copy of *calendar* is."""
        return Freshness(calendar.last_success, self.limit, self.now, self.zone)


CHECK_IN_DAYS = timedelta(days=7)  # after its start an airing has a button for so long
CHECK_IN_LEAD = timedelta(minutes=10)  # before its start
SHOWN_BEFORE = timedelta(days=9)  # what began earlier offers no check-in, and nothing is on for so long
SHOWN_AFTER = timedelta(days=9)  # the days of the week that is shown, in whatever zone


def offers_check_in(airing: PageAiring, now: datetime) -> bool:
    """Whether *airing* gets a button for check-in: people come to the page for what is on, or was lately."""
    begun = find_begin(airing.start, UTC)
    return not airing.is_cancelled and begun - CHECK_IN_LEAD <= now <= begun + CHECK_IN_DAYS


def read_airings(calendar: StoredCalendar, now: datetime, *, has_networks: bool) -> tuple[PageAiring, ...]:
    """Return the airings around *now* of the stored *calendar*, in its order.

    *has_networks*: whether its descriptions are as they are by default, with the network in its place.
    """
    return tuple(_make_airing(event, has_networks=has_networks) for event in _list_near(calendar, now))


def _list_near(calendar: StoredCalendar, now: datetime) -> Iterator[StoredEvent]:
    # By the texts of their days: a large calendar has 10,000 events, and most are far from today.
    first, last = f"{now - SHOWN_BEFORE:%Y%m%d}", f"{now + SHOWN_AFTER:%Y%m%d}"
    return (event for event in calendar.events.values() if first <= event.start[:8] <= last)


def _make_airing(event: StoredEvent, *, has_networks: bool) -> PageAiring:
    octets = bytes(event.octets).replace(b"\r\n ", b"")  # unfolded once, for all that is read
    link = read_link(octets)
    has_networks = has_networks and read_category(octets) != MOVIE
    return PageAiring(
        uid=event.uid,
        summary=read_summary(octets),
        start=parse_moment(event.start),
        end=read_end(octets),
        is_cancelled=event.rev is None,
        link=link,
        network=find_network(read_description(octets), link) if has_networks else "",
    )
