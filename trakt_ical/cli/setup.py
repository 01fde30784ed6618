"""`trakt-ical setup`: from nothing to a calendar, with a few questions."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from trakt_ical.cli.command import Command
from trakt_ical.cli.import_ import confirm_replacement
from trakt_ical.cli.login import log_in_by_code
from trakt_ical.cli.run import Run, setting_option
from trakt_ical.cli.schedule import install_schedule, warn_of_variables
from trakt_ical.cli.terminal import show_progress, write_note
from trakt_ical.config.checks import check_value
from trakt_ical.errors import AppNeeded, ImportRefused, SettingsError, TraktIcalError
from trakt_ical.export.stores.address import complete_address, is_bucket_address
from trakt_ical.fetch.sources import SOURCES, LoginMethod

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trakt_ical.app.context import Accounts, App
    from trakt_ical.fetch.imported.imported_list import ListContent
    from trakt_ical.fetch.sources import Capabilities

Answers: TypeAlias = dict[str, str | tuple[str, ...]]

WAYS = (
    "Where do your shows come from?",
    "  trakt   your Trakt account, through an API app of your own, which needs Trakt VIP",
    "  tvmaze  the free export of your Trakt account, or any list of shows, with air times from TVmaze",
    "  look    nowhere yet: look around in the built-in Trakt",
)
ANSWERS = ("yes", "origin", "client_id", "list_file", "kind", "timezone", "output")  # options that answer a question
API_OF_WAY = {"trakt": "v2", "tvmaze": "tvmaze"}
CANNOT_ASK = "setup cannot ask here. Give it --from trakt with --client-id ID, or --from tvmaze with --list FILE."
APPS_PAGE = "https://app.trakt.tv/settings/apps"


@click.command("setup", cls=Command)
@click.option("--from", "origin", type=click.Choice(("trakt", "tvmaze", "look")), help="Where your shows come from.")
@setting_option("--client-id", setting="client_id", metavar="ID")
@click.option(
    "--list", "list_file", type=click.Path(exists=True, path_type=Path), help="Export or list to import (tvmaze)."
)
@click.option("--kind", multiple=True, help="Kinds of airings, such as shows or movies; may be given several times.")
@setting_option("--timezone", setting="timezone", metavar="ZONE")
@setting_option("-o", "--output", setting="output", metavar="FILE")
@click.option("--schedule/--no-schedule", default=None, help="Update the calendar every six hours, or not.")
@click.option("--login/--no-login", default=True, help="Log in now, or later.", show_default=True)
@click.option("-y", "--yes", is_flag=True, help="Ask nothing: use the options given, and defaults for the rest.")
@click.pass_obj
def command(run: Run, /, **flags: Any) -> None:
    """Set everything up, with a few questions.

    It writes a settings file, logs you in or imports your list of shows, makes your first calendar and lets this
    computer keep it up to date. Each answer may be given as an option. You can run it again: your current settings are
    the default answers, and are kept.
    """
    with run.accounts({"creates_file": True}) as accounts:
        _refuse_household(accounts)
        app = accounts.open_account("")
        asks = app.environment.has_terminal() and not flags["yes"]
        if not asks and not any(flags[name] for name in ANSWERS) and flags["schedule"] is None:
            raise click.UsageError(f"{CANNOT_ASK} With -y, it takes your settings and the defaults.")
        if asks:
            run.say(
                "Press Enter to take the answer in brackets, Ctrl-C to stop. "
                "Your settings are written after the first questions."
            )
        answers = _ask_source(run, app, flags, asks=asks)
        if answers is None:
            _describe_demo(run)
            return
        answers |= _ask_rest(app, str(answers.get("api", app.settings.api)), flags, asks=asks)
        content = _ask_list(run, app, flags["list_file"], asks=asks) if answers.get("api") == "tvmaze" else None
        _write(run, app, answers)
    with run.accounts({}) as accounts:
        app = accounts.open_account("")
        if content is not None:
            _import(run, app, content, asks=asks)
        if app.capabilities.needs_list and app.imported_list_file.load_if_readable() is None:
            run.say("When you have your export, run: trakt-ical setup --list FILE")
            return
        if flags["login"]:
            _log_in(run, app)
            _make_first_calendar(run, app)
    _install_schedule(run, flags["schedule"], asks=asks)
    run.say("To check everything at any time: trakt-ical doctor")


def _refuse_household(accounts: Accounts) -> None:
    """Raise SettingsError where the settings have accounts: a few questions cannot say what is whose."""
    if names := [name for name in accounts.resolved.accounts if name]:
        raise SettingsError(
            f"Your settings have accounts ({', '.join(names)}), and setup is for one person. Change them in "
            f"{accounts.resolved.file}, and let each person log in. Run: trakt-ical login --account {quote(names[0])}"
        )


def _describe_demo(run: Run) -> None:
    """Say how to look around."""
    run.say("Look around:")
    for words, meaning in (("export", "a file"), ("agenda", "the coming days"), ("serve", "a feed, with a page")):
        run.say(f"  {run.program} --demo {words:8}{meaning}")


def _ask_source(run: Run, app: App, flags: dict[str, Any], *, asks: bool) -> Answers | None:
    """Return the answers about the source, None where the user only looks around. Raises click.UsageError."""
    origin = flags["origin"]
    if run.demo:  # the built-in Trakt has an app and an account
        return {"api": API_OF_WAY[origin]} if origin in API_OF_WAY else {}
    usual = "tvmaze" if app.capabilities.needs_list else "trakt"
    if origin is None and not asks and not flags["client_id"] and flags["list_file"]:
        origin = "tvmaze"
    while True:
        if origin is None and asks:
            for row in WAYS:
                write_note(row)
            chosen = click.prompt("From", type=click.Choice(("trakt", "tvmaze", "look")), default=usual, err=True)
        else:
            chosen = origin or usual
        if chosen == "look":
            return None
        if chosen == "tvmaze":
            return {"api": "tvmaze"}
        if client_id := _ask_client_id(run, app, flags["client_id"], asks=asks):
            return {"api": "v2", "client_id": client_id}
        origin = None


def _ask_client_id(run: Run, app: App, given: str | None, *, asks: bool) -> str:
    """Return a Client ID that Trakt accepts, "" where the user has none. A wrong one is asked for again.

    Raises click.UsageError, AppNeeded or TraktError.
    """
    from trakt_ical.app.setup import check_client_id

    client_id, known = given or "", app.settings.client_id
    while True:
        if not client_id and asks:
            write_note(
                f"Trakt shows the Client ID of your app at {APPS_PAGE}" + ("" if known else " (none: press Enter).")
            )
            client_id = click.prompt("Client ID", default=known, show_default=bool(known), err=True).strip()
            if not client_id:
                write_note("Without a Client ID, choose another way.")
                return ""
        client_id = client_id or known
        if not client_id:
            raise click.UsageError(CANNOT_ASK)
        try:
            with run.accounts({"creates_file": True, "api": "v2", "client_id": client_id}) as accounts:
                check_client_id(accounts.open_account(""))
            return client_id
        except AppNeeded as error:
            if not asks:
                raise
            write_note(error.reason)
            client_id = known = ""


def _ask_rest(app: App, api: str, flags: dict[str, Any], *, asks: bool) -> Answers:
    """Return the answers about kinds, zone and output, for a calendar from *api*. Raises SettingsError."""
    settings = app.settings
    if any(calendar.name for calendar in app.resolved.calendars):
        return {}  # calendars with tables of their own are for an editor
    kinds = tuple(flags["kind"]) or settings.kind
    if not flags["kind"] and asks:
        kinds = _ask_kinds(SOURCES[api].capabilities, settings.kind)
    zone = flags["timezone"] if flags["timezone"] is not None else settings.timezone
    if flags["timezone"] is None and asks:
        zone = _ask_zone(settings.timezone, "computer" if SOURCES[api].capabilities.needs_list else "account")
    # An absolute path: the schedule and status run in other folders.
    is_relative = _is_path(settings.output) and not Path(settings.output).expanduser().is_absolute()
    usual = f"~/{settings.output}" if is_relative else settings.output
    output = complete_address(flags["output"] or usual)
    if not flags["output"] and asks:
        output = _ask_output(usual)
    answers: Answers = {"kind": kinds, "timezone": zone, "output": output}
    for name, value in answers.items():
        if value and (reason := check_value(name, value)):
            raise SettingsError(f"{name} {reason}")
    return answers | {"output": _complete_path(output)}


def _ask_kinds(capabilities: Capabilities, usual: Sequence[str]) -> tuple[str, ...]:
    has = capabilities.kinds
    shown = ",".join(kind for kind in usual if kind in has) or "shows"
    while True:
        typed: str = click.prompt(f"Kinds, with commas between them ({', '.join(has)})", default=shown, err=True)
        kinds = tuple(dict.fromkeys(each.strip() for each in typed.split(",") if each.strip()))
        lacking = [kind for kind in kinds if kind not in has]
        if reason := check_value("kind", kinds):
            write_note(f"A kind {reason}")
        elif lacking:
            write_note(f"{capabilities.name} has no {' and no '.join(lacking)}.")
        else:
            return kinds


def _ask_zone(usual: str, origin: str) -> str:
    """Return the zone that the user names, "" for that of *origin*, the user's account or computer."""
    while True:
        question = f"Time zone ({origin}: that of your {origin})"
        typed: str = click.prompt(question, default=usual or origin, err=True)
        zone = "" if typed == origin else typed.strip()
        reason = check_value("timezone", zone) if zone else None
        if reason is None:
            return zone
        write_note(f"That {reason}" + ("" if "Did you mean" in reason else " Write one such as Europe/Berlin."))


def _ask_output(usual: str) -> str:
    while True:
        # Who can read the path can read the calendar, so nobody has to invent one.
        typed = complete_address(click.prompt("File of the calendar (or s3://BUCKET)", default=usual, err=True))
        reason = check_value("output", typed)
        if reason is not None:
            write_note(f"The file {reason}")
            continue
        folder = Path(_complete_path(typed)).parent
        if not _is_path(typed) or folder.is_dir():
            return typed
        write_note(f"There is no folder {folder}. Make it first, or name a file in another one.")


def _complete_path(output: str) -> str:
    """Return *output* as a path that is the same from each folder, where it is a path."""
    return str(Path(output).expanduser().absolute()) if _is_path(output) else output


def _is_path(output: str) -> bool:
    return "://" not in output and output != "-"


def _ask_list(run: Run, app: App, path: Path | None, *, asks: bool) -> ListContent | None:
    """Return what the list at *path* says, or the one that the user names; None where there is one, or comes later.

    Raises click.UsageError where nobody can be asked, ImportRefused.
    """
    from trakt_ical.app.import_shows import EXPORT_PAGE, read_demo_export, read_files

    if path is not None:
        return read_files([path], takes_incomplete=False)
    if app.imported_list_file.load_if_readable() is not None:
        return None
    if run.demo:
        return read_demo_export(app)
    if not asks:
        raise click.UsageError("setup needs your export, or another list of shows. Give it with --list FILE.")
    write_note(f"Choose Export now at {EXPORT_PAGE}, or take any list of shows.")
    write_note("The file is not ready yet? Press Enter.")
    while True:
        typed: str = click.prompt("File", default="", show_default=False, err=True).strip()
        if not typed:
            return None
        try:
            return read_files([Path(typed).expanduser()], takes_incomplete=False)
        except ImportRefused as error:
            write_note(str(error))


def _write(run: Run, app: App, answers: Answers) -> None:
    from trakt_ical.app.setup import write_settings

    changed = write_settings(app.resolved.file, answers)
    run.say(f"{'Written' if changed else 'Unchanged'}: {app.resolved.file}")


def _import(run: Run, app: App, content: ListContent, *, asks: bool) -> None:
    """Keep the list of shows. Raises UpdateHeldBack where it lacks most of the one before, and nobody agrees."""
    from trakt_ical.app.import_shows import keep_update, open_update

    with open_update(app, content) as update:
        if doubt := update.find_doubt():
            confirm_replacement(doubt, asks=asks)
        keep_update(app, update)
        run.say(f"{len(update.new.shows)} shows imported.")


def _log_in(run: Run, app: App) -> None:
    """Log in, where the source has a login and nobody is logged in."""
    from trakt_ical.app.login import find_login

    if app.capabilities.login is not LoginMethod.DEVICE_CODE:
        return
    if known := find_login(app):
        run.say(f"Logged in as {known.username or 'an unknown user'} already.")
    else:
        log_in_by_code(run, app)


def _make_first_calendar(run: Run, app: App) -> None:
    """Write each calendar that goes to a file or bucket, and say how to see it."""
    from trakt_ical.app.export import ExportOptions, export, make_job

    jobs = [make_job(app, calendar) for calendar in app.calendars if calendar.has_output]
    unit = "shows" if app.capabilities.needs_list else ""
    with show_progress(app.capabilities.server, visible=not run.quiet, unit=unit) as progress:
        outcomes = export(app, jobs, ExportOptions(), progress)
    for job, outcome in zip(jobs, outcomes, strict=True):
        if isinstance(outcome, TraktIcalError):
            raise outcome
        place = job.store.describe() if job.store else ""
        where = "Open it in your calendar program."
        if is_bucket_address(job.calendar.settings.output):
            where = f"Its secret path is in {app.resolved.file}. How to subscribe to it there: docs/bucket.md"
        run.say(f"Your calendar: {place}, {outcome.summary.events} events. {where}")
    run.say("To subscribe instead, so that it stays up to date: trakt-ical serve, then trakt-ical feed page")


def _install_schedule(run: Run, wanted: bool | None, *, asks: bool) -> None:
    """Let this computer update the calendar, where that is *wanted*; None: where the user says so."""
    if wanted is None and asks:
        # A calendar of made-up shows is hardly worth a job of this computer.
        which = "the demo's calendar" if run.demo else "the calendar"
        wanted = click.confirm(f"Update {which} every six hours by itself?", default=not run.demo, err=True)
    if wanted:
        install_schedule(run)
    else:
        warn_of_variables(run)
