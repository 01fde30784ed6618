"""What check-in links were used for, so that a link that was used says so, also after a restart."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from trakt_ical.checkin.signed_links import LINK_LIFETIME, Ticket
from trakt_ical.export.ics import format_moment
from trakt_ical.export.stores.protocol import Instant
from trakt_ical.files import JsonFile
from trakt_ical.model import check_years

LONGEST = timedelta(hours=4)  # that a check-in is taken to run for where Trakt does not say


class LinkUse(msgspec.Struct, frozen=True):
    """A check-in from a link, *since* then and *until* then (None: not known); *is_undone*: it was taken back."""

    since: Instant
    until: Instant | None = None
    is_undone: bool = False

    def __post_init__(self) -> None:
        check_years((self.since, self.until))

    def is_over(self, now: datetime) -> bool:
        """Whether Trakt counts it as watched by now."""
        return not self.is_undone and now >= (self.until or self.since + LONGEST)


class UsedLinks:
    """The last use of each link of one account, in the file at *path*. It is read anew each time: it is small."""

    def __init__(self, path: Path) -> None:
        self._file = JsonFile(path, dict[str, LinkUse], "file of used links")

    def find(self, ticket: Ticket) -> LinkUse | None:
        """Return the last use of the link of *ticket*, None where it was never used."""
        return self._load().get(_make_key(ticket))

    def note(self, ticket: Ticket, use: LinkUse) -> None:
        """Note the *use* of the link of *ticket*, and forget those of links that have expired since."""
        # Longer than a link is good: it may have been used before its airing.
        young = {key: each for key, each in self._load().items() if use.since - each.since < 2 * LINK_LIFETIME}
        self._file.save_if_possible(young | {_make_key(ticket): use})

    def _load(self) -> dict[str, LinkUse]:
        return self._file.load_if_readable() or {}


def _make_key(ticket: Ticket) -> str:
    return f"{ticket.uid} {format_moment(ticket.start)}"
