"""The feeds as their owner sees them: which there are, where, how fresh; and what can be done about each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from trakt_ical.app.parts import App
from trakt_ical.app.refresh import place, refresh
from trakt_ical.config import Calendar
from trakt_ical.errors import TraktIcalError
from trakt_ical.export.feed.address import Address, feed_url, page_url


@dataclass(frozen=True, slots=True)
class Freshness:
    """When the copy of the calendar *name* was fetched last, and when it changed last; None: never."""

    name: str
    last_success: datetime | None
    last_change: datetime | None
    guard_since: datetime | None


def freshness(app: App) -> Iterator[Freshness]:
    """How fresh each feed is."""
    for name in _names(app):
        state = place(app).state_file(name).load()
        yield Freshness(name, state.last_success, state.last_change, state.guard_since)


def url(app: App, name: str) -> str:
    """The address of the feed *name*; its secret is made where there is none yet."""
    secrets = place(app).secrets.load(_names(app))
    return feed_url(_base(app), secrets.calendars[name], name)


def page(app: App) -> str:
    """The address of the page."""
    return page_url(_base(app), place(app).secrets.load(_names(app)).page)


def renew(app: App, name: str) -> str:
    """Give the feed *name* a new address and return it; the old one is gone."""
    place(app).secrets.renew(name)
    return url(app, name)


def renew_page(app: App) -> str:
    """Give the page a new address and return it."""
    place(app).secrets.renew_page()
    return page(app)


def accept(app: App, calendar: Calendar) -> None:
    """Believe that *calendar* lost most of itself. A running server takes it over. Raises TraktIcalError."""
    for outcome in refresh(app, [calendar], believe=True).values():
        if isinstance(outcome, TraktIcalError):
            raise outcome


def _names(app: App) -> list[str]:
    return [calendar.title for calendar in app.calendars]


def _base(app: App) -> str:
    return app.settings.public_url.rstrip("/") or Address.read(app.settings.listen).url
