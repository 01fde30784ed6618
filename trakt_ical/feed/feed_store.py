"""The stored copies of calendars on disk, and the feeds made of them, rebuilt whenever one of them changed."""

from __future__ import annotations

import logging
import re
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
from trakt_ical.export.stored_calendar import HEAD, DamagedCalendar, StoredCalendar, StoredEvent, parse_calendar
from trakt_ical.export.stores.file import FileStore
from trakt_ical.export.stores.protocol import OutputState, StateFile
from trakt_ical.feed.answers import FOREIGN_COPY, NOT_YET_FETCHED, CalendarAnswers, Feed, hash_octets
from trakt_ical.feed.directory import Directory, PageSource, Target
from trakt_ical.feed.notice import Notice, find_due_notice, make_notice_calendar, make_replaced_notice
from trakt_ical.feed.secrets import Secrets, SecretsFile
from trakt_ical.files import JsonFile
from trakt_ical.model import check_years

log = logging.getLogger(__name__)

_SCOPE = re.compile(rb"^X-TRAKT-ICAL-SCOPE:([^\r\n]+)", re.M)
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

    def has_copy(self, name: str) -> bool:
        """Whether there is a stored copy of the calendar *name*."""
        return Path(self.make_store(name).name).is_file()

    def holds_foreign(self, name: str) -> bool:
        """Whether the stored copy of the calendar *name* says that it is another account's.

        Accounts once shared a folder, and people copy and restore folders.
        """
        try:
            with open(self.make_store(name).name, "rb") as file:
                found = _SCOPE.search(file.read(HEAD).replace(b"\r\n ", b""))
        except OSError:
            return False
        if found is None:
            return False
        api, _, owner, *_ = [unquote(part) for part in found[1].decode(errors="replace").split("/")] + ["", "", ""]
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

    *version* tells when copy or *state* changed on disk. *calendar* and *answers* are None before the first copy, and
    where the copy *is_foreign*: another account's.
    """

    version: object
    state: OutputState
    calendar: StoredCalendar | None
    notice: Notice | None
    answers: CalendarAnswers | None
    is_foreign: bool = False

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
    """How feeds are made: a notice comes *notice_after* the last success (0: never)."""

    now: Callable[[], datetime]
    notice_after: timedelta = timedelta(days=3)


NO_SECRETS = Secrets("", {})


class FeedStore:
    """Puts the feeds of one account, of the calendars *names*, and its *page* into the *directory*.

    They are made of the stored copies in the folder that is open. Safe to use from several threads. *calendars* and
    *secrets* are replaced whole.
    """

    def __init__(self, names: Iterable[str], options: FeedOptions, directory: Directory, page: PageSource) -> None:
        self._names = tuple(names)
        self._options = options
        self._directory = directory
        self._page = page
        self._lock = threading.Lock()
        self.folder: FeedFolder | None = None
        self.calendars: dict[str, ServedCalendar] = {}
        self.secrets = NO_SECRETS
        self._replaced: dict[str, Notice] = {}

    def open(self, folder: FeedFolder) -> None:
        """Serve what is in *folder*, at the addresses kept there, and nothing else any more."""
        with self._lock:
            self._open(folder)
            self._publish()

    def close(self) -> None:
        """Serve nothing any more."""
        with self._lock:
            self.folder, self.calendars, self.secrets, self._replaced = None, {}, NO_SECRETS, {}
            self._publish()

    def _open(self, folder: FeedFolder) -> None:
        self._last_modified = LastModifiedFile(folder.last_modified_path)
        self._secrets_version = _read_version(FileStore(folder.secrets_file.path))
        self.secrets = folder.secrets_file.load(self._names)
        self.folder = folder
        self.calendars = {name: self._load_calendar(folder, name, None) for name in self._names}
        self._replaced = self._find_replaced()

    def reload(self) -> None:
        """Replace the feeds if the secrets or a stored copy changed on disk, or a notice came or went."""
        # The server calls this each second, the refresher when it is done. Without the lock an older state, read by
        # the one, could replace the newer one that the other has just put there.
        with self._lock:
            if (folder := self.folder) is None:
                return
            calendars = {name: self._load_calendar(folder, name, self.calendars[name]) for name in self._names}
            is_changed = any(calendars[name] is not self.calendars[name] for name in self._names)
            is_changed = self._reload_secrets(folder) or is_changed
            replaced = self._find_replaced()
            if is_changed or replaced != self._replaced:
                self.calendars, self._replaced = calendars, replaced
                self._publish()

    def find_event(self, uid: str) -> StoredEvent | None:
        """Return the event *uid* of the first stored copy that has it, None where none has."""
        for served in self.calendars.values():
            if served.calendar and (event := served.calendar.events.get(uid)):
                return event
        return None

    def _publish(self) -> None:
        targets: dict[str, Target] = {self.secrets.page: self._page} if self.secrets.page else {}
        for name, served in self.calendars.items():
            fallback = FOREIGN_COPY if served.is_foreign else NOT_YET_FETCHED
            targets[self.secrets.calendars[name]] = Feed(served.answers or fallback)
        for secret, notice in self._replaced.items():
            octets = make_notice_calendar(notice)
            targets[secret] = Feed(CalendarAnswers(notice.name, octets, notice.appeared, None))
        self._directory.put(self, targets, self.secrets.all)

    def _find_replaced(self) -> dict[str, Notice]:
        """Return the notice for each replaced secret that is still answered."""
        now = self._options.now()
        return {
            secret: make_replaced_notice(each.name, each.since, now)
            for secret, each in self.secrets.replaced.items()
            if each.name in self._names and each.is_in_force(now)
        }

    def _reload_secrets(self, folder: FeedFolder) -> bool:
        """Take over renewed secrets; return whether there are any."""
        version = _read_version(FileStore(folder.secrets_file.path))
        if version == self._secrets_version:
            return False
        self._secrets_version = version
        try:
            self.secrets = folder.secrets_file.load(self._names)
        except OutputError as error:
            # A damaged file must not take all subscribers' addresses away; a restart would say what is wrong.
            log.error("%s Until then the addresses stay as they were.", error)
            return False
        return True

    def _load_calendar(self, folder: FeedFolder, name: str, before: ServedCalendar | None) -> ServedCalendar:
        """Return the calendar *name* as it is now; *before* itself where nothing changed."""
        store, state_file = folder.make_store(name), folder.make_state_file(name)
        version = _read_version(store), _read_version(FileStore(state_file.path))
        if before and before.version == version:
            state, calendar, is_foreign = before.state, before.calendar, before.is_foreign
        else:
            state, is_foreign = state_file.load(), folder.holds_foreign(name)
            # A copy that was damaged while it was served goes on being served as it was. Another account's is not.
            calendar = None if is_foreign else _load_copy(store) or (before.calendar if before else None)
            if is_foreign:
                log.warning("The stored copy %s is not served: it is another account's.", store.describe())
        last_success = find_last_success(state, calendar)
        notice = find_due_notice(name, last_success, self._options.notice_after, self._options.now())
        if before and before.version == version and before.notice == notice:
            return before
        answers = self._make_answers(name, calendar, last_success, notice) if calendar else None
        return ServedCalendar(version, state, calendar, notice, answers, is_foreign)

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


def _load_copy(store: FileStore) -> StoredCalendar | None:
    """Return the calendar in *store*, None where there is none, or not a whole one."""
    try:
        snapshot = store.load()
        return parse_calendar(snapshot.octets) if snapshot else None
    except DamagedCalendar as error:
        log.warning("The stored copy %s is not served: %s.", store.describe(), error)
    except OutputError as error:
        log.warning("The stored copy is not served: %s", error)
    return None
