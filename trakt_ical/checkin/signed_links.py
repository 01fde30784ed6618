"""Check-in links: each is for one airing, cannot be guessed or used for another, and expires after it.

A link holds the UID and the start of the airing, and a HMAC over both with a key that is used for nothing else. So
there is no list of links to keep, and a link is the same whenever it is made: a random one would change every event
that has it in each run.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote, unquote

from trakt_ical import files
from trakt_ical.errors import OutputError
from trakt_ical.export.ics import format_moment
from trakt_ical.export.stored_calendar import parse_moment
from trakt_ical.model import Moment, check_moment, find_begin

FOLDER = "check-in"  # the first part of the path
LINK_LIFETIME = timedelta(days=30)  # after the start: who is a month behind may still check in from the calendar
KEY_LENGTH = 32  # octets
SEAL_LENGTH = 20  # octets of the HMAC in a link
LOCK_WAIT = 10  # seconds
SUFFIX = "@trakt-ical"


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a link is for: the event *uid*, whose airing starts at *start*."""

    uid: str
    start: Moment

    def is_expired(self, now: datetime) -> bool:
        """Whether the airing is too long ago to check in from its link."""
        return now > find_begin(self.start, UTC) + LINK_LIFETIME


@dataclass(frozen=True)
class Tickets:
    """Makes and reads the links of one installation, by its *key*."""

    key: bytes

    def __repr__(self) -> str:
        return "Tickets()"

    def make_path(self, ticket: Ticket) -> str:
        """Return the path of the link, without a slash before it."""
        name, start = quote(ticket.uid.removesuffix(SUFFIX), safe=""), format_moment(ticket.start)
        return f"{FOLDER}/{name}/{start}/{self._make_seal(ticket)}"

    def read_ticket(self, path: str) -> Ticket | None:
        """Return the ticket in *path* (quoted or not, without a slash before it), None where it is no link of ours."""
        parts = path.split("/")
        if len(parts) != 4 or parts[0] != FOLDER:
            return None
        try:
            start = parse_moment(parts[2])
            check_moment(start)
        except ValueError:
            return None
        ticket = Ticket(unquote(parts[1]) + SUFFIX, start)
        # Compared in constant time, and only as it was written: `20260418T120000Z` and other forms of one moment would
        # otherwise be several links for one airing.
        right = hmac.compare_digest(parts[3].encode(errors="replace"), self._make_seal(ticket).encode())
        return ticket if right and format_moment(start) == parts[2] else None

    def _make_seal(self, ticket: Ticket) -> str:
        """The HMAC over *ticket*. A line break parts UID and start, since neither has one."""
        text = f"{ticket.uid}\n{format_moment(ticket.start)}".encode(errors="replace")
        found = hmac.digest(self.key, text, hashlib.sha256)[:SEAL_LENGTH]
        return base64.urlsafe_b64encode(found).decode().rstrip("=")


def load_tickets(path: Path) -> Tickets:
    """Return the links made with the key in the file at *path*, which only its owner can read.

    The key is made where there is none. Raises OutputError where it cannot be read or written; it is never replaced,
    since with another key every link in every calendar would be dead.
    """
    files.sweep_leftovers(path)
    key = _read_key(path)
    if key is None:
        with files.lock(path, wait=LOCK_WAIT):  # of several first starts one makes it
            key = _read_key(path) or _make_key(path)
    if len(key) != KEY_LENGTH:
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
    key = secrets.token_bytes(KEY_LENGTH)
    try:
        files.write_whole(path, key, mode=0o600)
    except OSError as error:
        raise OutputError(f"The key of check-in links {path} cannot be written: {error.strerror}.") from error
    return key
