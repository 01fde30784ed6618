"""The job of `push`, and of what follows each export: keep calendars on CalDAV servers in step with the stored ones.

What is known of a server is kept as a cache, so that nothing is asked where nothing changed. Losing it costs one
request; once a day it is thrown away, all is read back, and what differs is repaired.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec.structs import replace

from trakt_ical import files
from trakt_ical.app.calendar_specs import make_calendar_id
from trakt_ical.app.outputs import list_stored_outputs
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
    select_own,
)
from trakt_ical.export.output import Output, read_output
from trakt_ical.export.stores.protocol import continue_failure
from trakt_ical.fetch.sources import Progress, ignore_progress
from trakt_ical.files import JsonFile, LockHeld
from trakt_ical.http import is_loopback
from trakt_ical.pipeline import RunResult

if TYPE_CHECKING:
    from trakt_ical.app.context import App
    from trakt_ical.app.export import Job
    from trakt_ical.config import Calendar, PushTarget
    from trakt_ical.export.dav_client import DavClient
    from trakt_ical.export.stored_calendar import StoredCalendar
    from trakt_ical.export.stores.protocol import Store
    from trakt_ical.pipeline import Outcome

log = logging.getLogger(__name__)

LOCK_WAIT = 60  # seconds
COLOR = "#DC143C"  # crimson, as the calendars have; people change it in their program


def push_after_export(
    jobs: Sequence[tuple[App, Job]], outcomes: Sequence[Outcome], tell: Progress = ignore_progress
) -> tuple[list[Outcome], dict[str, PushResult]]:
    """Push what *jobs* made; return their *outcomes*, with what failed, and by its name what each other push did.

    Nothing is pushed for a calendar whose run failed or whose update is held back.
    """
    after, results = list(outcomes), dict[str, PushResult]()
    exported: dict[str, dict[int, RunResult]] = {}
    for number, ((_, job), outcome) in enumerate(zip(jobs, outcomes, strict=True)):
        if job.store and job.calendar.settings.push and isinstance(outcome, RunResult):
            exported.setdefault(job.calendar.settings.push, {})[number] = outcome
    for name, done in exported.items():
        stores = {jobs[number][1].calendar.title: store for number in done if (store := jobs[number][1].store)}
        first, result = next(iter(done.items()))
        try:
            results[name] = push_stored(jobs[first][0], name, stores=stores, tell=tell)
        except TraktIcalError as error:
            if result.later_error:
                log.warning("%s", result.later_error)  # only one of the two ends the run
            after[first] = replace(result, later_error=error)
    return after, results


def push_stored(
    app: App,
    name: str,
    *,
    stores: Mapping[str, Store] = {},
    tell: Progress = ignore_progress,
    dry_run: bool = False,
) -> PushResult:
    """Bring the calendar on the server of the push *name* in step with all stored calendars that belong to it.

    *stores* are those that an export has just written to, by the titles of calendars. Raises TraktIcalError.
    """
    with _open_pusher(app, name, dry_run=dry_run) as pusher:
        # With the lock: of two runs at a time, the second one has the newer calendars.
        return pusher.run(stores, tell)


def compare_with_server(app: App, name: str) -> PushResult:
    """Return what a push to *name* would send, by a look at all that is on the server. Raises TraktIcalError."""
    with _open_pusher(app, name, dry_run=True) as pusher:
        pusher.distrust()
        return pusher.run({}, ignore_progress)


@contextmanager
def _open_pusher(app: App, name: str, *, dry_run: bool) -> Iterator[_Pusher]:
    """Return what pushes to *name*, and keep other processes from doing so. Raises OutputError where one takes long."""
    target = app.resolved.pushes[name]
    check_encryption(app, target)
    file = open_push_state(app, target)
    with ExitStack() as stack:
        try:
            stack.enter_context(files.lock(file.path, wait=LOCK_WAIT))
        except LockHeld as error:
            raise OutputError(f"Another run is pushing to {name}, and takes long. Run this again later.") from error
        yield _Pusher(app, target, file, dry_run=dry_run)


def check_encryption(app: App, target: PushTarget) -> None:
    """Raise SettingsError where the password would be sent in the clear to another computer."""
    parts = urlsplit(target.url)
    if parts.scheme != "https" and not is_loopback(parts.hostname or "") and not app.settings.plain_http:
        raise SettingsError(
            f"[push.{target.name}] would send your password to {parts.hostname} without encryption. "
            "Use https, or allow it with plain_http = true."
        )


class _Pusher:
    """One push to *target*: what is known of the server follows what is sent, and *file* keeps it."""

    def __init__(self, app: App, target: PushTarget, file: JsonFile[PushState], *, dry_run: bool) -> None:
        self._app = app
        self._target = target
        self._file = file
        self._state = file.load_if_readable() or PushState(name=target.name)
        self._now = app.environment.now()
        self._dry_run = dry_run

    def distrust(self) -> None:
        """Ask the server even where what is known of it is new."""
        self._state.read_at = None

    def run(self, stores: Mapping[str, Store], tell: Progress) -> PushResult:
        """Push all calendars of the target, and note what became of it. Raises TraktIcalError."""
        state = self._state
        try:
            calendars = [each for each in self._app.calendars if each.settings.push == self._target.name]
            result = self._push([load_pushed_calendar(self._app, each, stores) for each in calendars], tell)
        except TraktIcalError as error:
            if not self._dry_run:
                state.failure = continue_failure(state.failure, error, self._now)
                self._file.save_if_possible(state)
            raise
        if not self._dry_run:
            state.last_success, state.failure = self._now, None
            if result.put or result.deleted:
                state.last_change = self._now
            self._file.save_if_possible(state)
        return result

    def _push(self, stored: Sequence[StoredCalendar], tell: Progress) -> PushResult:
        wanted, state, target = list_wanted(stored), self._state, self._target
        if state.is_fresh(self._now) and not self._make_plan(wanted).size:
            return PushResult()
        from trakt_ical.export.dav_client import DavClient  # an export that changed nothing needs none

        sleep = self._app.environment.sleep
        with closing(DavClient(target.url, target.username, target.password, sleep=sleep)) as client:
            try:
                return self._push_with(client, wanted, tell)
            except CollectionGone:
                # Somebody deleted the calendar, or the server was set up anew.
                log.info("The calendar %s is no longer where it was.", target.calendar)
                state.collection, state.read_at = "", None
            try:
                return self._push_with(client, wanted, tell)
            except CollectionGone as error:
                raise OutputError(
                    f"{client.host} shows the calendar {target.calendar}, but takes no event there. "
                    "May this user write to it?"
                ) from error

    def _push_with(self, client: DavClient, wanted: Mapping[str, WantedEvent], tell: Progress) -> PushResult:
        from trakt_ical.export.caldav import CalDavCollection

        state = self._state
        is_found = not state.collection or not state.is_fresh(self._now)
        if not state.collection and not self._find_collection(client):
            return PushResult(put=len(wanted))
        collection = CalDavCollection(client, state.collection)
        if not state.is_fresh(self._now):
            state.events = select_own(collection.load_events(), wanted, state.events)
            state.taken, state.refused, state.read_at = {}, {}, self._now
        plan = self._make_plan(wanted)
        if self._dry_run:
            return PushResult(len(plan.puts), len(plan.deletes))
        # A push that is killed leaves a cache that is not trusted.
        self._file.save_if_possible(replace(state, read_at=None))
        try:
            result = push(collection, plan, state.events, tell, is_found=is_found)
        except BaseException:
            state.read_at = None
            raise
        state.taken |= result.taken
        state.refused |= result.refused
        return result

    def _find_collection(self, client: DavClient) -> bool:
        """Find the calendar, or make it; return whether there is one now."""
        from trakt_ical.export.caldav import CalDavServer

        state, server = self._state, CalDavServer(client)
        state.collection = server.find_calendar(self._target.calendar) or ""
        if not state.collection and not self._dry_run:
            state.collection, is_new = server.make_calendar(self._target.calendar, COLOR)
            if is_new:
                state.events, state.taken, state.refused, state.read_at = {}, {}, {}, self._now
        return bool(state.collection)

    def _make_plan(self, wanted: Mapping[str, WantedEvent]) -> Plan:
        """Return what must be sent, without the events that the server did not take since it was read back."""
        state = self._state
        plan = make_plan(wanted, state.events)
        return plan._replace(
            puts=[each for each in plan.puts if each.uid not in state.taken and each.uid not in state.refused]
        )


def load_pushed_calendar(app: App, calendar: Calendar, stores: Mapping[str, Store]) -> StoredCalendar:
    """Return the stored calendar: of the one of *stores* that was just written to, else its output or its feed.

    Of those two the one that was made last counts: people change from a file to a feed, and the file stays behind.
    Raises OutputError where there is none yet.
    """
    if calendar.title in stores:
        outputs = [read_output(stores[calendar.title], app.folders.state, make_calendar_id(app, calendar))]
    else:
        outputs = list(list_stored_outputs(app, calendar))
    never = datetime.min.replace(tzinfo=UTC)
    newest = max(outputs, key=lambda each: (each.state and each.state.last_success) or never, default=Output())
    stored = newest.stored
    if stored is None:
        # Without it, its events on the server would seem to be no longer wanted.
        raise OutputError(f"The calendar {calendar.title} has not been exported yet, so nothing was pushed.")
    return stored


def find_pushes(apps: Sequence[App], names: Sequence[str]) -> list[tuple[App, str]]:
    """Return the pushes called *names*, or all that calendars of *apps* have, with the account of each.

    Raises SettingsError.
    """
    used = {name: app for app in apps for name in app.push_names}
    for name in names:
        if name not in used:
            have = f"Your calendars have: {', '.join(used)}." if used else "Your calendars have none."
            raise SettingsError(f"No calendar is pushed to {name}. {have}")
    if not used:
        raise SettingsError('No calendar has a push. Make a [push.NAME] table, and put push = "NAME" into a calendar.')
    return [(used[name], name) for name in names or used]
