"""`trakt-ical status`: the login, and how each output is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, Union

import click

from trakt_ical.cli.command import Command
from trakt_ical.cli.run import Run, account_options
from trakt_ical.cli.terminal import write_line, write_note
from trakt_ical.wording import describe_past, describe_span

if TYPE_CHECKING:
    from trakt_ical.app.context import App
    from trakt_ical.errors import TraktIcalError
    from trakt_ical.export.stores.protocol import OutputState
    from trakt_ical.trakt.token import Token

Login: TypeAlias = Union["Token", "TraktIcalError", None]
"""The token of an account, None where it needs none, or the error of an account that lacks one."""


@click.command("status", cls=Command)
@click.option("--json", "as_json", is_flag=True, help="Print the status as JSON.")
@account_options
@click.pass_obj
def command(run: Run, /, as_json: bool, **flags: Any) -> None:
    """Show your login, and when each output was last written.

    An output is listed with its last success, its last change and, if an update is held back, since when. Of several
    accounts each is shown with its calendars. If a login is missing, the exit status is 4.
    """
    from trakt_ical.app.login import find_shared_users
    from trakt_ical.errors import TraktIcalError
    from trakt_ical.export.stores.protocol import load_states

    with run.accounts(flags) as accounts:
        apps = accounts.open_known()
        states = list(load_states(accounts.folders.state))
        logins = {app.account: _load_login(app) for app in apps}
        if as_json:
            write_line(json.dumps(_convert_status(apps, states, logins), ensure_ascii=False, indent=2))
        else:
            for row in _describe_status(run, apps, states, logins):
                write_line(run.complete_advice(row))
        for number, app in enumerate(apps):
            for warning in find_shared_users(app, apps[number + 1 :]):
                write_note(f"Warning: {warning}")
    # Last, so that everything else is shown all the same.
    for login in logins.values():
        if isinstance(login, TraktIcalError):
            raise login


def _describe_status(
    run: Run, apps: Sequence[App], states: Sequence[OutputState], logins: Mapping[str, Login]
) -> Iterator[str]:
    """Yield the lines about each account. A single one needs no heading."""
    others = list(states)
    for app in apps:
        if len(apps) == 1:
            its, indent = others, ""
        else:
            its, indent = _select_states(app, others), "  "
            yield f"Account {app.account}" if app.account else "The account above all tables"
            yield f"  Calendars: {', '.join(_list_titles(app)) or 'none'}"
        others = [state for state in others if state not in its]
        now = app.environment.now()
        for state in its:
            yield from (indent + row for row in _describe_state(state, now, _find_accept_command(run, app, state)))
        yield from (indent + row for row in _describe_login(app, logins[app.account], now))
    for state in others:
        yield from _describe_state(state, apps[0].environment.now(), _find_accept_command(run, apps[0], state))


def _convert_status(
    apps: Sequence[App], states: Sequence[OutputState], logins: Mapping[str, Login]
) -> dict[str, object]:
    """Return the status for JSON. *login* is that of the only account, null where there are several."""
    from trakt_ical.errors import TraktIcalError

    accounts = [
        {
            "account": app.account,
            "login": _convert_login(app, logins[app.account]),
            "error": str(login) if isinstance(login := logins[app.account], TraktIcalError) else None,
            "calendars": _list_titles(app),
            "outputs": [state.output for state in _select_states(app, states)],
            **_convert_list(app, logins[app.account]),
        }
        for app in apps
    ]
    status = {
        "login": accounts[0]["login"] if len(apps) == 1 else None,
        "accounts": accounts,
        "outputs": [_convert_state(state) for state in states],
    }
    return status | (_convert_list(apps[0], logins[apps[0].account]) if len(apps) == 1 else {})


def _list_titles(app: App) -> list[str]:
    """Return the names of the account's calendars; a named account has the one without a name only for want of any."""
    return [calendar.title for calendar in app.calendars if calendar.name or not app.account]


def _select_states(app: App, states: Sequence[OutputState]) -> list[OutputState]:
    """Return those of *states* that are of the account's outputs and feeds."""
    from trakt_ical.app.feed_folder import make_feed_folder
    from trakt_ical.export.stores.file import FileStore

    if not _list_titles(app):
        return []
    outputs = [calendar.settings.output for calendar in app.calendars]
    names = {FileStore(Path(output).expanduser()).name for output in outputs if output not in ("", "-")}
    if app.folders.feed.is_dir():
        names |= {make_feed_folder(app).make_store(calendar.title).name for calendar in app.calendars}
    return [state for state in states if state.output in names]


def _find_accept_command(run: Run, app: App, state: OutputState) -> str:
    """Return the command that accepts an update held back from the output of *state*."""
    is_feed = app.folders.feed.resolve() in Path(state.output).parents
    return f"{run.program} {'feed accept' if is_feed else 'export --accept-shrink'}"


def _describe_state(state: OutputState, now: datetime, accept: str) -> Iterator[str]:
    yield state.output
    yield f"  last success   {describe_past(state.last_success, now)}"
    yield f"  last change    {describe_past(state.last_change, now)}"
    if state.guard_since:
        yield f"  held back      since {describe_past(state.guard_since, now)}. To accept the update: {accept}"
    elif state.failure:
        yield f"  failing        since {describe_past(state.failure.since, now)}: {state.failure.message}"


def _convert_state(state: OutputState) -> dict[str, str | None]:
    """Return *state* for JSON; null is never."""
    moments = {
        "last_success": state.last_success,
        "last_change": state.last_change,
        "held_back_since": state.guard_since,
    }
    row = {"output": state.output} | {name: each.isoformat() if each else None for name, each in moments.items()}
    failure = state.failure
    return row | {
        "failing_since": failure.since.isoformat() if failure else None,
        "failure": failure.message if failure else None,
    }


def _load_login(app: App) -> Login:
    """Return the token, None where the source has no login, the error where one, or a list, is missing."""
    from trakt_ical.errors import LoginNeeded, TraktIcalError
    from trakt_ical.fetch.sources import LoginMethod

    try:
        if app.capabilities.needs_list:
            app.load_imported_list()
        if app.capabilities.login is not LoginMethod.DEVICE_CODE:
            return None
        token = app.token_file.load()
    except TraktIcalError as error:
        return error
    return LoginNeeded("The login could not be renewed.", app.login_command) if token.is_over else token


def _describe_login(app: App, login: Login, now: datetime) -> Iterator[str]:
    from trakt_ical.errors import TraktIcalError

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
    until = f"expires in {describe_span(left)}" if left > timedelta(0) else f"expired {describe_span(-left)} ago"
    yield f"Logged in as {login.username or 'an unknown user'}."
    yield (
        f"The access token is {describe_span(age)} old and {until} ({login.expires_at:%Y-%m-%d %H:%M} UTC). "
        "It is renewed automatically."
    )


def _describe_list(app: App, now: datetime) -> Iterator[str]:
    """Describe the imported list, and what the last run found of it at the source."""
    from trakt_ical.app.open_source import IMPORT_AGAIN, OLD_LIST
    from trakt_ical.app.shows import summarize_pairs

    imported, found = app.load_imported_list(), summarize_pairs(app)
    owner = f" of {imported.owner}" if imported.owner else ""
    yield f"{app.capabilities.name} needs no login. It goes by {imported.origin}{owner}."
    old = f". {IMPORT_AGAIN}" if now - imported.imported_at > OLD_LIST else ""
    yield f"  imported       {describe_past(imported.imported_at, now)}{old}"
    yield f"  shows          {found.listed}, of which {found.paired} were found. To list them: trakt-ical shows"
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
    from trakt_ical.errors import TraktIcalError

    if isinstance(login, TraktIcalError):
        return None
    if app.capabilities.needs_list:
        return {"username": app.find_owner("my") or None, "expires_at": None}
    if login is None:
        return {"username": app.settings.username or None, "expires_at": None}
    return {"username": login.username or None, "expires_at": login.expires_at.isoformat()}
