"""What is kept of Trakt's answers beside the answer cache, in its folder: deletable at any time."""

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
from typing import TypeVar

import msgspec

from trakt_ical.errors import OutputError

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
            os.chmod(temporary, mode)
            if owner is not None and hasattr(os, "chown"):
                os.chown(temporary, *owner)
            os.fsync(number)
        os.replace(temporary, path)
    _sync_folder(path.parent)


def remove_leftovers(path: Path) -> None:
    """Remove what killed runs left beside *path*. For whoever holds its lock, so that no other run is writing."""
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
    """Keep other processes and threads from what lies at *path*, by a lock file beside it.

    Raises OutputError where another one still holds it after *wait* seconds, or where no lock can be made.
    """
    import filelock

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


T = TypeVar("T")

_BUILDING = threading.Lock()


def decode(octets: bytes | bytearray, form: type[T]) -> T:
    """*octets* as *form*. Raises msgspec.DecodeError or UnicodeDecodeError."""
    with _BUILDING:
        decoder: msgspec.json.Decoder[T] = _make_decoder(form)  # type: ignore[arg-type]  # a type can be hashed
    return decoder.decode(octets)


@functools.cache
def _make_decoder(form: type[T]) -> msgspec.json.Decoder[T]:
    return msgspec.json.Decoder(form)


log = logging.getLogger(__name__)


def load_cache(path: Path, form: type[T]) -> T | None:
    """What is kept at *path*, None where there is nothing of that *form*."""
    try:
        return decode(path.read_bytes(), form)
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, msgspec.DecodeError) as error:
        log.debug("%s is asked for anew: %s", path, error)
        return None


def save_cache(path: Path, value: object) -> None:
    """Keep *value* at *path*; where that fails, a warning is all it costs."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(path, msgspec.json.encode(value), mode=0o600)
    except OSError as error:
        log.warning("%s cannot be kept: %s.", path, error.strerror)
