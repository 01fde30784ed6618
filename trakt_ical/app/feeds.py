"""The feeds as their owner sees them: which there are, where, how fresh; and what can be done about each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from shlex import quote

from trakt_ical.app.app import App
from trakt_ical.app.export import ExportOptions, Job, export
from trakt_ical.app.sources import open_source
from trakt_ical.config import Calendar
from trakt_ical.errors import OutputError, TraktIcalError, UpdateHeldBack
from trakt_ical.export.stores.file import FileStore
from trakt_ical.feed.addresses import make_feed_url, make_page_url
from trakt_ical.feed.store import FeedFolder
from trakt_ical.http import ListenAddress
from trakt_ical.pipeline import Outcome


def feed_folder(app: App) -> FeedFolder:
    """Where the feeds of *app* lie."""
    return FeedFolder(app.folders.feed, app.folders.state)


def refresh_feeds(app: App, calendars: Iterable[Calendar], *, believe: bool = False) -> dict[str, Outcome]:
    """Make the next copies of the feeds of *calendars*, asking Trakt once; return what became of each by its name.

    A copy that is damaged, or another calendar's by now, is put aside: it is nobody's but ours. With *believe* a
    calendar that lost most of itself is taken for true. Where an outcome is an error, the copy is as it was.
    """
    where = feed_folder(app)
    jobs = [Job(calendar, FileStore(where.copy(calendar.title))) for calendar in calendars]
    _make_folder(where.folder)
    outcomes = export(app, jobs, ExportOptions(force=True, accept_shrink=believe))
    return {
        job.calendar.title: _adapt_advice(job.calendar.title, each) for job, each in zip(jobs, outcomes, strict=True)
    }


def fetch_activity(app: App) -> str | None:
    """What the account did last at Trakt, as one text that changes with it; None where Trakt does not tell.

    Raises TraktIcalError.
    """
    if all(calendar.settings.source != "my" for calendar in app.calendars):
        return None
    with open_source(app) as source:
        return source.fetch_activity()


def _adapt_advice(name: str, outcome: Outcome) -> Outcome:
    """*outcome* with the command for feeds in place of the option of exports."""
    if not isinstance(outcome, UpdateHeldBack):
        return outcome
    return UpdateHeldBack(
        str(outcome).replace("--accept-shrink", f"trakt-ical feed accept {quote(name)}"), outcome.missing
    )


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise OutputError(f"The feed's folder {folder} cannot be made: {error.strerror}.") from error


@dataclass(frozen=True, slots=True)
class FeedState:
    """When the copy of the calendar *name* was fetched last, and when it changed last; None: never."""

    name: str
    last_success: datetime | None
    last_change: datetime | None
    guard_since: datetime | None


def list_feed_states(app: App) -> Iterator[FeedState]:
    """How fresh each feed is."""
    for name in _names(app):
        state = feed_folder(app).state_file(name).load()
        yield FeedState(name, state.last_success, state.last_change, state.guard_since)


def find_feed_url(app: App, name: str) -> str:
    """The address of the feed *name*; its secret is made where there is none yet."""
    secrets = feed_folder(app).secrets.load(_names(app))
    return make_feed_url(_base(app), secrets.calendars[name], name)


def find_page_url(app: App) -> str:
    """The address of the page."""
    return make_page_url(_base(app), feed_folder(app).secrets.load(_names(app)).page)


def renew_feed(app: App, name: str) -> str:
    """Give the feed *name* a new address and return it; the old one is gone."""
    feed_folder(app).secrets.renew(name)
    return find_feed_url(app, name)


def renew_page(app: App) -> str:
    """Give the page a new address and return it."""
    feed_folder(app).secrets.renew_page()
    return find_page_url(app)


def accept_loss(app: App, calendar: Calendar) -> None:
    """Believe that *calendar* lost most of itself. A running server takes it over. Raises TraktIcalError."""
    for outcome in refresh_feeds(app, [calendar], believe=True).values():
        if isinstance(outcome, TraktIcalError):
            raise outcome


def _names(app: App) -> list[str]:
    return [calendar.title for calendar in app.calendars]


def _base(app: App) -> str:
    return app.settings.public_url.rstrip("/") or ListenAddress.parse(app.settings.listen).url
