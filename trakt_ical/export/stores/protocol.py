"""The seam between a run and the place where its calendar lives, with the state and the lock of each such place."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, NamedTuple, Protocol, TypeAlias

import msgspec

from trakt_ical import files
from trakt_ical.errors import TraktIcalError
from trakt_ical.files import JsonFile
from trakt_ical.model import check_years

LOCK_WAIT = 60  # seconds
LARGEST = 256 * 2**20  # octets; no calendar of ours comes near

Version: TypeAlias = str
"""Tells one state of a stored calendar from every other one; only the store that made it understands it."""


class Snapshot(NamedTuple):
    """The *octets* that a store held, and their *version*."""

    octets: bytes
    version: Version


class Store(Protocol):
    """A place where one calendar lives: a file, the feed's copy, an object in a bucket.

    A run loads once and saves at most once. All methods raise OutputError where the place does not do its part.
    """

    @property
    def name(self) -> str:
        """The identity of the place, however its address was written: lock and state are kept under it."""
        ...

    @property
    def label(self) -> str:
        """The name for people, without what is secret in it."""
        ...

    def describe(self) -> str:
        """Return the place as the user wrote it, for messages: without what is secret in it."""
        ...

    def load(self) -> Snapshot | None:
        """Return what is stored, None where nothing is yet."""
        ...

    def save(self, octets: bytes, expected: Snapshot | None) -> bool:
        """Replace what is stored in one step, and return whether that changed anything.

        *expected* is what this run loaded. Where something else is stored by now, WrittenMeanwhile is raised and that
        stays.
        """
        ...

    def sweep(self) -> None:
        """Remove what killed runs left beside the calendar. Only who holds the lock may call it."""
        ...

    def keep_aside(self, octets: bytes) -> str:
        """Keep a copy of *octets* beside the calendar, under a name that is free, and return that name."""
        ...

    def complete_state(self, kept: OutputState, snapshot: Snapshot | None) -> OutputState:
        """Return *kept*, which this computer knows, with what others noted; *snapshot* is what this run loaded.

        A place that only this computer writes to has nothing to add.
        """
        ...

    def share_state(self, state: OutputState) -> None:
        """Let the other computers that write here know of *state*; it may be corrected by what they noted before."""
        ...


class Summary(msgspec.Struct, frozen=True):
    """How many *events* a calendar has, from the day *first* to the day *last*, and how many it had no room for.

    *unshown*: how many airings are listed on its days where it is empty all the same.
    """

    events: int = 0
    first: date | None = None
    last: date | None = None
    over_limit: int = 0
    unshown: int = 0


Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class LastRun(msgspec.Struct, frozen=True):
    """A run that changed nothing: a *fingerprint* of all that it depended on, and what it came to.

    From *valid_until* on the passing of time alone may change the result. *version*: that of the stored calendar.
    """

    fingerprint: str
    valid_until: Instant
    summary: Summary
    version: Version = ""

    def __post_init__(self) -> None:
        check_years((self.valid_until,))


class Failure(msgspec.Struct, frozen=True):
    """Runs have failed *since* then, the last one with *message* and *exit_status*."""

    since: Instant
    message: str
    exit_status: int

    def __post_init__(self) -> None:
        check_years((self.since,))


def continue_failure(before: Failure | None, error: TraktIcalError, now: datetime) -> Failure:
    """Return the failure by *error* at *now*, which goes on since *before* did where runs had failed already."""
    # A beginning that lies ahead was noted while the clock was wrong.
    return Failure(min(before.since, now) if before else now, str(error), error.exit_code)


class OutputState(msgspec.Struct, kw_only=True):
    """What is known of one output, besides its octets. None: never.

    *guard_missing* are the UIDs whose loss is held back since *guard_since*. *last_run* spares the next one the work.
    *scope*: the id of the calendar, which says whose it is; "" where no run has noted it yet. *settings_file*: the
    one whose run noted that, which is all that tells where a calendar that is nobody's belongs.
    *failure*: how the last run failed, None where it succeeded.
    *filters*: a hash of those that the stored calendar was made with, "" where that is not known.
    """

    output: str
    last_success: Instant | None = None
    last_change: Instant | None = None
    guard_since: Instant | None = None
    guard_missing: frozenset[str] = frozenset()
    last_run: LastRun | None = None
    failure: Failure | None = None
    filters: str = ""
    scope: str = ""
    settings_file: str = ""

    def __post_init__(self) -> None:
        check_years((self.last_success, self.last_change, self.guard_since))

    def hold_back(self, missing: frozenset[str], now: datetime) -> datetime:
        """Note that an update without *missing* is held back, and return since when."""
        # A greater loss is another one: its days begin anew. A smaller one is the old one, on its way back.
        # A start that lies ahead was written while the clock was wrong, and would hold the calendar for too long.
        if self.guard_since is None or self.guard_since > now or not missing <= self.guard_missing:
            self.guard_since, self.guard_missing = now, missing
        return self.guard_since

    def note_success(self, now: datetime, *, changed: bool) -> None:
        """Note a success. Nothing is held back any more."""
        self.guard_since, self.guard_missing = None, frozenset()
        self.failure = None
        self.last_success = now
        self.last_change = now if changed else self.last_change

    def note_failure(self, error: TraktIcalError, now: datetime) -> None:
        """Note that a run failed by *error*; others may have failed before it."""
        self.failure = continue_failure(self.failure, error, now)

    def find_summary(self, fingerprint: str, now: datetime) -> Summary | None:
        """Return what a run of *fingerprint* comes to at *now*, None where only the run itself can tell."""
        last = self.last_run
        return last.summary if last and last.fingerprint == fingerprint and now < last.valid_until else None


class StateFile:
    """The state of the store called *name*, in *folder*, with a lock that all runs for the same store share.

    *label*: what people see as its name, where that is another.
    """

    def __init__(self, folder: Path, name: str, label: str = "") -> None:
        octets = os.fsencode(name)  # a path may hold octets that are no text
        self._output = os.fsencode(label or name).decode(errors="backslashreplace")
        self.path = folder / f"{hashlib.blake2b(octets, digest_size=12).hexdigest()}.json"
        self._file = _open_state(self.path)

    def lock(self) -> contextlib.AbstractContextManager[None]:
        """Keep other runs for the same store waiting. Raises OutputError after a minute."""
        return files.lock(self.path, wait=LOCK_WAIT)

    def load(self) -> OutputState:
        """Return the state; a new one where there is none that can be read."""
        return self._file.load_if_readable() or OutputState(output=self._output)

    def save(self, state: OutputState) -> None:
        """Replace the old state. Where that fails, it costs no more than a warning: no event is lost with it."""
        self._file.save_if_possible(state)


def load_states(folder: Path) -> Iterator[tuple[Path, OutputState]]:
    """Return the states of all outputs that are kept in *folder*, each with its file, by the names of the outputs."""
    states = ((path, _open_state(path).load_if_readable()) for path in folder.glob("*.json"))
    yield from sorted(((path, state) for path, state in states if state), key=lambda found: found[1].output)


def _open_state(path: Path) -> JsonFile[OutputState]:
    return JsonFile(path, OutputState, "state file")
