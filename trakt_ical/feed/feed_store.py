"""The stored copies of calendars on disk, and the feeds made of them, rebuilt whenever one of them changed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated
from urllib.parse import quote, unquote

import msgspec

from trakt_ical import files
from trakt_ical.errors import OutputError
from trakt_ical.export.stored_calendar import DamagedCalendar, StoredCalendar, StoredEvent, parse_calendar
from trakt_ical.export.stores.file import FileStore
from trakt_ical.export.stores.protocol import OutputState, StateFile
from trakt_ical.feed.answers import CalendarAnswers, Feed, Feeds, HealthSource, hash_octets
from trakt_ical.feed.notice import Notice, find_due_notice, make_notice_calendar, make_replaced_notice
from trakt_ical.feed.secrets import Secrets, SecretsFile
from trakt_ical.files import JsonFile
from trakt_ical.model import check_years

log = logging.getLogger(__name__)

LONGEST_NAME = 200  # characters of a copy's name; most file systems allow 255, and other files lie beside it


@dataclass(frozen=True)
class FeedFolder:
    """Where feeds are kept: stored copies and secrets at *path*, the state of each copy in the folder *states*.

    The copies are of *api* and *user*; "" for a user that is not known yet.
    """

    path: Path
    states: Path
    api: str = ""
    user: str = ""

    def is_foreign(self, calendar: StoredCalendar) -> bool:
        """Whether *calendar* is of another account: accounts once shared a folder."""
        api, _, owner, *_ = [unquote(part) for part in calendar.calendar_id.split("/")] + ["", "", ""]
        return bool(self.user and owner) and (api, owner) != (self.api, self.user)

    def make_store(self, name: str) -> FileStore:
        """Return the store of the calendar *name*. Its next calendar is merged from there, as an export's is."""
        file_name = quote(name, safe=" ")
        if len(file_name) > LONGEST_NAME:
            # Names that differ in their last letters alone must not share a copy.
            file_name = f"{file_name[: LONGEST_NAME - 33]}-{hash_octets(name.encode())}"
        return FileStore(self.path / f"{file_name}.ics")

    def make_state_file(self, name: str) -> StateFile:
        """Return the state file of that store."""
        return StateFile(self.states, self.make_store(name).name)

    @property
    def secrets_file(self) -> SecretsFile:
        """Where the feeds' secrets are kept."""
        return SecretsFile(self.path / "secrets.json")

    @property
    def last_modified_path(self) -> Path:
        """Where it is kept when each served calendar changed last."""
        return self.path / "shown.json"


class LastModified(msgspec.Struct, frozen=True):
    """The *digest* of what was served, and *since* when, in whole seconds."""

    digest: str
    since: Annotated[datetime, msgspec.Meta(tz=True)]

    def __post_init__(self) -> None:
        check_years((self.since,))


class LastModifiedFile:
    """Remembers since when each calendar is served as it is, for Last-Modified. Only the server writes the file.

    Losing it costs each subscriber one download.
    """

    def __init__(self, path: Path) -> None:
        files.remove_leftovers(path)
        self._file = JsonFile(path, dict[str, LastModified], "file of change times")
        self._known = self._file.load_if_readable() or {}

    def find(self, name: str, digest: str, now: datetime) -> datetime:
        """Return since when the calendar *name* is served as *digest*; *now* where that is new."""
        last = self._known.get(name)
        if last and last.digest == digest:
            return last.since
        # The file's own time will not do: a copy changes with a notice too, and Last-Modified counts whole seconds,
        # so a second change within one would never reach those who send If-Modified-Since alone.
        since = now.replace(microsecond=0)
        if last:
            since = max(since, last.since + timedelta(seconds=1))
        self._known = self._known | {name: LastModified(digest, since)}
        self._file.save_if_possible(self._known)
        return since


@dataclass(frozen=True)
class ServedCalendar:
    """A stored copy and what subscribers get of it.

    *version* tells when copy or *state* changed on disk. *calendar* and *answers* are None before the first copy.
    """

    version: object
    state: OutputState
    calendar: StoredCalendar | None
    notice: Notice | None
    answers: CalendarAnswers | None

    @property
    def last_success(self) -> datetime | None:
        """When the source last answered for it."""
        return find_last_success(self.state, self.calendar)


def find_last_success(state: OutputState, calendar: StoredCalendar | None) -> datetime | None:
    """Return when the source last answered for *calendar*; where the state was lost, its newest stamp, no later."""
    if calendar is None:
        return None  # the state may outlive a copy that was damaged
    return state.last_success or (calendar.newest.moment if calendar.newest else None)


@dataclass(frozen=True)
class FeedOptions:
    """How feeds are made: a notice comes *notice_after* the last success (0: never); paths may have a *prefix*."""

    now: Callable[[], datetime]
    notice_after: timedelta = timedelta(days=3)
    prefix: str = ""


class FeedStore:
    """Holds the *feeds* of the calendars *names*, made of the stored copies. Safe to use from several threads.

    The feeds are one frozen value that is replaced whole, so that a request sees all of a change or nothing of it, and
    needs no lock. *calendars* and *secrets* are replaced likewise.
    """

    def __init__(self, folder: FeedFolder, names: Iterable[str], options: FeedOptions, health: HealthSource) -> None:
        self._names = tuple(names)
        self._options = options
        self._health = health
        self._lock = threading.Lock()
        self.move(folder)

    def move(self, folder: FeedFolder) -> None:
        """Serve what is in *folder*, at the addresses kept there, and nothing else any more."""
        with self._lock:
            self._open(folder)

    def _open(self, folder: FeedFolder) -> None:
        self.folder = folder
        self._last_modified = LastModifiedFile(folder.last_modified_path)
        self._secrets_version = _read_version(FileStore(folder.secrets_file.path))
        self.secrets: Secrets = folder.secrets_file.load(self._names)
        self.calendars = {name: self._load_calendar(name, None) for name in self._names}
        self._replaced = self._find_replaced()
        self.feeds = self._make_feeds()

    def reload(self) -> None:
        """Replace the feeds if the secrets or a stored copy changed on disk, or a notice came or went."""
        # The server calls this each second, the refresher when it is done. Without the lock an older state, read by
        # the one, could replace the newer one that the other has just put there.
        with self._lock:
            calendars = {name: self._load_calendar(name, self.calendars[name]) for name in self._names}
            is_changed = any(calendars[name] is not self.calendars[name] for name in self._names)
            is_changed = self._reload_secrets() or is_changed
            replaced = self._find_replaced()
            if is_changed or replaced != self._replaced:
                self.calendars, self._replaced = calendars, replaced
                self.feeds = self._make_feeds()

    def find_event(self, uid: str) -> StoredEvent | None:
        """Return the event *uid* of the first stored copy that has it, None where none has."""
        for served in self.calendars.values():
            if served.calendar and (event := served.calendar.events.get(uid)):
                return event
        return None

    def _make_feeds(self) -> Feeds:
        feeds = [Feed(name, self.secrets.calendars[name], served.answers) for name, served in self.calendars.items()]
        feeds += [
            Feed(notice.name, secret, CalendarAnswers(notice.name, make_notice_calendar(notice), notice.appeared, None))
            for secret, notice in self._replaced.items()
        ]
        return Feeds(tuple(feeds), self.secrets.page, self._health, self._options.prefix)

    def _find_replaced(self) -> dict[str, Notice]:
        """Return the notice for each replaced secret that is still answered."""
        now = self._options.now()
        return {
            secret: make_replaced_notice(each.name, each.since, now)
            for secret, each in self.secrets.replaced.items()
            if each.name in self._names and each.is_in_force(now)
        }

    def _reload_secrets(self) -> bool:
        """Take over renewed secrets; return whether there are any."""
        version = _read_version(FileStore(self.folder.secrets_file.path))
        if version == self._secrets_version:
            return False
        self._secrets_version = version
        try:
            self.secrets = self.folder.secrets_file.load(self._names)
        except OutputError as error:
            # A damaged file must not take all subscribers' addresses away; a restart would say what is wrong.
            log.error("%s Until then the addresses stay as they were.", error)
            return False
        return True

    def _load_calendar(self, name: str, before: ServedCalendar | None) -> ServedCalendar:
        """Return the calendar *name* as it is now; *before* itself where nothing changed."""
        store, state_file = self.folder.make_store(name), self.folder.make_state_file(name)
        version = _read_version(store), _read_version(FileStore(state_file.path))
        if before and before.version == version:
            state, calendar = before.state, before.calendar
        else:
            state = state_file.load()
            calendar = _load_copy(store, self.folder) or (before.calendar if before else None)
        last_success = find_last_success(state, calendar)
        notice = find_due_notice(name, last_success, self._options.notice_after, self._options.now())
        if before and before.version == version and before.notice == notice:
            return before
        answers = self._make_answers(name, calendar, last_success, notice) if calendar else None
        return ServedCalendar(version, state, calendar, notice, answers)

    def _make_answers(
        self, name: str, calendar: StoredCalendar, last_success: datetime | None, notice: Notice | None
    ) -> CalendarAnswers:
        octets = notice.add_to(calendar.octets) if notice else calendar.octets
        since = self._last_modified.find(name, hash_octets(octets), self._options.now())
        answers = CalendarAnswers(name, octets, since, last_success)
        answers.make_ready()
        return answers


def _read_version(store: FileStore) -> object:
    try:
        return store.read_version()
    except OutputError as error:
        return str(error)  # a state like any other: it is reported when it begins, not each second


def _load_copy(store: FileStore, folder: FeedFolder) -> StoredCalendar | None:
    """Return the calendar in *store*, None where there is none, or not a whole one of this account."""
    try:
        snapshot = store.load()
        calendar = parse_calendar(snapshot.octets) if snapshot else None
        if calendar is None or not folder.is_foreign(calendar):
            return calendar
        log.warning("The stored copy %s is not served: it is another account's.", store.describe())
    except DamagedCalendar as error:
        log.warning("The stored copy %s is not served: %s.", store.describe(), error)
    except OutputError as error:
        log.warning("The stored copy is not served: %s", error)
    return None
