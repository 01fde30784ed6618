"""The feeds of all accounts in one server: who is refreshed when, which check-in link is whose, the web server."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from datetime import timedelta
from urllib.parse import unquote, urlsplit

from msgspec.structs import replace

from trakt_ical.app.context import Accounts, App
from trakt_ical.app.feed_folder import make_feed_folder
from trakt_ical.app.feed_service import FeedService
from trakt_ical.app.sd_notify import ServiceManager
from trakt_ical.app.settings_reload import SettingsWatch, compare_settings, reload_on_hangup
from trakt_ical.checkin.signed_links import FOLDER
from trakt_ical.errors import OutputError
from trakt_ical.feed import access_log
from trakt_ical.feed.answers import NOT_FOUND, Answer
from trakt_ical.feed.asgi import FeedApp
from trakt_ical.feed.copy_cache import CopyCache
from trakt_ical.feed.directory import Directory, Health
from trakt_ical.feed.folder_claims import FolderClaims, FolderInUse
from trakt_ical.feed.metrics import MetricsPage, ServiceMetrics
from trakt_ical.feed.refresher_pool import Member, RefresherPool
from trakt_ical.feed.server import WebServer, open_listeners
from trakt_ical.http import ListenAddress, is_loopback
from trakt_ical.trakt.request_counts import request_counts
from trakt_ical.wording import describe_count

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
        self._cache = CopyCache()
        delays = find_first_delays(apps)
        self.services = [self._make_service(app, delays[app.account]) for app in apps]
        self.application = FeedApp(self.directory, _CheckInRoutes(self), self._make_metrics(apps[0]))
        """The service as an ASGI application."""
        self._turn = 0
        self._calendars = _list_calendars(self.services)
        self.pool = RefresherPool(_make_members(self.services), apps[0].environment.now)

    def _make_service(self, app: App, delay: timedelta = timedelta()) -> FeedService:
        return FeedService(app, self.directory, self.claims, self._cache, delay=delay)

    def open(self) -> None:
        """Serve the stored copies of all accounts.

        Raises FolderInUse where another server does. Of two accounts that are one user's, the second is not served.
        """
        for service in self.services:
            with access_log.name_account(service.account):
                _open_service(service)

    def close(self) -> None:
        """End what waits, and let other servers have the folders."""
        for service in self.services:
            service.close()
        self.claims.close()

    def _make_metrics(self, app: App) -> MetricsPage:
        return MetricsPage(self, app.settings.metrics_from, shows_names=app.settings.metrics_names)

    def read_metrics(self) -> ServiceMetrics:
        """Return what Prometheus may know."""
        accounts = [service.read_metrics() for service in self.services]
        return ServiceMetrics(accounts, dict(self.application.counts), request_counts.read())

    def check_health(self) -> Health:
        """Return how the service is now."""
        return Health([service.check_health() for service in self.services])

    def describe(self) -> str:
        """Return in a line how the service is: `3 calendars, next update 14:00; failing: 1 of 2 accounts`."""
        services = self.services
        due = min((at for service in services if (at := service.refresher.next_refresh)), default=None)
        bad = sum(bool(service.trouble) for service in services)
        trouble = f"; failing: {bad} of {len(services)} accounts" if services[1:] else f"; {services[0].trouble}"
        when = f"next update {due.astimezone():%H:%M}" if due else "updating now"
        text = f"{describe_count(len(self._calendars), 'calendar')}, {when}"
        return text + (trouble if bad else "")

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

    def follow(self, apps: Sequence[App]) -> None:
        """Serve what the settings of *apps* say from now on; connections and what is being downloaded go on.

        Accounts whose calendars are others than before are refreshed at once. Raises SettingsError, before anything is
        done, where a library is missing.
        """
        self.application.metrics = self._make_metrics(apps[0])
        change = compare_settings([service.app for service in self.services], apps)
        known = {service.account: service for service in self.services}
        for account in known.keys() - {app.account for app in apps}:
            known[account].close()
        self.directory.set_prefix(_find_prefix(apps[0].settings.public_url))
        services = [known.get(app.account) or self._make_service(app) for app in apps]
        for service, app in zip(services, apps, strict=True):
            try:
                with access_log.name_account(service.account):
                    if app.account in known:
                        service.change(app, refreshes=app.account in change.accounts)
                    else:
                        _open_service(service)
            except OutputError as error:
                log.error("%s", error)
        self.services, self._calendars = services, _list_calendars(services)
        self.pool.members = _make_members(services, self.pool.members)
        self.pool.wake()
        change.write()


def _open_service(service: FeedService) -> None:
    """Let *service* serve its copies, unless its account is the same user's as another one's. Raises OutputError."""
    try:
        service.open()
    except FolderInUse as error:
        if not error.is_shared_login:
            raise
        log.warning("%s", error)


def _list_calendars(services: Sequence[FeedService]) -> list[tuple[FeedService, str]]:
    return [(service, name) for service in services for name in service.names]


def _make_members(services: Sequence[FeedService], before: Sequence[Member] = ()) -> list[Member]:
    """Return a member of the pool for each of *services*: the one from *before*, which may be at work, or a new one."""
    known = {id(member.refresher): member for member in before}
    members = [known.get(id(service.refresher)) or Member("", service.refresher) for service in services]
    for member, service in zip(members, services, strict=True):
        member.name = service.account if len(services) > 1 else ""
    return members


class _CheckInRoutes:
    """Answers the check-in links of all accounts: the signature in its path says whose a link is."""

    path = f"/{FOLDER}/"

    def __init__(self, accounts: ServedAccounts) -> None:
        self._accounts = accounts

    def respond(self, method: str, path: str, body: bytes) -> Answer:
        """Return the answer of the account that the link in *path* belongs to."""
        routes = [route for service in self._accounts.services if (route := service.check_in_route)]
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


def serve(configured: Accounts, report_urls: Callable[[Sequence[str]], None]) -> bool:
    """Serve the feeds of all accounts until SIGTERM or Ctrl-C; return whether all threads have ended by then.

    SIGHUP, or a change of the settings file, lets it serve what the settings say then. *report_urls* gets the addresses
    once the server listens. Raises OutputError where a port is taken, or where another server has the feeds of one of
    the accounts.
    """
    # Whoever started it waits for no refresh: each is tried for as long as a job's.
    configured = replace(configured, environment=replace(configured.environment, has_terminal=lambda: False))
    apps, watch = configured.open_all(), SettingsWatch(configured)
    manager = ServiceManager(configured.environment.environ)
    settings = apps[0].settings
    addresses = [ListenAddress.parse(text) for text in settings.listen]
    with ExitStack() as stack:
        stack.enter_context(reload_on_hangup(watch.request))
        accounts = stack.enter_context(closing(ServedAccounts(apps)))
        stack.enter_context(access_log.mask_secrets(accounts.directory))
        accounts.open()
        listeners = stack.enter_context(open_listeners(addresses))
        is_open_to = ", ".join(str(address) for address in addresses if not is_loopback(address.host))
        if is_open_to and not settings.public_url:
            log.warning("%s", PLAIN_HTTP_WARNING.format(addresses=is_open_to))
        look = functools.partial(_look, accounts, watch, manager)
        server = WebServer(accounts.application, listeners, look, settings.trusted_proxies)
        with accounts.pool:
            urls = [ListenAddress(*listener.getsockname()[:2]).url for listener in listeners]
            accounts.claims.note_addresses(urls)
            report_urls(urls)
            manager.notify_ready()
            server.run()
            manager.notify_stopping()
        has_ended = accounts.pool.stop(REFRESHER_TIMEOUT)
        return accounts.application.close() and has_ended


def _look(accounts: ServedAccounts, watch: SettingsWatch, manager: ServiceManager) -> None:
    """Follow what changed since the last look, a second ago. Whatever happens, the server goes on."""
    try:
        if watch.is_due():
            manager.notify_reloading()
            try:
                watch.follow_with(accounts.follow)
            finally:  # else systemd would take the service for one that still reloads
                manager.notify_ready()
        accounts.look()
        manager.notify_status(accounts.describe())
        manager.notify_alive()
    except Exception:
        log.exception("What changed could not be followed, which is a bug.")


def _find_prefix(url: str) -> str:
    """Return the path of *url* as the web server hands paths on: decoded."""
    return unquote(urlsplit(url).path).rstrip("/")
