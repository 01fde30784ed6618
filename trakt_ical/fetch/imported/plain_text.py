"""Lists that people write by hand: one show a line, by a number, an address or its title."""

from __future__ import annotations

import itertools
import re
from urllib.parse import parse_qs, urlsplit

from trakt_ical.errors import ImportRefused
from trakt_ical.fetch.imported.imported_list import ImportedShow, ListContent
from trakt_ical.fetch.imported.show_fields import make_show, read_title, split_title

PLAIN_TEXT = "a list in plain text"
LONGEST_LINE = 100  # of a title; longer ones are prose

_NUMBERED = re.compile(r"(trakt|tvdb|imdb|tvmaze|tmdb)\s*:\s*(tt[0-9]+|[0-9]+)\s*(?:#\s*(.*))?", re.IGNORECASE)
_BARE_IMDB = re.compile(r"(tt[0-9]{5,12})\s*(?:#\s*(.*))?", re.IGNORECASE)
_ADDRESS = re.compile(
    r"(https?://\S+|(?:www\.|app\.)?(?:trakt\.tv|imdb\.com|thetvdb\.com|tvmaze\.com)/\S+)", re.IGNORECASE
)
_SLUG_YEAR = re.compile(r"(.+)-((?:19|20)[0-9]{2})")


def read_plain_list(text: str, name: str) -> ListContent:
    """Return the shows that the lines of *text* name, the file *name*. Raises ImportRefused where most name none."""
    shows, unread = [], []
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        show = read_line(line)
        if show is None:
            unread.append(number)
        else:
            shows.append(show)
    if len(unread) > len(shows):
        raise ImportRefused(f"{name} is not a list of shows that trakt-ical can read.")
    lines = ", ".join(map(str, unread[:5])) + (", …" if len(unread) > 5 else "")
    notes = (f"{name} names no show in line{'' if len(unread) == 1 else 's'} {lines}.",) if unread else ()
    return ListContent(origin=PLAIN_TEXT, shows=tuple(shows), notes=notes)


def read_line(line: str) -> ImportedShow | None:
    """Return the show that *line* names, None where it names none."""
    if found := _NUMBERED.fullmatch(line):
        # A number at TMDB is kept, but finds no show by itself.
        return make_show({found[1].casefold(): found[2]}, *split_title(read_title(found[3])))
    if found := _BARE_IMDB.fullmatch(line):
        return make_show({"imdb": found[1]}, *split_title(read_title(found[2])))
    if found := _ADDRESS.match(line):
        return _read_address(found[1])
    if len(line) > LONGEST_LINE or not any(map(str.isalnum, line)):
        return None
    return make_show(None, *split_title(read_title(line)))


def _read_address(address: str) -> ImportedShow | None:
    """Return the show whose page *address* is; where the address has no number, by the title in it."""
    try:
        parts = urlsplit(address if "://" in address else f"https://{address}")
        host, numbers = parts.hostname or "", parse_qs(parts.query, max_num_fields=20).get("id", [])
    except ValueError:
        return None
    words = [word for word in parts.path.split("/") if word]
    after = dict(itertools.pairwise(words))
    match ".".join(host.casefold().rsplit(".", 2)[-2:]):
        case "imdb.com":
            return make_show({"imdb": after.get("title")}, "", None)
        case "tvmaze.com":
            return make_show({"tvmaze": after.get("shows")}, "", None)
        case "thetvdb.com":
            number = next(iter(numbers), "") or after.get("series", "")
            return make_show({"tvdb": number}, "", None) or _read_slug(number)
        case "trakt.tv":
            name = after.get("shows", "")
            return make_show({"trakt": name}, "", None) or _read_slug(name, is_of_trakt=True)
    return None


def _read_slug(slug: str, *, is_of_trakt: bool = False) -> ImportedShow | None:
    """Return the show named by *slug* in an address: `the-staircase-2022` is The Staircase of 2022."""
    found = _SLUG_YEAR.fullmatch(slug)
    title, year = (found[1], found[2]) if found else (slug, None)
    return make_show({"slug": slug if is_of_trakt else ""}, title.replace("-", " ").title(), year)
