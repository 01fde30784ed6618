"""The feed as a service: the shelf that it is served from, the refresher that keeps it fresh, the page, the server."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from trakt_ical.app.app import App
from trakt_ical.app.calendar_specs import load_check_in_tickets
from trakt_ical.app.checkin import make_link_check_ins
from trakt_ical.app.feeds import feed_folder, fetch_activity, refresh_feeds
from trakt_ical.app.sources import find_system_zone
from trakt_ical.checkin.tickets import Ticket
from trakt_ical.errors import SettingsError, TraktIcalError, UpdateHeldBack
from trakt_ical.feed import access_log
from trakt_ical.feed.addresses import make_feed_url
from trakt_ical.feed.asgi import FeedApp
from trakt_ical.feed.refresher import Background, Refresher, RefreshJob
from trakt_ical.feed.server import WebServer, open_listener
from trakt_ical.feed.store import FeedOptions, FeedStore
from trakt_ical.feed.week import offers_check_in
from trakt_ical.http import ListenAddress, is_loopback, is_public
from trakt_ical.pipeline import RunResult

if TYPE_CHECKING:
    from trakt_ical.checkin.tickets import Tickets
    from trakt_ical.config import Calendar
    from trakt_ical.feed.asgi import Route
    from trakt_ical.feed.week import PageCalendar, ShownAiring

log = logging.getLogger(__name__)

PATIENCE = 1  # seconds for the refresher to end; what it does it can do again

TO_THE_WORLD = (
    "The feed is open to other computers at {address}, over plain http, and no public_url is set. Whoever listens on "
    "the way learns its secrets. Let a proxy with TLS stand before it (see samples/nginx.conf, samples/Caddyfile), "
    "set public_url, and listen at 127.0.0.1."
)
STOPPED = "The refresher has ended, which is a bug. What is served grows old until trakt-ical serve is started again."


class Service:
    """What `trakt-ical serve` runs, without its socket."""

    def __init__(self, app: App) -> None:
        settings, now = app.settings, app.environment.now
        self._app = app
        self._zone: tzinfo | None = None
        self._activities: str | None = None
        self._troubles: dict[str, str] = {}
        self._tried = now()
        work = RefreshJob(self.refresh, self._moved, self.tick)
        self.refresher = Refresher(work, timedelta(minutes=settings.refresh), now)
        self.background = Background(self.refresher)
        ways = FeedOptions(
            now, timedelta(days=settings.notice_after), _path(settings.public_url), lambda: self.condition
        )
        self.shelf = FeedStore(feed_folder(app), (calendar.title for calendar in app.calendars), ways)
        linked = any(calendar.settings.checkin_links for calendar in app.calendars)
        self._tickets = load_check_in_tickets(app) if linked else None
        self.links = make_link_check_ins(app, self.shelf, lambda: self._days_zone)

    @property
    def trouble(self) -> str:
        """What is wrong with the whole service, "" where nothing is."""
        return STOPPED if self.background.crashed else self.refresher.trouble

    @property
    def condition(self) -> str:
        """How the refresher is, in a word."""
        return "crashed" if self.background.crashed else self.refresher.condition

    def make_application(self) -> FeedApp:
        """Return the service as an ASGI application."""
        return FeedApp(self.shelf, self, self._make_check_in_route())

    def _make_check_in_route(self) -> Route | None:
        """Return what answers check-in links, None where no calendar has any."""
        if self._tickets is None:
            return None
        from trakt_ical.checkin.pages import CheckInRoute

        return CheckInRoute(self.links, self._tickets)

    def tick(self) -> None:
        """Take over what changed on disk; whatever happens, the feed goes on."""
        try:
            self.shelf.look()
        except Exception:
            log.exception("The stored copies could not be looked at.")

    def render_page(self, base_url: str) -> bytes:
        """Return the page for people; its addresses begin with `public_url`, else with *base_url*."""
        from trakt_ical.feed.page import render_page
        from trakt_ical.feed.week import PageContent

        base = self._app.settings.public_url.rstrip("/") or base_url
        return render_page(
            PageContent(
                subscriptions=tuple(self._subscription(calendar, base) for calendar in self._app.calendars),
                now=self._app.environment.now(),
                zone=self._days_zone,
                trouble="" if self.trouble in self._troubles.values() else self.trouble,  # said there
                public=is_public(base),
            )
        )

    @property
    def _days_zone(self) -> tzinfo:
        return self._zone or self._zone_of_settings()

    def _subscription(self, calendar: Calendar, base: str) -> PageCalendar:
        from trakt_ical.feed.week import PageCalendar, read_airings

        name = calendar.title
        copy = self.shelf.copies[name]
        settled = copy.last_success and copy.last_success > self._tried  # by `feed accept`, not by the refresher
        shown = read_airings(copy.calendar) if copy.calendar else ()
        if self._tickets and calendar.settings.checkin_links:
            shown = add_check_in_urls(shown, self._tickets, base, self._app.environment.now())
        return PageCalendar(
            name=name,
            url=make_feed_url(base, self.shelf.secrets.calendars[name], name),
            last_success=copy.last_success,
            trouble="" if settled else self._troubles.get(name, ""),
            airings=shown,
        )

    def refresh(self) -> None:
        """Make the next copies, now. Raises TraktIcalError where one of them is not to be had."""
        self._activities = self._look()  # before the calendar, so that nothing falls between the two
        outcomes = refresh_feeds(self._app, self._app.calendars)
        errors = {name: each for name, each in outcomes.items() if isinstance(each, TraktIcalError)}
        done = [each for each in outcomes.values() if isinstance(each, RunResult)]
        self._zone = done[0].zone if done else self._zone
        of_some = done or any(isinstance(error, UpdateHeldBack) for error in errors.values())
        self._troubles = {name: str(error) for name, error in errors.items()} if of_some else {}
        self._tried = self._app.environment.now()
        for error in errors.values():
            raise error

    def _moved(self) -> bool:
        """Whether the account did anything at Trakt since the last look, or Trakt tells again where it did not."""
        before, now = self._activities, self._look()
        self._activities = now or before
        return now not in (None, before)

    def _look(self) -> str | None:
        """What the account did last, None where Trakt does not say."""
        try:
            return fetch_activity(self._app)
        except TraktIcalError as error:
            log.info("What happened at Trakt is not known: %s", error)
            return None

    def _zone_of_settings(self) -> tzinfo:
        name = self._app.calendars[0].settings.timezone
        try:
            return ZoneInfo(name) if name else find_system_zone()
        except SettingsError:
            return UTC


def add_check_in_urls(
    airings: Iterable[ShownAiring], tickets: Tickets, base_url: str, now: datetime
) -> tuple[ShownAiring, ...]:
    """Return *airings*, each that offers check-in at *now* with the address of its check-in page."""
    return tuple(
        replace(airing, check_in=f"{base_url}/{tickets.make_path(Ticket(airing.uid, airing.start))}")
        if offers_check_in(airing, now)
        else airing
        for airing in airings
    )


def serve(app: App, tell: Callable[[str], None]) -> bool:
    """Serve until SIGTERM or Ctrl-C; return whether all has ended by then.

    *tell* hears where. Raises OutputError where the port is not to be had.
    """
    address = ListenAddress.parse(app.settings.listen)
    with open_listener(address) as listener:
        service = Service(app)
        if not is_loopback(address.host) and not app.settings.public_url:
            log.warning("%s", TO_THE_WORLD.format(address=address))
        application = service.make_application()
        server = WebServer(application, listener, service.tick, app.settings.trusted_proxies)
        with access_log.mask_secrets(lambda: service.shelf.secrets.all), service.background, closing(service.links):
            tell(ListenAddress(*listener.getsockname()[:2]).url)
            server.run()
        return application.close() & service.background.stop(PATIENCE)


def _path(url: str) -> str:
    """The path of *url* as the web server hands paths on: decoded."""
    return unquote(urlsplit(url).path).rstrip("/")
