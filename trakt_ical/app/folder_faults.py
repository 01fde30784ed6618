"""Whether the program can write into a folder: the rights of this user, a read-only disk, no room left."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

LEAST_ROOM = 2**20  # octets; a calendar takes a tenth of that, and is written beside the old one


class FolderFault(msgspec.Struct, frozen=True):
    """Why nothing can be written into a folder, in a sentence, and what to do about it."""

    message: str
    remedy: str


def find_folder_fault(folder: Path) -> FolderFault | None:
    """Return why nothing can be written into *folder*, which need not exist yet; None where it can."""
    place = folder
    # Not Path.exists, which fails in a folder that this user may not enter.
    while not os.path.lexists(place) and place != place.parent:
        place = place.parent
    if not os.path.exists(place):
        there = os.path.realpath(place)
        return FolderFault(
            f"The folder {folder} cannot be used: {place} is a link to {there}, which does not exist.",
            f"If {there} is on another disk, mount that disk. Else make it: mkdir -p '{there}'",
        )
    if hasattr(os, "statvfs") and os.statvfs(place).f_flag & os.ST_RDONLY:
        return FolderFault(f"The folder {folder} is on a read-only disk.", "Mount that disk for writing.")
    if not os.access(place, os.W_OK | os.X_OK):
        return FolderFault(
            f"The folder {folder} cannot be written to by this user.",
            f"Give this user the right to write there. For example: sudo chown -R $USER '{place}'",
        )
    if shutil.disk_usage(place).free < LEAST_ROOM:
        return FolderFault(f"The disk of the folder {folder} is full.", "Make room on that disk.")
    return None


def find_folder_faults(folders: Iterable[Path]) -> Iterator[FolderFault]:
    """Yield what is wrong with *folders*; of a folder inside one that was named nothing more is said."""
    named: list[Path] = []
    for folder in sorted(folders):
        fault = None if any(each in folder.parents for each in named) else find_folder_fault(folder)
        if fault:
            named.append(folder)
            yield fault
