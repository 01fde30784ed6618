"""`trakt-ical serve`: the feed."""

from __future__ import annotations

import gc
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from trakt_ical.cli.command import Command
from trakt_ical.cli.run import Run, account_options, setting_option
from trakt_ical.cli.terminal import is_terminal
from trakt_ical.errors import SettingsError, TraktIcalError

if TYPE_CHECKING:
    from trakt_ical.app.context import App


@click.command("serve", cls=Command)
@setting_option("--listen", setting="listen", metavar="HOST:PORT")
@setting_option("--log-format", setting="log_format")
@account_options
@click.pass_context
def command(ctx: click.Context, /, **flags: Any) -> None:
    """Serve your calendars as feeds that calendar programs subscribe to.

    It runs until Ctrl-C and keeps the calendars up to date, those of all accounts. Each calendar has a secret address,
    and so has the page of each account that shows how to subscribe: trakt-ical feed prints them. The log has one line
    for each update, and one when an outage begins and ends. With -v it has each request too, without the secrets.
    """
    from trakt_ical.cli.service_log import ServiceLog
    from trakt_ical.feed.refresh_log import service

    try:
        from trakt_ical.app.serve import serve
    except ModuleNotFoundError as error:
        raise SettingsError("The feed needs an extra. Run: pip install 'trakt-ical[serve]'") from error
    gc.enable()  # `main` turned it off, for short runs; a server would grow
    run: Run = ctx.obj
    with ServiceLog(run) as log:
        if flags["log_format"]:
            log.choose_format(flags["log_format"])
        try:
            with run.accounts(flags) as accounts:
                apps = accounts.open_all()
                log.choose_format(apps[0].settings.log_format)
                has_ended = serve(accounts, lambda urls: _report_start(run, apps, urls))
                service.info("Stopped.")
                if not has_ended:
                    os._exit(0)  # Python would wait for threads that still wait for Trakt
        except TraktIcalError as error:
            if not log.has_format:
                raise
            for each in (error, *error.others):
                service.error("%s", each)
            ctx.exit(error.exit_code)


def _report_start(run: Run, apps: Sequence[App], urls: Sequence[str]) -> None:
    """Say where the feeds are served and how to subscribe."""
    from trakt_ical.app.feeds import find_page_url
    from trakt_ical.feed.refresh_log import service

    service.info("Serving at %s%s", " and ".join(urls), ". Press Ctrl-C to stop." if is_terminal() else "")
    for app in apps:
        whose = f" to the calendars of {app.account or 'the account above all tables'}" if apps[1:] else ""
        if is_terminal():  # not by the log, which cuts secrets out
            run.say(f"How to subscribe{whose}: {find_page_url(app)}")
        else:
            service.info("How to subscribe%s: %s", whose, app.complete_command(f"{run.program} feed page"))
