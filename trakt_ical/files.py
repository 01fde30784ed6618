"""Files that are replaced whole, locks, and the small JSON files that the program keeps for itself."""

from __future__ import annotations

import contextlib
import errno
import functools
import hashlib
import json
import logging
import os
import re
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from trakt_ical.errors import OutputError

log = logging.getLogger(__name__)

T = TypeVar("T")

SUFFIX = ".new"
LONGEST_NAME = 200  # octets; most file systems allow 255, and a temporary name is 14 longer


def write_whole(path: Path, octets: bytes, *, mode: int, owner: tuple[int, int] | None = None) -> None:
    """Put *octets* at *path* by way of a file beside it that is synced first and then renamed.

    *mode* and, where given, *owner* (user, group) are those of the new file. Raises OSError; then
    *path* is as it was and nothing is left beside it.
    """
    with _make_temporary_file(path) as (number, temporary):
        try:
            _write_all(number, octets)
            # Mode and owner are set while nobody knows the file by its real name: set afterwards, a secret would be
            # readable for a moment, and a run killed in between would leave it so.
            os.chmod(temporary, mode)
            if owner is not None and hasattr(os, "chown"):
                os.chown(temporary, *owner)
            # A rename may reach the disk before the content does: after a power cut the file would then be empty.
            os.fsync(number)
        finally:
            os.close(number)
        os.replace(temporary, path)
    _sync_folder(path.parent)


def _write_all(number: int, octets: bytes) -> None:
    view = memoryview(octets)
    while view:
        view = view[os.write(number, view) :]


class Reservation:
    """A new version of the file at *path* whose room on the disk is already taken, under another name beside it."""

    def __init__(self, path: Path, number: int, temporary: str) -> None:
        self._path = path
        self._number = number
        self._temporary = temporary

    def write(self, octets: bytes, *, is_old_worthless: bool) -> None:
        """Put *octets* in place of the file. Raises OSError; then the file is as it was, unless *is_old_worthless*."""
        try:
            _overwrite(self._number, octets)
            os.replace(self._temporary, self._path)
        except OSError:
            if not is_old_worthless:
                raise
            # Renaming fails where the file is mounted by itself, or the folder became read-only meanwhile. If this
            # one is spoilt half-way, no more is lost than by giving up.
            number = os.open(self._path, os.O_WRONLY)
            try:
                _overwrite(number, octets)
            finally:
                os.close(number)
        _sync_folder(self._path.parent)


def _overwrite(number: int, octets: bytes) -> None:
    os.lseek(number, 0, os.SEEK_SET)
    _write_all(number, octets)
    os.ftruncate(number, len(octets))
    os.fsync(number)


@contextlib.contextmanager
def reserve(path: Path, size: int, *, mode: int) -> Iterator[Reservation]:
    """Take the room for *size* octets beside *path*, whose new version will have *mode*. Raises OSError.

    What is not written in the end leaves nothing behind.
    """
    with _make_temporary_file(path) as (number, temporary):
        try:
            _write_all(number, b" " * size)
            os.chmod(temporary, mode)
            # A full or broken disk may say so only now, when the octets really go there.
            os.fsync(number)
            yield Reservation(path, number, temporary)
        finally:
            os.close(number)
            with contextlib.suppress(OSError):  # it is gone where it was renamed
                os.unlink(temporary)


def make_private_folder(folder: Path) -> None:
    """Make *folder* and the folders above it that are missing, for their owner alone whatever the umask says.

    Raises OSError.
    """
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for each in reversed(missing):
        with contextlib.suppress(FileExistsError):  # another run made it meanwhile
            each.mkdir(mode=0o700)
            each.chmod(0o700)


def remove_leftovers(path: Path) -> None:
    """Remove what killed runs left beside *path*. Call it with the lock held, so that no other run is writing."""
    for left in _find_leftovers(path):
        # One that cannot be removed harms nobody, and must not keep the run from its work.
        with contextlib.suppress(OSError):
            left.unlink()


def sweep_leftovers(path: Path) -> None:
    """Remove what killed runs left beside *path*, unless another run holds the lock: it may be writing just now."""
    # Almost always there are none; then no lock is made.
    if _find_leftovers(path):
        with contextlib.suppress(OutputError), lock(path, wait=0):
            pass


def _find_leftovers(path: Path) -> list[Path]:
    target = Path(os.path.realpath(path))
    # `feed.ics` and `feed.ics.old` are two files, and so are their temporary ones: between the dot after the name and
    # the suffix there are only the characters that `tempfile` chooses.
    pattern = re.compile(re.escape(_make_temporary_prefix(target)) + "[a-z0-9_]{8}" + re.escape(SUFFIX))
    try:
        return [target.with_name(name) for name in os.listdir(target.parent) if pattern.fullmatch(name)]
    except OSError:
        return []


def _make_temporary_prefix(path: Path) -> str:
    name = os.fsencode(path.name)
    if len(name) <= LONGEST_NAME:
        return f".{path.name}."
    # Cut off, two long names could become one, and their runs would remove each other's files.
    return f".{hashlib.blake2b(name, digest_size=12).hexdigest()}."


@contextlib.contextmanager
def _make_temporary_file(path: Path) -> Iterator[tuple[int, str]]:
    number, temporary = tempfile.mkstemp(prefix=_make_temporary_prefix(path), suffix=SUFFIX, dir=path.parent)
    try:
        yield number, temporary
    except BaseException:
        with contextlib.suppress(OSError):
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


class LockHeld(OutputError):
    """Another process or thread holds the lock."""


@contextlib.contextmanager
def lock(path: Path, *, wait: float) -> Iterator[None]:
    """Keep other processes and threads from the file at *path*, by a lock file beside it.

    Raises LockHeld where another one still holds it after *wait* seconds, OutputError where no lock can be made.
    """
    import filelock

    # The lock is a file of its own: a lock on the file itself would be lost when the file is replaced.
    lock = filelock.FileLock(f"{path}.lock", timeout=wait, mode=0o600, thread_local=False)
    try:
        make_private_folder(path.parent)
        lock.acquire()
    except filelock.Timeout as error:
        raise LockHeld(f"Another run has held {path}.lock for more than {wait:.0f} s.") from error
    except (OSError, NotImplementedError) as error:
        raise OutputError(f"The lock {path}.lock cannot be made: {_explain_lock_error(error)}") from error
    try:
        remove_leftovers(path)
        yield
    finally:
        # Closing the file ends the lock even where the file system fails to say so.
        with contextlib.suppress(OSError):
            lock.release()


def _explain_lock_error(error: OSError | NotImplementedError) -> str:
    number, reason = getattr(error, "errno", None), getattr(error, "strerror", None) or error
    if isinstance(error, NotImplementedError) or number in (errno.ENOLCK, errno.ENOSYS):
        return "the file system does not support locks. Keep the program's folders on a local disk."
    if number in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{reason}. To keep the program's files in another folder, set TRAKT_ICAL_HOME or use --home."
    return f"{reason}."


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
        except (UnicodeDecodeError, msgspec.DecodeError, RecursionError) as error:
            raise UnreadableFile(f"The {self._name} {self.path} is damaged: {error}.", damaged=True) from error

    def load_if_readable(self, level: int = logging.WARNING) -> T | None:
        """Return what the file holds, None where there is nothing to read; why, the log says at *level*."""
        try:
            return self.load()
        except UnreadableFile as error:
            # A server reads its files again and again, and says once what is wrong with one.
            is_new = str(error) not in _reported
            _reported.add(str(error))
            log.log(level if is_new else logging.DEBUG, "%s A new one is made.", error)
            return None

    def save(self, value: T) -> None:
        """Put *value* in place of what the file holds. Raises OutputError; then the file is as it was."""
        try:
            make_private_folder(self._target.parent)
            write_whole(self._target, msgspec.json.encode(value), mode=0o600)
        except OSError as error:
            raise self._make_write_error(error) from error

    @contextlib.contextmanager
    def reserve(self, size: int) -> Iterator[Callable[[T], None]]:
        """Take the room for *size* octets, and give a function that puts a value in place of the worthless old one.

        Raises OutputError, and so does that function.
        """
        with contextlib.ExitStack() as stack:
            try:
                make_private_folder(self._target.parent)
                reservation = stack.enter_context(reserve(self._target, size, mode=0o600))
            except OSError as error:
                raise self._make_write_error(error) from error

            def replace(value: T) -> None:
                try:
                    reservation.write(msgspec.json.encode(value), is_old_worthless=True)
                except OSError as error:
                    raise self._make_write_error(error) from error

            yield replace

    @property
    def _target(self) -> Path:
        """The file itself: where *path* is a symbolic link, the file that it leads to is replaced and the link stays.

        People link the login into a volume of its own.
        """
        return Path(os.path.realpath(self.path))

    def _make_write_error(self, error: OSError) -> OutputError:
        return OutputError(f"The {self._name} {self.path} cannot be written: {error.strerror}.")

    def save_if_possible(self, value: T) -> None:
        """Put *value* in place of what the file holds; a failure costs a warning only."""
        try:
            self.save(value)
        except OutputError as error:
            log.warning("%s", error)


_reported: set[str] = set()  # what was said of files that cannot be read
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


def decode_repaired(octets: bytes | bytearray, form: type[T]) -> T:
    """Return *octets*, which are no right JSON, as *form*, with a sign in place of each that is none.

    Raises ValueError (also msgspec.DecodeError) where they are still none, and RecursionError.
    """
    # Half an emoji as an escape, which JavaScript writes where it cut a title, a line break within a text, NaN for a
    # number, Latin-1: the standard library reads what msgspec refuses, and one such entry would cost the whole list.
    text = octets.decode("utf-8-sig", errors="replace")
    value = json.loads(text, strict=False, parse_constant=lambda name: None)
    clean = json.dumps(value, ensure_ascii=False).encode("utf-16", "surrogatepass").decode("utf-16", errors="replace")
    return decode(clean.encode(), form)
