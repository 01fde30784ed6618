"""`trakt-ical config`: what is in force, and why."""

from __future__ import annotations

from typing import Any

import click

from trakt_ical.cli.command import Command
from trakt_ical.cli.run import Run, account_options
from trakt_ical.cli.terminal import write_line


@click.command("config", cls=Command)
@account_options
@click.pass_obj
def command(run: Run, /, **flags: Any) -> None:
    """Show every setting in force and where its value came from.

    Secrets are not shown. Where the settings file lies is told on standard error.
    """
    from trakt_ical.config import list_settings

    with run.app(flags) as app:
        rows = list(list_settings(app.resolved))
        widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
        for name, value, origin in rows:
            write_line(f"{name:{widths[0]}}  {value:{widths[1]}}  {origin}")
        run.say(f"Settings file: {flags.get('config') or app.folders.file}")
