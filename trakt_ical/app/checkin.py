"""Check-in, put together as the settings say: for the command `checkin`, and for the links of the feed."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from trakt_ical.app.context import App
from trakt_ical.app.listed import fetch_listed
from trakt_ical.app.open_source import (
    find_calendar_zone,
    find_server_url,
    load_account_zone,
    make_connection,
    open_source,
)
from trakt_ical.checkin.links import LinkCheckIns, StoredAiring
from trakt_ical.checkin.listings import Schedule, ShownTimes, find_shown_times
from trakt_ical.checkin.resolve import Chooser, ItemFinder
from trakt_ical.checkin.service import CheckInContext, CheckInService
from trakt_ical.checkin.signed_links import FOLDER
from trakt_ical.checkin.used_links import UsedLinks
from trakt_ical.config import Calendar
from trakt_ical.errors import NotKept, SettingsError, TraktError
from trakt_ical.export.stored_calendar import StoredEvent, parse_moment, read_end, read_summary
from trakt_ical.fetch.sources import SOURCES, WITH_APP, CheckInAbilities
from trakt_ical.model import Airing
from trakt_ical.trakt.reach import ONCE, PERSON, KeptOnly, is_outage
from trakt_ical.transform.uids import make_uid
from trakt_ical.wording import describe_moment

if TYPE_CHECKING:
    from trakt_ical.feed.feed_store import FeedFolder

MAX_AGE = timedelta(hours=6)  # kept answers that are younger say what is on now
TIMEOUT = (5, 15)  # seconds to connect and between two reads; somebody waits

MomentFormat = Callable[[datetime, datetime, tzinfo], str]
"""Writes a moment for people, given the present and their zone."""


class AppContext:
    """What a check-in takes from the environment of *app*; *write_moment* writes moments, in the zone of *find_zone*.

    Without *find_zone* that is the zone of the first calendar. It may take a request, so it is looked up only where a
    moment is written.
    """

    def __init__(
        self,
        app: App,
        write_moment: MomentFormat,
        *,
        find_zone: Callable[[], tzinfo] | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._app = app
        self._write_moment = write_moment
        self._find_zone = find_zone
        self._sleep = app.environment.sleep or sleep

    @property
    def zone(self) -> tzinfo:
        """The zone in which people read moments."""
        return self._find_zone() if self._find_zone else self._calendar_zone

    @cached_property
    def _calendar_zone(self) -> tzinfo:
        name = self._app.calendars[0].settings.timezone
        if not name and (kept := load_account_zone(self._app)):
            return kept
        with open_source(self._app, max_age=MAX_AGE) as source:
            return find_calendar_zone(self._app, source, name)

    def now(self) -> datetime:
        """Return the present."""
        return self._app.environment.now()

    def sleep(self, seconds: float) -> object:
        """Wait that long."""
        return self._sleep(seconds)

    def describe_time(self, moment: datetime) -> str:
        """Return *moment* as people read it."""
        return self._write_moment(moment, self.now(), self.zone)


@dataclass(frozen=True)
class CheckInSession:
    """The check-ins of the account of *app*, open for one run, and the calendars that say what can be meant."""

    app: App
    service: CheckInService

    def make_finder(self, chooser: Chooser) -> ItemFinder:
        """Return a finder in what the user's calendars list. Raises TraktIcalError."""
        return ItemFinder(load_schedule(self.app), self.service.api, self, chooser)

    def mark_watched(self, schedule: Schedule) -> Schedule:
        """Return *schedule*, each airing with whether the user has watched it by now. Raises TraktIcalError."""
        airings = list(schedule.airings.values())
        try:
            marked = self._mark_watched(airings, _limit_waiting(self.app) | {"patience": ONCE})
        except TraktError as error:
            if not is_outage(error):
                raise
            look, reach = KeptOnly(), self.app.environment.reach
            reach.note_fault(find_server_url(self.app.settings), error)
            marked = self._mark_watched(airings, {"kept_only": look})
            reach.tell(error, look.oldest, self.app.environment.now())
        return replace(schedule, airings={make_uid(each): each for each in marked})

    def _mark_watched(self, airings: list[Airing], limits: Mapping[str, Any]) -> list[Airing]:
        with contextlib.suppress(NotKept), open_source(self.app, **limits) as source:
            return source.mark_watched(airings)
        return airings


def find_check_in_abilities(app: App) -> CheckInAbilities:
    """Return what check-ins can do with the source of *app*. Raises SettingsError where it has none."""
    if app.capabilities.check_in is None:
        others = " or ".join(name for name, entry in SOURCES.items() if entry.capabilities.check_in)
        way_out = WITH_APP if app.capabilities.needs_list else f"To check in, set api to {others}."
        raise SettingsError(f"{app.capabilities.name} has no check-in. {way_out}")
    return app.capabilities.check_in


@contextlib.contextmanager
def open_check_in(app: App, context: CheckInContext) -> Iterator[CheckInSession]:
    """Open the check-ins of the account of *app*. Raises SettingsError where its settings lack what they need."""
    find_check_in_abilities(app)
    connection = msgspec.structs.replace(make_connection(app), **_limit_waiting(app))
    with app.name_in_errors(), SOURCES[app.settings.api].load_check_in().open_api(connection) as api:
        yield CheckInSession(app, CheckInService(api, context))


def _limit_waiting(app: App) -> dict[str, Any]:
    """Return the limits of a connection of *app* for which somebody waits."""
    return {"patience": PERSON, "timeout": app.environment.timeout or TIMEOUT}


def load_schedule(app: App) -> Schedule:
    """Return what the user's own calendars list, from kept answers where they are young. Raises TraktIcalError."""
    calendars = [each for each in app.calendars if each.settings.source == "my"] or [_make_own(app.calendars[0])]
    lists = [fetch_listed(app, calendar, max_age=MAX_AGE) for calendar in calendars]
    airings, times = dict[str, Airing](), dict[str, ShownTimes]()
    for each in lists:
        listed = each.airings
        airings |= {make_uid(airing): airing for airing in listed}
        shown = find_shown_times(listed, each.spec.rules, each.zone)
        # Several calendars may list an airing, each at a time of its own: the first that shows it counts.
        times |= {uid: found for uid, found in shown.items() if uid not in times or not times[uid].event}
    return Schedule(airings, times, lists[0].zone, lists[0].now)


def _make_own(calendar: Calendar) -> Calendar:
    """What *calendar* would be for the user alone: nobody watches all that airs in the world."""
    return msgspec.structs.replace(calendar, settings=replace(calendar.settings, source="my"))


class EventStore(Protocol):
    """Holds the stored copies of the feed, which lie in its *folder*; None as long as it has none."""

    folder: FeedFolder | None

    def find_event(self, uid: str) -> StoredEvent | None:
        """Return the event *uid* of the first stored copy that has it, None where none has."""
        ...


@dataclass(frozen=True)
class _FeedAccount:
    """The account of *app* as links know it: its airings are those of the *store*."""

    app: App
    store: EventStore
    context: CheckInContext

    def find_airing(self, uid: str) -> StoredAiring | None:
        """Return the airing of the event *uid*, None where no stored copy has one for it alone."""
        event = self.store.find_event(uid)
        if event is None or _is_group(event):
            return None
        start, end = parse_moment(event.start), read_end(event.octets)
        runtime = end - start if isinstance(start, datetime) and isinstance(end, datetime) else None
        # An event as long as default_runtime may be one whose length Trakt does not know. It then says what it takes
        # the length for when it is asked what is being watched.
        usual = {timedelta(minutes=calendar.settings.default_runtime) for calendar in self.app.calendars}
        return StoredAiring(read_summary(event.octets), None if runtime in usual else runtime)

    def open_used_links(self) -> UsedLinks:
        """Return where it is kept which links were used: beside the key that signs them."""
        from trakt_ical.app.feed_folder import make_feed_folder  # the command has no feed

        folder = self.store.folder or make_feed_folder(self.app)
        return UsedLinks(folder.path / "check-ins.json")

    @contextlib.contextmanager
    def open_service(self) -> Iterator[CheckInService]:
        """Open the account's check-ins at Trakt. Raises TraktIcalError."""
        from trakt_ical.app.feed_folder import make_feed_folder  # the command has no feed

        served = self.store.folder
        if (
            served is None or make_feed_folder(self.app).path != served.path
        ):  # the server notices it at its next refresh
            raise SettingsError("Another user is logged in now. Use a link from that user's calendar.")
        with open_check_in(self.app, self.context) as session:
            yield session.service


def _is_group(event: StoredEvent) -> bool:
    """Whether *event* stands for several airings: it then has a link for each, and its UID is that of the first."""
    return bytes(event.octets).replace(b"\r\n ", b"").count(f"/{FOLDER}/".encode()) > 1


def make_link_check_ins(app: App, store: EventStore, find_zone: Callable[[], tzinfo]) -> LinkCheckIns:
    """Return the check-ins from links for the account of *app*, whose pages show moments in *find_zone*'s zone."""
    ended = threading.Event()
    context = AppContext(app, describe_moment, find_zone=find_zone, sleep=ended.wait)
    return LinkCheckIns(_FeedAccount(app, store, context), context, ended)


def change_link_check_ins(links: LinkCheckIns, app: App, store: EventStore, find_zone: Callable[[], tzinfo]) -> None:
    """Let *links* check in as the settings of *app* say from now on; what waits goes on, and can be called off."""
    context = AppContext(app, describe_moment, find_zone=find_zone, sleep=links.ended.wait)
    links.change(_FeedAccount(app, store, context), context)
