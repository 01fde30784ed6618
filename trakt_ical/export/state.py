"""The state beside each output: when it last succeeded, last changed, and since when the guard holds it.

Losing it loses no event.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from trakt_ical import atomic
from trakt_ical.errors import OutputError

log = logging.getLogger(__name__)

LOCK_WAIT = 60  # seconds


class State(msgspec.Struct, kw_only=True):
    """What is known of one output, besides its octets. None: never."""

    output: str
    last_success: datetime | None = None
    last_change: datetime | None = None
    guard_since: datetime | None = None


class StateFile:
    """The state of the output at *output*, in *folder*, with a lock that runs for the same output share."""

    def __init__(self, folder: Path, output: Path) -> None:
        self._output = os.path.realpath(output)
        name = hashlib.blake2b(os.fsencode(self._output), digest_size=12).hexdigest()
        self._path = folder / f"{name}.json"

    def locked(self) -> contextlib.AbstractContextManager[None]:
        """Keep other runs for the same output waiting. Raises OutputError after a minute."""
        return atomic.locked(self._path, wait=LOCK_WAIT)

    def load(self) -> State:
        """The state; a new one where there is none that can be read."""
        return _read(self._path) or State(output=self._output)

    def save(self, state: State) -> None:
        """Put *state* in place of the old one. Raises OutputError."""
        try:
            atomic.write_whole(self._path, msgspec.json.encode(state), mode=0o600)
        except OSError as error:
            raise OutputError(f"The state file {self._path} cannot be written: {error.strerror}.") from error


def states(folder: Path) -> Iterator[State]:
    """The states of all outputs that are kept in *folder*, by their names."""
    found = filter(None, map(_read, folder.glob("*.json")))
    yield from sorted(found, key=lambda state: state.output)


def _read(path: Path) -> State | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=State)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        log.warning("The state file %s cannot be read and is made anew: %s.", path, error)
        return None
