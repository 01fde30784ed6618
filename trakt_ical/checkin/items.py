"""What people check in to, how they name it (`severance 2x03`), and what an API must be able to do for a check-in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, TypeAlias

from trakt_ical.fetch.sources import CheckInAbilities
from trakt_ical.model import Moment
from trakt_ical.transform.codes import split_code

Id: TypeAlias = int | str

SECRET_FIELDS = frozenset(("password",))  # of a request's body


@dataclass(frozen=True, slots=True)
class Title:
    """A show, or a *movie*, with its *ids*: `trakt`, `tvdb`, `imdb`, `tmdb`, `slug`, as far as they are known."""

    name: str
    year: int | None = None
    ids: Mapping[str, Id] = field(default_factory=dict)
    movie: bool = False
    runtime: timedelta | None = None

    def __str__(self) -> str:
        return f"{self.name or 'Untitled'} ({self.year})" if self.year else self.name or "Untitled"

    def is_same(self, other: Title) -> bool:
        """Whether both are the same show or movie: by any id that both have, else by name and year."""
        if self.movie != other.movie:
            return False
        shared = [kind for kind, number in self.ids.items() if number and other.ids.get(kind)]
        if shared:
            return any(str(self.ids[kind]) == str(other.ids[kind]) for kind in shared)
        return self.name == other.name and self.year in (None, other.year)


@dataclass(frozen=True, slots=True)
class WatchItem:
    """A movie, or an episode of a show: by *season* and *number*, or by *absolute*, counted through all seasons.

    *episode_title*: the episode's own title; *episode_tvdb*: its number at TVDB; *runtime*: None where only Trakt
    knows it; *starts*: when it airs, None where that is not known.
    """

    title: Title
    season: int | None = None
    number: int | None = None
    absolute: int | None = None
    episode_title: str = ""
    episode_tvdb: int | None = None
    runtime: timedelta | None = None
    starts: Moment | None = None

    @property
    def code(self) -> str:
        """`2x03`, `#27` by its absolute number, "" for a movie or a whole show."""
        if self.season is not None and self.number is not None:
            return f"{self.season}x{self.number:02d}"
        return f"#{self.absolute}" if self.absolute is not None else ""

    def __str__(self) -> str:
        if self.title.movie:
            return str(self.title)
        name = self.title.name or ("Episode" if self.code else "Untitled")
        return " ".join(filter(None, (name, self.code, self.episode_title)))

    def is_same(self, other: WatchItem) -> bool:
        """Whether both are the same episode or the same movie."""
        if not self.title.is_same(other.title):
            return False
        if self.season is None or other.season is None:
            return self.absolute == other.absolute
        return (self.season, self.number) == (other.season, other.number)


@dataclass(frozen=True, slots=True)
class CheckInExtras:
    """What a check-in says besides what is watched: on which networks to *share* it, in which words, and where.

    Only an API that takes details knows *duration* and the venue.
    """

    share: frozenset[str] = frozenset()
    message: str = ""
    duration: timedelta | None = None
    venue_id: str = ""
    venue_name: str = ""


@dataclass(frozen=True, slots=True)
class CheckInPost:
    """The one POST of a check-in; *secrets* are parts of its path that are never shown."""

    path: str
    body: Mapping[str, object]
    secrets: frozenset[str] = frozenset()

    def hide_secrets(self) -> CheckInPost:
        """Return the same POST without its secrets."""
        path = "/".join("…" if segment in self.secrets else segment for segment in self.path.split("/"))
        body = {name: "…" if name in SECRET_FIELDS else value for name, value in self.body.items()}
        return CheckInPost(path, body)


@dataclass(frozen=True, slots=True)
class Watching:
    """What Trakt says is being watched: a check-in, or what a *player* reports; None: Trakt did not say."""

    item: WatchItem
    since: datetime | None = None
    until: datetime | None = None
    player: bool = False

    def is_check_in_to(self, item: WatchItem) -> bool:
        """Whether it is a check-in to *item*. A player may report the same one, and that does not end like one."""
        return not self.player and self.item.is_same(item)


@dataclass(frozen=True, slots=True)
class Started:
    """A check-in that has begun; *shared* names the networks that it was shared on."""

    item: WatchItem
    since: datetime
    until: datetime | None
    shared: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Conflict:
    """A check-in was refused because another one runs *until* then; *watching* is that one, where Trakt says it."""

    until: datetime
    watching: Watching | None = None

    def is_with(self, item: WatchItem) -> bool:
        """Whether the check-in that runs is one to *item* itself."""
        return self.watching is not None and self.watching.is_check_in_to(item)


class CheckInApi(Protocol):
    """One API, as far as check-ins go: the check-ins of one account, the search, and the progress in a show.

    Each method asks the server, but for `make_post`, and raises TraktIcalError.
    """

    @property
    def abilities(self) -> CheckInAbilities:
        """What the API can do, known without asking it."""
        ...

    def make_post(self, item: WatchItem, extras: CheckInExtras) -> CheckInPost:
        """Return the POST that checks in to *item*: shared nowhere but on the networks of *extras*. Raises NoMatch."""
        ...

    def start(self, item: WatchItem, extras: CheckInExtras) -> Started | Conflict:
        """Check in, with one POST. Raises NoMatch where Trakt does not know *item*."""
        ...

    def fetch_watching(self) -> Watching | None:
        """Return what is being watched, None where nothing is."""
        ...

    def cancel(self, *, movie: bool) -> None:
        """End the check-in that runs, which is one to a *movie* or to an episode."""
        ...

    def search_titles(self, words: str, *, movies: bool) -> list[WatchItem]:
        """Return the shows, or *movies*, that a search for *words* finds, best first.

        Where titles are exactly so, only these.
        """
        ...

    def search_word(self, word: str, *, shows: bool, movies: bool) -> list[WatchItem]:
        """Return the *shows* and *movies* with *word* in their titles, best first."""
        ...

    def find_by_id(self, id_type: str, number: str, *, movies: bool) -> list[WatchItem]:
        """Return what has that *number*. Raises NoMatch where the API does not look there."""
        ...

    def complete_title(self, title: Title) -> Title:
        """Return *title* with all that a check-in names it by; asks only where that is missing."""
        ...

    def find_next_episode(self, show: Title) -> WatchItem | None:
        """Return the next unwatched episode of *show* that has aired. Raises NoMatch where Trakt has no such show."""
        ...

    def find_episode(self, show: Title, season: int, number: int) -> WatchItem | None:
        """Return that episode of *show*, None where Trakt has no such episode."""
        ...

    def find_last_watched(self) -> Title | None:
        """Return the show whose episode was watched last, None where the API does not say."""
        ...


@dataclass(frozen=True, slots=True)
class EpisodeRef:
    """An episode of a show: by *season* and *number*, or by *absolute*, counted through all seasons."""

    season: int | None = None
    number: int | None = None
    absolute: int | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """What somebody asks for: a show or *movie*, by *words* or by its *number* at *id_type*, and an *episode* of it.

    Without an *episode* the next one; without words or number what is on now.
    """

    words: str = ""
    episode: EpisodeRef | None = None
    movie: bool = False
    id_type: str = ""
    number: str = ""

    @property
    def names_title(self) -> bool:
        """Whether it names a show or movie, rather than what is on now."""
        return bool(self.words or self.number)


def parse_query(words: Sequence[str]) -> tuple[str, EpisodeRef | None]:
    """Return the title in *words*, and the episode after it: `2x03`, `s02e03`, `special 4`, `absolute 27`, `next`."""
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
