"""The page of one account: what its stored copies, its refresher and its other destinations say, put together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

import msgspec

from trakt_ical.app.context import App
from trakt_ical.app.feeds import ForeignCopy
from trakt_ical.app.outputs import PUSHED, find_feed_limit, list_destinations
from trakt_ical.checkin.signed_links import Ticket
from trakt_ical.config import FIELDS
from trakt_ical.errors import TraktError, TraktIcalError
from trakt_ical.export.stores.address import is_bucket_address
from trakt_ical.feed.outage import Freshness, Outage, describe_outage
from trakt_ical.feed.page import render_page
from trakt_ical.feed.page_content import (
    RENEW_COMMAND,
    Destination,
    PageCalendar,
    PageContent,
    offers_check_in,
    read_airings,
)
from trakt_ical.feed.secrets import make_feed_url
from trakt_ical.http import is_public
from trakt_ical.wording import complete_commands

if TYPE_CHECKING:
    from trakt_ical.app.outputs import WrittenOutput
    from trakt_ical.checkin.signed_links import Tickets
    from trakt_ical.config import Calendar
    from trakt_ical.feed.feed_store import FeedStore
    from trakt_ical.feed.page_content import PageAiring
    from trakt_ical.feed.refresher import Refresher


@dataclass(frozen=True)
class PageState:
    """What the page must know of the service besides its settings: its *store*, *refresher* and *zone*.

    *errors* are what the last refresh met in single calendars, by their names; it ended at *refreshed_at*. *tickets*
    make check-in links, None for none.
    """

    store: FeedStore
    refresher: Refresher
    zone: tzinfo
    errors: Mapping[str, TraktIcalError]
    refreshed_at: datetime
    tickets: Tickets | None


def render_account_page(app: App, state: PageState, base_url: str) -> bytes:
    """Return the page for people; its addresses begin with `public_url`, else with *base_url*."""
    base_url = app.settings.public_url.rstrip("/") or base_url
    writer = _PageWriter(app, state, base_url)
    calendars = []
    for calendar in app.calendars:
        with suppress(KeyError):  # the account was logged out of this folder while the page was drawn
            calendars.append(writer.make_calendar(calendar))
    return render_page(
        PageContent(
            calendars=tuple(calendars),
            now=writer.now,
            zone=state.zone,
            limit=writer.limit,
            is_public=is_public(base_url),
            trouble=writer.describe_trouble(),
            renew_command=complete_commands(RENEW_COMMAND, app.environment.program),
        )
    )


class _PageWriter:
    """Gathers what the page of *app* says."""

    def __init__(self, app: App, state: PageState, base_url: str) -> None:
        self.now, self.limit = app.environment.now(), find_feed_limit(app)
        self._app = app
        self._state = state
        self._base_url = base_url

    def describe_trouble(self) -> tuple[str, ...]:
        """Return what is wrong with the whole account; nothing where its calendars say it."""
        refresher = self._state.refresher
        error: TraktIcalError | str | None = refresher.trouble
        if refresher.condition == "starting":
            error = self._recall_failure()
        elif refresher.trouble in map(str, self._state.errors.values()):
            return ()
        elif refresher.condition == "failing":
            error = refresher.error
        known = [each.last_success for each in self._state.store.calendars.values() if each.last_success]
        return self._describe_outage(error, min(known, default=None)) if error else ()

    def _recall_failure(self) -> TraktIcalError | str | None:
        """Return what an earlier server met last, as long as this one has not tried itself."""
        folder = self._state.store.folder
        states = [folder.make_state_file(each.title).load() for each in self._app.calendars] if folder else []
        failures = [state.failure for state in states if state.failure]
        # What concerns one calendar alone is found again by the first refresh.
        if not failures or len({failure.message for failure in failures}) > 1 or len(failures) < len(states):
            return None
        failure = failures[0]
        return TraktError(failure.message) if failure.exit_status == TraktError.exit_code else failure.message

    def _describe_outage(self, error: TraktIcalError | str, last_success: datetime | None) -> tuple[str, ...]:
        outage = Outage(error, self._app.capabilities.server, self._state.refresher.next_refresh)
        freshness = Freshness(last_success, self.limit, self.now, self._state.zone)
        program = self._app.environment.program
        return tuple(complete_commands(each, program) for each in describe_outage(outage, freshness))

    def make_calendar(self, calendar: Calendar) -> PageCalendar:
        """Return what the page says of *calendar*. Raises KeyError where the account does not have it any more."""
        name, store, settings = calendar.title, self._state.store, calendar.settings
        served = store.calendars[name]
        stored = store.load_calendar(name)
        has_networks = settings.description == FIELDS["description"].default
        airings = read_airings(stored, self.now, has_networks=has_networks) if stored else ()
        if self._state.tickets and settings.checkin_links:
            airings = add_check_in_urls(airings, self._state.tickets, self._base_url, self.now)
        error = self._find_error(name)
        return PageCalendar(
            name=settings.name or name,
            url=make_feed_url(self._base_url, store.secrets.calendars[name], name),
            last_success=served.last_success,
            airings=airings,
            trouble=self._describe_outage(error, served.last_success) if error else (),
            destinations=tuple(
                self._describe_destination(each, calendar) for each in list_destinations(self._app, calendar)
            ),
            has_subscribers=name in store.subscribed,
            credit=stored.credit if stored else "",
            credit_links=self._app.capabilities.credit_links,
        )

    def _find_error(self, name: str) -> TraktIcalError | None:
        served = self._state.store.calendars[name]
        if served.is_foreign:
            return ForeignCopy(name)
        # `feed accept` refreshes a copy from outside. The refresher's trouble with it is then a thing of the past.
        is_settled = served.last_success and served.last_success > self._state.refreshed_at
        return None if is_settled else self._state.errors.get(name)

    def _describe_destination(self, output: WrittenOutput, calendar: Calendar) -> Destination:
        kind, name, failure = "File", output.state.output, output.state.failure
        if name.startswith(PUSHED):
            kind, name = "CalDAV calendar", name.removeprefix(PUSHED)
        elif is_bucket_address(calendar.settings.output):
            kind = "Bucket"
        if failure:
            message = complete_commands(failure.message, self._app.environment.program)
            failure = msgspec.structs.replace(failure, message=message)
        return Destination(kind, name, output.state.last_success, output.limit, failure)


def add_check_in_urls(
    airings: Iterable[PageAiring], tickets: Tickets, base_url: str, now: datetime
) -> tuple[PageAiring, ...]:
    """Return *airings*, each that offers check-in at *now* with the address of its check-in page."""
    return tuple(
        replace(airing, check_in_url=f"{base_url}/{tickets.make_path(Ticket(airing.uid, airing.start))}")
        if offers_check_in(airing, now)
        else airing
        for airing in airings
    )
