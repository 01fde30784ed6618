"""The job of `export` and of the feed's refresher: put the parts of runs together as the settings say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from trakt_ical import pipeline
from trakt_ical.app.calendar_specs import DaySpan, make_calendar_id, make_calendar_spec
from trakt_ical.app.open_source import check_required_settings, find_calendar_zone, open_source
from trakt_ical.errors import NoConnection, TraktError, TraktIcalError, UpdateHeldBack
from trakt_ical.export.output import Output, make_store, open_output, read_output
from trakt_ical.export.stores.file import FileStore
from trakt_ical.export.stores.protocol import StateFile
from trakt_ical.fetch.sources import Progress, ignore_progress
from trakt_ical.pipeline import CalendarRun, Outcome, RunResult
from trakt_ical.trakt.reach import is_doubtful

if TYPE_CHECKING:
    from trakt_ical.app.context import App
    from trakt_ical.config import Calendar
    from trakt_ical.export.stores.protocol import Store


class Job(msgspec.Struct, frozen=True):
    """One *calendar* to be made, and the *store* that it goes to; None: to nowhere but the caller.

    *previous* holds the calendar to go on from where that is not in *store*.
    """

    calendar: Calendar
    store: Store | None
    previous: Store | None = None


def make_job(app: App, calendar: Calendar, previous: Path | None = None) -> Job:
    """Return the job that makes *calendar* where its settings want it; *previous* is the file to go on from."""
    output = calendar.settings.output
    if not output:  # it is only pushed: its memory is the copy that the feed would serve
        from trakt_ical.app.feeds import open_feed_store  # 9 ms, a twentieth of a run that changes nothing

        return Job(calendar, open_feed_store(app, calendar))
    store = None if output == "-" else make_store(output)
    return Job(calendar, store, FileStore(previous) if previous else None)


class ExportOptions(msgspec.Struct, frozen=True):
    """What an export is asked for, besides the settings.

    *force* replaces what is not ours, keeping a copy; *accept_shrink* accepts that most upcoming events disappeared.
    With *dry_run* nothing is saved.
    """

    span: DaySpan = DaySpan()
    force: bool = False
    accept_shrink: bool = False
    dry_run: bool = False


def export_accounts(
    jobs: Sequence[tuple[App, Job]], options: ExportOptions, find_progress: Callable[[App], Progress]
) -> list[Outcome]:
    """Do *jobs*, each with its account, one account after the other; return what became of each, in their order.

    An account whose login has ended, or that its source refuses, touches no other. A server that no connection leads to
    is not asked again for the next account: each would wait for a minute. *find_progress* gives what hears how far an
    account is.
    """
    outcomes: dict[int, Outcome] = {}
    faults: dict[tuple[str, str], NoConnection] = {}
    for account in {app.account: None for app, _ in jobs}:
        numbers = [number for number, (app, _) in enumerate(jobs) if app.account == account]
        app, its = jobs[numbers[0]][0], [jobs[number][1] for number in numbers]
        server = (app.settings.api, app.settings.api_url)
        found = export(app, its, options, find_progress(app), fault=faults.get(server))
        faults |= [(server, outcome) for outcome in found if isinstance(outcome, NoConnection)]
        outcomes |= zip(numbers, found, strict=True)
    return [outcomes[number] for number in range(len(jobs))]


def export(
    app: App,
    jobs: Sequence[Job],
    options: ExportOptions,
    progress: Progress = ignore_progress,
    *,
    fault: TraktError | None = None,
) -> list[Outcome]:
    """Do *jobs*, asking each source once; return what became of each, in their order.

    Where that is an error, what was stored is as it was, and the other jobs are done all the same. With a *fault* that
    the server is known to have, it is not asked.
    """
    outcomes: dict[int, Outcome] = {}
    outputs: dict[int, Output] = {}
    with ExitStack() as stack:
        # All runs lock in one order: two that want the same two stores would else wait for each other.
        for number, job in sorted(enumerate(jobs), key=_find_lock_order):
            try:
                outputs[number] = _open_output(app, job, options, stack)
            except TraktIcalError as error:
                outcomes[number] = error
        for source in {jobs[number].calendar.settings.source: None for number in outputs}:
            numbers = [number for number in outputs if jobs[number].calendar.settings.source == source]
            calendars = [(jobs[number].calendar, outputs[number]) for number in numbers]
            done = [fault] * len(numbers) if fault else _run_source(app, source, calendars, options, progress)
            outcomes |= zip(numbers, done, strict=True)
        for number, output in outputs.items():
            outcome = outcomes[number]
            if isinstance(outcome, TraktIcalError):
                output.note_failure(outcome, app.environment.now())
    _forget_doubtful_answers(app, outcomes.values())
    if not options.dry_run:
        outcomes |= {number: _call_after_change(app, job, outcomes[number]) for number, job in enumerate(jobs)}
    return [outcomes[number] for number in range(len(jobs))]


def _call_after_change(app: App, job: Job, outcome: Outcome) -> Outcome:
    """Run what the user wants to be run after *job* changed its calendar; return *outcome*, with the error of that."""
    # After the locks: a command may take long, or read the file with this program.
    if job.store is None or not isinstance(outcome, RunResult) or not outcome.changed:
        return outcome
    if not job.calendar.settings.after_change:
        return outcome
    from trakt_ical.app.after_change import run_after_change  # imports subprocess, which few runs need

    return msgspec.structs.replace(outcome, later_error=run_after_change(app, job.calendar, job.store))


def is_excused(app: App, job: Job, outcome: Outcome, grace: timedelta | None) -> bool:
    """Whether *outcome* is a failure of the source, and the last success of *job* is younger than *grace*."""
    if grace is None or job.store is None or not isinstance(outcome, TraktError):
        return False
    last = StateFile(app.folders.state, job.store.name).load().last_success
    return last is not None and app.environment.now() - last < grace


def _find_lock_order(numbered: tuple[int, Job]) -> str:
    store = numbered[1].store
    return store.name if store else ""


def _open_output(app: App, job: Job, options: ExportOptions, stack: ExitStack) -> Output:
    # Before the owner is looked up: without a client_id, `login` would only ask for it.
    check_required_settings(app)
    calendar_id = make_calendar_id(app, job.calendar)
    if job.store and options.dry_run:
        return read_output(job.store, app.folders.state, calendar_id)
    if job.store:
        now = app.environment.now()
        opened = open_output(job.store, app.folders.state, calendar_id, now, force=options.force)
        output = stack.enter_context(opened)
        if output.state is not None:
            output.state.settings_file = app.settings_file
        return output
    if job.previous:
        return Output(stored=read_output(job.previous, app.folders.state, calendar_id).stored)
    return Output()


def _run_source(
    app: App, source: str, calendars: Sequence[tuple[Calendar, Output]], options: ExportOptions, progress: Progress
) -> Sequence[Outcome]:
    """Take *calendars*, which are all of one *source*, through the pipeline."""
    now = app.environment.now()
    try:
        with open_source(app, source) as opened:
            runs = [
                CalendarRun(
                    make_calendar_spec(
                        app, calendar, find_calendar_zone(app, opened, calendar.settings.timezone), now, options.span
                    ),
                    output,
                )
                for calendar, output in calendars
            ]
            return pipeline.run(opened, runs, now, progress, accept_loss=options.accept_shrink)
    except TraktIcalError as error:
        return [error] * len(calendars)


def _forget_doubtful_answers(app: App, outcomes: Iterable[Outcome]) -> None:
    """Empty the answer cache after an answer that was broken, or lost too much: a 304 would bring it back."""
    if app.capabilities.needs_list:
        return  # such a source knows itself which of its answers it must not use again
    for outcome in outcomes:
        has_lost = isinstance(outcome, UpdateHeldBack) or (isinstance(outcome, RunResult) and outcome.loss_accepted)
        if has_lost or is_doubtful(outcome):
            app.forget_answers()
            return
