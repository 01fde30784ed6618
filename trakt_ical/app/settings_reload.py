"""The settings of a running server: when they are read again, and what is another thing than before."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from trakt_ical.app.context import Accounts, App
from trakt_ical.config import FIELDS, Calendar, Settings
from trakt_ical.errors import SettingsError
from trakt_ical.feed.refresh_log import service

log = logging.getLogger(__name__)

FIXED = ("listen", "trusted_proxies", "log_format")
"""Settings that the server reads only when it starts."""
OF_THE_SERVER = (*FIXED, "refresh", "notice_after", "metrics_from", "metrics_names")
"""Settings that change no calendar."""
KEPT = "The settings were not reloaded, and those from before go on. %s"


class SettingsWatch:
    """Reads the settings of *accounts* again when their file changed, or when somebody asks for it.

    `look` is called each second. A file counts as changed once two looks find the same new state: editors write it in
    several steps.
    """

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._path = accounts.resolved.file.expanduser()
        self._loaded = self._last = _read_mark(self._path)
        self._had_file = self._loaded is not None
        # No threading.Event: its lock would block for ever where a second signal comes while the first one sets it.
        self._is_requested = False

    def request(self) -> None:
        """Read the settings at the next look, whether or not the file changed. Safe in a handler of signals."""
        self._is_requested = True

    def is_due(self) -> bool:
        """Whether the settings are to be read now; true once for each change."""
        is_requested = self._is_requested
        if is_requested:  # only then: what is requested right now must not be cleared
            self._is_requested = False
        mark, before = _read_mark(self._path), self._last
        self._last = mark
        is_due = is_requested or (mark != self._loaded and mark == before)
        if is_due:
            self._loaded = mark
        return is_due

    def follow_with(self, follow: Callable[[Sequence[App]], object]) -> bool:
        """Read the settings, and let *follow* serve the accounts as they are now; return whether that was done.

        Where the settings are wrong, that is reported, and those from before go on.
        """
        try:
            if self._loaded is None and self._had_file:
                raise SettingsError(f"The settings file {self._path} is gone.")
            accounts = self._accounts.reload()
            follow(accounts.open_all())
        except SettingsError as error:
            service.error(KEPT, " ".join(map(str, (error, *error.others))))
            return False
        self._accounts, self._had_file = accounts, self._loaded is not None
        return True


def _read_mark(path: Path) -> object:
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


@contextmanager
def reload_on_hangup(request: Callable[[], object]) -> Iterator[None]:
    """Call *request* at SIGHUP. Where the terminal went away, SIGHUP ends the process as it would any other."""
    # Windows has no SIGHUP, and Python allows handlers in the main thread only.
    if not hasattr(signal, "SIGHUP") or threading.current_thread() is not threading.main_thread():
        yield
        return
    had_terminal = _has_terminal()

    def handle(number: int, frame: object) -> None:  # noqa: ARG001  the signature of handlers
        if had_terminal and not _has_terminal():
            signal.raise_signal(signal.SIGTERM)  # which ends it in order
        else:
            request()

    before = signal.signal(signal.SIGHUP, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


def _has_terminal() -> bool:
    with suppress(OSError, ValueError, AttributeError):
        return os.isatty(sys.stderr.fileno())
    return False


@dataclass(frozen=True)
class SettingsChange:
    """The titles of the calendars that are *added*, *removed* and *changed*, and which *fixed* settings are others.

    *accounts* have other calendars than before, so they are to be refreshed.
    """

    added: Sequence[str]
    removed: Sequence[str]
    changed: Sequence[str]
    fixed: Sequence[str]
    accounts: frozenset[str]

    def write(self) -> None:
        """Log what changed."""
        kinds = {"added": self.added, "removed": self.removed, "changed": self.changed}
        parts = [f"{kind} {', '.join(titles)}" for kind, titles in kinds.items() if titles]
        fields = {kind: list(titles) for kind, titles in kinds.items()}
        service.info("Settings reloaded: %s", "; ".join(parts) or "no calendar changed", extra={"fields": fields})
        if self.fixed:
            service.warning("Restart trakt-ical to let this take effect: %s", ", ".join(self.fixed))


def compare_settings(before: Sequence[App], after: Sequence[App]) -> SettingsChange:
    """Return what the settings of *after* have that those of *before* had not."""
    old, new = (
        {(app.account, each.title): _find_matter(app, each) for app in apps for each in app.calendars}
        for apps in (before, after)
    )
    added, removed = new.keys() - old.keys(), old.keys() - new.keys()
    changed = {key for key in new.keys() & old.keys() if new[key] != old[key]}
    was, now = before[0].settings, after[0].settings
    return SettingsChange(
        added=[title for account, title in new if (account, title) in added],
        removed=[title for account, title in old if (account, title) in removed],
        changed=[title for account, title in new if (account, title) in changed],
        fixed=[name for name in FIXED if getattr(was, name) != getattr(now, name)],
        accounts=frozenset(account for account, _ in added | removed | changed),
    )


def _find_matter(app: App, calendar: Calendar) -> object:
    """Return what the events of *calendar* depend on."""
    return leave_out_server(calendar.settings), app.resolved.pushes.get(calendar.settings.push)


def leave_out_server(settings: Settings) -> tuple[object, ...]:
    """Return the values of *settings* that not only the server cares about."""
    return tuple(getattr(settings, name) for name in FIELDS if name not in OF_THE_SERVER)
