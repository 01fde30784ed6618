"""The stored copies of calendars on disk, and the feeds made of them, rebuilt whenever one of them changed."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import threading
import time
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import msgspec

from trakt_ical import files
from trakt_ical.errors import OutputError
from trakt_ical.export.ics import parse_owner
from trakt_ical.export.stored_calendar import (
    DamagedCalendar,
    StoredCalendar,
    StoredEvent,
    parse_calendar,
    read_calendar_id,
)
from trakt_ical.export.stores.file import FileStore
from trakt_ical.export.stores.protocol import StateFile
from trakt_ical.feed.answers import FOREIGN_COPY, NOT_YET_FETCHED, CalendarAnswers, Feed, FixedBody, hash_octets
from trakt_ical.feed.copy_cache import CopyBody, CopyCache, CopyFacts
from trakt_ical.feed.directory import Directory, PageSource, Target
from trakt_ical.feed.notice import Notice, find_due_notice, make_notice_calendar, make_replaced_notice
from trakt_ical.feed.secrets import Secrets, SecretsFile
from trakt_ical.files import JsonFile
from trakt_ical.model import check_years

log = logging.getLogger(__name__)

YOUNG = 1_000_000_000  # nanoseconds; a file system counts in steps of a few milliseconds, some of a second
PUT_ASIDE = re.compile(r".*\.ics\.old(\.[0-9]+)?")
PUT_ASIDE_FOR = timedelta(days=30)
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
        return self.is_foreign_id(read_calendar_id(Path(self.make_store(name).name)))

    def is_foreign_id(self, calendar_id: str) -> bool:
        """Whether *calendar_id* is another account's."""
        api, owner = parse_owner(calendar_id)
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

    def delete_old_copies(self, now: datetime) -> None:
        """Delete what was put aside long before *now*: damaged copies, and those of other accounts."""
        for path in self.path.glob("*.ics.old*"):
            with contextlib.suppress(OSError):  # another run deleted it
                if (
                    PUT_ASIDE.fullmatch(path.name)
                    and now.timestamp() - path.stat().st_mtime > PUT_ASIDE_FOR.total_seconds()
                ):
                    path.unlink()

    @property
    def secrets_file(self) -> SecretsFile:
        """Where the feeds' secrets are kept."""
        return SecretsFile(self.path / "secrets.json")

    @property
    def last_modified_path(self) -> Path:
        """Where it is kept when each served calendar changed last."""
        return self.path / "shown.json"


class LastModified(msgspec.Struct, frozen=True):
    """The *digest* of what was served, and *since* when, in whole seconds; *copy* is what it was made of.

    *has_subscribers*: whether a program has ever fetched it.
    """

    digest: str
    since: Annotated[datetime, msgspec.Meta(tz=True)]
    copy: CopyFacts | None = None
    has_subscribers: bool = False

    def __post_init__(self) -> None:
        check_years((self.since,))


class LastModifiedFile:
    """Remembers since when each calendar is served as it is, and what it is made of. Only the server writes the file.

    Losing it costs each subscriber one download, and the next start some seconds to read all copies.
    """

    def __init__(self, path: Path) -> None:
        files.remove_leftovers(path)
        self._file = JsonFile(path, dict[str, LastModified], "file of change times")
        self._known = self._file.load_if_readable() or {}
        self._saved = self._known

    def find_copy(self, name: str, version: object) -> CopyFacts | None:
        """Return what is known of the copy of the calendar *name* in this *version*."""
        last = self._known.get(name)
        return last.copy if last and last.copy and last.copy.version == version else None

    def find(self, name: str, digest: str, now: datetime, copy: CopyFacts | None = None) -> datetime:
        """Return since when the calendar *name* is served as *digest*, made of *copy*; *now* where that is new."""
        last = self._known.get(name)
        if last and last.digest == digest and last.copy == copy:
            return last.since
        # The file's own time will not do: a copy changes with a notice too, and Last-Modified counts whole seconds,
        # so a second change within one would never reach those who send If-Modified-Since alone.
        since = now.replace(microsecond=0)
        if last:
            since = last.since if last.digest == digest else max(since, last.since + timedelta(seconds=1))
        self._known = self._known | {name: LastModified(digest, since, copy, bool(last and last.has_subscribers))}
        return since

    def list_subscribed(self) -> set[str]:
        """Return the names of the calendars that programs have fetched."""
        return {name for name, last in self._known.items() if last.has_subscribers}

    def note_subscribed(self, names: Set[str]) -> None:
        """Note that programs have fetched the calendars *names*."""
        self._known = {
            name: msgspec.structs.replace(last, has_subscribers=True) if name in names else last
            for name, last in self._known.items()
        }

    def save(self) -> None:
        """Save what changed."""
        if self._known is not self._saved:
            self._saved = self._known
            self._file.save_if_possible(self._known)


class CopyPlace:
    """Where the copy of the calendar *name* in *folder* and its state lie. To find that out takes time each time."""

    __slots__ = ("state", "state_file", "store")

    def __init__(self, folder: FeedFolder, name: str) -> None:
        self.store = folder.make_store(name)
        self.state_file = StateFile(folder.states, self.store.name)
        self.state = FileStore(self.state_file.path)


@dataclass(frozen=True, slots=True)
class ServedCalendar:
    """A stored copy and what subscribers get of it.

    *version* tells when copy or state changed on disk. *copy* and *answers* are None before the first copy, and where
    the copy *is_foreign*: another account's. *last_success* is when the source last answered for it.
    """

    version: object
    copy: CopyFacts | None
    body: CopyBody | None
    last_success: datetime | None
    notice: Notice | None
    answers: CalendarAnswers | None
    is_foreign: bool = False


@dataclass(frozen=True)
class FeedOptions:
    """Which feeds are made, of the calendars *names*; a notice comes *notice_after* the last success (0: never)."""

    names: tuple[str, ...]
    notice_after: timedelta = timedelta(days=3)


NO_SECRETS = Secrets("", {})


class FeedStore:
    """Puts the feeds of one account and its *page* into the *directory*.

    They are made of the stored copies in the folder that is open; *cache* keeps a few octets. Safe to use from several
    threads. *calendars* and *secrets* are replaced whole.
    """

    def __init__(self, now: Callable[[], datetime], cache: CopyCache, directory: Directory, page: PageSource) -> None:
        self._options = FeedOptions(())
        self._now = now
        self.cache = cache
        self._directory = directory
        self._page = page
        self._lock = threading.Lock()
        self.folder: FeedFolder | None = None
        self.calendars: dict[str, ServedCalendar] = {}
        self.secrets = NO_SECRETS
        self._replaced: dict[str, Notice] = {}
        self._places: dict[str, CopyPlace] = {}
        self.subscribed: set[str] = set()
        """The names of the calendars that programs have fetched; each feed adds its own."""
        self._kept_subscribed = 0
        self._seen: int | None = None  # the folder's time when all of it was looked at

    def open(self, folder: FeedFolder, options: FeedOptions) -> None:
        """Serve what *options* want of what is in *folder*, at the addresses kept there, and nothing else any more.

        Raises OutputError where these cannot be read or made; then all is as it was.
        """
        with self._lock:
            self._open(folder, options)
            self._publish()

    def close(self) -> None:
        """Serve nothing any more."""
        with self._lock:
            self.folder, self.calendars, self.secrets, self._replaced = None, {}, NO_SECRETS, {}
            self._publish()

    def _open(self, folder: FeedFolder, options: FeedOptions) -> None:
        version = _read_version(FileStore(folder.secrets_file.path))
        self.secrets = folder.secrets_file.load(options.names)
        before = self.calendars if self.folder == folder else {}
        self._secrets_version, self._options, self.folder = version, options, folder
        self._last_modified = LastModifiedFile(folder.last_modified_path)
        self._places = {name: CopyPlace(folder, name) for name in self._names}
        self._seen = None
        self.calendars = {name: self._load_calendar(folder, name, before.get(name)) for name in self._names}
        self._last_modified.save()
        self.subscribed = self._last_modified.list_subscribed()
        self._kept_subscribed = len(self.subscribed)
        self._replaced = self._find_replaced()

    def look(self) -> bool:
        """Reload if something was put into the folder, and return whether anything was.

        Copies and secrets are replaced by renaming, so it shows.
        """
        if len(self.subscribed) > self._kept_subscribed:
            self._keep_subscribed()
        if (folder := self.folder) is None or self._seen == _read_folder_time(folder.path):
            return False
        self.reload()
        return True

    def reload(self, names: Iterable[str] | None = None) -> None:
        """Replace the feeds if the secrets or a stored copy changed on disk, or a notice came or went.

        With *names*, only the copies of these calendars are looked at.
        """
        # The server calls this each second, the refresher when it is done. Without the lock an older state, read by
        # the one, could replace the newer one that the other has just put there.
        with self._lock:
            if (folder := self.folder) is None:
                return
            seen = _read_folder_time(folder.path)
            # A folder's time is that of the system's tick. What comes within the same one would not be seen, so a
            # young time is not taken for seen.
            is_settled = names is None and seen is not None and time.time_ns() - seen > YOUNG
            self._seen = seen if is_settled else None if names is None else self._seen
            wanted = [name for name in names or self._names if name in self.calendars]  # settings may leave it out now
            found = {name: self._load_calendar(folder, name, self.calendars[name]) for name in wanted}
            is_changed = any(found[name] is not self.calendars[name] for name in found)
            is_changed = self._reload_secrets(folder) or is_changed
            replaced = self._find_replaced()
            if is_changed or replaced != self._replaced:
                self.calendars, self._replaced = self.calendars | found, replaced
                self._last_modified.save()
                self._publish()

    @property
    def _names(self) -> tuple[str, ...]:
        return self._options.names

    def load_copy(self, name: str) -> bytes | None:
        """Return the octets of the stored copy of the calendar *name*, None where they cannot be read."""
        if (place := self._places.get(name)) is None:
            return None
        try:
            snapshot = place.store.load()
        except OutputError as error:
            log.warning("The stored copy cannot be served: %s", error)
            return None
        return snapshot.octets if snapshot else None

    def load_calendar(self, name: str) -> StoredCalendar | None:
        """Return the stored copy of the calendar *name*, None where there is none to serve."""
        served = self.calendars.get(name)
        return served.body.parse() if served and served.body else None

    def find_event(self, uid: str) -> StoredEvent | None:
        """Return the event *uid* of the first stored copy that has it, None where none has."""
        calendars = map(self.load_calendar, self._names)
        return next((event for each in calendars if each and (event := each.events.get(uid))), None)

    def _keep_subscribed(self) -> None:
        with self._lock:
            subscribed = frozenset(self.subscribed)  # the server's thread may add a name meanwhile
            self._last_modified.note_subscribed(subscribed)
            self._last_modified.save()
            self._kept_subscribed = len(subscribed)

    def _publish(self) -> None:
        targets: dict[str, Target] = {self.secrets.page: self._page} if self.secrets.page else {}
        for name, served in self.calendars.items():
            fallback = FOREIGN_COPY if served.is_foreign else NOT_YET_FETCHED
            targets[self.secrets.calendars[name]] = Feed(served.answers or fallback, self.subscribed)
        for secret, notice in self._replaced.items():
            body = FixedBody(make_notice_calendar(notice))
            targets[secret] = Feed(CalendarAnswers(notice.name, body, notice.appeared, None))
        self._directory.put(self, targets, self.secrets.all)

    def _find_replaced(self) -> dict[str, Notice]:
        """Return the notice for each replaced secret that is still answered."""
        now = self._now()
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
        place = self._places[name]
        version = _read_version(place.store), _read_version(place.state)
        now, after = self._now(), self._options.notice_after
        if before and before.version == version:
            if before.notice == find_due_notice(name, before.last_success, after, now):
                return before
            copy, last_success, is_foreign = before.copy, before.last_success, before.is_foreign
        else:
            copy, is_foreign = self._load_facts(folder, name, version[0], before)
            # The state may outlive a copy that was damaged. Where it was lost, the newest stamp says no less.
            last_success = (place.state_file.load().last_success or copy.newest) if copy else None
        notice = find_due_notice(name, last_success, after, now)
        if copy is None:
            return ServedCalendar(version, None, None, last_success, notice, None, is_foreign)
        body = CopyBody(self, name, copy, notice)
        since = self._last_modified.find(name, body.digest, now, copy)
        answers = CalendarAnswers(name, body, since, last_success)
        return ServedCalendar(version, copy, body, last_success, notice, answers)

    def _load_facts(
        self, folder: FeedFolder, name: str, version: object, before: ServedCalendar | None
    ) -> tuple[CopyFacts | None, bool]:
        """Return what is known of the copy of the calendar *name*, None where none is served, and if it is foreign."""
        store = self._places[name].store
        known = self._last_modified.find_copy(name, version)
        if known and not folder.is_foreign_id(known.calendar_id):
            return known, False
        if known or folder.holds_foreign(name):
            log.warning("The stored copy %s is not served: it is another account's.", store.describe())
            return None, True
        copy = _read_copy(store)
        if copy is None:
            # One that was damaged while it was served goes on being served, for as long as its octets are kept.
            kept = before.copy if before else None
            return (kept if kept and self.cache.packed.get(kept.digest) else None), False
        facts, octets = copy
        if before is not None:  # it changed just now, and its subscribers will fetch it soon
            self.cache.keep(facts.digest, octets)
        return facts, False


def _read_version(store: FileStore) -> object:
    try:
        return store.read_version()
    except OutputError as error:
        return str(error)  # a state like any other: it is reported when it begins, not each second


def _read_folder_time(folder: Path) -> int | None:
    try:
        return os.stat(folder).st_mtime_ns
    except OSError:
        return None


def _read_copy(store: FileStore) -> tuple[CopyFacts, bytes] | None:
    """Return the copy in *store* and its octets, None where there is none, or not a whole one."""
    try:
        if (snapshot := store.load()) is None:
            return None
        calendar = parse_calendar(snapshot.octets)
    except DamagedCalendar as error:
        log.warning("The stored copy %s is not served: %s.", store.describe(), error)
        return None
    except OutputError as error:
        log.warning("The stored copy is not served: %s", error)
        return None
    newest = calendar.newest.moment if calendar.newest else None
    digest, size = hash_octets(snapshot.octets), len(snapshot.octets)
    return CopyFacts(snapshot.version, digest, size, calendar.calendar_id, newest), snapshot.octets
