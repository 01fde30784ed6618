"""The titles of the user's calendar as earlier runs kept it, for a shell that completes them: nobody is asked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from trakt_ical.app.opening import at_rest
from trakt_ical.app.outside import Outside
from trakt_ical.decoding import decode
from trakt_ical.transform.titles import plain

_HARMLESS = re.compile(r"\w[\w-]*")


class KeptTitle(NamedTuple):
    """A show or movie: its *slug*, which a shell takes as it is, and its *title*."""

    slug: str
    title: str

    def begins_with(self, text: str) -> bool:
        """Whether slug or title begin so."""
        return self.slug.startswith(text.casefold()) or plain(self.title).startswith(plain(text))


def kept_titles(flags: Mapping[str, Any], *, demo: bool, movies: bool) -> list[KeptTitle]:
    """The shows, or *movies*, of all kept answers, each once, in the order of their slugs. Raises TraktIcalError."""
    app = at_rest(flags, demo=demo, outside=Outside())
    read = _of_v1 if app.settings.api == "v1" else _movies if movies else _shows
    named = {_named(slug or "", title or "") for slug, title in read(app.answers("my"))}
    return sorted(each for each in named if each.slug)


def _named(slug: str, title: str) -> KeptTitle:
    """With a slug made of the title where Trakt's has signs that a shell would obey; "" where nothing is left."""
    return KeptTitle(slug if _HARMLESS.fullmatch(slug) else plain(title).replace(" ", "-"), title)


def _shows(folder: Path) -> Iterator[tuple[str | None, str | None]]:
    from trakt_ical.fetch.v2.wire import EpisodeEntry

    for entry in _decoded(folder, EpisodeEntry):
        yield entry.show.ids.slug if entry.show.ids else None, entry.show.title


def _movies(folder: Path) -> Iterator[tuple[str | None, str | None]]:
    from trakt_ical.fetch.v2.wire import MovieEntry

    for entry in _decoded(folder, MovieEntry):
        if entry.released:
            yield entry.movie.ids.slug if entry.movie.ids else None, entry.movie.title


def _of_v1(folder: Path) -> Iterator[tuple[str | None, str | None]]:
    from trakt_ical.fetch.v1.wire import DayWire

    for day in _decoded(folder, DayWire):
        for entry in day.episodes:
            yield (entry.show.url or "").rstrip("/").rpartition("/")[2], entry.show.title


def _decoded(folder: Path, form: type[Any]) -> Iterator[Any]:
    """The entries of all kept answers that are lists of *form*."""
    from trakt_ical.trakt.cache import kept_bodies

    for body in kept_bodies(folder):
        try:
            yield from decode(body, list[form])  # type: ignore[valid-type]
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue  # of another list
