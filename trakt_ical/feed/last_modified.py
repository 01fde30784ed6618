"""Since when subscribers are shown what they are shown: Last-Modified, kept over restarts.

Losing it costs each subscriber one download.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import msgspec

from trakt_ical import files
from trakt_ical.files import decode

log = logging.getLogger(__name__)

Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class LastModified(msgspec.Struct, frozen=True):
    """What was shown, by its *digest*, and *since* when, in whole seconds."""

    digest: str
    since: Instant


class LastModifiedFile:
    """What was shown last of each calendar. One process writes it: the one that serves."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = self._read()

    def since(self, name: str, digest: str, now: datetime) -> datetime:
        """Since when the calendar *name* is shown as *digest*: where that is new, since *now*.

        It is at least a second later than any time given before: whoever asks by date alone sees a change too.
        """
        last = self._known.get(name)
        if last and last.digest == digest:
            return last.since
        moment = now.replace(microsecond=0)
        if last:
            moment = max(moment, last.since + timedelta(seconds=1))
        self._known = self._known | {name: LastModified(digest, moment)}
        self._write()
        return moment

    def _read(self) -> dict[str, LastModified]:
        try:
            return decode(self._path.read_bytes(), dict[str, LastModified])
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError, msgspec.DecodeError) as error:
            log.warning("The file %s cannot be read and is made anew: %s.", self._path, error)
            return {}

    def _write(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            files.write_whole(self._path, msgspec.json.encode(self._known), mode=0o600)
        except OSError as error:
            log.warning("The file %s cannot be written: %s.", self._path, error.strerror)
