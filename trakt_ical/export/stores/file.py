"""A calendar in a file: replaced in one step, with its mode and owner, and only if nobody else changed it meanwhile."""

from __future__ import annotations

import errno
import os
import stat
from itertools import count
from pathlib import Path

from trakt_ical import files
from trakt_ical.errors import OutputError, WrittenMeanwhile
from trakt_ical.export.stores.protocol import LARGEST, OutputState, Snapshot, Version

NEW_FILE = 0o666  # less the umask: a calendar is for other programs to read


class FileStore:
    """The calendar in the file at *path*. A symbolic link is followed: the file that it leads to is replaced."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._target = Path(os.path.realpath(path))

    @property
    def name(self) -> str:
        """The path of the file itself, whatever links lead to it."""
        return str(self._target)

    @property
    def label(self) -> str:
        """The same path."""
        return self.name

    def describe(self) -> str:
        """Return the path as it was given."""
        return str(self._path)

    def read_version(self) -> Version | None:
        """Return what `load` would call the version, without reading the file."""
        try:
            return _make_version(_stat(self._target))
        except OSError as error:
            raise OutputError(f"{self._path} cannot be read: {_explain_error(error, self._target)}") from error

    def load(self) -> Snapshot | None:
        """Return the octets and their version. An empty file holds nothing yet."""
        try:
            known = _stat(self._target)
            # The version is taken before the octets: a write in between is then refused by `save`, never overlooked.
            version = _make_version(known)
            if known is None or version is None:
                return None
            if known.st_size > LARGEST:
                raise OutputError(f"{self._path} is larger than {LARGEST // 2**20} MB and was not made by trakt-ical.")
            return Snapshot(self._target.read_bytes(), version)
        except OSError as error:
            raise OutputError(f"{self._path} cannot be read: {_explain_error(error, self._target)}") from error

    def save(self, octets: bytes, expected: Snapshot | None) -> bool:
        """Write *octets* if the file still is the *expected* one. An unchanged calendar leaves the file untouched.

        One run at a time may do so. Where OutputError is raised, the old file is as it was.
        """
        try:
            known = _stat(self._target)
            if _make_version(known) != (expected.version if expected else None):
                raise WrittenMeanwhile(
                    f"{self._path} was changed during this run, so it was not replaced. Run this again."
                )
            if expected is not None and expected.octets == octets:
                return False
            mode = stat.S_IMODE(known.st_mode) if known else NEW_FILE & ~_read_umask()
            owner = (known.st_uid, known.st_gid) if known else None
            files.write_whole(self._target, octets, mode=mode, owner=owner)
        except OSError as error:
            raise OutputError(f"{self._path} was not written: {_explain_error(error, self._target)}") from error
        return True

    def sweep(self) -> None:
        """Remove temporary files of killed runs."""
        files.remove_leftovers(self._target)

    def keep_aside(self, octets: bytes) -> str:
        """Write *octets* beside the file as `NAME.old`, or `NAME.old.1` and so on where that is taken."""
        for number in count():
            aside = self._target.with_name(f"{self._target.name}.old" + (f".{number}" if number else ""))
            try:
                if not os.path.lexists(aside):
                    files.write_whole(aside, octets, mode=stat.S_IMODE(self._target.stat().st_mode))
                if aside.is_file() and aside.read_bytes() == octets:  # else it is the copy of something else
                    return str(aside)
            except OSError as error:
                raise OutputError(f"The copy {aside} was not written: {_explain_error(error, aside)}") from error
        raise AssertionError("count() does not end")

    def complete_state(self, kept: OutputState, snapshot: Snapshot | None) -> OutputState:  # noqa: ARG002
        """Return *kept*: all that is known of a file is kept on this computer."""
        return kept

    def share_state(self, state: OutputState) -> None:
        """Do nothing: all that is known of a file is kept on this computer."""


def _make_version(known: os.stat_result | None) -> Version | None:
    """Return what tells this state of a file from others: each replacement is a new inode, each edit a new time."""
    return f"{known.st_ino}-{known.st_size}-{known.st_mtime_ns}" if known and known.st_size else None


def _stat(target: Path) -> os.stat_result | None:
    try:
        known = target.stat()
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(known.st_mode):
        raise OutputError(f"{target} is a folder. Name a file in it.")
    # A pipe or device would never give the calendar back, and the next run would start without a memory.
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
            return "the file cannot be replaced. If it is mounted by itself, mount its folder instead."
        case errno.EROFS:
            return "the file system is read-only."
        case errno.EPERM:
            return "its owner could not be kept. Run this as its owner."
        case errno.EACCES:
            return f"the folder {target.parent} or the file may not be written to or read by this user."
        case _:
            return f"{error.strerror}."


def _read_umask() -> int:
    mask = os.umask(0o022)  # it cannot be read without setting it
    os.umask(mask)
    return mask
