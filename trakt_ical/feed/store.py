"""The calendars as they lie on disk, and the feed that is made of them, anew whenever something there changed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from trakt_ical.errors import OutputError
from trakt_ical.export.stored import DamagedCalendar, StoredCalendar, StoredEvent, parse_calendar
from trakt_ical.export.stores.file import FileStore
from trakt_ical.export.stores.store import OutputState, StateFile
from trakt_ical.feed.answers import CalendarAnswers, Channel, Feed, Health, hash_octets
from trakt_ical.feed.last_modified import LastModifiedFile
from trakt_ical.feed.notice import Notice, find_due_notice
from trakt_ical.feed.secrets import Secrets, SecretsFile

log = logging.getLogger(__name__)

LONGEST = 200  # characters of a copy's name; most file systems take 255, and other files lie beside it


@dataclass(frozen=True)
class FeedFolder:
    """Where feeds lie: their copies and secrets in *folder*, the state of each copy in *states*."""

    folder: Path
    states: Path

    def copy(self, name: str) -> Path:
        """The stored copy of the calendar *name*, from which its next one is made."""
        written = quote(name, safe=" ")
        if len(written) > LONGEST:
            written = f"{written[: LONGEST - 33]}-{hash_octets(name.encode())}"
        return self.folder / f"{written}.ics"

    def state_file(self, name: str) -> StateFile:
        """What is known of that copy."""
        return StateFile(self.states, FileStore(self.copy(name)).name)

    @property
    def secrets(self) -> SecretsFile:
        """The secrets of the feeds."""
        return SecretsFile(self.folder / "secrets.json")

    @property
    def shown(self) -> LastModifiedFile:
        """Since when subscribers are shown what they are shown."""
        return LastModifiedFile(self.folder / "shown.json")


@dataclass(frozen=True)
class StoredCopy:
    """One stored copy: what it is known by (*mark*), its *state*, and the calendar in it, None where there is none."""

    mark: object
    state: OutputState
    calendar: StoredCalendar | None

    @property
    def last_success(self) -> datetime | None:
        """When Trakt last answered for it; where the state was lost, by the newest stamp, which is no later."""
        if self.calendar is None:
            return None  # what was damaged since is nothing to be fresh
        newest = self.calendar.newest
        return self.state.last_success or (newest.moment if newest else None)


@dataclass(frozen=True)
class FeedOptions:
    """How a shelf makes a feed: a notice *notice_after* the last success, by *now*; addresses may have a *prefix*.

    *refresher* tells in a word how the refresher is.
    """

    now: Callable[[], datetime]
    notice_after: timedelta = timedelta(days=3)
    prefix: str = ""
    refresher: Callable[[], str] = field(default=lambda: "well")


class FeedStore:
    """Holds the *feed* of the calendars *names*, and looks after it. Safe to use from several threads."""

    def __init__(self, place: FeedFolder, names: Iterable[str], ways: FeedOptions) -> None:
        self._place = place
        self._ways = ways
        self._names = tuple(names)
        self._lock = threading.Lock()
        self._shown = place.shown
        self._secrets_mark: object = None
        self.secrets: Secrets = place.secrets.load(self._names)
        self.copies: dict[str, StoredCopy] = {}
        self._notices: dict[str, Notice | None] = {}
        self._served: dict[str, CalendarAnswers | None] = dict.fromkeys(self._names)
        self.look()

    def look(self) -> None:
        """Make the feed anew, if secrets, a copy, or what a copy must say of itself changed."""
        with self._lock:
            changed = self._look_at_secrets()
            for name in self._names:
                changed |= self._look_at(name)
            if changed or not hasattr(self, "feed"):
                channels = tuple(
                    Channel(name, self.secrets.calendars[name], self._served[name]) for name in self._names
                )
                self.feed = Feed(channels, self.secrets.page, self.health, self._ways.prefix)

    def _look_at_secrets(self) -> bool:
        mark = _read_mark(self._place.secrets.path)
        if mark == self._secrets_mark:
            return False
        self._secrets_mark = mark
        try:
            self.secrets = self._place.secrets.load(self._names)
        except OutputError as error:
            log.error("%s Until then the addresses stay as they were.", error)
        return True

    def _look_at(self, name: str) -> bool:
        """Whether the calendar *name* is to be served otherwise than before."""
        path, state_file = self._place.copy(name), self._place.state_file(name)
        mark = _read_mark(path), _read_mark(state_file.path)
        known = self.copies.get(name)
        if known is None or known.mark != mark:
            copy = StoredCopy(mark, state_file.load(), _load_calendar(path))
            self.copies[name] = copy if copy.calendar or not known else StoredCopy(mark, copy.state, known.calendar)
        copy = self.copies[name]
        notice = find_due_notice(name, copy.last_success, self._ways.notice_after, self._ways.now())
        if copy is known and notice == self._notices[name]:
            return False
        self._notices[name] = notice
        self._served[name] = self._made(name, copy, notice)
        return True

    def _made(self, name: str, copy: StoredCopy, notice: Notice | None) -> CalendarAnswers | None:
        if copy.calendar is None:
            return None
        octets = notice.laid_over(copy.calendar.octets) if notice else copy.calendar.octets
        since = self._shown.since(name, hash_octets(octets), self._ways.now())
        served = CalendarAnswers(name, octets, since, copy.last_success)
        served.prepare()
        return served

    def find_event(self, uid: str) -> StoredEvent | None:
        """Return the event *uid* of the first stored copy that has it, None where none has."""
        for copy in self.copies.values():
            if copy.calendar and (event := copy.calendar.events.get(uid)):
                return event
        return None

    def health(self) -> Health:
        """How the service is now."""
        now = self._ways.now()
        calendars = [
            (copy.calendar is not None, _seconds_since(copy.last_success, now)) for copy in self.copies.values()
        ]
        return Health(calendars, self._ways.refresher())


def _seconds_since(then: datetime | None, now: datetime) -> float | None:
    return max(0.0, (now - then).total_seconds()) if then else None


def _read_mark(path: Path) -> object:
    try:
        return FileStore(path).read_version()
    except OutputError as error:
        return str(error)


def _load_calendar(path: Path) -> StoredCalendar | None:
    """The calendar in the stored copy at *path*, None where there is none, or not a whole one of ours."""
    try:
        snapshot = FileStore(path).load()
        return parse_calendar(snapshot.octets) if snapshot else None
    except DamagedCalendar as error:
        log.warning("The stored copy %s is not served: %s.", path, error)
    except OutputError as error:
        log.warning("The stored copy is not served: %s", error)
    return None
