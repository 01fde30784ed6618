"""`trakt-ical feed`: the addresses of the feeds, and how fresh they are."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from trakt_ical.cli.command import CommandGroup
from trakt_ical.cli.run import Run, account_options, find_calendar
from trakt_ical.cli.terminal import write_line
from trakt_ical.wording import describe_past

if TYPE_CHECKING:
    from trakt_ical.app.context import App
    from trakt_ical.config import Calendar


@click.group("feed", cls=CommandGroup)
def command() -> None:
    """Show or replace the addresses of your feeds.

    trakt-ical serve offers each calendar as a feed with a secret address. Anyone with an address can read that
    calendar. If it leaks, replace it with trakt-ical feed renew.
    """


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the feeds as JSON.")
@account_options
@click.pass_obj
def list_(run: Run, /, as_json: bool, **flags: Any) -> None:
    """Show when each feed was last fetched and last changed.

    It shows no secrets.
    """
    from trakt_ical.app.feeds import list_feed_states

    with run.accounts(flags) as accounts:
        now = accounts.environment.now()
        states = [state for app in accounts.open_all() for state in list_feed_states(app)]
        if as_json:
            listed = [dataclasses.asdict(state) for state in states]
            write_line(json.dumps(listed, ensure_ascii=False, indent=2, default=datetime.isoformat))
            return
        for state in states:
            write_line(state.name)
            write_line(f"  last success   {describe_past(state.last_success, now)}")
            write_line(f"  last change    {describe_past(state.last_change, now)}")
            accept = f"{run.program} feed accept {quote(state.name)}"
            if state.held_back_since:
                since = describe_past(state.held_back_since, now)
                write_line(f"  held back      since {since}. To accept the update: {accept}")
            if state.is_foreign:
                write_line(f"  not served     The stored copy is another account's. To replace it: {accept} --force")


_json_option = click.option("--json", "as_json", is_flag=True, help="Print the address as JSON.")


@command.command("url")
@click.argument("name", required=False)
@_json_option
@account_options
@click.pass_obj
def url(run: Run, /, name: str | None, as_json: bool, **flags: Any) -> None:
    """Print the address of the feed NAME, or of your only feed."""
    from trakt_ical.app import feeds

    with _open_feed(run, name, flags) as (app, calendar):
        _write_address(feeds.find_feed_url(app, calendar.title), calendar.title, as_json=as_json)


@command.command("page")
@_json_option
@account_options
@click.pass_obj
def page(run: Run, /, as_json: bool, **flags: Any) -> None:
    """Print the address of the page that shows how to subscribe."""
    from trakt_ical.app import feeds

    with run.app(flags) as app:
        _write_address(feeds.find_page_url(app), None, as_json=as_json)


@command.command("renew")
@click.argument("name", required=False)
@click.option("--page", "of_page", is_flag=True, help="Replace the address of the page instead.")
@click.option("--now", "at_once", is_flag=True, help="Let old addresses stop working at once, without the notice.")
@_json_option
@account_options
@click.pass_obj
def renew(run: Run, /, name: str | None, of_page: bool, at_once: bool, as_json: bool, **flags: Any) -> None:
    """Give the feed NAME, or your only feed, a new address, and print it.

    Subscribe again with the new one. For 90 days the old address holds no airings, only a notice that it was
    replaced; then it stops working. Other feeds keep their addresses.
    """
    from trakt_ical.app import feeds

    if of_page and name:
        raise click.UsageError("Give either --page or a NAME, not both.")
    if of_page:
        with run.app(flags) as app:
            _write_address(feeds.renew_page(app), None, as_json=as_json)
        return
    with _open_feed(run, name, flags) as (app, calendar):
        address = feeds.renew_feed(app, calendar.title, at_once=at_once)
        _write_address(address, calendar.title, as_json=as_json)


def _write_address(url: str, name: str | None, *, as_json: bool) -> None:
    """Write the address *url* of the feed *name*, or of the page, which has none."""
    write_line(json.dumps({"name": name, "url": url}, ensure_ascii=False, indent=2) if as_json else url)


@command.command("accept")
@click.argument("name", required=False)
@click.option("--force", is_flag=True, help="Replace a stored copy of another account, too, and keep it beside.")
@account_options
@click.pass_obj
def accept(run: Run, /, name: str | None, force: bool, **flags: Any) -> None:
    """Accept a held-back update of the feed NAME, or of your only feed.

    An update is held back when most upcoming events disappear at once. This fetches the calendar now and serves it as
    Trakt lists it. A stored copy of another account stays and is not served, unless you use --force.
    """
    from trakt_ical.app import feeds

    with _open_feed(run, name, flags) as (app, calendar):
        feeds.accept_held_back_update(app, calendar, replaces_foreign=force)
        run.say(f"The feed {calendar.title} now has what is listed.")


@contextlib.contextmanager
def _open_feed(run: Run, name: str | None, flags: Mapping[str, Any]) -> Iterator[tuple[App, Calendar]]:
    """Open the accounts, and find the calendar called *name*, or the only one, with its account."""
    with run.accounts(flags) as accounts:
        apps = accounts.open_all()
        titles = [calendar.title for app in apps for calendar in app.calendars]
        if name is None and len(titles) > 1:
            raise click.UsageError(f"Which feed? Your calendars are: {', '.join(titles)}.")
        yield find_calendar(apps, name or titles[0])
