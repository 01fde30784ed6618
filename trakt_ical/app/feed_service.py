"""The feeds of one account as a service: the stored copies that it serves, how they are renewed, its page."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from trakt_ical.app.calendar_specs import load_check_in_tickets
from trakt_ical.app.checkin import change_link_check_ins, make_link_check_ins
from trakt_ical.app.context import App
from trakt_ical.app.feed_folder import make_feed_folder
from trakt_ical.app.feed_page import PageState, render_account_page
from trakt_ical.app.feeds import ForeignCopy, fetch_activity, refresh_feeds
from trakt_ical.app.open_source import find_system_zone, load_account_zone
from trakt_ical.app.settings_reload import leave_out_server
from trakt_ical.errors import OutputError, SettingsError, TraktIcalError, UpdateHeldBack
from trakt_ical.feed.copy_cache import CopyCache
from trakt_ical.feed.directory import AccountHealth, CalendarHealth, Directory
from trakt_ical.feed.feed_store import FeedOptions, FeedStore
from trakt_ical.feed.folder_claims import FolderClaims
from trakt_ical.feed.metrics import AccountMetrics, CalendarMetrics
from trakt_ical.feed.refresher import Refresher
from trakt_ical.pipeline import Outcome, RunResult

if TYPE_CHECKING:
    from trakt_ical.checkin.pages import CheckInRoute
    from trakt_ical.checkin.signed_links import Tickets
    from trakt_ical.feed.feed_store import FeedFolder

log = logging.getLogger(__name__)

ACCOUNT_CHANGED = (
    "Another account is logged in now. Its calendars have addresses of their own, and those of the account before are "
    "not served. To print the new addresses, run: {command}"
)


class FeedService:
    """The feeds of the account of *app*, in the *directory* of all; *claims* keeps others from its folder.

    Its refresher works when somebody lets it, the first time not before *delay*. Until `open`, nothing is served.
    """

    def __init__(
        self,
        app: App,
        directory: Directory,
        claims: FolderClaims,
        cache: CopyCache,
        *,
        delay: timedelta = timedelta(),
    ) -> None:
        settings, now = app.settings, app.environment.now
        self.app = app
        self._claims = claims
        self._lock = threading.RLock()  # the settings change in one thread, the login is followed in another
        self._is_closed = False
        self._account_zone: tzinfo | None = None  # known from the first refresh on
        self._activity: str | None = None
        self._errors: dict[str, TraktIcalError] = {}  # by the calendar's name
        self._refreshed_at = now()
        self._events: dict[str, int] = {}  # how many each calendar has, known from its first refresh on
        self.refresher = Refresher(self, timedelta(minutes=settings.refresh), now, delay=delay)
        self.store = FeedStore(now, cache, directory, self)
        self._tickets: Tickets | None = None
        self.links = make_link_check_ins(app, self.store, self.find_zone)
        self.check_in_route: CheckInRoute | None = None

    @property
    def account(self) -> str:
        """The name of the account, "" for the one above all tables."""
        return self.app.account

    @property
    def names(self) -> list[str]:
        """The names of the account's calendars."""
        return [calendar.title for calendar in self.app.calendars]

    @property
    def trouble(self) -> str:
        """What is wrong with the whole account, "" where nothing is."""
        return self.refresher.trouble

    def open(self) -> None:
        """Serve the stored copies of the account. Raises FolderInUse where another server or account does."""
        self._open(make_feed_folder(self.app))

    def close(self) -> None:
        """Serve nothing any more, end what waits, and let others have the folder."""
        with self._lock:
            self._is_closed = True
            self.links.close()
            folder = self.store.folder
            self.store.close()
            if folder is not None:
                self._claims.release(folder.path)

    def change(self, app: App, *, refreshes: bool) -> None:
        """Serve what the settings of *app* say from now on; with *refreshes*, make new copies at once.

        Raises OutputError where the addresses of new calendars cannot be kept; then all is as it was.
        """
        with self._lock:
            before, self.app = self.app, app
            folder = self.store.folder
            # The refresher follows to another folder by itself, as it does after a login by somebody else.
            is_elsewhere = folder is None or folder.path != make_feed_folder(app).path
            try:
                if folder is not None and not is_elsewhere:
                    self.store.open(folder, self._make_options())
            except OutputError:
                self.app = before
                raise
            if leave_out_server(before.settings) != leave_out_server(app.settings):
                change_link_check_ins(self.links, app, self.store, self.find_zone)
            self._offer_links()
        self.refresher.request(timedelta(minutes=app.settings.refresh), now=refreshes or is_elsewhere)

    def _open(self, folder: FeedFolder) -> None:
        self._claims.claim(folder.path, self.account)
        try:
            self.store.open(folder, self._make_options())
        except BaseException:
            self._claims.release(folder.path)
            raise
        self._offer_links()

    def _make_options(self) -> FeedOptions:
        return FeedOptions(tuple(self.names), timedelta(days=self.app.settings.notice_after))

    def _offer_links(self) -> None:
        """Answer check-in links where a calendar has them."""
        if not any(calendar.settings.checkin_links for calendar in self.app.calendars):
            self._tickets = self.check_in_route = None
        elif self.check_in_route is None:
            from trakt_ical.checkin.pages import CheckInRoute

            self._tickets = load_check_in_tickets(self.app)
            self.check_in_route = CheckInRoute(self.links, self._tickets)

    def check_health(self) -> AccountHealth:
        """Return how the account is now."""
        now = self.app.environment.now()
        served = [self.store.calendars.get(calendar.title) for calendar in self.app.calendars]
        calendars = [
            CalendarHealth(each.answers is not None, _count_seconds(each.last_success, now), each.is_foreign)
            if each
            else CalendarHealth(is_ready=False, age=None)
            for each in served
        ]
        return AccountHealth(calendars, self.refresher.condition)

    def read_metrics(self) -> AccountMetrics:
        """Return what Prometheus may know of the account."""
        refresher, calendars = self.refresher, []
        for name in self.names:
            served = self.store.calendars.get(name)
            size = served.body.length if served and served.body else None
            success = served.last_success if served else None
            calendars.append(CalendarMetrics(name, success, self._events.get(name), size))
        counts, due = dict(refresher.counts), refresher.next_refresh
        return AccountMetrics(self.account or "default", counts, refresher.condition, due, calendars)

    def refresh(self) -> Mapping[str, Outcome]:
        """Make the next stored copies, now; return what became of each calendar."""
        try:
            self._follow_account()
        except TraktIcalError as error:
            self._errors = {}
            return dict.fromkeys(self.names, error)
        self._activity = self._fetch_activity()  # before the calendars: what happens in between is then seen next time
        app = self.app  # other settings may come while this goes on
        outcomes = refresh_feeds(app, app.calendars)
        errors = {name: outcome for name, outcome in outcomes.items() if isinstance(outcome, TraktIcalError)}
        exported = [outcome for outcome in outcomes.values() if isinstance(outcome, RunResult)]
        self._events |= {name: each.summary.events for name, each in outcomes.items() if isinstance(each, RunResult)}
        if exported:
            self._account_zone = exported[0].zone
        # Where nothing could be fetched at all, it is one trouble of the account, not one of each calendar.
        concerns_calendars = exported or any(isinstance(each, UpdateHeldBack | ForeignCopy) for each in errors.values())
        self._errors = errors if concerns_calendars else {}
        self._refreshed_at = self.app.environment.now()
        return outcomes

    def _follow_account(self) -> None:
        """Serve the account that is logged in now: at its own addresses, since the old ones are somebody else's.

        Raises FolderInUse where another server or account serves it already; nothing is served then.
        """
        with self._lock:
            folder, before = make_feed_folder(self.app), self.store.folder
            if self._is_closed or (before is not None and folder.path == before.path):
                return
            if before is not None:
                log.warning("%s", ACCOUNT_CHANGED.format(command=self.app.complete_command("trakt-ical feed page")))
                self.store.close()
                self._claims.release(before.path)
                # A check-in that waits was begun for the account before.
                self.links.close()
                self.links, self.check_in_route = make_link_check_ins(self.app, self.store, self.find_zone), None
                self._account_zone, self._errors = None, {}
            self._open(folder)

    def has_account_changed(self) -> bool:
        """Whether the account did anything since the last request, or the source answers again after a failure."""
        before, now = self._activity, self._fetch_activity()
        self._activity = now or before
        return now not in (None, before)

    def _fetch_activity(self) -> str | None:
        try:
            return fetch_activity(self.app)
        except TraktIcalError as error:
            log.info("Whether your account changed could not be checked: %s", error)
            return None

    def look(self) -> None:
        """Serve what was put into the account's folder, if anything was."""
        self._guard(self._look)

    def reload(self, names: Iterable[str] | None = None) -> None:
        """Serve what is on disk now, or what there is of the calendars *names*."""
        self._guard(self.store.reload, names)
        if names is None:
            self._guard(self._reload_tickets)

    def _look(self) -> None:
        if self.store.look():
            self._reload_tickets()

    def _reload_tickets(self) -> None:
        """Take over another key of check-in links: who deletes the old one wants its links to end."""
        with self._lock:
            folder, route = self.store.folder, self.check_in_route
            # After a login by somebody else the links stay those of the account before, until the next refresh.
            if route and folder and folder.path == make_feed_folder(self.app).path:
                try:
                    self._tickets = route.tickets = load_check_in_tickets(self.app)
                except OutputError as error:
                    log.error("%s Until then the links stay as they were.", error)

    def _guard(self, load: Callable[..., None], *arguments: object) -> None:
        """Call *load*. Whatever happens, the feed goes on."""
        try:
            load(*arguments)
        except Exception:
            # It runs each second. One that failed must not end the server, and the next one may succeed.
            log.exception("The stored copies could not be loaded.")

    def find_zone(self) -> tzinfo:
        """Return the time zone of the page: that of the settings, else of the account, else of this computer."""
        if self._account_zone is not None:
            return self._account_zone
        name = self.app.calendars[0].settings.timezone
        try:
            return ZoneInfo(name) if name else load_account_zone(self.app) or find_system_zone()
        except SettingsError:
            return UTC

    def render_page(self, base_url: str) -> bytes:
        """Return the page for people; its addresses begin with `public_url`, else with *base_url*."""
        state = PageState(self.store, self.refresher, self.find_zone(), self._errors, self._refreshed_at, self._tickets)
        return render_account_page(self.app, state, base_url)


def _count_seconds(then: datetime | None, now: datetime) -> float | None:
    return max(0.0, (now - then).total_seconds()) if then else None
