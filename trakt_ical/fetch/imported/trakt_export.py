"""Trakt's own export: which of its files are read, and what they say together.

An export has some forty files. Those of seven sections are opened; `user-settings`, which has the user's e-mail address
and a token, never is. The export is flat, and a section has one file, or several from `-1` on. Older exports have
folders: `watched/watched-shows.json`, `lists/watchlist.json`. Trakt may write tables (CSV) in place of JSON.
"""

from __future__ import annotations

import csv
import logging
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, TypeAlias

import msgspec
from msgspec.structs import replace

from trakt_ical.errors import ImportRefused
from trakt_ical.fetch.imported.archive import Archive, DamagedMember
from trakt_ical.fetch.imported.csv_lists import read_csv_list
from trakt_ical.fetch.imported.imported_list import ImportedShow, ListContent
from trakt_ical.fetch.imported.json_lists import DECODE_ERRORS, read_entries
from trakt_ical.fetch.imported.show_fields import merge_shows, read_title
from trakt_ical.fetch.imported.text_encoding import decode_text
from trakt_ical.files import decode

log = logging.getLogger(__name__)

TRAKT_EXPORT = "Trakt's export"

WATCHED, HISTORY, WATCHLIST = "watched-shows", "watched-history", "lists-watchlist"
DROPPED = "hidden-dropped"  # no export had it by August 2026, but Trakt's API has such a list
HIDDEN = ("hidden-calendar", "hidden-progress-watched", DROPPED)
PROFILE, FAILURES = "user-profile", "_errors"
SECTIONS = frozenset((WATCHED, HISTORY, WATCHLIST, *HIDDEN, PROFILE, FAILURES))
FOLDERS = ("watched", "lists", "hidden", "user")  # of older exports

FAILED_PATHS = {
    WATCHED: re.compile(r"/watched/shows(\?|$)"),
    HISTORY: re.compile(r"/history(\?|$)"),
    WATCHLIST: re.compile(r"(^|/)(users/[^/]+|sync)/watchlist(\?|/|$)"),  # and no list that the user calls so
    "hidden-calendar": re.compile(r"/hidden/calendar(\?|$)"),
    "hidden-progress-watched": re.compile(r"/hidden/progress_watched(\?|$)"),
}
"""What `_errors.json` calls the sections that failed: paths of Trakt's API."""

_FILE_NAME = re.compile(r"(.+?)(?:-([0-9]{1,6}))?\.(json|csv)", re.IGNORECASE)

Pages: TypeAlias = Mapping[int | None, str]
"""Paths of a section's files by their numbers, None for the file without one."""


class _Profile(msgspec.Struct):
    username: Any = None


class _Failure(msgspec.Struct):
    endpoint: Any = None


def find_sections(archive: Archive) -> Mapping[str, Pages]:
    """Return the files of *archive* to read, by section; empty where it is no export that names shows.

    Raises ImportRefused where two files are the same part of a section.
    """
    found: dict[str, dict[int | None, str]] = {}
    # Where there are both forms of a file, JSON counts.
    for path in sorted(archive.paths, key=lambda each: each.casefold().endswith(".csv")):
        section, number = _find_section(path)
        if not section:
            continue
        pages = found.setdefault(section, {})
        if number not in pages:
            pages[number] = path
        elif PurePosixPath(path).with_suffix("") != PurePosixPath(pages[number]).with_suffix(""):
            raise ImportRefused(f"{archive.name} holds more than one export. Import one of them.")
    return found if {WATCHED, HISTORY, WATCHLIST} & set(found) else {}


def _find_section(path: str) -> tuple[str, int | None]:
    """Return the section that the file at *path* belongs to, "" where it is of no interest, and its number."""
    *folders, name = path.casefold().split("/")
    found = _FILE_NAME.fullmatch(name)
    if found is None:
        return "", None
    section = found[1].replace("_", "-") if found[1] != FAILURES else FAILURES
    if folders and folders[-1] in FOLDERS and not section.startswith(f"{folders[-1]}-"):
        section = f"{folders[-1]}-{section}"
    return (section, int(found[2]) if found[2] else None) if section in SECTIONS else ("", None)


def read_trakt_export(archive: Archive, sections: Mapping[str, Pages]) -> ListContent:
    """Return what the *sections* of *archive* say. Raises ImportRefused where they are too large altogether."""
    failed = _read_failed_sections(archive, sections)
    # The history names the same shows, once for each episode, so it serves where the other section is not.
    watched = HISTORY if WATCHED not in sections and HISTORY in sections else WATCHED
    shows: list[ImportedShow] = []
    faults: list[str] = []
    for section in (watched, WATCHLIST):
        found, wrong = _read_section(archive, sections.get(section, {}), section)
        shows += found
        faults += wrong
        if section in failed and not wrong:
            faults.append(f"Trakt could not export all of {section}.")
    hidden, notes = _read_hidden(archive, sections, failed)
    return ListContent(
        origin=TRAKT_EXPORT,
        shows=merge_shows([*shows, *hidden]),
        owner=_read_owner(archive, sections),
        faults=tuple(faults),
        notes=tuple(notes),
        lacks_dropped=DROPPED not in sections,
        lacks_hidden=bool(notes),
    )


def _read_hidden(
    archive: Archive, sections: Mapping[str, Pages], failed: frozenset[str]
) -> tuple[list[ImportedShow], list[str]]:
    """Return the hidden shows, and notes on what is not known of them."""
    shows: list[ImportedShow] = []
    missing = []
    for section in HIDDEN:
        if section not in sections and section == DROPPED:
            continue
        found, wrong = _read_section(archive, sections.get(section, {}), section)
        shows += [show for show in found if show.hidden]
        if wrong or section in failed:
            missing.append(section)
    if not missing:
        return shows, []
    return shows, [f"{archive.name} lacks {' and '.join(missing)}, so what was hidden before stays hidden."]


def _read_section(archive: Archive, pages: Pages, section: str) -> tuple[list[ImportedShow], list[str]]:
    """Return the shows in all *pages* of *section*, and what is wrong with it."""
    shows: list[ImportedShow] = []
    faults = list(_find_gaps(pages, section))
    for path in _sort_pages(pages):
        log.debug("Reading %s", path)
        try:
            found = _read_page(archive, path)
        except DamagedMember as error:
            faults.append(str(error))
            continue
        shows += [replace(show, watchlisted=True) for show in found] if section == WATCHLIST else found
    return shows, faults


def _find_gaps(pages: Pages, section: str) -> Iterator[str]:
    if not pages:
        yield f"{section}.json is missing."
    elif None in pages and len(pages) > 1:
        yield f"{section}.json and files with numbers are of two exports."
    elif None not in pages:
        numbers = [number for number in pages if number is not None]
        missing = sorted(set(range(1, max(numbers) + 1)) - set(numbers)) if max(numbers) < 10_000 else [1]
        if missing:
            yield f"{section}-{missing[0]}.json is missing."


def _sort_pages(pages: Pages) -> list[str]:
    return [pages[number] for number in sorted(pages, key=lambda number: number or 0)]


def _read_page(archive: Archive, path: str) -> list[ImportedShow]:
    """Return the shows in the file at *path*. Raises DamagedMember."""
    octets = archive.read(path)
    if path.casefold().endswith(".csv"):
        text = decode_text(octets)
        table = read_csv_list(text, path) if text else None
        return list(table.shows) if table else []
    return [show for _, show in read_entries(_decode_page(octets, path, archive.name))]


def _decode_page(octets: bytes, path: str, archive_name: str) -> list[msgspec.Raw]:
    """Return the entries of a page, none where it is `{}`: some requests are answered so. Raises DamagedMember."""
    text = decode_text(octets)
    if text is None:
        raise DamagedMember(f"{path} in {archive_name} is damaged.")
    try:
        return decode(text.encode(), list[msgspec.Raw]) if text.strip() not in ("", "{}", "null") else []
    except DECODE_ERRORS as error:
        raise DamagedMember(f"{path} in {archive_name} is damaged, or cut short.") from error


def _read_failed_sections(archive: Archive, sections: Mapping[str, Pages]) -> frozenset[str]:
    """Return the sections that the export itself says to be incomplete."""
    failed = set()
    for path in sections.get(FAILURES, {}).values():
        try:
            entries = [decode(bytes(raw), _Failure) for raw in _decode_page(archive.read(path), path, archive.name)]
        except (DamagedMember, *DECODE_ERRORS) as error:
            log.debug("%s says nothing of what failed: %s", path, error)
            continue
        endpoints = [entry.endpoint for entry in entries if isinstance(entry.endpoint, str)]
        failed |= {name for name, path_of in FAILED_PATHS.items() if any(map(path_of.search, endpoints))}
    return frozenset(failed)


def _read_owner(archive: Archive, sections: Mapping[str, Pages]) -> str:
    """Return the name of the account, "" where the export does not say."""
    for path in sections.get(PROFILE, {}).values():
        try:
            octets = archive.read(path)
            if path.casefold().endswith(".csv"):
                rows = csv.DictReader((decode_text(octets) or "").splitlines())
                return read_title(next(rows, {}).get("username"))
            return read_title(decode(octets, _Profile).username)
        except (DamagedMember, csv.Error, *DECODE_ERRORS) as error:
            log.debug("%s does not name the account: %s", path, error)
    return ""
