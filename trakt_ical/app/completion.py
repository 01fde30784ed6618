"""The titles of the user's calendar as earlier runs kept it, for a shell that completes them: nobody is asked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from trakt_ical.app.app import make_app_at_rest
from trakt_ical.app.environment import Environment
from trakt_ical.files import decode
from trakt_ical.transform.titles import begins_name, normalize_title

_HARMLESS = re.compile(r"\w[\w-]*")


class KeptTitle(NamedTuple):
    """A show or movie: its *slug*, which a shell takes as it is, and its *title*."""

    slug: str
    title: str

    def begins_with(self, text: str) -> bool:
        """Whether slug or title begin so."""
        return begins_name(text, self)


def load_kept_titles(flags: Mapping[str, Any], *, demo: bool, movies: bool) -> list[KeptTitle]:
    """The shows, or *movies*, of all kept answers, each once, in the order of their slugs. Raises TraktIcalError."""
    app = make_app_at_rest(flags, demo=demo, environment=Environment())
    read = _read_v1_shows if app.settings.api == "v1" else _read_movies if movies else _read_shows
    named = {_make_title(slug or "", title or "") for slug, title in read(app.answers("my"))}
    return sorted(each for each in named if each.slug)


def _make_title(slug: str, title: str) -> KeptTitle:
    """With a slug made of the title where Trakt's has signs that a shell would obey; "" where nothing is left."""
    return KeptTitle(slug if _HARMLESS.fullmatch(slug) else normalize_title(title).replace(" ", "-"), title)


def _read_shows(folder: Path) -> Iterator[tuple[str | None, str | None]]:
    from trakt_ical.fetch.v2.wire import EpisodeEntry

    for entry in _decode_entries(folder, EpisodeEntry):
        yield entry.show.ids.slug if entry.show.ids else None, entry.show.title


def _read_movies(folder: Path) -> Iterator[tuple[str | None, str | None]]:
    from trakt_ical.fetch.v2.wire import MovieEntry

    for entry in _decode_entries(folder, MovieEntry):
        if entry.released:
            yield entry.movie.ids.slug if entry.movie.ids else None, entry.movie.title


def _read_v1_shows(folder: Path) -> Iterator[tuple[str | None, str | None]]:
    from trakt_ical.fetch.v1.wire import DayWire

    for day in _decode_entries(folder, DayWire):
        for entry in day.episodes:
            yield (entry.show.url or "").rstrip("/").rpartition("/")[2], entry.show.title


def _decode_entries(folder: Path, form: type[Any]) -> Iterator[Any]:
    """The entries of all kept answers that are lists of *form*."""
    from trakt_ical.trakt.cache import read_cached_bodies

    for body in read_cached_bodies(folder):
        try:
            yield from decode(body, list[form])  # type: ignore[valid-type]
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue  # of another list
