"""The job of `push`, and of what follows each export: keep calendars on CalDAV servers in step with the stored ones.

What is known of a server is kept as a cache, so that nothing is asked where nothing changed. Losing it costs one
request; once a day it is thrown away, all is read back, and what differs is repaired.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace

from trakt_ical import files
from trakt_ical.app.calendar_specs import make_calendar_id
from trakt_ical.app.feed_folder import make_feed_folder
from trakt_ical.app.push_state import PushState, open_push_state
from trakt_ical.errors import OutputError, SettingsError, TraktIcalError
from trakt_ical.export.mirror import (
    CollectionGone,
    Plan,
    PushResult,
    WantedEvent,
    list_wanted,
    make_plan,
    push,
)
from trakt_ical.export.output import make_store, read_output
from trakt_ical.export.stores.protocol import continue_failure
from trakt_ical.files import JsonFile
from trakt_ical.http import is_loopback
from trakt_ical.pipeline import RunResult

if TYPE_CHECKING:
    from trakt_ical.app.context import App
    from trakt_ical.app.export import Job
    from trakt_ical.config import Calendar, PushTarget
    from trakt_ical.export.caldav import CalDavServer
    from trakt_ical.export.stored_calendar import StoredCalendar
    from trakt_ical.export.stores.protocol import Store
    from trakt_ical.pipeline import Outcome

log = logging.getLogger(__name__)

LOCK_WAIT = 60  # seconds
COLOR = "#DC143C"  # crimson, as the calendars have; people change it in their program

PushProgress: TypeAlias = Callable[[int, int], None]


class PushReport(msgspec.Struct, frozen=True):
    """What became of the push *name*: a *result*, or why it failed."""

    name: str
    result: PushResult | TraktIcalError


def push_after_export(
    jobs: Sequence[tuple[App, Job]], outcomes: Sequence[Outcome], tell: PushProgress = lambda _done, _total: None
) -> tuple[list[Outcome], list[PushReport]]:
    """Push what *jobs* made; return their *outcomes*, with what failed, and what became of each push.

    Nothing is pushed for a calendar whose run failed or whose update is held back.
    """
    after, reports = list(outcomes), []
    stores: dict[str, dict[str, Store]] = {}
    apps: dict[str, App] = {}
    for (app, job), outcome in zip(jobs, outcomes, strict=True):
        if job.store and job.calendar.settings.push and isinstance(outcome, RunResult):
            stores.setdefault(job.calendar.settings.push, {})[job.calendar.title] = job.store
            apps[job.calendar.settings.push] = app
    for name, its in stores.items():
        try:
            reports.append(PushReport(name, push_stored(apps[name], name, stores=its, tell=tell)))
        except TraktIcalError as error:
            reports.append(PushReport(name, error))
            number = next(number for number, (_, job) in enumerate(jobs) if job.calendar.settings.push == name)
            outcome = after[number]
            if isinstance(outcome, RunResult) and outcome.later_error is None:
                after[number] = replace(outcome, later_error=error)
    return after, reports


def push_stored(
    app: App,
    name: str,
    *,
    stores: Mapping[str, Store] = {},
    tell: PushProgress = lambda _done, _total: None,
    dry_run: bool = False,
) -> PushResult:
    """Bring the calendar on the server of the push *name* in step with all stored calendars that belong to it.

    *stores* are those that an export has just written to, by the titles of calendars. Raises TraktIcalError.
    """
    target = app.resolved.pushes[name]
    stored = [_load_stored(app, each, stores) for each in app.calendars if each.settings.push == name]
    return push_calendars(app, target, stored, tell=tell, dry_run=dry_run)


def push_calendars(
    app: App, target: PushTarget, stored: Sequence[StoredCalendar], *, tell: PushProgress, dry_run: bool
) -> PushResult:
    """Bring the calendar of *target* in step with the *stored* calendars. Raises TraktIcalError."""
    check_encryption(app, target)
    wanted, now = list_wanted(stored), app.environment.now()
    file = open_push_state(app, target)
    with files.lock(file.path, wait=LOCK_WAIT):
        state = file.load_if_readable() or PushState(name=target.name)
        if state.is_fresh(now) and not _make_open_plan(wanted, state).size:
            return _note_success(file, state, now, PushResult(), dry_run=dry_run)
        pusher = _Pusher(file, state, now, dry_run=dry_run)
        try:
            return _note_success(file, state, now, pusher.push(target, wanted, tell), dry_run=dry_run)
        except TraktIcalError as error:
            if not dry_run:
                state.failure = continue_failure(state.failure, error, now)
                file.save_if_possible(state)
            raise


def check_encryption(app: App, target: PushTarget) -> None:
    """Raise SettingsError where the password would be sent in the clear to another computer."""
    parts = urlsplit(target.url)
    if parts.scheme != "https" and not is_loopback(parts.hostname or "") and not app.settings.plain_http:
        raise SettingsError(
            f"[push.{target.name}] would send your password to {parts.hostname} without encryption. "
            "Use https, or allow it with plain_http = true."
        )


def _note_success(
    file: JsonFile[PushState], state: PushState, now: datetime, result: PushResult, *, dry_run: bool
) -> PushResult:
    if not dry_run:
        state.last_success, state.failure = now, None
        if result.put or result.deleted:
            state.last_change = now
        file.save_if_possible(state)
    return result


class _Pusher:
    """One push: *state* follows what is known of the server, and *file* keeps it."""

    def __init__(self, file: JsonFile[PushState], state: PushState, now: datetime, *, dry_run: bool) -> None:
        self._file = file
        self._state = state
        self._now = now
        self._dry_run = dry_run

    def push(self, target: PushTarget, wanted: Mapping[str, WantedEvent], tell: PushProgress) -> PushResult:
        """Send what differs. Raises TraktIcalError."""
        from trakt_ical.export.caldav import CalDavServer

        with closing(CalDavServer(target.url, target.username, target.password)) as server:
            try:
                return self._push_to(server, target, wanted, tell)
            except CollectionGone:
                # Somebody deleted the calendar, or the server was set up anew.
                log.info("The calendar %s is no longer where it was.", target.calendar)
                self._state.collection, self._state.read_at = "", None
            try:
                return self._push_to(server, target, wanted, tell)
            except CollectionGone as error:
                raise OutputError(f"The server has no calendar {target.calendar}, and made none.") from error

    def _push_to(
        self, server: CalDavServer, target: PushTarget, wanted: Mapping[str, WantedEvent], tell: PushProgress
    ) -> PushResult:
        from trakt_ical.export.caldav import CalDavCollection

        state = self._state
        if not state.collection:
            home, found = server.find_collection(target.calendar)
            if found is None and self._dry_run:
                return PushResult(put=len(wanted))
            if found is None:
                state.events, state.taken, state.read_at = {}, {}, self._now
            state.collection = found or server.make_collection(home, target.calendar, COLOR)
        collection = CalDavCollection(server, state.collection)
        if not state.is_fresh(self._now):
            state.events, state.taken, state.read_at = collection.load_events(), {}, self._now
        plan = _make_open_plan(wanted, state)
        if self._dry_run:
            return PushResult(len(plan.puts), len(plan.deletes))
        # A push that is killed leaves a cache that is not trusted.
        self._file.save_if_possible(replace(state, read_at=None))
        try:
            result = push(collection, plan, state.events, tell)
        except BaseException:
            state.read_at = None
            raise
        state.taken |= {each.uid: title for each, title in _pair_taken(plan, state, result)}
        return replace(result, taken=tuple(state.taken.values()))


def _pair_taken(plan: Plan, state: PushState, result: PushResult) -> Iterator[tuple[WantedEvent, str]]:
    """Yield the events that were not taken, with their titles: of all puts those that are still not there."""
    missing = [each for each in plan.puts if each.uid not in state.events]
    yield from zip(missing, result.taken, strict=False)


def _make_open_plan(wanted: Mapping[str, WantedEvent], state: PushState) -> Plan:
    """Return what must be sent, without the events that another calendar of the account has."""
    return make_plan({uid: each for uid, each in wanted.items() if uid not in state.taken}, state.events)


def _load_stored(app: App, calendar: Calendar, stores: Mapping[str, Store]) -> StoredCalendar:
    """Return the stored calendar: of the store that was just written to, else of its output, else the feed's copy."""
    named = calendar.settings.output
    candidates: list[Store] = [stores[calendar.title]] if calendar.title in stores else []
    if not candidates:
        candidates = [make_store(named)] if named and named != "-" else []
        candidates.append(make_feed_folder(app).make_store(calendar.title))
    return read_stored(app, calendar, candidates)


def read_stored(app: App, calendar: Calendar, candidates: Sequence[Store]) -> StoredCalendar:
    """Return *calendar* as the first of the *candidates* stores it. Raises OutputError where none does."""
    calendar_id = make_calendar_id(app, calendar)
    for store in candidates:
        stored = read_output(store, app.folders.state, calendar_id).stored
        if stored:
            return stored
    # Without it, its events on the server would seem to be no longer wanted.
    raise OutputError(f"The calendar {calendar.title} has not been exported yet, so nothing was pushed.")


def find_pushes(app: App, names: Sequence[str]) -> list[str]:
    """Return the pushes called *names*, or all that calendars of *app* have. Raises SettingsError."""
    used = list(dict.fromkeys(each.settings.push for each in app.calendars if each.settings.push))
    for name in names:
        if name not in used:
            have = f"Your calendars have: {', '.join(used)}." if used else "Your calendars have none."
            raise SettingsError(f"No calendar is pushed to {name}. {have}")
    if not used:
        raise SettingsError('No calendar has a push. Make a [push.NAME] table, and put push = "NAME" into a calendar.')
    return list(names) or used
