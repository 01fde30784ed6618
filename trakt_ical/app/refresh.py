"""What the refresher does at Trakt: makes the next copies of the feeds, and looks whether anything happened."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from shlex import quote

from trakt_ical.app.export import Exported, Job, Wanted, export
from trakt_ical.app.parts import App
from trakt_ical.config import Calendar
from trakt_ical.errors import NotBelieved, OutputError, TraktIcalError
from trakt_ical.export.feed.shelf import Place

Outcome = Exported | TraktIcalError


def place(app: App) -> Place:
    """Where the feeds of *app* lie."""
    return Place(app.folders.feed, app.folders.state)


def refresh(app: App, calendars: Iterable[Calendar], *, believe: bool = False) -> dict[str, Outcome]:
    """Make the next copies of the feeds of *calendars*, asking Trakt once; return what became of each by its name.

    A copy that is damaged, or another calendar's by now, is put aside: it is nobody's but ours. With *believe* a
    calendar that lost most of itself is taken for true. Where an outcome is an error, the copy is as it was.
    """
    where = place(app)
    jobs = [Job(calendar, where.copy(calendar.title)) for calendar in calendars]
    _make_room(where.folder)
    outcomes = export(app, jobs, Wanted(force=True, accept_shrink=believe))
    return {job.calendar.title: _told(job.calendar.title, each) for job, each in zip(jobs, outcomes, strict=True)}


def activities(app: App) -> str | None:
    """What the account did last at Trakt, as one text that changes with it; None where Trakt does not tell.

    Raises TraktIcalError.
    """
    from trakt_ical.fetch.v2.wire import Activities

    if app.settings.api == "v1" or all(calendar.settings.source != "my" for calendar in app.calendars):
        return None
    with app.trakt("my") as trakt:
        return repr(trakt.client.get("/sync/last_activities").decode(Activities))


def _told(name: str, outcome: Outcome) -> Outcome:
    """*outcome* with the command for feeds in place of the option of exports."""
    if not isinstance(outcome, NotBelieved):
        return outcome
    return NotBelieved(
        str(outcome).replace("--accept-shrink", f"trakt-ical feed accept {quote(name)}"), outcome.missing
    )


def _make_room(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise OutputError(f"The feed's folder {folder} cannot be made: {error.strerror}.") from error
