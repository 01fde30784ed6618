"""The feeds of all accounts in one server: who is refreshed when, which check-in link is whose, the web server."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from datetime import timedelta
from urllib.parse import unquote, urlsplit

from trakt_ical.app.context import App
from trakt_ical.app.feed_folder import make_feed_folder
from trakt_ical.app.feed_service import FeedService
from trakt_ical.checkin.signed_links import FOLDER
from trakt_ical.feed import access_log
from trakt_ical.feed.answers import NOT_FOUND, Answer
from trakt_ical.feed.asgi import FeedApp
from trakt_ical.feed.copy_cache import CopyCache
from trakt_ical.feed.directory import Directory, Health
from trakt_ical.feed.folder_claims import FolderClaims, FolderInUse
from trakt_ical.feed.refresher_pool import Member, RefresherPool
from trakt_ical.feed.server import WebServer, open_listeners
from trakt_ical.http import ListenAddress, is_loopback

log = logging.getLogger(__name__)

REFRESHER_TIMEOUT = 1  # seconds for the refreshers to end; whatever they were doing can be done again
FOLDER_TURNS = 3  # looks that go by until each folder was looked at
CALENDAR_TURNS = 60  # looks until each calendar was
STAGGER = timedelta(seconds=30)  # between the first refreshes of two accounts

PLAIN_HTTP_WARNING = (
    "Other computers can reach the feed at {addresses} over plain http, and public_url is not set. Anyone on the way "
    "can read its secret addresses. Put a proxy with TLS in front of it (see samples/nginx.conf, samples/Caddyfile), "
    "set public_url, and listen on 127.0.0.1."
)


class ServedAccounts:
    """What `trakt-ical serve` runs, without its socket: the feeds of *apps*, an account each.

    Nothing that one account does, or that its source does to it, touches another one.
    """

    def __init__(self, apps: Sequence[App]) -> None:
        self.directory = Directory(self, _find_prefix(apps[0].settings.public_url))
        self.claims = FolderClaims()
        delays, cache = find_first_delays(apps), CopyCache()
        self.services = [
            FeedService(app, self.directory, self.claims, cache, delay=delays[app.account]) for app in apps
        ]
        self._turn = 0
        self._calendars = [(service, name) for service in self.services for name in service.names]
        members = [Member(service.account if len(apps) > 1 else "", service.refresher) for service in self.services]
        self.pool = RefresherPool(members, apps[0].environment.now)

    def open(self) -> None:
        """Serve the stored copies of all accounts.

        Raises FolderInUse where another server does. Of two accounts that are one user's, the second is not served.
        """
        for service in self.services:
            try:
                with access_log.name_account(service.account):
                    service.open()
            except FolderInUse as error:
                if not error.is_shared_login:
                    raise
                log.warning("%s", error)

    def close(self) -> None:
        """End what waits, and let other servers have the folders."""
        for service in self.services:
            service.close()
        self.claims.close()

    def make_application(self) -> FeedApp:
        """Return the service as an ASGI application."""
        has_links = any(service.has_links for service in self.services)
        return FeedApp(self.directory, _CheckInRoutes(self.services) if has_links else None)

    def check_health(self) -> Health:
        """Return how the service is now."""
        return Health([service.check_health() for service in self.services])

    def look(self) -> None:
        """Serve what others changed on disk since the last look; the server calls this each second.

        What the refreshers change, they report themselves. So a look asks a few folders whether anything was put into
        them, which takes two microseconds each. It also looks at a few calendars whatever their folders say: a file
        may be changed in place, and a notice comes and goes with time.
        """
        self._turn += 1
        folders, calendars = (self._turn % turns for turns in (FOLDER_TURNS, CALENDAR_TURNS))
        for service in self.services[folders::FOLDER_TURNS]:
            service.look()
        for service, name in self._calendars[calendars::CALENDAR_TURNS]:
            service.reload([name])

    def reload(self) -> None:
        """Serve what is on disk now."""
        for service in self.services:
            service.reload()


class _CheckInRoutes:
    """Answers the check-in links of all accounts: the signature in its path says whose a link is."""

    path = f"/{FOLDER}/"

    def __init__(self, services: Sequence[FeedService]) -> None:
        self._services = services

    def respond(self, method: str, path: str, body: bytes) -> Answer:
        """Return the answer of the account that the link in *path* belongs to."""
        routes = [route for service in self._services if (route := service.check_in_route)]
        for route in routes:
            if route.has_link(path):
                return route.respond(method, path, body)
        return routes[0].respond(method, path, body) if routes else NOT_FOUND


def find_first_delays(apps: Sequence[App]) -> dict[str, timedelta]:
    """Return when each of *apps* is refreshed first, by its account.

    Those without a copy come first and at once. The others, whose copies are good for a while, are spread over the
    time between two refreshes, so that a restart with 500 accounts does not ask for all of them within a minute.
    """
    ages = {app.account: _find_oldest_success(app) for app in apps}
    later = sorted((age, account) for account, age in ages.items() if age is not None)
    delays = dict.fromkeys(ages, timedelta())
    is_first_free = len(later) == len(apps)
    every = min(timedelta(minutes=app.settings.refresh) for app in apps)
    for number, (_, account) in enumerate(later):
        delays[account] = min(STAGGER, every / len(later)) * (number if is_first_free else number + 1)
    return delays


def _find_oldest_success(app: App) -> float | None:
    """Return when the oldest copy of the account of *app* was fetched, in seconds; None where one is missing."""
    folder = make_feed_folder(app)
    found = [
        folder.make_state_file(calendar.title).load().last_success if folder.has_copy(calendar.title) else None
        for calendar in app.calendars
    ]
    return min(each.timestamp() for each in found if each) if all(found) else None


def serve(apps: Sequence[App], report_urls: Callable[[Sequence[str]], None]) -> bool:
    """Serve the feeds of *apps* until SIGTERM or Ctrl-C; return whether all threads have ended by then.

    *report_urls* gets the addresses once the server listens. Raises OutputError where a port is taken, or where
    another server has the feeds of one of the accounts.
    """
    settings = apps[0].settings
    addresses = [ListenAddress.parse(text) for text in settings.listen]
    with ExitStack() as stack:
        accounts = stack.enter_context(closing(ServedAccounts(apps)))
        stack.enter_context(access_log.mask_secrets(accounts.directory))
        accounts.open()
        listeners = stack.enter_context(open_listeners(addresses))
        is_open_to = ", ".join(str(address) for address in addresses if not is_loopback(address.host))
        if is_open_to and not settings.public_url:
            log.warning("%s", PLAIN_HTTP_WARNING.format(addresses=is_open_to))
        application = accounts.make_application()
        server = WebServer(application, listeners, accounts.look, settings.trusted_proxies)
        with accounts.pool:
            urls = [ListenAddress(*listener.getsockname()[:2]).url for listener in listeners]
            accounts.claims.note_addresses(urls)
            report_urls(urls)
            server.run()
        has_ended = accounts.pool.stop(REFRESHER_TIMEOUT)
        return application.close() and has_ended


def _find_prefix(url: str) -> str:
    """Return the path of *url* as the web server hands paths on: decoded."""
    return unquote(urlsplit(url).path).rstrip("/")
