"""The feed as a service: the stored copies that it serves, the refresher that renews them, the page, the web server."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from trakt_ical.app.calendar_specs import load_check_in_tickets
from trakt_ical.app.checkin import make_link_check_ins
from trakt_ical.app.context import App
from trakt_ical.app.feed_folder import make_feed_folder
from trakt_ical.app.feeds import fetch_activity, refresh_feeds
from trakt_ical.app.open_source import find_system_zone
from trakt_ical.checkin.signed_links import Ticket
from trakt_ical.errors import SettingsError, TraktIcalError, UpdateHeldBack
from trakt_ical.feed import access_log
from trakt_ical.feed.answers import Health
from trakt_ical.feed.asgi import FeedApp
from trakt_ical.feed.feed_store import FeedOptions, FeedStore
from trakt_ical.feed.page import render_page
from trakt_ical.feed.page_content import PageCalendar, PageContent, offers_check_in, read_airings
from trakt_ical.feed.refresher import Refresher, RefresherThread
from trakt_ical.feed.secrets import make_feed_url
from trakt_ical.feed.server import WebServer, open_listeners
from trakt_ical.http import ListenAddress, is_loopback, is_public
from trakt_ical.pipeline import RunResult

if TYPE_CHECKING:
    from trakt_ical.checkin.pages import CheckInRoute
    from trakt_ical.checkin.signed_links import Tickets
    from trakt_ical.config import Calendar
    from trakt_ical.feed.page_content import PageAiring

log = logging.getLogger(__name__)

REFRESHER_TIMEOUT = 1  # seconds for the refresher to end; whatever it was doing can be done again

PLAIN_HTTP_WARNING = (
    "Other computers can reach the feed at {addresses} over plain http, and public_url is not set. Anyone on the way "
    "can read its secret addresses. Put a proxy with TLS in front of it (see samples/nginx.conf, samples/Caddyfile), "
    "set public_url, and listen on 127.0.0.1."
)
ACCOUNT_CHANGED = (
    "Another account is logged in now. Its calendars have addresses of their own, and those of the account before are "
    "not served. To print the new addresses, run: trakt-ical feed page"
)


class FeedService:
    """What `trakt-ical serve` runs, without its socket: it refreshes the feed's store and draws the page."""

    def __init__(self, app: App) -> None:
        settings, now = app.settings, app.environment.now
        self._app = app
        self._account_zone: tzinfo | None = None  # known from the first refresh on
        self._activity: str | None = None
        self._troubles: dict[str, str] = {}  # by the calendar's name
        self._refreshed_at = now()
        self.refresher = Refresher(self, timedelta(minutes=settings.refresh), now)
        self.refresher_thread = RefresherThread(self.refresher)
        options = FeedOptions(now, timedelta(days=settings.notice_after), _find_prefix(settings.public_url))
        self.store = FeedStore(make_feed_folder(app), (each.title for each in app.calendars), options, self)
        has_links = any(calendar.settings.checkin_links for calendar in app.calendars)
        self._tickets = load_check_in_tickets(app) if has_links else None
        self.links = make_link_check_ins(app, self.store, self.find_zone)

    def make_application(self) -> FeedApp:
        """Return the service as an ASGI application."""
        return FeedApp(self.store, self, self._make_check_in_route())

    def _make_check_in_route(self) -> CheckInRoute | None:
        """Return what answers check-in links, None where no calendar has any."""
        if self._tickets is None:
            return None
        from trakt_ical.checkin.pages import CheckInRoute

        return CheckInRoute(self.links, self._tickets)

    @property
    def trouble(self) -> str:
        """What is wrong with the whole service, "" where nothing is."""
        return self.refresher.trouble

    def check_health(self) -> Health:
        """Return how the service is now."""
        now = self._app.environment.now()
        calendars = [
            (served.calendar is not None, _count_seconds(served.last_success, now))
            for served in self.store.calendars.values()
        ]
        return Health(calendars, self.refresher.condition)

    def refresh(self) -> None:
        """Make the next stored copies, now. Raises TraktIcalError where one of them fails."""
        self._follow_account()
        self._activity = self._fetch_activity()  # before the calendars: what happens in between is then seen next time
        outcomes = refresh_feeds(self._app, self._app.calendars)
        errors = {name: outcome for name, outcome in outcomes.items() if isinstance(outcome, TraktIcalError)}
        exported = [outcome for outcome in outcomes.values() if isinstance(outcome, RunResult)]
        if exported:
            self._account_zone = exported[0].zone
        # Where nothing could be fetched at all, it is one trouble of the service, not one of each calendar.
        concerns_calendars = exported or any(isinstance(error, UpdateHeldBack) for error in errors.values())
        self._troubles = {name: str(error) for name, error in errors.items()} if concerns_calendars else {}
        self._refreshed_at = self._app.environment.now()
        for error in errors.values():
            raise error

    def _follow_account(self) -> None:
        """Serve the account that is logged in now: at its own addresses, since the old ones are somebody else's."""
        folder = make_feed_folder(self._app)
        if folder.path == self.store.folder.path:
            return
        log.warning("%s", ACCOUNT_CHANGED)
        self.store.move(folder)

    def has_account_changed(self) -> bool:
        """Whether the account did anything since the last request, or the source answers again after a failure."""
        before, now = self._activity, self._fetch_activity()
        self._activity = now or before
        return now not in (None, before)

    def _fetch_activity(self) -> str | None:
        try:
            return fetch_activity(self._app)
        except TraktIcalError as error:
            log.info("Whether your account changed could not be checked: %s", error)
            return None

    def reload(self) -> None:
        """Serve what is on disk now. Whatever happens, the feed goes on."""
        try:
            self.store.reload()
        except Exception:
            # It runs each second. One that failed must not end the server, and the next one may succeed.
            log.exception("The stored copies could not be loaded.")

    def find_zone(self) -> tzinfo:
        """Return the time zone of the page: the one of the last refresh, else the settings', else this computer's."""
        if self._account_zone is not None:
            return self._account_zone
        name = self._app.calendars[0].settings.timezone
        try:
            return ZoneInfo(name) if name else find_system_zone()
        except SettingsError:
            return UTC

    def render_page(self, base_url: str) -> bytes:
        """Return the page for people; its addresses begin with `public_url`, else with *base_url*."""
        base_url = self._app.settings.public_url.rstrip("/") or base_url
        is_said_below = self.trouble in self._troubles.values()
        return render_page(
            PageContent(
                calendars=tuple(self._make_page_calendar(calendar, base_url) for calendar in self._app.calendars),
                now=self._app.environment.now(),
                zone=self.find_zone(),
                trouble="" if is_said_below else self.trouble,
                is_public=is_public(base_url),
            )
        )

    def _make_page_calendar(self, calendar: Calendar, base_url: str) -> PageCalendar:
        name, now = calendar.title, self._app.environment.now()
        served = self.store.calendars[name]
        # `feed accept` refreshes a copy from outside. The refresher's trouble with it is then a thing of the past.
        is_settled = served.last_success and served.last_success > self._refreshed_at
        airings = read_airings(served.calendar) if served.calendar else ()
        if self._tickets and calendar.settings.checkin_links:
            airings = add_check_in_urls(airings, self._tickets, base_url, now)
        return PageCalendar(
            name=name,
            url=make_feed_url(base_url, self.store.secrets.calendars[name], name),
            last_success=served.last_success,
            trouble="" if is_settled else self._troubles.get(name, ""),
            airings=airings,
        )


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


def serve(app: App, report_urls: Callable[[Sequence[str]], None]) -> bool:
    """Serve until SIGTERM or Ctrl-C; return whether all threads have ended by then.

    *report_urls* gets the addresses once the server listens. Raises OutputError where a port is taken.
    """
    addresses = [ListenAddress.parse(text) for text in app.settings.listen]
    with open_listeners(addresses) as listeners:
        service = FeedService(app)
        is_open_to = ", ".join(str(address) for address in addresses if not is_loopback(address.host))
        if is_open_to and not app.settings.public_url:
            log.warning("%s", PLAIN_HTTP_WARNING.format(addresses=is_open_to))
        application = service.make_application()
        server = WebServer(application, listeners, service.reload, app.settings.trusted_proxies)
        mask = access_log.mask_secrets(service.store)
        with mask, service.refresher_thread, closing(service.links):
            report_urls([ListenAddress(*listener.getsockname()[:2]).url for listener in listeners])
            server.run()
        has_ended = service.refresher_thread.stop(REFRESHER_TIMEOUT)
        return application.close() and has_ended


def _find_prefix(url: str) -> str:
    """Return the path of *url* as the web server hands paths on: decoded."""
    return unquote(urlsplit(url).path).rstrip("/")


def _count_seconds(then: datetime | None, now: datetime) -> float | None:
    return max(0.0, (now - then).total_seconds()) if then else None
