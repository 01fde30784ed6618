"""Answers in which single entries are odd: the others are read, and one warning tells what was left out and why.

People who publish programs for Trakt report it again and again: one show with a runtime of 22.5 minutes, a season that
is null, and a whole calendar was gone. Only an answer that is no list at all is broken.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias, TypeVar, get_args

import msgspec

from trakt_ical.errors import BrokenAnswer
from trakt_ical.files import decode
from trakt_ical.model import OddEntry
from trakt_ical.trakt.client import Answer
from trakt_ical.trakt.statuses import TRAKT

log = logging.getLogger(__name__)

T = TypeVar("T")

MOST_NAMES = 3  # in one warning
_PLACE = re.compile(r"^(.*) - at `\$\.?(.*)`$", re.S)

NoteOdd: TypeAlias = Callable[[Any, str], object]
"""Takes an odd entry, as far as it is JSON at all, and the sentence that says what is wrong with it."""


def decode_entries(answer: Answer, form: type[list[T]], note_odd: NoteOdd) -> list[T]:
    """Return the entries of *answer*, a list of *form*; *note_odd* takes those of another form.

    Raises BrokenAnswer where it is no list.
    """
    try:
        return answer.decode(form)
    except BrokenAnswer:
        # A list is cut into its entries only where that is needed: it takes more than twice as long.
        entries = answer.decode(list[msgspec.Raw])
    return list(decode_each(entries, get_args(form)[0], note_odd, server=answer.server))


def decode_readable(body: bytes, form: type[list[T]]) -> list[T]:
    """Return the entries of *body* that are of *form*. Raises DecodeError or UnicodeDecodeError where it is no list."""
    try:
        return decode(body, form)
    except msgspec.DecodeError:
        return list(decode_each(decode(body, list[msgspec.Raw]), get_args(form)[0], _skip))


def _skip(entry: Any, problem: str) -> None:
    """Say nothing of an odd entry."""


def decode_with_warnings(answers: Iterable[Answer], form: type[list[T]], place: str) -> list[T]:
    """Return the entries of *answers*; a warning tells which were left out of *place*, the user's word for the list."""
    odd = OddEntries()

    def note_odd(entry: Any, problem: str) -> None:
        titles = (get_text(entry, *path) for path in (("show", "title"), ("movie", "title"), ("title",)))
        odd.explain(f"{next(filter(None, titles), 'an entry')} in {place}", "", problem)

    entries = [entry for answer in answers for entry in decode_entries(answer, form, note_odd)]
    odd.warn()
    return entries


def decode_each(
    entries: Iterable[msgspec.Raw], form: type[T], note_odd: NoteOdd, *, server: str = TRAKT
) -> Iterator[T]:
    """Return those of *entries*, which *server* sent, that are of *form*; *note_odd* takes the others."""
    for entry in entries:
        try:
            yield decode(bytes(entry), form)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            note_odd(_decode_loosely(bytes(entry)), describe_oddity(error, server))


def _decode_loosely(entry: bytes) -> Any:
    try:
        return decode(entry, object)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def describe_oddity(error: Exception, server: str = TRAKT) -> str:
    """Return what *error* of a decoder says of what *server* sent, beginning with the field that it is about."""
    found = _PLACE.match(str(error))
    said, field = found.groups() if found else (str(error), "")
    said = said.replace("`", "").strip()
    return f"{field or 'the entry'} is not what {server} documents ({said[:1].lower()}{said[1:]})"


def get_path(entry: Any, *names: str) -> Any:
    """Return what *entry* has under *names*, one inside the other; None where something on the way is no object."""
    for name in names:
        entry = entry.get(name) if isinstance(entry, dict) else None
    return entry


def get_text(entry: Any, *names: str) -> str | None:
    """Return the text that *entry* has under *names*, None where there is none."""
    found = get_path(entry, *names)
    return found if isinstance(found, str) and found else None


def get_number(entry: Any, *names: str) -> int | None:
    """Return the whole number that *entry* has under *names*, written as a text perhaps; None where there is none."""
    found = get_path(entry, *names)
    if isinstance(found, str) and found.isdecimal() and len(found) < 20:
        return int(found)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def name_odd_episode(entry: Any, *path: str) -> tuple[int | None, int | None, str]:
    """Return season, number and code of the episode at *path* in an odd *entry*; `?` stands for what it lacks."""
    season, number = (get_number(entry, *path, name) for name in ("season", "number"))
    return season, number, f"{'?' if season is None else season}x{'?' if number is None else f'{number:02d}'}"


class OddEntries:
    """Collects the odd entries of one run, by the kind of calendar, for one warning each."""

    def __init__(self) -> None:
        self.found: dict[str, set[OddEntry]] = {}
        self._names: dict[tuple[str, str], dict[str, None]] = {}

    def add(self, kind: str, entry: OddEntry) -> None:
        """Note that a calendar of *kind* has *entry*."""
        self.found.setdefault(kind, set()).add(entry)

    def explain(self, title: str, part: str, problem: str) -> None:
        """Note what is wrong with the *part* (an episode's code, or "") of what is called *title*."""
        # A show's odd field comes with each of its episodes, in each range and each kind of calendar.
        self._names.setdefault((title, problem), {})[part] = None

    def warn(self) -> None:
        """Write the warnings to the log, one for each title and problem."""
        for (title, problem), parts in self._names.items():
            names = [f"{title} {part}".rstrip() if number == 0 else part for number, part in enumerate(parts)]
            more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
            log.warning("Left out: %s%s: %s.", ", ".join(names[:MOST_NAMES]), more, problem)
        self._names.clear()
