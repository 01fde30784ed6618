"""`trakt-ical export`: write the calendar to a file."""

from __future__ import annotations

import contextlib
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from trakt_ical.cli.command import Command
from trakt_ical.cli.run import Run, account_options, find_calendars_with_output, setting_option
from trakt_ical.cli.terminal import show_progress, write_data, write_line, write_note
from trakt_ical.errors import UpdateHeldBack

if TYPE_CHECKING:
    from trakt_ical.app.export import Job
    from trakt_ical.config import Calendar
    from trakt_ical.errors import TraktIcalError
    from trakt_ical.pipeline import Outcome, RunResult


class Day(click.ParamType[date]):
    """A day as people write it."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Return the date that *value* gives; a text that fits several dates, such as 04/05/2026, is refused."""
        with contextlib.suppress(ValueError):
            return date.fromisoformat(value)
        from datetime import UTC, datetime

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


@click.command("export", cls=Command)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@setting_option("-o", "--output", setting="output", metavar="FILE|-")
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
@click.option("--json", "as_json", is_flag=True, help="With --changes: print the changes as JSON.")
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
    run: Run, /, names: tuple[str, ...], previous: Path | None, changes: bool, as_json: bool, **flags: Any
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
    from trakt_ical.app.export import ExportOptions, export_accounts

    if as_json and not changes:
        raise click.UsageError("--json needs --changes.")
    span = DaySpan(flags.pop("first"), flags.pop("days"))
    options = ExportOptions(span, **{name: flags.pop(name) for name in ("force", "accept_shrink")})
    if span != DaySpan() and (flags["back"] is not None or flags["ahead"] is not None):
        raise click.UsageError("--from and --days cannot be combined with --back or --ahead.")
    flags["kind"] = flags["kind"] or None
    with run.accounts(flags) as accounts:
        calendars = find_calendars_with_output(accounts.open_all(), names)
        if flags["output"] is not None and len(calendars) > 1:
            raise click.UsageError("-o takes one calendar. Name it: trakt-ical export NAME -o FILE")
        apps, jobs = zip(*((app, _make_job(calendar, previous)) for app, calendar in calendars), strict=True)
        if previous and any(job.store for job in jobs):
            raise click.UsageError("--previous needs -o -. An output file is itself the previous calendar.")
        if changes and not all(job.store for job in jobs):
            raise click.UsageError("--changes cannot be combined with -o -: both would go to standard output.")
        with show_progress("Asking Trakt", visible=not run.quiet) as progress:
            outcomes = export_accounts(list(zip(apps, jobs, strict=True)), options, progress)
    _report(run, list(zip(jobs, outcomes, strict=True)), changes=changes, as_json=as_json)


def _report(run: Run, outcomes: list[tuple[Job, Outcome]], *, changes: bool, as_json: bool) -> None:
    """Write the results to stdout, then a closing line for each calendar; raise the first error."""
    done = [(job, outcome) for job, outcome in outcomes if not isinstance(outcome, Exception)]
    for job, result in done:
        if job.store is None:
            write_data(result.octets)
    if changes:
        for line in _describe_changes(done, as_json=as_json):
            write_line(line)
    for job, result in done:
        run.say(_describe_result(job, result))
        if left_out := result.summary.over_limit:
            # Also with -q: a calendar that lacks airings looks as if nothing were on.
            write_note(f"Warning: {_describe_left_out(job, left_out)}")
    _raise_first([(job, outcome) for job, outcome in outcomes if isinstance(outcome, Exception)])


def _make_job(calendar: Calendar, previous: Path | None) -> Job:
    from trakt_ical.app.export import Job
    from trakt_ical.export.stores.file import FileStore

    output = calendar.settings.output
    store = None if output == "-" else FileStore(Path(output).expanduser())
    return Job(calendar, store, FileStore(previous) if previous else None)


def _raise_first(failed: list[tuple[Job, TraktIcalError]]) -> None:
    """Write the errors of the *failed* calendars to stderr, but for the first, which is raised."""
    for _, error in failed:
        if isinstance(error, UpdateHeldBack):
            error.args = (f"{error} To accept it now: --accept-shrink",)
    titles: dict[str, list[str]] = {}  # an outage is one error of several calendars, and one line
    for job, error in failed:
        titles.setdefault(str(error), []).append(job.calendar.title)
    for message, others in list(titles.items())[1:]:
        write_note(f"Error: {', '.join(others)}: {message}")
    for job, error in failed[:1]:
        if job.calendar.name:
            error.args = (f"{', '.join(titles[str(error)])}: {error}",)
        raise error


def _describe_changes(done: list[tuple[Job, RunResult]], *, as_json: bool) -> list[str]:
    """Return the changes as lines, with the calendar's name where the settings name calendars."""
    from trakt_ical.export.changes import change_to_json, describe_change

    if as_json:
        import json

        rows = [
            ({"calendar": job.calendar.name} if job.calendar.name else {}) | change_to_json(change)
            for job, result in done
            for change in result.changes
        ]
        return [json.dumps(rows, ensure_ascii=False, indent=2)]
    return [
        (f"{job.calendar.name}: " if job.calendar.name else "") + describe_change(change, result.zone)
        for job, result in done
        for change in result.changes
    ]


def _describe_left_out(job: Job, count: int) -> str:
    name, settings = f"{job.calendar.name}: " if job.calendar.name else "", job.calendar.settings
    events = f"{count:,} event{'' if count == 1 else 's'}"
    return (
        f"{name}{events} left out to stay within {settings.max_bytes:,} bytes, which is as much as Google reads. "
        "To keep more, raise max_bytes (0: no limit), or ask for fewer days with ahead."
    )


def _describe_result(job: Job, result: RunResult) -> str:
    """Return the closing line for one calendar."""
    from trakt_ical.export.changes import count_changes

    settings, summary = job.calendar.settings, result.summary
    span = f" from {summary.first} to {summary.last}" if summary.first else ""
    place = "to standard output" if job.store is None else f"in {settings.output}"
    changed = f": {count_changes(result.changes)}" if result.changes else "" if result.changed else ", unchanged"
    several = f"; none of the {summary.unshown} airings that Trakt lists on these days is shown"
    unshown = {0: "", 1: "; the one airing that Trakt lists on these days is not shown"}.get(summary.unshown, several)
    return f"{summary.events} event{'' if summary.events == 1 else 's'}{span} {place}{changed}{unshown}."
