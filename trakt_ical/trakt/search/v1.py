"""Search over API v1: by title, or by TVDB's number of a show, IMDb's or TMDB's of a movie."""

from __future__ import annotations

from urllib.parse import quote, quote_plus

import msgspec

from trakt_ical.errors import NoMatch, Refused
from trakt_ical.trakt.client import Client
from trakt_ical.trakt.runtimes import runtime
from trakt_ical.trakt.subject import Subject, Work

Id = str | int | None


class WorkWire(msgspec.Struct):
    """One show or movie, as far as its name goes; ids are strings in old answers, numbers in new ones.

    An unknown *year* is 1969 here, and so it must be in a check-in.
    """

    title: str | None = None
    year: int | None = None
    url: str | None = None
    runtime: int | None = None
    tvdb_id: Id = None
    imdb_id: str | None = None
    tmdb_id: Id = None


class Search:
    """The search of the server that *client* speaks to; *api_key* is part of each address."""

    id_types = ("tvdb", "imdb", "tmdb")

    def __init__(self, client: Client, *, api_key: str) -> None:
        self._client = client
        self._key = quote(api_key, safe="")

    def titles(self, words: str, *, movies: bool) -> list[Subject]:
        """The shows, or *movies*, that a search for *words* finds, best first."""
        called = quote_plus(words.replace("/", " "))  # servers refuse a slash in an address, however it is quoted
        path = f"/search/{'movies' if movies else 'shows'}.json/{self._key}/{called}"
        return [Subject(work(wire, movie=movies)) for wire in self._client.get(path).decode(list[WorkWire])]

    def numbered(self, id_type: str, number: str, *, movies: bool) -> list[Subject]:
        """The show, or of *movies* the one, with that *number*. Raises NoMatch where v1 does not look there."""
        if movies is (id_type == "tvdb"):
            raise NoMatch(f"API v1 knows no {'movies' if movies else 'shows'} by --{id_type}. Name the title.")
        path = f"/{'movie' if movies else 'show'}/summary.json/{self._key}/{quote(number, safe='')}"
        try:
            return [Subject(work(self._client.get(path).decode(WorkWire), movie=movies))]
        except Refused as error:
            if error.status == 404:
                return []
            raise


def work(wire: WorkWire, *, movie: bool) -> Work:
    """The show or *movie* of an answer."""
    ids: dict[str, int | str] = {}
    for name, given in (("tvdb", wire.tvdb_id), ("tmdb", wire.tmdb_id)):
        number = str(given or "").strip()
        if number.isdecimal() and int(number):
            ids[name] = int(number)
    if wire.imdb_id:
        ids["imdb"] = wire.imdb_id
    if slug := (wire.url or "").rstrip("/").rpartition("/")[2]:
        ids["slug"] = slug
    return Work(wire.title or "", wire.year, ids, movie=movie, runtime=runtime(wire.runtime))
