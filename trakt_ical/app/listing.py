"""What Trakt lists for a calendar, as commands look at it that write none: from kept answers while they are young."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from trakt_ical import pipeline
from trakt_ical.app.parts import App
from trakt_ical.app.recipes import Span, recipe
from trakt_ical.config import Calendar
from trakt_ical.errors import BrokenAnswer
from trakt_ical.model import Airing, Fetched
from trakt_ical.pipeline import Recipe

YOUNG = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Listed:
    """What was *fetched* for a calendar of *recipe*, and *now*."""

    fetched: Fetched
    recipe: Recipe
    now: datetime

    @property
    def zone(self) -> tzinfo:
        """The zone that the calendar's days are counted in."""
        return self.recipe.zone

    @property
    def airings(self) -> list[Airing]:
        """What is listed, doubles settled; what the user hid or dropped stays out unless the rules want it."""
        airings = pipeline.listed(self.fetched, self.recipe.kinds)
        return list(pipeline.visible(airings, self.fetched, self.recipe.rules))


def listed(
    app: App,
    calendar: Calendar,
    *,
    young: timedelta = YOUNG,
    ahead: int = 0,
    steps: bool = False,
    marks: bool = False,
) -> Listed:
    """What Trakt lists for *calendar*, at least *ahead* days from today on; *young* answers are not asked for again.

    With *steps* airings tell how their moments came about, with *marks* whether they were watched.
    Raises TraktIcalError.
    """
    now, settings = app.outside.now(), calendar.settings
    try:
        with app.trakt(settings.source, young) as trakt:
            zone = trakt.zone(settings.timezone)
            today = now.astimezone(zone).date()
            longer = Span(today - timedelta(days=settings.back), settings.back + ahead + 1)
            made = recipe(app, calendar, zone, now, longer if ahead > settings.ahead else Span())
            marks = marks and settings.source == "my"
            return Listed(trakt.source.fetch(pipeline.needs([made], marks=marks, steps=steps), _unheard), made, now)
    except BrokenAnswer:
        app.forget_answers()
        raise


def _unheard(done: int, of: int) -> None:
    """Nobody waits long enough for a bar."""
