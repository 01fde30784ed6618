"""`trakt-ical feed`: the feeds' addresses, and how the feeds are."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from trakt_ical.cli.command import CommandGroup
from trakt_ical.cli.run import Run, account_options
from trakt_ical.cli.terminal import write_line
from trakt_ical.wording import describe_past

if TYPE_CHECKING:
    from trakt_ical.app.app import App
    from trakt_ical.config import Calendar


@click.group("feed", cls=CommandGroup)
def command() -> None:
    """Tell and change the addresses of the feeds.

    Feeds are what trakt-ical serve offers. Who knows an address can read the calendar: it is a secret. Give each of
    them to whom you like, and renew it when it got around.
    """


@command.command("list")
@account_options
@click.pass_obj
def list_(run: Run, /, **flags: Any) -> None:
    """Show each feed with its last success and its last change.

    No secrets are shown.
    """
    from trakt_ical.app.feeds import list_feed_states

    with run.app(flags) as app:
        now = app.environment.now()
        for each in list_feed_states(app):
            write_line(each.name)
            write_line(f"  last success   {describe_past(each.last_success, now)}")
            write_line(f"  last change    {describe_past(each.last_change, now)}")
            if each.guard_since:
                write_line(
                    f"  not believed   since {describe_past(each.guard_since, now)}; see {run.program} feed accept"
                )


@command.command("url")
@click.argument("name", required=False)
@account_options
@click.pass_obj
def url(run: Run, /, name: str | None, **flags: Any) -> None:
    """Print the address of the feed NAME, or of the only one."""
    from trakt_ical.app import feeds

    with _open_feed(run, name, flags) as (app, calendar):
        write_line(feeds.find_feed_url(app, calendar.title))


@command.command("page")
@account_options
@click.pass_obj
def page(run: Run, /, **flags: Any) -> None:
    """Print the address of the page that tells how to subscribe."""
    from trakt_ical.app import feeds

    with run.app(flags) as app:
        write_line(feeds.find_page_url(app))


@command.command("renew")
@click.argument("name", required=False)
@click.option("--page", "the_page", is_flag=True, help="The page's address, in place of a feed's.")
@account_options
@click.pass_obj
def renew(run: Run, /, name: str | None, the_page: bool, **flags: Any) -> None:
    """Give the feed NAME, or the only one, a new address, and print it.

    The old one leads nowhere from then on. Who had subscribed to the old address must subscribe anew. Other feeds
    stay as they are.
    """
    from trakt_ical.app import feeds

    if the_page and name:
        raise click.UsageError("--page stands in place of a NAME.")
    if the_page:
        with run.app(flags) as app:
            write_line(feeds.renew_page(app))
        return
    with _open_feed(run, name, flags) as (app, calendar):
        write_line(feeds.renew_feed(app, calendar.title))


@command.command("accept")
@click.argument("name", required=False)
@account_options
@click.pass_obj
def accept(run: Run, /, name: str | None, **flags: Any) -> None:
    """Believe that the feed NAME, or the only one, lost most of itself.

    It is fetched at once, and is as Trakt lists it now.
    """
    from trakt_ical.app import feeds

    with _open_feed(run, name, flags) as (app, calendar):
        feeds.accept_loss(app, calendar)
        run.say(f"The feed {calendar.title} is as Trakt lists it now.")


@contextlib.contextmanager
def _open_feed(run: Run, name: str | None, flags: Mapping[str, Any]) -> Iterator[tuple[App, Calendar]]:
    """The app, and the calendar that is meant: the one that is named, or the only one."""
    from trakt_ical.cli.run import find_calendar

    with run.app(flags) as app:
        if name is None and len(app.calendars) > 1:
            titles = ", ".join(calendar.title for calendar in app.calendars)
            raise click.UsageError(f"Which feed? There are: {titles}.")
        yield app, find_calendar(app, name) if name else app.calendars[0]
