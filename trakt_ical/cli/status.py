"""`trakt-ical status`: whose login this is and how long it lasts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import click

from trakt_ical.cli.run import Run, account_options


@click.command("status")
@account_options
@click.pass_obj
def command(run: Run, /, **flags: Any) -> None:
    """Show who is logged in, how old the login is and when it is renewed; exit 4 if nobody is."""
    with run.app(flags) as app:
        settings, now = app.settings, app.outside.now()
        if settings.api == "v1":
            auth = "with a password" if settings.password else "without a password"
            click.echo(f"API v1 needs no login: {settings.username or 'nobody'}, {auth}.")
            return
        token = app.token_file.load()
    age = now - (token.expires_at - timedelta(seconds=token.expires_in))
    left = token.expires_at - now
    until = f"expires in {_words(left)}" if left > timedelta(0) else f"expired {_words(-left)} ago"
    click.echo(f"Logged in as {token.username or 'an unknown user'}.")
    click.echo(
        f"The token is {_words(age)} old and {until} ({token.expires_at:%Y-%m-%d %H:%M} UTC); it is renewed by itself."
    )


def _words(span: timedelta) -> str:
    """*span* in its largest unit."""
    for unit, seconds in (("day", 86400), ("hour", 3600), ("minute", 60)):
        count = int(span.total_seconds() // seconds)
        if count:
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "less than a minute"
