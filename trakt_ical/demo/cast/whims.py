"""Shows that number, last or end in a way of their own."""

from datetime import time

from trakt_ical.demo.cast.weeks import FRIDAY, SUNDAY, weekly
from trakt_ical.demo.show import Show
from trakt_ical.demo.timetable import Timetable


def whims() -> tuple[Show, ...]:
    """Give the shows with whims."""
    return (
        Show(
            trakt=121,
            slug="the-slow-ferry",
            title="The Slow Ferry",
            year=2024,
            timetable=Timetable(weeks=12, days=tuple(range(84)), at=time(6), zone="Atlantic/Reykjavik"),
            network="RÚV",
            country="is",
            genres=("documentary",),
            language="is",
            runtime=1440,
            tvdb=400121,
            imdb="tt90100121",
            tmdb=300121,
            overview="One camera on the bow, day and night, and nothing is cut.",
            titles=("Fjord after Fjord", "Open Water", "A Buoy", "Rain", "Harbour at Six"),
        ),
        Show(
            trakt=122,
            slug="the-garden-year",
            title="The Garden Year",
            year=2024,
            timetable=Timetable(weeks=1, days=(FRIDAY,), at=time(20, 15), zone="Europe/Oslo", by_year=True),
            network="NRK1",
            country="no",
            genres=("home-and-garden",),
            language="no",
            runtime=29,
            tvdb=400122,
            imdb="tt90100122",
            tmdb=300122,
            overview="One garden, once a week, whatever the weather.",
            titles=("Frost", "Compost", "Seeds", "Slugs", "Late Light"),
        ),
        Show(
            trakt=500,
            slug="limited-series",
            title="Limited Series",
            year=None,
            editions=(
                "The Ninth Lantern",
                "Cartographers of Rain",
                "An Honest Weight",
                "What the Tide Left",
                "Borrowed Winter",
            ),
            timetable=Timetable(weeks=12, days=weekly(SUNDAY, 1, 2, 3, 4, 5), at=time(22), zone="America/New_York"),
            network="HBO",
            country="us",
            certification="TV-MA",
            genres=("drama", "mystery"),
            runtime=60,
            tvdb=400500,
            imdb="tt90100500",
            tmdb=300500,
            overview="A story in five parts.",
            titles=("One", "Two", "Three", "Four", "Five"),
        ),
    )
