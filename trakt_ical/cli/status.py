"""`trakt-ical status`: whose login this is, how long it lasts, and how the outputs are."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from trakt_ical.cli.command import Command
from trakt_ical.cli.run import Run, account_options
from trakt_ical.cli.terminal import write_line
from trakt_ical.wording import describe_past, describe_span

if TYPE_CHECKING:
    from trakt_ical.app.app import App


@click.command("status", cls=Command)
@account_options
@click.pass_obj
def command(run: Run, /, **flags: Any) -> None:
    """Show the login, and what became of each output.

    Exit 4 if nobody is logged in. An output is shown with its last success, its last change, and since when its new
    calendar is not believed.
    """
    from trakt_ical.export.stores.store import load_states

    with run.app(flags) as app:
        now, feeds = app.environment.now(), app.folders.feed.resolve()
        for state in load_states(app.folders.state):
            write_line(f"{state.output}")
            write_line(f"  last success   {describe_past(state.last_success, now)}")
            write_line(f"  last change    {describe_past(state.last_change, now)}")
            if state.guard_since:
                believe = "feed accept" if Path(state.output).parent == feeds else "export --accept-shrink"
                write_line(
                    f"  not believed   since {describe_past(state.guard_since, now)}; see {run.program} {believe}"
                )
        _show_login(app, now)


def _show_login(app: App, now: datetime) -> None:
    from trakt_ical.fetch.source import LoginMethod

    settings = app.settings
    if app.capabilities.login is not LoginMethod.DEVICE_CODE:
        auth = "with a password" if settings.password else "without a password"
        write_line(f"{app.capabilities.name} needs no login: {settings.username or 'nobody'}, {auth}.")
        return
    token = app.token_file.load()
    age = now - (token.expires_at - timedelta(seconds=token.expires_in))
    left = token.expires_at - now
    until = f"expires in {describe_span(left)}" if left > timedelta(0) else f"expired {describe_span(-left)} ago"
    write_line(f"Logged in as {token.username or 'an unknown user'}.")
    write_line(
        f"The token is {describe_span(age)} old and {until} ({token.expires_at:%Y-%m-%d %H:%M} UTC); it renews itself."
    )
