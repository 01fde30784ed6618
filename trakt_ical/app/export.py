"""An export: what Trakt lists and the files that earlier runs wrote become the next files."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from trakt_ical.app.memory import NOTHING, Memory, memory
from trakt_ical.app.recipes import Span, recipe, scope
from trakt_ical.errors import BrokenAnswer, NotBelieved, TraktIcalError
from trakt_ical.export.memory import Revised, Revision
from trakt_ical.model import local_date

if TYPE_CHECKING:
    from trakt_ical.app.parts import App
    from trakt_ical.config import Calendar
    from trakt_ical.export.state import State, StateFile
    from trakt_ical.model import Fetched
    from trakt_ical.pipeline import Progress, Recipe


@dataclass(frozen=True, slots=True)
class Job:
    """One *calendar* to be made, and the file that it goes to; None: to nowhere but the caller.

    *previous* names the calendar to go on from where that is not the output.
    """

    calendar: Calendar
    output: Path | None
    previous: Path | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an export is asked for, besides the settings.

    *force* replaces what is not ours, keeping a copy; *accept_shrink* believes a calendar that lost most of itself.
    """

    span: Span = Span()  # noqa: RUF009  frozen
    force: bool = False
    accept_shrink: bool = False


@dataclass(frozen=True, slots=True)
class Exported:
    """What a job came to; *changed* tells whether the file is another one now, *zone* counts the days.

    *unshown*: how many airings Trakt lists on these days where the calendar is empty all the same.
    """

    revised: Revised
    zone: tzinfo
    changed: bool
    unshown: int


def export(
    app: App, jobs: Sequence[Job], wanted: Wanted, progress: Progress = lambda done, of: None
) -> list[Exported | TraktIcalError]:
    """Do *jobs*, asking Trakt once for all; what became of each, in their order.

    Where that is an error, the old file is as it was, and the other jobs are done all the same.
    """
    outcomes: dict[int, Exported | TraktIcalError] = {}
    with ExitStack() as stack:
        begun: list[_Begun] = []
        for number, job in sorted(enumerate(jobs), key=lambda each: str(each[1].output)):  # no two runs lock crosswise
            try:
                begun.append(_begin(app, number, job, wanted, stack))
            except TraktIcalError as error:
                outcomes[number] = error
        for source in {each.job.calendar.settings.source: None for each in begun}:
            of_source = [each for each in begun if each.job.calendar.settings.source == source]
            outcomes |= _done(app, source, of_source, wanted, progress)
    return [outcomes[number] for number in range(len(jobs))]


@dataclass(frozen=True, slots=True)
class _Begun:
    """A job whose output is locked (*file* and *state* are None without one) and whose memory was checked."""

    number: int
    job: Job
    memory: Memory
    file: StateFile | None
    state: State | None


def _begin(app: App, number: int, job: Job, wanted: Wanted, stack: ExitStack) -> _Begun:
    from trakt_ical.export.state import StateFile

    whose = scope(app, job.calendar)
    if job.output is None:
        kept = memory(job.previous, whose, replaceable=False, force=False) if job.previous else NOTHING
        return _Begun(number, job, kept, None, None)
    file = StateFile(app.folders.state, job.output)
    stack.enter_context(file.locked())
    state = file.load()
    return _Begun(number, job, memory(job.output, whose, replaceable=True, force=wanted.force), file, state)


def _done(
    app: App, source: str, begun: Sequence[_Begun], wanted: Wanted, progress: Progress
) -> dict[int, Exported | TraktIcalError]:
    """What becomes of *begun*, which are of one *source*."""
    from trakt_ical import pipeline

    now = app.outside.now()
    try:
        with app.trakt(source) as trakt:
            recipes = {
                each.number: recipe(
                    app, each.job.calendar, trakt.zone(each.job.calendar.settings.timezone), now, wanted.span
                )
                for each in begun
            }
            fetched = trakt.source.fetch(pipeline.needs(recipes.values()), progress)
    except TraktIcalError as error:
        if isinstance(error, BrokenAnswer):
            app.forget_answers()  # with their ETags, or a 304 would bring them back
        return {each.number: error for each in begun}
    return {each.number: _one(app, each, fetched, recipes[each.number], wanted) for each in begun}


def _one(app: App, begun: _Begun, fetched: Fetched, recipe: Recipe, wanted: Wanted) -> Exported | TraktIcalError:
    from trakt_ical import pipeline

    now = app.outside.now()
    try:
        step = pipeline.revision(fetched, recipe, begun.memory.remember(), now)
        revised = _revised(app, begun, step, now, believe=wanted.accept_shrink)
        changed = _written(begun, revised, now)
    except TraktIcalError as error:
        return error
    return Exported(revised, recipe.zone, changed, 0 if revised.starts else _on_its_days(fetched, recipe))


def _on_its_days(fetched: Fetched, recipe: Recipe) -> int:
    """How many airings are listed on the days of *recipe*, whatever its rules make of them."""
    from trakt_ical import pipeline

    airings = pipeline.listed(fetched, recipe.kinds).values()
    return sum(local_date(airing.starts, recipe.zone) in recipe.days for airing in airings)


def _revised(app: App, begun: _Begun, step: Revision, now: datetime, *, believe: bool) -> Revised:
    """The calendar of *step*, believed at once, or after the guard has held for its days against the same answer."""
    try:
        return step.revise()
    except NotBelieved as error:
        app.forget_answers()  # whatever is believed, it is asked for anew
        if not believe:
            if begun.file is None or begun.state is None:
                raise NotBelieved(f"{error} If it is true: --accept-shrink") from error
            days = timedelta(days=begun.job.calendar.settings.shrink_days)
            until = begun.state.doubt(error.missing, now) + days
            if now < until:
                begun.file.save(begun.state)
                raise NotBelieved(
                    f"{error} It is believed from {until:%Y-%m-%d} on, or now with --accept-shrink.", error.missing
                ) from error
        return step.revise(believe=True)


def _written(begun: _Begun, revised: Revised, now: datetime) -> bool:
    """Write the calendar, unless it goes to the caller alone; whether that changed anything."""
    from trakt_ical.export.file import write

    if begun.job.output is None or begun.file is None or begun.state is None:
        return True
    changed = write(begun.job.output, revised.octets, begun.memory.mark)
    begun.state.succeeded(now, changed=changed)
    begun.file.save(begun.state)
    return changed
