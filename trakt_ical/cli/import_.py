"""`trakt-ical import`: make a calendar from a list of shows, without an API app."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from trakt_ical.cli.command import Command
from trakt_ical.cli.run import Run, account_option
from trakt_ical.cli.terminal import write_line
from trakt_ical.wording import describe_count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trakt_ical.app.context import App
    from trakt_ical.app.import_shows import ListUpdate
    from trakt_ical.fetch.imported.imported_list import ImportedShow, ListContent

MOST_NAMED = 10  # shows in one line


@click.command("import", cls=Command)
@click.argument("paths", metavar="FILE...", nargs=-1, type=click.Path(exists=True, allow_dash=True, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Show what would change, and keep the list as it is.")
@click.option("--force", is_flag=True, help="Take an incomplete export, or a list that lacks most of your shows.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@account_option
@click.pass_obj
def command(run: Run, /, paths: tuple[Path, ...], dry_run: bool, force: bool, as_json: bool, **flags: Any) -> None:
    """Import the list of your shows, for a calendar without an API app.

    FILE is the export that you get at https://app.trakt.tv/settings/data, as a zip or unpacked. Lists
    of Trakt, TV Time, IMDb and Sonarr (JSON, CSV) work too, and a text file with a title or a number
    such as tvdb:121361 in each line; - is standard input. Several files together make one list. It
    replaces the list that you imported before.

    With api = "tvmaze" in your settings, the calendar has the episodes of these shows, at the times
    that TVmaze knows.
    """
    from trakt_ical.app.import_shows import keep_update, open_update

    with run.app(flags) as app:
        content = _read(run, app, paths, force=force)
        with open_update(app, content) as update:
            doubt = "" if force else update.find_doubt()
            if doubt and not dry_run:
                confirm_replacement(doubt, asks=app.environment.has_terminal())
            if not dry_run:
                keep_update(app, update)
        if as_json:
            write_line(json.dumps(_convert_update(update, content), ensure_ascii=False, indent=2))
        _report(run, app, update, content, doubt=doubt if dry_run else "")


def _read(run: Run, app: App, paths: Sequence[Path], *, force: bool) -> ListContent:
    from trakt_ical.app.import_shows import EXPORT_PAGE, read_demo_export, read_files, read_input
    from trakt_ical.fetch.imported.archive import FILE_LIMIT

    if not paths and run.demo:
        return read_demo_export(app)
    if not paths:
        raise click.UsageError(f"Name the file to import. Trakt's export is made at {EXPORT_PAGE}: Export now.")
    if Path("-") in paths:
        if len(paths) > 1:
            raise click.UsageError("Standard input (-) cannot be joined with files.")
        return read_input(sys.stdin.buffer.read(FILE_LIMIT + 1), takes_incomplete=force)
    return read_files(paths, takes_incomplete=force)


def confirm_replacement(doubt: str, *, asks: bool) -> None:
    """Ask whether the new list should replace the old one, where anybody can be asked.

    Raises UpdateHeldBack for no, and where nobody can be asked.
    """
    from trakt_ical.errors import UpdateHeldBack

    if not asks:
        raise UpdateHeldBack(f"{doubt} So the old list stays. To replace it, use import --force.")
    if not click.confirm(f"{doubt} Replace the old list?", err=True):
        raise UpdateHeldBack("The old list stays.")


def _report(run: Run, app: App, update: ListUpdate, content: ListContent, *, doubt: str) -> None:
    """Say what was imported, and what to do next."""
    for note in content.notes:
        run.say(f"Note: {note}")
    if doubt:
        run.say(f"{doubt} To replace that list, --force is needed.")
    run.say(_describe_counts(update))
    if not update.is_change:
        return
    for label, shows in (("New", update.added if update.old else ()), ("Gone", update.gone)):
        if 0 < len(shows) <= MOST_NAMED:
            run.say(f"{label}: {', '.join(map(_name_show, shows))}.")
    if update.renamed:
        run.say(
            f"This list has other numbers for {len(update.renamed)} of your shows than the list before. "
            "Their events are replaced by new ones, once."
        )
    if content.lacks_dropped:
        run.say("Trakt's export does not say which shows you dropped. Leave them out with exclude_shows.")
    if not app.capabilities.needs_list:
        setting = f"account.{app.account}.api" if app.account else "api"
        run.say(f"To make your calendar from this list: trakt-ical config set {quote(setting)} tvmaze")


def _describe_counts(update: ListUpdate) -> str:
    shows = update.new.shows
    owner = f" of {update.new.owner}" if update.new.owner else ""
    head = f"{describe_count(len(shows), 'show')}{owner}"
    if not update.is_change:
        return f"{head}: nothing changed."
    counts = {
        "new": len(update.added),
        "gone": len(update.gone),
        "hidden": sum(show.hidden for show in shows),
        "by title alone": sum(show.key is None for show in shows),
    }
    return f"{', '.join([head, *(f'{count} {name}' for name, count in counts.items() if count)])}."


def _name_show(show: ImportedShow) -> str:
    return show.title or show.key or ""


def _convert_update(update: ListUpdate, content: ListContent) -> dict[str, object]:
    """Return the result for JSON."""
    shows = update.new.shows
    return {
        "owner": update.new.owner or None,
        "origin": update.new.origin,
        "shows": len(shows),
        "hidden": sum(show.hidden for show in shows),
        "watchlisted": sum(show.watchlisted for show in shows),
        "by_title_alone": sum(show.key is None for show in shows),
        "new": [_name_show(show) for show in update.added],
        "gone": [_name_show(show) for show in update.gone],
        "changed": update.is_change,
        "notes": list(content.notes),
    }
