"""`trakt-ical login`: let this computer read your calendar."""

from __future__ import annotations

import sys
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from trakt_ical.cli.command import Command
from trakt_ical.cli.run import Run, account_options
from trakt_ical.cli.terminal import is_terminal, write_live, write_note

if TYPE_CHECKING:
    from trakt_ical.trakt.login import DeviceCode


@click.command("login", cls=Command)
@click.option("--no-browser", is_flag=True, help="Print the address of the page instead of opening it.")
@account_options
@click.pass_obj
def command(run: Run, /, no_browser: bool, **flags: Any) -> None:
    """Log in at Trakt: open a page, enter a code, done.

    You can open the page on any device; a phone can scan the QR code.
    """
    from trakt_ical.app.login import log_in, open_new_login

    def show_time_left(left: timedelta) -> None:
        minutes, seconds = divmod(int(left.total_seconds()), 60)
        if not run.quiet:
            write_live(f"Waiting for you to enter the code, {minutes}:{seconds:02d} left")

    with run.app(flags) as app:
        with open_new_login(app) as login:
            code = login.start()
            _show_code(code)
            if not no_browser and is_terminal():
                click.launch(code.verification_url)
            try:
                token = login.wait(code, show_time_left, sleep=app.environment.sleep or time.sleep)
            finally:
                write_live("")
            token = log_in(app, token)
        run.say(f"Logged in as {token.username}." if token.username else "Logged in.")


def _show_code(code: DeviceCode) -> None:
    """Write address and code, even with --quiet: nobody can log in without them."""
    write_note(f"Open   {code.verification_url}")
    write_note(f"Enter  {code.user_code}")
    if is_terminal():
        import segno

        segno.make(code.verification_url, micro=False).terminal(sys.stderr, compact=True)
