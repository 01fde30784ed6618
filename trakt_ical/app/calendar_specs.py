"""What the settings say of a calendar, as the specification that the pipeline follows."""

from __future__ import annotations

import contextlib
import functools
import hashlib
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

from trakt_ical.app.context import App
from trakt_ical.config import FIELDS, SECRETS, Calendar, Settings
from trakt_ical.errors import SettingsError
from trakt_ical.export.ics import Appearance, CalendarId
from trakt_ical.export.merge import Retention
from trakt_ical.model import YEARS, DateRange, Moment
from trakt_ical.pipeline import CalendarSpec

if TYPE_CHECKING:
    from trakt_ical.checkin.signed_links import Tickets


class DaySpan(msgspec.Struct, frozen=True):
    """The days given in place of `back` and `ahead`: *days* of them from *first* on; None: not given."""

    first: date | None = None
    days: int | None = None


def make_calendar_spec(app: App, calendar: Calendar, zone: tzinfo, now: datetime, span: DaySpan) -> CalendarSpec:
    """Return what *calendar* is made of at *now*, its days counted in *zone*."""
    settings = calendar.settings
    return CalendarSpec(
        days=make_date_range(settings, now.astimezone(zone).date(), span),
        zone=zone,
        rules=calendar.rules,
        appearance=_make_appearance(calendar),
        calendar_id=make_calendar_id(app, calendar),
        retention=Retention(
            tombstone=timedelta(days=settings.tombstone_days),
            keep=timedelta(days=settings.keep_days),
            held_back=timedelta(days=settings.shrink_days),
            size_limit=0 if settings.push else settings.max_bytes,  # it is a limit of subscriptions
        ),
        check_in_links=_TicketLinks(app) if settings.checkin_links else None,
        settings_digest=_hash_settings(app, settings),
    )


def _hash_settings(app: App, settings: Settings) -> str:
    """Return a hash of *settings* without the secrets, and of the key that signs links: all that events are made by."""
    values = [f"{name}={getattr(settings, name)!r}" for name in FIELDS if name not in SECRETS]
    key = b""
    if settings.checkin_links:
        with contextlib.suppress(OSError):  # it is made when the first event gets a link
            key = _find_key_path(app).read_bytes()
    return hashlib.blake2b("\n".join(values).encode() + key, digest_size=16).hexdigest()


def make_calendar_id(app: App, calendar: Calendar) -> CalendarId:
    """Return the id of *calendar*, with its owner. Raises LoginNeeded."""
    settings = calendar.settings
    return CalendarId(app.calendar_api, settings.source, app.find_owner(settings.source), calendar.title, settings.kind)


def make_date_range(settings: Settings, today: date, span: DaySpan) -> DateRange:
    """Return the days of *span*, one week if it gives no number (as API v1 does); else those set around *today*."""
    try:
        if span == DaySpan():
            return DateRange(today - timedelta(days=settings.back), settings.back + settings.ahead + 1)
        days = DateRange(span.first or today, span.days or 7)
    except ValueError as error:
        raise SettingsError(f"These days are not possible: {str(error).rstrip('.')}.") from error
    if days.first.year not in YEARS or days.last.year not in YEARS:
        raise SettingsError(f"These days are not possible: nothing airs from {days.first} to {days.last}.")
    return days


def load_check_in_tickets(app: App) -> Tickets:
    """Load what signs check-in links. Raises OutputError."""
    from trakt_ical.checkin.signed_links import load_tickets

    return load_tickets(_find_key_path(app))


def _find_key_path(app: App) -> Path:
    from trakt_ical.app.feed_folder import make_feed_folder  # a calendar without links needs no feed

    # Beside the account's feeds: a link checks in whoever made it, and nobody else's server may follow it.
    return make_feed_folder(app).path / "check-in.key"


class _TicketLinks:
    """Check-in links that are signed tickets. The key is read, or made, when the first event needs one."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._base = app.settings.public_url.rstrip("/")

    @functools.cached_property
    def _tickets(self) -> Tickets:
        return load_check_in_tickets(self._app)

    def make_link(self, uid: str, start: Moment) -> str:
        from trakt_ical.checkin.signed_links import Ticket

        return f"{self._base}/{self._tickets.make_path(Ticket(uid, start))}"


def _make_appearance(calendar: Calendar) -> Appearance:
    settings = calendar.settings
    name, refresh = settings.name or calendar.title, timedelta(hours=settings.advertised_refresh)
    suffix = f"-{quote(calendar.title, safe='')}" if settings.unique_uids else ""
    if settings.color == FIELDS["color"].default:
        return Appearance(name, refresh=refresh, uid_suffix=suffix)
    from trakt_ical.config.css_colors import CSS_COLORS

    color = settings.color.lower()
    return Appearance(name, color, f"#{CSS_COLORS[color].upper()}", refresh, suffix)
