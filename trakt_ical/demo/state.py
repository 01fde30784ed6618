"""What the demo's account remembers from one run to the next, and the file it lies in."""

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import RLock
from typing import Any

JSON = dict[str, Any]
Stamp = tuple[int, int, int]


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
    message: str
    sharing: dict[str, bool]


@dataclass
class State:
    """Everything about the account that a request can change. Shows, episodes and movies go by their names."""

    watched_until: int  # what aired before then was watched as it aired
    tokens: list[Token] = field(default_factory=list)
    check_in: CheckIn | None = None
    watched: dict[str, list[int]] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)  # what was not watched, though it aired before then
    watchlist: dict[str, int] = field(default_factory=dict)  # what stands on it, since when
    activity: dict[str, int] = field(default_factory=dict)  # what the user did, when last
    hidden: dict[str, dict[str, int]] = field(default_factory=dict)  # section, slug, since when
    hidden_changes: dict[str, int] = field(default_factory=dict)  # section, when it last changed
    shared: list[JSON] = field(default_factory=list)  # what was posted to other networks

    @classmethod
    def read(cls, text: str, first: "State") -> "State":
        """The state written by `write`, by an older version too: what that did not know is as in *first*.

        Raises ValueError or TypeError on anything else.
        """
        fields = {"missed": first.missed, "watchlist": first.watchlist, **json.loads(text)}
        tokens = [Token(**token) for token in fields.pop("tokens")]
        check_in = fields.pop("check_in")
        return cls(tokens=tokens, check_in=CheckIn(**check_in) if check_in else None, **fields)

    def note(self, deed: str, when: int) -> None:
        """Remember when the user last did something."""
        self.activity[deed] = max(when, self.activity.get(deed, when))

    def last(self, deed: str) -> int:
        """When the user last did something."""
        return self.activity.get(deed, self.watched_until)

    def write(self) -> str:
        """The state as JSON."""
        return json.dumps(asdict(self), indent=1)


class Store:
    """The one `State`, kept in *path* if there is one and shared with other processes there."""

    def __init__(self, path: Path | None, new: Callable[[], State]) -> None:
        self.fresh = path is None or not path.exists()
        self._path = path
        self._lock = RLock()
        self._stamp: Stamp | None = None
        self._state = new()
        if self.fresh:
            self._write()

    @contextmanager
    def changing(self) -> Iterator[State]:
        """Lend the state for change; it is written when the block ends."""
        with self._lock:
            self._reread()
            yield self._state
            self._write()

    @contextmanager
    def reading(self) -> Iterator[State]:
        """Lend the state as it stands in the file now."""
        with self._lock:
            self._reread()
            yield self._state

    def _reread(self) -> None:
        if self._path is None or (stamp := _stamp(self._path)) in (None, self._stamp):
            return
        try:
            self._state = State.read(self._path.read_text("utf-8"), self._state)
        except (ValueError, TypeError, KeyError, AttributeError):
            return  # damaged by someone: what we hold replaces it
        self._stamp = stamp

    def _write(self) -> None:
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:  # mkstemp made it 0600
                file.write(self._state.write())
            os.replace(name, self._path)
        except BaseException:
            os.unlink(name)
            raise
        self._stamp = _stamp(self._path)


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size
