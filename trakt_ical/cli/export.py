"""`trakt-ical export`: write the calendar to a file."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from trakt_ical.cli.run import Run, account_options, setting_option
from trakt_ical.cli.terminal import data, is_terminal, line

if TYPE_CHECKING:
    from trakt_ical.app.export import Exported
    from trakt_ical.pipeline import Progress


class Day(click.ParamType[date]):
    """A day as people write it."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The date that *value* says; what leaves a part of it open is refused."""
        with contextlib.suppress(ValueError):
            return date.fromisoformat(value)
        from datetime import UTC, datetime

        from dateutil.parser import parse

        blanks = datetime(2000, 1, 1, tzinfo=UTC), datetime(2004, 2, 2, tzinfo=UTC)
        try:
            one, *others = {
                parse(value, default=blank, dayfirst=first).date() for blank in blanks for first in (False, True)
            }
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is no day. Write it as 2026-04-18.", param, ctx)
        if others:
            self.fail(f"{value!r} may be several days. Write it as 2026-04-18.", param, ctx)
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
@click.option("--changes", is_flag=True, help="Print what this run changed.")
@click.option("--json", "as_json", is_flag=True, help="With --changes: for programs.")
@click.option(
    "--previous",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="With -o -: the calendar to go on from.",
)
@click.option("--accept-shrink", is_flag=True, help="Believe a calendar that lost most of itself.")
@click.option("--force", is_flag=True, help="Replace a file that is not this calendar, keeping a copy.")
@account_options
@click.pass_obj
def command(run: Run, /, changes: bool, as_json: bool, **options: Any) -> None:
    """Write your calendar to a file that calendar programs can read.

    \b
    trakt-ical export                          your shows: 30 days back, 90 ahead
    trakt-ical export --kind shows --kind movies -o tv.ics
    trakt-ical export --from 2026-04-18 --days 14 -o -

    The file that is there is the calendar's memory: what did not change stays as it is to the octet, what is no
    longer listed stays for a while as cancelled, and a calendar that loses most of itself is not believed (exit 8).
    """
    from trakt_ical.app.export import Wanted, export

    if as_json and not changes:
        raise click.UsageError("--json goes with --changes.")
    wanted = Wanted(**{name: options.pop(name) for name in ("first", "days", "previous", "force", "accept_shrink")})
    if (wanted.first or wanted.days) and (options["back"] is not None or options["ahead"] is not None):
        raise click.UsageError("--from and --days cannot be combined with --back or --ahead.")
    options["kind"] = options["kind"] or None
    with run.app(options) as app, _progress(run) as progress:
        output = app.settings.output
        if wanted.previous and output != "-":
            raise click.UsageError("--previous goes with -o -; a file is its own memory.")
        if changes and output == "-":
            raise click.UsageError("--changes cannot be combined with -o -: stdout carries one of them.")
        exported = export(app, wanted, progress)
    if output == "-":
        data(exported.revised.octets)
    if changes:
        for told in _changes(exported, as_json=as_json):
            line(told)
    run.say(_closing_line(exported, output, app.settings.max_bytes))


def _changes(exported: Exported, *, as_json: bool) -> list[str]:
    from trakt_ical.export.changes import facts, sentence

    changes = exported.revised.changes
    if as_json:
        import json

        return [json.dumps([facts(change) for change in changes], ensure_ascii=False, indent=2)]
    return [sentence(change, exported.zone) for change in changes]


def _closing_line(exported: Exported, output: str, largest: int) -> str:
    from trakt_ical.export.changes import counts
    from trakt_ical.model import local_date

    revised = exported.revised
    days = [local_date(start, exported.zone) for start in revised.starts]
    span = f" from {min(days)} to {max(days)}" if days else ""
    place = "to standard output" if output == "-" else f"in {output}"
    changed = f": {counts(revised.changes)}" if revised.changes else "" if exported.changed else ", unchanged"
    dropped = f"; {revised.dropped} left out to stay within {largest:,} octets" if revised.dropped else ""
    return f"{len(days)} event{'' if len(days) == 1 else 's'}{span} {place}{changed}{dropped}."


@contextlib.contextmanager
def _progress(run: Run) -> Iterator[Progress]:
    """A bar on a terminal, nothing elsewhere."""
    if run.quiet or not is_terminal():
        yield lambda done, of: None
        return
    with click.progressbar(length=1, label="Asking Trakt", file=sys.stderr) as bar:

        def progress(done: int, of: int) -> None:
            bar.length = of
            bar.update(done - bar.pos)

        yield progress
