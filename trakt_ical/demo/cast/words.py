"""Shows whose words break calendars, pages and terminals."""

from datetime import time

from trakt_ical.demo.cast import texts
from trakt_ical.demo.cast.weeks import SATURDAY, SUNDAY, THURSDAY, weekly
from trakt_ical.demo.show import Show
from trakt_ical.demo.timetable import Timetable


def words() -> tuple[Show, ...]:
    """Give the shows with odd words."""
    return (
        Show(
            trakt=113,
            slug="orbit-family",
            title="👩‍🚀👨‍👩‍👧‍👦 Orbit Family",
            year=2024,
            timetable=Timetable(weeks=8, days=weekly(SATURDAY, *range(4)), at=time(9), zone="America/Denver"),
            network="Disney+",
            country="us",
            certification="TV-Y7",
            genres=("family",),
            runtime=22,
            tvdb=400113,
            imdb="tt90100113",
            tmdb=300113,
            overview="Homework, chores and re-entry. 🛰️",
            titles=("🏳️‍🌈 Docking Day", texts.CONTROL_CHARACTERS, texts.LINE_SEPARATORS),
        ),
        Show(
            trakt=114,
            slug="harbour-tales",
            title="حكايات الميناء",
            year=2024,
            timetable=Timetable(weeks=10, days=weekly(SUNDAY, *range(4)), at=time(21, 45), zone="Africa/Cairo"),
            network="ON E",
            country="eg",
            genres=("drama",),
            language="ar",
            runtime=40,
            tvdb=400114,
            imdb="tt90100114",
            tmdb=300114,
            rating=9.1,
            overview="ميناء قديم وسفينة لا تصل أبدًا.",
            titles=("الرصيف ٧", "سفينة بلا اسم (2x03)", "שלום, נמל"),
        ),
        Show(
            trakt=115,
            slug="the-unabridged-hour",
            title="The Unabridged Hour",
            year=2024,
            timetable=Timetable(weeks=12, days=weekly(THURSDAY, *range(4)), at=time(22), zone="America/Toronto"),
            network="CBC",
            country="ca",
            genres=("talk-show", "special-interest"),
            runtime=60,
            tvdb=400115,
            imdb="tt90100115",
            tmdb=300115,
            overview=texts.HTML,
            titles=(texts.LONG_TITLE, "Errata, Addenda; Corrigenda\\Index"),
            overviews=(texts.LONG_OVERVIEW, texts.HTML),
        ),
    )
