"""The calendar as a file: replaced in one step, its mode and owner kept, untouched where nothing changed."""

from __future__ import annotations

import errno
import os
import stat
from itertools import count
from pathlib import Path

from trakt_ical import atomic
from trakt_ical.errors import OutputError

LARGEST = 256 * 2**20  # octets; no calendar of ours comes near
Mark = tuple[int, int, int]
NEW_FILE = 0o666  # less the umask: a calendar is for other programs to read


def mark(path: Path) -> Mark | None:
    """What tells the file at *path* from another one or a later state of it, None where there is nothing yet."""
    try:
        known = _stat(Path(os.path.realpath(path)))
    except OSError as error:
        raise OutputError(f"{path} cannot be read: {_reason(error, path)}") from error
    return (known.st_ino, known.st_size, known.st_mtime_ns) if known and known.st_size else None


def check_mark(path: Path, was: Mark | None) -> None:
    """Raise OutputError where the file at *path* is no longer the one that *was* there."""
    if mark(path) != was:
        raise OutputError(f"{path} was changed while the calendar was made; it stays as it is. Run this again.")


def read(path: Path) -> bytes | None:
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
        raise OutputError(f"{path} cannot be read: {_reason(error, target)}") from error


def keep_aside(path: Path, octets: bytes) -> Path:
    """Write *octets* beside *path* as `NAME.old`, or `NAME.old.1` and so on where that is taken; return where."""
    target = Path(os.path.realpath(path))
    for number in count():
        aside = target.with_name(f"{target.name}.old" + (f".{number}" if number else ""))
        try:
            if not os.path.lexists(aside):
                atomic.write_whole(aside, octets, mode=stat.S_IMODE(target.stat().st_mode))
            if aside.is_file() and aside.read_bytes() == octets:
                return aside
        except OSError as error:
            raise OutputError(f"The copy {aside} was not written: {_reason(error, aside)}") from error
    raise AssertionError("count() does not end")


def write(path: Path, octets: bytes, was: Mark | None) -> bool:
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
        atomic.sweep(target)
        atomic.write_whole(target, octets, mode=mode, owner=(known.st_uid, known.st_gid) if known else None)
    except OSError as error:
        raise OutputError(f"{path} was not written: {_reason(error, target)}") from error
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


def _reason(error: OSError, target: Path) -> str:
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
