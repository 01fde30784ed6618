"""`trakt-ical status`: the login, and how each output is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias, Union

import click

from trakt_ical.cli.command import Command
from trakt_ical.cli.run import Run, account_options
from trakt_ical.cli.terminal import write_line
from trakt_ical.errors import LoginNeeded, TraktIcalError
from trakt_ical.fetch.sources import LoginMethod
from trakt_ical.wording import IMPORT_AGAIN, describe_age, describe_past, describe_span

if TYPE_CHECKING:
    from trakt_ical.app.context import App
    from trakt_ical.app.outputs import WrittenOutput
    from trakt_ical.trakt.token import Token

NOT_CONFIGURED = "  (not in your settings; to forget it: trakt-ical status --prune)"

Login: TypeAlias = Union["Token", "TraktIcalError", None]
"""The token of an account, None where it needs none, or the error of an account that lacks one."""


@click.command("status", cls=Command)
@click.option("--json", "as_json", is_flag=True, help="Print the status as JSON.")
@click.option(
    "--max-age",
    type=click.IntRange(1),
    metavar="HOURS",
    help="Report an output as old after HOURS without success.  [default: 36; feeds: 3 refreshes, at least 3 hours]",
)
@click.option("--prune", is_flag=True, help="Forget outputs that your settings no longer name. No calendar is deleted.")
@account_options
@click.pass_obj
def command(run: Run, /, as_json: bool, max_age: int | None, prune: bool, **flags: Any) -> None:
    """Show your login, and when each output was last written.

    An output is listed with its last success, its last change and, if an update is held back, since when. With several
    accounts, each is shown with its calendars. If a login is missing, the exit status is 4; if an output is older than
    it should be, it is 5. For a check of everything: trakt-ical doctor
    """
    from trakt_ical.app.folder_faults import find_folder_faults
    from trakt_ical.app.login import find_shared_users
    from trakt_ical.app.outputs import OLD_STATUS, ask_buckets, forget_outputs, list_outputs

    with run.accounts(flags) as accounts:
        apps = accounts.open_known()
        owners = accounts.open_owners()
        limit = timedelta(hours=max_age) if max_age else None
        outputs = ask_buckets(owners, list_outputs(owners, limit), limit)
        if prune:
            forgotten = [output for output in outputs if not output.is_configured]
            forget_outputs(forgotten)
            for output in forgotten:
                run.say(f"Forgotten: {output.state.output}")
            outputs = [output for output in outputs if output.is_configured]
        logins = {app.account: _load_login(app) for app in apps}
        now = accounts.environment.now()
        if as_json:
            write_line(json.dumps(_convert_status(run, apps, outputs, logins), ensure_ascii=False, indent=2))
        else:
            for row in _describe_status(apps, outputs, logins):
                write_line(run.complete_advice(row))
        for fault in find_folder_faults(accounts.folders.working_folders):
            run.warn(f"Warning: {fault.message} No run can record its result there. {fault.remedy}")
        for number, app in enumerate(apps):
            for warning in find_shared_users(app, apps[number + 1 :]):
                run.warn(f"Warning: {warning}")
    # Last, so that everything else is shown all the same.
    for login in logins.values():
        if isinstance(login, TraktIcalError):
            raise login
    if any(output.is_old(now) for output in outputs if output.account in logins):
        click.get_current_context().exit(OLD_STATUS)


def _describe_status(
    apps: Sequence[App], outputs: Sequence[WrittenOutput], logins: Mapping[str, Login]
) -> Iterator[str]:
    """Yield the lines about each account. A single one needs no heading."""
    others = list(outputs)
    for app in apps:
        if len(apps) == 1:
            its, indent = others, ""
        else:
            its, indent = [output for output in others if output.account == app.account], "  "
            yield f"Account {app.account}" if app.account else "The account above all tables"
            yield f"  Calendars: {', '.join(_list_titles(app)) or 'none'}"
        others = [output for output in others if output not in its]
        now = app.environment.now()
        for output in its:
            yield from (indent + row for row in _describe_output(output, now))
        yield from (indent + row for row in _describe_login(app, logins[app.account], now))
    for output in others:
        yield from _describe_output(output, apps[0].environment.now())


def _convert_status(
    run: Run, apps: Sequence[App], outputs: Sequence[WrittenOutput], logins: Mapping[str, Login]
) -> dict[str, object]:
    """Return the status for JSON. *login* is that of the only account, null where there are several."""
    accounts = [
        {
            "account": app.account,
            "login": _convert_login(app, login),
            "error": run.complete_advice(str(login)) if isinstance(login, TraktIcalError) else None,
            "calendars": _list_titles(app),
            "outputs": [output.state.output for output in outputs if output.account == app.account],
            **_convert_list(app, login),
        }
        for app, login in ((app, logins[app.account]) for app in apps)
    ]
    status = {
        "login": accounts[0]["login"] if len(apps) == 1 else None,
        "accounts": accounts,
        "outputs": [_convert_output(run, output, apps[0].environment.now()) for output in outputs],
    }
    return status | (_convert_list(apps[0], logins[apps[0].account]) if len(apps) == 1 else {})


def _list_titles(app: App) -> list[str]:
    """Return the names of the account's calendars; a named account has the one without a name only for want of any."""
    return [calendar.title for calendar in app.calendars if calendar.name or not app.account]


def _describe_output(output: WrittenOutput, now: datetime) -> Iterator[str]:
    state = output.state
    old = f". Older than {describe_span(output.limit)}, so something is wrong" if output.is_old(now) else ""
    yield state.output + ("" if output.is_configured else NOT_CONFIGURED)
    yield f"  last success   {describe_past(state.last_success, now)}{old}"
    yield f"  last change    {describe_past(state.last_change, now)}"
    if state.guard_since:
        since = describe_past(state.guard_since, now)
        yield f"  held back      since {since}. To accept the update: {output.accept_command}"
    elif state.failure:
        yield f"  failing        since {describe_past(state.failure.since, now)}: {state.failure.message}"


def _convert_output(run: Run, output: WrittenOutput, now: datetime) -> dict[str, str | bool | None]:
    """Return *output* for JSON; null is never, or in no settings."""
    state, failure = output.state, output.state.failure
    moments = {
        "last_success": state.last_success,
        "last_change": state.last_change,
        "held_back_since": state.guard_since,
        "failing_since": failure.since if failure else None,
    }
    row: dict[str, str | bool | None] = {"output": state.output, "calendar": output.calendar}
    row |= {name: each.isoformat() if each else None for name, each in moments.items()}
    return row | {"failure": run.complete_advice(failure.message) if failure else None, "is_old": output.is_old(now)}


def _load_login(app: App) -> Login:
    """Return the token, None where the source has no login, the error where one, or a list, is missing."""
    try:
        if app.capabilities.needs_list:
            app.load_imported_list()
        if app.capabilities.login is not LoginMethod.DEVICE_CODE:
            return None
        token = app.load_token()
    except TraktIcalError as error:
        return error
    return LoginNeeded("The login could not be renewed.", app.login_command) if token.is_over else token


def _describe_login(app: App, login: Login, now: datetime) -> Iterator[str]:
    if isinstance(login, TraktIcalError):
        if app.is_one_of_several:  # else the error at the end says it all
            yield str(login)
        return
    if app.capabilities.needs_list:
        yield from _describe_list(app, now)
        return
    if login is None:
        password = "with a password" if app.settings.password else "without a password"
        yield f"{app.capabilities.name} needs no login. User: {app.settings.username or 'nobody'}, {password}."
        return
    age = now - (login.expires_at - timedelta(seconds=login.expires_in))
    left = login.expires_at - now
    expired = f"expired {describe_age(login.expires_at, now)}"
    until = f"expires in {describe_span(left)}" if left > timedelta(0) else expired
    yield f"Logged in as {login.username or 'an unknown user'}."
    yield (
        f"The access token is {describe_span(age)} old and {until} ({login.expires_at:%Y-%m-%d %H:%M} UTC). "
        "It is renewed automatically."
    )


def _describe_list(app: App, now: datetime) -> Iterator[str]:
    """Describe the imported list, and what the last run found of it at the source."""
    from trakt_ical.app.shows import summarize_pairs

    imported, found = app.load_imported_list(), summarize_pairs(app)
    owner = f" of {imported.owner}" if imported.owner else ""
    yield f"{app.capabilities.name} needs no login. It goes by {imported.origin}{owner}."
    old = f". {IMPORT_AGAIN}" if imported.is_old(now) else ""
    command = app.complete_command("trakt-ical shows")
    yield f"  imported       {describe_past(imported.imported_at, now)}{old}"
    yield f"  shows          {found.listed}, of which {found.paired} were found. To list them: {command}"
    if found.clashes:
        yield f"  left out       {len(found.clashes)} that could be several: {', '.join(found.clashes)}"
    if found.specials:
        yield f"  specials       {found.specials} left out, since {app.capabilities.name} gives them no number"
    yield f"{app.capabilities.credit} ({', '.join(app.capabilities.credit_links.values())})"


def _convert_list(app: App, login: Login) -> dict[str, Any]:
    """Return the imported list for JSON, where the source goes by one and has it."""
    if not app.capabilities.needs_list or login is not None:
        return {}
    from trakt_ical.app.shows import summarize_pairs

    imported, found = app.load_imported_list(), summarize_pairs(app)
    return {
        "list": {
            "origin": imported.origin,
            "imported_at": imported.imported_at.isoformat(),
            "shows": found.listed,
            "found": found.paired,
            "clashing": list(found.clashes),
            "specials": found.specials,
        },
        "credit": app.capabilities.credit,
    }


def _convert_login(app: App, login: Login) -> dict[str, str | None] | None:
    """Return the login for JSON; without a token only the user name, null where a login is missing."""
    if isinstance(login, TraktIcalError):
        return None
    if app.capabilities.needs_list:
        return {"username": app.find_owner("my") or None, "expires_at": None}
    if login is None:
        return {"username": app.settings.username or None, "expires_at": None}
    return {"username": login.username or None, "expires_at": login.expires_at.isoformat()}
