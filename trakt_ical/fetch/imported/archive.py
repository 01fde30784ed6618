"""The files of an export: a zip, or the folder that it was unpacked to. Nothing is ever unpacked to disk.

A zip is read with suspicion: what it says of sizes is not believed, and what no export has is refused.
"""

from __future__ import annotations

import io
import logging
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Protocol

from trakt_ical.errors import ImportRefused

log = logging.getLogger(__name__)

MEBIBYTE = 2**20
FILE_LIMIT = 64 * MEBIBYTE
"""Octets of one file. An export of Trakt's has at most 250 entries in a file, some hundred KiB."""
TOTAL_LIMIT = 256 * MEBIBYTE
"""Octets of all files of one archive together that are read."""
MOST_FILES = 5000
DEPTH = 3  # folders; in an old layout, SLUG/watched/watched-shows.json

ZIP_SIGNS = (b"PK\3\4", b"PK\5\6", b"PK\7\10")
_CENTRAL_ENTRY = b"PK\1\2"
_CHUNK = 2**16
_USUAL_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_READ_ERRORS = (
    *(zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError),
    *(RuntimeError, ValueError, OverflowError, MemoryError),
)


class DamagedMember(ImportRefused):
    """One file of an archive cannot be read."""


class Archive(Protocol):
    """Files with paths inside the archive, which begin with no slash and have `/` between their parts."""

    name: str
    paths: list[str]

    def read(self, path: str) -> bytes:
        """Return the content. Raises DamagedMember."""
        ...


class Allowance:
    """How many octets of one archive may still be read."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._left = TOTAL_LIMIT

    def take(self, size: int) -> None:
        """Count *size* octets. Raises ImportRefused where they are too many altogether."""
        self._left -= size
        if self._left < 0:
            raise ImportRefused(f"{self._name} has more than {TOTAL_LIMIT // MEBIBYTE} MiB to read, unpacked.")


class ZipArchive:
    """The zip *octets*; messages call it *name*. Raises ImportRefused where no export looks like it."""

    def __init__(self, octets: bytes, name: str) -> None:
        self.name = name
        self._allowance = Allowance(name)
        # Python keeps a kilobyte for each entry of the directory, and a small zip can have a million of them.
        if octets.count(_CENTRAL_ENTRY) > MOST_FILES:
            raise ImportRefused(f"{name} has more than {MOST_FILES} files, so it is not an export.")
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(octets))
        except _READ_ERRORS as error:
            log.debug("%s: %s", name, error)
            raise ImportRefused(f"{name} is damaged, or was not downloaded completely.") from error
        self._entries: dict[str, zipfile.ZipInfo] = {}
        for entry in self._zip.infolist():
            self._add(entry)
        self.paths = list(self._entries)

    def _add(self, entry: zipfile.ZipInfo) -> None:
        path = entry.filename.replace("\\", "/")  # as some programs on Windows write it
        if path.startswith("/") or ".." in path.split("/") or re.match("[A-Za-z]:", path):
            raise ImportRefused(f"{self.name} has files with paths that lead out of it, so it is not an export.")
        if entry.flag_bits & _ENCRYPTED:
            raise ImportRefused(f"{self.name} is encrypted. Unpack it, and import the folder.")
        if path.endswith("/") or _is_clutter(path):
            return
        if path in self._entries:
            raise ImportRefused(f"{self.name} has two files with the same name, so it is not clear which one counts.")
        self._entries[path] = entry

    def read(self, path: str) -> bytes:
        """Return the content of the file at *path*. Raises DamagedMember, ImportRefused where all are too large."""
        entry = self._entries[path]
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise DamagedMember(f"{path} in {self.name} is a link and no file.")
        # Other methods unpack a few octets to hundreds of megabytes at once, and no export uses them.
        if entry.compress_type not in _USUAL_METHODS:
            raise ImportRefused(f"{self.name} is packed in an unusual way. Unpack it, and import the folder.")
        content = bytearray()
        try:
            with self._zip.open(entry) as file:
                while chunk := file.read(_CHUNK):
                    content += chunk
                    if len(content) > FILE_LIMIT:
                        raise DamagedMember(f"{path} in {self.name} is larger than {FILE_LIMIT // MEBIBYTE} MiB.")
        except _READ_ERRORS as error:
            log.debug("%s in %s: %s", path, self.name, error)
            raise DamagedMember(f"{path} in {self.name} is damaged.") from error
        if len(content) != entry.file_size:  # then Python did not compare the checksum either
            raise DamagedMember(f"{path} in {self.name} is damaged.")
        self._allowance.take(len(content))
        return bytes(content)


class FolderArchive:
    """The files in *folder* and the folders inside it, but not deeper than an export has them."""

    def __init__(self, folder: Path) -> None:
        self.name = str(folder)
        self._folder = folder
        self._allowance = Allowance(self.name)
        self.paths = list(self._walk())

    def _walk(self) -> Iterator[str]:
        count = 0
        for place, folders, names in os.walk(self._folder):
            inside = PurePosixPath(Path(place).relative_to(self._folder).as_posix())
            if len(inside.parts) >= DEPTH:
                folders.clear()
            folders.sort()
            for name in sorted(names):
                count += 1
                if count > MOST_FILES:
                    raise ImportRefused(f"{self.name} has more than {MOST_FILES} files, so it is not an export.")
                if not _is_clutter(path := str(inside / name)):
                    yield path

    def read(self, path: str) -> bytes:
        """Return the content of the file at *path*. Raises DamagedMember, ImportRefused where all are too large."""
        content = read_file(self._folder / path)
        self._allowance.take(len(content))
        return content


def read_file(path: Path) -> bytes:
    """Return the content of the file at *path*. Raises DamagedMember."""
    try:
        if not path.is_file():  # reading a pipe could wait for ever
            raise DamagedMember(f"{path} is not an ordinary file.")
        with path.open("rb") as file:
            content = file.read(FILE_LIMIT + 1)
    except OSError as error:
        raise DamagedMember(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:  # a path with a NUL
        raise DamagedMember(f"{path} cannot be read: {error}.") from error
    if len(content) > FILE_LIMIT:
        raise DamagedMember(f"{path} is larger than {FILE_LIMIT // MEBIBYTE} MiB.")
    return content


def _is_clutter(path: str) -> bool:
    """Whether *path* is what systems add to folders: macOS packs `__MACOSX/._watched-shows.json` beside each file."""
    return any(part.startswith(".") or part == "__MACOSX" for part in path.split("/"))
