"""`trakt-ical serve`: the feed."""

from __future__ import annotations

import gc
import os
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
    """Serve your calendar as a feed that programs subscribe to.

    It runs until Ctrl-C. Each calendar has an address of its own with a secret in it, and so has the page that
    tells people how to subscribe; trakt-ical feed tells them. With -v it shows who asks, without the secrets.
    """
    from trakt_ical.app.feeds import find_page_url
    from trakt_ical.app.serve import serve

    gc.enable()
    with run.app(flags) as app:

        def tell(url: str) -> None:
            run.say(f"The feed is served at {url}. End it with Ctrl-C.")
            run.say(f"How to subscribe: {find_page_url(app) if is_terminal() else f'{run.program} feed page'}")

        ended = serve(app, tell)
        run.say("Ended.")
        if not ended:
            os._exit(0)  # threads that still wait for Trakt do not hold up who wants to leave
