"""Files that are replaced whole, locks, and the small JSON files that the program keeps for itself."""

from __future__ import annotations

import contextlib
import functools
import glob
import logging
import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from trakt_ical.errors import OutputError

log = logging.getLogger(__name__)

T = TypeVar("T")

SUFFIX = ".new"


def write_whole(path: Path, octets: bytes, *, mode: int, owner: tuple[int, int] | None = None) -> None:
    """Put *octets* at *path* by way of a file beside it that is synced first and then renamed.

    *mode* and, where given, *owner* (user, group) are those of the new file. Raises OSError; then
    *path* is as it was and nothing is left beside it.
    """
    with _temporary_file(path) as (number, temporary):
        with open(number, "wb") as file:
            file.write(octets)
            file.flush()
            # Mode and owner are set while nobody knows the file by its real name: set afterwards, a secret would be
            # readable for a moment, and a run killed in between would leave it so.
            os.chmod(temporary, mode)
            if owner is not None and hasattr(os, "chown"):
                os.chown(temporary, *owner)
            # A rename may reach the disk before the content does: after a power cut the file would then be empty.
            os.fsync(number)
        os.replace(temporary, path)
    _sync_folder(path.parent)


def remove_leftovers(path: Path) -> None:
    """Remove what killed runs left beside *path*. Call it with the lock held, so that no other run is writing."""
    for left in path.parent.glob(f"{glob.escape(_temporary_prefix(path))}*{SUFFIX}"):
        left.unlink(missing_ok=True)


def _temporary_prefix(path: Path) -> str:
    return f".{path.name[:100]}."  # with the rest of a temporary name below the 255 octets of most file systems


@contextlib.contextmanager
def _temporary_file(path: Path) -> Iterator[tuple[int, str]]:
    number, temporary = tempfile.mkstemp(prefix=_temporary_prefix(path), suffix=SUFFIX, dir=path.parent)
    try:
        yield number, temporary
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


def _sync_folder(folder: Path) -> None:
    """Make the rename itself survive a power cut, where the system lets folders be opened."""
    with contextlib.suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


@contextlib.contextmanager
def lock(path: Path, *, wait: float) -> Iterator[None]:
    """Keep other processes and threads from the file at *path*, by a lock file beside it.

    Raises OutputError where another one still holds it after *wait* seconds, or where no lock can be made.
    """
    import filelock

    # The lock is a file of its own: a lock on the file itself would be lost when the file is replaced.
    lock = filelock.FileLock(f"{path}.lock", timeout=wait, mode=0o600, thread_local=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock.acquire()
    except filelock.Timeout as error:
        raise OutputError(f"Another run holds {path}.lock for more than {wait:.0f} s.") from error
    except OSError as error:
        raise OutputError(f"The lock {path}.lock cannot be made: {error.strerror}.") from error
    try:
        yield
    finally:
        lock.release()


class UnreadableFile(OutputError):
    """A file cannot be read, or is *damaged*: what it holds is not what was written there."""

    def __init__(self, message: str, *, damaged: bool) -> None:
        super().__init__(message)
        self.damaged = damaged


class JsonFile(Generic[T]):
    """A small JSON file at *path* that holds one *form*, for its owner alone. Messages call it *name*."""

    def __init__(self, path: Path, form: type[T], name: str) -> None:
        self.path = path
        self._form = form
        self._name = name

    def load(self) -> T | None:
        """Return what the file holds, None where there is no file. Raises UnreadableFile."""
        try:
            octets = self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UnreadableFile(
                f"The {self._name} {self.path} cannot be read: {error.strerror}.", damaged=False
            ) from error
        try:
            return decode(octets, self._form)
        except (UnicodeDecodeError, msgspec.DecodeError) as error:
            raise UnreadableFile(f"The {self._name} {self.path} is damaged: {error}.", damaged=True) from error

    def load_if_readable(self, level: int = logging.WARNING) -> T | None:
        """Return what the file holds, None where there is nothing to read; why, the log says at *level*."""
        try:
            return self.load()
        except UnreadableFile as error:
            log.log(level, "%s It is made anew.", error)
            return None

    def save(self, value: T) -> None:
        """Put *value* in place of what the file holds. Raises OutputError; then the file is as it was."""
        # Where *path* is a symbolic link, the file that it leads to is replaced and the link stays: people link the
        # login into a volume of its own.
        target = Path(os.path.realpath(self.path))
        try:
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_whole(target, msgspec.json.encode(value), mode=0o600)
        except OSError as error:
            raise OutputError(f"The {self._name} {self.path} cannot be written: {error.strerror}.") from error

    def save_if_possible(self, value: T) -> None:
        """Put *value* in place of what the file holds; a failure costs a warning only."""
        try:
            self.save(value)
        except OutputError as error:
            log.warning("%s", error)


_MAKING_DECODER = threading.Lock()


def decode(octets: bytes | bytearray, form: type[T]) -> T:
    """Return *octets*, which are JSON, as *form*. Raises msgspec.DecodeError or UnicodeDecodeError."""
    # Threads that make their first decoders of one form at the same time crash some versions of msgspec.
    with _MAKING_DECODER:
        decoder: msgspec.json.Decoder[T] = _make_decoder(form)  # type: ignore[arg-type]  # a type can be hashed
    return decoder.decode(octets)


@functools.cache
def _make_decoder(form: type[T]) -> msgspec.json.Decoder[T]:
    return msgspec.json.Decoder(form)
