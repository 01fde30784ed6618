"""The state beside each output: when it last succeeded, last changed, and since when the guard holds it.

Losing it loses no event.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import logging
import os
import stat
from collections.abc import Iterator
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Annotated

import msgspec

from trakt_ical import files
from trakt_ical.errors import OutputError
from trakt_ical.files import decode

LARGEST = 256 * 2**20  # octets; no calendar of ours comes near
Mark = tuple[int, int, int]
NEW_FILE = 0o666  # less the umask: a calendar is for other programs to read


def read_mark(path: Path) -> Mark | None:
    """What tells the file at *path* from another one or a later state of it, None where there is nothing yet."""
    try:
        known = _stat(Path(os.path.realpath(path)))
    except OSError as error:
        raise OutputError(f"{path} cannot be read: {_explain_error(error, path)}") from error
    return (known.st_ino, known.st_size, known.st_mtime_ns) if known and known.st_size else None


def check_mark(path: Path, was: Mark | None) -> None:
    """Raise OutputError where the file at *path* is no longer the one that *was* there."""
    if read_mark(path) != was:
        raise OutputError(f"{path} was changed while the calendar was made; it stays as it is. Run this again.")


def read_file(path: Path) -> bytes | None:
    """The octets of the file at *path*, None where there are none yet. Raises OutputError."""
    target = Path(os.path.realpath(path))
    try:
        known = _stat(target)
        if known is None or known.st_size == 0:
            return None
        if known.st_size > LARGEST:
            raise OutputError(f"{path} is larger than {LARGEST // 2**20} MB and none of ours. It stays as it is.")
        return target.read_bytes()
    except OSError as error:
        raise OutputError(f"{path} cannot be read: {_explain_error(error, target)}") from error


def keep_aside(path: Path, octets: bytes) -> Path:
    """Write *octets* beside *path* as `NAME.old`, or `NAME.old.1` and so on where that is taken; return where."""
    target = Path(os.path.realpath(path))
    for number in count():
        aside = target.with_name(f"{target.name}.old" + (f".{number}" if number else ""))
        try:
            if not os.path.lexists(aside):
                files.write_whole(aside, octets, mode=stat.S_IMODE(target.stat().st_mode))
            if aside.is_file() and aside.read_bytes() == octets:
                return aside
        except OSError as error:
            raise OutputError(f"The copy {aside} was not written: {_explain_error(error, aside)}") from error
    raise AssertionError("count() does not end")


def write_file(path: Path, octets: bytes, was: Mark | None) -> bool:
    """Make *octets* the content of the file at *path*, if it still is the one that *was* there.

    A symbolic link is followed. One run at a time may do so.

    Returns whether that changed anything. Raises OutputError; then the old file is as it was.
    """
    target = Path(os.path.realpath(path))
    try:
        known = _stat(target)
        if known and known.st_size == len(octets) and target.read_bytes() == octets:
            return False
        mode = stat.S_IMODE(known.st_mode) if known else NEW_FILE & ~_umask()
        check_mark(path, was)
        files.remove_leftovers(target)
        files.write_whole(target, octets, mode=mode, owner=(known.st_uid, known.st_gid) if known else None)
    except OSError as error:
        raise OutputError(f"{path} was not written: {_explain_error(error, target)}") from error
    return True


def _stat(target: Path) -> os.stat_result | None:
    try:
        known = target.stat()
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(known.st_mode):
        raise OutputError(f"{target} is a folder. Name a file in it.")
    if not stat.S_ISREG(known.st_mode):
        raise OutputError(f"{target} is not an ordinary file. Use -o - and let the shell send the calendar there.")
    return known


def _explain_error(error: OSError, target: Path) -> str:
    match error.errno:
        case errno.ENOENT if not target.parent.exists():
            return f"the folder {target.parent} does not exist. Make it, or name another."
        case errno.ENOTDIR:
            return f"{target.parent} is not a folder."
        case errno.ENOSPC | errno.EDQUOT:
            return "the disk is full. The old file is as it was."
        case errno.EBUSY | errno.EXDEV:
            return "the file cannot be replaced, it may be mounted by itself. Mount its folder instead."
        case errno.EROFS:
            return "the file system is read-only."
        case errno.EPERM:
            return "its owner could not be kept. Run this as its owner."
        case errno.EACCES:
            return f"the folder {target.parent} or the file may not be written to or read by this user."
        case _:
            return f"{error.strerror}."


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


log = logging.getLogger(__name__)

LOCK_WAIT = 60  # seconds


Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class OutputState(msgspec.Struct, kw_only=True):
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
        return files.lock(self.path, wait=LOCK_WAIT)

    def load(self) -> OutputState:
        """The state; a new one where there is none that can be read."""
        return _load_state(self.path) or OutputState(output=self._output)

    def save(self, state: OutputState) -> None:
        """Put *state* in place of the old one; where that fails, a warning is all it costs."""
        try:
            files.write_whole(self.path, msgspec.json.encode(state), mode=0o600)
        except OSError as error:
            log.warning("The state file %s cannot be written: %s.", self.path, error.strerror)


def load_states(folder: Path) -> Iterator[OutputState]:
    """The states of all outputs that are kept in *folder*, by their names."""
    found = filter(None, map(_load_state, folder.glob("*.json")))
    yield from sorted(found, key=lambda state: state.output)


def _load_state(path: Path) -> OutputState | None:
    try:
        return decode(path.read_bytes(), OutputState) if path.is_file() else None
    except (OSError, UnicodeDecodeError, msgspec.DecodeError) as error:
        log.warning("The state file %s cannot be read and is made anew: %s.", path, error)
        return None
