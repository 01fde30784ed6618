"""The list of shows that the user imported, and the one private file that keeps it."""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import msgspec

from trakt_ical import files
from trakt_ical.errors import SettingsError
from trakt_ical.files import JsonFile, UnreadableFile

LOCK_WAIT = 30  # seconds; reading and replacing a list takes less than one
LONGEST_AGE = timedelta(days=90)


class ImportedShow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One show of a list; *title* may be "" where a list has numbers alone. None and "": the list does not say.

    *slug*: its name in Trakt's addresses. *trakt*, *tvdb*, *imdb*, *tmdb*, *tvmaze*: its numbers there. *hidden*: the
    user hid it from the calendar or from the progress. *watchlisted*: whether it is on the user's watchlist.
    """

    title: str
    year: int | None = None
    trakt: int | None = None
    slug: str = ""
    tvdb: int | None = None
    imdb: str = ""
    tmdb: int | None = None
    tvmaze: int | None = None
    hidden: bool = False
    watchlisted: bool = False

    @property
    def key(self) -> str | None:
        """What names the show for ever, as `model.Show.key`; None where the list has its title alone.

        With Trakt's number it is the key that API v2 gives, so that the events of both have one UID. TMDB's number
        is no key: no source lists episodes by it.
        """
        for site, number in (("trakt", self.trakt), ("tvdb", self.tvdb), ("imdb", self.imdb), ("tvmaze", self.tvmaze)):
            if number:
                return f"{site}-{number}"
        return None


class ImportedList(msgspec.Struct, frozen=True, kw_only=True):
    """All shows of the last import, hidden ones included.

    *owner*: the name of the Trakt account that they belong to, "" where the list does not say. *origin*: what kind of
    list it was, in words for people: `Trakt's export`.
    """

    owner: str
    imported_at: Annotated[datetime, msgspec.Meta(tz=True)]
    origin: str
    shows: tuple[ImportedShow, ...]

    def is_old(self, now: datetime) -> bool:
        """Whether so much time has passed that the user has probably added shows since."""
        return now - self.imported_at > LONGEST_AGE


class ListContent(msgspec.Struct, frozen=True, kw_only=True):
    """What one file says, or several together.

    *faults*: why it is known to be incomplete, in sentences; then it is refused unless the user insists. *notes*: what
    the user should know of a list that is taken. *lacks_dropped*, *lacks_hidden*: whether it does not say which shows
    the user dropped, and hid.
    """

    origin: str
    shows: tuple[ImportedShow, ...]
    owner: str = ""
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    lacks_dropped: bool = False
    lacks_hidden: bool = False


class ImportedListFile:
    """Where the list is kept: for its owner alone, replaced in one step."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = JsonFile(path, ImportedList, "imported list")

    def load(self) -> ImportedList | None:
        """Return the list, None where nothing was imported. Raises SettingsError where it cannot be read."""
        try:
            return self._file.load()
        except UnreadableFile as error:
            advice = " Run: trakt-ical import FILE" if error.damaged else ""
            raise SettingsError(f"{error}{advice}") from error

    def load_if_readable(self) -> ImportedList | None:
        """Return the list, None where there is none; where it cannot be read, the log says why."""
        return self._file.load_if_readable()

    def save(self, imported: ImportedList) -> None:
        """Put *imported* in place of the old list. Raises OutputError; then the old one is kept."""
        self._file.save(imported)

    def lock(self) -> contextlib.AbstractContextManager[None]:
        """Keep other imports away. Raises OutputError where the lock cannot be had."""
        return files.lock(self.path, wait=LOCK_WAIT)
