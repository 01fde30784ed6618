"""`trakt-ical config`: the settings in force, where their values come from, and changes to the settings file."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from trakt_ical.cli.command import Command
from trakt_ical.cli.run import Run, account_options
from trakt_ical.cli.terminal import write_line
from trakt_ical.config import hide_userinfo, list_settings
from trakt_ical.errors import SettingsError
from trakt_ical.export.stores.address import complete_address, find_plain_endpoint

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trakt_ical.config import Calendar, ShownSetting

# How many words may follow, at least and at most, and how it is written.
ACTIONS = {"set": (1, 2, "set NAME VALUE"), "unset": (1, 1, "unset NAME"), "edit": (0, 0, "edit")}


@click.command("config", cls=Command, context_settings={"ignore_unknown_options": True})  # `set offset -30`
@click.argument("words", nargs=-1, metavar="[set NAME [VALUE] | unset NAME | edit]")
@click.option("--all", "show_all", is_flag=True, help="Show also the settings that have their defaults.")
@click.option("--json", "as_json", is_flag=True, help="Print all settings as JSON.")
@click.option("--schema", is_flag=True, help="Print the JSON schema of the settings file, for editors.")
@account_options
@click.pass_obj
def command(run: Run, /, words: tuple[str, ...], show_all: bool, as_json: bool, schema: bool, **flags: Any) -> None:
    """Show which settings differ from their defaults, and where their values come from.

    \b
    trakt-ical config set back 14                     in the settings file
    trakt-ical config set calendar.Films.kind movies  in its table [calendar.Films]
    trakt-ical config set password                    asks for the value, so that nobody sees it
    trakt-ical config unset back
    trakt-ical config edit                            in your editor

    Secrets are not shown. The last line, on standard error, says where your settings file is or would be.
    """
    if schema:
        from trakt_ical.config.schema import make_schema

        write_line(json.dumps(make_schema(), ensure_ascii=False, indent=2))
        return
    if words:
        if flags["account"] is not None:
            table = f"account.{flags['account']}." if flags["account"] else ""
            raise click.UsageError(f"--account only chooses what is shown. Write: config {words[0]} {table}NAME …")
        _change(run, words)
        return
    with run.accounts(flags) as accounts:
        resolved = accounts.resolved
        listed = list(
            list_settings(resolved if resolved.account is None else resolved.select_account(resolved.account))
        )
        if as_json:
            write_line(json.dumps([msgspec.structs.asdict(each) for each in listed], ensure_ascii=False, indent=2))
        else:
            _print_table([each for each in listed if show_all or each.origin != "default"])
        for calendar in accounts.resolved.calendars:
            _warn_of_plain_endpoint(run, calendar, accounts.environment.environ)
        file = accounts.resolved.file
        if not show_all and not as_json:
            run.say("All other settings have their defaults. To see them: trakt-ical config --all")
        run.say(f"Settings file: {file}" + ("" if file.exists() else " (does not exist yet)"))


def _warn_of_plain_endpoint(run: Run, calendar: Calendar, environ: Mapping[str, str]) -> None:
    """Say if the bucket of *calendar* is reached without encryption: its secret path can then be read on the way."""
    if name := find_plain_endpoint(calendar.settings.output, environ):
        url = hide_userinfo(environ[name])
        run.say(f"The bucket of {calendar.title} is reached without encryption: {name} is {url}.")


def _print_table(listed: Sequence[ShownSetting]) -> None:
    rows = [(_name_setting(each), each) for each in listed]
    name_width = max((len(name) for name, _ in rows), default=0)
    value_width = max((len(each.value) for each in listed), default=0)
    for name, each in rows:
        write_line(f"{name:{name_width}}  {each.value:{value_width}}  {each.origin}")


def _name_setting(each: ShownSetting) -> str:
    if each.account:
        return f"account {each.account}: {each.name}"
    return f"{each.calendar}: {each.name}" if each.calendar else each.name


def _change(run: Run, words: Sequence[str]) -> None:
    """Change the settings file as *words* say."""
    action, *rest = words
    if action not in ACTIONS:
        raise click.UsageError(f"{action} is not an action of config. Use set, unset or edit.")
    least, most, usage = ACTIONS[action]
    if not least <= len(rest) <= most:
        raise click.UsageError(f"Write: config {usage}")
    path = _find_file(run)
    if action == "edit":
        _edit(run, path)
        return
    from trakt_ical.config import edit

    name = rest[0]
    value = None if action == "unset" else rest[1] if len(rest) > 1 else _ask_value(name)
    if action == "set" and len(rest) > 1 and edit.is_secret(name):
        raise click.UsageError(
            f"{name} is a secret. Leave out the value, which your shell would keep, and type it when asked."
        )
    edit.save_text(path, edit.set_value(path, name, value))
    run.say(f"{'Removed' if value is None else 'Set'}: {name} in {path}")
    if value is not None and name.rpartition(".")[2] == "output" and complete_address(value) != value:
        run.say("The address now includes a secret path in the bucket. It is in the settings file.")


def _ask_value(name: str) -> str:
    """Ask for the value of *name*; a script may write it to standard input."""
    from trakt_ical.config.edit import is_secret

    if sys.stdin is not None and not sys.stdin.isatty():
        if not (line := sys.stdin.readline()):
            raise click.UsageError(f"No value was given for {name}.")
        return line.rstrip("\r\n")
    answer: str = click.prompt(name, hide_input=is_secret(name), err=True)
    return answer


def _edit(run: Run, path: Path) -> None:
    """Open the settings file in the user's editor; report what is wrong with it afterwards."""
    from trakt_ical.config import edit

    if not path.exists():
        edit.save_text(path, edit.NEW_FILE)
    try:
        click.edit(filename=str(path))
    except click.ClickException as error:
        raise SettingsError(
            f"The editor could not be started, or failed: {error.message}. Set EDITOR, or open {path} yourself."
        ) from error
    edit.check_text(path, edit.load_text(path))  # it stays as it was written: nobody's work is thrown away
    run.say(f"{path} has no errors.")


def _find_file(run: Run) -> Path:
    """Return where the settings file is, or would be."""
    from trakt_ical.app.environment import find_folders

    if run.chosen_config:
        return Path(run.chosen_config).expanduser()
    return find_folders(run.home, run.environment.environ, demo=run.demo).file
