"""The secrets that make the addresses of feeds and page: one each, made once, renewed one by one.

Of a feed whose address was renewed the old secret is kept for a while: at it subscribers read that they must subscribe
anew. Most programs keep their copy in silence when an address is gone.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import msgspec

from trakt_ical import files
from trakt_ical.errors import OutputError
from trakt_ical.files import JsonFile, UnreadableFile

RANDOM = 20  # octets of chance in a secret; 16 would do
REPLACED_FOR = timedelta(days=90)  # a program that looks once a quarter is hardly in use
LOCK_WAIT = 10  # seconds
RESTORE = "Restore it from a backup, or delete the file and subscribe again with the new addresses."


def make_feed_url(base_url: str, secret: str, name: str) -> str:
    """Return the address of the calendar *name*. Programs name the calendar after the last part of its address."""
    return f"{base_url}/{secret}/{quote(name, safe='')}.ics"


def make_page_url(base_url: str, secret: str) -> str:
    """Return the address of the page."""
    return f"{base_url}/{secret}"


class Replacement(msgspec.Struct, frozen=True):
    """A secret of the calendar *name* was replaced at the instant *since*."""

    name: str
    since: Annotated[datetime, msgspec.Meta(tz=True)]

    def is_in_force(self, now: datetime) -> bool:
        """Whether the old address still says at *now* that it was replaced."""
        # A date far ahead comes from a wrong clock. It counts as none.
        return abs(now - self.since) < REPLACED_FOR


class Secrets(msgspec.Struct, frozen=True):
    """The secret of the *page*, and of each calendar by its name; those of removed calendars stay.

    *replaced* has old secrets, which open no calendar any more.
    """

    page: str
    calendars: dict[str, str]
    replaced: dict[str, Replacement] = {}

    def __repr__(self) -> str:
        return f"Secrets({', '.join(self.calendars)})"  # a traceback or a log must not show them

    @property
    def all(self) -> frozenset[str]:
        """Every secret, to be kept out of logs."""
        return frozenset((self.page, *self.calendars.values(), *self.replaced))


class SecretsFile:
    """The file that keeps the secrets, readable by its owner only."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = JsonFile(path, Secrets, "file of the feeds' secrets")

    def load(self, names: Iterable[str]) -> Secrets:
        """Return the secrets of the page and of the calendars *names*; missing ones are made.

        Raises OutputError where the file cannot be read. New secrets in its place would lose every subscriber.
        """
        files.sweep_leftovers(self.path)
        wanted = set(names)
        known = self._read()
        if known and wanted <= known.calendars.keys():
            return known
        with files.lock(self.path, wait=LOCK_WAIT):
            known = self._read() or Secrets(_make_secret(), {})  # again: another process may have made them meanwhile
            missing = {name: _make_secret() for name in sorted(wanted - known.calendars.keys())}
            return self._write(Secrets(known.page, known.calendars | missing, known.replaced))

    def renew(self, name: str, now: datetime, *, at_once: bool = False) -> Secrets:
        """Give the calendar *name* a new secret at *now*. Its old address says so for a while; not with *at_once*."""
        with files.lock(self.path, wait=LOCK_WAIT):
            known = self._read() or Secrets(_make_secret(), {})
            replaced = {
                secret: each
                for secret, each in known.replaced.items()
                if each.is_in_force(now) and not (at_once and each.name == name)
            }
            if not at_once and name in known.calendars:
                replaced[known.calendars[name]] = Replacement(name, now)
            return self._write(Secrets(known.page, known.calendars | {name: _make_secret()}, replaced))

    def renew_page(self) -> Secrets:
        """Give the page a new secret."""
        with files.lock(self.path, wait=LOCK_WAIT):
            known = self._read() or Secrets("", {})
            return self._write(Secrets(_make_secret(), known.calendars, known.replaced))

    def _read(self) -> Secrets | None:
        try:
            known = self._file.load()
        except UnreadableFile as error:
            raise OutputError(f"{error} {RESTORE}") from error
        if known and not all(known.all):
            # An empty secret would open the calendar to every request for `/`.
            raise OutputError(f"A secret in {self.path} is empty. {RESTORE}")
        return known

    def _write(self, known: Secrets) -> Secrets:
        with contextlib.suppress(OSError):
            os.chmod(self.path.parent, 0o700)
        self._file.save(known)
        return known


def _make_secret() -> str:
    # Hexadecimal digits only: mail programs cut an address short at punctuation, or take a full stop for its end.
    return secrets.token_hex(RANDOM)
