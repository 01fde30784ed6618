"""Paces requests to a server that allows so many in any span of time, counted for all processes of this computer."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from trakt_ical import files
from trakt_ical.errors import OutputError
from trakt_ical.files import JsonFile

log = logging.getLogger(__name__)

LOCK_WAIT = 5  # seconds; the lock is held for a moment only
FARTHEST_AHEAD = 600  # seconds; a turn farther ahead was noted while the clock was wrong


class Pacer:
    """Lets *most* requests be sent in any *span* of seconds; the file at *path* tells other processes of them."""

    def __init__(self, path: Path, *, most: int, span: float, now: Callable[[], datetime]) -> None:
        self._file = JsonFile(path, list[float], "list of requests")
        self._most = most
        self._span = span
        self._now = now
        self._unsaved: list[float] = []

    @contextlib.contextmanager
    def take_turn(self, sleep: Callable[[float], object]) -> Iterator[None]:
        """Wait until a request may be sent, and count what happens in the `with` block as one."""
        turn = self._reserve()
        wait = turn - self._now().timestamp()
        if wait > 0:
            sleep(wait)
        try:
            yield
        finally:
            self._note_end(turn)

    def _reserve(self) -> float:
        """Return the moment at which the next request may be sent, and note it as taken."""
        with self._lock():
            now, turns = self._now().timestamp(), self._load()
            turn = max(now, turns[-self._most] + self._span) if len(turns) >= self._most else now
            self._save([*turns, turn])
            return turn

    def _note_end(self, turn: float) -> None:
        """Count a request from its end on: when it arrived there, nobody here knows, but it was before that."""
        with self._lock():
            turns = self._load()
            if turn in turns:
                turns.remove(turn)
            self._save([*turns, max(turn, self._now().timestamp())])

    def _load(self) -> list[float]:
        """Return the turns that still count, in their order."""
        now, known = self._now().timestamp(), self._file.load_if_readable(logging.DEBUG)
        turns = self._unsaved if known is None else known
        return sorted(turn for turn in turns if now - self._span < turn < now + FARTHEST_AHEAD)

    def _save(self, turns: list[float]) -> None:
        self._unsaved = turns  # where the file cannot be written, at least this process keeps to the limit
        try:
            self._file.save(turns)
        except OutputError as error:
            log.debug("%s", error)

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            # Where no lock can be had, two processes may together send a little more: no reason to send nothing.
            with contextlib.suppress(OutputError):
                stack.enter_context(files.lock(self._file.path, wait=LOCK_WAIT))
            yield
