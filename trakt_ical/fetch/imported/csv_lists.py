"""Lists as tables: of Trakt and programs that write like it, TV Time, IMDb. Their columns tell which it is."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TypeAlias

import msgspec

from trakt_ical.errors import ImportRefused
from trakt_ical.fetch.imported.imported_list import ImportedShow, ListContent
from trakt_ical.fetch.imported.json_lists import NOT_STARTED, STOPPED, TRAKT_LIST, TV_TIME
from trakt_ical.fetch.imported.show_fields import is_show_type, make_show

IMDB = "a list from IMDb"
TABLE = "a table of shows"

SITES = ("trakt", "tvdb", "imdb", "tmdb", "tvmaze")
COLUMNS = {
    **{site: (f"show.ids.{site}", f"show_{site}_id", site, f"{site}_id", f"{site}id") for site in SITES},
    "title": ("show.title", "show_title", "series_name", "title", "name"),
    "year": ("show.year", "show_year", "year"),
    "slug": ("show.ids.slug", "slug"),
}
COLUMNS["tvdb"] = ("series_tvdb_id", "s_id", *COLUMNS["tvdb"], "thetvdb")
COLUMNS["imdb"] = ("series_imdb_id", "const", *COLUMNS["imdb"])
"""The columns that may have a field. Those of the show come before those that an episode has too."""

ID_COLUMNS = frozenset(name for site in SITES for name in COLUMNS[site])
OF_MOVIES = frozenset(("is_watched", "letterboxd_uri"))
"""These mark a list of movies, unless other columns mark a list of shows."""

_DELIMITERS = ",;\t"
_LISTED_SERIES = re.compile(r"\bid:([0-9]+) type:series\b")
_ESCAPED_FORMULA = re.compile(r"'(?=[=+\-@])")

Row: TypeAlias = Mapping[str, str]


class TableKind(msgspec.Struct, frozen=True):
    """A kind of table: the *columns* that mark it, and which rows are shows."""

    origin: str
    columns: Collection[str]
    is_show: Callable[[Row], bool]


KINDS = (
    TableKind(IMDB, ("const", "title_type"), lambda row: is_show_type(row["title_type"])),
    TableKind(TV_TIME, ("series_tvdb_id",), lambda row: True),
    TableKind(TV_TIME, ("s_id", "key", "is_archived"), lambda row: row["key"].startswith("user-series-")),
    TableKind(TV_TIME, ("tvdb_id", "item_type"), lambda row: is_show_type(row["item_type"])),
    # Its number is the show's, or the movie's, whatever part of it was listed.
    TableKind(TRAKT_LIST, ("show.ids.trakt",), lambda row: bool(row["show.ids.trakt"])),
    # Rows of episodes have their own numbers, and are left out.
    TableKind(TABLE, ("type",), lambda row: is_show_type(row["type"])),
    TableKind(TV_TIME, ("tvdb_id", "title", "status"), lambda row: True),
    TableKind(TABLE, (), lambda row: not row.get("episode")),
)
"""The first one whose columns a table has is its kind."""


def read_csv_list(text: str, name: str) -> ListContent | None:
    """Return the shows in the table *text*, the file *name*; None where it is no table of titles.

    Raises ImportRefused where it is damaged, or lists movies.
    """
    first, _, _ = text.lstrip("\n").partition("\n")
    delimiter = max(_DELIMITERS, key=first.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        header = [_name_column(each) for each in next((row for row in rows if row), [])]
        if "objects" in header and "s_key" in header:
            return ListContent(origin=TV_TIME, shows=tuple(_read_listed(text)))
        if not _is_header(header):
            return None
        kind = next(each for each in KINDS if set(each.columns) <= set(header))
        if not kind.columns and OF_MOVIES & set(header):
            raise ImportRefused(f"{name} lists movies. Only shows can be imported.")
        found = [_read_row(row) for row in _make_rows(header, rows) if kind.is_show(row)]
    except csv.Error as error:
        raise ImportRefused(f"{name} is damaged: its table is cut off ({error}).") from error
    return ListContent(origin=kind.origin, shows=tuple(show for show in found if show is not None))


def _name_column(text: str) -> str:
    return re.sub(r"[\s-]+", "_", text.strip().casefold())


def _is_header(names: list[str]) -> bool:
    """Whether a line of *names* is the header of a table of titles, and no line of a plain list."""
    known = {field for field, columns in COLUMNS.items() if set(columns) & set(names)}
    return bool(ID_COLUMNS & set(names)) or {"title", "year"} <= known


def _make_rows(header: list[str], rows: Iterator[list[str]]) -> Iterator[Row]:
    for row in rows:
        cells = (_ESCAPED_FORMULA.sub("", cell.strip(), count=1) for cell in row)
        yield dict.fromkeys(header, "") | dict(zip(header, cells, strict=False))


def _read_row(row: Row) -> ImportedShow | None:
    fields = {name: _find_cell(row, columns) for name, columns in COLUMNS.items()}
    status = row.get("status", "")
    return make_show(
        fields,
        fields["title"],
        fields["year"],
        hidden=status == STOPPED or _is_true(row, "is_archived") or _is_hidden_show(row),
        watchlisted=status == NOT_STARTED or _is_true(row, "is_watchlisted") or _is_true(row, "is_for_later"),
    )


def _is_hidden_show(row: Row) -> bool:
    """Whether a row of a hidden list is of the whole show: one may hide single seasons, too."""
    return bool(row.get("hidden_at")) and is_show_type(row.get("type"))


def _find_cell(row: Row, columns: Collection[str]) -> str:
    return next((cell for cell in (row.get(column) for column in columns) if cell), "")


def _is_true(row: Row, column: str) -> bool:
    return row.get(column, "").casefold() == "true"


def _read_listed(text: str) -> Iterator[ImportedShow]:
    """Return the shows of TV Time's lists, which have TheTVDB's numbers alone, all of a list in one cell."""
    for number in _LISTED_SERIES.findall(text):
        show = make_show({"tvdb": number}, "", None)
        if show is not None:
            yield show
