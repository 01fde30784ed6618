"""`trakt-ical push`: bring calendars on CalDAV servers in step with the stored calendars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from trakt_ical.cli.command import Command
from trakt_ical.cli.run import Run, account_options
from trakt_ical.cli.terminal import show_progress
from trakt_ical.errors import TraktIcalError
from trakt_ical.wording import describe_count

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trakt_ical.app.context import App
    from trakt_ical.export.mirror import PushResult

MOST_TITLES = 3


@click.command("push", cls=Command)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
@account_options
@click.pass_obj
def command(run: Run, /, names: tuple[str, ...], dry_run: bool, **flags: Any) -> None:
    """Bring calendars on CalDAV servers in step with your calendars.

    \b
    trakt-ical push             all [push.NAME] tables that your calendars name
    trakt-ical push icloud      [push.icloud] alone

    Each export, and each update of the feed, does this by itself. Only events that trakt-ical made are changed or
    deleted. A push that was interrupted goes on where it ended.

    With --demo, a small CalDAV server is started for the command (extra trakt-ical[caldav]).
    """
    from trakt_ical.app.push import find_pushes

    with run.accounts(flags) as accounts:
        apps = accounts.open_all()
        if run.demo and not accounts.resolved.pushes and not names:
            _push_demo(run, apps[0], dry_run=dry_run)
            return
        errors = [error for app, name in find_pushes(apps, names) if (error := _push(run, app, name, dry_run=dry_run))]
    for error in errors[1:]:
        run.warn(f"Error: {error}")
    for error in errors[:1]:
        raise error


def _push(run: Run, app: App, name: str, *, dry_run: bool) -> TraktIcalError | None:
    """Push to *name*; return how that failed, None where it did not: the other pushes are tried all the same."""
    from trakt_ical.app.push import push_stored

    try:
        with show_progress(f"Pushing to {name}", visible=not run.quiet) as progress:
            result = push_stored(app, name, tell=progress, dry_run=dry_run)
    except TraktIcalError as error:
        return error
    run.say(describe_result(name, result, dry_run=dry_run))
    for warning in describe_left_out(name, result):
        run.warn(f"Warning: {warning}")
    return None


def _push_demo(run: Run, app: App, *, dry_run: bool) -> None:
    """Push the built-in Trakt's calendars to a server that runs as long as this command."""
    from trakt_ical.app.demo_push import push_demo

    with show_progress("Pushing to Radicale", visible=not run.quiet) as progress:
        result, folder = push_demo(app, tell=progress, dry_run=dry_run)
    run.say(describe_result("Radicale", result, dry_run=dry_run))
    run.say(f"This Radicale ran for this command. It keeps its calendars in {folder}.")


def describe_result(name: str, result: PushResult, *, dry_run: bool = False) -> str:
    """Return the closing line for the push *name*."""
    if not result.put and not result.deleted:
        is_whole = not result.taken and not result.refused
        return f"{name}: the calendar on the server is up to date." if is_whole else f"{name}: nothing was written."
    verb = "would be" if dry_run else "were" if result.put != 1 else "was"
    events = f"{describe_count(result.put, 'event')} {verb} written"
    return f"{name}: {events}{f', {result.deleted} deleted' if result.deleted else ''}."


def describe_left_out(name: str, result: PushResult) -> Iterator[str]:
    """Yield a sentence on the events that the push *name* could not put there, for each reason."""
    if result.taken:
        yield (
            f"{name}: this server takes an event in one calendar only, and another calendar of the account, or another "
            f"person's trakt-ical, already has {_list_titles(result.taken)}. Delete that calendar's copies, or set "
            "unique_uids in one of the two."
        )
    if result.refused:
        yield f"{name}: the server refused {_list_titles(result.refused)}. They are tried again once a day."


def _list_titles(titles: Mapping[str, str]) -> str:
    more = f" and {len(titles) - MOST_TITLES} more" if len(titles) > MOST_TITLES else ""
    return f"{', '.join(list(titles.values())[:MOST_TITLES])}{more}"
