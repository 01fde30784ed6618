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
from typing import Annotated

import msgspec

from trakt_ical import atomic
from trakt_ical.decoding import decode

log = logging.getLogger(__name__)

LOCK_WAIT = 60  # seconds


Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class State(msgspec.Struct, kw_only=True):
    """What is known of one output, besides its octets. None: never.

    *guard_missing* are the UIDs whose loss is not believed since *guard_since*.
    """

    output: str
    last_success: Instant | None = None
    last_change: Instant | None = None
    guard_since: Instant | None = None
    guard_missing: frozenset[str] = frozenset()

    def doubt(self, missing: frozenset[str], now: datetime) -> datetime:
        """Note that the loss of *missing* is not believed; return since when: a greater loss is another one."""
        if self.guard_since is None or self.guard_since > now or not missing <= self.guard_missing:
            self.guard_since, self.guard_missing = now, missing
        return self.guard_since

    def succeeded(self, now: datetime, *, changed: bool) -> None:
        """Note a success, which ends all doubt."""
        self.guard_since, self.guard_missing = None, frozenset()
        self.last_success = now
        self.last_change = now if changed else self.last_change


class StateFile:
    """The state of the output at *output*, in *folder*, with a lock that runs for the same output share."""

    def __init__(self, folder: Path, output: Path) -> None:
        target = os.fsencode(os.path.realpath(output))
        self._output = target.decode(errors="backslashreplace")
        name = hashlib.blake2b(target, digest_size=12).hexdigest()
        self.path = folder / f"{name}.json"

    def locked(self) -> contextlib.AbstractContextManager[None]:
        """Keep other runs for the same output waiting. Raises OutputError after a minute."""
        return atomic.locked(self.path, wait=LOCK_WAIT)

    def load(self) -> State:
        """The state; a new one where there is none that can be read."""
        return _read(self.path) or State(output=self._output)

    def save(self, state: State) -> None:
        """Put *state* in place of the old one; where that fails, a warning is all it costs."""
        try:
            atomic.write_whole(self.path, msgspec.json.encode(state), mode=0o600)
        except OSError as error:
            log.warning("The state file %s cannot be written: %s.", self.path, error.strerror)


def states(folder: Path) -> Iterator[State]:
    """The states of all outputs that are kept in *folder*, by their names."""
    found = filter(None, map(_read, folder.glob("*.json")))
    yield from sorted(found, key=lambda state: state.output)


def _read(path: Path) -> State | None:
    try:
        return decode(path.read_bytes(), State) if path.is_file() else None
    except (OSError, UnicodeDecodeError, msgspec.DecodeError) as error:
        log.warning("The state file %s cannot be read and is made anew: %s.", path, error)
        return None
