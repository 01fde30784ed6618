"""One episode at one instant, worked out from its show and its slot."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from trakt_ical.demo.show import Show
from trakt_ical.demo.timetable import Slot

SPECIALS = 5_000  # added to the ordinal, so that ids of specials have their own range
DOUBLES = 8_000
KNOWN_BEFORE = timedelta(days=150)  # Trakt learned of an episode so long before it airs


@dataclass(frozen=True, kw_only=True)
class Airing:
    """An episode of a show as the calendars list it."""

    show: Show
    season: int
    number: int
    number_abs: int | None
    trakt: int
    at: datetime  # UTC
    wall: datetime  # the same instant on the show's own clock
    title: str | None
    overview: str | None
    runtime: int | None
    kind: str
    updated_at: datetime
    double: bool = False

    @property
    def key(self) -> tuple[str, int, int]:
        """What stays when date and title change."""
        return self.show.slug, self.season, self.number

    @property
    def name(self) -> str:
        """How the account's memory calls it."""
        return f"{self.show.name}/{self.season}/{self.number}"

    @property
    def tvdb(self) -> int | None:
        """Its own id at TheTVDB, where its show has one."""
        return None if self.show.tvdb is None else 9_000_000 + self.trakt

    @property
    def imdb(self) -> str | None:
        """Its own id at IMDb, where its show has one."""
        return None if self.show.imdb is None else f"tt{91_000_000 + self.trakt}"

    @property
    def minutes(self) -> int:
        """How long it runs: its own length, else its show's, else half an hour."""
        return self.runtime or self.show.runtime or 30


def airing(show: Show, slot: Slot) -> Airing:
    """What *show* airs in one *slot* of its timetable."""
    special = slot.season == 0
    at = slot.wall.astimezone(UTC)
    return Airing(
        show=show,
        season=slot.season,
        number=slot.number,
        number_abs=slot.ordinal + 1 if show.absolute and not special else None,
        trakt=show.trakt * 10_000 + slot.ordinal + (SPECIALS if special else 0),
        at=at,
        wall=slot.wall,
        title=show.titles[slot.ordinal % len(show.titles)],
        overview=show.overviews[slot.ordinal % len(show.overviews)],
        runtime=show.runtimes[slot.ordinal % len(show.runtimes)],
        kind=slot.kind,
        updated_at=at - KNOWN_BEFORE,
    )
