"""What somebody asks to check in to, as they write it: `severance 2x03`."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, TypeAlias

from trakt_ical.model import Moment
from trakt_ical.transform.codes import split_code

Id: TypeAlias = int | str

SECRET_FIELDS = frozenset(("password",))  # of a request's body


@dataclass(frozen=True, slots=True)
class Title:
    """A show, or a *movie*, under its *ids*: `trakt`, `tvdb`, `imdb`, `tmdb`, `slug`, as far as they are known."""

    title: str
    year: int | None = None
    ids: Mapping[str, Id] = field(default_factory=dict)
    movie: bool = False
    runtime: timedelta | None = None

    def __str__(self) -> str:
        return f"{self.title or 'Untitled'} ({self.year})" if self.year else self.title or "Untitled"

    def is_same(self, other: Title) -> bool:
        """Whether both are one: by any id that both have, else by title and year."""
        if self.movie != other.movie:
            return False
        shared = [name for name, known in self.ids.items() if known and other.ids.get(name)]
        if shared:
            return any(str(self.ids[name]) == str(other.ids[name]) for name in shared)
        return self.title == other.title and self.year in (None, other.year)


@dataclass(frozen=True, slots=True)
class WatchItem:
    """A movie, or an episode of a show: by *season* and *number*, or by *absolute*, counted through all seasons.

    *title*: the episode's own; *episode_tvdb*: its number at TVDB; *runtime*: None where only Trakt knows it;
    *starts*: when it airs, None where that was not asked for.
    """

    work: Title
    season: int | None = None
    number: int | None = None
    absolute: int | None = None
    title: str = ""
    episode_tvdb: int | None = None
    runtime: timedelta | None = None
    starts: Moment | None = None

    @property
    def code(self) -> str:
        """`2x03`, `#27` by its absolute number, "" for a movie or a show as a whole."""
        if self.season is not None and self.number is not None:
            return f"{self.season}x{self.number:02d}"
        return f"#{self.absolute}" if self.absolute is not None else ""

    def __str__(self) -> str:
        if self.work.movie:
            return str(self.work)
        return " ".join(filter(None, (self.work.title or "Untitled", self.code, self.title)))

    def is_same(self, other: WatchItem) -> bool:
        """Whether both are one episode or one movie."""
        if not self.work.is_same(other.work):
            return False
        if self.season is None or other.season is None:
            return self.absolute == other.absolute
        return (self.season, self.number) == (other.season, other.number)


@dataclass(frozen=True, slots=True)
class CheckInExtras:
    """What a check-in says beside what is watched: on which networks to *share* it, in which words, and where.

    *duration* and the venue are known to API v1 alone.
    """

    share: frozenset[str] = frozenset()
    message: str = ""
    duration: timedelta | None = None
    venue_id: str = ""
    venue_name: str = ""


@dataclass(frozen=True, slots=True)
class CheckInPost:
    """The one POST of a check-in; *secrets* are parts of its path that nobody is shown."""

    path: str
    body: Mapping[str, object]
    secrets: frozenset[str] = frozenset()

    def masked(self) -> CheckInPost:
        """The same without its secrets."""
        path = "/".join("…" if segment in self.secrets else segment for segment in self.path.split("/"))
        body = {name: "…" if name in SECRET_FIELDS else value for name, value in self.body.items()}
        return CheckInPost(path, body)


@dataclass(frozen=True, slots=True)
class Watching:
    """What Trakt says is being watched: a check-in, or what a *player* reports; None: Trakt did not say."""

    subject: WatchItem
    since: datetime | None = None
    until: datetime | None = None
    player: bool = False


@dataclass(frozen=True, slots=True)
class Started:
    """A check-in that has begun; *shared* names the networks that it was shared on."""

    subject: WatchItem
    since: datetime
    until: datetime | None
    shared: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Busy:
    """A check-in was refused, since another one runs *until* then; *watching* is that one, where Trakt tells."""

    until: datetime
    watching: Watching | None = None

    def is_of(self, what: WatchItem) -> bool:
        """Whether the check-in that runs is one to *what* itself."""
        return self.watching is not None and not self.watching.player and self.watching.subject.is_same(what)


class CheckIns(Protocol):
    """The check-ins of one account, over either API."""

    @property
    def networks(self) -> Collection[str]:
        """Where a check-in can be shared."""
        ...

    @property
    def longest_message(self) -> int | None:
        """Characters after which Trakt cuts a message, None where it does not."""
        ...

    @property
    def takes_details(self) -> bool:
        """Whether it takes a duration, a venue and an episode's number at TVDB."""
        ...

    def request(self, what: WatchItem, extras: CheckInExtras) -> CheckInPost:
        """The POST that checks in to *what*: quiet, but for the networks of *extras*. Raises NoMatch."""
        ...

    def start(self, what: WatchItem, extras: CheckInExtras) -> Started | Busy:
        """Check in, with one POST. Raises NoMatch where Trakt knows no such thing."""
        ...

    def watching(self) -> Watching | None:
        """What is being watched, None where nothing is."""
        ...

    def cancel(self, *, movie: bool) -> None:
        """End the check-in that runs, which is one to a *movie* or to an episode."""
        ...


class Search(Protocol):
    """Trakt's search, over either API."""

    @property
    def id_types(self) -> Collection[str]:
        """Whose numbers it knows."""
        ...

    def titles(self, words: str, *, movies: bool) -> list[WatchItem]:
        """The shows, or *movies*, that a search for *words* finds, best first; exact ones alone where there are any."""
        ...

    def numbered(self, id_type: str, number: str, *, movies: bool) -> list[WatchItem]:
        """What has that *number*. Raises NoMatch where the API does not look there."""
        ...


class Progress(Protocol):
    """Where the user is in a show, over either API."""

    def following(self, show: Title) -> WatchItem | None:
        """The next unwatched episode of *show* that has aired. Raises NoMatch where Trakt knows no such show."""
        ...

    def episode(self, show: Title, season: int, number: int) -> WatchItem | None:
        """That episode of *show*, None where Trakt knows no such one."""
        ...

    def last_watched(self) -> Title | None:
        """The show of which an episode was watched last, None where the API does not tell."""
        ...


@dataclass(frozen=True, slots=True)
class EpisodeRef:
    """An episode of a show: by *season* and *number*, or by *absolute*, counted through all seasons."""

    season: int | None = None
    number: int | None = None
    absolute: int | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """A show or *movie*, by *words* or by its *number* at *id_type*, and an episode of it: the next one if not said.

    Without words or number it is what is on now.
    """

    words: str = ""
    place: EpisodeRef | None = None
    movie: bool = False
    id_type: str = ""
    number: str = ""

    @property
    def names_something(self) -> bool:
        """Whether it is anything but what is on now."""
        return bool(self.words or self.number)


def parse_query(words: Sequence[str]) -> tuple[str, EpisodeRef | None]:
    """The title in *words*, and the place after it: `2x03`, `s02e03`, `special 4`, `absolute 27`, `next`."""
    parts = " ".join(words).split()
    title, code = split_code(" ".join(parts))
    if code:
        return title, EpisodeRef(*code)
    if len(parts) >= 2 and re.fullmatch(r"[0-9]{1,5}", parts[-1]):
        match parts[-2].lower():
            case "special":
                return " ".join(parts[:-2]), EpisodeRef(0, int(parts[-1]))
            case "absolute":
                return " ".join(parts[:-2]), EpisodeRef(absolute=int(parts[-1]))
    if len(parts) >= 2 and parts[-1].lower() == "next":
        return " ".join(parts[:-1]), None
    return " ".join(parts), None
