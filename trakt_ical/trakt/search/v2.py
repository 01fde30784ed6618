"""Search over API v2: by title, exactly first, or by a number at Trakt, IMDb, TMDB or TVDB."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from urllib.parse import quote

import msgspec

from trakt_ical.model import Moment
from trakt_ical.trakt.client import Client
from trakt_ical.trakt.runtimes import runtime as runtime_of
from trakt_ical.trakt.subject import Subject, Work

_LUCENE = re.compile(r'([+\-!(){}\[\]^"~*?:/\\]|&&|\|\|)')
"""What Lucene, in which Trakt searches, reads as its own signs."""

_OPERATORS = re.compile(r"\b(AND|OR|NOT)\b")


class Ids(msgspec.Struct):
    """The numbers of one show, movie or episode; 0 is nobody's."""

    trakt: int | None = None
    slug: str | None = None
    tvdb: int | None = None
    imdb: str | None = None
    tmdb: int | None = None


class ShowWire(msgspec.Struct):
    """One show."""

    ids: Ids
    title: str | None = None
    year: int | None = None
    runtime: int | None = None


class MovieWire(msgspec.Struct):
    """One movie; *released* is a date."""

    ids: Ids
    title: str | None = None
    year: int | None = None
    runtime: int | None = None
    released: str | None = None


class EpisodeWire(msgspec.Struct):
    """One episode."""

    season: int
    number: int
    ids: Ids | None = None
    title: str | None = None
    number_abs: int | None = None
    runtime: int | None = None
    first_aired: str | None = None


class _Result(msgspec.Struct):
    show: ShowWire | None = None
    movie: MovieWire | None = None
    episode: EpisodeWire | None = None


class Search:
    """The search of the server that *client* speaks to."""

    id_types = ("trakt", "imdb", "tvdb", "tmdb")

    def __init__(self, client: Client) -> None:
        self._client = client

    def titles(self, words: str, *, movies: bool) -> list[Subject]:
        """The shows, or *movies*, of exactly that title, else those that a search for *words* finds, best first."""
        kind = "movie" if movies else "show"
        query = {"query": _escaped(words), "extended": "full"}
        exact = self._found(f"/search/{kind}/exact", query)
        return exact or self._found(f"/search/{kind}", query)

    def numbered(self, id_type: str, number: str, *, movies: bool) -> list[Subject]:
        """What has that *number*: IMDb's tell shows, movies and episodes apart, others are of shows, or of *movies*."""
        types = "movie" if movies else "show,movie,episode" if id_type == "imdb" else "show"
        return self._found(f"/search/{id_type}/{quote(number, safe='')}", {"type": types, "extended": "full"})

    def _found(self, path: str, query: dict[str, str]) -> list[Subject]:
        return list(_once(self._client.get(path, query).decode(list[_Result])))


def subject(show: ShowWire | None, episode: EpisodeWire | None, movie: MovieWire | None) -> Subject | None:
    """The movie, the episode of the show, or the show as a whole; None where none of them is there."""
    if movie is not None:
        work = Work(movie.title or "", movie.year, _ids(movie.ids), movie=True, runtime=runtime_of(movie.runtime))
        return Subject(work, runtime=work.runtime, starts=_day(movie.released))
    if show is None:
        return None
    return episode_of(work_of(show), episode) if episode else Subject(work_of(show))


def work_of(show: ShowWire) -> Work:
    """The show of an answer."""
    return Work(show.title or "", show.year, _ids(show.ids), runtime=runtime_of(show.runtime))


def episode_of(show: Work, episode: EpisodeWire) -> Subject:
    """An episode of *show*."""
    return Subject(
        show,
        episode.season,
        episode.number,
        episode.number_abs,
        title=episode.title or "",
        episode_tvdb=episode.ids.tvdb if episode.ids else None,
        runtime=runtime_of(episode.runtime) or show.runtime,
        starts=_instant(episode.first_aired),
    )


def _once(results: Iterable[_Result]) -> Iterator[Subject]:
    seen = set()
    for result in results:
        found = subject(result.show, result.episode, result.movie)
        if found is None or not found.work.ids.get("trakt"):
            continue
        name = (found.work.movie, found.work.ids["trakt"], found.season, found.number)
        if name not in seen:
            seen.add(name)
            yield found


def _ids(ids: Ids) -> dict[str, int | str]:
    return {name: known for name, known in msgspec.structs.asdict(ids).items() if known}


def _day(released: str | None) -> date | None:
    try:
        return date.fromisoformat((released or "")[:10])
    except ValueError:
        return None


def _instant(moment: str | None) -> Moment | None:
    try:
        instant = datetime.fromisoformat(moment or "")
    except ValueError:
        return None
    return instant.astimezone(UTC) if instant.tzinfo else None


def _escaped(words: str) -> str:
    """*words* as words and nothing else."""
    return _LUCENE.sub(r"\\\1", _OPERATORS.sub(lambda match: match[0].lower(), words))
