"""`trakt-ical serve`: the feed."""

from __future__ import annotations

import gc
import os
from collections.abc import Sequence
from typing import Any

import click

from trakt_ical.cli.command import Command
from trakt_ical.cli.run import Run, account_options, setting_option
from trakt_ical.cli.terminal import is_terminal


@click.command("serve", cls=Command)
@setting_option("--listen", setting="listen", metavar="HOST:PORT")
@account_options
@click.pass_obj
def command(run: Run, /, **flags: Any) -> None:
    """Serve your calendars as feeds that calendar programs subscribe to.

    It runs until Ctrl-C and keeps the calendars up to date. Each calendar has a secret address, and so has the page
    that shows how to subscribe: trakt-ical feed prints them. With -v it logs each request, without the secrets.
    """
    from trakt_ical.app.feeds import find_page_url
    from trakt_ical.app.serve import serve

    gc.enable()  # `main` turned it off, for short runs; a server would grow
    with run.app(flags) as app:

        def report_urls(urls: Sequence[str]) -> None:
            run.say(f"Serving at {' and '.join(urls)}. Press Ctrl-C to stop.")
            run.say(f"How to subscribe: {find_page_url(app) if is_terminal() else f'{run.program} feed page'}")

        ended = serve(app, report_urls)
        run.say("Stopped.")
        if not ended:
            os._exit(0)  # Python would wait for threads that still wait for Trakt
