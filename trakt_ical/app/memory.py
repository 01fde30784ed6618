"""The previous calendar of an output, as an earlier run left it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from trakt_ical.errors import OutputError
from trakt_ical.export import file
from trakt_ical.export.file import Mark
from trakt_ical.export.ics import Scope
from trakt_ical.export.previous import Damaged, Previous, read

log = logging.getLogger(__name__)


class Memory(NamedTuple):
    """The previous calendar's file as it was found (None: nothing), and how to get at the calendar."""

    mark: Mark | None
    remember: Callable[[], Previous | None]


NOTHING = Memory(None, lambda: None)


def memory(path: Path, scope: Scope, *, replaceable: bool, force: bool) -> Memory:
    """The memory at *path*, which is checked at once to be of *scope*. With *force* what is not is put aside.

    Raises OutputError, which offers that where the file is *replaceable*.
    """
    mark = file.mark(path)
    octets = file.read(path)
    if octets is None:
        return NOTHING
    try:
        _read(octets, scope)
    except Damaged as error:
        if not force:
            hint = f" --force replaces it and keeps a copy as {path.name}.old." if replaceable else ""
            raise OutputError(f"{path} stays as it is: {error}.{hint}") from error
        log.warning("The file that was there is now %s.", file.keep_aside(path, octets))
        return Memory(mark, lambda: None)

    def remember() -> Previous:
        file.check_mark(path, mark)
        return _read(file.read(path) or b"", scope)

    return Memory(mark, remember)


def _read(octets: bytes, scope: Scope) -> Previous:
    previous = read(octets)
    was, now = previous.scope.rpartition("/")[0], str(scope).rpartition("/")[0]
    if was != now:
        raise Damaged(f"it is another calendar ({was}, not {now})")
    return previous
