"""The values that pass between the stages: days, episodes, movies, events, and the steps of a decision.

Here and in other modules that each export loads, values are `msgspec.Struct`s. Python takes 0.6 ms to define a frozen
dataclass and 0.02 ms for a Struct: for the forty of them that is a tenth of an export in which nothing changed.
`msgspec.structs.replace` makes a changed copy.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple, TypeAlias

import msgspec

Moment: TypeAlias = datetime | date
"""An aware datetime in UTC, or a date where nobody knows the hour."""


YEARS = range(1900, 2200)  # in which things air; dates in other years are placeholders or slips


def check_moment(moment: Moment) -> None:
    """Raise ValueError for a datetime that is not in UTC, and for an impossible year."""
    check_utc(moment)
    if moment.year not in YEARS:
        raise ValueError(f"it is dated {moment.isoformat()}")


def check_years(moments: Iterable[datetime | None]) -> None:
    """Raise ValueError where one of *moments*, from a file or an answer, is of an impossible year.

    Arithmetic with it would leave the calendar: already its conversion to another zone may.
    """
    for moment in moments:
        if moment is not None and moment.year not in YEARS:
            raise ValueError(f"it is dated {moment.isoformat()}")


def check_utc(moment: Moment) -> None:
    """Raise ValueError for a datetime that is not in UTC."""
    # Two datetimes of different zones can be equal and still be written differently, and a naive one means nothing.
    if isinstance(moment, datetime) and moment.tzinfo is not UTC:
        raise ValueError(f"{moment!r} is not in UTC")


def local_date(moment: Moment, zone: tzinfo) -> date:
    """Return the day on which *moment* falls in *zone*; a date is the same day everywhere."""
    return moment.astimezone(zone).date() if isinstance(moment, datetime) else moment


def find_begin(moment: Moment, zone: tzinfo) -> datetime:
    """Return the instant, in UTC, at which *moment* begins: for a date its midnight in *zone*."""
    return moment if isinstance(moment, datetime) else datetime.combine(moment, time(), zone).astimezone(UTC)


WHOLE_DAY = timedelta(hours=24)


def reads_as_whole_day(start: Moment, end: Moment | None) -> bool:
    """Whether an airing is shown without hours: nobody knows them, or it lasts for 24 hours or more.

    A marathon "from 20:00 to 20:00" reads as if it were over at once.
    """
    if not isinstance(start, datetime):
        return True
    return isinstance(end, datetime) and end - start >= WHOLE_DAY


class DateRange(msgspec.Struct, frozen=True):
    """Whole days in a row: *days* of them (at least one), from *first* on.

    Raises ValueError where the days leave the calendar's years 1 to 9999.
    """

    first: date
    days: int

    def __post_init__(self) -> None:
        if self.days < 1:
            raise ValueError("A range has at least one day.")
        try:
            self.first + timedelta(days=self.days)
        except OverflowError as error:
            raise ValueError(f"{self.days} days from {self.first} leave the calendar.") from error

    @property
    def last(self) -> date:
        """The last day that belongs to the range."""
        return self.first + timedelta(days=self.days - 1)

    def __contains__(self, day: date) -> bool:
        return 0 <= (day - self.first).days < self.days

    def widen(self, days: int) -> DateRange:
        """Return the same range with *days* more at both ends."""
        return DateRange(self.first - timedelta(days=days), self.days + 2 * days)

    def join(self, other: DateRange) -> DateRange:
        """Return the days from the first of both ranges to the last of both, gaps between them included."""
        first = min(self.first, other.first)
        return DateRange(first, (max(self.last, other.last) - first).days + 1)

    def split(self, longest: int) -> Iterator[DateRange]:
        """Cut the range into pieces of at most *longest* days, without gap or overlap."""
        # The cuts lie on multiples of *longest* days since 0001-01-01, whatever the range. So the inner pieces are the
        # same tomorrow, they are asked for under the same address, and a kept answer needs no download.
        start = self.first
        while start <= self.last:
            length = longest - start.toordinal() % longest
            piece = DateRange(start, min(length, (self.last - start).days + 1))
            yield piece
            start = piece.last + timedelta(days=1)


class EpisodeKind(enum.Enum):
    """What an episode is to its season; the values are the words of a calendar's categories."""

    STANDARD = ""
    SERIES_PREMIERE = "Series premiere"
    SEASON_PREMIERE = "Season premiere"
    MID_SEASON_PREMIERE = "Mid-season premiere"
    MID_SEASON_FINALE = "Mid-season finale"
    SEASON_FINALE = "Season finale"
    SERIES_FINALE = "Series finale"


class Release(enum.Enum):
    """How a movie comes out; the values end the UID of its event."""

    CINEMA = "cinema"
    STREAMING = "streaming"
    PHYSICAL = "physical"


class Show(msgspec.Struct, frozen=True):
    """What episodes of one show share.

    *key* names the show for ever within one source: `trakt-1388`, `tvdb-81189`; *slug* in addresses. *country*,
    *language*: as the source writes them; *rating*: 0 to 10, everybody's (v2) or the user's own (v1).
    *watchlisted*: whether it is on the user's watchlist. None: the source did not say. *credit*: the sentence that its
    source's licence asks for, "" for none.
    """

    key: str
    title: str | None
    network: str | None
    genres: tuple[str, ...]
    runtime: timedelta | None
    slug: str | None = None
    year: int | None = None
    country: str | None = None
    language: str | None = None
    certification: str | None = None
    rating: float | None = None
    watchlisted: bool | None = None
    credit: str = ""


class Episode(msgspec.Struct, frozen=True):
    """One airing of one episode; *link* is its page, *absolute* its number counted through all seasons.

    *watched*, *watchlisted*: by the user. *released*: a release before *starts*. *midnight*: 00:00 by the show's clock,
    where the source says that and *starts* is a date because it stands for an unknown hour. *steps*: how *starts* was
    found, in sentences, where somebody asked for them. None: the source did not say.
    """

    show: Show
    season: int
    number: int
    title: str | None
    overview: str | None
    starts: Moment
    runtime: timedelta | None
    kind: EpisodeKind
    link: str | None
    updated_at: datetime | None = None
    episode_id: int | None = None
    absolute: int | None = None
    watched: bool | None = None
    watchlisted: bool | None = None
    released: Moment | None = None
    midnight: datetime | None = None
    steps: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_moment(self.starts)
        if self.released is not None:
            check_moment(self.released)
        if self.midnight is not None:
            check_moment(self.midnight)


class Movie(msgspec.Struct, frozen=True):
    """One release of one movie; *key* names the movie for ever: `trakt-movie-28`. A movie has a day, no hour.

    *starts* is the world's first release of this kind, *days* are those of single countries, where they were asked
    for. The other fields are as in Show and Episode.
    """

    key: str
    release: Release
    title: str | None
    overview: str | None
    starts: date
    genres: tuple[str, ...]
    link: str | None
    updated_at: datetime | None = None
    runtime: timedelta | None = None
    slug: str | None = None
    year: int | None = None
    country: str | None = None
    language: str | None = None
    certification: str | None = None
    rating: float | None = None
    watched: bool | None = None
    watchlisted: bool | None = None
    days: Mapping[str, date] = msgspec.field(default_factory=dict)
    steps: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if isinstance(self.starts, datetime):
            raise ValueError("A movie has a day, not an hour.")
        check_moment(self.starts)


Airing: TypeAlias = Episode | Movie


class OddEntry(NamedTuple):
    """An entry that could not be read: the *key* of its show or movie, *season* and *number*, each None if not known.

    *release*: of a movie. An event that the stored calendar has of it is not missing.
    """

    key: str | None = None
    season: int | None = None
    number: int | None = None
    release: Release | None = None


class Alarm(msgspec.Struct, frozen=True):
    """A reminder: *before* the start of an event, or after the start of its day where negative; *text* is shown."""

    before: timedelta
    text: str


LONGEST_SUMMARY = 250  # characters; Exchange cuts or refuses longer ones


class Event(msgspec.Struct, frozen=True):
    """One entry of a calendar, in words: the renderer knows no show.

    *start* and *end* are both instants in UTC or both dates, *end* after *start*; texts are
    clean (see `transform.event_text.clean_text`), "" where there is nothing to say, *summary* never "". *credit*: the
    part of the description that the calendar has to repeat, since a licence asks for it.
    """

    uid: str
    summary: str
    description: str
    start: Moment
    end: Moment
    location: str
    categories: tuple[str, ...]
    link: str
    alarms: tuple[Alarm, ...] = ()
    credit: str = ""

    def __post_init__(self) -> None:
        if type(self.start) is not type(self.end):
            raise ValueError(f"{self.uid}: start and end differ in form.")
        check_utc(self.start)
        check_utc(self.end)
        if self.end <= self.start:
            raise ValueError(f"{self.uid}: the end is not after the start.")


StepRecorder: TypeAlias = Callable[..., object]
"""Takes a sentence with `%` places and the values for them. Only `Steps` puts them together."""


def ignore_step(sentence: str, *values: object) -> None:
    """Drop the sentence: nobody asked for the steps."""


class Steps(list[str]):
    """The steps of a decision, in sentences, recorded while it is made: so what is explained is what was done."""

    def __call__(self, sentence: str, *values: object) -> None:
        self.append(sentence % values)
