"""What the account of the built-in Trakt remembers from one run to the next, and the file that holds it."""

import copy
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock
from typing import Any

import msgspec

A_FORTNIGHT = 14 * 86_400  # seconds


@dataclass
class Token:
    """An access token and the refresh token that may replace it once. Times are unix seconds."""

    access_token: str
    refresh_token: str | None
    created_at: int
    expires_at: int


@dataclass
class CheckIn:
    """What is being watched, by its name."""

    what: str
    started_at: int
    expires_at: int


@dataclass
class State:
    """Everything about the account that a request can change. Shows, episodes and movies go by their names."""

    started_at: int  # the first start: what the user did before then follows rules, see `Account.list_plays`
    tokens: list[Token] = field(default_factory=list)
    check_in: CheckIn | None = None
    watched: dict[str, list[int]] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)  # what was not watched, though the rules say so
    watchlist: dict[str, int] = field(default_factory=dict)  # name, since when
    hidden: dict[str, dict[str, int]] = field(default_factory=dict)  # section, slug, since when
    activity: dict[str, int] = field(default_factory=dict)  # what the user did, when last
    shared: list[dict[str, Any]] = field(default_factory=list)  # what was posted to other networks

    def note(self, deed: str, when: int) -> None:
        """Remember when the user last did something."""
        self.activity[deed] = max(when, self.activity.get(deed, when))

    def last(self, deed: str) -> int:
        """When the user last did something: long enough before the first start that whatever follows is later."""
        return self.activity.get(deed, self.started_at - A_FORTNIGHT)


class StateFile:
    """The one `State`, kept in *path* if there is one and shared with other processes there."""

    def __init__(self, path: Path | None, make_first: Callable[[], State]) -> None:
        self.is_fresh = path is None or not path.exists()
        self._path = path
        self._lock = RLock()
        self._version: tuple[int, int, int] | None = None
        self._state = make_first()  # it is kept from its first change on

    @contextmanager
    def change(self) -> Iterator[State]:
        """Lend the state for change; it is saved when the block ends."""
        with self._lock:
            self._load_newer()
            # A copy is changed and put in place whole: `read` gives the state out without the lock.
            state = copy.deepcopy(self._state)
            yield state
            self._state = state
            self._save()

    def read(self) -> State:
        """The state as it is in the file now. Do not change it."""
        with self._lock:
            self._load_newer()
            return self._state

    def _load_newer(self) -> None:
        # Two terminals may run `--demo` commands at once: what one of them changed, the other must know.
        if self._path is None or (version := _find_version(self._path)) in (None, self._version):
            return
        try:
            self._state = msgspec.json.decode(self._path.read_bytes(), type=State)
        except msgspec.MsgspecError:
            return  # damaged by someone: what we hold replaces it
        self._version = version

    def _save(self) -> None:
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:  # mkstemp made it 0600
                file.write(msgspec.json.format(msgspec.json.encode(self._state), indent=1))
            os.replace(name, self._path)
        except BaseException:
            os.unlink(name)
            raise
        self._version = _find_version(self._path)


def _find_version(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size
