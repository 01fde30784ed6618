"""Imports a list of shows: reads the files, compares them with the list of last time, and replaces it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import msgspec
from msgspec.structs import replace

from trakt_ical.app.context import App
from trakt_ical.errors import ImportRefused
from trakt_ical.fetch.imported.imported_list import ImportedList, ImportedShow, ListContent
from trakt_ical.fetch.imported.recognize import combine_lists, read_octets, read_path
from trakt_ical.fetch.imported.show_fields import find_same_shows

FRESH = timedelta(days=1)  # an unchanged list that is older is kept again, so that its age is counted from today
SMALL_LIST, LARGE_LIST = 3, 10  # shows; below, losing all of them or most of them says nothing
EXPORT_PAGE = "https://app.trakt.tv/settings/data"


class ListUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """The list that is kept now, if any, and the one that would replace it.

    *renamed*: shows of both whose key is another one now, so that their events get new UIDs.
    """

    old: ImportedList | None
    new: ImportedList
    added: Sequence[ImportedShow]
    gone: Sequence[ImportedShow]
    renamed: Sequence[ImportedShow]

    @property
    def is_change(self) -> bool:
        """Whether the two say something different."""
        return self.old is None or replace(self.new, imported_at=self.old.imported_at) != self.old

    @property
    def needs_saving(self) -> bool:
        """Whether the new list must be kept: it differs, or the age of the old one has become wrong."""
        return self.old is None or self.is_change or self.new.imported_at - self.old.imported_at >= FRESH

    def find_doubt(self) -> str:
        """Return why the new list may be a mistake, in a sentence; "" where it may not."""
        if self.old is None:
            return ""
        if self.old.owner and self.old.owner != self.new.owner:
            return f"The old list is that of {self.old.owner}; the new one is {_describe_owner(self.new)}."
        before = [show for show in self.old.shows if not show.hidden]
        lost = sum(not show.hidden for show in self.gone)
        if lost < SMALL_LIST or (lost < len(before) and (len(before) < LARGE_LIST or 2 * lost <= len(before))):
            return ""
        return f"The new list lacks {lost} of the {len(before)} shows of the old one."


def _describe_owner(imported: ImportedList) -> str:
    return f"that of {imported.owner}" if imported.owner else f"{imported.origin} and does not say whose it is"


def read_files(paths: Sequence[Path], *, takes_incomplete: bool) -> ListContent:
    """Return what the files and folders at *paths* say together.

    Raises ImportRefused where one cannot be used, or is incomplete, unless *takes_incomplete*.
    """
    return _check_faults(combine_lists([read_path(path) for path in paths]), takes_incomplete=takes_incomplete)


def read_input(octets: bytes, *, takes_incomplete: bool) -> ListContent:
    """Return what *octets* from standard input say. Raises ImportRefused as `read_files` does."""
    return _check_faults(read_octets(octets, "Standard input"), takes_incomplete=takes_incomplete)


def read_demo_export(app: App) -> ListContent:
    """Return what the export of the built-in Trakt says."""
    from trakt_ical.trakt.client import Client  # takes as long as all the rest of an import

    with Client(app.settings.api_url, now=app.environment.now, sleep=app.environment.sleep) as client:
        return read_octets(
            bytes(client.get("/demo/export", {"user": app.settings.username}).body), "The built-in Trakt's export"
        )


def _check_faults(content: ListContent, *, takes_incomplete: bool) -> ListContent:
    if content.faults and not takes_incomplete:
        raise ImportRefused(
            f"The export is incomplete: {' '.join(content.faults)} Export again at {EXPORT_PAGE}. "
            "To import what there is all the same, add --force."
        )
    if not content.shows:
        raise ImportRefused(f"Nothing of the export can be read: {' '.join(content.faults)}")
    return replace(content, notes=(*content.faults, *content.notes))


@contextlib.contextmanager
def open_update(app: App, content: ListContent) -> Iterator[ListUpdate]:
    """Compare *content* with the list that is kept, which nobody else replaces until the end. Raises OutputError."""
    file = app.imported_list_file
    with file.lock():
        old = file.load_if_readable()
        shows = content.shows
        same = find_same_shows(old.shows if old else (), shows)
        if content.lacks_hidden:
            shows = tuple(
                replace(show, hidden=True) if (before := same.get(show)) and before.hidden else show for show in shows
            )
        known = set(same.values())
        yield ListUpdate(
            old=old,
            new=ImportedList(
                owner=content.owner, imported_at=app.environment.now(), origin=content.origin, shows=shows
            ),
            added=[show for show in content.shows if show not in same],
            gone=[show for show in (old.shows if old else ()) if show not in known],
            renamed=[show for show, before in same.items() if show.key != before.key],
        )


def keep_update(app: App, update: ListUpdate) -> None:
    """Put the new list in place of the old one, where that changes anything. Raises OutputError."""
    if update.needs_saving:
        app.imported_list_file.save(update.new)
