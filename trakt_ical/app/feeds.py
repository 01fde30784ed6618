"""The feeds as their owner sees them: their addresses, how fresh they are, and how to refresh or renew them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from shlex import quote

from trakt_ical import files
from trakt_ical.app.context import App
from trakt_ical.app.export import ExportOptions, Job, export
from trakt_ical.app.feed_folder import make_feed_folder
from trakt_ical.app.open_source import open_source
from trakt_ical.config import Calendar
from trakt_ical.errors import OutputError, TraktIcalError, UpdateHeldBack
from trakt_ical.export.stores.file import FileStore
from trakt_ical.feed.refresh_log import service
from trakt_ical.feed.secrets import make_feed_url, make_page_url
from trakt_ical.http import ListenAddress
from trakt_ical.pipeline import Outcome

log = logging.getLogger(__name__)


def refresh_feeds(
    app: App, calendars: Iterable[Calendar], *, accept_shrink: bool = False, replaces_foreign: bool = False
) -> dict[str, Outcome]:
    """Make the next stored copies of *calendars*, asking the source once; return each outcome by the calendar's name.

    *accept_shrink* accepts a held-back update. With *replaces_foreign*, a copy of another account is put aside. Where
    an outcome is an error, the copy stays as it was.
    """
    folder = make_feed_folder(app)
    refusals: dict[str, Outcome] = {}
    jobs = []
    for calendar in calendars:
        if not replaces_foreign and folder.holds_foreign(calendar.title):
            refusals[calendar.title] = ForeignCopy(calendar.title)
        else:
            jobs.append(Job(calendar, folder.make_store(calendar.title)))
    _create_folder(folder.path)
    folder.delete_old_copies(app.environment.now())
    # With force: a damaged copy is put aside. Nobody but us writes there, and nobody would see the question.
    outcomes = export(app, jobs, ExportOptions(force=True, accept_shrink=accept_shrink)) if jobs else []
    if any(job.calendar.settings.push for job in jobs):
        outcomes = _push(app, jobs, outcomes)
    return refusals | {
        job.calendar.title: _name_accept_command(job.calendar.title, outcome)
        for job, outcome in zip(jobs, outcomes, strict=True)
    }


class ForeignCopy(OutputError):
    """The stored copy of the calendar *name* is another account's, so it is neither served nor replaced."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The stored copy of the calendar {name} belongs to another account, so it is not served. "
            f"To replace it and keep a copy: trakt-ical feed accept {quote(name)} --force"
        )


def _push(app: App, jobs: Sequence[Job], outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Bring the calendars on servers in step with the copies; return *outcomes*, with what failed."""
    from trakt_ical.app.push import push_after_export  # most feeds are pushed nowhere

    after, results = push_after_export([(app, job) for job in jobs], outcomes)
    for name, result in results.items():
        if result.put or result.deleted:
            fields = {"push": name, "sent": result.put, "deleted": result.deleted}
            text = "Push %s: %d sent, %d deleted"
            service.info(text, name, result.put, result.deleted, extra={"fields": fields})
        if left_out := {**result.taken, **result.refused}:
            log.warning("The server of the push %s did not take %d events.", name, len(left_out))
    return after


def fetch_activity(app: App) -> str | None:
    """Return what the account did last, as a text that changes with it; None where the source does not say.

    Raises TraktIcalError.
    """
    if all(calendar.settings.source != "my" for calendar in app.calendars):
        return None
    with open_source(app) as source:
        return source.fetch_activity()


def _name_accept_command(name: str, outcome: Outcome) -> Outcome:
    """Return *outcome*; if it is a held-back update, its message says how to accept it."""
    if not isinstance(outcome, UpdateHeldBack):
        return outcome
    return UpdateHeldBack(f"{outcome} To accept it now: trakt-ical feed accept {quote(name)}", outcome.missing)


def open_feed_store(app: App, calendar: Calendar) -> FileStore:
    """Return the store of the feed's copy of *calendar*; its folder is made where it is missing. Raises OutputError."""
    folder = make_feed_folder(app)
    _create_folder(folder.path)
    return folder.make_store(calendar.title)


def _create_folder(folder: Path) -> None:
    try:
        files.make_private_folder(folder)
    except OSError as error:
        raise OutputError(f"The feed's folder {folder} cannot be created: {error.strerror}.") from error


@dataclass(frozen=True, slots=True)
class FeedState:
    """When the copy of the calendar *name* was last fetched and last changed; None: never.

    *held_back_since* is None where no update is held back. A copy that *is_foreign* is another account's: it is not
    served.
    """

    name: str
    last_success: datetime | None
    last_change: datetime | None
    held_back_since: datetime | None
    is_foreign: bool


def list_feed_states(app: App) -> Iterator[FeedState]:
    """Return how fresh each feed is."""
    folder = make_feed_folder(app)
    for name in _list_names(app):
        state = folder.make_state_file(name).load()
        yield FeedState(name, state.last_success, state.last_change, state.guard_since, folder.holds_foreign(name))


def find_feed_url(app: App, name: str) -> str:
    """Return the address of the feed *name*; its secret is made where there is none yet."""
    secrets = make_feed_folder(app).secrets_file.load(_list_names(app))
    return make_feed_url(_find_base_url(app), secrets.calendars[name], name)


def find_page_url(app: App) -> str:
    """Return the address of the page."""
    return make_page_url(_find_base_url(app), make_feed_folder(app).secrets_file.load(_list_names(app)).page)


def renew_feed(app: App, name: str, *, at_once: bool = False) -> str:
    """Give the feed *name* a new address and return it.

    The old address tells its subscribers so for 90 days; with *at_once* it stops working, and so do all before it.
    """
    make_feed_folder(app).secrets_file.renew(name, app.environment.now(), at_once=at_once)
    return find_feed_url(app, name)


def renew_page(app: App) -> str:
    """Give the page a new address and return it."""
    make_feed_folder(app).secrets_file.renew_page()
    return find_page_url(app)


def accept_held_back_update(app: App, calendar: Calendar, *, replaces_foreign: bool = False) -> None:
    """Refresh *calendar* even if most upcoming events disappeared. A running server takes it over.

    With *replaces_foreign*, a stored copy of another account is put aside. Raises TraktIcalError.
    """
    outcomes = refresh_feeds(app, [calendar], accept_shrink=True, replaces_foreign=replaces_foreign)
    for outcome in outcomes.values():
        if isinstance(outcome, TraktIcalError):
            raise outcome
        if outcome.later_error:
            log.warning("%s", outcome.later_error)


def _list_names(app: App) -> list[str]:
    return [calendar.title for calendar in app.calendars]


def _find_base_url(app: App) -> str:
    return app.settings.public_url.rstrip("/") or ListenAddress.parse(app.settings.listen[0]).url
