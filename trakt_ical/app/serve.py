"""The feed as a service: the shelf that it is served from, the refresher that keeps it fresh, the page, the server."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, timedelta, tzinfo
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from trakt_ical.app.checkin.links import Links
from trakt_ical.app.export import Exported
from trakt_ical.app.parts import App, system_zone
from trakt_ical.app.recipes import check_in_tickets
from trakt_ical.app.refresh import activities, place, refresh
from trakt_ical.errors import NotBelieved, SettingsError, TraktIcalError
from trakt_ical.export.feed import logs
from trakt_ical.export.feed.address import Address, feed_url, is_public
from trakt_ical.export.feed.carrier import Carrier
from trakt_ical.export.feed.refresher import Background, Refresher, Work
from trakt_ical.export.feed.server import WebServer, listening
from trakt_ical.export.feed.shelf import Shelf, Ways
from trakt_ical.export.feed.site import site

if TYPE_CHECKING:
    from trakt_ical.config import Calendar
    from trakt_ical.export.feed.carrier import Application
    from trakt_ical.export.pages import Subscription

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
        settings, now = app.settings, app.outside.now
        self._app = app
        self._zone: tzinfo | None = None
        self._activities: str | None = None
        self._troubles: dict[str, str] = {}
        self._tried = now()
        work = Work(self.refresh, self._moved, self.tick)
        self.refresher = Refresher(work, timedelta(minutes=settings.refresh), now)
        self.background = Background(self.refresher)
        ways = Ways(now, timedelta(days=settings.notice_after), _path(settings.public_url), lambda: self.condition)
        self.shelf = Shelf(place(app), (calendar.title for calendar in app.calendars), ways)
        linked = any(calendar.settings.checkin_links for calendar in app.calendars)
        self._tickets = check_in_tickets(app) if linked else None
        self.links = Links(app, lambda: self._days_zone)

    @property
    def trouble(self) -> str:
        """What is wrong with the whole service, "" where nothing is."""
        return STOPPED if self.background.crashed else self.refresher.trouble

    @property
    def condition(self) -> str:
        """How the refresher is, in a word."""
        return "crashed" if self.background.crashed else self.refresher.condition

    def application(self) -> Application:
        """The service by the interface of web servers."""
        return Carrier(lambda: self.shelf.feed, site(self.page), self._counter())

    def _counter(self) -> Application | None:
        """Where links that check in lead, None where no calendar has any."""
        if self._tickets is None:
            return None
        from trakt_ical.export.feed.counter import counter
        from trakt_ical.export.feed.desk import Desk
        from trakt_ical.export.feed.desk import Ways as AtDesk

        ways = AtDesk(self._app.outside.now, lambda: self._days_zone, self.links.named, self.links.act)
        return counter(Desk(ways), self._tickets)

    def tick(self) -> None:
        """Take over what changed on disk; whatever happens, the feed goes on."""
        try:
            self.shelf.look()
        except Exception:
            log.exception("The stored copies could not be looked at.")

    def page(self, base: str) -> bytes:
        """The page for people; its addresses begin with `public_url`, else with *base*."""
        from trakt_ical.export.pages import Page, page

        base = self._app.settings.public_url.rstrip("/") or base
        return page(
            Page(
                subscriptions=tuple(self._subscription(calendar, base) for calendar in self._app.calendars),
                now=self._app.outside.now(),
                zone=self._days_zone,
                trouble="" if self.trouble in self._troubles.values() else self.trouble,  # said there
                public=is_public(base),
            )
        )

    @property
    def _days_zone(self) -> tzinfo:
        return self._zone or self._zone_of_settings()

    def _subscription(self, calendar: Calendar, base: str) -> Subscription:
        from trakt_ical.export.feed.airings import airings, linked
        from trakt_ical.export.pages import Subscription

        name = calendar.title
        copy = self.shelf.copies[name]
        settled = copy.last_success and copy.last_success > self._tried  # by `feed accept`, not by the refresher
        shown = airings(copy.calendar) if copy.calendar else ()
        if self._tickets and calendar.settings.checkin_links:
            shown = linked(shown, self._tickets, base, self._app.outside.now())
        return Subscription(
            name=name,
            url=feed_url(base, self.shelf.secrets.calendars[name], name),
            last_success=copy.last_success,
            trouble="" if settled else self._troubles.get(name, ""),
            airings=shown,
        )

    def refresh(self) -> None:
        """Make the next copies, now. Raises TraktIcalError where one of them is not to be had."""
        self._activities = self._look()  # before the calendar, so that nothing falls between the two
        outcomes = refresh(self._app, self._app.calendars)
        errors = {name: each for name, each in outcomes.items() if isinstance(each, TraktIcalError)}
        done = [each for each in outcomes.values() if isinstance(each, Exported)]
        self._zone = done[0].zone if done else self._zone
        of_some = done or any(isinstance(error, NotBelieved) for error in errors.values())
        self._troubles = {name: str(error) for name, error in errors.items()} if of_some else {}
        self._tried = self._app.outside.now()
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
            return activities(self._app)
        except TraktIcalError as error:
            log.info("What happened at Trakt is not known: %s", error)
            return None

    def _zone_of_settings(self) -> tzinfo:
        name = self._app.calendars[0].settings.timezone
        try:
            return ZoneInfo(name) if name else system_zone()
        except SettingsError:
            return UTC


def serve(app: App, tell: Callable[[str], None]) -> bool:
    """Serve until SIGTERM or Ctrl-C; return whether all has ended by then.

    *tell* hears where. Raises OutputError where the port is not to be had.
    """
    address = Address.read(app.settings.listen)
    with listening(address) as listener:
        service = Service(app)
        if not address.local and not app.settings.public_url:
            log.warning("%s", TO_THE_WORLD.format(address=address))
        server = WebServer(service.application(), listener, service.tick, app.settings.trusted_proxies)
        with logs.masked(lambda: service.shelf.secrets.all), service.background, closing(service.links):
            tell(Address(*listener.getsockname()[:2]).url)
            server.run()
        return service.background.stop(PATIENCE)


def _path(url: str) -> str:
    """The path of *url* as the web server hands paths on: decoded."""
    return unquote(urlsplit(url).path).rstrip("/")
