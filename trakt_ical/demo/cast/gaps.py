"""Shows with less known about them than a reader of the documentation expects."""

from datetime import time

from trakt_ical.demo.cast.weeks import FRIDAY, TUESDAY, WEDNESDAY, weekly
from trakt_ical.demo.show import Show
from trakt_ical.demo.timetable import Timetable


def gaps() -> tuple[Show, ...]:
    """Give the shows with gaps."""
    return (
        Show(
            trakt=110,
            slug="nameless-kitchen",
            title="Nameless Kitchen",
            year=2024,
            timetable=Timetable(weeks=12, days=weekly(TUESDAY, *range(6)), at=time(20), zone="Europe/London"),
            network="Channel 4",
            country="gb",
            genres=("reality",),
            tvdb=400110,
            imdb="tt90100110",
            tmdb=300110,
            overview="Cooks who may not say what they are cooking.",
            titles=(None, "", "Episode 3"),
            overviews=(None, ""),
        ),
        Show(
            trakt=111,
            slug="zero-hour",
            title="Zero Hour",
            year=2024,
            timetable=Timetable(weeks=10, days=weekly(WEDNESDAY, *range(4)), at=time(18), zone="America/Chicago"),
            network="Syndication",
            country="us",
            genres=("news",),
            runtime=0,
            runtimes=(0,),
            tvdb=400111,
            imdb="tt90100111",
            tmdb=300111,
            iso=False,
            overview="The news, before it happens.",
            titles=("Bulletin",),
        ),
        Show(
            trakt=112,
            slug="static-hours",
            title="Static Hours",
            year=None,
            language=None,
            timetable=Timetable(
                weeks=12,
                days=weekly(FRIDAY, *range(4)),
                at=time(22, 15),
                zone="America/New_York",
            ),
            rating=0.0,
            airs_known=False,
            iso=False,
            titles=("Untuned", None),
        ),
    )
