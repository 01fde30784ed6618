"""Episodes that Trakt lists under another number: a show got a new id, or a season was counted anew.

The same airing then has a new UID. Without this, each of its events would be cancelled and stand beside its successor,
and a whole show that moved would be held back as a loss.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

from trakt_ical.export import ics
from trakt_ical.export.stored_calendar import StoredEvent, read_summary
from trakt_ical.model import Event

_CODE = re.compile(r"\b\d+x\d+\b")


class _Name(NamedTuple):
    """What an event is called: its *key* and *code* by UID, the words *before* and *after* the code in its summary."""

    key: str
    code: str
    before: str
    after: str


def find_renumbered(missing: Iterable[StoredEvent], new: Iterable[Event]) -> dict[str, Event]:
    """Return which of the *new* events takes over which of those that are *missing*, by the UID of the old one."""
    by_start: dict[str, list[Event]] = {}
    for event in new:
        by_start.setdefault(ics.format_moment(event.start), []).append(event)
    taken: dict[str, Event] = {}
    for old in missing:
        free = by_start.get(old.start, [])
        successor = next((event for event in free if _is_same_episode(old, event)), None)
        if successor is not None:
            taken[old.uid] = successor
            free.remove(successor)
    return taken


def _is_same_episode(old: StoredEvent, new: Event) -> bool:
    """Whether *old* and *new*, which start at the same moment, are one episode."""
    one, other = _read_name(old.uid, read_summary(old.octets)), _read_name(new.uid, new.summary)
    if (one.before, one.after) == (other.before, other.after):
        return True
    is_same_title = bool(one.after) and one.after == other.after
    if one.key == other.key:
        return is_same_title or one.code.partition("e")[2] == other.code.partition("e")[2]
    # Services put first episodes of several shows online at one moment: the number alone says nothing across shows.
    return one.code == other.code and (is_same_title or (bool(one.before) and one.before == other.before))


def _read_name(uid: str, summary: str) -> _Name:
    key, _, code = uid.partition("@")[0].rpartition("-")
    before, *after = _CODE.split(summary, maxsplit=1)
    return _Name(key, code, _simplify(before), _simplify("".join(after)))


def _simplify(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKC", text).casefold() if letter.isalnum())
