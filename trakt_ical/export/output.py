"""The output of one calendar during one run: locked, loaded once, saved at most once, with what outlives the run."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from trakt_ical.errors import OutputError, TraktIcalError
from trakt_ical.export.ics import CalendarId
from trakt_ical.export.stored_calendar import DamagedCalendar, StoredCalendar, check_sum, parse_calendar
from trakt_ical.export.stores.address import is_bucket_address
from trakt_ical.export.stores.file import FileStore
from trakt_ical.export.stores.protocol import LastRun, OutputState, Snapshot, StateFile, Store

log = logging.getLogger(__name__)


class Output(msgspec.Struct, frozen=True):
    """Where a calendar goes, and what is there.

    *snapshot*: what the store held; *stored*: the calendar in it, None where there is none of ours. *store* and
    *state_file* are None where nothing is to be saved: the calendar goes to nowhere but the caller. Unless it
    *is_checked*, the stored calendar was not compared with its SUM: `check_sum` does that.
    """

    store: Store | None = None
    state_file: StateFile | None = None
    state: OutputState | None = None
    snapshot: Snapshot | None = None
    stored: StoredCalendar | None = None
    is_checked: bool = True

    def check_sum(self) -> None:
        """Compare the stored calendar with its SUM, if that was not done. Raises OutputError where it is damaged."""
        if self.store is None or self.stored is None or self.is_checked:
            return
        try:
            check_sum(self.stored.octets)
        except DamagedCalendar as error:
            raise _make_refusal(self.store, error) from error

    def save(self, octets: bytes, now: datetime, last_run: LastRun | None) -> bool:
        """Save the calendar, note the success, and return whether anything changed. Raises OutputError.

        *last_run* is kept where nothing changed: only then is it certain that the same run would do nothing again.
        """
        if self.store is None:
            return self.snapshot is None or octets != self.snapshot.octets
        changed = self.store.save(octets, self.snapshot)
        if self.state is not None:
            self.state.last_run = None if changed else last_run
            self.state.note_success(now, changed=changed)
        self.save_state()
        return changed

    def note_unchanged(self, now: datetime) -> None:
        """Note a success that changed nothing."""
        if self.state is not None:
            self.state.note_success(now, changed=False)
        self.save_state()

    def note_failure(self, error: TraktIcalError, now: datetime) -> None:
        """Note that the run failed by *error*."""
        if self.state is not None:
            self.state.note_failure(error, now)
        self.save_state()

    def save_state(self) -> None:
        """Save the state, where there is one."""
        if self.store is None or self.state_file is None or self.state is None:
            return
        self.store.share_state(self.state)
        self.state_file.save(self.state)


def make_store(output: str) -> Store:
    """Return the store at *output*, a path or the address of an object in a bucket. Raises SettingsError."""
    if is_bucket_address(output):
        from trakt_ical.export.stores.bucket import BucketStore  # few outputs are in one

        return BucketStore(output)
    return FileStore(Path(output).expanduser())


@contextlib.contextmanager
def open_output(store: Store, states: Path, calendar_id: CalendarId, now: datetime, *, force: bool) -> Iterator[Output]:
    """Lock *store*, whose state is in the folder *states*, and load the calendar in it, which must be *calendar_id*.

    Raises OutputError where something else is there, and notes that it was so at *now*; with *force* it is kept aside.
    """
    state_file = StateFile(states, store.name, store.label)
    # From the load to the save no other run may write: both would start from the same calendar, and the second one
    # would give the same change stamps to other changes.
    with state_file.lock():
        store.sweep()  # now, since a run that changes nothing saves nothing
        snapshot = store.load()
        state = store.complete_state(state_file.load(), snapshot)
        # To hash a large calendar takes a twentieth of a run that ends at once. The last run did it for this version.
        last = state.last_run
        is_checked = force or snapshot is None or last is None or last.version != snapshot.version
        try:
            stored = parse_own_calendar(snapshot.octets, calendar_id, checks_sum=is_checked) if snapshot else None
        except DamagedCalendar as error:
            if not force or snapshot is None:
                refusal = _make_refusal(store, error)
                if not state.scope or _is_same_calendar(state.scope, calendar_id):  # else it is another one's state
                    state.scope = str(calendar_id)
                    state.note_failure(refusal, now)
                    state_file.save(state)
                raise refusal from error
            log.warning("The file that was there is now %s.", store.keep_aside(snapshot.octets))
            stored = None
        state.scope = str(calendar_id)
        yield Output(store, state_file, state, snapshot, stored, is_checked)


def _make_refusal(store: Store, error: DamagedCalendar) -> OutputError:
    return OutputError(f"{store.describe()} was not changed: {error}. To replace it and keep a copy, use --force.")


def read_output(store: Store, states: Path, calendar_id: CalendarId) -> Output:
    """Load what *store* holds, to read it only: there is no lock, and nothing is saved. Raises OutputError."""
    snapshot = store.load()
    try:
        stored = parse_own_calendar(snapshot.octets, calendar_id) if snapshot else None
    except DamagedCalendar as error:
        raise OutputError(f"{store.describe()} cannot be used: {error}.") from error
    state = store.complete_state(StateFile(states, store.name, store.label).load(), snapshot)
    return Output(state=state, snapshot=snapshot, stored=stored)


def parse_own_calendar(octets: bytes, calendar_id: CalendarId, *, checks_sum: bool = True) -> StoredCalendar:
    """Parse the calendar in *octets*. Raises DamagedCalendar where it is none of ours, or not *calendar_id*."""
    stored = parse_calendar(octets, checks_sum=checks_sum)
    if not _is_same_calendar(stored.calendar_id, calendar_id):
        found, wanted = stored.calendar_id.rpartition("/")[0], str(calendar_id).rpartition("/")[0]
        raise DamagedCalendar(f"it is another calendar ({found}, not {wanted})")
    return stored


def _is_same_calendar(found: str, wanted: CalendarId) -> bool:
    """Whether the id *found* is that of the calendar *wanted*; another owner's or source's is not."""
    # Kinds may be added and removed: it is still the same calendar.
    return found.rpartition("/")[0] == str(wanted).rpartition("/")[0]
