"""Lists in JSON: entries of Trakt's API and export, TV Time's export, series of Sonarr.

Each entry is looked at by itself. What is no show (a movie, a person) or cannot be read is left out.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from trakt_ical.errors import ImportRefused
from trakt_ical.fetch.imported.imported_list import ImportedShow, ListContent
from trakt_ical.fetch.imported.show_fields import is_show_type, make_show
from trakt_ical.files import decode

log = logging.getLogger(__name__)

TRAKT_LIST = "a list from Trakt"
TV_TIME = "TV Time's export"
SONARR = "a list from Sonarr"

SHOW_PARTS = frozenset(("shows", "series"))
HIDDEN_PARTS = frozenset(("hidden", "dropped"))
OTHER_PARTS = frozenset(("watched", "watched_shows", "watchlist", "history", "items"))
"""With those above, the parts of a document that list shows which somebody follows; ratings and likes do not."""

STOPPED, NOT_STARTED = "stopped", "not_started_yet"
"""What TV Time says of shows that the user gave up, and of those to watch later."""

DECODE_ERRORS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Entry(msgspec.Struct):
    """One entry, of whatever kind; its parts are of any shape."""

    show: Any = None
    series: Any = None
    type: Any = None
    ids: Any = None
    id: Any = None
    title: Any = None
    year: Any = None
    hidden_at: Any = None
    status: Any = None
    monitored: Any = None
    seasons: msgspec.Raw = msgspec.Raw()  # kept as it came: it may have thousands of episodes
    tvdb: Any = msgspec.field(name="tvdbId", default=None)
    imdb: Any = msgspec.field(name="imdbId", default=None)
    tmdb: Any = msgspec.field(name="tmdbId", default=None)
    tvmaze: Any = msgspec.field(name="tvMazeId", default=None)


def read_json_list(octets: bytes, name: str) -> ListContent:
    """Return the shows in the JSON *octets*, the file *name*. Raises ImportRefused where it is damaged."""
    try:
        if octets.lstrip().startswith(b"["):
            entries = decode(octets, list[msgspec.Raw])
            found = list(read_entries(entries, are_watchlisted="watchlist" in name.casefold()))
        else:
            found = list(_read_parts(decode(octets, dict[str, msgspec.Raw])))
    except DECODE_ERRORS as error:
        raise ImportRefused(f"{name} is damaged, or was not downloaded completely: its JSON is cut off.") from error
    origins = sorted({origin for origin, _ in found})
    return ListContent(origin=" and ".join(origins), shows=tuple(show for _, show in found))


def _read_parts(document: Mapping[str, msgspec.Raw]) -> Iterator[tuple[str, ImportedShow]]:
    for key, part in document.items():
        name = key.casefold()
        if name not in SHOW_PARTS | HIDDEN_PARTS | OTHER_PARTS or not bytes(part).startswith(b"["):
            continue
        entries = decode(bytes(part), list[msgspec.Raw])
        for origin, show in read_entries(entries, are_shows=name in SHOW_PARTS, are_watchlisted=name == "watchlist"):
            yield origin, replace(show, hidden=show.hidden or name in HIDDEN_PARTS)


def read_entries(
    entries: Iterable[msgspec.Raw], *, are_shows: bool = False, are_watchlisted: bool = False
) -> Iterator[tuple[str, ImportedShow]]:
    """Return the show in each of *entries* that has one, after the kind of list that it is of.

    *are_shows*: they are shows even where they do not say so. *are_watchlisted*: they are on the watchlist.
    """
    unread = 0
    for raw in entries:
        try:
            origin, show = _read_entry(decode(bytes(raw), Entry), are_shows=are_shows)
        except DECODE_ERRORS:
            unread += 1
            continue
        if show is not None:
            yield origin, replace(show, watchlisted=True) if are_watchlisted else show
    if unread:
        log.warning("%d of the entries cannot be read, and are left out.", unread)


def _read_entry(entry: Entry, *, are_shows: bool) -> tuple[str, ImportedShow | None]:
    """Return the kind of list that *entry* is of, and its show, None where it has none."""
    if isinstance(entry.show, dict):
        show = entry.show
        # One may hide single seasons, too.
        is_hidden = entry.hidden_at is not None and (entry.type is None or is_show_type(entry.type))
        return TRAKT_LIST, make_show(show.get("ids"), show.get("title"), show.get("year"), hidden=is_hidden)
    if isinstance(entry.series, dict) and "tvdbId" in entry.series:
        return SONARR, _make_sonarr_show(entry.series)
    if entry.tvdb is not None:
        numbers = {"tvdbId": entry.tvdb, "imdbId": entry.imdb, "tmdbId": entry.tmdb, "tvMazeId": entry.tvmaze}
        return SONARR, _make_sonarr_show(
            numbers | {"title": entry.title, "year": entry.year, "monitored": entry.monitored}
        )
    # A movie of TV Time's looks like a show, but has neither seasons nor a status.
    if isinstance(entry.id, dict) and (bytes(entry.seasons) or isinstance(entry.status, str)):
        is_hidden, is_listed = entry.status == STOPPED, entry.status == NOT_STARTED
        return TV_TIME, make_show(entry.id, entry.title, entry.year, hidden=is_hidden, watchlisted=is_listed)
    # Trakt gives movies no number at TheTVDB, not even null.
    if isinstance(entry.ids, dict) and (are_shows or is_show_type(entry.type) or "tvdb" in entry.ids):
        return TRAKT_LIST, make_show(entry.ids, entry.title, entry.year)
    return "", None


def _make_sonarr_show(series: Mapping[str, Any]) -> ImportedShow | None:
    ids = {site: series.get(f"{site}Id") for site in ("tvdb", "imdb", "tmdb")} | {"tvmaze": series.get("tvMazeId")}
    # Sonarr's own calendar leaves out what is not monitored.
    return make_show(ids, series.get("title"), series.get("year"), hidden=series.get("monitored") is False)
