"""`trakt-ical serve`: the feed."""

from __future__ import annotations

import gc
import os
from collections.abc import Sequence
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from trakt_ical.cli.command import Command
from trakt_ical.cli.run import Run, account_options, setting_option
from trakt_ical.cli.terminal import is_terminal

if TYPE_CHECKING:
    from trakt_ical.app.context import App


@click.command("serve", cls=Command)
@setting_option("--listen", setting="listen", metavar="HOST:PORT")
@account_options
@click.pass_obj
def command(run: Run, /, **flags: Any) -> None:
    """Serve your calendars as feeds that calendar programs subscribe to.

    It runs until Ctrl-C and keeps the calendars up to date, those of all accounts. Each calendar has a secret address,
    and so has the page of each account that shows how to subscribe: trakt-ical feed prints them. With -v it logs each
    request, without the secrets.
    """
    from trakt_ical.app.serve import serve

    gc.enable()  # `main` turned it off, for short runs; a server would grow
    with run.accounts(flags) as accounts:
        apps = accounts.open_all()

        def report_urls(urls: Sequence[str]) -> None:
            run.say(f"Serving at {' and '.join(urls)}. Press Ctrl-C to stop.")
            for app in apps:
                whose = f" to the calendars of {app.account or 'the account above all tables'}" if apps[1:] else ""
                run.say(f"How to subscribe{whose}: {_describe_page(run, app, is_one_of_several=bool(apps[1:]))}")

        ended = serve(apps, report_urls)
        run.say("Stopped.")
        if not ended:
            os._exit(0)  # Python would wait for threads that still wait for Trakt


def _describe_page(run: Run, app: App, *, is_one_of_several: bool) -> str:
    """Return the address of the account's page; where others may read it, the command that prints it."""
    from trakt_ical.app.feeds import find_page_url

    if is_terminal():
        return find_page_url(app)
    return f"{run.program} feed page" + (f" --account {quote(app.account)}" if is_one_of_several else "")
