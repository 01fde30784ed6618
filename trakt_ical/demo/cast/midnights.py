"""Shows listed at midnight: some for want of an hour, one that does drop at midnight."""

from datetime import time, timedelta

from trakt_ical.demo.cast.weeks import MONDAY, THURSDAY, weekly
from trakt_ical.demo.show import Show
from trakt_ical.demo.timetable import Timetable


def midnights() -> tuple[Show, ...]:
    """Give the shows listed at 00:00."""
    return (
        Show(
            trakt=107,
            slug="quiet-archive",
            title="Quiet Archive",
            year=2024,
            timetable=Timetable(weeks=12, days=weekly(THURSDAY, *range(4)), at=time(0), zone="America/New_York"),
            network="PBS",
            country="us",
            genres=("history",),
            runtime=50,
            tvdb=400107,
            imdb="tt90100107",
            tmdb=300107,
            iso=False,
            forgotten=frozenset({3}),
            overview="Reels that nobody has watched since they were labelled.",
            titles=("Box 14", "Box 15", "Box 16 (Missing)"),
        ),
        Show(
            trakt=108,
            slug="glass-orchard",
            title="Glass Orchard",
            year=2024,
            timetable=Timetable(weeks=8, days=(THURSDAY,) * 8, at=time(0), zone="America/Los_Angeles"),
            network="Netflix",
            country="us",
            certification="TV-14",
            genres=("science-fiction",),
            runtime=47,
            tvdb=400108,
            imdb="tt90100108",
            tmdb=300108,
            rating=7.9,
            waits=timedelta(days=3),
            overview="Trees that remember what was said beneath them.",
            titles=("Seed", "Graft", "Canker", "Espalier", "Frost", "June Drop", "Press", "Must"),
        ),
        Show(
            trakt=109,
            slug="village-hall",
            title="Village Hall",
            year=2024,
            timetable=Timetable(weeks=12, days=weekly(MONDAY, *range(5)), at=time(0), zone="Europe/Berlin"),
            network="NDR",
            country="de",
            genres=("comedy",),
            language="de",
            runtime=30,
            tvdb=400109,
            imdb="tt90100109",
            tmdb=300109,
            whole_days=True,
            certification="6",
            rating=6.4,
            overview="One hall, nine clubs, a single key.",
            titles=("Schlüsseldienst", "Protokoll", "Kuchenspende"),
        ),
    )
