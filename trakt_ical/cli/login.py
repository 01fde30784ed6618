"""`trakt-ical login`: let this computer read your calendar."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click
import msgspec

from trakt_ical.cli.command import Command
from trakt_ical.cli.run import Run, account_options
from trakt_ical.cli.terminal import is_terminal, write_live, write_note
from trakt_ical.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trakt_ical.app.context import Accounts, App
    from trakt_ical.trakt.device_login import DeviceCode
    from trakt_ical.trakt.token import Token

TOKEN_LIMIT = 65_536  # octets; a token has 300


@click.command("login", cls=Command)
@click.option("--qr", is_flag=True, help="Let somebody scan a QR code with a phone. No browser opens here.")
@click.option("--no-browser", is_flag=True, help="Print the address of the page instead of opening it.")
@click.option(
    "--with-token",
    is_flag=True,
    help="Take a token from standard input: what Trakt answered, or the token.json of a computer that no longer "
    "uses it.",
)
@account_options
@click.pass_obj
def command(run: Run, /, qr: bool, no_browser: bool, with_token: bool, **flags: Any) -> None:
    """Log in at Trakt: open a page, enter a code, done.

    You can open the page on any device; a phone can scan the QR code. To let somebody else of your household log in:
    trakt-ical login --account anna --qr
    """
    with run.accounts(flags) as accounts:
        app = accounts.open_chosen()
        if with_token:
            token = _take_token(app)
        else:
            log_in_by_code(run, app, qr=qr, no_browser=no_browser)
            token = app.token_file.load()
        _report(run, accounts, app, token)


def log_in_by_code(run: Run, app: App, *, qr: bool = False, no_browser: bool = False) -> None:
    """Show a code, wait until it was entered at Trakt, and keep the login. Raises TraktIcalError."""
    from trakt_ical.app.login import find_login, log_in, open_new_login

    def show_time_left(left: timedelta) -> None:
        minutes, seconds = divmod(int(left.total_seconds()), 60)
        if not run.quiet:
            write_live(f"Waiting for you to enter the code, {minutes}:{seconds:02d} left")

    with open_new_login(app) as login:
        before = find_login(app)
        if before:
            name = before.username or "an unknown user"
            run.say(f"You are logged in as {name}. That login stays until the new one succeeds.")
        code = login.start()
        if app.is_one_of_several:
            write_note(f"Log in to {app.description}:")
        _show_code(code, app.environment.environ, is_wanted=qr)
        # The browser here may be logged in at Trakt as somebody else than who scans the code.
        if not no_browser and not qr and is_terminal():
            _open_page(code.verification_url, app.environment.environ)
        try:
            token = login.wait(code, show_time_left, sleep=app.environment.sleep or time.sleep)
        finally:
            write_live("")
        log_in(app, token)


def _take_token(app: App) -> Token:
    """Keep the token that standard input holds, if Trakt accepts it. Raises TraktIcalError."""
    from trakt_ical.app.login import log_in, open_new_login
    from trakt_ical.trakt.token import Token

    try:
        token = msgspec.json.decode(sys.stdin.buffer.read(TOKEN_LIMIT), type=Token)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"Standard input does not contain a token from Trakt: {error}.") from error
    with open_new_login(app):
        return log_in(app, token)


def _report(run: Run, accounts: Accounts, app: App, token: Token) -> None:
    """Say who is logged in now, and what comes next."""
    from trakt_ical.app.login import find_shared_users

    of = f" to {app.description}" if app.is_one_of_several else ""
    run.say(f"Logged in{of} as {token.username}." if token.username else f"Logged in{of}.")
    for warning in find_shared_users(app, accounts.open_others(app)):
        run.warn(f"Warning: {warning}")
    run.say("Next, write your calendar: trakt-ical export")


def _open_page(url: str, environ: Mapping[str, str]) -> None:
    """Open *url* in a browser that has a window. Without one, a browser of text would take over the terminal."""
    if sys.platform in ("darwin", "win32"):
        if "SSH_CONNECTION" not in environ:
            click.launch(url)
    elif (environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")) and (opener := shutil.which("xdg-open")):
        # What browsers write to the terminal would cover the code.
        nowhere = subprocess.DEVNULL
        subprocess.Popen([opener, url], stdin=nowhere, stdout=nowhere, stderr=nowhere, start_new_session=True)  # noqa: S603


def _show_code(code: DeviceCode, environ: Mapping[str, str], *, is_wanted: bool) -> None:
    """Write address and code, even with --quiet: nobody can log in without them.

    The QR code follows where it *is_wanted*, or where the terminal can show all of it.
    """
    write_note(f"Open   {code.verification_url}")
    write_note(f"Enter  {code.user_code}")
    can_draw = is_terminal() and (sys.platform == "win32" or environ.get("TERM", "dumb") not in ("", "dumb"))
    if is_wanted or can_draw:
        drawn = _draw_qr(code.complete_url)
        rows, size = drawn.splitlines(), shutil.get_terminal_size()
        if is_wanted or (len(rows) < size.lines and len(click.unstyle(rows[0])) <= size.columns):
            click.echo(drawn, err=True, nl=False)


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
