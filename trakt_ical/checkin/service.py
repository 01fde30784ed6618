"""Opens the desk where the account of the settings checks in, and the finder of what is meant."""

from __future__ import annotations

import contextlib
import enum
import functools
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from importlib import import_module
from typing import TYPE_CHECKING

from trakt_ical.app.app import App
from trakt_ical.app.sources import find_calendar_zone, make_connection, open_source
from trakt_ical.checkin.items import Busy, CheckInExtras, CheckIns, Started, Watching, WatchItem
from trakt_ical.errors import (
    BrokenAnswer,
    CheckInRunning,
    Refused,
    TraktError,
    TraktIcalError,
    Unreachable,
)
from trakt_ical.fetch.source import SOURCES

if TYPE_CHECKING:
    from trakt_ical.checkin.items import CheckIns, Progress, Search
    from trakt_ical.checkin.resolve import Choose, Finder


log = logging.getLogger(__name__)

LOOKS = 2  # at what is being watched, where an answer was lost: Trakt may take a moment to know
PAUSE = 2.0  # seconds between them
GAP = 1.0  # seconds between two requests that change something; Trakt refuses more
TRIES = 5  # to check in, where others get in between


class ConflictChoice(enum.Enum):
    """What to do where another check-in runs."""

    WAIT = "wait"
    REPLACE = "replace"
    LEAVE = "leave"


@dataclass(frozen=True)
class CheckInContext:
    """What a check-in takes from the world: clock, patience, the *zone* in which times are told, how to *write* them.

    *write* is given a moment, the present and the zone.
    """

    now: Callable[[], datetime]
    sleep: Callable[[float], object]
    zone: Callable[[], tzinfo]
    write: Callable[[datetime, datetime, tzinfo], str]

    def clock(self, moment: datetime) -> str:
        """*moment* for people."""
        return self.write(moment, self.now(), self.zone())

    def told(self, busy: Busy) -> str:
        """A sentence that says what runs."""
        what = f": {busy.watching.subject}," if busy.watching else ""
        return f"A check-in is running{what} until {self.clock(busy.until)}."


@dataclass(frozen=True)
class CheckInService:
    """The check-ins of one account."""

    checkins: CheckIns
    outside: CheckInContext

    def check_in(
        self,
        what: WatchItem,
        extras: CheckInExtras,
        decide: Callable[[Busy], ConflictChoice],
        wait: Callable[[datetime], object],
    ) -> Started:
        """Check in to *what*. Where another check-in runs, *decide* what to do; *wait* until its end.

        Raises Running where it is left alone, NoMatch where Trakt knows no such thing, TraktIcalError.
        """
        self.outside.zone()  # what it takes to tell of the outcome is known before anything is sent
        for _ in range(TRIES):
            outcome = self.attempt(what, extras)
            if isinstance(outcome, Started):
                return outcome
            match decide(outcome):
                case ConflictChoice.LEAVE:
                    raise CheckInRunning(self.outside.told(outcome), outcome.until)
                case ConflictChoice.REPLACE:
                    self._make_room(outcome)
                case ConflictChoice.WAIT:
                    wait(max(outcome.until, self.outside.now() + timedelta(seconds=PAUSE)))
        raise CheckInRunning("Another check-in began each time that one had ended.")

    def attempt(self, what: WatchItem, extras: CheckInExtras) -> Started | Busy:
        """Check in to *what* with one POST, never a second one.

        Where its answer is lost, what is being watched tells whether it counted. Raises TraktIcalError.
        """
        try:
            outcome = self.checkins.start(what, extras)
        except (Unreachable, BrokenAnswer, Refused) as error:
            if is_certain(error):
                raise
            return self._looked_for(what, extras, error)
        if isinstance(outcome, Busy):
            return replace(outcome, watching=self._seen())
        if outcome.until is None and (running := self._seen()):
            return replace(outcome, until=running.until)
        return outcome

    def watching(self) -> Watching | None:
        """What is being watched, None where nothing is. Raises TraktIcalError."""
        return self.checkins.watching()

    def _seen(self) -> Watching | None:
        """What is being watched, None as well where that cannot be asked: the outcome is certain without it."""
        try:
            return self.watching()
        except TraktIcalError as error:
            log.warning("%s", error)
            return None

    def cancel(self) -> Watching | None:
        """End the check-in that runs, and return it; what a player reports is left alone, and returned as well."""
        running = self.watching()
        if running is not None and not running.player:
            self._end(movie=running.subject.work.movie)
        return running

    def _make_room(self, busy: Busy) -> None:
        self.outside.sleep(GAP)
        self._end(movie=busy.watching is not None and busy.watching.subject.work.movie)
        self.outside.sleep(GAP)

    def _end(self, *, movie: bool) -> None:
        """End the check-in that runs; an error does not matter where nothing is being watched after it."""
        try:
            self.checkins.cancel(movie=movie)
        except TraktError as error:
            log.warning("%s Looking whether anything still runs.", error)
            if self.watching() is not None:
                raise

    def _looked_for(self, what: WatchItem, extras: CheckInExtras, error: TraktError) -> Started:
        """The check-in that began although its answer was lost to *error*. Raises TraktError where none did."""
        log.warning("%s Looking whether it counted.", error)
        found = None
        for look in range(LOOKS):
            if look:
                self.outside.sleep(PAUSE)
            try:
                found = self.watching()
            except TraktIcalError as second:
                raise Unreachable(
                    f"{error} Whether the check-in counted is not known: {second} Run: trakt-ical checkin --status"
                ) from error
            if found is not None and not found.player and found.subject.is_same(what):
                since = found.since or self.outside.now()
                runtime = extras.duration or what.runtime or what.work.runtime
                return Started(what, since, found.until or (since + runtime if runtime else None))
        player = " by a player" if found and found.player else ""
        instead = f"{found.subject} is being watched{player}" if found else "nothing is being watched"
        raise TraktError(f"{error} The check-in did not count: {instead}.") from error


def is_certain(error: Exception) -> bool:
    """Whether *error* tells that a POST had no effect: Trakt said no, or no connection came about."""
    from trakt_ical.trakt.client import was_never_sent

    if isinstance(error, Refused):
        return error.status < 500
    return error.__cause__ is not None and was_never_sent(error.__cause__)


@dataclass(frozen=True)
class CheckInSession:
    """What it takes to check in: the *desk*, and where to look for what is meant."""

    app: App
    desk: CheckInService
    search: Search
    progress: Progress

    def finder(self, which: Choose, *, guess: bool) -> Finder:
        """A finder in what the user's calendars list now; *which* chooses, *guess*: somebody can be asked."""
        from trakt_ical.checkin.resolve import Finder, load_schedule, mark_watched

        watched = functools.partial(mark_watched, self.app)
        return Finder(load_schedule(self.app), self.search, self.progress, watched, which, guess)


@contextlib.contextmanager
def open_check_in(app: App, surroundings: CheckInContext) -> Iterator[CheckInSession]:
    """The office of the settings' account. Raises SettingsError where they lack what a check-in takes."""
    adapter = import_module(SOURCES[app.settings.api].checkin)
    with adapter.open_check_in(make_connection(app)) as (checkins, search, progress):
        yield CheckInSession(app, CheckInService(checkins, surroundings), search, progress)


def make_context(
    app: App, write: Callable[[datetime, datetime, tzinfo], str], zone: Callable[[], tzinfo] | None = None
) -> CheckInContext:
    """Those of *app*, with times as *write* writes them, in *zone* or else, for one run, that of its first calendar."""
    environment = app.environment
    zone = zone or functools.cache(functools.partial(_find_zone, app))
    return CheckInContext(environment.now, environment.sleep or time.sleep, zone, write)


def _find_zone(app: App) -> tzinfo:
    """The zone of the first calendar, from an answer that was kept if there is one."""
    from trakt_ical.checkin.resolve import YOUNG

    with open_source(app, max_age=YOUNG) as source:
        return find_calendar_zone(source, app.calendars[0].settings.timezone)
