"""The token and the file that keeps it: 0600, replaced in one step, locked while renewed. It has never seen HTTP."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from trakt_ical import files
from trakt_ical.errors import LOGIN, LoginNeeded, OutputError, SettingsError
from trakt_ical.files import JsonFile, UnreadableFile

LATEST = 2**33  # seconds since 1970, in the year 2242; what is later overflows a date
ROOM = 4096  # octets; a token of Trakt's takes 300
LOCK_WAIT = 150  # seconds; longer than one renewal that is tried twice, with its time-outs


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A login as `POST /oauth/token` answers it; *created_at* in seconds since 1970, *expires_in* in seconds.

    *username* is added at the login, so that `status` needs no connection; "" where Trakt has yet to be asked for it.
    *server* is the name of the one that it is for, "" in files of earlier versions, which did not say.
    *is_over*: Trakt refused to renew it, or its answer to that was lost.
    """

    access_token: str
    refresh_token: str
    created_at: int
    expires_in: int
    username: str = ""
    server: str = ""
    is_over: bool = False

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


class OtherServer(SettingsError):
    """A token file has a token for another server than the settings name."""


class TokenFile:
    """Where the token is kept. Its lock is a file beside it, so that of two processes only one renews.

    Tokens in it are for *server*, "" for any. *login_command* is what a user runs who has none.
    """

    def __init__(self, path: Path, server: str = "", login_command: str = LOGIN) -> None:
        self.path = path
        self.login_command = login_command
        self._server = server
        self._file = JsonFile(path, Token, "token file")

    def load(self) -> Token:
        """Return the token. Raises LoginNeeded where there is none, SettingsError where it cannot be read or used."""
        try:
            if self.path.exists() and not self.path.is_file():  # reading a pipe would wait for ever
                raise SettingsError(f"The token file {self.path} cannot be read: it is not an ordinary file.")
            token = self._file.load()
        except OSError as error:
            raise SettingsError(f"The token file {self.path} cannot be read: {error.strerror}.") from error
        except UnreadableFile as error:
            if error.damaged:
                raise LoginNeeded(f"The token file {self.path} is damaged.", self.login_command) from error
            raise SettingsError(str(error)) from error
        if token is None:
            raise LoginNeeded("Not logged in.", self.login_command)
        # Settings files that name different servers may have one token file: neither server may get the other's token.
        if token.server and self._server and token.server != self._server:
            raise OtherServer(
                f"The token file {self.path} has the login at {token.server}, and your settings name {self._server}. "
                "Give each server a token_file of its own."
            )
        return token

    def sweep(self) -> None:
        """Remove what killed runs left beside the file: it may hold a login that works."""
        files.sweep_leftovers(self.path)

    def reserve(self) -> contextlib.AbstractContextManager[Callable[[Token], None]]:
        """Take the room for a new token, and give a function that puts one in place of the old one, spent by then.

        Raises OutputError, and so does that function.
        """
        return self._file.reserve(ROOM)

    def save(self, token: Token) -> None:
        """Put *token* in place of the old one. Raises OutputError; then the old one is kept."""
        self._file.save(token)

    def remove(self) -> None:
        """Remove the token, if there is one. Raises OutputError."""
        try:
            # Where the file is a link, the login is in the file that it leads to.
            Path(os.path.realpath(self.path)).unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(f"The token file {self.path} cannot be removed: {error.strerror}.") from error

    def lock(self) -> contextlib.AbstractContextManager[None]:
        """Keep other processes and threads from renewing. Raises OutputError where the lock cannot be had."""
        return files.lock(self.path, wait=LOCK_WAIT)
