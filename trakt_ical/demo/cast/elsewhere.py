"""Shows that other people watch: in the calendar of everything only."""

from datetime import time

from trakt_ical.demo.cast.weeks import MONDAY, THURSDAY, TUESDAY, weekly
from trakt_ical.demo.show import Show
from trakt_ical.demo.timetable import Timetable


def elsewhere() -> tuple[Show, ...]:
    """Give the shows of others."""
    return (
        Show(
            trakt=131,
            slug="quiz-at-eight",
            title="Quiz at Eight",
            year=2024,
            mine=False,
            timetable=Timetable(weeks=1, days=(MONDAY,), at=time(20), zone="Europe/Paris", by_year=True),
            network="France 3",
            country="fr",
            genres=("game-show",),
            language="fr",
            runtime=40,
            tvdb=400131,
            imdb=None,
            tmdb=300131,
            overview="Eight questions at eight.",
        ),
        Show(
            trakt=132,
            slug="cold-platform",
            title="Cold Platform",
            year=2024,
            mine=False,
            timetable=Timetable(weeks=10, days=weekly(TUESDAY, *range(6)), at=time(21), zone="Europe/Stockholm"),
            network="SVT1",
            country="se",
            genres=("crime",),
            language="sv",
            runtime=58,
            tvdb=400132,
            imdb="tt90100132",
            tmdb=300132,
            certification="15",
            rating=8.6,
            overview="The last train never came in.",
            titles=("Spår 4", "Vänthallen"),
        ),
        Show(
            trakt=133,
            slug="nightshade-county",
            title="Nightshade County",
            year=2024,
            mine=False,
            timetable=Timetable(weeks=12, days=weekly(THURSDAY, *range(8)), at=time(21), zone="America/New_York"),
            network="The CW",
            country="us",
            genres=("horror",),
            runtime=42,
            tvdb=400133,
            imdb="tt90100133",
            tmdb=300133,
            overview="Everyone gardens here.",
            titles=("Root", "Stem", "Leaf"),
        ),
    )
