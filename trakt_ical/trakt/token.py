"""The token and the file that keeps it: 0600, replaced in one step, locked while renewed. It has never seen HTTP."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from trakt_ical import files
from trakt_ical.errors import LoginNeeded, SettingsError
from trakt_ical.files import JsonFile, UnreadableFile

LATEST = 2**33  # seconds since 1970, in the year 2242; what is later overflows a date
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
        """The instant from which on Trakt refuses the access token."""
        return datetime.fromtimestamp(self.created_at, UTC) + timedelta(seconds=self.expires_in)


class TokenFile:
    """Where the token is kept. Its lock is a file beside it, so that of two processes only one renews."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = JsonFile(path, Token, "token file")

    def load(self) -> Token:
        """Return the token. Raises LoginNeeded where there is none, SettingsError where it cannot be read."""
        if self.path.exists() and not self.path.is_file():  # reading a pipe would wait for ever
            raise SettingsError(f"The token file {self.path} cannot be read: it is not an ordinary file.")
        try:
            token = self._file.load()
        except UnreadableFile as error:
            if error.damaged:
                raise LoginNeeded(f"The token file {self.path} is damaged. Run: trakt-ical login") from error
            raise SettingsError(str(error)) from error
        if token is None:
            raise LoginNeeded("Not logged in. Run: trakt-ical login")
        return token

    def save(self, token: Token) -> None:
        """Put *token* in place of the old one. Raises OutputError; then the old one is kept."""
        self._file.save(token)

    def remove(self) -> None:
        """Remove the token, if there is one."""
        self.path.unlink(missing_ok=True)

    def lock(self) -> contextlib.AbstractContextManager[None]:
        """Keep other processes and threads from renewing. Raises OutputError where the lock cannot be had."""
        return files.lock(self.path, wait=LOCK_WAIT)
