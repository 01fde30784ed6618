"""`trakt-ical export`: write the calendar to a file."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from trakt_ical.cli.run import Run, account_options, setting_option

if TYPE_CHECKING:
    from trakt_ical.app import Exported
    from trakt_ical.pipeline import Progress


class Day(click.ParamType[date]):
    """A day as people write it."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The date that *value* says; what leaves a part of it open is refused."""
        from datetime import UTC, datetime

        from dateutil.parser import parse

        blanks = datetime(2000, 1, 1, tzinfo=UTC), datetime(2004, 2, 2, tzinfo=UTC)
        try:
            one, other = (parse(value, default=blank).date() for blank in blanks)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is no day. Write it as 2026-04-18.", param, ctx)
        if one != other:
            self.fail(f"{value!r} leaves a part of the day open. Write it as 2026-04-18.", param, ctx)
        return one


@click.command("export")
@setting_option("-o", "--output", setting="output", metavar="FILE|-")
@setting_option("--back", setting="back", metavar="N")
@setting_option("--ahead", setting="ahead", metavar="N")
@click.option(
    "--from", "first", type=Day(), metavar="YYYY-MM-DD", help="The first day, in place of --back; alone: 7 days."
)
@click.option("--days", type=click.IntRange(1, 3660), metavar="N", help="How many days; alone: from today on.")
@setting_option("--calendar", setting="source")
@setting_option("--kind", setting="kind", multiple=True)
@setting_option("--timezone", setting="timezone", metavar="ZONE")
@account_options
@click.pass_obj
def command(run: Run, /, first: date | None, days: int | None, **flags: Any) -> None:
    r"""Write your calendar to a file that calendar programs can read.

    \b
    trakt-ical export                          your shows: 30 days back, 90 ahead
    trakt-ical export --kind shows --kind movies -o tv.ics
    trakt-ical export --from 2026-04-18 --days 14 -o -
    """
    if (first or days) and (flags["back"] is not None or flags["ahead"] is not None):
        raise click.UsageError("--from and --days cannot be combined with --back or --ahead.")
    flags["kind"] = flags["kind"] or None
    with run.app(flags) as app, _progress(run) as progress:
        exported = app.export(first, days, progress)
        output = app.settings.output
    if output == "-":
        _to_stdout(exported.calendar.octets)
    run.say(_closing_line(exported, output))


def _closing_line(exported: Exported, output: str) -> str:
    calendar = exported.calendar
    count = f"{calendar.events} event{'' if calendar.events == 1 else 's'}"
    span = f" from {calendar.first} to {calendar.last}" if calendar.first else ""
    place = "to standard output" if output == "-" else f"in {output}" + ("" if exported.changed else ", unchanged")
    return f"{count}{span} {place}."


def _to_stdout(octets: bytes) -> None:
    from trakt_ical.errors import OutputError

    try:
        sys.stdout.buffer.write(octets)
        sys.stdout.buffer.flush()
    except OSError as error:
        sys.stdout = None  # the interpreter would try to flush it again, and fail again
        raise OutputError(f"Standard output did not take the calendar: {error.strerror}.") from error


@contextlib.contextmanager
def _progress(run: Run) -> Iterator[Progress]:
    """A bar on a terminal, nothing elsewhere."""
    if run.quiet or not sys.stderr.isatty():
        yield lambda done, of: None
        return
    with click.progressbar(length=1, label="Asking Trakt", file=sys.stderr) as bar:

        def progress(done: int, of: int) -> None:
            bar.length = of
            bar.update(done - bar.pos)

        yield progress
