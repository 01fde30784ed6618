"""The shows and movies of the built-in Trakt, as `cast.toml` lists them, and when they air."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from importlib import resources
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

EPOCH = date(2024, 1, 1)  # a Monday; cycle 0 of every timetable counts from here
DAYS_OF_A_BREAK = 10  # a longer silence inside a season makes a mid-season finale and premiere


class Slot(NamedTuple):
    """The place of one airing: season, number, count since the first one, and the hour on the show's own clock."""

    season: int
    number: int
    ordinal: int
    wall: datetime
    kind: str  # as API v2 words it: `episode_type`


@dataclass(frozen=True, kw_only=True)
class Timetable:
    """One season per *cycle* of so many weeks, repeated without end.

    *days* holds one day per episode, counted from the first Monday of the cycle; the same day several
    times is a season released at once. *special_days* likewise, for season 0.
    """

    cycle: int
    days: tuple[int, ...]
    at: time
    zone: str
    special_days: tuple[int, ...] = ()
    begins: int = 0  # weeks after the epoch
    by_year: bool = False  # seasons are years, numbers are weeks of the year
    only: int | None = None  # the one cycle that exists

    def slots(self, first: date, last: date) -> Iterator[Slot]:
        """Yield what airs on the show's own dates from *first* to *last*, regular episodes of a cycle first."""
        for cycle in self.cycles(first, last):
            monday = self.monday(cycle)
            for days, make_slot in ((self.days, self._regular), (self.special_days, self._special)):
                for index, day in enumerate(days):
                    if first <= monday + timedelta(days=day) <= last:
                        yield make_slot(cycle, index)

    def slot(self, season: int, number: int) -> Slot | None:
        """The place of one episode, or None when the timetable has no such episode."""
        if self.by_year:
            year = self.slots(date(season, 1, 1), date(season, 12, 31))
            return next((slot for slot in year if slot.number == number), None)
        if season == 0:
            cycle, index = divmod(number - 1, len(self.special_days) or 1)
            return self._special(cycle, index) if self.special_days and number > 0 else None
        if not 1 <= number <= len(self.days) or season < 1 or (self.only is not None and season > 1):
            return None
        return self._regular(season - 1 if self.only is None else self.only, number - 1)

    def cycles(self, first: date, last: date) -> range:
        """The cycles that touch the dates from *first* to *last*."""
        start, end = ((day - self.monday(0)).days // (7 * self.cycle) for day in (first, last))
        if self.only is None:
            return range(max(0, start), end + 1)
        return range(max(start, self.only), min(end, self.only) + 1)

    def first(self) -> Slot:
        """The very first regular airing."""
        return self._regular(self.only or 0, 0)

    def monday(self, cycle: int) -> date:
        """The day a cycle counts from."""
        return EPOCH + timedelta(weeks=self.begins + cycle * self.cycle)

    def _kind(self, season: int, number: int) -> str:
        if number == 1:
            return "series_premiere" if season == 1 else "season_premiere"
        if self.by_year:
            return "standard"
        if number == len(self.days):
            return "season_finale" if self.only is None else "series_finale"
        if self.days[number - 1] - self.days[number - 2] > DAYS_OF_A_BREAK:
            return "mid_season_premiere"
        if self.days[number] - self.days[number - 1] > DAYS_OF_A_BREAK:
            return "mid_season_finale"
        return "standard"

    def _regular(self, cycle: int, index: int) -> Slot:
        wall = self._wall(cycle, self.days[index])
        if self.by_year:
            season, number = wall.year, (wall.timetuple().tm_yday - 1) // 7 + 1
        else:
            season, number = (1 if self.only is not None else cycle + 1), index + 1
        return Slot(season, number, cycle * len(self.days) + index, wall, self._kind(season, number))

    def _special(self, cycle: int, index: int) -> Slot:
        ordinal = cycle * len(self.special_days) + index
        return Slot(0, ordinal + 1, ordinal, self._wall(cycle, self.special_days[index]), "standard")

    def _wall(self, cycle: int, day: int) -> datetime:
        # Put together on the show's own clock, so that nine in the evening stays nine when the clocks change.
        return datetime.combine(self.monday(cycle) + timedelta(days=day), self.at, ZoneInfo(self.zone))


FIRST_SHOW, FIRST_EDITION, FIRST_MOVIE = 101, 500, 700  # numbers at Trakt; the ids elsewhere are made from them
MOVIES = "movies/"  # begins the names of movies in the account's state
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
FRIDAY = timedelta(days=4)


@dataclass(frozen=True, kw_only=True)
class Country:
    """What API v1 and TVmaze call a country, and the one zone that they take for all of it."""

    name: str | None = None
    zone: str = "America/New_York"  # API v1 counts a show without a country as American
    tvmaze_zone: str | None = None  # where it is another one


@dataclass(frozen=True, kw_only=True)
class Show:
    """A show as Trakt knows it, with every gap that Trakt's own entries have. `cast.toml` explains the fields."""

    title: str
    trakt: int = 0
    slug: str = ""
    year: int | None = 2024
    airs: Timetable | None = None  # None: airs nothing, can be hidden or found
    network: str | None = None
    country: str | None = None  # two letters
    place: Country = Country()
    certification: str | None = None
    genres: tuple[str, ...] = ()
    language: str | None = "en"
    overview: str | None = None
    runtime: int | None = None  # minutes
    tvdb: int | None = None
    imdb: str | None = None
    tmdb: int | None = None
    unknown_ids: tuple[str, ...] = ()
    titles: tuple[str | None, ...] = (None,)
    overviews: tuple[str | None, ...] = (None,)
    runtimes: tuple[int | None, ...] = (None,)
    repeat_texts: int = 1  # titles and overviews of episodes are so many times as long
    editions: tuple[str, ...] = ()  # titles: each cycle of the timetable is a show of its own
    absolute: bool = False  # episodes carry number_abs
    doubled: tuple[int, ...] = ()  # numbers listed twice, under two episode ids
    airs_known: bool = True
    whole_days: bool = False  # effective_release_date is a date without an hour
    noon_put_in: bool = False  # effective_release_date is the date with noon put in
    days_online: int = 0  # days before it airs on which an episode is online, at six in the morning
    rating: float = 7.5  # by everybody's votes
    own_rating: int = 0  # by the user, 1 to 10; 0: not rated
    mine: bool = True  # in the first user's own calendar
    days_behind: int | None = 14  # from an airing until the user watches it; None: never did
    hidden_in: tuple[str, ...] = ()  # sections of /users/hidden at a first start
    iso: bool = True  # API v1 answers in the form of 2014, else in that of 2011
    forgotten: tuple[int, ...] = ()  # numbers whose first_aired is 0 in API v1

    @property
    def name(self) -> str:
        """Its name in the account's state."""
        return self.slug

    @property
    def ids(self) -> dict[str, Any]:
        """Its ids, as API v2 lists them."""
        return {name: getattr(self, name) for name in ("trakt", "slug", "tvdb", "imdb", "tmdb")}

    def with_ids(self, number: int) -> "Show":
        """The same show under its *number* at Trakt, with a slug and the ids that follow from it."""
        known = {"tvdb": 400_000 + number, "imdb": f"tt{90_100_000 + number}", "tmdb": 300_000 + number}
        ids: dict[str, Any] = {name: None if name in self.unknown_ids else each for name, each in known.items()}
        if self.tmdb == 0:
            ids["tmdb"] = 0
        return replace(self, trakt=number, slug=self.slug or make_slug(self.title), **ids)

    def list_editions(self, first: date, last: date) -> Iterator["Show"]:
        """Yield the limited series, one per cycle, that touch the dates from *first* to *last*."""
        if self.airs is None:
            return
        for cycle in self.airs.cycles(first, last):
            title = self.editions[cycle % len(self.editions)]
            year = (self.airs.monday(cycle) + timedelta(days=self.airs.days[0])).year
            slug, airs = f"{make_slug(title)}-{year}", replace(self.airs, only=cycle)
            yield replace(self, title=title, slug=slug, year=year, airs=airs).with_ids(FIRST_EDITION + cycle)


@dataclass(frozen=True, kw_only=True)
class Movie:
    """A movie with its release days, under the names that the calendars of API v2 have."""

    trakt: int
    slug: str
    title: str
    year: int | None
    releases: dict[str, date]  # movies, streaming, dvd
    runtime: int | None
    country: str | None
    language: str
    genres: list[str]
    rating: float
    imdb: str | None
    tmdb: int | None
    overview: str | None
    mine: bool

    @property
    def name(self) -> str:
        return f"{MOVIES}{self.slug}"

    @property
    def ids(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("trakt", "slug", "imdb", "tmdb")}

    @property
    def minutes(self) -> int:
        return self.runtime or 100


@dataclass(frozen=True)
class Cast:
    """Everything that the built-in Trakt lists: *shows*, and the tables of movies, countries and releases there."""

    shows: tuple[Show, ...]
    movies: dict[str, Any]
    countries: dict[str, Country]
    releases: dict[str, dict[str, Any]]

    def with_shows(self, *more: Show) -> "Cast":
        """The same cast with *more* shows at its end, numbered like the others."""
        placed = (replace(show, place=self.countries.get(show.country or "", Country())) for show in more)
        numbered = (show.with_ids(number) for number, show in enumerate(placed, FIRST_SHOW + len(self.shows)))
        return replace(self, shows=(*self.shows, *numbered))

    def list_shows(self, first: date, last: date) -> Iterator[Show]:
        """Yield the shows; limited series only where they touch the dates from *first* to *last*."""
        for show in self.shows:
            if show.editions:
                yield from show.list_editions(first, last)
            else:
                yield show

    def list_movies(self, first: date, last: date) -> Iterator[Movie]:
        """Yield the movies with a release day from *first* to *last*, and some neighbours."""
        step = 7 * int(self.movies["weeks_between"])
        start = max(0, ((first - EPOCH).days - max(self.movies["release_days"].values())) // step)
        for index in range(start, (last - EPOCH).days // step + 1):
            yield self._make_movie(index, EPOCH + timedelta(days=index * step) + FRIDAY)

    def _make_movie(self, index: int, cinema: date) -> Movie:
        def deal(name: str) -> Any:
            return self.movies[name][index % len(self.movies[name])]

        number, title = FIRST_MOVIE + index, deal("title")
        return Movie(
            trakt=number,
            slug=f"{make_slug(title)}-{cinema.year}",
            title=title,
            year=None if index % 4 == 1 else cinema.year,
            releases={kind: cinema + timedelta(days=days) for kind, days in self.movies["release_days"].items()},
            imdb=None if index % 4 == 2 else f"tt{90_700_000 + index}",
            tmdb=(970_000 + number, 0, None, 970_000 + number)[index % 4],
            mine=index % 4 != 3,
            **{name: deal(name) for name in ("runtime", "country", "language", "genres", "rating", "overview")},
        )


def load_cast() -> Cast:
    """Read `cast.toml`; shows are numbered by their places there."""
    tables = _read_nulls(tomllib.loads(resources.files(__package__).joinpath("cast.toml").read_text("utf-8")))
    for show in tables["shows"]:
        airs = show["airs"]
        weekday = WEEKDAYS.index(airs.pop("weekday"))
        airs["days"] = [weekday + 7 * week for week in airs.pop("weeks")]
        show |= show.pop("facts", {})
    shows = msgspec.convert(tables["shows"], list[Show], builtin_types=(time,))
    hidden = Show(title="", network="Hulu", country="us", hidden_in=("calendar", "dropped"), mine=False)
    shows += [replace(hidden, title=title) for title in tables["hidden_shows"]]
    countries = msgspec.convert(tables["countries"], dict[str, Country])
    return Cast((), tables["movies"], countries, tables["releases"]).with_shows(*shows)


def make_slug(title: str) -> str:
    """The words of a *title* as Trakt writes them in addresses, without what is not ASCII."""
    letters = "".join(
        letter if letter.isascii() and letter.isalnum() else " " for letter in title.lower().replace("'", "")
    )
    return "-".join(letters.split())


def _read_nulls(value: Any) -> Any:
    """*value* of a TOML file, with None for each "null": TOML has no such value of its own."""
    match value:
        case dict():
            return {name: _read_nulls(each) for name, each in value.items()}
        case list():
            return [_read_nulls(each) for each in value]
        case _:
            return None if value == "null" else value
