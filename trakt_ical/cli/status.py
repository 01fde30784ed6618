"""`trakt-ical status`: the login, and how each output is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from trakt_ical.cli.command import Command
from trakt_ical.cli.run import Run, account_options
from trakt_ical.cli.terminal import write_line
from trakt_ical.wording import describe_past, describe_span

if TYPE_CHECKING:
    from trakt_ical.app.context import App
    from trakt_ical.export.stores.protocol import OutputState
    from trakt_ical.trakt.token import Token


@click.command("status", cls=Command)
@click.option("--json", "as_json", is_flag=True, help="Print the status as JSON.")
@account_options
@click.pass_obj
def command(run: Run, /, as_json: bool, **flags: Any) -> None:
    """Show your login, and when each output was last written.

    An output is listed with its last success, its last change and, if an update is held back, since when.
    Without a login the exit status is 4.
    """
    from trakt_ical.export.stores.protocol import load_states

    with run.app(flags) as app:
        now, states = app.environment.now(), list(load_states(app.folders.state))
        if as_json:
            outputs = [_convert_state(state) for state in states]
            status = {"login": _convert_login(app), "outputs": outputs} | _convert_list(app)
            write_line(json.dumps(status, ensure_ascii=False, indent=2))
            return
        for state in states:
            for row in _describe_state(state, now, _find_accept_command(run, app, state)):
                write_line(row)
        # After the outputs: without a login this raises LoginNeeded, and the outputs should be seen all the same.
        for row in _describe_login(app, now):
            write_line(row)


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


def _load_token(app: App) -> Token | None:
    """Return the token, None where the source has no login. Raises LoginNeeded."""
    from trakt_ical.errors import LoginNeeded
    from trakt_ical.fetch.sources import LoginMethod

    if app.capabilities.login is not LoginMethod.DEVICE_CODE:
        return None
    token = app.token_file.load()
    if token.is_over:
        raise LoginNeeded("The login could not be renewed. Run: trakt-ical login")
    return token


def _describe_login(app: App, now: datetime) -> Iterator[str]:
    if app.capabilities.needs_list:
        yield from _describe_list(app, now)
        return
    token = _load_token(app)
    if token is None:
        password = "with a password" if app.settings.password else "without a password"
        yield f"{app.capabilities.name} needs no login. User: {app.settings.username or 'nobody'}, {password}."
        return
    age = now - (token.expires_at - timedelta(seconds=token.expires_in))
    left = token.expires_at - now
    until = f"expires in {describe_span(left)}" if left > timedelta(0) else f"expired {describe_span(-left)} ago"
    yield f"Logged in as {token.username or 'an unknown user'}."
    yield (
        f"The access token is {describe_span(age)} old and {until} ({token.expires_at:%Y-%m-%d %H:%M} UTC). "
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


def _convert_list(app: App) -> dict[str, Any]:
    """Return the imported list for JSON, where the source goes by one."""
    if not app.capabilities.needs_list:
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


def _convert_login(app: App) -> dict[str, str | None]:
    """Return the login for JSON; without a token only the user name, without one null."""
    if app.capabilities.needs_list:
        return {"username": app.find_owner("my") or None, "expires_at": None}
    token = _load_token(app)
    if token is None:
        return {"username": app.settings.username or None, "expires_at": None}
    return {"username": token.username or None, "expires_at": token.expires_at.isoformat()}
