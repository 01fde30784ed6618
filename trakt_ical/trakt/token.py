"""The token and the file that keeps it: 0600, replaced in one step, locked while renewed. It has never seen HTTP."""

from __future__ import annotations

import contextlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from trakt_ical import files
from trakt_ical.errors import LoginNeeded, OutputError, SettingsError
from trakt_ical.files import decode

LATEST = 2**33  # seconds since 1970, in the year 2242
LOCK_WAIT = 90  # seconds; longer than one renewal with its time-outs


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A login as `POST /oauth/token` answers it; *created_at* in seconds since 1970, *expires_in* in seconds.

    *username* is added at the login, so that `status` needs no connection.
    """

    access_token: str
    refresh_token: str
    created_at: int
    expires_in: int
    username: str = ""

    def __post_init__(self) -> None:
        if not (0 <= self.created_at < LATEST and 0 <= self.expires_in < LATEST):
            raise ValueError("a token of no time")
        if not all(text.isascii() and text.isprintable() for text in (self.access_token, self.refresh_token)):
            raise ValueError("a token that no header can carry")

    def __repr__(self) -> str:
        return f"Token(username={self.username!r}, expires_at={self.expires_at})"

    @property
    def expires_at(self) -> datetime:
        """The instant from which on Trakt does not take the access token."""
        return datetime.fromtimestamp(self.created_at, UTC) + timedelta(seconds=self.expires_in)


class TokenFile:
    """Where the token lies. Its lock is a file beside it, so that two processes renew once."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> Token:
        """The token. Raises LoginNeeded where there is none that can be read."""
        try:
            if self.path.exists() and not self.path.is_file():
                raise SettingsError(f"The token file {self.path} cannot be read: it is no file.")
            octets = self.path.read_bytes()
        except FileNotFoundError:
            raise LoginNeeded("Not logged in. Run: trakt-ical login") from None
        except OSError as error:
            raise SettingsError(f"The token file {self.path} cannot be read: {error.strerror}.") from error
        try:
            return decode(octets, Token)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise LoginNeeded(f"The token file {self.path} is damaged. Run: trakt-ical login") from error

    def save(self, token: Token) -> None:
        """Put *token* in place of the old one. Raises OutputError; the old one then stays."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            files.write_whole(Path(os.path.realpath(self.path)), msgspec.json.encode(token), mode=0o600)
        except OSError as error:
            raise OutputError(f"The token file {self.path} cannot be written: {error.strerror}.") from error

    def remove(self) -> None:
        """Forget the token, if there is one."""
        self.path.unlink(missing_ok=True)

    def locked(self) -> contextlib.AbstractContextManager[None]:
        """Keep other processes and threads from renewing. Raises OutputError where the lock is not to be had."""
        return files.lock(self.path, wait=LOCK_WAIT)
