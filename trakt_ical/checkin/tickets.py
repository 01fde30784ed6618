"""Links that check in: each is for one airing, cannot be guessed or used for another, and expires by its time.

A link bears the UID and the start of the airing and a HMAC over both, by a key that is used for nothing else. So it
is the same whenever it is made, and an event that bears it stays the same to the octet.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from urllib.parse import quote, unquote

from trakt_ical import files
from trakt_ical.errors import OutputError
from trakt_ical.export.ics import format_moment
from trakt_ical.export.stored import parse_moment
from trakt_ical.model import Moment, check_moment

FOLDER = "check-in"  # the first part of the path
GOOD_FOR = timedelta(days=30)  # after the start: who is a month behind may still check in from the calendar
KEY = 32  # octets
SEAL = 20  # octets of the HMAC that a link bears
LOCK_WAIT = 10  # seconds
SUFFIX = "@trakt-ical"


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a link is for: the event *uid*, whose airing starts at *start*."""

    uid: str
    start: Moment

    def expired(self, now: datetime) -> bool:
        """Whether the airing is too long ago to be checked in to from its link."""
        start = self.start
        begun = start if isinstance(start, datetime) else datetime.combine(start, time(0), UTC)
        return now > begun + GOOD_FOR


@dataclass(frozen=True)
class Tickets:
    """Makes and reads the links of one installation, by its *key*."""

    key: bytes

    def __repr__(self) -> str:
        return "Tickets()"

    def path(self, ticket: Ticket) -> str:
        """The path of the link, without a slash before it."""
        name, start = quote(ticket.uid.removesuffix(SUFFIX), safe=""), format_moment(ticket.start)
        return f"{FOLDER}/{name}/{start}/{self._seal(ticket)}"

    def read(self, path: str) -> Ticket | None:
        """The ticket that *path* (quoted or not, without a slash before it) bears, None where it bears none of ours."""
        parts = path.split("/")
        if len(parts) != 4 or parts[0] != FOLDER:
            return None
        try:
            start = parse_moment(parts[2])
            check_moment(start)
        except ValueError:
            return None
        ticket = Ticket(unquote(parts[1]) + SUFFIX, start)
        right = hmac.compare_digest(parts[3].encode(errors="replace"), self._seal(ticket).encode())
        return ticket if right and format_moment(start) == parts[2] else None

    def _seal(self, ticket: Ticket) -> str:
        """The HMAC over *ticket*; a line break parts UID and start, since neither has one."""
        text = f"{ticket.uid}\n{format_moment(ticket.start)}".encode(errors="replace")
        found = hmac.digest(self.key, text, hashlib.sha256)[:SEAL]
        return base64.urlsafe_b64encode(found).decode().rstrip("=")


def load_tickets(path: Path) -> Tickets:
    """The links by the key in the file at *path*, which is made where there is none, for its owner alone.

    Raises OutputError where it cannot be read or written: with another key every link in every calendar would be dead.
    """
    key = _read_key(path)
    if key is None:
        with files.lock(path, wait=LOCK_WAIT):  # of several first starts one makes it
            key = _read_key(path) or _make_key(path)
    if len(key) != KEY:
        raise OutputError(f"The key of check-in links {path} is damaged. Restore it, or delete it for new links.")
    return Tickets(key)


def _read_key(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OutputError(f"The key of check-in links {path} cannot be read: {error.strerror}.") from error


def _make_key(path: Path) -> bytes:
    key = secrets.token_bytes(KEY)
    try:
        files.write_whole(path, key, mode=0o600)
    except OSError as error:
        raise OutputError(f"The key of check-in links {path} cannot be written: {error.strerror}.") from error
    return key
