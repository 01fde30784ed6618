"""`trakt-ical logout`: end the login."""

from __future__ import annotations

from typing import Any

import click

from trakt_ical.cli.command import Command
from trakt_ical.cli.run import Run, account_options


@click.command("logout", cls=Command)
@account_options
@click.pass_obj
def command(run: Run, /, **flags: Any) -> None:
    """End the login, at Trakt and on this computer."""
    from trakt_ical.app.login import log_out

    with run.app(flags) as app:
        log_out(app)
        run.say(f"Logged out {app.description}." if app.is_one_of_several else "Logged out.")
