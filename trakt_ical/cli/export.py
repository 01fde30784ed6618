"""`trakt-ical export`: write the calendar to a file."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from trakt_ical.cli.command import Command
from trakt_ical.cli.run import Run, account_options, find_calendars_with_output, setting_option
from trakt_ical.cli.terminal import show_progress, write_data, write_line
from trakt_ical.errors import UpdateHeldBack
from trakt_ical.wording import describe_count, parse_span

if TYPE_CHECKING:
    from trakt_ical.app.context import App
    from trakt_ical.app.export import Job
    from trakt_ical.errors import TraktIcalError
    from trakt_ical.fetch.sources import Progress
    from trakt_ical.pipeline import Outcome, RunResult


class Day(click.ParamType[date]):
    """A day as people write it."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Return the date that *value* gives; a text that fits several dates, such as 04/05/2026, is refused."""
        with contextlib.suppress(ValueError):
            return date.fromisoformat(value)
        from dateutil.parser import parse

        blanks = datetime(2000, 1, 1, tzinfo=UTC), datetime(2004, 2, 2, tzinfo=UTC)
        try:
            one, *others = {
                parse(value, default=blank, dayfirst=first).date() for blank in blanks for first in (False, True)
            }
        except (ValueError, ArithmeticError):
            self.fail(f"{value!r} is not a date. Write it like 2026-04-18.", param, ctx)
        if others:
            self.fail(f"{value!r} could be several dates. Write it like 2026-04-18.", param, ctx)
        return one


class Span(click.ParamType[timedelta]):
    """A length of time as people write it: 90m, 24h, 2d."""

    name = "span"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Return the length of time that *value* gives."""
        if (span := parse_span(value)) is None:
            self.fail(f"{value!r} is not a length of time. Write it like 24h, 90m or 2d.", param, ctx)
        return span


@click.command("export", cls=Command)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@setting_option("-o", "--output", setting="output", metavar="FILE|URL|-")
@setting_option("--back", setting="back", metavar="N")
@setting_option("--ahead", setting="ahead", metavar="N")
@click.option(
    "--from", "first", type=Day(), metavar="YYYY-MM-DD", help="First day, in place of --back. Without --days: 7 days."
)
@click.option(
    "--days", type=click.IntRange(1, 3660), metavar="N", help="Number of days. Without --from: from today on."
)
@setting_option("--source", setting="source")
@setting_option("--kind", setting="kind", multiple=True)
@setting_option("--timezone", setting="timezone", metavar="ZONE")
@click.option("--changes", is_flag=True, help="Print what this run changed.")
@click.option("--json", "as_json", is_flag=True, help="Print what became of each calendar, with its changes, as JSON.")
@click.option("--dry-run", is_flag=True, help="Make the calendar, say what would change, and write nothing.")
@click.option(
    "--grace",
    type=Span(),
    metavar="SPAN",
    help="While the last good calendar is younger than SPAN, such as 24h, a source that fails is only a warning.",
)
@click.option(
    "--previous",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="With -o -: the calendar that the previous run printed.",
)
@click.option("--accept-shrink", is_flag=True, help="Write the calendar even if most upcoming events disappeared.")
@click.option("--force", is_flag=True, help="Replace a file that is not this calendar, and keep a copy of it.")
@account_options
@click.pass_obj
def command(
    run: Run,
    /,
    names: tuple[str, ...],
    previous: Path | None,
    changes: bool,
    as_json: bool,
    grace: timedelta | None,
    **flags: Any,
) -> None:
    """Write your calendar to a file that calendar programs can read.

    \b
    trakt-ical export                          your shows: 30 days back, 90 ahead
    trakt-ical export --kind shows --kind movies -o tv.ics
    trakt-ical export --from 2026-04-18 --days 14 -o -
    trakt-ical export Movies                   the calendar [calendar.Movies] of the settings file

    Without a NAME, every calendar of the settings file that has an output is written.

    The file is also the calendar's memory. Unchanged events are kept byte for byte. Upcoming events that are no longer
    listed stay for a while, marked as cancelled. If most upcoming events disappear, the update is held back (exit 8).
    """
    from trakt_ical.app.calendar_specs import DaySpan
    from trakt_ical.app.export import ExportOptions, export_accounts, is_excused, make_job

    span = DaySpan(flags.pop("first"), flags.pop("days"))
    options = ExportOptions(span, **{name: flags.pop(name) for name in ("force", "accept_shrink", "dry_run")})
    if span != DaySpan() and (flags["back"] is not None or flags["ahead"] is not None):
        raise click.UsageError("--from and --days cannot be combined with --back or --ahead.")
    flags["kind"] = flags["kind"] or None
    with run.accounts(flags) as accounts:
        calendars = find_calendars_with_output(accounts.open_all(), names)
        if flags["output"] is not None and len(calendars) > 1:
            raise click.UsageError(f"-o takes one calendar. Name it: {run.program} export NAME -o FILE")
        jobs = [(app, make_job(app, calendar, previous)) for app, calendar in calendars]
        if previous and any(job.store for _, job in jobs):
            raise click.UsageError("--previous needs -o -. An output file is itself the previous calendar.")
        if (changes or as_json) and not all(job.store for _, job in jobs):
            option = "--changes" if changes else "--json"
            raise click.UsageError(f"{option} cannot be combined with -o -: both would go to standard output.")
        if options.dry_run and not all(job.store for _, job in jobs):
            raise click.UsageError("--dry-run is not needed with -o -, which writes no file.")
        need_lists = all(app.capabilities.needs_list for app, _ in jobs)
        label, unit = ("TVmaze", "shows") if need_lists else ("Asking Trakt", "")
        with show_progress(label, visible=not run.quiet, unit=unit) as progress:

            def find_progress(app: App) -> Progress:
                return partial(progress, of=f" for {app.account}") if app.account else progress

            outcomes = export_accounts(jobs, options, find_progress)
        if not options.dry_run and any(job.calendar.settings.push for _, job in jobs):
            outcomes = _push(run, jobs, outcomes)
        excused = [is_excused(app, job, outcome, grace) for (app, job), outcome in zip(jobs, outcomes, strict=True)]
    report = _Report(run, [(job, its) for (_, job), its in zip(jobs, outcomes, strict=True)], dry_run=options.dry_run)
    report.write_data(changes=changes, as_json=as_json)
    report.write_lines()
    report.raise_first(excused)


def _push(run: Run, jobs: Sequence[tuple[App, Job]], outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Bring the calendars on servers in step with what was exported; return *outcomes*, with what failed."""
    from trakt_ical.app.push import push_after_export
    from trakt_ical.cli.push import describe_left_out, describe_result

    with show_progress("Pushing", visible=not run.quiet) as progress:
        after, results = push_after_export(jobs, outcomes, progress)
    for name, result in results.items():
        if result.put or result.deleted:
            run.say(describe_result(name, result))
        for warning in describe_left_out(name, result):
            run.warn(f"Warning: {warning}")
    return after


class _Report:
    """What a run says of its *outcomes*: data on stdout, a closing line for each calendar, the errors."""

    def __init__(self, run: Run, outcomes: list[tuple[Job, Outcome]], *, dry_run: bool) -> None:
        self._run = run
        self._outcomes = outcomes
        self._done = [(job, outcome) for job, outcome in outcomes if not isinstance(outcome, Exception)]
        self._dry_run = dry_run

    def write_data(self, *, changes: bool, as_json: bool) -> None:
        """Write the calendars that go to stdout, or the *changes*, or what became of each calendar *as_json*."""
        for job, result in self._done:
            if job.store is None:
                write_data(result.octets)
        if changes:
            for line in _describe_changes(self._done, as_json=as_json):
                write_line(line)
        elif as_json:
            rows = [_to_json(job, outcome) for job, outcome in self._outcomes]
            write_line(json.dumps(rows, ensure_ascii=False, indent=2))

    def write_lines(self) -> None:
        """Write a closing line for each calendar that was made."""
        for job, result in self._done:
            self._run.say(_describe_result(job, result, dry_run=self._dry_run))
            if left_out := result.summary.over_limit:
                # Also with -q: a calendar that lacks airings looks as if nothing were on.
                self._run.warn(f"Warning: {_describe_left_out(job, left_out)}")

    def raise_first(self, is_excused: Sequence[bool]) -> None:
        """Write each error, but raise the first one; those for which *is_excused* holds are warnings."""
        failed = [
            (job, outcome, excused)
            for (job, outcome), excused in zip(self._outcomes, is_excused, strict=True)
            if isinstance(outcome, Exception)
        ]
        for _, error, _ in failed:
            if isinstance(error, UpdateHeldBack):
                error.args = (f"{error} To accept it now: --accept-shrink",)
        for message, jobs in _group_by_message((job, error) for job, error, excused in failed if excused).items():
            self._run.say(f"Warning: {_name_calendars(jobs)}{message} The calendar stays as it was.")
        later = [(job, result.later_error) for job, result in self._done if result.later_error]
        _raise_first(self._run, [*((job, error) for job, error, excused in failed if not excused), *later])


def _to_json(job: Job, outcome: Outcome) -> dict[str, object]:
    from trakt_ical.export.changes import change_to_json

    row: dict[str, object] = {"calendar": job.calendar.title, "output": job.store.describe() if job.store else None}
    if isinstance(outcome, Exception):
        return row | {"status": outcome.exit_code, "error": str(outcome)}
    summary, later = outcome.summary, outcome.later_error
    return row | {
        "status": later.exit_code if later else 0,
        "error": str(later) if later else None,
        "changed": outcome.changed,
        "events": summary.events,
        "first": summary.first.isoformat() if summary.first else None,
        "last": summary.last.isoformat() if summary.last else None,
        "over_limit": summary.over_limit,
        "changes": [change_to_json(change) for change in outcome.changes],
    }


def _group_by_message(failed: Iterable[tuple[Job, TraktIcalError]]) -> dict[str, list[Job]]:
    """Group jobs by what their errors say: an outage is one error of several calendars, and one line."""
    found: dict[str, list[Job]] = {}
    for job, error in failed:
        found.setdefault(str(error), []).append(job)
    return found


def _name_calendars(jobs: Sequence[Job]) -> str:
    """Return the names of the calendars of *jobs* before a message; "" where the settings name none."""
    return f"{', '.join(job.calendar.title for job in jobs)}: " if jobs[0].calendar.name else ""


def _raise_first(run: Run, failed: list[tuple[Job, TraktIcalError]]) -> None:
    """Write the errors of the *failed* calendars to stderr, but for the first, which is raised."""
    groups = _group_by_message(failed)
    for message, jobs in list(groups.items())[1:]:
        run.warn(f"Error: {_name_calendars(jobs)}{message}")
    for _, error in failed[:1]:
        message = str(error)
        error.args = (f"{_name_calendars(groups[message])}{message}",)
        raise error


def _describe_changes(done: list[tuple[Job, RunResult]], *, as_json: bool) -> list[str]:
    """Return the changes as lines, with the calendar's name where the settings name calendars."""
    from trakt_ical.export.changes import change_to_json, describe_change

    if as_json:
        rows = [
            ({"calendar": job.calendar.name} if job.calendar.name else {}) | change_to_json(change)
            for job, result in done
            for change in result.changes
        ]
        return [json.dumps(rows, ensure_ascii=False, indent=2)]
    return [
        _name_calendars([job]) + describe_change(change, result.zone)
        for job, result in done
        for change in result.changes
    ]


def _describe_left_out(job: Job, count: int) -> str:
    name, limit = _name_calendars([job]), job.calendar.settings.max_bytes
    events = f"{count:,} event{'' if count == 1 else 's'}"
    return (
        f"{name}{events} left out to stay within {limit:,} bytes. Google reads no more than 1 MB. "
        "To keep more, raise max_bytes (0: no limit), or ask for fewer days with ahead."
    )


def _describe_result(job: Job, result: RunResult, *, dry_run: bool) -> str:
    """Return the closing line for one calendar; with *dry_run* it says what would be."""
    from trakt_ical.export.changes import count_changes

    summary = result.summary
    span = f" from {summary.first} to {summary.last}" if summary.first else ""
    place = "to standard output" if job.store is None else f"in {job.store.describe()}"
    place = f"would be {place}" if dry_run else place
    changed = f": {count_changes(result.changes)}" if result.changes else "" if result.changed else ", unchanged"
    several = f"; none of the {summary.unshown} airings that are listed on these days is shown"
    unshown = {0: "", 1: "; the one airing that is listed on these days is not shown"}.get(summary.unshown, several)
    return f"{describe_count(summary.events, 'event')}{span} {place}{changed}{unshown}."
