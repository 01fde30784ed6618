"""`trakt-ical login`: let this computer read your calendar."""

from __future__ import annotations

import io
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
@click.option("--qr", is_flag=True, help="Let somebody scan a QR code with a phone. No browser opens here.")
@click.option("--no-browser", is_flag=True, help="Print the address of the page instead of opening it.")
@account_options
@click.pass_obj
def command(run: Run, /, qr: bool, no_browser: bool, **flags: Any) -> None:
    """Log in at Trakt: open a page, enter a code, done.

    You can open the page on any device; a phone can scan the QR code. To let somebody else of your household log in:
    trakt-ical login --account anna --qr
    """
    from trakt_ical.app.login import find_shared_users, log_in, open_new_login

    def show_time_left(left: timedelta) -> None:
        minutes, seconds = divmod(int(left.total_seconds()), 60)
        if not run.quiet:
            write_live(f"Waiting for you to enter the code, {minutes}:{seconds:02d} left")

    with run.accounts(flags) as accounts:
        app = accounts.open_chosen()
        of = f" to {app.description}" if app.is_one_of_several else ""
        with open_new_login(app) as login:
            code = login.start()
            if of:
                write_note(f"Log in{of}:")
            _show_code(code, with_qr=qr or is_terminal())
            # The browser here may be logged in at Trakt as somebody else than who scans the code.
            if not no_browser and not qr and is_terminal():
                click.launch(code.verification_url)
            try:
                token = login.wait(code, show_time_left, sleep=app.environment.sleep or time.sleep)
            finally:
                write_live("")
            token = log_in(app, token)
        run.say(f"Logged in{of} as {token.username}." if token.username else f"Logged in{of}.")
        for warning in find_shared_users(app, accounts.open_others(app)):
            write_note(f"Warning: {warning}")


def _show_code(code: DeviceCode, *, with_qr: bool) -> None:
    """Write address and code, even with --quiet: nobody can log in without them."""
    write_note(f"Open   {code.verification_url}")
    write_note(f"Enter  {code.user_code}")
    if with_qr:
        click.echo(_draw_qr(code.complete_url), err=True, nl=False)


def _draw_qr(url: str) -> str:
    """Return the QR code of *url* as lines of half blocks, or in colors where stderr has no such characters."""
    import segno

    code, drawn = segno.make(url, micro=False), io.StringIO()
    code.terminal(drawn, compact=True)
    try:
        drawn.getvalue().encode(getattr(sys.stderr, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        drawn = io.StringIO()
        code.terminal(drawn)
    return drawn.getvalue()
