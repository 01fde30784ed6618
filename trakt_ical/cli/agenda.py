"""`trakt-ical agenda`: the coming days on the terminal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from trakt_ical.cli.command import Command
from trakt_ical.cli.run import Run, account_options, check_freshness, find_calendar, offline_option, setting_option
from trakt_ical.cli.terminal import write_line

if TYPE_CHECKING:
    from trakt_ical.app.agenda import AgendaEntry
    from trakt_ical.app.context import App
    from trakt_ical.app.listed import ListedAirings
    from trakt_ical.config import Calendar


@click.command("agenda", cls=Command)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--days",
    type=click.IntRange(1, 3660),
    default=7,
    show_default=True,
    metavar="N",
    help="Number of days, today included.",
)
@click.option("--week", "as_week", is_flag=True, help="Show the days beside each other, seven in a row.")
@click.option("--fresh", is_flag=True, help="Ask Trakt now. Otherwise answers of the last hour are used again.")
@offline_option
@click.option("--json", "as_json", is_flag=True, help="Print the agenda as JSON.")
@setting_option("--kind", setting="kind", multiple=True)
@setting_option("--timezone", setting="timezone", metavar="ZONE")
@account_options
@click.pass_obj
def command(
    run: Run, /, names: tuple[str, ...], days: int, as_week: bool, fresh: bool, as_json: bool, **flags: Any
) -> None:
    """Show the coming days of your calendars, by their rules.

    \b
    trakt-ical agenda                every calendar of the settings file
    trakt-ical agenda Anna Films     two of them
    trakt-ical agenda --week         a picture of the week

    What several calendars show at the same time is listed once, with their names. A triangle marks what is on now.
    What you have watched has a check mark and is dim. Below 80 columns, --week shows the days one below the other.
    """
    from trakt_ical.app.agenda import fetch_agenda, make_agenda
    from trakt_ical.app.listed import MAX_AGE

    check_freshness(flags, fresh=fresh)
    flags["kind"] = flags["kind"] or None
    with run.accounts(flags) as accounts:
        chosen = _choose_calendars(accounts.open_all(), names)
        found, errors = fetch_agenda(chosen, max_age=timedelta(0) if fresh else MAX_AGE, ahead=days - 1)
    if found:
        entries = make_agenda(found, days)
        if as_json:
            write_line(_to_json(entries))
        else:
            _print(entries, found, days=days, as_week=as_week, names_calendars=len(chosen) > 1)
            if not entries:
                run.say(f"Nothing airs in the next {days} days." if days > 1 else "Nothing airs today.")
        if accounts.environment.has_terminal() and accounts.environment.reach.has_late_word():
            newer, _ = fetch_agenda(chosen, max_age=MAX_AGE, ahead=days - 1)
            if newer and make_agenda(newer, days) != entries:
                run.say("A new answer has arrived, and it differs. To see it, run this again.")
    different = list({str(error): error for error in errors}.values())  # an outage of several accounts is one line
    for error in different[1:]:
        run.warn(f"Error: {error}")
    if different:
        raise different[0]


def _choose_calendars(apps: Sequence[App], names: Sequence[str]) -> list[tuple[App, Calendar]]:
    """Return the calendars called *names*, or without names all, each once. Raises click.UsageError."""
    found = [find_calendar(apps, name) for name in names]
    found = found or [(app, calendar) for app in apps for calendar in app.calendars]
    return list({calendar.name: (app, calendar) for app, calendar in found}.values())


def _to_json(entries: Iterable[AgendaEntry]) -> str:
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
            "calendars": list(entry.calendars),
            "link": entry.event.link,
        }
        for entry in entries
    ]
    return json.dumps(rows, ensure_ascii=False, indent=2)


def _print(
    entries: Sequence[AgendaEntry],
    found: Sequence[ListedAirings],
    *,
    days: int,
    as_week: bool,
    names_calendars: bool,
) -> None:
    """Print *entries* as a table of each day, or as a picture of the week where there is room for it."""
    from trakt_ical.cli.agenda_view import NARROWEST_WEEK, AgendaView, find_columns

    if not entries:
        return
    view = AgendaView(found[0].zone, found[0].now, names_calendars=names_calendars)
    if as_week and find_columns() >= NARROWEST_WEEK:
        view.print_weeks(entries, days)
    else:
        view.print_days(entries)
