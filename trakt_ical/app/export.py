"""An export: what Trakt lists and the files that earlier runs wrote become the next files."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, NamedTuple

from trakt_ical.app.calendar_specs import DaySpan, make_calendar_id, make_calendar_spec
from trakt_ical.app.sources import find_calendar_zone, open_source
from trakt_ical.errors import BrokenAnswer, OutputError, TraktIcalError, UpdateHeldBack
from trakt_ical.export.ics import CalendarId
from trakt_ical.export.merge import Merge, MergeResult
from trakt_ical.export.stored import DamagedCalendar, StoredCalendar, parse_calendar
from trakt_ical.export.stores.store import OutputState, Snapshot, StateFile, Store
from trakt_ical.model import local_date

if TYPE_CHECKING:
    from trakt_ical.app.app import App
    from trakt_ical.config import Calendar
    from trakt_ical.fetch.source import Fetched, Progress
    from trakt_ical.pipeline import CalendarSpec


log = logging.getLogger(__name__)


class PreviousCalendar(NamedTuple):
    """What a store held: the *snapshot* (None: nothing), and the calendar in it, None where it is not ours."""

    snapshot: Snapshot | None
    calendar: StoredCalendar | None


NOTHING = PreviousCalendar(None, None)


def load_previous(store: Store, scope: CalendarId, *, replaceable: bool, force: bool) -> PreviousCalendar:
    """Load what *store* holds, which must be a calendar of *scope*. With *force* what is not is put aside.

    Raises OutputError, which offers that where the store is *replaceable*.
    """
    snapshot = store.load()
    if snapshot is None:
        return NOTHING
    try:
        return PreviousCalendar(snapshot, _parse_own(snapshot.octets, scope))
    except DamagedCalendar as error:
        if not force:
            hint = " --force replaces it and keeps a copy." if replaceable else ""
            raise OutputError(f"{store.describe()} stays as it is: {error}.{hint}") from error
        log.warning("The file that was there is now %s.", store.keep_aside(snapshot.octets))
        return PreviousCalendar(snapshot, None)


def _parse_own(octets: bytes, scope: CalendarId) -> StoredCalendar:
    previous = parse_calendar(octets)
    was, now = previous.scope.rpartition("/")[0], str(scope).rpartition("/")[0]
    if was != now:
        raise DamagedCalendar(f"it is another calendar ({was}, not {now})")
    return previous


@dataclass(frozen=True, slots=True)
class Job:
    """One *calendar* to be made, and the *store* that it goes to; None: to nowhere but the caller.

    *previous* holds the calendar to go on from where that is not in *store*.
    """

    calendar: Calendar
    store: Store | None
    previous: Store | None = None


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What an export is asked for, besides the settings.

    *force* replaces what is not ours, keeping a copy; *accept_shrink* believes a calendar that lost most of itself.
    """

    span: DaySpan = DaySpan()  # noqa: RUF009  frozen
    force: bool = False
    accept_shrink: bool = False


@dataclass(frozen=True, slots=True)
class Exported:
    """What a job came to; *changed* tells whether the file is another one now, *zone* counts the days.

    *unshown*: how many airings Trakt lists on these days where the calendar is empty all the same.
    """

    revised: MergeResult
    zone: tzinfo
    changed: bool
    unshown: int


def export(
    app: App, jobs: Sequence[Job], wanted: ExportOptions, progress: Progress = lambda done, of: None
) -> list[Exported | TraktIcalError]:
    """Do *jobs*, asking Trakt once for all; what became of each, in their order.

    Where that is an error, the old file is as it was, and the other jobs are done all the same.
    """
    outcomes: dict[int, Exported | TraktIcalError] = {}
    with ExitStack() as stack:
        begun: list[_Begun] = []
        for number, job in sorted(enumerate(jobs), key=_find_lock_order):
            try:
                begun.append(_begin_job(app, number, job, wanted, stack))
            except TraktIcalError as error:
                outcomes[number] = error
        for source in {each.job.calendar.settings.source: None for each in begun}:
            of_source = [each for each in begun if each.job.calendar.settings.source == source]
            outcomes |= _finish_jobs(app, source, of_source, wanted, progress)
    return [outcomes[number] for number in range(len(jobs))]


def _find_lock_order(numbered: tuple[int, Job]) -> str:
    """All runs lock in one order: two that want the same two stores would else wait for each other."""
    store = numbered[1].store
    return store.name if store else ""


@dataclass(frozen=True, slots=True)
class _Begun:
    """A job whose store is locked (*file* and *state* are None without one) and whose memory was checked."""

    number: int
    job: Job
    memory: PreviousCalendar
    file: StateFile | None
    state: OutputState | None


def _begin_job(app: App, number: int, job: Job, wanted: ExportOptions, stack: ExitStack) -> _Begun:
    whose = make_calendar_id(app, job.calendar)
    if job.store is None:
        kept = load_previous(job.previous, whose, replaceable=False, force=False) if job.previous else NOTHING
        return _Begun(number, job, kept, None, None)
    file = StateFile(app.folders.state, job.store.name)
    stack.enter_context(file.lock())
    state = file.load()
    return _Begun(number, job, load_previous(job.store, whose, replaceable=True, force=wanted.force), file, state)


def _finish_jobs(
    app: App, source: str, begun: Sequence[_Begun], wanted: ExportOptions, progress: Progress
) -> dict[int, Exported | TraktIcalError]:
    """What becomes of *begun*, which are of one *source*."""
    from trakt_ical import pipeline

    now = app.environment.now()
    try:
        with open_source(app, source) as opened:
            specs = {
                each.number: make_calendar_spec(
                    app,
                    each.job.calendar,
                    find_calendar_zone(opened, each.job.calendar.settings.timezone),
                    now,
                    wanted.span,
                )
                for each in begun
            }
            fetched = opened.fetch(pipeline.plan_fetch(specs.values()), progress)
    except TraktIcalError as error:
        if isinstance(error, BrokenAnswer):
            app.forget_answers()  # with their ETags, or a 304 would bring them back
        return {each.number: error for each in begun}
    return {each.number: _finish_job(app, each, fetched, specs[each.number], wanted) for each in begun}


def _finish_job(
    app: App, begun: _Begun, fetched: Fetched, spec: CalendarSpec, wanted: ExportOptions
) -> Exported | TraktIcalError:
    from trakt_ical import pipeline

    now = app.environment.now()
    try:
        step = pipeline.make_merge(fetched, spec, begun.memory.calendar, now)
        revised = _merge(app, begun, step, now, believe=wanted.accept_shrink)
        changed = _write(begun, revised, now)
    except TraktIcalError as error:
        return error
    return Exported(revised, spec.zone, changed, 0 if revised.starts else _count_listed(fetched, spec))


def _count_listed(fetched: Fetched, spec: CalendarSpec) -> int:
    """How many airings are listed on the days of *spec*, whatever its rules make of them."""
    from trakt_ical import pipeline

    airings = pipeline.list_airings(fetched, spec.kinds).values()
    return sum(local_date(airing.starts, spec.zone) in spec.days for airing in airings)


def _merge(app: App, begun: _Begun, step: Merge, now: datetime, *, believe: bool) -> MergeResult:
    """The calendar of *step*, believed at once, or after the guard has held for its days against the same answer."""
    try:
        return step.revise()
    except UpdateHeldBack as error:
        app.forget_answers()  # whatever is believed, it is asked for anew
        if not believe:
            if begun.file is None or begun.state is None:
                raise UpdateHeldBack(f"{error} If it is true: --accept-shrink") from error
            days = timedelta(days=begun.job.calendar.settings.shrink_days)
            until = begun.state.hold_back(error.missing, now) + days
            if now < until:
                begun.file.save(begun.state)
                raise UpdateHeldBack(
                    f"{error} It is believed from {until:%Y-%m-%d} on, or now with --accept-shrink.", error.missing
                ) from error
        return step.revise(believe=True)


def _write(begun: _Begun, revised: MergeResult, now: datetime) -> bool:
    """Write the calendar, unless it goes to the caller alone; whether that changed anything."""
    if begun.job.store is None or begun.file is None or begun.state is None:
        return True
    changed = begun.job.store.save(revised.octets, begun.memory.snapshot)
    begun.state.note_success(now, changed=changed)
    begun.file.save(begun.state)
    return changed
