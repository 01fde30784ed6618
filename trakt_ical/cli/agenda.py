"""`trakt-ical agenda`: the coming days on the terminal."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta, tzinfo
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from trakt_ical.cli.command import Command
from trakt_ical.cli.run import Run, account_options, find_calendar_or_first, setting_option
from trakt_ical.cli.terminal import strip_controls, write_data, write_line
from trakt_ical.errors import OutputError
from trakt_ical.model import reads_as_whole_day

if TYPE_CHECKING:
    from rich.table import Table

    from trakt_ical.app.agenda import AgendaEntry
    from trakt_ical.cli.dates import DateFormat

WIDEST = 10_000  # columns, where stdout is no terminal: no title is cut
IN_LINE = 60  # columns; a longer title widens only the table of its own day


@click.command("agenda", cls=Command)
@click.argument("name", required=False)
@click.option(
    "--days",
    type=click.IntRange(1, 3660),
    default=7,
    show_default=True,
    metavar="N",
    help="Number of days, today included.",
)
@click.option("--fresh", is_flag=True, help="Ask Trakt now. Otherwise answers of the last hour are used again.")
@click.option("--json", "as_json", is_flag=True, help="Print the agenda as JSON.")
@setting_option("--kind", setting="kind", multiple=True)
@setting_option("--timezone", setting="timezone", metavar="ZONE")
@account_options
@click.pass_obj
def command(run: Run, /, name: str | None, days: int, fresh: bool, as_json: bool, **flags: Any) -> None:
    """Show the coming days of a calendar, by its rules.

    A triangle marks what is on now. What you have watched has a check mark and is dim.
    """
    from trakt_ical.app.agenda import MAX_AGE, fetch_listed, forget_doubtful_answers, make_agenda
    from trakt_ical.app.explain import load_stored_output

    flags["kind"] = flags["kind"] or None
    with run.accounts(flags) as accounts:
        app, calendar = find_calendar_or_first(accounts, name)
        max_age = timedelta(0) if fresh else MAX_AGE
        found = fetch_listed(app, calendar, max_age=max_age, ahead=days - 1, marks=True)
        with contextlib.suppress(OutputError):  # a file that is not this calendar says nothing about the answers
            forget_doubtful_answers(app, found, load_stored_output(app, calendar, found.spec))
        entries = make_agenda(found.fetched, found.spec, found.now, days)
        if as_json:
            write_line(_to_json(entries))
            return
        _print_agenda(entries, found.zone, found.now)
        if not entries:
            run.say(f"Nothing airs in the next {days} days." if days > 1 else "Nothing airs today.")


def _to_json(entries: Iterable[AgendaEntry]) -> str:
    import json

    rows = [
        {
            "uid": entry.event.uid,
            "summary": entry.event.summary,
            "start": entry.event.start.isoformat(),
            "end": entry.event.end.isoformat(),
            "day": entry.day.isoformat(),
            "on": entry.on,
            "watched": entry.watched,
            "network": entry.network,
            "link": entry.event.link,
        }
        for entry in entries
    ]
    return json.dumps(rows, ensure_ascii=False, indent=2)


def _print_agenda(entries: Iterable[AgendaEntry], zone: tzinfo, now: datetime) -> None:
    """Print *entries* as one table for each day."""
    import io

    from rich.cells import cell_len
    from rich.console import Console

    from trakt_ical.cli.dates import DateFormat

    buffer, terminal = io.StringIO(), sys.stdout is not None and sys.stdout.isatty()
    console = Console(file=buffer, force_terminal=terminal, width=None if terminal else WIDEST, highlight=False)
    dates = DateFormat.of_user()
    entries = list(entries)
    longest = max((cell_len(strip_controls(entry.event.summary)) for entry in entries), default=0)
    width = min(longest, console.width // 2, IN_LINE)
    for day, its in groupby(entries, key=lambda entry: entry.day):
        console.print(_format_heading(day, now.astimezone(zone).date(), dates), style="bold", markup=False)
        console.print(_make_table(its, zone, dates, width))
    rows = (row.rstrip(" ") for row in buffer.getvalue().splitlines(keepends=False))
    write_data("".join(f"{row}\n" for row in rows).encode(errors="replace"))


def _format_heading(day: date, today: date, dates: DateFormat) -> str:
    near = {0: "Today, ", 1: "Tomorrow, ", -1: "Yesterday, "}.get((day - today).days, "")
    return near + dates.format_day(day)


def _make_table(entries: Iterable[AgendaEntry], zone: tzinfo, dates: DateFormat, width: int) -> Table:
    """Make the table of one day. Titles take at least *width* columns, so that the days are aligned."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(min_width=dates.width + 4, no_wrap=True)
    table.add_column(overflow="fold", min_width=width)
    table.add_column(style="dim", overflow="fold")
    for entry in entries:
        style = "bold green" if entry.on else "dim" if entry.watched else ""
        cells = ("  ".join(_format_hour(entry, zone, dates)), entry.event.summary, entry.network)
        table.add_row(*(Text(strip_controls(cell)) for cell in cells), style=style)
    return table


def _format_hour(entry: AgendaEntry, zone: tzinfo, dates: DateFormat) -> Iterator[str]:
    yield "▶" if entry.on else "✓" if entry.watched else " "
    start, end = entry.event.start, entry.event.end
    if not isinstance(start, datetime) or reads_as_whole_day(start, end):
        yield ""
    else:
        yield dates.format_hour(start.astimezone(zone))
