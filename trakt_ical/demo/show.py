"""The nouns of the demo's catalogue: a show, a movie and the whole cast of them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from trakt_ical.demo.timetable import EPOCH, Timetable

A_FORTNIGHT = timedelta(days=14)


@dataclass(frozen=True, kw_only=True)
class Show:
    """A show as Trakt knows it, with every gap that Trakt's own entries have.

    *titles*, *overviews* and *runtimes* (minutes) are dealt out to the episodes in turn.
    *editions* are titles of limited series: each cycle of the timetable is then a show of its own.
    """

    trakt: int
    slug: str
    title: str
    year: int | None
    timetable: Timetable | None = None  # None: airs nothing, can be hidden or found
    network: str | None = None
    country: str | None = None  # two letters
    certification: str | None = None
    genres: tuple[str, ...] = ()
    language: str | None = "en"
    overview: str | None = None
    runtime: int | None = None
    tvdb: int | None = None
    imdb: str | None = None
    tmdb: int | None = None
    titles: tuple[str | None, ...] = (None,)
    overviews: tuple[str | None, ...] = (None,)
    runtimes: tuple[int | None, ...] = (None,)
    editions: tuple[str, ...] = ()
    absolute: bool = False  # episodes carry number_abs
    doubled: frozenset[int] = frozenset()  # numbers listed twice, under two episode ids
    airs_known: bool = True
    whole_days: bool = False  # effective_release_date is a date without an hour
    rating: float = 7.5  # by everybody's votes
    own_rating: int = 0  # by the user, 1 to 10; 0: not rated
    mine: bool = True  # in the user's own calendar
    waits: timedelta | None = A_FORTNIGHT  # from an airing until the user watches it; None: never did
    hidden_in: tuple[str, ...] = ()  # sections of /users/hidden at a first start
    iso: bool = True  # API v1 answers in the form of 2014, else in that of 2011
    forgotten: frozenset[int] = frozenset()  # numbers whose first_aired is 0 in API v1

    @property
    def name(self) -> str:
        """How the account's memory calls it."""
        return self.slug

    @property
    def watched(self) -> bool:
        """The user watched it as it aired, before the first start."""
        return self.mine and self.waits is not None

    def edition(self, timetable: Timetable, cycle: int) -> "Show":
        """The limited series of one *cycle*: its own title, year, slug and ids."""
        title = self.editions[cycle % len(self.editions)]
        year = (timetable.monday(cycle) + timedelta(days=timetable.days[0])).year
        return replace(
            self,
            trakt=self.trakt + cycle,
            slug=f"{slug(title)}-{year}",
            title=title,
            year=year,
            timetable=replace(timetable, only=cycle),
            tvdb=None if self.tvdb is None else self.tvdb + cycle,
            imdb=None if self.imdb is None else f"tt{int(self.imdb[2:]) + cycle}",
            tmdb=None if self.tmdb is None else self.tmdb + cycle,
        )


@dataclass(frozen=True, kw_only=True)
class Movie:
    """A movie with its three release days, of which the calendars list one each."""

    trakt: int
    slug: str
    title: str
    year: int | None
    cinema: date
    streaming: date
    dvd: date
    runtime: int | None
    country: str | None
    language: str
    genres: tuple[str, ...]
    rating: float
    imdb: str | None
    tmdb: int | None
    overview: str | None
    mine: bool

    @property
    def name(self) -> str:
        """How the account's memory calls it."""
        return f"{MOVIES}{self.slug}"

    @property
    def minutes(self) -> int:
        """How long it runs."""
        return self.runtime or 100


@dataclass(frozen=True)
class Film:
    """What a movie is made from: the words that do not depend on its number."""

    title: str
    overview: str | None


@dataclass(frozen=True)
class Cast:
    """Everything the demo's Trakt lists: shows and an endless row of movies."""

    shows: tuple[Show, ...]
    films: tuple[Film, ...] = ()
    weeks_between_movies: int = 4

    def shows_between(self, first: date, last: date) -> Iterator[Show]:
        """Yield the shows, limited series only where a cycle touches the dates."""
        for show in self.shows:
            if not show.editions:
                yield show
            elif show.timetable is not None:
                for cycle in show.timetable.cycles(first, last):
                    yield show.edition(show.timetable, cycle)

    def movies_between(self, first: date, last: date) -> Iterator[Movie]:
        """Yield the movies with a release day from *first* to *last*, and some neighbours."""
        if not self.films:
            return
        step = 7 * self.weeks_between_movies
        start = max(0, ((first - EPOCH).days - DVD.days) // step)
        for index in range(start, (last - EPOCH).days // step + 1):
            yield self._movie(index)

    def _movie(self, index: int) -> Movie:
        film = self.films[index % len(self.films)]
        cinema = EPOCH + timedelta(weeks=index * self.weeks_between_movies) + FRIDAY
        return Movie(
            trakt=700 + index,
            slug=f"{slug(film.title)}-{cinema.year}",
            title=film.title,
            year=None if index % 4 == 1 else cinema.year,
            cinema=cinema,
            streaming=cinema + STREAMING,
            dvd=cinema + DVD,
            runtime=(117, 94, None, 143)[index % 4],
            country=("gb", "us", None, "fr")[index % 4],
            language=("en", "en", "de", "fr")[index % 4],
            genres=(("comedy", "romance"), ("drama",), ("thriller",))[index % 3],
            rating=(6.5, 8.2, 4.9)[index % 3],
            imdb=None if index % 4 == 2 else f"tt{90_700_000 + index}",
            tmdb=(970_700 + index, 0, None, 970_700 + index)[index % 4],
            overview=film.overview,
            mine=index % 4 != 3,
        )


MOVIES = "movies/"  # begins the names of movies in the account's memory
FRIDAY = timedelta(days=4)
STREAMING = timedelta(days=42)  # after the cinema
DVD = timedelta(days=78)


def slug(title: str) -> str:
    """The words of an ASCII *title* as Trakt writes them in addresses."""
    letters = "".join(letter if letter.isalnum() else " " for letter in title.lower().replace("'", ""))
    return "-".join(letters.split())
