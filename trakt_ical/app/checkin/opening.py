"""Opens the desk where the account of the settings checks in, and the finder of what is meant."""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

from trakt_ical.app.checkin.desk import Desk, Surroundings
from trakt_ical.app.parts import App
from trakt_ical.errors import SettingsError

if TYPE_CHECKING:
    from trakt_ical.app.checkin.find import Finder, Which
    from trakt_ical.trakt.client import Client
    from trakt_ical.trakt.subject import CheckIns, Progress, Search


@dataclass(frozen=True)
class Office:
    """What it takes to check in: the *desk*, and where to look for what is meant."""

    app: App
    desk: Desk
    search: Search
    progress: Progress

    def finder(self, which: Which, *, guess: bool) -> Finder:
        """A finder in what the user's calendars list now; *which* chooses, *guess*: somebody can be asked."""
        from trakt_ical.app.checkin.find import Finder
        from trakt_ical.app.checkin.programme import marked, programme

        watched = functools.partial(marked, self.app)
        return Finder(programme(self.app), self.search, self.progress, watched, which, guess)


@contextlib.contextmanager
def office(app: App, surroundings: Surroundings) -> Iterator[Office]:
    """The office of the settings' account. Raises SettingsError where they lack what a check-in takes."""
    with app.trakt() as trakt:
        checkins, search, progress = _v1(app, trakt.client) if app.settings.api == "v1" else _v2(trakt.client)
        yield Office(app, Desk(checkins, surroundings), search, progress)


def surroundings(
    app: App, write: Callable[[datetime, datetime, tzinfo], str], zone: Callable[[], tzinfo] | None = None
) -> Surroundings:
    """Those of *app*, with times as *write* writes them, in *zone* or else, for one run, that of its first calendar."""
    outside = app.outside
    zone = zone or functools.cache(functools.partial(_zone, app))
    return Surroundings(outside.now, outside.sleep or time.sleep, zone, write)


def _v2(client: Client) -> tuple[CheckIns, Search, Progress]:
    from trakt_ical.fetch.v2.progress import Progress
    from trakt_ical.trakt.checkin.v2 import CheckIns
    from trakt_ical.trakt.search.v2 import Search

    return CheckIns(client), Search(client), Progress(client)


def _v1(app: App, client: Client) -> tuple[CheckIns, Search, Progress]:
    from trakt_ical.fetch.v1.progress import Progress
    from trakt_ical.trakt.checkin.v1 import Account, CheckIns
    from trakt_ical.trakt.search.v1 import Search

    settings = app.settings
    for name in ("username", "password"):
        if not getattr(settings, name):
            raise SettingsError(
                f"No {name}. A check-in over API v1 takes one: set {name} or TRAKT_ICAL_{name.upper()}."
            )
    key, now = settings.api_key, app.outside.now
    account = Account(key, settings.username, settings.password)
    return (
        CheckIns(client, account, now=now),
        Search(client, api_key=key),
        Progress(client, api_key=key, now=now()),
    )


def _zone(app: App) -> tzinfo:
    """The zone of the first calendar, from an answer that was kept if there is one."""
    from trakt_ical.app.checkin.programme import YOUNG

    with app.trakt(young=YOUNG) as trakt:
        return trakt.zone(app.calendars[0].settings.timezone)
