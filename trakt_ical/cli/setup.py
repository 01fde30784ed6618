"""`trakt-ical setup`: from nothing to a calendar, with a few questions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from trakt_ical.cli.command import Command
from trakt_ical.cli.login import log_in_by_code
from trakt_ical.cli.run import Run, setting_option
from trakt_ical.cli.schedule import install_schedule
from trakt_ical.cli.terminal import show_progress, write_note

if TYPE_CHECKING:
    from trakt_ical.app.context import App

Answers: TypeAlias = dict[str, str | tuple[str, ...]]

WAYS = """Where do your shows come from?
  trakt   your Trakt account, by an API app of your own (needs Trakt VIP): https://app.trakt.tv/settings/apps
  tvmaze  the export of your Trakt account, or any list of shows, with air times from TVmaze (free)
  look    nowhere yet: look around with the built-in Trakt"""


@click.command("setup", cls=Command)
@click.option("--from", "origin", type=click.Choice(("trakt", "tvmaze", "look")), help="Where your shows come from.")
@setting_option("--client-id", setting="client_id", metavar="ID")
@click.option(
    "--list", "list_file", type=click.Path(exists=True, path_type=Path), help="Export or list to import (tvmaze)."
)
@click.option("--kind", multiple=True, help="Kinds of airings, such as shows or movies; may be given several times.")
@setting_option("--timezone", setting="timezone", metavar="ZONE")
@setting_option("-o", "--output", setting="output", metavar="FILE")
@click.option("--schedule/--no-schedule", default=None, help="Keep the calendar up to date every six hours, or do not.")
@click.option("--login/--no-login", default=True, help="Log in now, or later.", show_default=True)
@click.option("-y", "--yes", is_flag=True, help="Ask nothing: take the flags, and else what is usual.")
@click.pass_obj
def command(run: Run, /, **flags: Any) -> None:
    """Set everything up, with a few questions.

    It writes a settings file, logs you in or imports your list of shows, makes your first calendar and lets this
    computer keep it up to date. Each answer may be given as an option. You can run it again: what stands in the
    settings file is the answer by default, and stays.
    """
    with run.accounts({}) as accounts:
        app = accounts.open_account("")
        asks = app.environment.has_terminal() and not flags["yes"]
        answers = _ask_source(run, app, flags, asks=asks)
        if answers is None:
            run.say("Look around: trakt-ical --demo export, trakt-ical --demo agenda, trakt-ical --demo serve")
            return
        answers |= _ask_rest(app, flags, asks=asks)
        _write(run, app, answers)
    with run.accounts({}) as accounts:
        app = accounts.open_account("")
        _open_account(run, app, flags, asks=asks)
        if flags["login"]:
            _make_first_calendar(run, app)
    if flags["schedule"] or (flags["schedule"] is None and asks and _confirm("Update it every six hours by itself?")):
        install_schedule(run)
    run.say(f"To check everything at any time: {run.program} doctor")


def _ask_source(run: Run, app: App, flags: dict[str, Any], *, asks: bool) -> Answers | None:
    """Return the answers about the source, None where the user only looks around."""
    if run.demo:  # the built-in Trakt has an app and an account
        return {}
    usual = "tvmaze" if app.settings.api == "tvmaze" else "trakt"
    origin = flags["origin"]
    if origin is None and asks:
        write_note(WAYS)
        origin = click.prompt("From", type=click.Choice(("trakt", "tvmaze", "look")), default=usual, err=True)
    origin = origin or usual
    if origin == "look":
        return None
    if origin == "tvmaze":
        return {"api": "tvmaze"}
    return {"api": "v2", "client_id": _ask_client_id(run, app, flags["client_id"], asks=asks)}


def _ask_client_id(run: Run, app: App, given: str | None, *, asks: bool) -> str:
    """Return a Client ID that Trakt accepts. Raises click.UsageError, AppNeeded or TraktError."""
    from trakt_ical.app.setup import check_client_id
    from trakt_ical.errors import AppNeeded

    client_id = given or ""
    while True:
        if not client_id and asks:
            client_id = click.prompt("Client ID", default=app.settings.client_id or None, err=True).strip()
        client_id = client_id or app.settings.client_id
        if not client_id:
            raise click.UsageError("setup needs the Client ID of your API app. Give it with --client-id.")
        try:
            with run.accounts({"api": "v2", "client_id": client_id}) as accounts:
                check_client_id(accounts.open_account(""))
            return client_id
        except AppNeeded as error:
            if not asks:
                raise
            write_note(f"Trakt does not accept it. {error}")
            client_id = ""


def _ask_rest(app: App, flags: dict[str, Any], *, asks: bool) -> Answers:
    """Return the answers about kinds, zone and output."""
    settings = app.settings
    if any(calendar.name for calendar in app.resolved.calendars):
        return {}  # calendars with tables of their own are for an editor
    kinds = tuple(flags["kind"]) or settings.kind
    if not flags["kind"] and asks:
        shown = ", ".join(settings.kind)
        typed = click.prompt("Kinds (shows, new, premieres, finales, movies, streaming, dvd)", default=shown, err=True)
        kinds = tuple(each.strip() for each in typed.split(",") if each.strip())
    zone = flags["timezone"] if flags["timezone"] is not None else settings.timezone
    if flags["timezone"] is None and asks:
        zone = _ask_zone(settings.timezone)
    # An absolute path: the schedule and status run in other folders.
    is_place = Path(settings.output).expanduser().is_absolute() or "://" in settings.output or settings.output == "-"
    usual = settings.output if is_place else f"~/{settings.output}"
    output = flags["output"] or usual
    if not flags["output"] and asks:
        output = click.prompt("File of the calendar (or s3://BUCKET/NAME.ics)", default=usual, err=True)
    if "://" not in output and output != "-":
        output = str(Path(output).expanduser().absolute())
    return {"kind": kinds, "timezone": zone, "output": output}


def _ask_zone(usual: str) -> str:
    from trakt_ical.app.setup import check_zone
    from trakt_ical.errors import SettingsError

    while True:
        typed: str = click.prompt("Time zone (account: that of your account)", default=usual or "account", err=True)
        zone = "" if typed == "account" else typed.strip()
        try:
            check_zone(zone)
        except SettingsError as error:
            write_note(str(error))
        else:
            return zone


def _write(run: Run, app: App, answers: Answers) -> None:
    from trakt_ical.app.setup import write_settings

    changed = write_settings(app.resolved.file, answers)
    run.say(f"{'Written' if changed else 'Unchanged'}: {app.resolved.file}")


def _open_account(run: Run, app: App, flags: dict[str, Any], *, asks: bool) -> None:
    """Log in, or import the list of shows, where that was not done before."""
    from trakt_ical.app.import_shows import EXPORT_PAGE, keep_update, open_update, read_files
    from trakt_ical.app.login import find_login
    from trakt_ical.fetch.sources import LoginMethod

    if app.capabilities.needs_list:
        path = flags["list_file"]
        if path is None and app.imported_list_file.load_if_readable() is None and asks:
            write_note(f"Choose Export now at {EXPORT_PAGE}, or take any list of shows.")
            path = click.prompt("File", type=click.Path(exists=True, path_type=Path), err=True)
        if path is not None:
            with open_update(app, read_files([path], takes_incomplete=False)) as update:
                keep_update(app, update)
                run.say(f"{len(update.new.shows)} shows imported.")
    elif app.capabilities.login is LoginMethod.DEVICE_CODE and flags["login"]:
        if known := find_login(app):
            run.say(f"Logged in as {known.username or 'an unknown user'} already.")
        else:
            log_in_by_code(run, app)


def _make_first_calendar(run: Run, app: App) -> None:
    """Write each calendar that goes to a file or bucket, and say how to see it."""
    from trakt_ical.app.export import ExportOptions, Job, export
    from trakt_ical.errors import TraktIcalError
    from trakt_ical.export.output import make_store

    calendars = [calendar for calendar in app.calendars if calendar.settings.output not in ("", "-")]
    jobs = [Job(calendar, make_store(calendar.settings.output)) for calendar in calendars]
    with show_progress(app.capabilities.server, visible=not run.quiet) as progress:
        outcomes = export(app, jobs, ExportOptions(), progress)
    for job, outcome in zip(jobs, outcomes, strict=True):
        if isinstance(outcome, TraktIcalError):
            raise outcome
        place = job.store.describe() if job.store else ""
        run.say(f"Your calendar: {place}, {outcome.summary.events} events. Open it in your calendar program.")
    run.say(f"To subscribe instead, so that it stays up to date: {run.program} serve, then {run.program} feed page")


def _confirm(question: str) -> bool:
    return click.confirm(question, default=True, err=True)
