"""The secrets that feeds and their page are reached by: one each, made once, renewed alone."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

import msgspec

from trakt_ical import files
from trakt_ical.errors import OutputError
from trakt_ical.files import decode

RANDOM = 20  # octets of chance in a secret; 16 would do
LOCK_WAIT = 10  # seconds


class Secrets(msgspec.Struct, frozen=True):
    """The secret of the *page*, and of each calendar by its name; those of calendars that are gone stay."""

    page: str
    calendars: dict[str, str]

    def __repr__(self) -> str:
        return f"Secrets({', '.join(self.calendars)})"

    @property
    def all(self) -> frozenset[str]:
        """Every secret, for those who must not tell any."""
        return frozenset((self.page, *self.calendars.values()))


class SecretsFile:
    """Where the secrets lie, for the owner alone."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self, names: Iterable[str]) -> Secrets:
        """The secrets of the page and of the calendars *names*; those that are missing are made.

        Raises OutputError where they cannot be read: to make new ones would lose every subscriber.
        """
        wanted = set(names)
        known = self._read()
        if known and wanted <= known.calendars.keys():
            return known
        with files.lock(self.path, wait=LOCK_WAIT):
            known = self._read() or Secrets(_make_secret(), {})
            missing = {name: _make_secret() for name in sorted(wanted - known.calendars.keys())}
            return self._write(Secrets(known.page, known.calendars | missing))

    def renew(self, name: str) -> Secrets:
        """Give the calendar *name* a new secret; the old address is nobody's from then on."""
        with files.lock(self.path, wait=LOCK_WAIT):
            known = self._read() or Secrets(_make_secret(), {})
            return self._write(Secrets(known.page, known.calendars | {name: _make_secret()}))

    def renew_page(self) -> Secrets:
        """Give the page a new secret."""
        with files.lock(self.path, wait=LOCK_WAIT):
            known = self._read() or Secrets("", {})
            return self._write(Secrets(_make_secret(), known.calendars))

    def _read(self) -> Secrets | None:
        try:
            known = decode(self.path.read_bytes(), Secrets)
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError, msgspec.DecodeError) as error:
            raise OutputError(
                f"The feeds' secrets in {self.path} cannot be read. "
                "Restore the file from a backup, or delete it and subscribe anew."
            ) from error
        if not all(known.all):
            raise OutputError(f"A secret in {self.path} is empty. Restore the file, or delete it and subscribe anew.")
        return known

    def _write(self, known: Secrets) -> Secrets:
        with contextlib.suppress(OSError):
            os.chmod(self.path.parent, 0o700)
        try:
            files.write_whole(self.path, msgspec.json.encode(known), mode=0o600)
        except OSError as error:
            raise OutputError(f"The feeds' secrets in {self.path} cannot be written: {error.strerror}.") from error
        return known


def _make_secret() -> str:
    """Hexadecimal digits alone: no mail program cuts such an address short, none takes its end for a full stop."""
    return secrets.token_hex(RANDOM)
