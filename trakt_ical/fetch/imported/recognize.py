"""Tells by its content what kind of list a file is, and reads it. The ending of its name does not matter."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from msgspec.structs import replace

from trakt_ical.errors import ImportRefused
from trakt_ical.fetch.imported.archive import ZIP_SIGNS, Archive, FolderArchive, ZipArchive, read_file
from trakt_ical.fetch.imported.csv_lists import read_csv_list
from trakt_ical.fetch.imported.imported_list import ListContent
from trakt_ical.fetch.imported.json_lists import read_json_list
from trakt_ical.fetch.imported.plain_text import read_plain_list
from trakt_ical.fetch.imported.show_fields import merge_shows
from trakt_ical.fetch.imported.text_encoding import decode_text
from trakt_ical.fetch.imported.trakt_export import find_sections, read_trakt_export

PRIVATE = re.compile(r"user[-_/]settings.*", re.IGNORECASE)
"""The file of Trakt's export with the user's e-mail address and a token. It names no show, so it is never opened."""

LISTS_IN_ARCHIVES = re.compile(
    r"(?:tvtime-series|tvtime-series-episodes|activity_history|tracking-prod-records-v2)\.(?:csv|json)"
    r"|lists-list-[0-9]+-.*\.json",
    re.IGNORECASE,
)
"""Files with shows in the exports of TV Time, and single lists of Trakt's."""


def read_path(path: Path) -> ListContent:
    """Return what the file or folder at *path* says. Raises ImportRefused where it cannot be used."""
    if path.is_dir():
        return read_archive(FolderArchive(path))
    if PRIVATE.fullmatch(path.name):
        raise ImportRefused(f"{path} names no shows. It has your e-mail address, so it was not opened.")
    return read_octets(read_file(path), str(path))


def read_octets(octets: bytes, name: str) -> ListContent:
    """Return what a file with this content says; messages call it *name*. Raises ImportRefused."""
    if octets.startswith(ZIP_SIGNS):
        return read_archive(ZipArchive(octets, name))
    text = decode_text(octets)
    if text is None:
        raise ImportRefused(f"{name} is not a list of shows that trakt-ical can read.")
    start = text.lstrip()[:100].casefold()
    if start.startswith(("<!doctype", "<html", "<?xml")):
        raise ImportRefused(f"{name} is a page, not a list: download the file itself.")
    if start.startswith(("[", "{")):
        return _check(read_json_list(text.encode(errors="replace"), name), name)
    return _check(read_csv_list(text, name) or read_plain_list(text, name), name)


def read_archive(archive: Archive) -> ListContent:
    """Return what *archive* says: an export of Trakt's, or of TV Time. Raises ImportRefused."""
    if sections := find_sections(archive):
        return _check(read_trakt_export(archive, sections), archive.name)
    lists = [path for path in archive.paths if LISTS_IN_ARCHIVES.fullmatch(path.rpartition("/")[2])]
    if not lists:
        nested = any(path.casefold().endswith(".zip") for path in archive.paths)
        advice = " Unpack it first: it holds a zip itself." if nested else ""
        raise ImportRefused(f"{archive.name} does not contain a list of shows that trakt-ical can read.{advice}")
    return combine_lists([read_octets(archive.read(path), path) for path in lists])


def _check(content: ListContent, name: str) -> ListContent:
    if not content.shows and not content.faults:
        raise ImportRefused(f"{name} does not name a show.")
    return replace(content, shows=merge_shows(content.shows))


def combine_lists(lists: Iterable[ListContent]) -> ListContent:
    """Return one list of all *lists*. Raises ImportRefused where they belong to several accounts."""
    lists = list(lists)
    owners = sorted({each.owner for each in lists if each.owner})
    if len(owners) > 1:
        raise ImportRefused(
            f"These exports belong to several accounts: {', '.join(owners)}. Import each for an account of its own."
        )
    return ListContent(
        origin=" and ".join(dict.fromkeys(each.origin for each in lists if each.origin)),
        shows=merge_shows(show for each in lists for show in each.shows),
        owner=owners[0] if owners else "",
        faults=tuple(fault for each in lists for fault in each.faults),
        notes=tuple(note for each in lists for note in each.notes),
        lacks_dropped=any(each.lacks_dropped for each in lists),
        lacks_hidden=any(each.lacks_hidden for each in lists),
    )
